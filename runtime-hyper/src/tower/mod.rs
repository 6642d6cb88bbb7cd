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
//! Put a layer around the whole application, not around a nested router: routes and rewrites look
//! at the path, and a router that takes a prefix off the path takes it off for the layers inside of
//! it too.
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

use crate::server::Connection;
use core::{future::Future, pin::Pin};
use http::request::Parts;
use std::mem;

/// What the services of this module give back.
type ResponseFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// The connection of a request, where whoever accepted it has put it into the extensions.
fn connection(head: &Parts) -> Option<Connection> {
    head.extensions.get().copied()
}

/// The service that was asked whether it is ready; a clone that was not stays in its place.
fn take_ready<S: Clone>(service: &mut S) -> S {
    let clone = service.clone();
    mem::replace(service, clone)
}
