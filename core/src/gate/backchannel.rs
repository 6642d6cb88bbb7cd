//! The back-channel logout route: the provider says that somebody's session is over (OpenID Connect
//! Back-Channel Logout 1.0 §2.5 to §2.8).
//!
//! ```text
//! form ─► logout token ─► issuer ─► key ─► claims ─► record ─► 200
//!   4xx       400          503      503     400    400 again, 503
//! ```
//!
//! The token is all that proves who asks, so nothing is believed before its signature. A bad token
//! is 400, an outage 503, and neither is ever taken for the other: the provider may send a good
//! token again.

use super::{Answer, AnswerReason, Gate, GateFlow, GateRoute, flow::Waiting, respond};
use crate::{
    flow::{Await, Context, Read, Revoke, Step},
    http::{BodyError, BodyLimits, FieldText, Query, RequestHead, Response},
    issuer::{Availability, Need},
    jwt::{Inspected, TokenError, TokenPolicy, Unattributed},
    key_set::KeyLookup,
    oidc::{LogoutOrder, LogoutTokenError, OrderedSessions},
    session::{Revocation, RevocationKey, RevocationOutcome},
    time::UnixSeconds,
};
use alloc::{format, string::String, vec::Vec};
use core::{fmt, time::Duration};

/// A form with a token of the greatest length, and what else a provider may put beside it.
const LIMITS: BodyLimits =
    BodyLimits { max_bytes: 2 * TokenPolicy::MAX_LENGTH, deadline: Duration::from_secs(10) };

/// How long the number of a logout token is remembered, in seconds: longer than the token is taken,
/// with both clocks as far apart as is tolerated.
const REPLAY_MEMORY: u64 = 1800;

/// Why a back-channel logout is refused. For logs and counters, and for the status.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BackchannelLogoutError {
    /// The body could not be read. 408 where it took too long, 413 where it is too large,
    /// otherwise 400.
    Body(BodyError),
    /// The body is not a form. 415.
    MediaType,
    /// The form has no logout token, or more than one. 400.
    NoToken,
    /// The token breaks a rule. 400.
    Token(LogoutTokenError),
    /// The provider's keys, or the memory of what is over, are not to be had. 503.
    Unavailable,
}

impl BackchannelLogoutError {
    const fn status(self) -> u16 {
        match self {
            Self::Body(BodyError::Timeout) => 408,
            Self::Body(BodyError::TooLarge) => 413,
            Self::Body(_) | Self::NoToken | Self::Token(_) => 400,
            Self::MediaType => 415,
            Self::Unavailable => 503,
        }
    }

    /// What the provider is told: constant text.
    const fn description(self) -> &'static str {
        match self {
            Self::Body(_) => "The body could not be read.",
            Self::MediaType => "The body must be a form.",
            Self::NoToken => "The form must have one logout_token.",
            Self::Token(_) => "The logout token is not valid.",
            Self::Unavailable => "The logout token cannot be handled at the moment.",
        }
    }

    fn response(self) -> Response {
        let error =
            if self.status() == 503 { "temporarily_unavailable" } else { "invalid_request" };
        let description = self.description();
        let body = format!(r#"{{"error":"{error}","error_description":"{description}"}}"#);
        let mut response = Response::with_body(self.status(), "application/json", body);
        if self.status() == 503 {
            response.headers.append("retry-after", FieldText::from(1));
        }
        response
    }
}

impl From<TokenError> for BackchannelLogoutError {
    fn from(error: TokenError) -> Self {
        Self::Token(LogoutTokenError::Token(error))
    }
}

impl fmt::Display for BackchannelLogoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(error) => error.fmt(f),
            Self::MediaType => f.write_str("the body is not a form"),
            Self::NoToken => f.write_str("the form has no logout token, or more than one"),
            Self::Token(error) => write!(f, "the logout token is not valid: {error}"),
            Self::Unavailable => f.write_str("the logout token cannot be handled at the moment"),
        }
    }
}

impl Gate {
    /// Where the provider says that a session is over. It must be registered there; `None` where
    /// its word is not taken.
    #[must_use]
    pub fn backchannel_logout_uri(&self) -> Option<String> {
        self.0.logout_tokens.as_ref()?;
        Some(self.0.client.base_url.join(self.0.routes.path(GateRoute::BackchannelLogout)))
    }

    pub(super) fn begin_backchannel_logout(&self, request: &RequestHead<'_>) -> Step<GateFlow> {
        let media_type = request.header("content-type").text().and_then(|t| t.split(';').next());
        let form = "application/x-www-form-urlencoded";
        if !media_type.is_some_and(|found| found.trim().eq_ignore_ascii_case(form)) {
            return refuse(BackchannelLogoutError::MediaType);
        }
        Step::Read(Read::new(LIMITS, GateFlow::new(self.clone(), Waiting::LogoutForm)))
    }

    pub(super) fn on_logout_form(
        &self,
        body: Result<Vec<u8>, BodyError>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        match self.read_logout_form(body, context.now.unix) {
            Err(error) => refuse(error),
            Ok(token) if self.knows_issuer(context) => self.attribute_logout(token, context),
            Ok(token) => {
                let flow = GateFlow::new(self.clone(), Waiting::LogoutIssuer(token));
                Step::Await(Await::new(self.0.issuer, Need::Metadata, flow))
            }
        }
    }

