//! Requests that hyper lets through and that no two parties read alike (RFC 9112 §3.2, §6.1).
//!
//! hyper itself refuses wrong or differing lengths, `Transfer-Encoding` in HTTP/1.0, codings that
//! do not end in `chunked`, folded lines, blanks before the colon and control bytes. Where both a
//! length and `Transfer-Encoding` are given it removes the length, reads chunks, and closes the
//! connection after the answer, which RFC 9112 §6.1 allows; nothing of it can be seen here.

use crate::{body::Body, early};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header, uri::Authority,
};

/// Checks what stands in the head of a request about the message itself.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    if request.method() == Method::CONNECT {
        return Err(Refusal::Tunnel);
    }
    let uri = request.uri();
    if !uri.path().starts_with('/') {
        return Err(Refusal::Target);
    }
    let host = host(request.headers(), request.version())?;
    if let Some(authority) = uri.authority()
        && !host.is_some_and(|host| authority.as_str().eq_ignore_ascii_case(host.as_str()))
    {
        return Err(Refusal::OtherHost);
    }
    let mut codings = request.headers().get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Refusal::TransferEncoding),
    }
}

/// The one `Host`, which only HTTP/1.0 may leave out.
fn host(headers: &HeaderMap, version: Version) -> Result<Option<Authority>, Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version < Version::HTTP_11 => Ok(None),
        (Some(host), None) => authority(host).map(Some).ok_or(Refusal::Host),
        _ => Err(Refusal::Host),
    }
}

fn authority(host: &HeaderValue) -> Option<Authority> {
    let authority = Authority::try_from(host.as_bytes()).ok()?;
    // A user before the host may start with the very text of the host.
    if authority.as_str().contains('@') {
        return None;
    }
    let port = authority.as_str().strip_prefix(authority.host())?;
    (port.is_empty() || authority.port_u16().is_some()).then_some(authority)
}

/// Why a request is not handed on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// `Host` is missing, repeated or malformed.
    Host,
    /// The request line names another host than `Host`.
    OtherHost,
    /// The target is neither a path nor an absolute URL with one.
    Target,
    /// `Transfer-Encoding` is repeated, or anything else than `chunked`.
    TransferEncoding,
    /// `CONNECT`.
    Tunnel,
}

impl Refusal {
    /// The reason, for the log.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Host => "host is missing, repeated or malformed",
            Self::OtherHost => "the target names another host than the host field",
            Self::Target => "the target is neither a path nor a URL with one",
            Self::TransferEncoding => "transfer-encoding is not exactly chunked",
            Self::Tunnel => "connect is not served",
        }
    }

    /// An answer that closes the connection, since what follows on it cannot be trusted either.
    pub(crate) fn response(self) -> Response<Body> {
        early::bare(match self {
            Self::Tunnel => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::BAD_REQUEST,
        })
    }
}
