//! A request to the gate that waits for something.

use super::{Decision, Gate, RefreshOutcome, callback, guarded, login, logout, pages, respond};
use crate::{
    flow::{Context, Flow, Step},
    http::{FetchError, Inbound},
    issuer::Availability,
};
use alloc::boxed::Box;

/// A request to the gate that waits for something.
#[derive(Debug)]
pub struct GateFlow {
    gate: Gate,
    waiting: Waiting,
}

/// What a request waits for, and what it needs to go on.
#[derive(Debug)]
pub(super) enum Waiting {
    /// A login, for the discovery document.
    Login(login::Pending),
    /// A callback, for the discovery document.
    Callback(callback::Received),
    /// A callback, for the token endpoint.
    Tokens(callback::Redeeming),
    /// A callback, for the key of the ID token.
    Key(callback::Verifying),
    /// A logout, for the discovery document.
    Logout(logout::Pending),
    /// A guarded request, for new tokens.
    Refresh(Box<guarded::Unrefreshed>),
    /// A logout, for the end of the session.
    SignOut(logout::Pending),
}

impl GateFlow {
    pub(super) const fn new(gate: Gate, waiting: Waiting) -> Self {
        Self { gate, waiting }
    }
}

impl Flow for GateFlow {
    type Output = Decision;

    fn on_answer(
        self,
        answer: Result<Inbound, FetchError>,
        context: &mut Context<'_>,
    ) -> Step<Self> {
        match self.waiting {
            Waiting::Tokens(redeeming) => self.gate.on_tokens(redeeming, answer, context),
            // No other wait is for an answer.
            _ => respond(pages::internal()),
        }
    }

    fn on_availability(self, availability: Availability, context: &mut Context<'_>) -> Step<Self> {
        match self.waiting {
            Waiting::Login(pending) => self.gate.on_login_metadata(pending, availability, context),
            Waiting::Callback(received) => self.gate.on_callback_metadata(received, context),
            Waiting::Key(verifying) => self.gate.on_key(verifying, availability, context),
            Waiting::Logout(pending) => self.gate.on_logout_metadata(pending, context),
            Waiting::Refresh(_) | Waiting::SignOut(_) | Waiting::Tokens(_) => {
                respond(pages::internal())
            }
        }
    }

    fn on_refresh(self, outcome: RefreshOutcome, context: &mut Context<'_>) -> Step<Self> {
        match self.waiting {
            Waiting::Refresh(unrefreshed) => self.gate.on_refresh(*unrefreshed, outcome, context),
            Waiting::SignOut(pending) => self.gate.on_signed_out(pending, context),
            // No other wait is for a session.
            _ => respond(pages::internal()),
        }
    }
}
