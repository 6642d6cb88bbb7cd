//! What the value of a setting must be.

mod fault;
mod lists;
mod policies;

pub use fault::Fault;
pub(super) use lists::{
    algorithms, auth0_cookie_names, claim_filter, claims, cors_origins, login_parameters,
    login_query_parameters, logout_targets, origins, scopes, secrets,
};
pub(super) use policies::{
    algorithm, clock_tolerance, cookie_name, domain, id_token_algorithm, log, login_lifetime,
    login_target, logout_target, organization, private_key, route, signed_out_profile,
};

use core::ops::RangeInclusive;

use super::listen_address::ListenAddress;
use portcullis_core::http::{Origin, Scheme, Url};
use portcullis_core::secret::Secret;
use portcullis_core::session::{SecretRing, SecretRingError};

/// A secret that is fit for sealing, and not the advice that documentation gives in its place.
pub(super) fn secret(text: &str) -> Result<Secret, Fault> {
    match SecretRing::check(text) {
        Err(SecretRingError::TooShort) => Err(Fault::SecretTooShort),
        Ok(()) if !text.contains("openssl rand") => Ok(Secret::new(text.to_owned())),
        _ => Err(Fault::SecretGuessable),
    }
}

/// An origin, where a bare host stands for `https`.
pub(super) fn base_url(text: &str) -> Result<Origin, Fault> {
    if text.contains(',') {
        return Err(Fault::Several);
    }
    let origin = Origin::parse(&with_scheme(text)).map_err(Fault::Address)?;
    if is_safe(&origin) { Ok(origin) } else { Err(Fault::Insecure) }
}

/// A provider's address as it was written. A slash at its end makes no difference between two of
/// them.
#[derive(Clone, Debug, Eq)]
pub(super) struct IssuerAddress(pub(super) String);

impl PartialEq for IssuerAddress {
    fn eq(&self, other: &Self) -> bool {
        self.0.trim_end_matches('/') == other.0.trim_end_matches('/')
    }
}

/// A provider's address, where a bare host stands for `https`.
pub(super) fn issuer(text: &str) -> Result<IssuerAddress, Fault> {
    let text = with_scheme(text);
    let address = Url::parse(&text).map_err(Fault::Address)?;
    if address.path_and_query().contains('?') {
        return Err(Fault::Query);
    }
    if is_safe(&Origin::of(&address)) { Ok(IssuerAddress(text)) } else { Err(Fault::Insecure) }
}

/// Whether what goes there stays unread: over TLS, or on this machine.
fn is_safe(origin: &Origin) -> bool {
    origin.scheme() == Scheme::Https || origin.is_loopback()
}

/// Text that can stand in a header or a form without a second thought.
pub(super) fn visible_text(text: &str) -> Result<String, Fault> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(Fault::Characters)
    }
}

/// A secret that the provider has given.
pub(super) fn visible_secret(text: &str) -> Result<Secret, Fault> {
    visible_text(text).map(Secret::new)
}

/// What is on or off, in the words of the Auth0 SDK's version 3 for off, and their opposites.
pub(super) fn switch(text: &str) -> Result<bool, Fault> {
    match text.trim().to_ascii_lowercase().as_str() {
        "n" | "no" | "false" | "0" | "off" => Ok(false),
        "y" | "yes" | "true" | "1" | "on" => Ok(true),
        _ => Err(Fault::Value),
    }
}

/// Scope tokens (RFC 6749 §3.3), with `openid` among them.
pub(super) fn scope(text: &str) -> Result<String, Fault> {
    let tokens: Vec<_> = text.split(' ').filter(|token| !token.is_empty()).collect();
    if tokens.contains(&"openid") && tokens.iter().all(|token| is_scope_token(token)) {
        Ok(tokens.join(" "))
    } else {
        Err(Fault::Value)
    }
}

fn is_scope_token(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// How long an access token works, in seconds: up to a day.
pub(super) fn token_lifetime(text: &str) -> Result<u64, Fault> {
    number(text, 1..=86_400)
}

/// How long a session lives, in seconds: as long as browsers keep cookies, 400 days.
pub(super) fn session_duration(text: &str) -> Result<u64, Fault> {
    number(text, 1..=34_560_000)
}

/// How long before its end an access token is refreshed, in seconds.
pub(super) fn refresh_margin(text: &str) -> Result<u64, Fault> {
    number(text, 0..=86_400)
}

/// How long an answer may take, in milliseconds.
pub(super) fn milliseconds(text: &str) -> Result<u64, Fault> {
    number(text, 100..=60_000)
}

fn number(text: &str, range: RangeInclusive<u64>) -> Result<u64, Fault> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && range.contains(number)).ok_or(Fault::Value)
}

/// An address that only this machine can reach.
pub(super) fn loopback_address(text: &str) -> Result<ListenAddress, Fault> {
    let address = ListenAddress::parse(text)?;
    if address.is_loopback() { Ok(address) } else { Err(Fault::NotLoopback) }
}