    fn read_logout_form(
        &self,
        body: Result<Vec<u8>, BodyError>,
        now: UnixSeconds,
    ) -> Result<Unattributed, BackchannelLogoutError> {
        let body = body.map_err(BackchannelLogoutError::Body)?;
        let form = core::str::from_utf8(&body).map_err(|_| BackchannelLogoutError::NoToken)?;
        let Ok(Some(token)) = Query::new(form).unique("logout_token") else {
            return Err(BackchannelLogoutError::NoToken);
        };
        let policy = self.0.logout_tokens.as_ref().ok_or(BackchannelLogoutError::Unavailable)?;
        Ok(policy.read(&token, now)?)
    }

    /// Goes on once it is known what the issuer calls itself, or that it cannot be asked.
    pub(super) fn attribute_logout(
        &self,
        token: Unattributed,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let snapshot = context.issuers.snapshot(self.0.issuer);
        let Some(metadata) = snapshot.as_ref().and_then(|snapshot| snapshot.metadata()) else {
            return refuse(BackchannelLogoutError::Unavailable);
        };
        let token = match token.from_issuer(metadata.issuer()) {
            Ok(token) => token,
            Err(error) => return refuse(error.into()),
        };
        let (algorithm, id) = (token.algorithm(), token.key_id());
        let known = snapshot
            .as_ref()
            .and_then(|snapshot| snapshot.key(algorithm, id, context.now.monotonic));
        if matches!(known, Some(KeyLookup::Found(_) | KeyLookup::Ambiguous)) {
            return self.on_logout_key(token, Availability::Ready, context);
        }
        let need = Need::Key { algorithm, id: id.cloned() };
        let flow = GateFlow::new(self.clone(), Waiting::LogoutKey(token));
        Step::Await(Await::new(self.0.issuer, need, flow))
    }

    pub(super) fn on_logout_key(
        &self,
        token: Inspected,
        availability: Availability,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let snapshot = context.issuers.snapshot(self.0.issuer);
        let key = snapshot.as_ref().and_then(|snapshot| {
            snapshot.key(token.algorithm(), token.key_id(), context.now.monotonic)
        });
        let verified = match (key, availability) {
            (Some(KeyLookup::Found(key)), _) => token.verify(key).map_err(Into::into),
            (_, Availability::Unavailable { .. }) | (None, _) => {
                Err(BackchannelLogoutError::Unavailable)
            }
            (Some(KeyLookup::Ambiguous | KeyLookup::Unknown), _) => {
                Err(TokenError::UnknownKey.into())
            }
        };
        let order = verified.and_then(|token| {
            LogoutOrder::read(&token, &self.0.client.client_id)
                .map_err(BackchannelLogoutError::Token)
        });
        let issuer = self.issuer_name(context).ok_or(BackchannelLogoutError::Unavailable);
        match order.and_then(|order| Ok((order, issuer?))) {
            Ok((order, issuer)) => {
                let revocation = self.ordered_revocation(&order, &issuer, context.now.unix);
                let flow = GateFlow::new(self.clone(), Waiting::LogoutRecord);
                Step::Revoke(Revoke::new(revocation, flow))
            }
            Err(error) => refuse(error),
        }
    }

    fn ordered_revocation(
        &self,
        order: &LogoutOrder,
        issuer: &str,
        now: UnixSeconds,
    ) -> Revocation {
        let (hash, clientele) = (self.0.crypto.hash, self.clientele(issuer));
        let until = self.last_session_ends(now);
        let of_subject = |subject: &str| RevocationKey::of_subject(hash, clientele, subject);
        let revocation = match &order.sessions {
            OrderedSessions::Of { id, subject } => {
                let sessions = RevocationKey::of_provider_session(hash, clientele, id);
                let owner = subject.as_deref().map_or(sessions, of_subject);
                Revocation::new(sessions, until).with_owner(owner)
            }
            // The user may sign in again right away.
            OrderedSessions::Subject(subject) => {
                Revocation::new(of_subject(subject), until).with_signed_in_until(now)
            }
        };
        let token = RevocationKey::of_token(hash, clientele, &order.token_id);
        revocation.with_token(token, now.saturating_add(REPLAY_MEMORY))
    }

    /// When no session can be alive any more that has begun until `now`.
    pub(super) fn last_session_ends(&self, now: UnixSeconds) -> UnixSeconds {
        const CLOCKS_APART: u64 = 60;
        now.saturating_add(self.0.session_policy.absolute).saturating_add(CLOCKS_APART)
    }

    pub(super) fn knows_issuer(&self, context: &Context<'_>) -> bool {
        let snapshot = context.issuers.snapshot(self.0.issuer);
        snapshot.is_some_and(|snapshot| snapshot.metadata().is_some())
    }
}

/// Answers once the order was recorded, or could not be.
pub(super) fn on_logout_recorded(outcome: RevocationOutcome) -> Step<GateFlow> {
    match outcome {
        RevocationOutcome::Recorded => respond(Response::empty(200)),
        RevocationOutcome::Replayed => {
            refuse(BackchannelLogoutError::Token(LogoutTokenError::Replayed))
        }
        RevocationOutcome::Unavailable => refuse(BackchannelLogoutError::Unavailable),
    }
}

fn refuse(error: BackchannelLogoutError) -> Step<GateFlow> {
    respond(Answer::new(error.response(), AnswerReason::BackchannelLogout(error)))
}
