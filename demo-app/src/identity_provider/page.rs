//! The provider's pages. Each says that it is for development, loads nothing but the style sheet,
//! and can be framed by nobody.

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Response, StatusCode};

use super::metadata::{CONFIGURATION_PATH, END_SESSION_PATH};
use super::request::{AuthorizationRequest, PARAMETERS};
use super::user::UserName;
use crate::html::Escaped;
use crate::parameters::Parameters;
use crate::responses::{self, PagePolicy};
use portcullis_core::http::{Origin, Url};

pub(super) const STYLESHEET_PATH: &str = "/assets/provider.css";

/// The field of the sign-in form in which the user writes.
pub(super) const USER_NAME_FIELD: &str = "username";

pub(super) fn stylesheet() -> Response<Bytes> {
    responses::asset("text/css; charset=utf-8", include_str!("provider.css"))
}

pub(super) fn home(issuer: &Origin) -> Response<Bytes> {
    let content = format!(
        "<p>Applications find everything about this provider at \
         <a href=\"{CONFIGURATION_PATH}\">{}{CONFIGURATION_PATH}</a>.</p>\
         <p><a href=\"{END_SESSION_PATH}\">Sign out here</a></p>",
        Escaped(issuer.as_str()),
    );
    plain_page(StatusCode::OK, "Ready", &content)
}

pub(super) fn signed_out() -> Response<Bytes> {
    plain_page(StatusCode::OK, "Signed out", "<p>You are signed out of this provider.</p>")
}

pub(super) fn error(status: StatusCode, message: &str) -> Response<Bytes> {
    let content = format!("<p>{}</p>", Escaped(message));
    plain_page(status, "This did not work", &content)
}

/// The operating system gave no randomness, or a response could not be put together.
pub(super) fn failure() -> Response<Bytes> {
    error(StatusCode::INTERNAL_SERVER_ERROR, "The provider could not answer. Try again.")
}

/// The sign-in form. It keeps its authorization request in hidden fields.
pub(super) fn sign_in(
    authorization: &AuthorizationRequest<'_>,
    parameters: &Parameters,
    user_name: Option<&UserName>,
    problem: Option<&str>,
) -> Response<Bytes> {
    let hidden: String = PARAMETERS
        .iter()
        .filter_map(|name| Some((name, parameters.get(name)?)))
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n", Escaped(value))
        })
        .collect();
    let redirect_uri = Url::parse(authorization.destination.redirect_uri);
    let client = redirect_uri.map(|url| Origin::of(&url).to_string()).unwrap_or_default();
    let content = format!(
        include_str!("sign_in.html"),
        client = Escaped(&client),
        hidden = hidden,
        user_name = Escaped(user_name.map_or(DEFAULT_USER_NAME, UserName::as_str)),
        described = problem.map_or("", |_| r#" aria-invalid="true" aria-describedby="problem""#),
        problem = problem.map_or_else(String::new, |problem| format!(
            r#"<p class="problem" id="problem">{}</p>"#,
            Escaped(problem)
        )),
    );
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    // Browsers apply form-action to the redirect that follows the form, so the client has to be
    // in it. With the referrer policy same-origin, they still say where the form comes from.
    let content_security = format!(
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self' {client}; \
         frame-ancestors 'none'"
    );
    let Ok(content_security) = HeaderValue::try_from(content_security) else {
        return failure();
    };
    let policy = PagePolicy { content_security, referrer: HeaderValue::from_static("same-origin") };
    responses::page(status, policy, html("Sign in", &content))
}

fn plain_page(status: StatusCode, title: &str, content: &str) -> Response<Bytes> {
    let policy = PagePolicy {
        content_security: HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
        referrer: HeaderValue::from_static("no-referrer"),
    };
    responses::page(status, policy, html(title, content))
}

fn html(title: &str, content: &str) -> String {
    format!(include_str!("page.html"), title = title, content = content)
}

const DEFAULT_USER_NAME: &str = "demo";
