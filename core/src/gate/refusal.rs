//! What a guarded request without a session gets: 401 for programs, the sign-in page for people.

use super::{Answer, AnswerReason, Decision, Gate, pages};
use crate::{
    http::{FieldText, One, RequestHead, Response},
    oidc::ReturnTo,
    pattern::Pattern,
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
        let response = if self.is_for_person(request, path) {
            self.to_login(request.method, path, query)
        } else {
            pages::unauthorized()
        };
        Answer::new(response, AnswerReason::NotSignedIn)
    }

    /// Whether a person waits for the answer, by the configuration and by what the client says.
    pub(super) fn is_for_person(&self, request: &RequestHead<'_>, path: &str) -> bool {
        let is_in = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.is_match(path));
        !is_in(&self.0.api) && (is_in(&self.0.pages) || is_navigation(request))
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
    let (mut says, mut wants_page) = (false, false);
    request.headers.each_value("accept", &mut |value| {
        says = true;
        let value = core::str::from_utf8(value).unwrap_or_default();
        wants_page |= value.split(',').any(is_page);
    });
    wants_page || !says
}

/// Whether a media range takes pages in.
fn is_page(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let is_page = ["text/html", "application/xhtml+xml", "*/*"]
        .iter()
        .any(|page| media_type.eq_ignore_ascii_case(page));
    is_page && !parts.any(is_weight_of_nothing)
}

/// Whether a parameter of a media range says that the range is not wanted (RFC 9110 §12.4.2).
fn is_weight_of_nothing(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, weight)| {
        name.trim().eq_ignore_ascii_case("q")
            && weight.trim().bytes().all(|byte| matches!(byte, b'0' | b'.'))
    })
}
