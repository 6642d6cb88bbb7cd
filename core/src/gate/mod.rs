//! The front gate: from the head of a request to what is done with it.
//!
//! ```text
//! head ─► canonical path ─► own route? ─► login, callback, logout, backchannel-logout, me
//!             │ 400              │
//!                                ▼
//!                    rewrite rules ─► guarded? ─► session ─► forward with the access token,
//!                                        │           │       or serve
//!                                        ▼           ▼
//!                                     forward    401, or to the sign-in page
//! ```
//!
//! The guard looks at the same canonical path as the rules do, and again at what they made of it.

mod answer;
mod backchannel;
mod callback;
mod config;
mod decision;
mod document;
mod edits;
mod explain;
mod flow;
mod guarded;
mod login;
mod logout;
mod malformed;
mod pages;
mod prefetch;
mod refresh;
mod refusal;
mod route;
mod sessions;

pub use answer::{Answer, AnswerReason};
pub use backchannel::BackchannelLogoutError;
pub use config::{GateBuilder, GateConfigError, GateRoutes};
pub use decision::{Decision, Forward, ForwardLimits, Serve, UpstreamFailure};
pub use edits::{RequestEdits, ResponseEdits, ResponseFilter};
pub use explain::{GateExplanation, GateOutcome};
pub use flow::GateFlow;
pub use malformed::Malformed;
pub use refresh::{
    RefreshDemand, RefreshEvent, RefreshFlight, RefreshFlightId, RefreshFlow, RefreshLimits,
    RefreshOutcome, RefreshProgress, Refreshes, Refreshing,
};

use crate::{
    crypto::CryptoProvider,
    flow::{Context, Step},
    http::{Cookies, FieldText, Headers, Query, RequestHead, Response},
    issuer::IssuerIndex,
    jwt::{ClockTolerance, TokenPolicy},
    oidc::{ClientConfig, LoginPolicy, LogoutPolicy},
    path::RequestTarget,
    pattern::Pattern,
    rewrite::Router,
    session::{Auth0Cookies, CookieNames, KeptClaims, SecretRing, SessionPolicy},
};
use alloc::{string::String, sync::Arc, vec::Vec};
use config::OwnRoute;
use core::fmt::{self, Write as _};

/// The front gate of one application. Cloning it is cheap, and the clones are one gate.
#[derive(Clone)]
pub struct Gate(Arc<GateInner>);

pub(crate) struct GateInner {
    client: ClientConfig,
    redirect_uri: String,
    secrets: SecretRing,
    crypto: CryptoProvider,
    issuer: IssuerIndex,
    id_tokens: TokenPolicy,
    /// `None` where the provider's word that a session is over is not taken.
    logout_tokens: Option<TokenPolicy>,
    routes: GateRoutes,
    names: CookieNames,
    secure: bool,
    session_policy: SessionPolicy,
    kept_claims: KeptClaims,
    keeps_id_token: bool,
    refresh_margin: u64,
    api: Vec<Pattern>,
    router: Router,
    limits: ForwardLimits,
    clock_tolerance: ClockTolerance,
    login: LoginPolicy,
    logout: LogoutPolicy,
    auth0_cookies: Option<Auth0Cookies>,
}

impl Gate {
    /// Starts to set up a gate for `client`, whose cookies are sealed with `secrets`.
    #[must_use]
    pub fn builder(
        client: ClientConfig,
        secrets: SecretRing,
        crypto: CryptoProvider,
    ) -> GateBuilder {
        GateBuilder::new(client, secrets, crypto)
    }

    /// Where the provider sends browsers back to. It must be registered there.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.0.redirect_uri
    }

    /// The rules and the matcher, and what the application serves; the gate's own routes count as
    /// served.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.0.router
    }

    /// Begins a request.
    pub fn begin(&self, request: &RequestHead<'_>, context: &mut Context<'_>) -> Step<GateFlow> {
        let target = match malformed::target(request) {
            Ok(target) => target,
            Err(malformed) => return respond(malformed),
        };
        match self.0.routes.find(target.path.as_str()) {
            Some(route) => self.own_route(route, &target, request, context),
            None => self.route(&target, request, context),
        }
    }

    fn own_route(
        &self,
        route: OwnRoute,
        target: &RequestTarget<'_>,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let is_missing = match route {
            OwnRoute::BackchannelLogout => self.0.logout_tokens.is_none(),
            route => route == OwnRoute::Unknown,
        };
        if is_missing {
            return respond(pages::not_found());
        }
        if !route.has_method(request.method) {
            return respond(pages::no_such_method(route.methods()));
        }
        if route == OwnRoute::Login && prefetch::is_prefetch(request) {
            return respond(pages::prefetched());
        }
        let query = Query::new(target.query.unwrap_or_default());
        let cookies = Cookies::of(request.headers);
        match route {
            OwnRoute::BackchannelLogout => self.begin_backchannel_logout(request),
            OwnRoute::Callback => self.begin_callback(query, cookies, context),
            OwnRoute::Login => self.begin_login(query, cookies, context),
            OwnRoute::Logout => self.begin_logout(query, request, context),
            OwnRoute::Me => respond(self.me(cookies, context)),
            OwnRoute::Unknown => respond(pages::not_found()),
        }
    }

    /// Who is signed in: the user's claims, or 204.
    fn me(&self, cookies: Cookies<'_>, context: &mut Context<'_>) -> Response {
        let found = self.find_session(cookies, context);
        match found.session {
            Some(session) => {
                // No `<`, so that no browser takes it for a page.
                let claims = session.user().to_json().replace('<', "\\u003c");
                Response::with_body(200, "application/json", claims)
            }
            None => {
                let mut response = Response::empty(204);
                self.remove_session(found.held, &mut response.headers);
                response
            }
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("client", &self.0.client).finish_non_exhaustive()
    }
}

fn respond(answer: impl Into<Answer>) -> Step<GateFlow> {
    Step::Done(Decision::Respond(answer.into()))
}

/// The length of an IPv6 address that ends in an IPv4 one.
const LONGEST_ADDRESS: usize = 45;

/// The client as the connection shows it, for upstreams. What the client itself says of this was
/// dropped.
fn forwarded(request: &RequestHead<'_>, headers: &mut Headers) {
    if let Some(peer) = request.peer {
        let mut address = String::with_capacity(LONGEST_ADDRESS);
        // Writing to a string does not fail.
        let _ = write!(address, "{peer}");
        headers.append("x-forwarded-for", FieldText::lossy(address));
    }
    if let Some(host) = request.header("host").text() {
        headers.append("x-forwarded-host", FieldText::lossy(String::from(host)));
    }
    let scheme = if request.secure { "https" } else { "http" };
    headers.append("x-forwarded-proto", FieldText::constant(scheme));
}

#[cfg(test)]
mod tests;
