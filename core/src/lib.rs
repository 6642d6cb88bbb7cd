//! The decisions of the Portcullis authentication gate, as pure state machines without IO.
//!
//! Give this crate the head of a request, and it says what to do with it. It opens no socket, reads no
//! clock, draws no randomness, spawns nothing, locks nothing and logs nothing; it needs `alloc` and no
//! std. Whoever wants a server with everything around it takes `portcullis-hyper` or `portcullis-smol`.
//! This page is for those who bring a runtime, a server or a machine of their own.
//!
//! # The calling protocol
//!
//! ```text
//!    your server                            this crate
//!   ─────────────                          ────────────
//!   head of a request ──────────────────►  Guard::begin   the guard of an API
//!                                          Gate::begin    the front gate of an application
//!                                              │
//!              ┌───────────────────────────────┘
//!              ▼
//!            Step ─── Done(decision) ──────►  carry it out; the request is over
//!              │
//!              ├───── Fetch ───────────────►  send fetch.request() within its limits ─┐
//!              ├───── Read ────────────────►  read the request's body within limits ──┤
//!              ├───── Revoke ──────────────►  record that sessions are over ──────────┤
//!              ├───── Refresh ─────────────►  ask Refreshes, which sends a flight ────┤
//!              └───── Await ─┐                                                        │
//!                            ▼                                         resume(what came of it)
//!                  IssuerMachine, one for each issuer, shared:                        │
//!                  demand ─► poll_flight ─► send ─► on_answer ─► snapshot ────────────┤
//!                                                                                     ▼
//!                                                                                the next Step
//! ```
//!
//! **A request is a value that is consumed.** There is no poll loop and no handle to keep: a
//! [`Step`](flow::Step) has at most one thing to do, and the value that you hold has the one call that
//! goes on from there. Dropping it gives the request up and harms nobody else.
//!
//! **What requests share is a machine of its own.** An [`IssuerMachine`](issuer::IssuerMachine) decides
//! when the discovery document and the key set of an issuer are fetched, how often at most, and what an
//! outage means. What it knows is read as an [`IssuerSnapshot`](issuer::IssuerSnapshot), which never
//! changes: a request whose key is there waits for nothing.
//!
//! **Time, randomness and cryptography are arguments.** A [`Context`](flow::Context) is made anew for
//! each call, from two clocks, a random generator, the newest snapshots and a list of revocations. The
//! same arguments give the same outcome, byte for byte, so a run that was recorded can be replayed.
//!
//! What is yours to see to, whatever you build:
//!
//! - Requests come with their header fields as they were received; of a field that stands twice, both.
//! - A request whose end two parties could see at different bytes never gets here: one with
//!   `Content-Length` and `Transfer-Encoding`, with two lengths, or with a blank before a colon
//!   (RFC 9112 §6.3, §5.1). The head is all that this crate sees.
//! - What [`Outbound`](http::Outbound) says of limits is held: a deadline for the whole exchange, the
//!   most bytes of an answer, and no redirects.
//! - A failure is passed on as what it is. Nothing here is ever answered with a guess.
//!
//! # Guard an API
//!
//! An API takes requests that carry an access token. The loop below is all of an adapter but the
//! sockets; `send` stands for your HTTP client.
//!
//! ```
//! use portcullis_core::{
//!     crypto::RUSTCRYPTO,
//!     entropy::{Entropy, EntropyError},
//!     flow::{Context, Flow, Step},
//!     guard::{Guard, GuardRoute, Requirement, Verdict},
//!     http::{FetchError, Inbound, Outbound, RequestHead},
//!     issuer::{Availability, Demand, IssuerConfig, IssuerMachine, Need},
//!     jwt::TokenPolicy,
//!     session::RevocationList,
//!     time::{Monotonic, Now, UnixSeconds},
//! };
//! use std::time::Duration;
//!
//! # const TOKEN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/example/access_token.txt"));
//! # const KEYS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/example/key_set.json"));
//! /// The generator of your system; this one is for an example whose outcome is always the same.
//! struct Generator;
//! impl Entropy for Generator {
//!     fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
//!         bytes.fill(7);
//!         Ok(())
//!     }
//! }
//!
//! /// Your clocks: the wall clock, and one that never goes backwards.
//! fn now() -> Now {
//!     let monotonic = Monotonic::from_start(Duration::from_secs(5));
//!     Now { unix: UnixSeconds(1_800_000_000), monotonic }
//! }
//!
//! /// Your HTTP client.
//! fn send(request: &Outbound) -> Result<Inbound, FetchError> {
//!     # let discovery = r#"{
//!     #     "issuer": "https://tenant.example/",
//!     #     "authorization_endpoint": "https://tenant.example/authorize",
//!     #     "token_endpoint": "https://tenant.example/token",
//!     #     "jwks_uri": "https://tenant.example/jwks"
//!     # }"#;
//!     # let body = if request.url.as_str().ends_with("/jwks") { KEYS } else { discovery };
//!     # Ok(Inbound { status: 200, headers: vec![], body: body.into() })
//!     // …
//! }
//!
//! /// Sees to it that the issuer's machine has had its say about what a request needs.
//! fn wait(machine: &mut IssuerMachine, need: &Need) -> Availability {
//!     loop {
//!         let demand = machine.demand(need, now());
//!         while let Some(flight) = machine.poll_flight(now()) {
//!             let answer = send(&flight.request);
//!             let _event = machine.on_answer(flight.id, answer, now(), &mut Generator);
//!         }
//!         if let Demand::Settled(availability) = demand {
//!             return availability;
//!         }
//!     }
//! }
//!
//! /// One request, from its head to the verdict.
//! fn check(guard: &Guard, machine: &mut IssuerMachine, head: &RequestHead<'_>) -> Verdict {
//!     let nothing_revoked = RevocationList::new(0);
//!     let mut step = {
//!         let issuers = machine.snapshot();
//!         let (entropy, revocations) = (&mut Generator, &nothing_revoked);
//!         guard.begin(head, &mut Context { now: now(), entropy, issuers: &issuers, revocations })
//!     };
//!     loop {
//!         step = match step {
//!             Step::Done(verdict) => return verdict,
//!             Step::Await(waiting) => {
//!                 let availability = wait(machine, waiting.need());
//!                 let issuers = machine.snapshot();
//!                 let (entropy, revocations) = (&mut Generator, &nothing_revoked);
//!                 let mut context = Context { now: now(), entropy, issuers: &issuers, revocations };
//!                 waiting.resume(availability, &mut context)
//!             }
//!             _ => unreachable!("a guard waits for nothing but its issuer"),
//!         }
//!     }
//! }
//!
//! let mut machine = IssuerMachine::new(IssuerConfig::new("https://tenant.example")?, RUSTCRYPTO);
//! let guard = Guard::builder(TokenPolicy::access_token(["https://api.example"])?)
//!     .route(GuardRoute::open("/health")?)
//!     .route(
//!         GuardRoute::new("/orders/:path*")?
//!             .methods(["POST"])
//!             .require(Requirement::required_scopes(["write:orders"])?),
//!     )
//!     .build()?;
//!
//! let mut ask = |method, target, credentials: &str| {
//!     let fields = [("authorization", credentials)];
//!     let headers = if credentials.is_empty() { &fields[..0] } else { &fields };
//!     check(&guard, &mut machine, &RequestHead {
//!         method, target, headers: &headers.to_vec(), peer: None, secure: true,
//!     })
//! };
//! # let token = TOKEN.trim();
//! let bearer = format!("Bearer {token}");
//! assert!(matches!(ask("GET", "/health", ""), Verdict::Anonymous));
//! match ask("GET", "/orders/1", &bearer) {
//!     Verdict::Allowed(token) => assert_eq!(token.subject(), Some("user")),
//!     other => panic!("{other:?}"),
//! }
//! match ask("POST", "/orders", &bearer) {
//!     // 403, with the scope that is needed in `WWW-Authenticate`.
//!     Verdict::Refused(refusal) => assert_eq!(refusal.response.status, 403),
//!     other => panic!("{other:?}"),
//! }
//! match ask("GET", "/orders/1", "") {
//!     Verdict::Refused(refusal) => {
//!         assert_eq!(refusal.response.status, 401);
//!         assert_eq!(refusal.response.headers.get("www-authenticate"), Some("Bearer realm=\"api\""));
//!     }
//!     other => panic!("{other:?}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`guard`] says what a client is told, and how a revocation is asked for; [`jwt`] what a token must be
//! like; [`jwt::TokenCache`] remembers those that were verified before.
//!
//! # Gate an application
//!
//! The front gate has the same shape. It leads people through the sign-in, opens the session in their
//! cookie, and decides where a request goes and with what.
//!
//! ```
//! use portcullis_core::{
//!     crypto::RUSTCRYPTO,
//!     flow::{Context, Step},
//!     gate::{Decision, Gate},
//!     http::RequestHead,
//!     oidc::ClientConfig,
//!     rewrite::{Matcher, RewriteRule, Rewrites},
//!     secret::Secret,
//!     session::{RevocationList, SecretRing},
//! };
//! # use portcullis_core::{entropy::{Entropy, EntropyError}, issuer::IssuerSnapshot, time::Now};
//! # struct Generator;
//! # impl Entropy for Generator {
//! #     fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
//! #         bytes.fill(7);
//! #         Ok(())
//! #     }
//! # }
//!
//! let secret = Secret::new("the secret that the provider knows the client by");
//! let client = ClientConfig::new("client-id", secret, "https://app.example")?;
//! let cookies = SecretRing::new(["4f1d7a0c93be5826d1c07f3a9b64e258"], RUSTCRYPTO)?;
//! let api = RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*");
//! let gate = Gate::builder(client, cookies, RUSTCRYPTO)
//!     .rewrites(Rewrites::builder().after_files([api]).build()?)
//!     .protect(Matcher::new(["/private/:path*", "/api/:path*"])?)
//!     .build()?;
//!
//! let begin = |target, accept| {
//!     let headers = [("host", "app.example"), ("accept", accept)];
//!     let issuers = vec![std::sync::Arc::new(IssuerSnapshot::default())];
//!     let nothing_revoked = RevocationList::new(0);
//!     let head = RequestHead { method: "GET", target, headers: &headers, peer: None, secure: true };
//!     gate.begin(&head, &mut Context {
//!         now: Now::default(),
//!         entropy: &mut Generator,
//!         issuers: &issuers,
//!         revocations: &nothing_revoked,
//!     })
//! };
//! // A page that needs a session sends a browser to the sign-in, and a program gets 401.
//! let Step::Done(Decision::Respond(away)) = begin("/private", "text/html") else { panic!() };
//! assert_eq!(away.response.headers.get("location"), Some("/api/auth/login?returnTo=%2Fprivate"));
//! let Step::Done(Decision::Respond(refused)) = begin("/api/orders", "application/json") else {
//!     panic!()
//! };
//! assert_eq!(refused.response.status, 401);
//! // What needs none is the application's.
//! let Step::Done(Decision::Serve(serve)) = begin("/", "text/html") else { panic!() };
//! assert_eq!(serve.path, "/");
//! // The sign-in has to know the provider first.
//! let Step::Await(waiting) = begin("/api/auth/login", "text/html") else { panic!() };
//! println!("{:?}", waiting.need());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`flow`] has the whole loop around such a request, refreshes of sessions included;
//! [`Forward`](gate::Forward) and [`Serve`](gate::Serve) say how a decision is carried out.
//!
//! # Check a token without a request
//!
//! ```
//! use portcullis_core::{
//!     crypto::{RUSTCRYPTO, SignatureAlgorithm},
//!     jwt::{TokenError, TokenPolicy},
//!     key_set::{KeyLookup, KeySet},
//!     time::UnixSeconds,
//! };
//!
//! # let token = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/example/access_token.txt")).trim();
//! # let keys = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/example/key_set.json"));
//! let keys = KeySet::parse(keys.as_bytes(), &[SignatureAlgorithm::Rs256], &RUSTCRYPTO)?;
//! let policy = TokenPolicy::access_token(["https://api.example"])?;
//!
//! // Each step is a type of its own, so that none can be left out: nothing says who the user is before
//! // the signature was checked.
//! let read = policy.read(token, UnixSeconds(1_800_000_000))?;
//! let inspected = read.from_issuer("https://tenant.example/")?;
//! let KeyLookup::Found(key) = keys.find(inspected.algorithm(), inspected.key_id()) else { panic!() };
//! let verified = inspected.verify(key)?;
//! assert_eq!(verified.subject(), Some("user"));
//! assert!(verified.scopes().eq(["read:orders"]));
//!
//! let an_hour_later = policy.read(token, UnixSeconds(1_800_007_200));
//! assert!(matches!(an_hour_later, Err(TokenError::Expired)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Answer CORS
//!
//! ```
//! use portcullis_core::{
//!     cors::{Cors, CorsDecision, OriginPolicy},
//!     http::RequestHead,
//! };
//!
//! let cors = Cors::builder().origin(OriginPolicy::list(["https://app.example"])?).build()?;
//! let headers = [
//!     ("origin", "https://app.example"),
//!     ("access-control-request-method", "PUT"),
//!     ("access-control-request-headers", "authorization"),
//! ];
//! let mut head =
//!     RequestHead { method: "OPTIONS", target: "/", headers: &headers, peer: None, secure: true };
//! // A preflight needs no token: this comes before the guard.
//! let CorsDecision::Preflight(answer) = cors.begin(&head) else { panic!() };
//! assert_eq!(answer.headers.get("access-control-allow-origin"), Some("https://app.example"));
//!
//! head.method = "PUT";
//! let CorsDecision::Continue(edits) = cors.begin(&head) else { panic!() };
//! // Whoever answers, a refusal of the guard's included: these fields go onto it.
//! let refusal = [("www-authenticate", "Bearer realm=\"api\"")];
//! assert!(edits.filter(&refusal).added().any(|(name, _)| name == "access-control-allow-origin"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The modules
//!
//! | | |
//! |---|---|
//! | [`guard`], [`cors`] | before an API |
//! | [`gate`], [`rewrite`], [`path`], [`pattern`] | before an application |
//! | [`oidc`], [`session`] | the sign-in, and the cookies that remember it |
//! | [`issuer`], [`key_set`], [`jwt`] | tokens, and the keys that check them |
//! | [`flow`], [`http`], [`time`], [`entropy`], [`crypto`], [`secret`], [`json`] | what all of them are made of |
//!
//! # Crate features
//!
//! | feature | default | what it adds, and why it can be left out |
//! |---|---|---|
//! | `rustcrypto` | yes | [`RUSTCRYPTO`](crypto::RUSTCRYPTO), a [`CryptoProvider`](crypto::CryptoProvider) in pure Rust. Without it, none of its crates are built: for those who bring the provider over aws-lc-rs of `portcullis-hyper`, or hardware |
//!
//! There is no feature `std`: the crate never needs it, and behaves the same with and without. Nor is
//! there one for each algorithm: which ones are accepted is a
//! [`TokenPolicy`](jwt::TokenPolicy::with_algorithms), which can be read, and not a build.

#![no_std]
#![deny(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate self as portcullis_core;
#[cfg(test)]
extern crate std;

pub mod cors;
pub mod crypto;
pub mod entropy;
pub mod flow;
pub mod gate;
pub mod guard;
pub mod http;
pub mod issuer;
pub mod json;
pub mod jwt;
pub mod key_set;
pub mod oidc;
pub mod path;
pub mod pattern;
pub mod rewrite;
pub mod secret;
pub mod session;
pub mod time;

mod encoding;

#[cfg(test)]
mod test_support;

/// The Rust examples of the user documentation, as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/rewrites-and-matchers.md")]
mod documentation {}
