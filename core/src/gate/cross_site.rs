//! Whether another site caused a request that can change something (fetch metadata, then `Origin`).
//!
//! A browser sends the session's cookie with requests that pages of a sibling host cause, and with
//! some that any page causes. What it says of where a request comes from cannot be set by the page.
//!
//! A page may open a web socket to any host, and no CORS stands before it, so its opening counts
//! among the requests that can change something (RFC 6455 §10.2).

use crate::http::{One, Origin, RequestHead};
use alloc::vec::Vec;

/// Which requests with a session may change something: those of the application's own pages, and
/// those of pages that are trusted like them.
///
/// A request that says nothing of where it comes from, as only old browsers and programs send, must
/// carry the field `X-Requested-With`, with any value: pages of another site cannot add it unless
/// they are allowed to (Fetch §3.2.2).
#[derive(Clone, Debug, Default)]
pub struct CrossSitePolicy {
    trusted: Vec<Origin>,
    allows_unmarked: bool,
}

impl CrossSitePolicy {
    /// Trusts the pages of these origins like the application's own, such as a front end on a host
    /// beside it.
    #[must_use]
    pub fn with_trusted_origins(self, origins: impl IntoIterator<Item = Origin>) -> Self {
        Self { trusted: origins.into_iter().collect(), ..self }
    }

    /// Lets requests through that say nothing of where they come from.
    #[must_use]
    pub fn with_unmarked_requests_allowed(self) -> Self {
        Self { allows_unmarked: true, ..self }
    }

    /// Whether `request` may have been caused by another site than the one at `own`.
    pub(super) fn refuses(&self, request: &RequestHead<'_>, own: &Origin) -> bool {
        // RFC 9110 §9.2.1.
        if matches!(request.method, "GET" | "HEAD" | "OPTIONS") && !opens_web_socket(request) {
            return false;
        }
        let origin = request.header("origin");
        let is_trusted = || {
            let text = origin.text();
            self.trusted.iter().any(|trusted| text == Some(trusted.as_str()))
        };
        match (request.header("sec-fetch-site"), origin) {
            (One::Absent, One::Absent) => {
                !self.allows_unmarked && request.header("x-requested-with") == One::Absent
            }
            (One::Absent, _) => origin.text() != Some(own.as_str()) && !is_trusted(),
            (site, _) => !matches!(site.text(), Some("same-origin" | "none")) && !is_trusted(),
        }
    }
}

/// Whether a request asks for a web socket (RFC 6455 §4.1).
fn opens_web_socket(request: &RequestHead<'_>) -> bool {
    let mut asks = false;
    request.headers.each_value("upgrade", &mut |value| {
        let mut protocols = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        asks |= protocols.any(|protocol| protocol.eq_ignore_ascii_case(b"websocket"));
    });
    asks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(policy: &CrossSitePolicy, method: &str, fields: &[(&str, &str)]) -> bool {
        let fields = fields.to_vec();
        let head = RequestHead { method, target: "/", headers: &fields, peer: None, secure: true };
        policy.refuses(&head, &Origin::parse("https://app.example").unwrap())
    }

    const OWN: (&str, &str) = ("origin", "https://app.example");
    const SIBLING: (&str, &str) = ("origin", "https://spa.app.example");
    const EVIL: (&str, &str) = ("origin", "https://evil.example");

    /// X08, X09: only the application's own pages and the user cause requests that change something.
    #[test]
    fn x08_x09_other_sites_change_nothing() {
        let policy = CrossSitePolicy::default();
        for (fields, refused) in [
            (&[("sec-fetch-site", "same-origin")][..], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "Same-Origin")], true),
            (&[("sec-fetch-site", "")], true),
            // Browsers that say both cannot contradict themselves; the metadata count.
            (&[("sec-fetch-site", "cross-site"), OWN], true),
            (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")], true),
            (&[OWN], false),
            (&[EVIL], true),
            (&[SIBLING], true),
            (&[("origin", "null")], true),
            (&[("origin", "http://app.example")], true),
            (&[("origin", "https://app.example:8443")], true),
            (&[("origin", "https://app.example.evil.example")], true),
            (&[OWN, OWN], true),
            // What a form can send does not matter: the media type, or whom it says to be.
            (&[EVIL, ("content-type", "text/plain")], true),
            (&[EVIL, ("x-requested-with", "XMLHttpRequest")], true),
        ] {
            for method in ["POST", "PUT", "PATCH", "DELETE", "ANY", "get"] {
                assert_eq!(refuses(&policy, method, fields), refused, "{method} {fields:?}");
            }
            for method in ["GET", "HEAD", "OPTIONS"] {
                assert!(!refuses(&policy, method, fields), "{method} {fields:?}");
            }
        }
    }

    /// X10: without a word of where it comes from, a request needs a field that no form can send.
    #[test]
    fn x10_a_request_that_says_nothing_needs_a_field_of_its_own() {
        let (strict, lenient) = (
            CrossSitePolicy::default(),
            CrossSitePolicy::default().with_unmarked_requests_allowed(),
        );
        assert!(refuses(&strict, "POST", &[]));
        assert!(refuses(&strict, "POST", &[("referer", "https://app.example/")]));
        assert!(!refuses(&strict, "POST", &[("x-requested-with", "curl")]));
        assert!(!refuses(&lenient, "POST", &[]));
        assert!(refuses(&lenient, "POST", &[EVIL]));
        assert!(refuses(&lenient, "POST", &[("sec-fetch-site", "same-site")]));
    }

    /// X12: a page of another site opens no web socket with the session's cookie.
    #[test]
    fn x12_another_site_opens_no_web_socket() {
        let policy = CrossSitePolicy::default().with_trusted_origins(
            ["https://spa.app.example"].map(|text| Origin::parse(text).unwrap()),
        );
        for upgrade in ["websocket", "WebSocket", "h2c, websocket", "h2c ,\tWEBSOCKET"] {
            let upgrade = ("upgrade", upgrade);
            for (fields, refused) in [
                (&[upgrade, EVIL][..], true),
                (&[upgrade, EVIL, ("sec-fetch-site", "cross-site")], true),
                (&[upgrade, ("origin", "null")], true),
                (&[upgrade, ("origin", "https://evil.app.example")], true),
                (&[upgrade], true),
                (&[upgrade, OWN], false),
                (&[upgrade, OWN, ("sec-fetch-site", "same-origin")], false),
                (&[upgrade, SIBLING, ("sec-fetch-site", "same-site")], false),
            ] {
                assert_eq!(refuses(&policy, "GET", fields), refused, "{fields:?}");
            }
        }
        assert!(!refuses(&policy, "GET", &[("upgrade", "h2c"), EVIL]));
        assert!(!refuses(&policy, "GET", &[("sec-websocket-key", "x"), EVIL]));
    }

    /// X09: a sibling that is listed is trusted, and nobody else.
    #[test]
    fn x09_trusted_origins_are_compared_exactly() {
        let origins = ["https://spa.app.example"].map(|text| Origin::parse(text).unwrap());
        let policy = CrossSitePolicy::default().with_trusted_origins(origins);
        assert!(!refuses(&policy, "POST", &[("sec-fetch-site", "same-site"), SIBLING]));
        assert!(!refuses(&policy, "POST", &[SIBLING]));
        assert!(refuses(&policy, "POST", &[("sec-fetch-site", "cross-site"), EVIL]));
        assert!(refuses(&policy, "POST", &[("sec-fetch-site", "same-site")]));
        assert!(refuses(&policy, "POST", &[("origin", "https://spa.app.example.evil")]));
    }
}
