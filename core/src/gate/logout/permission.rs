//! Whether a request may sign its user out, or another site is behind it (fetch metadata, then
//! `Origin`).

use crate::{
    gate::prefetch::is_prefetch,
    http::{One, RequestHead},
};

/// What a request to the logout route is allowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Permission {
    /// It signs out.
    Given,
    /// It gets a page that asks.
    Ask,
    /// It is refused: another site sent a form, or nobody knows who did.
    Forged,
    /// It only looks ahead, and nothing happens.
    Prefetch,
}

impl Permission {
    /// A navigation of the whole window signs out if this application or the user caused it; a form
    /// if it is this application's. `none` stands for the user: an address that was typed in, or a
    /// bookmark.
    pub(super) fn of(request: &RequestHead<'_>, own_origin: &str) -> Self {
        let is = |name, expected: &str| request.header(name).text() == Some(expected);
        let site = request.header("sec-fetch-site");
        match request.method {
            "POST" => {
                let own = match site {
                    One::Absent => is("origin", own_origin),
                    site => site.text() == Some("same-origin"),
                };
                if own { Self::Given } else { Self::Forged }
            }
            _ if is_prefetch(request) => Self::Prefetch,
            "GET" => {
                let navigates =
                    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document");
                match site.text() {
                    Some("same-origin" | "none") if navigates => Self::Given,
                    _ => Self::Ask,
                }
            }
            // Nobody signs out by looking.
            _ => Self::Ask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(method: &str, fields: &[(&str, &str)]) -> Permission {
        let fields = fields.to_vec();
        let head = RequestHead { method, target: "/", headers: &fields, peer: None, secure: true };
        Permission::of(&head, "https://app.example")
    }

    fn navigation<'f>(site: &'f str, mode: &'f str, dest: &'f str) -> Permission {
        permission(
            "GET",
            &[("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)],
        )
    }

    /// O28: an image, a frame, a script or a link of another site signs nobody out.
    #[test]
    fn only_a_navigation_of_the_user_or_of_this_application_signs_out() {
        for site in ["same-origin", "none"] {
            assert_eq!(navigation(site, "navigate", "document"), Permission::Given);
            for (mode, dest) in
                [("no-cors", "image"), ("navigate", "iframe"), ("cors", "empty"), ("navigate", "")]
            {
                assert_eq!(navigation(site, mode, dest), Permission::Ask, "{mode} {dest}");
            }
        }
        for site in ["cross-site", "same-site", "", "Same-Origin"] {
            assert_eq!(navigation(site, "navigate", "document"), Permission::Ask, "{site}");
        }
        assert_eq!(permission("GET", &[]), Permission::Ask);
        assert_eq!(permission("GET", &[("origin", "https://app.example")]), Permission::Ask);
        let twice = [("sec-fetch-site", "none"), ("sec-fetch-site", "none")];
        assert_eq!(permission("GET", &twice), Permission::Ask);
        let all = [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert_eq!(permission("HEAD", &all), Permission::Ask);
    }

    /// O28: so does a form of another site, or one of nobody.
    #[test]
    fn only_a_form_of_this_application_signs_out() {
        for (fields, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], Permission::Given),
            (&[("origin", "https://app.example")], Permission::Given),
            (&[("sec-fetch-site", "none")], Permission::Forged),
            (&[("sec-fetch-site", "same-site")], Permission::Forged),
            (
                &[("sec-fetch-site", "cross-site"), ("origin", "https://app.example")],
                Permission::Forged,
            ),
            (&[("origin", "null")], Permission::Forged),
            (&[("origin", "https://evil.example")], Permission::Forged),
            (&[], Permission::Forged),
        ] {
            assert_eq!(permission("POST", fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_browser_that_looks_ahead_signs_nobody_out() {
        let fields = [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-purpose", "prefetch"),
        ];
        assert_eq!(permission("GET", &fields), Permission::Prefetch);
    }
}
