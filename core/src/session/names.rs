//! The names of the gate's cookies.

use super::Auth0CookieNames;
use crate::http::Scheme;
use alloc::{format, sync::Arc};
use core::fmt;

/// The names of the gate's cookies.
///
/// Over TLS they start with `__Host-`, so that no other host of the domain can set them
/// (RFC 6265bis §4.1.3.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CookieNames {
    session: Arc<str>,
    login_prefix: Arc<str>,
    auth0: Option<Arc<Auth0CookieNames>>,
}

impl CookieNames {
    /// The names for an application that is served over `scheme`: `name` for the session,
    /// `name_login_…` for logins under way.
    ///
    /// # Errors
    ///
    /// [`CookieNameError`] where `name` is not made of 1 to 64 letters, digits, `-` and `_`.
    pub fn new(scheme: Scheme, name: &str) -> Result<Self, CookieNameError> {
        if !is_name(name) {
            return Err(CookieNameError);
        }
        let prefix = if scheme == Scheme::Https { "__Host-" } else { "" };
        Ok(Self {
            session: format!("{prefix}{name}").into(),
            login_prefix: format!("{prefix}{name}_login_").into(),
            auth0: None,
        })
    }

    /// Counts the session cookies of the Auth0 SDK among the gate's own.
    pub(crate) fn with_auth0(self, names: Arc<Auth0CookieNames>) -> Self {
        Self { auth0: Some(names), ..self }
    }

    /// The session cookie. One that is too large for a browser stands in `name.0`, `name.1`, ….
    #[must_use]
    pub fn session(&self) -> &str {
        &self.session
    }

    /// What the names of login cookies start with.
    #[must_use]
    pub fn login_prefix(&self) -> &str {
        &self.login_prefix
    }

    /// Whether a cookie of this name is the gate's: such a cookie never goes upstream, and no
    /// upstream can set it.
    #[must_use]
    pub fn is_own(&self, name: &[u8]) -> bool {
        name.starts_with(self.login_prefix.as_bytes())
            || name
                .strip_prefix(self.session.as_bytes())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
            || self.auth0.as_ref().is_some_and(|names| names.is_own(name))
    }
}

/// Whether `name` is made of 1 to 64 letters, digits, `-` and `_`.
pub(super) fn is_name(name: &str) -> bool {
    let usable = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&name.len()) && name.bytes().all(usable)
}

/// A name that is not usable for a cookie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CookieNameError;

impl fmt::Display for CookieNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be 1 to 64 letters, digits, - and _")
    }
}

impl core::error::Error for CookieNameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_host_prefix_over_tls_only() {
        assert_eq!(CookieNames::new(Scheme::Https, "gate").unwrap().session(), "__Host-gate");
        assert_eq!(CookieNames::new(Scheme::Http, "gate").unwrap().session(), "gate");
        for name in ["", "a b", "a=b", "a;b", "a.0", "é"] {
            assert_eq!(CookieNames::new(Scheme::Http, name), Err(CookieNameError), "{name}");
        }
    }

    /// C08, H24: own names are told from look-alikes byte for byte.
    #[test]
    fn tells_own_names_from_look_alikes() {
        let names = CookieNames::new(Scheme::Https, "gate").unwrap();
        for (name, own) in [
            ("__Host-gate", true),
            ("__Host-gate.0", true),
            ("__Host-gate.12x", true),
            ("__Host-gate_login_abc", true),
            ("__Host-gatekeeper", false),
            ("gate", false),
            ("__host-gate", false),
            ("\u{2000}__Host-gate", false),
        ] {
            assert_eq!(names.is_own(name.as_bytes()), own, "{name}");
        }
    }
}
