//! CORS as a layer.

use super::{ResponseFuture, connection};
use crate::cross_origin::{self, Crossing};
use core::task::{Context, Poll};
use http::{HeaderValue, Request, Response, StatusCode, header};
use portcullis_core::cors::Cors;
use tower_layer::Layer;
use tower_service::Service;

/// Answers preflights, and puts the fields of CORS on every answer. It goes outside of what
/// authenticates: a preflight has no credentials, and a page must be able to read why it was
/// refused.
#[derive(Clone, Debug)]
pub struct CorsLayer(Cors);

impl CorsLayer {
    /// The layer of a policy.
    #[must_use]
    pub const fn new(cors: Cors) -> Self {
        Self(cors)
    }
}

impl<S> Layer<S> for CorsLayer {
    type Service = CorsService<S>;

    fn layer(&self, inner: S) -> CorsService<S> {
        CorsService { cors: self.0.clone(), inner }
    }
}

/// A service with CORS around it.
#[derive(Clone, Debug)]
pub struct CorsService<S> {
    cors: Cors,
    inner: S,
}

impl<S, B, T> Service<Request<B>> for CorsService<S>
where
    S: Service<Request<B>, Response = Response<T>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    T: Default + Send + 'static,
{
    type Response = Response<T>;
    type Error = S::Error;
    type Future = ResponseFuture<Response<T>, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (head, body) = request.into_parts();
        match cross_origin::begin(&self.cors, &head, connection(&head)) {
            Crossing::Answered(answer) => {
                // It has no body, whatever type that has.
                let mut response = Response::new(T::default());
                *response.status_mut() =
                    StatusCode::from_u16(answer.status).unwrap_or(StatusCode::NO_CONTENT);
                crate::convert::append(response.headers_mut(), answer.headers.iter());
                response
                    .headers_mut()
                    .insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
                Box::pin(async { Ok(response) })
            }
            Crossing::Goes(edits) => {
                let answer = self.inner.call(Request::from_parts(head, body));
                Box::pin(async move { Ok(cross_origin::finish(&edits, answer.await?)) })
            }
        }
    }
}
