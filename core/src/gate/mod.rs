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

mod access_token;
mod answer;
mod backchannel;
mod caching;
mod callback;
mod config;
mod cross_site;
mod decision;
mod document;
mod edits;
mod explain;
mod flow;
mod guarded;
mod login;
mod logout;
mod malformed;
mod own_routes;
mod pages;
mod prefetch;
mod profile;
mod refresh;
mod refusal;
mod route;
mod sessions;

pub use answer::{Answer, AnswerReason};
pub use backchannel::BackchannelLogoutError;
pub use config::{GateBuilder, GateConfigError};
pub use cross_site::CrossSitePolicy;
pub use decision::{Decision, Forward, ForwardLimits, Serve, UpstreamFailure};
pub use edits::{RequestEdits, ResponseEdits, ResponseFilter};
pub use explain::{GateExplanation, GateOutcome};
pub use flow::GateFlow;
pub use malformed::Malformed;
pub use own_routes::{GateRoute, GateRoutes};
pub use profile::SignedOutProfile;
pub use refresh::{
    RefreshDemand, RefreshEvent, RefreshFlight, RefreshFlightId, RefreshFlow, RefreshLimits,
    RefreshOutcome, RefreshProgress, Refreshes, Refreshing,
};

use crate::{
    crypto::CryptoProvider,
    flow::{Context, Step},
    http::{Cookies, FieldText, Headers, Query, RequestHead},
    issuer::IssuerIndex,
    jwt::{ClockTolerance, TokenPolicy},
    oidc::{ClientConfig, LoginPolicy, LogoutPolicy},
    path::RequestTarget,
    pattern::Pattern,
    rewrite::Router,
    session::{Auth0Cookies, CookieNames, KeptClaims, SecretRing, SessionPolicy},
};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt::{self, Write as _};
use own_routes::OwnPath;

/// The most bytes of all `Cookie` fields of a request: more than the gate's own can have, and less
/// than the limits of servers for a whole head, so that there is a page instead of a bare 431.
const MAX_COOKIES_LENGTH: usize = 48 * 1024;

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
    pages: Vec<Pattern>,
    cross_site: CrossSitePolicy,
    signed_out_profile: SignedOutProfile,
    hands_out_access_tokens: bool,
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
        let cookies = Cookies::of(request.headers);
        if cookies.length() > MAX_COOKIES_LENGTH {
            let for_person = self.is_for_person(request, target.path.as_str());
            return respond(self.refuse_cookies(cookies, for_person));
        }
        match self.0.routes.find(target.path.as_str()) {
            Some(route) => self.own_route(route, &target, request, context),
            None => self.route(&target, request, context),
        }
    }

    fn own_route(
        &self,
        at: OwnPath,
        target: &RequestTarget<'_>,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let OwnPath::Route(route) = at else { return respond(pages::not_found()) };
        let is_off = match route {
            GateRoute::AccessToken => !self.0.hands_out_access_tokens,
            GateRoute::BackchannelLogout => self.0.logout_tokens.is_none(),
            _ => false,
        };
        if is_off {
            return respond(pages::not_found());
        }
        if !route.has_method(request.method) {
            return respond(pages::no_such_method(route.methods()));
        }
        if route == GateRoute::Login && prefetch::is_prefetch(request) {
            return respond(pages::prefetched());
        }
        let query = Query::new(target.query.unwrap_or_default());
        let cookies = Cookies::of(request.headers);
        match route {
            GateRoute::AccessToken => self.hand_out_access_token(target, request, context),
            GateRoute::BackchannelLogout => self.begin_backchannel_logout(request),
            GateRoute::Callback => self.begin_callback(query, cookies, context),
            GateRoute::Login => self.begin_login(query, cookies, context),
            GateRoute::Logout => self.begin_logout(query, request, context),
            GateRoute::Profile => respond(self.profile(cookies, context)),
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
