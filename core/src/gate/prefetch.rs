//! Requests of a browser that only looks ahead.

use crate::http::RequestHead;

/// Fields with which browsers and frameworks announce it, and the word in them that says so.
const FIELDS: [(&str, &str); 6] = [
    // Fetch Metadata, with "prefetch;prerender" where the page is drawn as well.
    ("sec-purpose", "prefetch"),
    ("purpose", "prefetch"),
    ("x-purpose", "preview"),
    ("x-moz", "prefetch"),
    ("x-middleware-prefetch", "1"),
    ("next-router-prefetch", "1"),
];

/// Whether the browser looks ahead at what a person may open later. Nobody has asked for anything,
/// so a login must not start, a logout must not happen, and a session is not in use.
pub(super) fn is_prefetch(request: &RequestHead<'_>) -> bool {
    FIELDS.iter().any(|(name, word)| {
        let text = request.header(name).text();
        text.is_some_and(|text| {
            text.split([';', ',']).any(|part| {
                let part = part.trim();
                part.eq_ignore_ascii_case(word) || part.eq_ignore_ascii_case("prefetch")
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks_ahead(name: &str, value: &str) -> bool {
        let headers = [(name, value)];
        let head =
            RequestHead { method: "GET", target: "/", headers: &headers, peer: None, secure: true };
        is_prefetch(&head)
    }

    #[test]
    fn tells_browsers_that_look_ahead() {
        for (name, value) in [
            ("Sec-Purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("sec-purpose", "prefetch;anonymous-client-ip"),
            ("purpose", "Prefetch"),
            ("x-purpose", "preview"),
            ("x-purpose", "prefetch"),
            ("x-moz", "prefetch"),
            ("x-middleware-prefetch", "1"),
            ("next-router-prefetch", "1"),
        ] {
            assert!(looks_ahead(name, value), "{name}: {value}");
        }
        for (name, value) in [
            ("sec-purpose", ""),
            ("purpose", "navigate"),
            ("purpose", "prefetching"),
            ("x-middleware-prefetch", "0"),
            ("accept", "prefetch"),
        ] {
            assert!(!looks_ahead(name, value), "{name}: {value}");
        }
    }
}
