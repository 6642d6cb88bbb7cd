//! The front gate as a server: CORS, then the core's gate, then an upstream or the application.

use crate::{
    application::Application,
    body::Body,
    cross_origin,
    front_gate::FrontGate,
    runtime::Runtime,
    server::{Connection, Handler},
};
use core::{convert::Infallible, fmt};
use http::{Request, Response, request::Parts};
use portcullis_core::cors::Cors;

/// A gate in front of an application and of upstreams.
pub struct Gateway<R, A> {
    gate: FrontGate<R>,
    cors: Option<Cors>,
    application: A,
}

impl<R: Runtime, A: Application> Gateway<R, A> {
    /// A gate before `application`.
    #[must_use]
    pub const fn new(gate: FrontGate<R>, application: A) -> Self {
        Self { gate, cors: None, application }
    }

    /// Answers preflights before the gate looks at anything, and puts the fields of CORS on every
    /// answer, an upstream's among them, whose own are taken away. Without this, nothing is said of
    /// CORS, and nothing is taken away.
    #[must_use]
    pub fn with_cors(self, cors: Cors) -> Self {
        Self { cors: Some(cors), ..self }
    }

    async fn answer(&self, head: Parts, body: Body, connection: Connection) -> Response<Body> {
        let serve = async |request, session: Option<_>| {
            Ok::<_, Infallible>(self.application.call(request, session.as_ref()).await)
        };
        let Ok(answer) = self.gate.handle(head, body, Some(connection), serve).await;
        answer
    }
}

impl<R: Runtime, A: Application> Handler for Gateway<R, A> {
    async fn handle(&self, request: Request<Body>, connection: Connection) -> Response<Body> {
        let (head, body) = request.into_parts();
        cross_origin::around(self.cors.as_ref(), head, body, Some(connection), |head, body| {
            self.answer(head, body, connection)
        })
        .await
    }
}

impl<R, A> fmt::Debug for Gateway<R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("gate", &self.gate).finish_non_exhaustive()
    }
}
