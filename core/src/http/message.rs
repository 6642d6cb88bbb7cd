//! Requests and responses, on both sides of the gate.

use super::{HeaderView, Headers, One, Url, headers::FieldText};
use alloc::{borrow::Cow, string::String, vec::Vec};
use core::{fmt, net::IpAddr, time::Duration};

/// The head of a request that a client sent.
#[derive(Clone, Copy)]
pub struct RequestHead<'h> {
    /// The method, letters as received (methods are case-sensitive, RFC 9110 §9.1).
    pub method: &'h str,
    /// The request target as received: `/path?query`, or the absolute form (RFC 9112 §3.2).
    pub target: &'h str,
    /// The header fields.
    pub headers: &'h dyn HeaderView,
    /// The address that the connection came from, where there is one.
    pub peer: Option<IpAddr>,
    /// Whether the connection is protected by TLS.
    pub secure: bool,
}

impl<'h> RequestHead<'h> {
    /// The field `name`.
    #[must_use]
    pub fn header(&self, name: &str) -> One<'h> {
        One::of(self.headers, name)
    }
}

/// Credentials live in header fields, so only the method and the path are printed.
impl fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("method", &self.method)
            .field("path", &self.target.split('?').next())
            .field("peer", &self.peer)
            .field("secure", &self.secure)
            .finish_non_exhaustive()
    }
}

/// What an adapter enforces while it reads the body of a request for the core.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BodyLimits {
    /// The most bytes that are read.
    pub max_bytes: usize,
    /// From the start to the last byte: a deadline, not an idle timer.
    pub deadline: Duration,
}

/// Why there is no body of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BodyError {
    /// The connection broke, or the framing is wrong.
    Broken,
    /// The deadline passed.
    Timeout,
    /// The body is larger than allowed.
    TooLarge,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broken => "the body broke off",
            Self::Timeout => "the body took too long",
            Self::TooLarge => "the body is larger than allowed",
        })
    }
}

impl core::error::Error for BodyError {}

/// An answer that the core made, whole.
#[derive(Clone, Eq, PartialEq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header fields, without `Content-Length`, which the adapter derives.
    pub headers: Headers,
    /// The body, which an answer to `HEAD` does without.
    pub body: Cow<'static, str>,
}

impl Response {
    /// An answer without a body that nobody may store.
    pub(crate) fn empty(status: u16) -> Self {
        let mut headers = Headers::new();
        headers.append("cache-control", FieldText::constant("no-store"));
        Self { status, headers, body: Cow::Borrowed("") }
    }

    /// An answer with a body of the given media type that nobody may store.
    pub(crate) fn with_body(
        status: u16,
        content_type: &'static str,
        body: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut response = Self::empty(status);
        response.headers.append("content-type", FieldText::constant(content_type));
        response.headers.append("x-content-type-options", FieldText::constant("nosniff"));
        response.body = body.into();
        response
    }

    /// An answer that leads the browser to `location`.
    pub(crate) fn redirect(status: u16, location: FieldText) -> Self {
        let mut response = Self::empty(status);
        response.headers.append("location", location);
        response.headers.append("referrer-policy", FieldText::constant("no-referrer"));
        response
    }
}

/// A body may be an access token that is handed out, or say who somebody is, so only its length is
/// printed.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_length", &self.body.len())
            .finish()
    }
}

/// The methods that the core itself sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

impl Method {
    /// The method as it stands in a request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request that the core wants to have sent: the one effect that a flow can wait for.
#[derive(Clone, Eq, PartialEq)]
pub struct Outbound {
    /// The method.
    pub method: Method,
    /// Where to. Redirects are never followed: credentials would travel with them.
    pub url: Url,
    /// The header fields, without `Host` and `Content-Length`, which the adapter derives.
    pub headers: Headers,
    /// The body.
    pub body: String,
    /// What the adapter enforces.
    pub limits: FetchLimits,
}

/// Bodies and query strings carry codes and secrets, so they are not printed.
impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("method", &self.method)
            .field("url", &self.url.without_query())
            .field("headers", &self.headers)
            .field("body_length", &self.body.len())
            .field("limits", &self.limits)
            .finish()
    }
}

/// What an adapter enforces while it sends an [`Outbound`], whatever the other side does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FetchLimits {
    /// From the start to the last byte of the body: a deadline, not an idle timer.
    pub deadline: Duration,
    /// The most bytes of body that are read.
    pub max_body: usize,
}

/// The answer to an [`Outbound`], whole.
#[derive(Clone, Eq, PartialEq)]
pub struct Inbound {
    /// The status code.
    pub status: u16,
    /// The header fields. Values that are not text are left out by the adapter.
    pub headers: Vec<(String, String)>,
    /// The body, within [`FetchLimits::max_body`].
    pub body: Vec<u8>,
}

impl Inbound {
    /// The field `name`, where it stands once.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        One::of(&self.headers, name).text()
    }
}

/// Bodies carry tokens, so only their length is printed.
impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("status", &self.status)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no answer to an [`Outbound`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum FetchError {
    /// The adapter gave up: its task was dropped, or the process stops.
    Cancelled,
    /// The deadline passed.
    Timeout,
    /// The body is larger than allowed.
    TooLarge,
    /// No connection, a broken one, failed TLS, or something that is not HTTP.
    Transport,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the request was given up",
            Self::Timeout => "no whole answer within the deadline",
            Self::TooLarge => "the answer is larger than allowed",
            Self::Transport => "the connection failed",
        })
    }
}

impl core::error::Error for FetchError {}
