//! The application behind the gate.

use crate::body::Body;
use core::future::Future;
use http::{Request, Response};
use portcullis_core::session::Session;
use std::sync::Arc;

/// What answers the requests that the gate or the guard of an API hands on.
pub trait Application: Send + Sync + 'static {
    /// Answers `request`. Behind a gate, `session` says who is signed in; behind the guard of an
    /// API there is none, and the extensions of the request hold the
    /// [`VerifiedToken`](portcullis_core::jwt::VerifiedToken).
    ///
    /// The header fields that only a gate may set are its own, and its cookies are taken away. The
    /// future is dropped the moment the client disconnects.
    fn call(
        &self,
        request: Request<Body>,
        session: Option<&Session>,
    ) -> impl Future<Output = Response<Body>> + Send;
}

impl<A: Application> Application for Arc<A> {
    fn call(
        &self,
        request: Request<Body>,
        session: Option<&Session>,
    ) -> impl Future<Output = Response<Body>> + Send {
        A::call(self, request, session)
    }
}
