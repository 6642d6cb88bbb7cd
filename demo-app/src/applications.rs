//! The handlers as what the HTTP engine runs.

use crate::{
    api,
    identity_provider::IdentityProvider,
    pages::{self, UserProfile},
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use portcullis_core::{json::Object, session::Session};
use portcullis_hyper::{
    application::Application,
    body::Body,
    server::{Connection, Handler},
};
use std::{sync::Arc, time::SystemTime};

/// The most bytes of a form that the development provider takes.
const MAX_FORM: usize = 64 * 1024;

/// The pages of the front end.
#[derive(Debug)]
pub(crate) struct Pages;

impl Application for Pages {
    async fn call(&self, request: Request<Body>, session: Option<&Session>) -> Response<Body> {
        let user = session.map(|session| profile(session.user()));
        pages::handle(&request.map(|_| Bytes::new()), user.as_ref()).map(Body::from)
    }
}

fn profile(claims: &Object) -> UserProfile {
    let text = |name| claims.text(name).ok().flatten().map(str::to_owned);
    UserProfile {
        subject: text("sub").unwrap_or_default(),
        name: text("name"),
        email: text("email"),
    }
}

/// What the API says once the guard let a request through.
#[derive(Debug)]
pub(crate) struct Api;

impl Application for Api {
    async fn call(&self, request: Request<Body>, _: Option<&Session>) -> Response<Body> {
        api::handle(&request.map(|_| Bytes::new())).map(Body::from)
    }
}

/// The development provider, on a server of its own.
pub(crate) struct Provider(pub(crate) Arc<IdentityProvider>);

impl Handler for Provider {
    async fn handle(&self, request: Request<Body>, _: Connection) -> Response<Body> {
        let (head, body) = request.into_parts();
        match body.read(MAX_FORM).await {
            Ok(body) => {
                let request = Request::from_parts(head, body);
                self.0.handle(&request, SystemTime::now()).map(Body::from)
            }
            Err(_) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::BAD_REQUEST;
                response
            }
        }
    }
}
