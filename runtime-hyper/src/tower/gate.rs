//! The front gate as a layer.

use super::{ResponseFuture, connection, take_ready};
use crate::{body::Body, front_gate::FrontGate, runtime::Runtime, server::border};
use bytes::Bytes;
use core::{
    error::Error,
    task::{Context, Poll},
};
use http::{HeaderValue, Request, Response, Version, header};
use http_body::Body as HttpBody;
use portcullis_core::session::Session;
use tower_layer::Layer;
use tower_service::Service;

/// A front gate before whatever serves the pages: it leads people through the sign-in, forwards what
/// its rules forward, and hands the rest on.
///
/// The peer of a request is named to upstreams, if the request has a
/// [`Connection`](crate::server::Connection) in its extensions; whoever accepts connections puts it
/// there.
#[derive(Clone, Debug)]
pub struct GateLayer<R>(FrontGate<R>);

impl<R> GateLayer<R> {
    /// The layer of a gate.
    #[must_use]
    pub const fn new(gate: FrontGate<R>) -> Self {
        Self(gate)
    }
}

impl<R: Runtime, S> Layer<S> for GateLayer<R> {
    type Service = GateService<R, S>;

    fn layer(&self, inner: S) -> GateService<R, S> {
        GateService { gate: self.0.clone(), inner }
    }
}

/// A service with a gate before it.
#[derive(Clone, Debug)]
pub struct GateService<R, S> {
    gate: FrontGate<R>,
    inner: S,
}

impl<R, S, B, T> Service<Request<B>> for GateService<R, S>
where
    R: Runtime,
    S: Service<Request<Body>, Response = Response<T>, Future: Send, Error: Send>
        + Clone
        + Send
        + 'static,
    B: HttpBody<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    T: HttpBody<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = ResponseFuture<Response<Body>, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        name_host(&mut request);
        if let Err(refusal) = border::check(&request) {
            let reason = refusal.reason();
            tracing::info!(reason, "refused a request for its framing");
            return Box::pin(async move { Ok(refusal.response()) });
        }
        let (gate, mut inner) = (self.gate.clone(), take_ready(&mut self.inner));
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let connection = connection(&head);
            let serve = async move |mut request: Request<Body>, session: Option<Session>| {
                if let Some(session) = session {
                    request.extensions_mut().insert(session);
                }
                Ok(inner.call(request).await?.map(Body::stream))
            };
            gate.handle(head, Body::stream(body), connection, serve).await
        })
    }
}

/// HTTP/2 names the host beside the header fields; one who hands such a request on to others writes
/// it down as the field that HTTP/1.1 has for it (RFC 9113 §8.3.1).
fn name_host<B>(request: &mut Request<B>) {
    if request.version() < Version::HTTP_2 || request.headers().contains_key(header::HOST) {
        return;
    }
    let authority = request.uri().authority();
    if let Some(Ok(host)) = authority.map(|it| HeaderValue::from_str(it.as_str())) {
        request.headers_mut().insert(header::HOST, host);
    }
}
