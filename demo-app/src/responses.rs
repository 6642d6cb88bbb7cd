//! Responses, each of them with the headers that its kind must have.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use serde::Serialize;

/// Who may put a page into a frame or load what into it (Content Security Policy level 3), and
/// what leaves it as a referrer.
#[derive(Clone, Debug)]
pub(crate) struct PagePolicy {
    pub(crate) content_security: HeaderValue,
    pub(crate) referrer: HeaderValue,
}

/// A page that no cache keeps.
pub(crate) fn page(status: StatusCode, policy: PagePolicy, html: String) -> Response<Bytes> {
    let mut response = text(status, "text/html; charset=utf-8", html);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.content_security);
    headers.insert(header::REFERRER_POLICY, policy.referrer);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A JSON document that no cache keeps.
pub(crate) fn json(status: StatusCode, document: &impl Serialize) -> Response<Bytes> {
    let Ok(document) = serde_json::to_string(document) else {
        return text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "application/json",
            r#"{"error":"server_error"}"#,
        );
    };
    let mut response = text(status, "application/json", document);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Lets anyone keep a response, for a minute.
pub(crate) fn shared(mut response: Response<Bytes>) -> Response<Bytes> {
    let control = HeaderValue::from_static("public, max-age=60");
    response.headers_mut().insert(header::CACHE_CONTROL, control);
    response
}

/// A body with its media type, which no browser may guess otherwise.
pub(crate) fn text(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A file that is compiled into the program; browsers ask again each time.
pub(crate) fn asset(media_type: &'static str, body: &'static str) -> Response<Bytes> {
    let mut response = text(StatusCode::OK, media_type, Bytes::from_static(body.as_bytes()));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// A redirect that leaves no trace of where it came from.
pub(crate) fn redirect(status: StatusCode, location: HeaderValue) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Whether a request asks for a resource that can only be read.
pub(crate) fn is_read(request: &Request<Bytes>) -> bool {
    request.method() == Method::GET || request.method() == Method::HEAD
}

/// Adds a header to a response.
pub(crate) fn with_header(
    mut response: Response<Bytes>,
    name: HeaderName,
    value: HeaderValue,
) -> Response<Bytes> {
    response.headers_mut().append(name, value);
    response
}

/// RFC 9110 §15.5.6: says which methods the resource has.
pub(crate) fn with_allow(response: Response<Bytes>, methods: &'static str) -> Response<Bytes> {
    with_header(response, header::ALLOW, HeaderValue::from_static(methods))
}
