//! Guarded requests of somebody who is signed in: the session's cookie, and its access token.
//!
//! ```text
//! session ─► caused by us? ─► token due? ── no ──► forward with the token, or serve
//!    │ none      │ no             │ yes                ▲
//!    ▼           ▼                ▼                    │
//!  refused     403            await a refresh ─► Renewed, with a new cookie
//!                                 │
//!                                 ├─► Refused, or signed out meanwhile: as without a session
//!                                 └─► Unavailable: on with the old token, else 503
//! ```

use super::{
    Answer, Decision, Forward, Gate, GateFlow, RefreshDemand, RefreshOutcome, Refreshing,
    RequestEdits, ResponseEdits, Serve, access_token, flow::Waiting, pages, prefetch::is_prefetch,
    respond, sessions::FoundSession,
};
use crate::{
    entropy::Entropy,
    flow::{AwaitRefresh, Context, Step},
    http::{Cookies, FieldText, Headers, RequestHead, Url},
    path::RequestTarget,
    session::{HeldCookies, Session},
    time::UnixSeconds,
};
use alloc::{boxed::Box, format, string::String};
use core::fmt;

/// The most refreshes that one request waits for: what is remembered of the last one may be due
/// again, but not for ever.
const MAX_REFRESHES: u8 = 2;

/// Where a request goes on to.
pub(super) enum Onward {
    /// To an upstream, with the access token or without it.
    Forward { destination: Url, carries_token: bool },
    /// Nowhere: the access token is the answer.
    HandOut,
    /// To the application.
    Serve { path: String, query: Option<String> },
}

/// A query may hold a token, so it is not printed.
impl fmt::Debug for Onward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forward { destination, carries_token } => f
                .debug_struct("Forward")
                .field("destination", destination)
                .field("carries_token", carries_token)
                .finish(),
            Self::HandOut => f.write_str("HandOut"),
            Self::Serve { path, .. } => {
                f.debug_struct("Serve").field("path", path).finish_non_exhaustive()
            }
        }
    }
}

/// A request that may go on, and what it takes along.
#[derive(Debug)]
struct Admitted {
    onward: Onward,
    edits: RequestEdits,
    held: HeldCookies,
    is_prefetch: bool,
}

/// A request that waits for new tokens.
#[derive(Debug)]
pub(super) struct Unrefreshed {
    admitted: Admitted,
    /// With the old tokens.
    session: Session,
    /// The answer where the session turns out to be over.
    refusal: Answer,
    refreshes_left: u8,
}

/// What becomes of the session's cookie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cookie {
    /// Nothing.
    Stays,
    /// It is written again if the last use that it records is old enough.
    Rolls,
    /// It is written, with new tokens.
    IsNew,
}

impl Gate {
    /// A request that needs a session.
    pub(super) fn guarded(
        &self,
        onward: Onward,
        target: &RequestTarget<'_>,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let now = context.now.unix;
        let FoundSession { session, held } =
            self.find_session(Cookies::of(request.headers), context);
        let (path, query) = (target.path.as_str(), target.query);
        let Some(session) = session else {
            return Step::Done(self.refuse(request, path, query, held));
        };
        if self.0.cross_site.refuses(request, &self.0.client.base_url) {
            return respond(pages::forged());
        }
        let edits = match &onward {
            Onward::Forward { .. } => self.forward_edits(request, true),
            Onward::HandOut | Onward::Serve { .. } => self.serve_edits(request),
        };
        let admitted = Admitted { onward, edits, held, is_prefetch: is_prefetch(request) };
        if self.wants_refresh(&admitted, &session, now) {
            let refusal = self.refusal(request, path, query);
            let refreshes_left = MAX_REFRESHES;
            return self.refresh(Unrefreshed { admitted, session, refusal, refreshes_left });
        }
        // A session whose token has expired stays: pages go on to know who it is.
        let decision = self
            .go_on(admitted, session, Cookie::Rolls, context)
            .unwrap_or_else(|| self.refuse(request, path, query, HeldCookies::default()));
        Step::Done(decision)
    }

    /// Whether the tokens of `session` are due for a refresh. A browser that only looks ahead is
    /// no reason for one, unless there is no other way to answer it.
    fn wants_refresh(&self, admitted: &Admitted, session: &Session, now: UnixSeconds) -> bool {
        let tokens = &session.tokens;
        let is_due = match (&admitted.onward, admitted.is_prefetch) {
            (Onward::Forward { carries_token: true, .. } | Onward::HandOut, true) => {
                !tokens.is_usable(now)
            }
            (_, true) => false,
            (_, false) => tokens.is_due(now, self.0.refresh_margin),
        };
        is_due && tokens.refresh_token.is_some()
    }

    fn refresh(&self, unrefreshed: Unrefreshed) -> Step<GateFlow> {
        let refreshing = Refreshing::new(self.clone(), unrefreshed.session.clone());
        let waiting = Waiting::Refresh(Box::new(unrefreshed));
        let flow = GateFlow::new(self.clone(), waiting);
        Step::Refresh(AwaitRefresh::new(RefreshDemand::new(refreshing), flow))
    }

