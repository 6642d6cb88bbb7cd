//! The logout route: the session here ends, then the one at the provider.
//!
//! Another site may send a browser here, or put the address into an image; neither signs anybody
//! out. A navigation that the application's own page or the user's address bar caused does (by the
//! fetch metadata of the browser), and so does a form of the application's own. For all others
//! there is a page that asks.
//!
//! The cookies are removed whatever is wrong with them, and whether or not the provider can be
//! reached.

mod page;
mod permission;

use self::permission::Permission;
use super::{Gate, GateFlow, RefreshDemand, flow::Waiting, pages, respond};
use crate::{
    flow::{Await, AwaitRefresh, Context, Step},
    http::{
        Cookies, FieldText, Headers, Query, QueryWriter, RequestHead, Response, SameSite, SetCookie,
    },
    issuer::Need,
    oidc::{EndSession, LogoutTarget, ProviderLogout},
    secret::Secret,
    session::Session,
};
use alloc::{string::String, vec::Vec};

/// The most cookies that one logout removes.
const MAX_REMOVALS: usize = 64;

/// A logout that waits: for the end of the session, or for the discovery document.
#[derive(Debug)]
pub(super) struct Pending {
    id_token: Option<Secret>,
    provider_session: Option<String>,
    target: LogoutTarget,
    federated: bool,
    /// The status of the redirect.
    status: u16,
    removals: Headers,
}

impl Gate {
    /// Where the provider sends browsers to after they signed out. It must be registered there,
    /// and so must any other target that is asked for.
    #[must_use]
    pub fn post_logout_redirect_uri(&self) -> String {
        self.0.logout.default_target().url(&self.0.client.base_url)
    }

    pub(super) fn begin_logout(
        &self,
        query: Query<'_>,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        match Permission::of(request, self.0.client.base_url.as_str()) {
            Permission::Given => self.end_session(query, request, context),
            Permission::Ask => respond(page::confirm(&self.logout_path(query))),
            Permission::Forged => respond(pages::forged()),
            Permission::Prefetch => respond(pages::prefetched()),
        }
    }

    fn end_session(
        &self,
        query: Query<'_>,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let cookies = Cookies::of(request.headers);
        let session = self.find_session(cookies, context.now.unix).session;
        let id = session.as_ref().map(Session::id);
        let (id_token, provider_session) = session
            .map(|session| (session.tokens.id_token, session.provider_session))
            .unwrap_or_default();
        let pending = Pending {
            id_token,
            provider_session,
            target: self.logout_target(query),
            federated: self.0.logout.is_federated() || asks_for_federated(query),
            // After a POST, 302 would leave the method to the browser (RFC 9110 §15.4.3).
            status: if request.method == "POST" { 303 } else { 302 },
            removals: self.remove_all_cookies(cookies),
        };
        match id {
            // First of all: what is under way for the session must not bring it back.
            Some(id) => {
                let flow = GateFlow::new(self.clone(), Waiting::SignOut(pending));
                Step::Refresh(AwaitRefresh::new(RefreshDemand::sign_out(id), flow))
            }
            None => self.on_signed_out(pending, context),
        }
    }

    /// The session is over; now for the one at the provider.
    pub(super) fn on_signed_out(
        &self,
        pending: Pending,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let is_known = || {
            let snapshot = context.issuers.snapshot(self.0.issuer);
            snapshot.is_some_and(|snapshot| snapshot.metadata().is_some())
        };
        if self.0.logout.provider() == ProviderLogout::Nowhere || is_known() {
            return self.on_logout_metadata(pending, context);
        }
        let flow = GateFlow::new(self.clone(), Waiting::Logout(pending));
        Step::Await(Await::new(self.0.issuer, Need::Metadata, flow))
    }

    /// Without the discovery document the logout is a local one.
    pub(super) fn on_logout_metadata(
        &self,
        pending: Pending,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let Pending { id_token, provider_session, target, federated, status, removals } = pending;
        let snapshot = context.issuers.snapshot(self.0.issuer);
        let metadata = snapshot.as_ref().and_then(|snapshot| snapshot.metadata());
        let request = EndSession {
            client: &self.0.client,
            id_token: id_token.as_ref().map(Secret::expose),
            provider_session: provider_session.as_deref(),
            target: &target.url(&self.0.client.base_url),
            federated,
        };
        let location = metadata
            .and_then(|metadata| request.url(metadata, self.0.logout.provider()))
            .unwrap_or_else(|| target.location());
        let mut response = Response::redirect(status, FieldText::lossy(location));
        response.headers.extend(removals);
        respond(response)
    }

    /// Removes every cookie of the gate's own that the browser sent: the session, logins under way,
    /// and chunks that no session of today would have.
    fn remove_all_cookies(&self, cookies: Cookies<'_>) -> Headers {
        let mut names: Vec<&str> = Vec::new();
        cookies.each(&mut |name, _| {
            if let Ok(name) = core::str::from_utf8(name)
                && name.bytes().all(|byte| byte.is_ascii_graphic())
                && self.0.names.is_own(name.as_bytes())
                && names.len() < MAX_REMOVALS
                && !names.contains(&name)
            {
                names.push(name);
            }
        });
        let mut headers = Headers::new();
        for name in names {
            let (secure, same_site) = (self.0.secure, SameSite::Lax);
            let removal = SetCookie { name, value: "", max_age: 0, secure, same_site };
            headers.append("set-cookie", removal.field());
        }
        headers
    }

    /// Where the logout is to end. What is not allowed, stands there twice, or would lead to one of
    /// the gate's own routes counts as left out.
    fn logout_target(&self, query: Query<'_>) -> LogoutTarget {
        query
            .unique("returnTo")
            .ok()
            .flatten()
            .and_then(|asked| self.0.logout.allowed_target(&asked, &self.0.client.base_url))
            .filter(|target| match target {
                LogoutTarget::Path(path) => self.0.routes.find(path.path()).is_none(),
                LogoutTarget::Url(_) => true,
            })
            .unwrap_or_else(|| self.0.logout.default_target().clone())
    }

    /// The path that asks for the same logout once more.
    fn logout_path(&self, query: Query<'_>) -> String {
        let mut path = QueryWriter::for_url(self.0.routes.path("logout"));
        for name in ["returnTo", "federated"] {
            if let Ok(Some(value)) = query.unique(name) {
                path = path.pair(name, &value);
            }
        }
        path.finish()
    }
}

/// As in the Auth0 SDK: the parameter is there, and is not `false`.
fn asks_for_federated(query: Query<'_>) -> bool {
    matches!(query.unique("federated"), Ok(Some(value)) if value != "false")
}
