//! What signing out does, and where it may lead.

use super::ProviderLogout;
use crate::{
    http::{Origin, Url, UrlError},
    oidc::ReturnTo,
};
use alloc::{
    borrow::ToOwned as _,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

/// What signing out does beyond ending the session here, and where it may lead.
///
/// By default it goes on to the provider, if that has a place for it, and ends at the base URL of
/// the application.
#[derive(Clone, Debug, Default)]
pub struct LogoutPolicy {
    provider: ProviderLogout,
    federated: bool,
    default_target: LogoutTarget,
    targets: Vec<String>,
}

impl LogoutPolicy {
    /// Where signing out goes on once the session here is over.
    #[must_use]
    pub fn with_provider(self, provider: ProviderLogout) -> Self {
        Self { provider, ..self }
    }

    /// Asks Auth0 to sign the user out of the identity provider behind it as well, always. Without
    /// this, a request can still ask for it by the parameter `federated`.
    #[must_use]
    pub fn with_federated(self) -> Self {
        Self { federated: true, ..self }
    }

    /// Where signing out ends where the request does not say, or says what is not allowed: a path
    /// of the application or an absolute URL. The provider must know it.
    ///
    /// # Errors
    ///
    /// [`LogoutTargetError`] where it is neither.
    pub fn with_default_target(self, target: &str) -> Result<Self, LogoutTargetError> {
        let default_target = match ReturnTo::parse(target) {
            Some(path) => LogoutTarget::Path(path),
            None => LogoutTarget::Url(absolute(target)?),
        };
        Ok(Self { default_target, ..self })
    }

    /// Absolute URLs that a request may ask to end at, by the parameter `returnTo`. They are
    /// compared byte for byte, as the provider does. Paths of the application need not be listed
    /// here; the provider must know all of them.
    ///
    /// # Errors
    ///
    /// [`LogoutTargetError`] where one is not an absolute `https` URL, or an `http` one on this
    /// machine.
    pub fn with_targets<'t>(
        self,
        targets: impl IntoIterator<Item = &'t str>,
    ) -> Result<Self, LogoutTargetError> {
        let targets = targets.into_iter().map(absolute).collect::<Result<_, _>>()?;
        Ok(Self { targets, ..self })
    }

    pub(crate) const fn provider(&self) -> ProviderLogout {
        self.provider
    }

    pub(crate) const fn is_federated(&self) -> bool {
        self.federated
    }

    pub(crate) const fn default_target(&self) -> &LogoutTarget {
        &self.default_target
    }

    /// What `asked` names, if signing out may end there: a path of the application at `base_url`,
    /// with or without its origin, or a URL of the list.
    pub(crate) fn allowed_target(&self, asked: &str, base_url: &Origin) -> Option<LogoutTarget> {
        ReturnTo::parse_within(asked, base_url).map(LogoutTarget::Path).or_else(|| {
            let listed = self.targets.iter().find(|target| *target == asked)?;
            Some(LogoutTarget::Url(listed.clone()))
        })
    }
}

/// Where signing out ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum LogoutTarget {
    /// A path of the application.
    Path(ReturnTo),
    /// A URL that the configuration lists.
    Url(String),
}

impl LogoutTarget {
    /// The absolute URL, for an application at `base_url`. The start page is the base URL as it
    /// stands, since that is what is registered with providers.
    pub(crate) fn url(&self, base_url: &Origin) -> String {
        match self {
            Self::Path(path) if *path == ReturnTo::default() => base_url.as_str().to_owned(),
            Self::Path(path) => base_url.join(path.as_str()),
            Self::Url(url) => url.clone(),
        }
    }

    /// The path of the application, where it is one, without its query.
    pub(crate) fn path(&self) -> Option<&str> {
        match self {
            Self::Path(path) => Some(path.path()),
            Self::Url(_) => None,
        }
    }

    /// What a browser that stays here is sent to.
    pub(crate) fn location(&self) -> String {
        match self {
            Self::Path(path) => path.as_str().to_owned(),
            Self::Url(url) => url.clone(),
        }
    }
}

impl Default for LogoutTarget {
    fn default() -> Self {
        Self::Path(ReturnTo::default())
    }
}

/// `text` itself, which providers compare byte for byte.
fn absolute(text: &str) -> Result<String, LogoutTargetError> {
    Url::parse_secure(text).map(|_| text.to_string()).map_err(LogoutTargetError)
}

/// Why a text is no target for signing out: it is no path of the application, and as a URL it has
/// this fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LogoutTargetError(pub UrlError);

impl fmt::Display for LogoutTargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a target for signing out {}", self.0)
    }
}

impl core::error::Error for LogoutTargetError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> LogoutPolicy {
        LogoutPolicy::default()
            .with_targets(["https://www.example/bye", "http://localhost:3000"])
            .unwrap()
    }

    fn target(asked: &str) -> Option<String> {
        let base_url = Origin::parse("https://app.example").unwrap();
        policy().allowed_target(asked, &base_url).map(|target| target.url(&base_url))
    }

    #[test]
    fn allows_own_paths_and_listed_urls() {
        for (asked, expected) in [
            ("/", "https://app.example"),
            ("/bye?a=b", "https://app.example/bye?a=b"),
            ("https://app.example", "https://app.example"),
            ("https://app.example/bye", "https://app.example/bye"),
            ("https://www.example/bye", "https://www.example/bye"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(target(asked).as_deref(), Some(expected), "{asked}");
        }
    }

    /// R19: nothing else, however close it comes.
    #[test]
    fn allows_nothing_else() {
        for asked in [
            "",
            "bye",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "https://app.example.evil.example/",
            "https://app.example@evil.example/",
            "https://app.example//evil.example",
            "https://app.example:444/",
            "https://www.example/bye/",
            "https://www.example/bye?x",
            "https://WWW.example/bye",
            "http://www.example/bye",
            "javascript:alert(1)",
        ] {
            assert_eq!(target(asked), None, "{asked}");
        }
    }

    #[test]
    fn refuses_targets_that_no_browser_should_be_sent_to() {
        for text in ["", "bye", "//x", "http://www.example/", "ftp://www.example/", "https://a@b/"]
        {
            assert!(LogoutPolicy::default().with_targets([text]).is_err(), "{text}");
            assert!(LogoutPolicy::default().with_default_target(text).is_err(), "{text}");
        }
        assert!(LogoutPolicy::default().with_targets(["/path"]).is_err());
        for text in ["/bye", "https://www.example"] {
            assert!(LogoutPolicy::default().with_default_target(text).is_ok(), "{text}");
        }
    }
}
