//! What a guarded request without a session gets: 401 for programs, the sign-in page for people.

use super::{Answer, AnswerReason, Decision, Gate, pages};
use crate::{
    http::{FieldText, One, RequestHead, Response},
    oidc::ReturnTo,
    session::HeldCookies,
};

impl Gate {
    /// What a program gets that needs a session and has none: 401. For an application that asks for
    /// one where the gate does not.
    #[must_use]
    pub fn not_signed_in() -> Answer {
        Answer::new(pages::unauthorized(), AnswerReason::NotSignedIn)
    }

    /// Refuses `request`, which came for `path` and `query`.
    pub(super) fn refuse(
        &self,
        request: &RequestHead<'_>,
        path: &str,
        query: Option<&str>,
        held: HeldCookies,
    ) -> Decision {
        let mut answer = self.refusal(request, path, query);
        self.remove_session(held, &mut answer.response.headers);
        Decision::Respond(answer)
    }

    /// The answer to `request` where nobody is signed in.
    pub(super) fn refusal(
        &self,
        request: &RequestHead<'_>,
        path: &str,
        query: Option<&str>,
    ) -> Answer {
        let is_api = self.0.api.iter().any(|pattern| pattern.is_match(path));
        let response = if is_api || !is_navigation(request) {
            pages::unauthorized()
        } else {
            self.to_login(request.method, path, query)
        };
        Answer::new(response, AnswerReason::NotSignedIn)
    }

    fn to_login(&self, method: &str, path: &str, query: Option<&str>) -> Response {
        // A request that is not a GET cannot be repeated after the login, so its page is the start.
        let (status, target) = if matches!(method, "GET" | "HEAD") {
            let target = match query {
                Some(query) => ReturnTo::parse(&alloc::format!("{path}?{query}")),
                None => ReturnTo::parse(path),
            };
            (302, target.unwrap_or_default())
        } else {
            (303, ReturnTo::default())
        };
        Response::redirect(status, FieldText::lossy(self.login_path(&target)))
    }
}

/// Whether a person waits for a page: a browser says so in the fetch metadata, older clients in
/// `Accept`.
fn is_navigation(request: &RequestHead<'_>) -> bool {
    let is = |name, expected: &str| match request.header(name) {
        One::Absent => None,
        field => Some(field.text().is_some_and(|text| text.eq_ignore_ascii_case(expected))),
    };
    if is("x-requested-with", "XMLHttpRequest") == Some(true)
        || is("sec-fetch-mode", "navigate") == Some(false)
        || is("sec-fetch-dest", "document") == Some(false)
    {
        return false;
    }
    match request.header("accept").text() {
        None => true,
        Some(accept) => accept.split(',').any(|range| {
            let media_type = range.split(';').next().unwrap_or_default().trim();
            ["text/html", "application/xhtml+xml", "*/*"]
                .iter()
                .any(|page| media_type.eq_ignore_ascii_case(page))
        }),
    }
}

/// Whether another site caused this request (fetch metadata, then `Origin`). Only requests that
/// can change something are looked at.
pub(super) fn is_forged(request: &RequestHead<'_>, own_origin: &str) -> bool {
    if matches!(request.method, "GET" | "HEAD" | "OPTIONS") {
        return false;
    }
    match request.header("sec-fetch-site") {
        One::Absent => match request.header("origin") {
            One::Absent => false,
            origin => origin.text() != Some(own_origin),
        },
        site => !matches!(site.text(), Some("same-origin" | "none")),
    }
}
