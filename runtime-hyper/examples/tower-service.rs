//! A plain service of tower behind the guard, served by hyper alone.
//!
//! ```sh
//! cargo run -p portcullis-hyper --features tower --example tower-service -- \
//!     https://tenant.eu.auth0.com/ https://api.example 127.0.0.1:5000
//! ```
//!
//! - Every path needs a token, and answers `Hello, SUBJECT.`
//! - `DELETE` of whatever needs the permission `delete:all` beside it: else 403.
//! - Tokens that are on the list of revoked ones are refused with 401.

use http::{Request, Response};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use portcullis_core::{
    guard::{Guard, GuardRoute, Requirement, TokenStatus},
    issuer::IssuerConfig,
    jwt::{TokenPolicy, VerifiedToken},
};
use portcullis_hyper::{
    api_guard::ApiGuard, body::Body, crypto::AWS_LC, drive::Driver, runtime::TokioRuntime,
    tower::GuardLayer,
};
use std::{convert::Infallible, env, error::Error};
use tower::{Layer as _, service_fn};

async fn hello(request: Request<Body>) -> Result<Response<String>, Infallible> {
    let token = request.extensions().get::<VerifiedToken>();
    let subject = token.and_then(VerifiedToken::subject).unwrap_or("whoever you are");
    Ok(Response::new(format!("Hello, {subject}.")))
}

/// A real one would ask a store.
async fn on_the_list(token: VerifiedToken) -> TokenStatus {
    match token.claims().text("jti") {
        Ok(Some("stolen")) => TokenStatus::Revoked,
        _ => TokenStatus::Active,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let usage = "usage: tower-service ISSUER AUDIENCE [ADDRESS]";
    let issuer = IssuerConfig::new(&arguments.next().ok_or(usage)?)?;
    let audience = arguments.next().ok_or(usage)?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:5000".into());

    let may_delete = Requirement::required_permissions(["delete:all"])?;
    let guard = Guard::builder(TokenPolicy::access_token([audience])?)
        .route(GuardRoute::new("/:path*")?.methods(["DELETE"]).require(may_delete))
        .ask_revocation(true)
        .build()?;
    let driver = Driver::for_issuers(TokioRuntime::new(), [issuer], AWS_LC)?;
    let guard = ApiGuard::new(guard, driver).with_revocation(on_the_list);
    let service = GuardLayer::new(guard).layer(service_fn(hello));

    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new());
            let served = server.serve_connection(TokioIo::new(stream), service);
            // A client that breaks its connection off harms nobody else.
            let _ = served.await;
        });
    }
}