    /// A request goes on after a refresh, or after none.
    pub(super) fn on_refresh(
        &self,
        unrefreshed: Unrefreshed,
        outcome: RefreshOutcome,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let Unrefreshed { admitted, session, mut refusal, refreshes_left } = unrefreshed;
        let (now, held) = (context.now.unix, admitted.held);
        if self.is_revoked(&session, context) {
            // Somebody signed out meanwhile, which has removed the cookies already: those of a newer
            // session are not to go.
            return Step::Done(Decision::Respond(refusal));
        }
        let decision = match outcome {
            RefreshOutcome::Renewed(renewed) => {
                let session = Session { used_at: session.used_at, ..(*renewed).clone() };
                let refreshes_left = refreshes_left.saturating_sub(1);
                if refreshes_left > 0 && self.wants_refresh(&admitted, &session, now) {
                    let again = Unrefreshed { admitted, session, refusal, refreshes_left };
                    return self.refresh(again);
                }
                let unavailable = pages::tokens_unavailable(&refusal, 1);
                self.go_on(admitted, session, Cookie::IsNew, context)
                    .or(Some(Decision::Respond(unavailable)))
            }
            RefreshOutcome::Unavailable { retry_after } => {
                let seconds = retry_after.as_secs().saturating_add(1);
                let unavailable = pages::tokens_unavailable(&refusal, seconds);
                self.go_on(admitted, session, Cookie::Stays, context)
                    .or(Some(Decision::Respond(unavailable)))
            }
            RefreshOutcome::Refused => {
                self.remove_session(held, &mut refusal.response.headers);
                None
            }
        };
        Step::Done(decision.unwrap_or(Decision::Respond(refusal)))
    }

    /// `None` where there is no access token for a request that needs one.
    fn go_on(
        &self,
        admitted: Admitted,
        session: Session,
        cookie: Cookie,
        context: &mut Context<'_>,
    ) -> Option<Decision> {
        let Admitted { onward, mut edits, held, is_prefetch } = admitted;
        let now = context.now.unix;
        let mut headers = Headers::new();
        let mut handed_out = None;
        match &onward {
            Onward::Forward { carries_token: true, .. } => {
                let token = session.access_token(now)?;
                let bearer = FieldText::new(format!("Bearer {}", token.expose())).ok()?;
                edits = edits.with_credentials(bearer);
            }
            Onward::HandOut => handed_out = Some(access_token::answer(&session, now)?),
            Onward::Forward { carries_token: false, .. } | Onward::Serve { .. } => {}
        }
        match cookie {
            Cookie::Stays => {}
            Cookie::Rolls if is_prefetch => {}
            Cookie::Rolls => self.roll(&session, held, now, context.entropy, &mut headers),
            Cookie::IsNew => {
                let used_at = if is_prefetch { session.used_at } else { now };
                let used = Session { used_at, ..session.clone() };
                self.try_write(&used, held, now, context.entropy, &mut headers);
            }
        }
        if let Some(mut answer) = handed_out {
            answer.headers.extend(headers);
            return Some(Decision::Respond(answer.into()));
        }
        let response = ResponseEdits::new(self.0.names.clone(), headers, true);
        Some(match onward {
            Onward::HandOut => return None,
            Onward::Forward { destination, .. } => Decision::Forward(Forward {
                destination,
                request: edits,
                response,
                limits: self.0.limits,
            }),
            Onward::Serve { path, query } => Decision::Serve(Serve {
                path,
                query,
                session: Some(session),
                request: edits,
                response,
            }),
        })
    }

    /// Writes the session again where its last use is worth recording.
    ///
    /// Not where its tokens are to be refreshed soon: the answer could reach the browser after that
    /// of the refresh, and bring the old refresh token back.
    pub(super) fn roll(
        &self,
        session: &Session,
        held: HeldCookies,
        now: UnixSeconds,
        entropy: &mut dyn Entropy,
        headers: &mut Headers,
    ) {
        let is_worth_it = self.0.session_policy.is_worth_touching(session, now)
            || held.is_auth0_alone()
            || held.is_by_old_secret();
        if is_worth_it && !self.is_refreshed_soon(session, now) {
            let used = Session { used_at: now, ..session.clone() };
            self.try_write(&used, held, now, entropy, headers);
        }
    }

    /// A cookie that cannot be sealed is left as it is.
    fn try_write(
        &self,
        session: &Session,
        held: HeldCookies,
        now: UnixSeconds,
        entropy: &mut dyn Entropy,
        headers: &mut Headers,
    ) {
        let mut written = Headers::new();
        if self.write_session(session, held, now, entropy, &mut written).is_ok() {
            headers.extend(written);
        }
    }

    fn is_refreshed_soon(&self, session: &Session, now: UnixSeconds) -> bool {
        let limits = &self.0.limits;
        let answer = limits.connect.saturating_add(limits.first_byte).as_secs();
        let soon = now.saturating_add(answer);
        session.tokens.refresh_token.is_some() && session.tokens.is_due(soon, self.0.refresh_margin)
    }
}
