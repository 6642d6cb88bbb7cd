//! The HTTP engine of the Portcullis authentication gate: the decisions of [`portcullis_core`],
//! carried out over hyper on any async runtime.
//!
//! **This crate decides nothing about authentication.** Whether a token is good, whether a session
//! is still one, when keys are fetched again and where a request goes is for the core to say. What
//! is here moves bytes: it turns what comes in into the core's values, performs what the core asks
//! for within the limits that the core sets, and turns decisions back into bytes. Three things are
//! its own to say: what a connection may take of memory and time, which requests two parties could
//! read differently and are not shown to the core, and what is written to the log, through
//! `tracing`.
//!
//! It reads no configuration, installs no subscriber, and its server speaks HTTP/1.1 without TLS:
//! put one before it that does, or use the tower layers in a server that does.
//!
//! This page teaches how the parts fit. `docs/cookbook.md` of the repository has a program for each
//! task: scopes for each route, two issuers, CORS with credentials, what a login asks for, and more.
//!
//! # How a request travels
//!
//! ```text
//!  listener                Server, or yours with the layers of `tower`
//!     │ head; the body waits
//!     ▼
//!  FrontGate, ApiGuard ── begin ──►  the core's Gate, the core's Guard
//!                                        │
//!     ┌────────────── Step ◄─────────────┤
//!     ▼                                  │
//!  Driver                                │
//!     ├─ Await ────►  SharedIssuers      │   snapshots without a lock, a flight for all who wait
//!     ├─ Refresh ──►  Refreshes          │   at most one for each session at a time
//!     ├─ Fetch ────►  Fetcher ─► Client  │   a pool, TLS, a deadline, a limit of bytes
//!     ├─ Read ─────►  the body           │   a deadline, a limit of bytes
//!     ├─ Revoke ───►  RevocationStore    │   of this process, or of many
//!     │                  └── resume ─────┘   the next Step
//!     ▼ Done
//!  Decision, Verdict
//!     ├─ Respond, Refused, Answered ──►  the answer of the core's own
//!     ├─ Forward ──────────────────────►  Client ─► an upstream; bodies stream both ways
//!     └─ Serve, Allowed, Anonymous ───►  your Application, or the service inside the layer
//! ```
//!
//! A token whose key is known already, and a session that needs no refresh, go from `begin` to `Done`
//! without a wait. What several requests wait for, keys and refreshes, runs in a task of its own: a
//! client that goes away takes nobody else's answer with it. Only a guard that takes tokens from
//! forms reads a form first.
//!
//! - [`server`]: listeners, limits, graceful shutdown, and what hyper lets through that no two
//!   parties read alike.
//! - [`front_gate`] and [`api_guard`]: the gate and the guard with what carries them out.
//!   [`gateway`] and [`protected_api`] put them before an
//!   [`Application`](application::Application), `tower` before any other service.
//! - [`drive`] and [`issuers`]: the driver of all flows, with the refreshes of sessions, and the
//!   issuers that requests share.
//! - [`client`] and [`tls`]: the connection pool that both proxied requests and the core's own
//!   leave through.
//! - [`revocations`]: which sessions are over before their time.
//! - [`runtime`]: what is asked of a runtime.
//!
//! # Protect an API
//!
//! [`ApiGuard`](api_guard::ApiGuard) is the core's guard with a driver;
//! [`ProtectedApi`](protected_api::ProtectedApi) is what a [`Server`](server::Server) starts.
//!
//! ```
//! use http::{Request, Response};
//! use portcullis_core::{
//!     cors::{Cors, OriginPolicy},
//!     guard::{Guard, GuardRoute, Requirement},
//!     issuer::IssuerConfig,
//!     jwt::{TokenCacheLimits, TokenPolicy, VerifiedToken},
//!     session::Session,
//! };
//! use portcullis_hyper::{
//!     api_guard::ApiGuard,
//!     application::Application,
//!     body::Body,
//!     crypto::AWS_LC,
//!     drive::Driver,
//!     protected_api::ProtectedApi,
//!     runtime::TokioRuntime,
//!     server::{Connection, Handler as _},
//! };
//!
//! struct Orders;
//!
//! impl Application for Orders {
//!     async fn call(&self, request: Request<Body>, _: Option<&Session>) -> Response<Body> {
//!         let token = request.extensions().get::<VerifiedToken>();
//!         let subject = token.and_then(VerifiedToken::subject).unwrap_or("nobody");
//!         Response::new(Body::from(format!("The orders of {subject}.")))
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let issuer = IssuerConfig::new("https://tenant.example")?;
//! let driver = Driver::for_issuers(TokioRuntime::new(), [issuer], AWS_LC)?;
//! let write = Requirement::required_scopes(["write:orders"])?;
//! let guard = Guard::builder(TokenPolicy::access_token(["https://api.example"])?)
//!     .route(GuardRoute::open("/health")?)
//!     .route(GuardRoute::new("/orders")?.methods(["POST"]).require(write))
//!     .build()?;
//! let guard = ApiGuard::new(guard, driver).with_token_cache(TokenCacheLimits::default(), AWS_LC);
//! let cors = Cors::builder().origin(OriginPolicy::list(["https://app.example"])?).build()?;
//! let api = ProtectedApi::new(guard, Orders).with_cors(cors);
//!
//! // `Server::start` takes it as it is. Here it is asked without a socket.
//! let connection = Connection::new("192.0.2.1:4000".parse()?, true);
//! let refused = api.handle(Request::get("/orders").body(Body::empty())?, connection).await;
//! assert_eq!(refused.status(), 401);
//! assert_eq!(refused.headers()["www-authenticate"], "Bearer realm=\"api\"");
//! let open = api.handle(Request::get("/health").body(Body::empty())?, connection).await;
//! assert_eq!(open.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! # Put the gate before an application
//!
//! [`FrontGate`](front_gate::FrontGate) is the core's gate with a driver and a client to forward
//! with. This one asks for a sign-in below `/private` and passes `/api` on to another server. The
//! driver is put together from its parts here; [`Driver::for_issuers`](drive::Driver::for_issuers)
//! does the same with a client of its own.
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
//! # Put it into a stack of tower
//!
//! With the feature `tower`, the same gate and the same guard are layers. They go around the whole
//! application, since routes look at the whole path; `CorsLayer` goes outside of what
//! authenticates, since a preflight has no credentials.
//!
//! ```
//! # #[cfg(feature = "tower")]
//! # mod example {
//! use http::{Request, Response};
//! use portcullis_core::{cors::Cors, jwt::VerifiedToken};
//! use portcullis_hyper::{
//!     api_guard::ApiGuard,
//!     body::Body,
//!     runtime::TokioRuntime,
//!     tower::{CorsLayer, GuardLayer},
//! };
//! use std::{convert::Infallible, error::Error};
//! use tower::{Layer as _, ServiceExt as _, service_fn};
//!
//! async fn hello(request: Request<Body>) -> Result<Response<String>, Infallible> {
//!     let token = request.extensions().get::<VerifiedToken>();
//!     let subject = token.and_then(VerifiedToken::subject).unwrap_or("whoever you are");
//!     Ok(Response::new(format!("Hello, {subject}.")))
//! }
//!
//! # pub
//! async fn ask(guard: ApiGuard<TokioRuntime>, cors: Cors) -> Result<(), Box<dyn Error>> {
//!     let guarded = GuardLayer::new(guard).layer(service_fn(hello));
//!     let service = CorsLayer::new(cors).layer(guarded);
//!     let refused = service.oneshot(Request::get("/").body(Body::empty())?).await?;
//!     assert_eq!(refused.status(), 401);
//!     Ok(())
//! }
//! # }
//! # #[cfg(feature = "tower")]
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! #     use portcullis_core::{
//! #         cors::{Cors, OriginPolicy}, guard::Guard, issuer::IssuerConfig, jwt::TokenPolicy,
//! #     };
//! #     use portcullis_hyper::{
//! #         api_guard::ApiGuard, crypto::AWS_LC, drive::Driver, runtime::TokioRuntime,
//! #     };
//! #     let issuer = IssuerConfig::new("https://tenant.example")?;
//! #     let driver = Driver::for_issuers(TokioRuntime::new(), [issuer], AWS_LC)?;
//! #     let guard = Guard::builder(TokenPolicy::access_token(["https://api.example"])?).build()?;
//! #     let origins = OriginPolicy::list(["https://app.example"])?;
//! #     let cors = Cors::builder().origin(origins).build()?;
//! #     example::ask(ApiGuard::new(guard, driver), cors).await
//! # }
//! # #[cfg(not(feature = "tower"))]
//! # fn main() {}
//! ```
//!
//! `GateLayer` does the same with a [`FrontGate`](front_gate::FrontGate); what it lets through finds
//! the [`Session`](portcullis_core::session::Session) in the extensions of the request.
//!
//! # Ask for claims in handlers of axum
//!
//! With the feature `axum`, a handler says in its arguments what it needs. Where a request does not
//! have it, the answer is the one that the guard gives elsewhere.
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # mod example {
//! use axum::{Router, routing::get};
//! use portcullis_hyper::{
//!     api_guard::ApiGuard,
//!     runtime::TokioRuntime,
//!     tower::{
//!         GuardLayer,
//!         axum::{Claims, RequireScopes, ScopeList},
//!     },
//! };
//!
//! #[derive(serde::Deserialize)]
//! struct Caller {
//!     sub: String,
//! }
//!
//! struct ReadOrders;
//!
//! impl ScopeList for ReadOrders {
//!     const SCOPES: &'static [&'static str] = &["read:orders"];
//! }
//!
//! async fn hello(caller: Option<Claims<Caller>>) -> String {
//!     caller.map_or_else(|| "Hello.".into(), |Claims(caller)| format!("Hello, {}.", caller.sub))
//! }
//!
//! async fn orders(_: RequireScopes<ReadOrders>, Claims(caller): Claims<Caller>) -> String {
//!     format!("The orders of {}.", caller.sub)
//! }
//!
//! # pub
//! fn router(guard: ApiGuard<TokioRuntime>) -> Router {
//!     Router::new()
//!         .route("/", get(hello))
//!         .route("/orders", get(orders))
//!         .layer(GuardLayer::new(guard))
//! }
//! # }
//! # #[cfg(feature = "axum")]
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! #     use portcullis_core::{
//! #         guard::{Guard, GuardRoute}, issuer::IssuerConfig, jwt::TokenPolicy,
//! #     };
//! #     use portcullis_hyper::{
//! #         api_guard::ApiGuard, crypto::AWS_LC, drive::Driver, runtime::TokioRuntime,
//! #     };
//! #     use tower::ServiceExt as _;
//! #     let issuer = IssuerConfig::new("https://tenant.example")?;
//! #     let driver = Driver::for_issuers(TokioRuntime::new(), [issuer], AWS_LC)?;
//! #     let guard = Guard::builder(TokenPolicy::access_token(["https://api.example"])?)
//! #         .route(GuardRoute::optional("/")?)
//! #         .build()?;
//! #     let router = example::router(ApiGuard::new(guard, driver));
//! #     for (path, status) in [("/", 200), ("/orders", 401)] {
//! #         let request = http::Request::get(path).body(axum::body::Body::empty())?;
//! #         assert_eq!(router.clone().oneshot(request).await?.status(), status);
//! #     }
//! #     Ok(())
//! # }
//! # #[cfg(not(feature = "axum"))]
//! # fn main() {}
//! ```
//!
//! `hello` is for requests with and without a token where the guard has
//! [`GuardRoute::optional`](portcullis_core::guard::GuardRoute::optional) for its path. Behind a
//! `GateLayer`, the extractor `Session` says who is signed in.
//!
//! # Bring your own runtime
//!
//! All that the engine asks of a runtime is in [`Runtime`](runtime::Runtime): it spawns a task, has
//! timers, connects with and without TLS, binds and accepts. Everything that speaks HTTP stands
//! above it. [`TokioRuntime`](runtime::TokioRuntime) is here, and `portcullis-smol` has the one for
//! smol and its relatives. This one has the sockets of tokio, and runs the tasks of the engine on a
//! pool of their own:
//!
//! ```
//! use portcullis_hyper::{
//!     runtime::{Runtime, TokioRuntime},
//!     server::{Server, ServerLimits},
//! };
//! use rustls::{ClientConfig, pki_types::ServerName};
//! use std::{future::Future, io, net::SocketAddr, sync::Arc};
//! use tokio::runtime::Handle;
//!
//! #[derive(Clone)]
//! struct OwnPool {
//!     sockets: TokioRuntime,
//!     pool: Handle,
//! }
//!
//! impl Runtime for OwnPool {
//!     type Tcp = <TokioRuntime as Runtime>::Tcp;
//!     type Tls = <TokioRuntime as Runtime>::Tls;
//!     type Listener = <TokioRuntime as Runtime>::Listener;
//!     type Timer = <TokioRuntime as Runtime>::Timer;
//!
//!     fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
//!         // It runs to its end, whatever becomes of the handle.
//!         drop(self.pool.spawn(task));
//!     }
//!
//!     fn timer(&self) -> Self::Timer {
//!         self.sockets.timer()
//!     }
//!
//!     async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Tcp> {
//!         self.sockets.connect(host, port).await
//!     }
//!
//!     async fn secure(
//!         &self,
//!         stream: Self::Tcp,
//!         name: ServerName<'static>,
//!         config: Arc<ClientConfig>,
//!     ) -> io::Result<Self::Tls> {
//!         self.sockets.secure(stream, name, config).await
//!     }
//!
//!     async fn bind(&self, address: SocketAddr) -> io::Result<Self::Listener> {
//!         self.sockets.bind(address).await
//!     }
//!
//!     fn local_address(&self, listener: &Self::Listener) -> io::Result<SocketAddr> {
//!         self.sockets.local_address(listener)
//!     }
//!
//!     async fn accept(&self, listener: &Self::Listener) -> io::Result<(Self::Tcp, SocketAddr)> {
//!         self.sockets.accept(listener).await
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = OwnPool { sockets: TokioRuntime::new(), pool: Handle::current() };
//! let mut server = Server::new(runtime, ServerLimits::default());
//! println!("http://{}", server.bind("127.0.0.1:0".parse()?).await?);
//! # Ok(())
//! # }
//! ```
//!
//! # Share revocations between processes
//!
//! A driver remembers in the memory of its process which sessions are over, until it is given a
//! [`RevocationStore`](revocations::RevocationStore). Recording may wait for others; the question
//! that comes with every request may not, and is answered from what this process has heard.
//!
//! ```
//! use portcullis_core::{
//!     session::{Revocation, RevocationKey, RevocationOutcome, Revocations},
//!     time::UnixSeconds,
//! };
//! use portcullis_hyper::revocations::{MemoryRevocations, RevocationStore};
//! use std::{future::Future, io, pin::Pin};
//! # use portcullis_core::issuer::IssuerConfig;
//! # use portcullis_hyper::{crypto::AWS_LC, drive::Driver, runtime::TokioRuntime};
//! # use std::sync::Arc;
//!
//! /// What all processes reach.
//! # #[derive(Default)]
//! struct Database;
//!
//! impl Database {
//!     /// Adds a revocation, unless its logout token is there already, as one step. Whether it did.
//!     async fn add(&self, revocation: &Revocation) -> io::Result<bool> {
//!         # let _ = revocation;
//!         # Ok(true)
//!         // …
//!     }
//! }
//!
//! # #[derive(Default)]
//! struct SharedRevocations {
//!     database: Database,
//!     /// What this process has heard: at the start all that the database has, and then what other
//!     /// processes add. The page of `RevocationStore` shows how a row is read.
//!     here: MemoryRevocations,
//! }
//!
//! impl Revocations for SharedRevocations {
//!     fn revokes(&self, keys: &[RevocationKey], signed_in_at: UnixSeconds, now: UnixSeconds) -> bool {
//!         self.here.revokes(keys, signed_in_at, now)
//!     }
//!
//!     fn is_empty(&self) -> bool {
//!         self.here.is_empty()
//!     }
//! }
//!
//! impl RevocationStore for SharedRevocations {
//!     fn record<'s>(
//!         &'s self,
//!         revocation: &'s Revocation,
//!         now: UnixSeconds,
//!     ) -> Pin<Box<dyn Future<Output = RevocationOutcome> + Send + 's>> {
//!         Box::pin(async move {
//!             match self.database.add(revocation).await {
//!                 Ok(true) => {}
//!                 Ok(false) => return RevocationOutcome::Replayed,
//!                 Err(_) => return RevocationOutcome::Unavailable,
//!             }
//!             // It may have come back from the database already.
//!             let _known = self.here.remember(revocation, now);
//!             RevocationOutcome::Recorded
//!         })
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = SharedRevocations::default();
//! // What another process has told.
//! let (key, now) = (RevocationKey::from_bytes([7; 32]), UnixSeconds(1_500));
//! let told = Revocation::new(key, UnixSeconds(2_000)).with_signed_in_until(UnixSeconds(1_000));
//! let _known = store.here.remember(&told, now);
//! assert!(store.revokes(&[key], UnixSeconds(900), now));
//! assert!(!store.revokes(&[key], UnixSeconds(1_100), now));
//!
//! # let issuer = IssuerConfig::new("https://tenant.example")?;
//! # let driver = Driver::for_issuers(TokioRuntime::new(), [issuer], AWS_LC)?;
//! let driver = driver.with_revocations(Arc::new(store));
//! # drop(driver);
//! # Ok(())
//! # }
//! ```
//!
//! These are the sessions of the gate. Whether an access token was revoked is another question:
//! [`ApiGuard::with_revocation`](api_guard::ApiGuard::with_revocation) says whom to ask.
//!
//! # Crate features
//!
//! | feature | default | what it adds, and why it can be left out |
//! |---|---|---|
//! | `tokio` | yes | [`TokioRuntime`](runtime::TokioRuntime). Without it, nothing of tokio is built but its synchronisation primitives, which need no runtime: for those on another runtime |
//! | `aws-lc-rs` | yes | [`crypto::AWS_LC`], a crypto provider for the core, and [`signing::PrivateKey`], with which a client proves who it is. For those who give the core another provider. It saves no build of aws-lc-rs, which does the TLS of this crate in any case |
//! | `tower` | no | layers for the guard, for CORS and for the front gate, usable with axum, tonic and plain hyper. It brings the two crates that hold tower's traits; [`gateway`] and [`protected_api`] do without |
//! | `axum` | no | extractors for the claims of a token, for scopes and for the session. It brings axum-core, which is of no use without axum, and turns `tower` on, since an extractor needs its layer |
//!
//! # Types of others
//!
//! The API speaks in requests and responses of `http`, bodies of `http-body` and `bytes`, what
//! `hyper::rt` asks of a runtime, and the client configuration of `rustls`; with the features, in the
//! traits of tower and of axum, and in `serde`'s. A test holds it to these: what else the crate is
//! built on can change without a change here.

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
