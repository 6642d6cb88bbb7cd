//! Guards, gates and what the tests put around and inside of them.

use crate::provider::Provider;
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::BodyExt as _;
use portcullis_core::{
    cors::{Cors, OriginPolicy},
    crypto::RUSTCRYPTO,
    gate::{Gate, GateBuilder},
    guard::{Guard, GuardBuilder, GuardRoute, ProtectedResource, Requirement},
    issuer::IssuerMachine,
    jwt::TokenPolicy,
    oidc::ClientConfig,
    rewrite::Matcher,
    secret::Secret,
    session::SecretRing,
};
use portcullis_hyper::{
    api_guard::ApiGuard,
    body::Body,
    client::{Client, Fetcher, PoolLimits},
    drive::Driver,
    front_gate::FrontGate,
    issuers::SharedIssuers,
    runtime::TokioRuntime,
    tls,
    tower::{CorsLayer, GateLayer, GuardLayer},
};
use std::sync::OnceLock;

pub(crate) const PAGE: &str = "https://app.example";

/// The document that challenges name.
pub(crate) const METADATA: &str = "https://api.example/.well-known/oauth-protected-resource";

fn client() -> Client<TokioRuntime> {
    Client::new(TokioRuntime::new(), tls::client_config(None).unwrap(), PoolLimits::default())
}

fn driver(machine: IssuerMachine) -> Driver<TokioRuntime> {
    Driver::new(SharedIssuers::new([machine], Fetcher::new(client())))
}

pub(crate) fn guard_with(
    provider: &Provider,
    set_up: impl FnOnce(GuardBuilder) -> GuardBuilder,
) -> GuardLayer<TokioRuntime> {
    let guard = Guard::builder(TokenPolicy::access_token(["the-api"]).unwrap());
    let guard = set_up(guard).build().unwrap();
    GuardLayer::new(ApiGuard::new(guard, driver(provider.machine())))
}

/// A guard whose `/open` needs no token, `/optional` takes one, and `/admin` asks for more.
pub(crate) fn guard(provider: &Provider) -> GuardLayer<TokioRuntime> {
    guard_with(provider, |guard| {
        let admin = Requirement::required_scopes(["admin"]).unwrap();
        guard
            .route(GuardRoute::open("/open").unwrap())
            .route(GuardRoute::optional("/optional").unwrap())
            .route(GuardRoute::new("/admin").unwrap().require(admin))
            .protected_resource(ProtectedResource::new("https://api.example").unwrap())
    })
}

pub(crate) fn gate_with(
    provider: &Provider,
    set_up: impl FnOnce(GateBuilder) -> GateBuilder,
) -> GateLayer<TokioRuntime> {
    let client_config = ClientConfig::new("client", Secret::new("secret"), "http://localhost:3000");
    let secrets = SecretRing::new(["9f2c4b7e1a6d8035c4e7f1b92a5d6380"], RUSTCRYPTO).unwrap();
    let gate = Gate::builder(client_config.unwrap(), secrets, RUSTCRYPTO)
        .protect(Matcher::new(["/private/:path*"]).unwrap());
    let gate = set_up(gate).build().unwrap();
    GateLayer::new(FrontGate::new(gate, driver(provider.machine()), client()))
}

/// A gate whose `/private` needs a session.
pub(crate) fn gate(provider: &Provider) -> GateLayer<TokioRuntime> {
    gate_with(provider, |gate| gate)
}

pub(crate) fn cors() -> CorsLayer {
    let origins = OriginPolicy::list([PAGE]).unwrap();
    CorsLayer::new(Cors::builder().origin(origins).build().unwrap())
}

/// A request of HTTP/1.1, with credentials or without.
pub(crate) fn get(path: &str, token: Option<&str>) -> Request<Body> {
    let mut request = Request::get(path).header(header::HOST, "localhost:3000");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(Body::empty()).unwrap()
}

pub(crate) fn challenge<B>(response: &Response<B>) -> &str {
    let value = response.headers().get(header::WWW_AUTHENTICATE);
    value.map_or("", |value| value.to_str().unwrap())
}

/// The bytes of a body.
pub(crate) async fn bytes<B>(response: Response<B>) -> Bytes
where
    B: http_body::Body<Error: core::fmt::Debug>,
{
    response.into_body().collect().await.unwrap().to_bytes()
}

/// Runs a test on tokio, whose sockets the fetches need.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().unwrap()).block_on(test)
}
