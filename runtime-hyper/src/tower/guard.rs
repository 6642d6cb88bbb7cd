//! The guard of an API as a layer.

use super::{ResponseFuture, connection, take_ready};
use crate::{
    api_guard::{ApiGuard, Passed, make_private},
    body::Body,
    runtime::Runtime,
};
use bytes::Bytes;
use core::{
    error::Error,
    task::{Context, Poll},
};
use http::{Request, Response};
use http_body::Body as HttpBody;
use tower_layer::Layer;
use tower_service::Service;

/// Lets only requests through that the guard lets through, and answers all others itself.
#[derive(Clone, Debug)]
pub struct GuardLayer<R>(ApiGuard<R>);

impl<R> GuardLayer<R> {
    /// The layer of a guard.
    #[must_use]
    pub const fn new(guard: ApiGuard<R>) -> Self {
        Self(guard)
    }
}

impl<R: Runtime, S> Layer<S> for GuardLayer<R> {
    type Service = GuardService<R, S>;

    fn layer(&self, inner: S) -> GuardService<R, S> {
        GuardService { guard: self.0.clone(), inner }
    }
}

/// A service with a guard before it.
#[derive(Clone, Debug)]
pub struct GuardService<R, S> {
    guard: ApiGuard<R>,
    inner: S,
}

impl<R, S, B, T> Service<Request<B>> for GuardService<R, S>
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

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (guard, mut inner) = (self.guard.clone(), take_ready(&mut self.inner));
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let connection = connection(&head);
            match guard.check(head, Body::stream(body), connection).await {
                Ok(Passed { request, is_private }) => {
                    let mut response = inner.call(request).await?;
                    if is_private {
                        make_private(&mut response);
                    }
                    Ok(response.map(Body::stream))
                }
                Err(answer) => Ok(answer),
            }
        })
    }
}
