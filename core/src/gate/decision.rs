//! What a request comes to.

use super::{
    answer::Answer,
    edits::{RequestEdits, ResponseEdits},
};
use crate::{
    http::{Response, Url},
    secret::Unprinted,
    session::Session,
};
use alloc::string::String;
use core::{fmt, time::Duration};

/// What the adapter does with a request. An adapter has to know every kind.
#[derive(Debug)]
pub enum Decision {
    /// Answer it with this.
    Respond(Answer),
    /// Pass it on to an upstream.
    Forward(Forward),
    /// Hand it to the application.
    Serve(Serve),
}

/// A request on its way to an upstream. It exists only where nothing speaks against it: for a
/// guarded request, after a session was opened.
///
/// The adapter sends the method and the body as they came, the client's fields that
/// [`keeps`](RequestEdits::keeps) keeps, and then those of [`added`](RequestEdits::added). It writes
/// `Host` and what frames the body itself. The fields of the answer go through
/// [`filter`](ResponseEdits::filter) in the same way.
#[derive(Debug)]
pub struct Forward {
    /// Where to. Its authority is also the `Host` that upstream sees.
    pub destination: Url,
    /// What changes in the request.
    pub request: RequestEdits,
    /// What changes in the response.
    pub response: ResponseEdits,
    /// How long the upstream may take.
    pub limits: ForwardLimits,
}

/// How long an upstream may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ForwardLimits {
    /// Until the connection stands. 10 s by default.
    pub connect: Duration,
    /// From the last byte of the request to the head of the response. 60 s by default.
    pub first_byte: Duration,
    /// Without any byte of the response's body. 5 min by default.
    pub idle: Duration,
}

impl Default for ForwardLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(300),
        }
    }
}

impl Forward {
    /// The answer where the upstream gave none.
    #[must_use]
    pub fn failed(&self, failure: UpstreamFailure) -> Response {
        let (status, body) = match failure {
            UpstreamFailure::Connect | UpstreamFailure::Protocol => (
                502,
                r#"{"error":"bad_gateway","error_description":"The upstream gave no answer."}"#,
            ),
            UpstreamFailure::Timeout => (
                504,
                r#"{"error":"gateway_timeout","error_description":"The upstream took too long."}"#,
            ),
        };
        Response::with_body(status, "application/json", body)
    }
}

/// Why an upstream gave no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UpstreamFailure {
    /// No connection.
    Connect,
    /// The connection broke, or what came is not HTTP.
    Protocol,
    /// Not in time.
    Timeout,
}

/// A request for the application itself. What [`Forward`] says of header fields goes for it too, but
/// for `Host`, which stays.
pub struct Serve {
    /// The path, canonical, and rewritten where a rule says so.
    pub path: String,
    /// The query.
    pub query: Option<String>,
    /// Who is signed in. For a guarded request somebody always is; nobody is where another site may
    /// have caused a request that can change something.
    pub session: Option<Session>,
    /// What changes in the request.
    pub request: RequestEdits,
    /// What changes in the response.
    pub response: ResponseEdits,
}

/// A query may hold a token, so it is not printed.
impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, query, session, request, response } = self;
        f.debug_struct("Serve")
            .field("path", path)
            .field("query", &query.as_ref().map(|_| Unprinted))
            .field("session", session)
            .field("request", request)
            .field("response", response)
            .finish()
    }
}
