//! The HTTP engine of the Portcullis authentication gate: the decisions of [`portcullis_core`],
//! carried out over hyper on any async runtime.
//!
//! This crate moves bytes and decides nothing about authentication. It turns what comes in into
//! the core's values, performs what the core asks for within the limits that the core sets, and
//! turns decisions back into bytes.
//!
//! ```text
//!            ┌──────── Server ─ border checks ─► Gateway ──► Gate ──► Respond │ Forward │ Serve
//!  Runtime ──┤                                   ProtectedApi ─► Guard ─► Allowed │ Refused
//!            │                                       │
//!            └──── Client ── Fetcher ── SharedIssuers ── Driver
//!                (pool, TLS)  (limits)  (snapshots, flights)
//! ```
//!
//! - [`runtime`]: what is asked of a runtime. [`TokioRuntime`](runtime::TokioRuntime) is here; the
//!   crate `portcullis-smol` has the one for smol and its relatives.
//! - [`server`]: listeners, limits, graceful shutdown, and what hyper lets through that no two
//!   parties read alike.
//! - [`client`]: the connection pool that both proxied requests and the core's own leave through.
//! - [`issuers`] and [`drive`]: snapshots that are read without a lock, one flight for all that
//!   wait for it, and the driver of flows, which also carries the refreshes of sessions out.
//! - [`revocations`]: which sessions are over before their time.
//! - [`front_gate`] and [`api_guard`]: the front gate and the guard of an API with what carries them
//!   out. [`gateway`] and [`protected_api`] put them before an
//!   [`Application`](application::Application) of this engine's, `tower` before any other service.
//!
//! # Example
//!
//! A gate that asks for a login below `/private` and passes `/api` on to another server:
//!
//! ```no_run
//! use http::{Request, Response};
//! use portcullis_core::{
//!     gate::Gate,
//!     issuer::{IssuerConfig, IssuerMachine},
//!     oidc::ClientConfig,
//!     rewrite::{Matcher, RewriteRule, Rewrites},
//!     secret::Secret,
//!     session::{SecretRing, Session},
//! };
//! use portcullis_hyper::{
//!     application::Application,
//!     body::Body,
//!     client::{Client, Fetcher, PoolLimits},
//!     crypto::AWS_LC,
//!     drive::Driver,
//!     front_gate::FrontGate,
//!     gateway::Gateway,
//!     issuers::SharedIssuers,
//!     runtime::TokioRuntime,
//!     server::{Server, ServerLimits},
//!     tls,
//! };
//! use std::time::Duration;
//!
//! struct Pages;
//!
//! impl Application for Pages {
//!     async fn call(&self, _: Request<Body>, session: Option<&Session>) -> Response<Body> {
//!         Response::new(Body::from(if session.is_some() { "Welcome back." } else { "Welcome." }))
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let issuer = IssuerMachine::new(IssuerConfig::new("https://tenant.example")?, AWS_LC);
//! let client = ClientConfig::new("client-id", Secret::new("client-secret"), "http://localhost:3000")?;
//! let secrets = SecretRing::new(["a secret of at least 32 characters"], AWS_LC)?;
//! let gate = Gate::builder(client, secrets, AWS_LC)
//!     .rewrites(
//!         Rewrites::builder()
//!             .after_files([RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*")])
//!             .build()?,
//!     )
//!     .protect(Matcher::new(["/private/:path*", "/api/:path*"])?)
//!     .build()?;
//!
//! tokio::runtime::Runtime::new()?.block_on(async {
//!     let runtime = TokioRuntime::new();
//!     let client = Client::new(runtime, tls::client_config(None)?, PoolLimits::default());
//!     let issuers = SharedIssuers::new([issuer], Fetcher::new(client.clone()));
//!     let gateway = Gateway::new(FrontGate::new(gate, Driver::new(issuers), client), Pages);
//!
//!     let mut server = Server::new(runtime, ServerLimits::default());
//!     let address = server.bind("127.0.0.1:3000".parse()?).await?;
//!     println!("http://{address}");
//!     let running = server.start(gateway);
//! #   let stop_signal = async {};
//!     stop_signal.await;
//!     running.shutdown(Duration::from_secs(10)).await;
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # Crate features
//!
//! - **`tokio`** (default): [`TokioRuntime`](runtime::TokioRuntime). Without it, nothing of tokio is
//!   built but its synchronisation primitives, which need no runtime.
//! - **`aws-lc-rs`** (default): [`crypto::AWS_LC`], a crypto provider for the core, and
//!   [`signing::PrivateKey`], with which a client proves who it is.
//! - **`tower`**: layers for the guard, for CORS and for the front gate, usable with axum, tonic and
//!   plain hyper.
//! - **`axum`**: extractors for the claims of a token, for scopes and for the session.

#![deny(missing_docs)]

pub mod api_guard;
pub mod application;
pub mod body;
pub mod client;
pub mod clock;
mod convert;
mod cross_origin;
#[cfg(feature = "aws-lc-rs")]
pub mod crypto;
pub mod drive;
mod early;
pub mod front_gate;
pub mod gateway;
pub mod issuers;
mod progress;
pub mod protected_api;
mod refreshes;
pub mod revocations;
pub mod runtime;
pub mod server;
#[cfg(feature = "aws-lc-rs")]
pub mod signing;
pub mod tls;
pub mod token_cache;
#[cfg(feature = "tower")]
pub mod tower;
