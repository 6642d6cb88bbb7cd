//! The border between the `http` crate's types, which hyper speaks, and the core's own.

use crate::{body::Body, server::Connection};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, request::Parts, uri::PathAndQuery};
use portcullis_core::http::{HeaderView, RequestHead, Response};
use std::borrow::Cow;

/// The header fields of a message, as the core looks at them.
pub(crate) struct View<'m>(pub(crate) &'m HeaderMap);

impl HeaderView for View<'_> {
    // A map of a few fields is looked through faster than a name is hashed.
    fn each_value<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8])) {
        for (candidate, value) in self.0 {
            if candidate.as_str().eq_ignore_ascii_case(name) {
                visit(value.as_bytes());
            }
        }
    }

    fn each<'h>(&'h self, visit: &mut dyn FnMut(&'h str, &'h [u8])) {
        for (name, value) in self.0 {
            visit(name.as_str(), value.as_bytes());
        }
    }
}

/// Adds fields of the core's making to `headers`.
///
/// The core makes only names and values that can be sent, so nothing is left out; one that could
/// not be is a defect, and it is logged by its name alone.
pub(crate) fn append<'f>(
    headers: &mut HeaderMap,
    fields: impl Iterator<Item = (&'f str, &'f str)>,
) {
    for (name, value) in fields {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => {
                headers.append(name, value);
            }
            _ => tracing::error!(name, "a header field cannot be written and was left out"),
        }
    }
}

/// `headers` without those that are not to go on, and with those that the core adds. Names and
/// values move as they are.
pub(crate) fn edit<'f>(
    headers: HeaderMap,
    keeps: impl Fn(&str, &[u8]) -> bool,
    added: impl Iterator<Item = (&'f str, &'f str)>,
) -> HeaderMap {
    let mut edited = HeaderMap::with_capacity(headers.len());
    let mut name = None;
    for (next, value) in headers {
        // A further value of the same field comes without its name.
        name = next.or(name);
        if let Some(name) = &name
            && keeps(name.as_str(), value.as_bytes())
        {
            edited.append(name, value);
        }
    }
    append(&mut edited, added);
    edited
}

/// The head of a request, as the core looks at it, handed to `look`.
pub(crate) fn with_head<T>(
    head: &Parts,
    connection: Option<Connection>,
    look: impl FnOnce(&RequestHead<'_>) -> T,
) -> T {
    look(&RequestHead {
        method: head.method.as_str(),
        // A tunnel has no path, and is no request for the start page.
        target: head.uri.path_and_query().map_or("", PathAndQuery::as_str),
        headers: &View(&head.headers),
        peer: connection.map(|connection| connection.peer.ip()),
        secure: connection.is_some_and(|connection| connection.secure),
    })
}

/// An answer of the core's making.
pub(crate) fn response(answer: Response) -> http::Response<Body> {
    let mut response = http::Response::new(match answer.body {
        Cow::Borrowed(text) => Body::from(text),
        Cow::Owned(text) => Body::from(text),
    });
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    append(response.headers_mut(), answer.headers.iter());
    response
}
