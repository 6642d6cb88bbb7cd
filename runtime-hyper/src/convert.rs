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

/// Fields of the core's making that the `http` crate has no number for. Each name is written and
/// checked once.
static FORWARDED: [HeaderName; 3] = [
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
];

/// Adds fields of the core's making to `headers`.
///
/// The core makes only names and values that can be sent, so nothing is left out; one that could
/// not be is a defect, and it is logged by its name alone.
pub(crate) fn append<'f>(
    headers: &mut HeaderMap,
    fields: impl Iterator<Item = (&'f str, &'f str)>,
) {
    for (name, value) in fields {
        let known = FORWARDED.iter().find(|known| known.as_str() == name);
        let parsed =
            known.map_or_else(|| HeaderName::from_bytes(name.as_bytes()), |it| Ok(it.clone()));
        match (parsed, HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => {
                headers.append(name, value);
            }
            _ => tracing::error!(name, "a header field cannot be written and was left out"),
        }
    }
}

/// Takes from `headers` those that are not to go on, and adds those that the core adds. The others
/// stay where they are, most of them: fields of different names may change places, which says nothing
/// (RFC 9110 §5.3).
pub(crate) fn edit<'f>(
    headers: &mut HeaderMap,
    keeps: impl Fn(&str, &[u8]) -> bool,
    added: impl Iterator<Item = (&'f str, &'f str)>,
) {
    let keeps = |name: &HeaderName, value: &HeaderValue| keeps(name.as_str(), value.as_bytes());
    let mut touched: Vec<HeaderName> = Vec::new();
    for (name, value) in &*headers {
        // The values of a field come one after the other.
        if !keeps(name, value) && touched.last() != Some(name) {
            touched.push(name.clone());
        }
    }
    for name in touched {
        let kept: Vec<HeaderValue> =
            headers.get_all(&name).iter().filter(|value| keeps(&name, value)).cloned().collect();
        headers.remove(&name);
        for value in kept {
            headers.append(name.clone(), value);
        }
    }
    append(headers, added);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(fields: &[(&'static str, &'static str)], gone: &[&str]) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let keeps = |_: &str, value: &[u8]| gone.iter().all(|gone| gone.as_bytes() != value);
        let added = [("x-forwarded-proto", "https"), ("x-added", "1"), ("c", "added")];
        edit(&mut headers, keeps, added.into_iter());
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let mut left: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        left.sort_by(|(one, _), (other, _)| one.cmp(other));
        left
    }

    /// Whichever of three fields and their values go, the others keep their order within a field, and
    /// what is added comes last.
    #[test]
    fn what_goes_on_keeps_its_order_within_a_field() {
        let fields =
            [("a", "a1"), ("set-cookie", "s1"), ("a", "a2"), ("c", "c1"), ("set-cookie", "s2")];
        for choice in 0..1_u32 << fields.len() {
            let is_gone = |(index, _): &(usize, _)| choice & 1 << index != 0;
            let gone: Vec<_> =
                fields.iter().enumerate().filter(is_gone).map(|(_, (_, value))| *value).collect();
            let mut expected: Vec<_> = fields
                .into_iter()
                .filter(|(_, value)| !gone.contains(value))
                .chain([("x-forwarded-proto", "https"), ("x-added", "1"), ("c", "added")])
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            expected.sort_by(|(one, _), (other, _)| one.cmp(other));
            assert_eq!(edited(&fields, &gone), expected, "{gone:?}");
        }
    }
}
