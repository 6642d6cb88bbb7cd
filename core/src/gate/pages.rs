//! The gate's own answers: JSON for programs, a plain page for people. All text is constant but for
//! codes, which are constants too, and links, which are escaped.

use super::{
    answer::{Answer, AnswerReason},
    document::{self, Forms, escape},
};
use crate::{
    http::{FieldText, Response},
    oidc::{CallbackError, LoginError, ProviderError},
    rewrite::RouteError,
};
use alloc::format;

/// 400, with the code of the rule that the request breaks.
pub(super) fn bad_request(code: &'static str) -> Response {
    json(400, "bad_request", code)
}

/// 414.
pub(super) fn uri_too_long(code: &'static str) -> Response {
    json(414, "uri_too_long", code)
}

/// 400 for a request to which a rule applies that leads nowhere.
pub(super) fn rewrite_failed(error: RouteError) -> Answer {
    Answer::new(bad_request("rewrite"), AnswerReason::Rewrite(error))
}

/// 431 for a browser whose cookies are too many or too large.
pub(super) fn cookies_too_large(for_person: bool) -> Answer {
    let reason = AnswerReason::CookiesTooLarge;
    let response = if for_person {
        let content = "<p>Your browser sends more cookies to this site than can be taken. Those of \
             the sign-in were removed, so that you may have to sign in again.</p>\n\
             <p>Go to the <a href=\"/\">start page</a>. If this page comes back, remove the cookies \
             of this site in the settings of your browser.</p>\n";
        document::page(431, "Too many cookies", content, Forms::None)
    } else {
        json(431, reason.code(), "The cookies of the request are too large.")
    };
    Answer::new(response, reason)
}

/// 404.
pub(super) fn not_found() -> Answer {
    let response = json(404, "not_found", "There is nothing here.");
    Answer::new(response, AnswerReason::NoSuchRoute)
}

/// 401 without a session.
pub(super) fn unauthorized() -> Response {
    json(401, "not_authenticated", "Sign in first.")
}

/// 403 for a request that another site caused.
pub(super) fn forged() -> Answer {
    let response = json(
        403,
        "cross_site_request",
        "The request was caused by another site, or does not say where it comes from. A program \
         adds the field X-Requested-With.",
    );
    Answer::new(response, AnswerReason::CrossSite)
}

/// 500 where something fails that is no request's fault.
pub(super) fn internal() -> Answer {
    let response = json(500, "internal", "The request could not be handled.");
    Answer::new(response, AnswerReason::Internal)
}

/// 204 for a browser that looks ahead at a route that does something.
pub(super) fn prefetched() -> Answer {
    Answer::new(Response::empty(204), AnswerReason::Prefetch)
}

/// 405 for one of the gate's own routes.
pub(super) fn no_such_method(allow: &'static str) -> Answer {
    Answer::new(method_not_allowed(allow), AnswerReason::Method)
}

/// 405.
pub(super) fn method_not_allowed(allow: &'static str) -> Response {
    let mut response = json(405, "method_not_allowed", "The method is not allowed here.");
    response.headers.append("allow", FieldText::constant(allow));
    response
}

/// 503 for somebody who is signed in, whose access token has expired, while the provider gives no
/// new one: a page with the way to sign in again for people, who would be led there by `refusal`,
/// JSON for programs. `retry_after` says in how many seconds it may be worth to try again.
pub(super) fn tokens_unavailable(refusal: &Answer, retry_after: u64) -> Answer {
    let reason = AnswerReason::TokensUnavailable;
    let text = "The identity provider cannot be reached at the moment.";
    let mut response = match refusal.response.headers.get("location") {
        Some(login) => page(503, "Not available", text, reason.code(), login),
        None => json(503, reason.code(), text),
    };
    response.headers.append("retry-after", FieldText::from(retry_after.max(1)));
    Answer::new(response, reason)
}

fn json(status: u16, error: &'static str, description: &'static str) -> Response {
    let body = format!(r#"{{"error":"{error}","error_description":"{description}"}}"#);
    Response::with_body(status, "application/json", body)
}

/// The page for a login that did not end in a session.
pub(super) fn login_failed(error: CallbackError, login: &str) -> Answer {
    let text = match error {
        CallbackError::Finished => "This sign-in is over, and you are signed out again.",
        CallbackError::Provider(ProviderError::AccessDenied) => "The sign-in was refused.",
        CallbackError::Provider(ProviderError::UnmetAuthenticationRequirements) => {
            "You cannot sign in at the identity provider in the way that is asked for here."
        }
        CallbackError::Provider(error) if error.needs_interaction() => {
            "The identity provider needs you to do something before you are signed in."
        }
        CallbackError::SessionTooLarge => "The account has more data than a browser can keep.",
        _ => match error.status() {
            400 => "This sign-in was not started in this browser, or it took too long.",
            500 => "Something went wrong here.",
            503 => "The identity provider cannot be reached at the moment.",
            _ => "The identity provider gave an answer that cannot be accepted.",
        },
    };
    let response = page(error.status(), "Sign-in failed", text, error.code(), login);
    Answer::new(response, AnswerReason::Callback(error))
}

/// The page for a login that did not start. Where the provider is out of reach, `retry_after` says
/// in how many seconds it may be worth to try again.
pub(super) fn login_not_started(error: LoginError, login: &str, retry_after: u64) -> Answer {
    let (title, text) = match error.status() {
        400 => ("Sign-in failed", "The address has something in it that cannot be understood."),
        502 => ("Sign-in failed", "The identity provider gave an answer that cannot be accepted."),
        503 => ("Sign-in unavailable", "The identity provider cannot be reached at the moment."),
        _ => ("Sign-in failed", "Something went wrong here."),
    };
    let mut response = page(error.status(), title, text, error.code(), login);
    if error.status() == 503 {
        response.headers.append("retry-after", FieldText::from(retry_after.max(1)));
    }
    Answer::new(response, AnswerReason::Login(error))
}

fn page(status: u16, title: &'static str, text: &str, code: &str, login: &str) -> Response {
    let login = escape(login);
    let content = format!(
        "<p>{text}</p>\n\
         <p><a href=\"{login}\">Try again</a> or go to the <a href=\"/\">start page</a>.</p>\n\
         <p><small>Code: <code>{code}</code></small></p>\n"
    );
    document::page(status, title, &content, Forms::None)
}
