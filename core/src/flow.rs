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
