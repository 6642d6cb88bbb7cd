//! The front gate: from the head of a request to what is done with it.
//!
//! ```text
//! head ─► canonical path ─► own route? ─► login, callback, logout, me
//!             │ 400              │
//!                                ▼
//!                    rewrite rules ─► guarded? ─► session ─► forward with the access token,
//!                                        │           │       or serve
//!                                        ▼           ▼
//!                                     forward    401, or to the sign-in page
//! ```
//!
//! The guard looks at the same canonical path as the rules do, and again at what they made of it.

mod callback;
mod config;
mod decision;
mod edits;
mod flow;
mod login;
mod logout;
mod pages;
mod refusal;
mod route;
mod sessions;

pub use config::{GateBuilder, GateConfigError, GateRoutes};
pub use decision::{Decision, Forward, ForwardLimits, Serve, UpstreamFailure};
pub use edits::{RequestEdits, ResponseEdits, ResponseFilter};
pub use flow::GateFlow;

use crate::{
    crypto::CryptoProvider,
    flow::{Context, Step},
    http::{Cookies, FieldText, Headers, One, Query, RequestHead, Response},
    issuer::IssuerIndex,
    jwt::TokenPolicy,
    oidc::ClientConfig,
    path::RequestTarget,
    pattern::Pattern,
    rewrite::{Matcher, Rewrites},
    session::{CookieNames, SecretRing, SessionPolicy},
};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use config::{OwnRoute, Serves};
use core::fmt;

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
    routes: GateRoutes,
    names: CookieNames,
    secure: bool,
    session_policy: SessionPolicy,
    protected: Option<Matcher>,
    api: Vec<Pattern>,
    rewrites: Option<Rewrites>,
    serves: Box<Serves>,
    limits: ForwardLimits,
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

    /// Where the provider sends browsers to after they signed out. It must be registered there.
    #[must_use]
    pub fn post_logout_redirect_uri(&self) -> &str {
        self.0.client.base_url.as_str()
    }

    /// Begins a request.
    pub fn begin(&self, request: &RequestHead<'_>, context: &mut Context<'_>) -> Step<GateFlow> {
        if request.method == "CONNECT" {
            return respond(pages::method_not_allowed("GET, HEAD, POST, PUT, PATCH, DELETE"));
        }
        let One::Value(host) = request.header("host") else {
            return respond(pages::bad_request("host"));
        };
        let Some(target) = origin_form(request.target, host) else {
            return respond(pages::bad_request("target"));
        };
        let target = match RequestTarget::parse(target) {
            Ok(target) => target,
            Err(error) if error.is_length() => return respond(pages::uri_too_long(error.code())),
            Err(error) => return respond(pages::bad_request(error.code())),
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
        if route == OwnRoute::Unknown {
            return respond(pages::not_found());
        }
        if !matches!(request.method, "GET" | "HEAD") {
            return respond(pages::method_not_allowed("GET, HEAD"));
        }
        let query = Query::new(target.query.unwrap_or_default());
        let cookies = Cookies::of(request.headers);
        match route {
            OwnRoute::Callback => self.begin_callback(query, cookies, context),
            OwnRoute::Login => self.begin_login(query, cookies, context),
            OwnRoute::Logout => self.begin_logout(cookies, context),
            OwnRoute::Me => respond(self.me(cookies, context)),
            OwnRoute::Unknown => respond(pages::not_found()),
        }
    }

    /// Who is signed in: the user's claims, or 204.
    fn me(&self, cookies: Cookies<'_>, context: &mut Context<'_>) -> Response {
        let found = self.find_session(cookies, context.now.unix);
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

fn respond(response: Response) -> Step<GateFlow> {
    Step::Done(Decision::Respond(response))
}

/// The path and the query of a request target (RFC 9112 §3.2). In the absolute form the authority
/// must be the one that `Host` names.
fn origin_form<'h>(target: &'h str, host: &[u8]) -> Option<&'h str> {
    if target.starts_with('/') {
        return Some(target);
    }
    let rest = ["http://", "https://"].iter().find_map(|scheme| target.strip_prefix(scheme))?;
    let (authority, path) = rest.split_at_checked(rest.find('/')?)?;
    authority.as_bytes().eq_ignore_ascii_case(host).then_some(path)
}

/// The client as the connection shows it, for upstreams. What the client itself says of this was
/// dropped.
fn forwarded(request: &RequestHead<'_>, headers: &mut Headers) {
    if let Some(peer) = request.peer {
        headers.append("x-forwarded-for", FieldText::lossy(alloc::format!("{peer}")));
    }
    if let Some(host) = request.header("host").text() {
        headers.append("x-forwarded-host", FieldText::lossy(String::from(host)));
    }
    let scheme = if request.secure { "https" } else { "http" };
    headers.append("x-forwarded-proto", FieldText::constant(scheme));
}

#[cfg(test)]
mod tests;
