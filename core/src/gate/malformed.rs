//! Requests that no rule is asked about.

use super::pages;
use crate::{
    http::{One, RequestHead, Response},
    path::{PathError, RequestTarget},
};
use core::fmt;

/// Why a request is refused before any rule is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Malformed {
    /// `CONNECT`, since the gate is no tunnel; or `TRACE` and its like, since an upstream would
    /// show the browser what the gate adds for it (RFC 9110 §9.3.8).
    Method,
    /// No `Host` field, or several (RFC 9112 §3.2).
    Host,
    /// The target has neither the origin form nor the absolute form for the host of the request.
    Target,
    /// Path or query is ambiguous or malformed.
    Path(PathError),
}

impl Malformed {
    pub(super) fn response(self) -> Response {
        match self {
            Self::Method => pages::method_not_allowed("GET, HEAD, POST, PUT, PATCH, DELETE"),
            Self::Path(error) if error.is_length() => pages::uri_too_long(self.code()),
            Self::Host | Self::Target | Self::Path(_) => pages::bad_request(self.code()),
        }
    }

    /// A stable name for logs and counters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Host => "host",
            Self::Target => "target",
            Self::Path(error) => error.code(),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> u16 {
        self.response().status
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => f.write_str("the method asks for a tunnel or an echo"),
            Self::Host => f.write_str("the request does not have exactly one Host field"),
            Self::Target => f.write_str("the request target is not for the host of the request"),
            Self::Path(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Malformed {}

/// The target of a request, taken apart, unless there is something wrong with the request.
pub(super) fn target<'h>(request: &RequestHead<'h>) -> Result<RequestTarget<'h>, Malformed> {
    // Not every upstream minds the case of a method.
    let is = |method| request.method.eq_ignore_ascii_case(method);
    if ["CONNECT", "TRACE", "TRACK"].into_iter().any(is) {
        return Err(Malformed::Method);
    }
    let One::Value(host) = request.header("host") else { return Err(Malformed::Host) };
    let target = origin_form(request.target, host).ok_or(Malformed::Target)?;
    RequestTarget::parse(target).map_err(Malformed::Path)
}

/// The path and the query of a request target (RFC 9112 §3.2). In the absolute form the authority
/// must be the one that `Host` names.
fn origin_form<'h>(target: &'h str, host: &[u8]) -> Option<&'h str> {
    if target.starts_with('/') {
        return Some(target);
    }
    let rest = ["http://", "https://"].iter().find_map(|scheme| target.strip_prefix(scheme))?;
    let (authority, path) = rest.split_at_checked(rest.find(['/', '?', '#'])?)?;
    let is_ours = path.starts_with('/') && authority.as_bytes().eq_ignore_ascii_case(host);
    is_ours.then_some(path)
}
