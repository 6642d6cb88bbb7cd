//! Names of the Auth0 SDK for Next.js, versions 3 and 4, that are no settings here. Where one is
//! given, that is no mistake; the log says why it has no effect.

/// Names, and why they are not here.
pub(super) struct Elsewhere {
    /// With `*` for anything.
    pub(super) names: &'static [&'static str],
    pub(super) reason: &'static str,
}

const COOKIES: &str = "cookies are HttpOnly, SameSite=Lax, for the whole of one host, and Secure \
                       with the prefix __Host- where the base URL is https; weaker ones have no \
                       use that is worth them";

pub(super) const ELSEWHERE: [Elsewhere; 11] = [
    Elsewhere {
        names: &[
            "AUTH0_COOKIE_HTTP_ONLY",
            "AUTH0_COOKIE_PATH",
            "AUTH0_COOKIE_SAME_SITE",
            "AUTH0_COOKIE_SECURE",
            "AUTH0_TRANSACTION_COOKIE_DOMAIN",
            "AUTH0_TRANSACTION_COOKIE_PATH",
            "AUTH0_TRANSACTION_COOKIE_SAME_SITE",
            "AUTH0_TRANSACTION_COOKIE_SECURE",
        ],
        reason: COOKIES,
    },
    Elsewhere {
        names: &["AUTH0_COOKIE_TRANSIENT"],
        reason: "a session cookie lasts as long as the session, so that no browser that brings \
                 its tabs back decides how long that is",
    },
    Elsewhere {
        names: &["AUTH0_TRANSACTION_COOKIE_NAME"],
        reason: "each login has a cookie of its own, named after the session cookie",
    },
    Elsewhere {
        names: &["AUTH0_SESSION_AUTO_SAVE"],
        reason: "a session is written again after a tenth of the time that it may stay unused, \
                 always",
    },
    Elsewhere {
        names: &["AUTH0_LEGACY_SAME_SITE_COOKIE"],
        reason: "the browsers that needed it are gone",
    },
    Elsewhere { names: &["AUTH0_ENABLE_TELEMETRY"], reason: "there is no telemetry" },
    Elsewhere {
        names: &[
            "AUTH0_DPOP_CLOCK_SKEW",
            "AUTH0_DPOP_CLOCK_TOLERANCE",
            "AUTH0_DPOP_CLOCK_TOLERANCE_MAX_PROD",
            "AUTH0_DPOP_PRIVATE_KEY",
            "AUTH0_DPOP_PUBLIC_KEY",
            "AUTH0_RETRY_DELAY",
            "AUTH0_RETRY_JITTER",
        ],
        reason: "tokens that are bound to a key (DPoP) are not supported yet; one that is bound is \
                 refused",
    },
    Elsewhere {
        names: &["AUTH0_MTLS", "AUTH0_MTLS_CLIENT_CERT", "AUTH0_MTLS_CLIENT_KEY"],
        reason: "client certificates are not supported yet",
    },
    Elsewhere {
        names: &[
            "AUTH0_MFA_TOKEN_TTL",
            "NEXT_PUBLIC_FEDERATED_DOMAIN_ROUTE",
            "NEXT_PUBLIC_MFA_*_ROUTE",
            "NEXT_PUBLIC_PASSKEY_*_ROUTE",
            "NEXT_PUBLIC_PASSWORDLESS_*_ROUTE",
        ],
        reason: "it belongs to a product of Auth0 beyond OpenID Connect",
    },
    Elsewhere {
        names: &["NEXT_PUBLIC_BASE_PATH"],
        reason: "the demonstration has no base path; PORTCULLIS_ROUTES moves the gate's own routes",
    },
    Elsewhere {
        names: &["PORTCULLIS_REQUIRE_ALL", "PORTCULLIS_SEED"],
        reason: "it is for the tests of Portcullis",
    },
];

/// Why the setting `name` of the SDK is not here.
pub(super) fn reason(name: &str) -> Option<&'static str> {
    let entry =
        ELSEWHERE.iter().find(|entry| entry.names.iter().any(|known| is_of(name, known)))?;
    Some(entry.reason)
}

fn is_of(name: &str, known: &str) -> bool {
    match known.split_once('*') {
        None => name == known,
        Some((start, end)) => name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
    }
}

/// All of these names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ELSEWHERE.iter().flat_map(|entry| entry.names).copied()
}
