//! An API that takes the tokens of two issuers, each with an audience of its own.
//!
//! ```sh
//! cargo run -p portcullis-hyper --example two-issuers -- \
//!     https://one.eu.auth0.com/ https://api.example \
//!     https://two.example/ orders 127.0.0.1:5000
//! ```
//!
//! - Every path needs a token of one of them, and answers with its issuer and subject.
//! - A token of the one for the audience of the other is refused with 401, and so is one of anybody
//!   else; nobody's keys are fetched for it.
//! - `GET /.well-known/oauth-protected-resource` names both to clients that have no token yet.

use http::{Request, Response};
use portcullis_core::{
    guard::{Guard, ProtectedResource},
    issuer::{IssuerConfig, IssuerIndex},
    jwt::{TokenPolicy, TrustedIssuer, VerifiedToken},
    session::Session,
};
use portcullis_hyper::{
    api_guard::ApiGuard,
    application::Application,
    body::Body,
    crypto::AWS_LC,
    drive::Driver,
    protected_api::ProtectedApi,
    runtime::TokioRuntime,
    server::{Server, ServerLimits},
};
use std::{env, error::Error, future};

struct WhoseToken;

impl Application for WhoseToken {
    async fn call(&self, request: Request<Body>, _: Option<&Session>) -> Response<Body> {
        let token = request.extensions().get::<VerifiedToken>();
        let claim = |name| token.and_then(|token| token.claims().text(name).ok().flatten());
        let (issuer, subject) = (claim("iss"), claim("sub"));
        Response::new(Body::from(format!("{issuer:?} says {subject:?}")))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let usage = "usage: two-issuers ISSUER AUDIENCE ISSUER AUDIENCE [ADDRESS]";
    let mut next = || arguments.next().ok_or(usage);
    let (one, its_audience) = (IssuerConfig::new(&next()?)?, next()?);
    let (two, other_audience) = (IssuerConfig::new(&next()?)?, next()?);
    let address = next().unwrap_or_else(|_| "127.0.0.1:5000".into());

    // The clients that the API is for know it by this name, wherever it runs.
    let resource = ProtectedResource::new("http://localhost:5000")?
        .authorization_servers([one.issuer().as_str(), two.issuer().as_str()])?;
    let guard = Guard::for_issuers([
        TrustedIssuer::new(IssuerIndex(0), &one, TokenPolicy::access_token([its_audience])?),
        TrustedIssuer::new(IssuerIndex(1), &two, TokenPolicy::access_token([other_audience])?),
    ])?
    .protected_resource(resource)
    .build()?;

    let runtime = TokioRuntime::new();
    let driver = Driver::for_issuers(runtime, [one, two], AWS_LC)?;
    let mut server = Server::new(runtime, ServerLimits::default());
    println!("http://{}", server.bind(address.parse()?).await?);
    let _running = server.start(ProtectedApi::new(ApiGuard::new(guard, driver), WhoseToken));
    future::pending().await
}
