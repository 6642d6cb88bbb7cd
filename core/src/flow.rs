//! The calling protocol that every request follows, whatever decides it.
//!
//! A request is a value that is consumed: what you hold is the call that you may make next.
//!
//! ```text
//!             begin
//!               │
//!               ▼
//!   ┌────────► Step ───────────► Done(decision)
//!   │           │
//!   │ resume    ├──── Await ───► wait until the issuer's snapshot may have what is needed
//!   │           ├──── Read ────► read the body of the request, within limits
//!   │           ├──── Revoke ──► record that sessions are over
//!   └───────────┤
//!               ├──── Fetch ───► send the request, bring the answer or why there is none
//!               │
//!               └──── Refresh ─► wait until it is settled how it stands with a session's tokens
//! ```
//!
//! There is no poll loop, and there is at most one effect outstanding. Dropping a step at any point
//! gives the request up and harms nobody else.
//!
//! # All of an adapter but the sockets
//!
//! For servers with threads, and for whatever the core decides. A request waits in the thread that
//! serves it; where the runtime drops what a client no longer waits for, as hyper does, flights run
//! in tasks of their own.
//!
//! ```
//! use portcullis_core::{
//!     entropy::{Entropy, EntropyError},
//!     flow::{Context, Flow, Step},
//!     gate::{RefreshDemand, RefreshOutcome, RefreshProgress, Refreshes},
//!     http::{BodyError, BodyLimits, FetchError, Inbound, Outbound},
//!     issuer::{Availability, Demand, IssuerMachine, Need},
//!     session::RevocationList,
//!     time::Now,
//! };
//! use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
//! # #[derive(Default)]
//! # struct Generator;
//! # impl Entropy for Generator {
//! #     fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
//! #         bytes.fill(7);
//! #         Ok(())
//! #     }
//! # }
//! # fn now() -> Now {
//! #     Now::default()
//! # }
//! # fn send(_: &Outbound) -> Result<Inbound, FetchError> {
//! #     Err(FetchError::Transport)
//! # }
//!
//! /// What all requests share. `Generator`, `now` and `send` are your random generator, your two
//! /// clocks and your HTTP client.
//! struct Shared {
//!     issuer: Mutex<IssuerMachine>,
//!     refreshes: Mutex<Refreshes>,
//!     landed: Condvar,
//!     revocations: Mutex<RevocationList>,
//! }
//!
//! fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
//!     mutex.lock().unwrap_or_else(PoisonError::into_inner)
//! }
//!
//! impl Shared {
//!     /// What a call may look at, newest of all the snapshot. A server that minds threads that wait
//!     /// for a fetch keeps that beside the machine.
//!     fn call<T>(&self, call: impl FnOnce(&mut Context<'_>) -> T) -> T {
//!         let known = lock(&self.issuer).snapshot();
//!         let revocations = &*lock(&self.revocations);
//!         let entropy = &mut Generator;
//!         call(&mut Context { now: now(), entropy, issuers: &known, revocations })
//!     }
//!
//!     /// Takes a request from its first step to what it comes to. `body` reads that of the request.
//!     fn drive<F: Flow>(
//!         &self,
//!         mut step: Step<F>,
//!         body: &mut dyn FnMut(BodyLimits) -> Result<Vec<u8>, BodyError>,
//!     ) -> F::Output {
//!         loop {
//!             step = match step {
//!                 Step::Done(output) => return output,
//!                 Step::Fetch(fetch) => {
//!                     let answer = send(fetch.request());
//!                     self.call(|context| fetch.resume(answer, context))
//!                 }
//!                 Step::Await(wait) => {
//!                     let availability = self.wait(wait.need());
//!                     self.call(|context| wait.resume(availability, context))
//!                 }
//!                 Step::Refresh(wait) => {
//!                     let outcome = self.refresh(wait.demand());
//!                     self.call(|context| wait.resume(outcome, context))
//!                 }
//!                 Step::Read(read) => {
//!                     let body = body(read.limits());
//!                     self.call(|context| read.resume(body, context))
//!                 }
//!                 Step::Revoke(revoke) => {
//!                     let mut revocations = lock(&self.revocations);
//!                     let outcome = revocations.record(revoke.revocation(), now().unix);
//!                     drop(revocations);
//!                     self.call(|context| revoke.resume(outcome, context))
//!                 }
//!             }
//!         }
//!     }
//!
//!     /// With several issuers, `Await::issuer` says whose machine is asked.
//!     fn wait(&self, need: &Need) -> Availability {
//!         let mut issuer = lock(&self.issuer);
//!         loop {
//!             if let Demand::Settled(availability) = issuer.demand(need, now()) {
//!                 return availability;
//!             }
//!             while let Some(flight) = issuer.poll_flight(now()) {
//!                 let answer = send(&flight.request);
//!                 let _event = issuer.on_answer(flight.id, answer, now(), &mut Generator);
//!             }
//!         }
//!     }
//!
//!     /// The table gives each flight to one of those that ask; the others wait for it to land.
//!     fn refresh(&self, demand: &RefreshDemand) -> RefreshOutcome {
//!         let mut refreshes = lock(&self.refreshes);
//!         loop {
//!             let until = match refreshes.demand(demand, now()) {
//!                 RefreshProgress::Settled(outcome) => return outcome,
//!                 RefreshProgress::Pending { until } => until,
//!             };
//!             refreshes = if let Some(flight) = refreshes.poll_flight(now()) {
//!                 drop(refreshes);
//!                 let step = self.call(|context| flight.refreshing.begin(context));
//!                 let result = self.drive(step, &mut |_| Err(BodyError::Broken));
//!                 let mut refreshes = lock(&self.refreshes);
//!                 let _event = refreshes.on_landed(flight.id, result, now());
//!                 self.landed.notify_all();
//!                 refreshes
//!             } else {
//!                 let left = until.since(now().monotonic);
//!                 let waited = self.landed.wait_timeout(refreshes, left);
//!                 waited.unwrap_or_else(PoisonError::into_inner).0
//!             };
//!         }
//!     }
//! }
//! # use portcullis_core::{crypto::RUSTCRYPTO, gate::{Decision, Gate, RefreshLimits}, http::RequestHead};
//! # use portcullis_core::{issuer::IssuerConfig, oidc::ClientConfig, secret::Secret, session::SecretRing};
//! # let client = ClientConfig::new("client-id", Secret::new("secret"), "https://app.example")?;
//! # let secrets = SecretRing::new(["4f1d7a0c93be5826d1c07f3a9b64e258"], RUSTCRYPTO)?;
//! # let gate = Gate::builder(client, secrets, RUSTCRYPTO).build()?;
//! # let issuer = IssuerMachine::new(IssuerConfig::new("https://tenant.example")?, RUSTCRYPTO);
//! # let shared = Shared {
//! #     issuer: Mutex::new(issuer),
//! #     refreshes: Mutex::new(Refreshes::new(RefreshLimits::default())),
//! #     landed: Condvar::new(),
//! #     revocations: Mutex::default(),
//! # };
//! # let (method, target, headers) = ("GET", "/api/auth/login", &[("host", "app.example")]);
//!
//! let head = RequestHead { method, target, headers, peer: None, secure: true };
//! let step = shared.call(|context| gate.begin(&head, context));
//! // A form for a back-channel logout is the one body that a gate asks for.
//! let decision = shared.drive(step, &mut |_limits| Err(BodyError::Broken));
//! // Here nobody answers `send`, so nobody can sign in.
//! let Decision::Respond(answer) = decision else { panic!("{decision:?}") };
//! assert_eq!(answer.response.status, 503);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::{
    entropy::Entropy,
    gate::{RefreshDemand, RefreshOutcome},
    http::{BodyError, BodyLimits, FetchError, Inbound, Outbound},
    issuer::{Availability, IssuerIndex, Issuers, Need},
    session::{Revocation, RevocationOutcome, Revocations},
    time::Now,
};
use alloc::vec::Vec;
use core::fmt;

