//! What the value of a setting must be.

use core::fmt;

use super::listen_address::ListenAddress;
use portcullis_core::http::{Origin, Scheme, Url, UrlError};
use portcullis_core::secret::Secret;
use portcullis_core::session::{SecretRing, SecretRingError};

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no address of the kind that is needed.
    Address(UrlError),
    /// Spaces, control characters, or characters outside ASCII.
    Characters,
    /// `http` for a host that is not this machine.
    Insecure,
    /// No host and port to listen on.
    ListenAddress,
    /// A listener that others could reach.
    NotLoopback,
    /// A query, where a path at most may stand.
    Query,
    /// No runtime of that name.
    Runtime,
    /// No number of seconds that makes sense.
    Seconds,
    /// No list of scopes with `openid` in it.
    Scope,
    /// A secret that could be guessed.
    SecretGuessable,
    /// A secret of fewer than 32 bytes.
    SecretTooShort,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Address(error) => return error.fmt(formatter),
            Self::Characters => "it must be printable ASCII text without spaces",
            Self::Insecure => "it must be an https address; only this machine may have http",
            Self::ListenAddress => {
                "it must be localhost or an IP address, and a port, for example localhost:3000"
            }
            Self::NotLoopback => {
                "it must be a loopback address, for the development provider lets anyone in"
            }
            Self::Query => "it must not have a query (?)",
            Self::Runtime => "it must be hyper or smol",
            Self::Seconds => "it must be a number of seconds from 1 to 86400",
            Self::Scope => "it must be scopes with spaces between them, and openid one of them",
            Self::SecretGuessable => {
                "it could be guessed; take random bytes, for example the output of \
                 openssl rand -hex 32"
            }
            Self::SecretTooShort => {
                "it must have at least 32 bytes, for example the output of openssl rand -hex 32"
            }
        })
    }
}

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
    let origin = Origin::parse(&with_scheme(text)).map_err(Fault::Address)?;
    if is_safe(&origin) { Ok(origin) } else { Err(Fault::Insecure) }
}

/// A provider's address, where a bare host stands for `https`. A slash at its end makes no
/// difference.
pub(super) fn issuer(text: &str) -> Result<String, Fault> {
    let address = Url::parse(&with_scheme(text)).map_err(Fault::Address)?;
    if address.path_and_query().contains('?') {
        return Err(Fault::Query);
    }
    if is_safe(&Origin::of(&address)) {
        Ok(address.as_str().to_owned())
    } else {
        Err(Fault::Insecure)
    }
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

/// Scope tokens (RFC 6749 §3.3), with `openid` among them.
pub(super) fn scope(text: &str) -> Result<String, Fault> {
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    let tokens: Vec<_> = text.split(' ').filter(|token| !token.is_empty()).collect();
    if tokens.contains(&"openid") && tokens.iter().all(|token| token.bytes().all(allowed)) {
        Ok(tokens.join(" "))
    } else {
        Err(Fault::Scope)
    }
}

/// How long an access token works, in seconds: up to a day.
pub(super) fn token_lifetime(text: &str) -> Result<u64, Fault> {
    text.parse().ok().filter(|seconds| (1..=86_400).contains(seconds)).ok_or(Fault::Seconds)
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

    #[test]
    fn takes_random_secrets() {
        for _ in 0..1000 {
            assert!(secret(&random_text().unwrap()).is_ok());
        }
        for hex in [
            "3b0c1f0d9e5a4c7f8b26d1e0a9f4c35d7e61b2f08a4d9c3e5f70b18d2a6c4e9f",
            "0f9d1c2b3a48576e7d8c9bafae10f2e3",
        ] {
            assert!(secret(hex).is_ok());
        }
    }

    #[test]
    fn refuses_secrets_that_are_short_or_patterns() {
        assert_eq!(secret("").unwrap_err(), Fault::SecretTooShort);
        assert_eq!(secret(&"x9".repeat(15)).unwrap_err(), Fault::SecretTooShort);
        for weak in [
            &"a".repeat(32),
            &"ab".repeat(40),
            &"secret-pass".repeat(3),
            &"correct-horse-battery-staple-".repeat(2),
            "abcdefghijklmnopqrstuvwxyzABCDEFGH",
            "zyxwvutsrqponmlkjihgfedcba9876543210",
            "01234567890123456789012345678901",
            "use [openssl rand -hex 32] to generate a 32 bytes value",
        ] {
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
            ("https://tenant.eu.auth0.com", "https://tenant.eu.auth0.com/"),
            ("tenant.eu.auth0.com/", "https://tenant.eu.auth0.com/"),
            ("https://id.example.com/realms/a", "https://id.example.com/realms/a"),
            ("http://127.0.0.1:4000", "http://127.0.0.1:4000/"),
        ] {
            assert_eq!(issuer(text).unwrap(), expected);
        }
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
            assert_eq!(scope(text), Err(Fault::Scope), "{text}");
        }
    }

    #[test]
    fn a_token_lives_for_a_second_to_a_day() {
        assert_eq!(token_lifetime("1"), Ok(1));
        assert_eq!(token_lifetime("86400"), Ok(86_400));
        for text in ["", "0", "86401", "-1", "1.5", "1h"] {
            assert_eq!(token_lifetime(text), Err(Fault::Seconds), "{text}");
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
}