fn with_scheme(text: &str) -> String {
    if text.contains("://") { text.to_owned() } else { format!("https://{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::random_text;
    use portcullis_core::http::UrlError;

    #[test]
    fn takes_random_secrets() {
        assert!(secret(&random_text().unwrap()).is_ok());
    }

    #[test]
    fn refuses_secrets_that_the_core_refuses_and_advice_that_was_copied() {
        assert_eq!(secret("short").unwrap_err(), Fault::SecretTooShort);
        for weak in [&"ab".repeat(40), "use [openssl rand -hex 32] to generate a 32 bytes value"] {
            assert_eq!(secret(weak).unwrap_err(), Fault::SecretGuessable, "{weak}");
        }
    }

    #[test]
    fn a_base_url_is_an_origin_that_is_https_or_loopback() {
        for (text, expected) in [
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://localhost:3000/", "http://localhost:3000"),
            ("https://app.example.com", "https://app.example.com"),
            ("app.example.com", "https://app.example.com"),
            ("app.example.com:8443", "https://app.example.com:8443"),
        ] {
            assert_eq!(base_url(text).unwrap().as_str(), expected);
        }
        for (text, fault) in [
            ("http://app.example.com", Fault::Insecure),
            ("http://0.0.0.0:3000", Fault::Insecure),
            ("https://app.example.com/app", Fault::Address(UrlError::NotAnOrigin)),
            ("https://app.example.com,https://www.example.com", Fault::Several),
            ("https://app.example.com/?x", Fault::Address(UrlError::NotAnOrigin)),
            ("https://app.example.com#x", Fault::Address(UrlError::Fragment)),
            ("javascript://x", Fault::Address(UrlError::Scheme)),
        ] {
            assert_eq!(base_url(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn an_issuer_may_have_a_path_and_a_final_slash() {
        for (text, expected) in [
            ("https://tenant.eu.auth0.com/", "https://tenant.eu.auth0.com/"),
            ("https://tenant.eu.auth0.com", "https://tenant.eu.auth0.com"),
            ("tenant.eu.auth0.com", "https://tenant.eu.auth0.com"),
            ("https://id.example.com/realms/a", "https://id.example.com/realms/a"),
            ("http://127.0.0.1:4000", "http://127.0.0.1:4000"),
        ] {
            assert_eq!(issuer(text).unwrap().0, expected);
        }
        assert_eq!(issuer("tenant.eu.auth0.com"), issuer("https://tenant.eu.auth0.com/"));
        assert_ne!(issuer("https://tenant.eu.auth0.com"), issuer("https://other.eu.auth0.com"));
        for (text, fault) in [
            ("http://id.example.com", Fault::Insecure),
            ("https://id.example.com/?a", Fault::Query),
            ("https://id.example.com/#a", Fault::Address(UrlError::Fragment)),
            ("https://{yourDomain}", Fault::Address(UrlError::Host)),
            ("/", Fault::Address(UrlError::Host)),
        ] {
            assert_eq!(issuer(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn scopes_have_openid_among_them() {
        assert_eq!(scope(" openid  email ").as_deref(), Ok("openid email"));
        for text in ["", "email", "openid \"x\"", "openid,email", "openid\temail"] {
            assert_eq!(scope(text), Err(Fault::Value), "{text}");
        }
    }

    #[test]
    fn a_token_lives_for_a_second_to_a_day() {
        assert_eq!(token_lifetime("1"), Ok(1));
        assert_eq!(token_lifetime("86400"), Ok(86_400));
        for text in ["", "0", "86401", "-1", "+1", "1.5", "1h"] {
            assert_eq!(token_lifetime(text), Err(Fault::Value), "{text}");
        }
    }

    #[test]
    fn the_built_in_provider_stays_on_loopback() {
        assert!(loopback_address("localhost:4000").is_ok());
        assert!(loopback_address("127.0.0.2:4000").is_ok());
        for text in ["0.0.0.0:4000", "[::]:4000", "192.168.1.1:4000"] {
            assert_eq!(loopback_address(text), Err(Fault::NotLoopback), "{text}");
        }
    }
    /// The words of the SDK's version 3; what it takes for on, a misspelt off among it, is not taken
    /// here.
    #[test]
    fn a_switch_is_on_or_off_and_nothing_else() {
        for text in ["n", "no", "false", "0", "off", " Off ", "FALSE"] {
            assert_eq!(switch(text), Ok(false), "{text}");
        }
        for text in ["y", "yes", "true", "1", "on", "True"] {
            assert_eq!(switch(text), Ok(true), "{text}");
        }
        for text in ["", "flase", "2", "none", "disabled"] {
            assert_eq!(switch(text), Err(Fault::Value), "{text}");
        }
    }
}