/// What a call may look at and draw from. The adapter makes a new one for each call.
pub struct Context<'c> {
    /// Both clocks, read once.
    pub now: Now,
    /// A source of randomness.
    pub entropy: &'c mut dyn Entropy,
    /// What is known of the issuers at this moment.
    pub issuers: &'c dyn Issuers,
    /// Which sessions are over before their time.
    pub revocations: &'c dyn Revocations,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("now", &self.now).finish_non_exhaustive()
    }
}

/// A request under way, waiting for one thing. Implemented by the flows of this crate.
pub trait Flow: Sized {
    /// What the request comes to.
    type Output;

    /// Goes on with the answer to the request that was sent.
    fn on_answer(
        self,
        answer: Result<Inbound, FetchError>,
        context: &mut Context<'_>,
    ) -> Step<Self>;

    /// Goes on once the issuer's snapshot was brought up to date, or could not be.
    fn on_availability(self, availability: Availability, context: &mut Context<'_>) -> Step<Self>;

    /// Goes on once it is settled how it stands with the tokens of a session. A flow that never asks
    /// for it is given up.
    fn on_refresh(self, outcome: RefreshOutcome, context: &mut Context<'_>) -> Step<Self> {
        let _ = outcome;
        self.on_answer(Err(FetchError::Cancelled), context)
    }

    /// Goes on with the body of the request, or with the reason that it could not be read. A flow
    /// that never asks for one is given up.
    fn on_body(self, body: Result<Vec<u8>, BodyError>, context: &mut Context<'_>) -> Step<Self> {
        let _ = body;
        self.on_answer(Err(FetchError::Cancelled), context)
    }

    /// Goes on once a revocation was recorded, or could not be. A flow that never asks for it is
    /// given up.
    fn on_revoked(self, outcome: RevocationOutcome, context: &mut Context<'_>) -> Step<Self> {
        let _ = outcome;
        self.on_answer(Err(FetchError::Cancelled), context)
    }
}

/// Where a request stands. An adapter has to know every kind, so that one that does not fails to
/// compile.
#[derive(Debug)]
#[must_use = "a step that is dropped gives the request up"]
pub enum Step<F: Flow> {
    /// The request is decided.
    Done(F::Output),
    /// Send a request of the core's own, then [`Fetch::resume`].
    Fetch(Fetch<F>),
    /// Wait for an issuer, then [`Await::resume`].
    Await(Await<F>),
    /// Ask the table of refreshes, then [`AwaitRefresh::resume`].
    Refresh(AwaitRefresh<F>),
    /// Read the body of the request, then [`Read::resume`]. It comes at most once in a request; a
    /// request without it streams its body on, untouched. Where the request goes on, so does what
    /// was read of it.
    Read(Read<F>),
    /// Record that sessions are over, then [`Revoke::resume`].
    Revoke(Revoke<F>),
}

/// A request waits for the answer to one of the core's own requests.
#[derive(Debug)]
#[must_use = "a fetch that is dropped gives the request up"]
pub struct Fetch<F> {
    request: Outbound,
    flow: F,
}

impl<F: Flow> Fetch<F> {
    pub(crate) const fn new(request: Outbound, flow: F) -> Self {
        Self { request, flow }
    }

