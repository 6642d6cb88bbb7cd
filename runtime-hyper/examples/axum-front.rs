//! Pages and their API in one server, with axum: people sign in, and no token reaches the browser.
//!
//! ```sh
//! export CLIENT_SECRET=… COOKIE_SECRET="$(openssl rand -hex 32)"
//! cargo run -p portcullis-hyper --features axum --example axum-front -- \
//!     https://tenant.eu.auth0.com/ CLIENT_ID http://localhost:3000 127.0.0.1:3000
//! ```
//!
//! - `GET /` is for everybody: `Hello.`, or `Hello, NAME.` once somebody is signed in.
//! - `GET /private` leads through the sign-in first.
//! - `GET /api/me` answers with the user's claims; without a session with 401, never with a redirect.
//! - `/api/auth/login`, `/callback` and `/logout` are the gate's.

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::header::CONTENT_TYPE,
    middleware::map_request,
    response::IntoResponse,
    routing::get,
};
use portcullis_core::{
    gate::Gate,
    issuer::IssuerConfig,
    oidc::ClientConfig,
    pattern::{Case, Pattern},
    rewrite::Matcher,
    secret::Secret,
    session::SecretRing,
};
use portcullis_hyper::{
    client::{Client, PoolLimits},
    crypto::AWS_LC,
    drive::Driver,
    front_gate::FrontGate,
    runtime::TokioRuntime,
    server::Connection,
    tls,
    tower::{GateLayer, axum::Session},
};
use std::{env, error::Error, net::SocketAddr};

fn name(session: &Session) -> &str {
    session.user().text("name").ok().flatten().unwrap_or_else(|| session.subject())
}

async fn home(session: Option<Session>) -> String {
    session.map_or_else(|| "Hello.".into(), |session| format!("Hello, {}.", name(&session)))
}

async fn private(session: Session) -> String {
    format!("This is for {} alone.", name(&session))
}

async fn me(session: Session) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], session.user().to_json())
}

/// Tells the gate whom to name to upstreams and in the log.
async fn with_connection(peer: ConnectInfo<SocketAddr>, mut request: Request) -> Request {
    request.extensions_mut().insert(Connection::new(peer.0, false));
    request
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next =
        || arguments.next().ok_or("usage: axum-front ISSUER CLIENT_ID BASE_URL [ADDRESS]");
    let (issuer, client_id, base_url) = (IssuerConfig::new(&next()?)?, next()?, next()?);
    let address = next().unwrap_or_else(|_| "127.0.0.1:3000".into());

    let client = ClientConfig::new(&client_id, Secret::new(env::var("CLIENT_SECRET")?), &base_url)?;
    let secrets = SecretRing::new([env::var("COOKIE_SECRET")?.as_str()], AWS_LC)?;
    let gate = Gate::builder(client, secrets, AWS_LC)
        .protect(Matcher::new(["/private/:path*", "/api/:path*"])?)
        .api([Pattern::new("/api/:path*", Case::default())?])
        .build()?;
    let runtime = TokioRuntime::new();
    let http = Client::new(runtime, tls::client_config(None)?, PoolLimits::default());
    let gate = FrontGate::new(gate, Driver::for_issuers(runtime, [issuer], AWS_LC)?, http);

    let router = Router::new()
        .route("/", get(home))
        .route("/private", get(private))
        .route("/api/me", get(me))
        .layer(GateLayer::new(gate))
        .layer(map_request(with_connection));
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}
