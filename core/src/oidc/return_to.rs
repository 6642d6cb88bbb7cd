//! Where a login leads back to.

use crate::{http::Query, path::RequestTarget};
use alloc::{borrow::ToOwned as _, string::String};

/// A path of this application, with a query perhaps, that a browser may be sent to.
///
/// It starts with exactly one slash and went through the same parser as the path of a request, so
/// no browser can read a host in it (CWE-601). A fragment is dropped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// The most bytes of a target.
    pub const MAX_LENGTH: usize = 2048;

    /// The target that `text` names, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > Self::MAX_LENGTH {
            return None;
        }
        let text = text.split('#').next().unwrap_or_default();
        let target = RequestTarget::parse(text).ok()?;
        let mut kept = target.path.as_str().to_owned();
        if let Some(query) = target.query {
            kept.push('?');
            kept.push_str(query);
        }
        Some(Self(kept))
    }

    /// The target that the query of a login request names. None, several, or one that is not
    /// usable all mean the start page.
    #[must_use]
    pub fn of_query(query: Query<'_>) -> Self {
        query
            .unique("returnTo")
            .ok()
            .flatten()
            .and_then(|text| Self::parse(&text))
            .unwrap_or_default()
    }

    /// The path and the query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }
}

impl Default for ReturnTo {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn keeps_paths_of_this_application() {
        for (text, kept) in [
            ("/", "/"),
            ("/private", "/private"),
            ("/private/a?b=c&d=%2F", "/private/a?b=c&d=%2F"),
            ("/private?next=https://app.example/", "/private?next=https://app.example/"),
            ("/caf%C3%A9", "/caf%C3%A9"),
            ("/%70rivate", "/private"),
        ] {
            assert_eq!(ReturnTo::parse(text).unwrap().as_str(), kept);
        }
    }

    /// R01 to R17: nothing that a browser could take for another host, or that is not a path.
    #[test]
    fn refuses_what_could_lead_elsewhere() {
        for text in [
            "//evil.example/x",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/%09/evil.example",
            "/%0a/evil.example",
            "/%0d\\evil.example",
            "/%0b/evil.example",
            "/ /evil.example",
            "/%20%5cevil.example",
            "/.//evil.example",
            "/./\\evil.example",
            "/../..//evil.example",
            "/%2e%2e//evil.example",
            "https:evil.example",
            "https:/evil.example",
            "https:///evil.example",
            "HtTpS:\\\\evil.example",
            "https://app.example@evil.example/",
            "https://app.example.evil.example",
            "javascript:alert(1)",
            "data:text/html,<script>",
            "/%2f%2fevil.example",
            "/%5cevil.example",
            "%2f%2fevil.example",
            "/\u{ff0f}evil.example",
            "//evil\u{3002}example",
            "/a%0d%0aSet-Cookie:%20x=1",
            "/a\r\nSet-Cookie: x=1",
            "",
            "private",
            "?x",
        ] {
            assert_eq!(ReturnTo::parse(text), None, "{text:?}");
        }
        assert_eq!(ReturnTo::parse(&format!("/{}", "x".repeat(2048))), None);
    }

    /// R18: a repeated parameter is nobody's.
    #[test]
    fn a_repeated_parameter_leads_to_the_start_page() {
        let target = |query| ReturnTo::of_query(Query::new(query));
        assert_eq!(target("returnTo=%2Fok").as_str(), "/ok");
        assert_eq!(target("returnTo=%2Fok&returnTo=%2F%2Fevil.example").as_str(), "/");
        assert_eq!(target("x=y").as_str(), "/");
        assert_eq!(target("returnTo=%2F%2Fevil.example").as_str(), "/");
    }

    /// R23: a fragment is dropped.
    #[test]
    fn drops_the_fragment() {
        assert_eq!(ReturnTo::parse("/ok#//evil.example").unwrap().as_str(), "/ok");
    }
}
