//! The servers that this program can be: our gate and its engine, and the API that people write with
//! axum and jsonwebtoken.

use crate::claims::Claims;
use axum::{
    Json, Router,
    extract::{FromRequestParts, State},
    http::{Request, Response, StatusCode, header, request::Parts},
    routing::get,
};
use core::time::Duration;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use portcullis_core::{
    gate::Gate,
    http::Url,
    issuer::{IssuerConfig, IssuerMachine},
    oidc::ClientConfig,
    pattern::{Case, Pattern},
    rewrite::{Matcher, RewriteRule, Rewrites},
    secret::Secret,
    session::{SecretRing, Session},
};
use portcullis_hyper::{
    application::Application,
    body::Body,
    client::{Client, Fetcher, PoolLimits},
    crypto::AWS_LC,
    drive::Driver,
    front_gate::FrontGate,
    gateway::Gateway,
    issuers::SharedIssuers,
    runtime::TokioRuntime,
    server::{Connection, Handler, Server, ServerLimits},
    tls,
};
use serde_json::{Value, json};
use std::{
    io::{Read as _, stdin},
    net::{Ipv4Addr, SocketAddr},
    process,
    sync::Arc,
    thread,
};

/// Serves until the standard input ends.
pub(crate) fn run(role: &str, settings: &Value) -> ! {
    thread::spawn(|| {
        let _ = stdin().read_to_end(&mut Vec::new());
        process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match role {
            "axum" => axum(settings).await,
            "gate" => {
                let (_, port) = text(settings, "origin").rsplit_once(':').unwrap();
                serve(port.parse().unwrap(), gate(settings)).await;
            }
            "engine" => {
                let http = driver(settings).1;
                let upstream = text(settings, "upstream").to_owned();
                serve(0, Engine { http, upstream }).await;
            }
            role => panic!("there is no role {role}"),
        }
    });
    process::exit(1)
}

fn text<'s>(settings: &'s Value, name: &str) -> &'s str {
    settings[name].as_str().unwrap()
}

/// Starts to serve, says where, and never ends.
async fn serve(port: u16, handler: impl Handler) {
    let mut server = Server::new(TokioRuntime::new(), ServerLimits::default());
    let address = server.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.unwrap();
    let _running = server.start(handler);
    println!("{}", address.port());
    core::future::pending::<()>().await;
}

struct PrivateRoute;

impl Application for PrivateRoute {
    async fn call(&self, _: Request<Body>, _: Option<&Session>) -> Response<Body> {
        let body = json!({"message": "This is a private route"}).to_string();
        let mut response = Response::new(Body::from(body));
        let json = header::HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

/// The engine without the gate: what a proxy of hyper's server and hyper's client costs.
struct Engine {
    http: Client<TokioRuntime>,
    upstream: String,
}

impl Handler for Engine {
    async fn handle(&self, request: Request<Body>, _: Connection) -> Response<Body> {
        let target = request.uri().path_and_query().unwrap();
        let destination = Url::parse(&format!("{}{target}", self.upstream)).unwrap();
        let answer = self.http.send(&destination, request, Duration::from_secs(5)).await.unwrap();
        answer.map(Body::stream)
    }
}

fn driver(settings: &Value) -> (Driver<TokioRuntime>, Client<TokioRuntime>) {
    let client =
        Client::new(TokioRuntime::new(), tls::client_config(None).unwrap(), PoolLimits::default());
    let issuer = IssuerConfig::new(text(settings, "issuer")).unwrap();
    let machine = IssuerMachine::new(issuer, AWS_LC);
    (Driver::new(SharedIssuers::new([machine], Fetcher::new(client.clone()))), client)
}

fn gate(settings: &Value) -> Gateway<TokioRuntime, PrivateRoute> {
    let (driver, http) = driver(settings);
    let provider = crate::harness::settings(text(settings, "issuer"));
    let setting = |name| provider.iter().find(|(known, _)| *known == name).unwrap().1;
    let secret = Secret::new(setting("AUTH0_CLIENT_SECRET"));
    let client = ClientConfig::new(setting("AUTH0_CLIENT_ID"), secret, text(settings, "origin"))
        .unwrap()
        .with_audience(setting("AUTH0_AUDIENCE"));
    let secrets = SecretRing::new([setting("AUTH0_SECRET")], AWS_LC).unwrap();
    let destination = format!("{}/api/:path*", text(settings, "upstream"));
    let rewrites = Rewrites::builder()
        .after_files([
            RewriteRule::new("/api/auth/:path", "/api/auth/:path*"),
            RewriteRule::new("/api/:path*", destination),
        ])
        .build()
        .unwrap();
    let gate = Gate::builder(client, secrets, AWS_LC)
        .rewrites(rewrites)
        .protect(Matcher::new(["/private/:path*", "/api/:path*"]).unwrap())
        .api([Pattern::new("/api/:path*", Case::default()).unwrap()])
        .build()
        .unwrap();
    Gateway::new(FrontGate::new(gate, driver, http), PrivateRoute)
}

/// What the axum API checks tokens with.
#[derive(Clone)]
struct Verifier(Arc<(DecodingKey, Validation)>);

impl FromRequestParts<Verifier> for Claims {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut Parts,
        verifier: &Verifier,
    ) -> Result<Self, StatusCode> {
        let field = parts.headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
        let token = field.and_then(|field| field.strip_prefix("Bearer "));
        let (key, validation) = &*verifier.0;
        let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
        let decoded = decode(token, key, validation).map_err(|_| StatusCode::UNAUTHORIZED)?;
        Ok(decoded.claims)
    }
}

async fn axum(settings: &Value) {
    let key = DecodingKey::from_jwk(&serde_json::from_value(settings["key"].clone()).unwrap());
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[text(settings, "audience")]);
    validation.set_issuer(&[text(settings, "issuer")]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    let verifier = Verifier(Arc::new((key.unwrap(), validation)));
    let private = |_: Claims, State(_): State<Verifier>| async {
        Json(json!({"message": "This is a private route"}))
    };
    let app = Router::new().route("/", get(private)).with_state(verifier);
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    axum::serve(listener, app).await.unwrap();
}
