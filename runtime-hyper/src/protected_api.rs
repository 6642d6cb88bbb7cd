//! An API as a server: runs the core's [`Guard`] and hands the application what passes.

use crate::{
    application::Application,
    body::Body,
    convert,
    drive::Driver,
    early,
    runtime::Runtime,
    server::{Connection, Handler},
};
use core::fmt;
use http::{Request, Response, StatusCode};
use portcullis_core::guard::{Guard, Verdict};

/// An API that only requests with a valid access token reach.
///
/// The application finds the token in the extensions of the request, as a
/// [`VerifiedToken`](portcullis_core::jwt::VerifiedToken).
pub struct ProtectedApi<R, A> {
    guard: Guard,
    driver: Driver<R>,
    application: A,
}

impl<R: Runtime, A: Application> ProtectedApi<R, A> {
    /// A guard before `application`.
    #[must_use]
    pub const fn new(guard: Guard, driver: Driver<R>, application: A) -> Self {
        Self { guard, driver, application }
    }
}

impl<R: Runtime, A: Application> Handler for ProtectedApi<R, A> {
    async fn handle(&self, request: Request<Body>, connection: Connection) -> Response<Body> {
        let (mut head, body) = request.into_parts();
        let step = convert::with_head(&head, connection, |head| {
            self.driver.begin(|context| self.guard.begin(head, context))
        });
        match self.driver.drive(step).await {
            Some(Verdict::Allowed(token)) => {
                head.extensions.insert(token);
                self.application.call(Request::from_parts(head, body), None).await
            }
            Some(Verdict::Refused(refusal)) => {
                let (peer, path, reason) = (connection.peer, head.uri.path(), refusal.reason);
                tracing::info!(%peer, method = %head.method, ?path, %reason, "refused a request");
                let runtime = self.driver.runtime();
                early::answer(runtime, refusal.response, &head.headers, body).await
            }
            _ => {
                tracing::error!("the guard decided something that this engine does not know");
                early::bare(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

impl<R, A> fmt::Debug for ProtectedApi<R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectedApi").field("guard", &self.guard).finish_non_exhaustive()
    }
}
