//! The handlers as what the HTTP engine runs.

use crate::{
    api,
    identity_provider::{IdentityProvider, LogoutNotices},
    pages::{self, AccountLinks, UserProfile},
};
use bytes::Bytes;
use core::time::Duration;
use http::{Request, Response, StatusCode};
use portcullis_core::{
    http::{FetchLimits, FieldText, Headers, Method, Outbound, Url},
    json::Object,
    session::Session,
};
use portcullis_hyper::{
    application::Application,
    body::Body,
    client::Fetcher,
    runtime::Runtime,
    server::{Connection, Handler},
};
use std::{sync::Arc, time::SystemTime};

/// The most bytes of a form that the development provider takes.
const MAX_FORM: usize = 64 * 1024;

/// How a client is told of a logout.
const NOTICE: FetchLimits = FetchLimits { deadline: Duration::from_secs(5), max_body: 16 * 1024 };

/// The pages of the front end.
#[derive(Debug)]
pub(crate) struct Pages(pub(crate) AccountLinks);

impl Application for Pages {
    async fn call(&self, request: Request<Body>, session: Option<&Session>) -> Response<Body> {
        let user = session.map(|session| profile(session.user()));
        pages::handle(&request.map(|_| Bytes::new()), user.as_ref(), &self.0).map(Body::from)
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

/// The development provider, on a server of its own. It tells clients of a logout through the
/// fetcher.
pub(crate) struct Provider<R>(pub(crate) Arc<IdentityProvider>, pub(crate) Fetcher<R>);

impl<R: Runtime> Provider<R> {
    /// Sends each client its notice, before the browser goes on. One that cannot be reached keeps
    /// its session.
    async fn notify(&self, notices: Option<LogoutNotices>) {
        for notice in notices.into_iter().flat_map(|LogoutNotices(notices)| notices) {
            let Ok(url) = Url::parse(&notice.address) else { continue };
            let mut headers = Headers::new();
            if let Ok(form) = FieldText::new("application/x-www-form-urlencoded") {
                headers.append("content-type", form);
            }
            let request =
                Outbound { method: Method::Post, url, headers, body: notice.form, limits: NOTICE };
            match self.1.fetch(&request).await {
                Ok(answer) if answer.status == 200 => {}
                Ok(answer) => tracing::warn!(answer.status, "a client refused a logout token"),
                Err(error) => tracing::warn!(%error, "a client cannot be told of a logout"),
            }
        }
    }
}

impl<R: Runtime> Handler for Provider<R> {
    async fn handle(&self, request: Request<Body>, _: Connection) -> Response<Body> {
        let (head, body) = request.into_parts();
        match body.read(MAX_FORM).await {
            Ok(body) => {
                let request = Request::from_parts(head, body);
                let mut response = self.0.handle(&request, SystemTime::now());
                self.notify(response.extensions_mut().remove()).await;
                response.map(Body::from)
            }
            Err(_) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::BAD_REQUEST;
                response
            }
        }
    }
}
