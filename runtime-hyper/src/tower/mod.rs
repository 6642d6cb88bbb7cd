//! The engine as [tower] layers, before any service that takes HTTP requests: axum, tonic, hyper.
//!
//! ```text
//! request ─► CorsLayer ─► GuardLayer ─► service      an API
//! request ─► CorsLayer ─► GateLayer ──► service      a front end, and what it proxies
//! ```
//!
//! The layers do what [`ProtectedApi`](crate::protected_api::ProtectedApi) and
//! [`Gateway`](crate::gateway::Gateway) do, with the same code. What passes finds in the extensions
//! of the request
//!
//! - behind a [`GuardLayer`], its [`VerifiedToken`](portcullis_core::jwt::VerifiedToken), and the
//!   [`Guard`](portcullis_core::guard::Guard);
//! - behind a [`GateLayer`], the [`Session`](portcullis_core::session::Session) of whoever is signed
//!   in, and the [`Gate`](portcullis_core::gate::Gate).
//!
//! # The order of layers
//!
//! From the outside to the inside:
//!
//! 1. What looks at every request and every answer: logs, timeouts, compression.
//! 2. [`CorsLayer`]. A preflight has no credentials, so whoever asks for them refuses it; and what is
//!    refused further inside has to be readable for a page, or it never learns why.
//! 3. [`GuardLayer`] or [`GateLayer`].
//! 4. What works for callers that are known: limits for each of them, extractors, the application.
//!    A limit of concurrency belongs here too: a refusal gives its place back at once.
//!
//! The calls of axum's `Router::layer` read from the inside to the outside, `tower::ServiceBuilder`
//! from the outside to the inside:
//!
//! ```
//! # use portcullis_hyper::{runtime::TokioRuntime, tower::{CorsLayer, GuardLayer}};
//! # fn stack(guard: GuardLayer<TokioRuntime>, cors: CorsLayer) -> axum::Router {
//! use axum::{Router, routing::get};
//! use tower::ServiceBuilder;
//!
//! let router = Router::new().route("/", get(async || "Hello."));
//! let stack = ServiceBuilder::new().layer(cors.clone()).layer(guard.clone());
//! # let _: Router =
//! router.clone().layer(stack);
//! // The same.
//! router.layer(guard).layer(cors)
//! # }
//! ```
//!
//! Put a layer around the whole application, not around a nested router: routes and rewrites look
//! at the path, and a router that takes a prefix off the path takes it off for the layers inside of
//! it too. A [`GuardRoute`](portcullis_core::guard::GuardRoute) for `/v1/admin` then covers nothing.
//!
//! `Router::layer` of axum comes after routing: a rewrite rule that leads from one path of the
//! application to another has no effect on where axum went. With such rules, the router goes inside
//! of the layer:
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! # use axum::{Router, routing::get};
//! # use portcullis_hyper::{runtime::TokioRuntime, tower::GateLayer};
//! # use tower::Layer;
//! # fn stack(gate: GateLayer<TokioRuntime>) -> Router {
//! let router = Router::new().route("/", get(async || "Hello."));
//! Router::new().fallback_service(gate.layer(router))
//! # }
//! # }
//! ```
//!
//! # HTTP/2 and gRPC
//!
//! The layers do not care which version of HTTP the server around them speaks. Bodies stream through
//! them, trailers included, so services of gRPC work behind the guard. Its refusals are answers of
//! HTTP without a status of gRPC, which clients take for what they are: 401 for `UNAUTHENTICATED`,
//! 403 for `PERMISSION_DENIED`, 503 for `UNAVAILABLE`. A route of the guard is the full name of a
//! method, such as `/package.Service/Method`.
//!
//! [tower]: https://docs.rs/tower

#[cfg(feature = "axum")]
pub mod axum;
mod cors;
mod gate;
mod guard;

pub use cors::{CorsLayer, CorsService};
pub use gate::{GateLayer, GateService};
pub use guard::{GuardLayer, GuardService};

use crate::{body::Body, server::Connection};
use core::{future::Future, pin::Pin};
use http::{Request, Response, Version, header, request::Parts};

/// What the services of this module give back.
type ResponseFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// The connection of a request, where whoever accepted it has put it into the extensions.
fn connection(head: &Parts) -> Option<Connection> {
    head.extensions.get().copied()
}

/// What stands before a service: it answers a request itself, or has `inner` do so.
trait Before {
    fn answer<E: Send, W>(
        self,
        request: Request<Body>,
        inner: impl FnOnce(Request<Body>) -> W + Send,
    ) -> impl Future<Output = Result<Response<Body>, E>> + Send
    where
        W: Future<Output = Result<Response<Body>, E>> + Send;
}

/// Answers a request, with `before` before `inner`.
async fn answer<E: Send, W>(
    before: impl Before,
    request: Request<Body>,
    inner: impl FnOnce(Request<Body>) -> W + Send,
) -> Result<Response<Body>, E>
where
    W: Future<Output = Result<Response<Body>, E>> + Send,
{
    let version = request.version();
    let mut response = before.answer(request, inner).await?;
    if version >= Version::HTTP_2 {
        // There is no such field any more (RFC 9113 §8.2.2), and none is needed.
        response.headers_mut().remove(header::CONNECTION);
    }
    Ok(response)
}

/// Declares the layer that puts a `Before` before a service, and the service that comes of it.
macro_rules! layer_before {
    (
        $before:ident,
        $(#[$layer_attribute:meta])* layer $layer:ident,
        $(#[$service_attribute:meta])* service $service:ident
    ) => {
        $(#[$layer_attribute])*
        #[derive(Clone, Debug)]
        pub struct $layer<R>($before<R>);

        impl<R> $layer<R> {
            /// The layer.
            #[must_use]
            pub const fn new(before: $before<R>) -> Self {
                Self(before)
            }
        }

        impl<R: crate::runtime::Runtime, S> tower_layer::Layer<S> for $layer<R> {
            type Service = $service<R, S>;

            fn layer(&self, inner: S) -> $service<R, S> {
                $service { before: self.0.clone(), inner }
            }
        }

        $(#[$service_attribute])*
        #[derive(Clone, Debug)]
        pub struct $service<R, S> {
            before: $before<R>,
            inner: S,
        }

        impl<R, S, B, T, E> tower_service::Service<http::Request<B>> for $service<R, S>
        where
            R: crate::runtime::Runtime,
            S: tower_service::Service<
                    http::Request<crate::body::Body>,
                    Response = http::Response<T>,
                    Error = E,
                    Future: Send,
                > + Clone
                + Send
                + 'static,
            E: Send + 'static,
            B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
            B::Error: Into<Box<dyn core::error::Error + Send + Sync>>,
            T: http_body::Body<Data = bytes::Bytes> + Send + 'static,
            T::Error: Into<Box<dyn core::error::Error + Send + Sync>>,
        {
            type Response = http::Response<crate::body::Body>;
            type Error = E;
            type Future = super::ResponseFuture<Self::Response, E>;

            fn poll_ready(
                &mut self,
                cx: &mut core::task::Context<'_>,
            ) -> core::task::Poll<Result<(), E>> {
                self.inner.poll_ready(cx)
            }

            fn call(&mut self, request: http::Request<B>) -> Self::Future {
                let before = self.before.clone();
                // The one that was asked whether it is ready; a clone that was not stays behind.
                let clone = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, clone);
                let request = request.map(crate::body::Body::stream);
                Box::pin(super::answer(before, request, async move |request| {
                    Ok(inner.call(request).await?.map(crate::body::Body::stream))
                }))
            }
        }
    };
}

use layer_before;
