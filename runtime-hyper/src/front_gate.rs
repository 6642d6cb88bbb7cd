//! The front gate with what carries it out: runs the core's [`Gate`] and does what it decides.

use crate::{
    body::{Body, Guarded},
    client::{Client, ClientError},
    convert::{self, View},
    drive::Driver,
    early,
    progress::{Fault, track},
    runtime::Runtime,
    server::Connection,
};
use core::{fmt, future::Future, pin::pin};
use http::{Request, Response, StatusCode, Uri, request::Parts, uri::PathAndQuery};
use portcullis_core::{
    gate::{Answer, Decision, Forward, Gate, ResponseEdits, Serve, UpstreamFailure},
    session::Session,
};

/// A [`Gate`] that can be put before an application: before one of this engine's with
/// [`Gateway`](crate::gateway::Gateway), before any other with `GateLayer` (feature `tower`).
/// Cloning it is cheap, and the clones are one.
///
/// The decision is made from the head of a request alone: not a byte of a body is asked for before
/// it, so that a client that expects `100 Continue` learns of a refusal instead. The one exception is
/// a provider's form for a back-channel logout, which is small. What is proxied streams in both
/// directions at once.
pub struct FrontGate<R> {
    gate: Gate,
    driver: Driver<R>,
    client: Client<R>,
}

impl<R: Runtime> FrontGate<R> {
    /// A gate that forwards through `client`.
    #[must_use]
    pub const fn new(gate: Gate, driver: Driver<R>, client: Client<R>) -> Self {
        Self { gate, driver, client }
    }

    /// Answers a request. What is for the application goes to `serve`, with whoever is signed in.
    pub(crate) async fn handle<F, W, E>(
        &self,
        head: Parts,
        mut body: Body,
        connection: Option<Connection>,
        serve: F,
    ) -> Result<Response<Body>, E>
    where
        F: FnOnce(Request<Body>, Option<Session>) -> W,
        W: Future<Output = Result<Response<Body>, E>>,
    {
        let step = convert::with_head(&head, connection, |head| {
            self.driver.begin(|context| self.gate.begin(head, context))
        });
        Ok(match self.driver.drive(step, &mut body).await {
            Decision::Forward(forward) => self.forward(forward, head, body).await,
            Decision::Serve(decided) => return self.serve(decided, head, body, serve).await,
            Decision::Respond(answer) => {
                log(&answer, &head, connection);
                let (version, headers) = (head.version, &head.headers);
                early::answer(self.client.runtime(), answer.response, version, headers, body).await
            }
        })
    }

    async fn forward(&self, forward: Forward, head: Parts, body: Body) -> Response<Body> {
        let timer = self.client.runtime().timer();
        let (body, progress) = track(body);
        let mut request = Request::new(body);
        *request.method_mut() = head.method;
        let (edits, added) = (&forward.request, forward.request.added().iter());
        *request.headers_mut() = head.headers;
        convert::edit(request.headers_mut(), |name, _| edits.keeps(name), added);

        let limits = forward.limits;
        let sent = self.client.send(&forward.destination, request, limits.connect);
        let failure = match progress.within(&timer, limits.first_byte, pin!(sent)).await {
            Some(Ok(response)) if !response.status().is_informational() => {
                let response =
                    response.map(|body| Body::stream(Guarded::new(body, timer, limits.idle)));
                return edited(response, &forward.response);
            }
            // Nobody asked the upstream to switch protocols.
            Some(Ok(_)) => Failure::Upstream(UpstreamFailure::Protocol, String::new()),
            Some(Err(error)) => match progress.fault() {
                Some(fault) => Failure::Client(fault),
                None => Failure::Upstream(failure(&error), error.to_string()),
            },
            None => Failure::Upstream(UpstreamFailure::Timeout, String::new()),
        };
        match failure {
            Failure::Client(fault) => {
                tracing::debug!(?fault, "the body of a request broke off");
                early::bare(match fault {
                    Fault::Broken => StatusCode::BAD_REQUEST,
                    Fault::Idle => StatusCode::REQUEST_TIMEOUT,
                })
            }
            Failure::Upstream(failure, reason) => {
                let upstream = forward.destination.authority();
                tracing::warn!(upstream, ?failure, reason, "an upstream gave no answer");
                edited(convert::response(forward.failed(failure)), &forward.response)
            }
        }
    }

    async fn serve<F, W, E>(
        &self,
        decided: Serve,
        mut head: Parts,
        body: Body,
        serve: F,
    ) -> Result<Response<Body>, E>
    where
        F: FnOnce(Request<Body>, Option<Session>) -> W,
        W: Future<Output = Result<Response<Body>, E>>,
    {
        let Serve { path, query, session, request: edits, response: response_edits } = decided;
        let target = match query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        let Ok(target) = PathAndQuery::try_from(target) else {
            return Ok(early::bare(StatusCode::BAD_REQUEST));
        };
        head.uri = Uri::from(target);
        let added = edits.added().iter();
        convert::edit(&mut head.headers, |name, _| edits.keeps(name), added);
        head.extensions.insert(self.gate.clone());
        let response = serve(Request::from_parts(head, body), session).await?;
        Ok(edited(response, &response_edits))
    }
}

impl<R> Clone for FrontGate<R> {
    fn clone(&self) -> Self {
        Self { gate: self.gate.clone(), driver: self.driver.clone(), client: self.client.clone() }
    }
}

impl<R> fmt::Debug for FrontGate<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrontGate").field("gate", &self.gate).finish_non_exhaustive()
    }
}

/// Logs an answer of the gate's own: a warning where it is the fault of this side or of the
/// provider, and then without the query, which may hold a code.
fn log(answer: &Answer, head: &Parts, connection: Option<Connection>) {
    let peer = connection.map(|connection| connection.peer);
    let (method, path) = (&head.method, head.uri.path());
    let (status, code, reason) = (answer.response.status, answer.reason.code(), answer.reason);
    if status >= 500 {
        tracing::warn!(?peer, %method, ?path, status, code, %reason, "the gate could not serve");
    } else if reason.is_ordinary() {
        tracing::debug!(?peer, %method, ?path, status, code, %reason, "the gate answers");
    } else {
        tracing::info!(?peer, %method, ?path, status, code, %reason, "the gate refuses");
    }
}

/// Who is at fault for there being no answer.
enum Failure {
    Client(Fault),
    Upstream(UpstreamFailure, String),
}

const fn failure(error: &ClientError) -> UpstreamFailure {
    match error {
        ClientError::Connect(_) => UpstreamFailure::Connect,
        ClientError::ConnectTimeout => UpstreamFailure::Timeout,
        ClientError::Destination(_) | ClientError::Protocol(_) => UpstreamFailure::Protocol,
    }
}

/// The response as the browser is to see it.
fn edited(response: Response<Body>, edits: &ResponseEdits) -> Response<Body> {
    let (head, body) = response.into_parts();
    let filter = edits.filter(&View(&head.headers));
    let mut response = Response::new(body);
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    convert::edit(response.headers_mut(), |name, value| filter.keeps(name, value), filter.added());
    response
}
