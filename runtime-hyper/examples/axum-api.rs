//! A protected API with axum.
//!
//! ```sh
//! cargo run -p portcullis-hyper --features axum --example axum-api -- \
//!     https://tenant.eu.auth0.com/ https://api.example 127.0.0.1:5000
//! ```
//!
//! - `GET /` is for everybody: `Hello.`, and `Hello, SUBJECT.` with a good token. A bad token is
//!   refused all the same.
//! - `GET /orders` needs a token with the scope `read:orders`: 401 without a token, 403 without the
//!   scope.
//! - `GET /me` needs a token, and says whose it is.
//! - A token that comes again is not verified again, as long as it is one of the last 10 000. Another
//!   number may stand behind the address; with 0 none is remembered.
//! - Pages of `http://localhost:3000` may read the answers, refusals too. Preflights need no token.

use axum::{Json, Router, routing::get};
use portcullis_core::{
    cors::{Cors, OriginPolicy},
    guard::{Guard, GuardRoute},
    issuer::IssuerConfig,
    jwt::{TokenCacheLimits, TokenPolicy},
};
use portcullis_hyper::{
    api_guard::ApiGuard,
    crypto::AWS_LC,
    drive::Driver,
    runtime::TokioRuntime,
    tower::{
        CorsLayer, GuardLayer,
        axum::{Claims, RequireScopes, ScopeList},
    },
};
use serde::{Deserialize, Serialize};
use std::{env, error::Error};

#[derive(Deserialize, Serialize)]
struct Caller {
    #[serde(rename = "sub")]
    subject: String,
    scope: Option<String>,
}

struct ReadOrders;

impl ScopeList for ReadOrders {
    const SCOPES: &'static [&'static str] = &["read:orders"];
}

async fn hello(caller: Option<Claims<Caller>>) -> String {
    caller.map_or_else(|| "Hello.".into(), |Claims(caller)| format!("Hello, {}.", caller.subject))
}

async fn me(Claims(caller): Claims<Caller>) -> Json<Caller> {
    Json(caller)
}

async fn orders(_: RequireScopes<ReadOrders>, Claims(caller): Claims<Caller>) -> String {
    format!("The orders of {}.", caller.subject)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let usage = "usage: axum-api ISSUER AUDIENCE [ADDRESS [TOKENS]]";
    let issuer = IssuerConfig::new(&arguments.next().ok_or(usage)?)?;
    let audience = arguments.next().ok_or(usage)?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:5000".into());
    let mut remembered = TokenCacheLimits::default();
    if let Some(tokens) = arguments.next() {
        remembered.entries = tokens.parse().map_err(|_| usage)?;
    }

    let driver = Driver::for_issuers(TokioRuntime::new(), [issuer], AWS_LC)?;
    let guard = Guard::builder(TokenPolicy::access_token([audience])?)
        .route(GuardRoute::optional("/")?)
        .build()?;
    let mut guard = ApiGuard::new(guard, driver);
    if remembered.entries > 0 {
        guard = guard.with_token_cache(remembered, AWS_LC);
    }
    let origins = OriginPolicy::list(["http://localhost:3000"])?;
    let cors = Cors::builder().origin(origins).build()?;

    let router = Router::new()
        .route("/", get(hello))
        .route("/me", get(me))
        .route("/orders", get(orders))
        .layer(GuardLayer::new(guard))
        .layer(CorsLayer::new(cors));
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}
