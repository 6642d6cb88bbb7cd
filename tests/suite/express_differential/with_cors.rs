//! CORS before a handler, by hand.

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use portcullis_core::{
    cors::{Cors, CorsDecision},
    http::{HeaderView, RequestHead},
};
use portcullis_hyper::{
    body::Body,
    server::{Connection, Handler},
};

pub(super) struct WithCors<H> {
    pub(super) cors: Cors,
    pub(super) handler: H,
}

struct View<'m>(&'m HeaderMap);

impl HeaderView for View<'_> {
    fn each_value<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8])) {
        for value in self.0.get_all(name) {
            visit(value.as_bytes());
        }
    }

    fn each<'h>(&'h self, visit: &mut dyn FnMut(&'h str, &'h [u8])) {
        for (name, value) in self.0 {
            visit(name.as_str(), value.as_bytes());
        }
    }
}

impl<H: Handler> Handler for WithCors<H> {
    async fn handle(&self, request: Request<Body>, connection: Connection) -> Response<Body> {
        let decision = self.cors.begin(&RequestHead {
            method: request.method().as_str(),
            target: request.uri().path(),
            headers: &View(request.headers()),
            peer: Some(connection.peer.ip()),
            secure: connection.secure,
        });
        let field = |(name, value): (&str, &str)| {
            (HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap())
        };
        match decision {
            CorsDecision::Preflight(answer) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
                response.headers_mut().extend(answer.headers.iter().map(field));
                response
            }
            CorsDecision::Continue(edits) => {
                let mut response = self.handler.handle(request, connection).await;
                let filter = edits.filter(&View(response.headers()));
                for (name, value) in filter.added().map(field) {
                    response.headers_mut().append(name, value);
                }
                response
            }
            _ => panic!("a decision that is not known"),
        }
    }
}