    /// What to send, and the limits to hold it to.
    pub const fn request(&self) -> &Outbound {
        &self.request
    }

    /// Goes on with the answer, or with the reason that there is none.
    pub fn resume(self, answer: Result<Inbound, FetchError>, context: &mut Context<'_>) -> Step<F> {
        self.flow.on_answer(answer, context)
    }
}

/// A request waits for the snapshot of an issuer.
#[derive(Debug)]
#[must_use = "an await that is dropped gives the request up"]
pub struct Await<F> {
    issuer: IssuerIndex,
    need: Need,
    flow: F,
}

impl<F: Flow> Await<F> {
    pub(crate) const fn new(issuer: IssuerIndex, need: Need, flow: F) -> Self {
        Self { issuer, need, flow }
    }

    /// Which issuer.
    #[must_use]
    pub const fn issuer(&self) -> IssuerIndex {
        self.issuer
    }

    /// What is needed of it: pass it to [`IssuerMachine::demand`](crate::issuer::IssuerMachine::demand).
    #[must_use]
    pub const fn need(&self) -> &Need {
        &self.need
    }

    /// Goes on with the word of the issuer's machine. Read a new snapshot first.
    pub fn resume(self, availability: Availability, context: &mut Context<'_>) -> Step<F> {
        self.flow.on_availability(availability, context)
    }
}

/// A request waits for the tokens of its session.
#[derive(Debug)]
#[must_use = "an await that is dropped gives the request up"]
pub struct AwaitRefresh<F> {
    demand: RefreshDemand,
    flow: F,
}

impl<F: Flow> AwaitRefresh<F> {
    pub(crate) const fn new(demand: RefreshDemand, flow: F) -> Self {
        Self { demand, flow }
    }

    /// What is asked: pass it to [`Refreshes::demand`](crate::gate::Refreshes::demand).
    #[must_use]
    pub const fn demand(&self) -> &RefreshDemand {
        &self.demand
    }

    /// Goes on with the word of the table.
    pub fn resume(self, outcome: RefreshOutcome, context: &mut Context<'_>) -> Step<F> {
        self.flow.on_refresh(outcome, context)
    }
}

/// A request waits for its own body.
#[derive(Debug)]
#[must_use = "a read that is dropped gives the request up"]
pub struct Read<F> {
    limits: BodyLimits,
    flow: F,
}

impl<F: Flow> Read<F> {
    pub(crate) const fn new(limits: BodyLimits, flow: F) -> Self {
        Self { limits, flow }
    }

    /// How much may come, and how long it may take.
    #[must_use]
    pub const fn limits(&self) -> BodyLimits {
        self.limits
    }

    /// Goes on with the whole body, or with the reason that it could not be read.
    pub fn resume(self, body: Result<Vec<u8>, BodyError>, context: &mut Context<'_>) -> Step<F> {
        self.flow.on_body(body, context)
    }
}

/// A request waits until a revocation is recorded.
#[derive(Debug)]
#[must_use = "a revocation that is dropped is not recorded"]
pub struct Revoke<F> {
    revocation: Revocation,
    flow: F,
}

impl<F: Flow> Revoke<F> {
    pub(crate) const fn new(revocation: Revocation, flow: F) -> Self {
        Self { revocation, flow }
    }

    /// What to record.
    #[must_use]
    pub const fn revocation(&self) -> &Revocation {
        &self.revocation
    }

    /// Goes on with what came of it.
    pub fn resume(self, outcome: RevocationOutcome, context: &mut Context<'_>) -> Step<F> {
        self.flow.on_revoked(outcome, context)
    }
}
