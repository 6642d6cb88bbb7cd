//! Values that the core has a say in.

use super::{Fault, number};
use portcullis_core::crypto::SignatureAlgorithm;
use portcullis_core::gate::{GateRoutes, SignedOutProfile};
use portcullis_core::http::Scheme;
use portcullis_core::jwt::ClockTolerance;
use portcullis_core::oidc::{LoginPolicy, LogoutPolicy};
use portcullis_core::secret::Secret;
use portcullis_core::session::CookieNames;
use tracing_subscriber::filter::Targets;

/// A private key in PEM. Whether it is one shows when its algorithm is known too.
pub(in crate::settings) fn private_key(text: &str) -> Result<Secret, Fault> {
    if text.contains("-----BEGIN ") { Ok(Secret::new(text)) } else { Err(Fault::Key) }
}

/// An algorithm by its name (RFC 7518 §3.1).
pub(in crate::settings) fn algorithm(text: &str) -> Result<SignatureAlgorithm, Fault> {
    SignatureAlgorithm::from_name(text).ok_or(Fault::Value)
}

/// An algorithm for ID tokens, whose `at_hash` the gate checks with SHA-256.
pub(in crate::settings) fn id_token_algorithm(text: &str) -> Result<SignatureAlgorithm, Fault> {
    use SignatureAlgorithm::{Es256, Ps256, Rs256};
    algorithm(text).ok().filter(|found| [Es256, Ps256, Rs256].contains(found)).ok_or(Fault::Value)
}

/// How far clocks may be apart.
pub(in crate::settings) fn clock_tolerance(text: &str) -> Result<ClockTolerance, Fault> {
    let seconds = number(text, 0..=ClockTolerance::MAX_SECONDS)?;
    ClockTolerance::from_seconds(seconds).ok_or(Fault::Value)
}

/// An organization, by its id or its name.
pub(in crate::settings) fn organization(text: &str) -> Result<String, Fault> {
    let policy = LoginPolicy::default().with_parameter("organization", text);
    policy.map(|_| text.to_owned()).map_err(|_| Fault::Value)
}

/// How long a person may take at the provider.
pub(in crate::settings) fn login_lifetime(text: &str) -> Result<u64, Fault> {
    number(text, LoginPolicy::LIFETIMES)
}

/// Where a login ends that names no place.
pub(in crate::settings) fn login_target(text: &str) -> Result<String, Fault> {
    let policy = LoginPolicy::default().with_default_target(text);
    policy.map(|_| text.to_owned()).map_err(|_| Fault::Value)
}

/// The path of one of the gate's own routes, or what they are below. There are rewrite rules about
/// it, so it has no character that means something in a pattern.
pub(in crate::settings) fn route(text: &str) -> Result<String, Fault> {
    let is_plain = !text.contains(['(', ')', '*', '+', ':', '?', '\\', '{', '}']);
    match GateRoutes::below(text) {
        Ok(_) if is_plain => Ok(text.to_owned()),
        _ => Err(Fault::Value),
    }
}

/// What the profile route answers to nobody.
pub(in crate::settings) fn signed_out_profile(text: &str) -> Result<SignedOutProfile, Fault> {
    match text {
        "204" => Ok(SignedOutProfile::NoContent),
        "401" => Ok(SignedOutProfile::Unauthorized),
        _ => Err(Fault::Value),
    }
}

/// Where signing out ends that names no place.
pub(in crate::settings) fn logout_target(text: &str) -> Result<String, Fault> {
    let policy = LogoutPolicy::default().with_default_target(text);
    policy.map(|_| text.to_owned()).map_err(|_| Fault::Value)
}

/// The name of a cookie, without prefix.
pub(in crate::settings) fn cookie_name(text: &str) -> Result<String, Fault> {
    let names = CookieNames::new(Scheme::Https, text);
    names.map(|_| text.to_owned()).map_err(|_| Fault::Value)
}

/// A domain that cookies were set for.
pub(in crate::settings) fn domain(text: &str) -> Result<String, Fault> {
    let usable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let is_domain = (1..=253).contains(&text.len()) && text.bytes().all(usable);
    if is_domain { Ok(text.to_owned()) } else { Err(Fault::Value) }
}

/// What is logged.
pub(in crate::settings) fn log(text: &str) -> Result<Targets, Fault> {
    text.parse().map_err(|_| Fault::Value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_tokens_are_signed_in_a_way_that_can_be_checked_whole() {
        for text in ["RS256", "PS256", "ES256"] {
            assert_eq!(id_token_algorithm(text).unwrap().name(), text);
        }
        for text in ["none", "HS256", "RS512", "EdDSA", "rs256", ""] {
            assert_eq!(id_token_algorithm(text), Err(Fault::Value), "{text}");
        }
    }

    #[test]
    fn clocks_are_a_few_minutes_apart_at_most() {
        assert_eq!(clock_tolerance("0").unwrap().seconds(), 0);
        assert_eq!(clock_tolerance("300").unwrap().seconds(), 300);
        for text in ["301", "-1", "", "1m"] {
            assert_eq!(clock_tolerance(text), Err(Fault::Value), "{text}");
        }
    }

    #[test]
    fn a_route_is_a_plain_path() {
        for text in ["/auth", "/api/auth/sign-in"] {
            assert_eq!(route(text).as_deref(), Ok(text));
        }
        for text in [
            "",
            "/",
            "auth",
            "/auth/",
            "/a//b",
            "/a/../b",
            "/a?b",
            "https://x.example/a",
            "/:path",
            "/a*",
            "/a+b",
            "/a(b)",
            "/{a}",
        ] {
            assert_eq!(route(text), Err(Fault::Value), "{text}");
        }
    }

    #[test]
    fn a_login_ends_in_the_application() {
        assert_eq!(login_target("/home?a=b").as_deref(), Ok("/home?a=b"));
        for text in ["home", "//evil.example", "https://evil.example/"] {
            assert_eq!(login_target(text), Err(Fault::Value), "{text}");
        }
        assert!(login_lifetime("60").is_ok());
        assert_eq!(login_lifetime("59"), Err(Fault::Value));
    }

    #[test]
    fn a_logout_ends_in_the_application_or_at_a_url_over_tls() {
        for text in ["/bye", "https://www.example/bye"] {
            assert_eq!(logout_target(text).as_deref(), Ok(text));
        }
        for text in ["bye", "//evil.example", "http://www.example/"] {
            assert_eq!(logout_target(text), Err(Fault::Value), "{text}");
        }
    }

    #[test]
    fn a_log_is_a_level_or_parts_with_levels() {
        assert!(log("debug").is_ok());
        assert!(log("portcullis_hyper=trace,warn").is_ok());
        assert_eq!(log("a=b=c"), Err(Fault::Value));
    }
}
