//! Answers that are given before the body of the request was read.

use crate::{
    body::Body,
    convert,
    runtime::{Runtime, within},
};
use core::time::Duration;
use http::{HeaderMap, HeaderValue, Response, StatusCode, Version, header};
use http_body::Body as _;
use portcullis_core::http::Response as Answer;

/// The most bytes of an unwanted body that are read, and the longest time for it. A connection
/// that is closed with bytes unread can take the answer with it (RFC 9112 §9.6).
const DRAIN: (usize, Duration) = (64 * 1024, Duration::from_secs(1));

/// Gives the core's `answer` to a request of this version, with these header fields and this body.
pub(crate) async fn answer(
    runtime: &impl Runtime,
    answer: Answer,
    version: Version,
    headers: &HeaderMap,
    body: Body,
) -> Response<Body> {
    let mut response = convert::response(answer);
    // From HTTP/2 on, a stream ends without its connection.
    if version < Version::HTTP_2 && !is_drained(runtime, headers, body).await {
        close(&mut response);
    }
    response
}

/// Whether nothing of the body is left. One that waits for a `100 Continue` is not asked for.
async fn is_drained(runtime: &impl Runtime, headers: &HeaderMap, body: Body) -> bool {
    if body.is_end_stream() {
        return true;
    }
    if headers.contains_key(header::EXPECT) {
        return false;
    }
    let (most, time) = DRAIN;
    // Hardly any answer waits for this, so the space for it is not part of each.
    let mut read = Box::pin(body.read(most));
    within(&runtime.timer(), time, read.as_mut()).await.is_some_and(|read| read.is_ok())
}

/// An answer of the engine's own, where the message itself is at fault. It closes the connection.
pub(crate) fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    close(&mut response);
    response
}

fn close(response: &mut Response<Body>) {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}
