//! An API as a server: CORS, then the core's guard, then the application.

use crate::{
    api_guard::{ApiGuard, Passed, make_private},
    application::Application,
    body::Body,
    cross_origin,
    runtime::Runtime,
    server::{Connection, Handler},
};
use core::fmt;
use http::{Request, Response, request::Parts};
use portcullis_core::cors::Cors;

/// An API that only requests reach which its guard lets through.
///
/// The application finds the token in the extensions of the request, as a
/// [`VerifiedToken`](portcullis_core::jwt::VerifiedToken).
pub struct ProtectedApi<R, A> {
    guard: ApiGuard<R>,
    cors: Option<Cors>,
    application: A,
}

impl<R: Runtime, A: Application> ProtectedApi<R, A> {
    /// A guard before `application`.
    #[must_use]
    pub const fn new(guard: ApiGuard<R>, application: A) -> Self {
        Self { guard, cors: None, application }
    }

    /// Answers preflights before the guard looks at anything, and puts the fields of CORS on every
    /// answer, the guard's own among them. Without this, nothing is said of CORS.
    #[must_use]
    pub fn with_cors(self, cors: Cors) -> Self {
        Self { cors: Some(cors), ..self }
    }

    async fn answer(&self, head: Parts, body: Body, connection: Connection) -> Response<Body> {
        match self.guard.check(head, body, Some(connection)).await {
            Ok(Passed { request, is_private }) => {
                let mut response = self.application.call(request, None).await;
                if is_private {
                    make_private(&mut response);
                }
                response
            }
            Err(answer) => answer,
        }
    }
}

impl<R: Runtime, A: Application> Handler for ProtectedApi<R, A> {
    async fn handle(&self, request: Request<Body>, connection: Connection) -> Response<Body> {
        let (head, body) = request.into_parts();
        cross_origin::around(self.cors.as_ref(), head, body, Some(connection), |head, body| {
            self.answer(head, body, connection)
        })
        .await
    }
}

impl<R, A> fmt::Debug for ProtectedApi<R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectedApi").field("guard", &self.guard).finish_non_exhaustive()
    }
}
