//! A request to the gate that waits for something.

use super::{
    Decision, Gate, RefreshOutcome, backchannel, callback, guarded, login, logout, pages, respond,
};
use crate::{
    flow::{Context, Flow, Step},
    http::{BodyError, FetchError, Inbound},
    issuer::Availability,
    jwt::{Inspected, Unattributed},
    session::RevocationOutcome,
};
use alloc::{boxed::Box, vec::Vec};

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
    /// A login, for the provider to take its request.
    Pushed(login::Pushing),
    /// A callback, for the discovery document.
    Callback(callback::Received),
    /// A callback, for the token endpoint.
    Tokens(callback::Redeeming),
    /// A callback, for the key of the ID token.
    Key(callback::Verifying),
    /// A logout, for its own session to be recorded as over.
    LogoutOfSession(logout::Pending),
    /// A logout, for the newest tokens of its session.
    LogoutTokens(logout::Pending),
    /// A logout, for the discovery document.
    Logout(logout::Pending),
    /// A guarded request, for new tokens.
    Refresh(Box<guarded::Unrefreshed>),
    /// A logout, for its refresh token to be given back.
    LogoutOfToken(logout::Pending),
    /// A back-channel logout, for its form.
    LogoutForm,
    /// A back-channel logout, for the discovery document.
    LogoutIssuer(Unattributed),
    /// A back-channel logout, for the key of its token.
    LogoutKey(Inspected),
    /// A back-channel logout, to be recorded.
    LogoutRecord,
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
            // Whatever the provider says, the session here is over.
            Waiting::LogoutOfToken(pending) => self.gate.finish_logout(&pending, context),
            Waiting::Pushed(pushing) => self.gate.on_pushed(pushing, answer, context),
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
            Waiting::LogoutIssuer(token) => self.gate.attribute_logout(token, context),
            Waiting::LogoutKey(token) => self.gate.on_logout_key(token, availability, context),
            // No other wait is for an issuer.
            _ => respond(pages::internal()),
        }
    }

    fn on_body(self, body: Result<Vec<u8>, BodyError>, context: &mut Context<'_>) -> Step<Self> {
        match self.waiting {
            Waiting::LogoutForm => self.gate.on_logout_form(body, context),
            _ => respond(pages::internal()),
        }
    }

    fn on_refresh(self, outcome: RefreshOutcome, context: &mut Context<'_>) -> Step<Self> {
        match self.waiting {
            Waiting::Refresh(unrefreshed) => self.gate.on_refresh(*unrefreshed, outcome, context),
            Waiting::LogoutTokens(pending) => {
                self.gate.on_logout_remembered(pending, outcome, context)
            }
            _ => respond(pages::internal()),
        }
    }

    fn on_revoked(self, outcome: RevocationOutcome, context: &mut Context<'_>) -> Step<Self> {
        match self.waiting {
            // Signing out here goes on, whether or not it can be remembered.
            Waiting::LogoutOfSession(pending) => self.gate.on_logout_of_session(pending, context),
            Waiting::LogoutRecord => backchannel::on_logout_recorded(outcome),
            _ => respond(pages::internal()),
        }
    }
}
