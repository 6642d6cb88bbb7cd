//! The logout route: the session here ends, then the one at the provider.
//!
//! Another site may send a browser here, or put the address into an image; neither signs anybody
//! out. A navigation that the application's own page or the user's address bar caused does (by the
//! fetch metadata of the browser), and so does a form of the application's own. For all others
//! there is a page that asks.
//!
//! The session is recorded as over before anything else is waited for, so that neither a copy of its
//! cookie nor a late answer that writes it once more brings it back. The cookies are removed
//! whatever is wrong with them, and whether or not the provider can be reached.
//!
//! The refresh token is given back. Where a refresh has replaced it and the browser does not know
//! yet, that is the new one; a refresh that is still under way gives back its own when it lands.

mod page;
mod permission;

use self::permission::Permission;
use super::{
    Gate, GateFlow, GateRoute, RefreshDemand, RefreshOutcome, Refreshing, flow::Waiting, pages,
    respond, sessions::FoundSession,
};
use crate::{
    flow::{Await, AwaitRefresh, Context, Fetch, Revoke, Step},
    http::{Cookies, FieldText, Headers, Outbound, Query, QueryWriter, RequestHead, Response},
    issuer::Need,
    oidc::{EndSession, LogoutTarget, ProviderLogout, revocation_request},
    secret::Secret,
    session::{Revocation, RevocationKey, Session},
};
use alloc::string::String;

/// A logout that waits for the discovery document. The session is as good as over.
#[derive(Debug)]
pub(super) struct Pending {
    session: Option<Session>,
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
        let FoundSession { session, held } = self.find_session(cookies, context);
        let mut removals = Headers::new();
        self.remove_auth0_session(held, &mut removals);
        self.remove_all_cookies(cookies, &mut removals);
        let revocation = session.as_ref().map(|session| self.own_revocation(session, context));
        let pending = Pending {
            session,
            target: self.logout_target(query),
            federated: self.0.logout.is_federated() || asks_for_federated(query),
            // After a POST, 302 would leave the method to the browser (RFC 9110 §15.4.3).
            status: if request.method == "POST" { 303 } else { 302 },
            removals,
        };
        match revocation {
            Some(revocation) => {
                let flow = GateFlow::new(self.clone(), Waiting::LogoutOfSession(pending));
                Step::Revoke(Revoke::new(revocation, flow))
            }
            None => self.on_logout_of_session(pending, context),
        }
    }

    /// A copy of the cookie, or a late answer that writes it once more, is no session any more.
    fn own_revocation(&self, session: &Session, context: &Context<'_>) -> Revocation {
        let (hash, clientele) = (self.0.crypto.hash, self.clientele(session.issuer()));
        let until = self.last_session_ends(context.now.unix);
        Revocation::new(RevocationKey::of_session(hash, clientele, session.id), until)
            .with_owner(RevocationKey::of_subject(hash, clientele, session.subject()))
    }

    /// Asks for the newest tokens of the session, which may be newer than those of its cookie.
    pub(super) fn on_logout_of_session(
        &self,
        pending: Pending,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let refreshable =
            pending.session.as_ref().filter(|session| session.tokens.refresh_token.is_some());
        let Some(session) = refreshable else {
            return self.on_logout_tokens(pending, context);
        };
        let refreshing = Refreshing::new(self.clone(), session.clone());
        let flow = GateFlow::new(self.clone(), Waiting::LogoutTokens(pending));
        Step::Refresh(AwaitRefresh::new(RefreshDemand::of_remembered(refreshing), flow))
    }

    pub(super) fn on_logout_remembered(
        &self,
        mut pending: Pending,
        outcome: RefreshOutcome,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        if let RefreshOutcome::Renewed(newest) = outcome {
            pending.session = Some((*newest).clone());
        }
        self.on_logout_tokens(pending, context)
    }

    fn on_logout_tokens(&self, pending: Pending, context: &mut Context<'_>) -> Step<GateFlow> {
        if self.0.logout.provider() == ProviderLogout::Nowhere || self.knows_issuer(context) {
            return self.on_logout_metadata(pending, context);
        }
        let flow = GateFlow::new(self.clone(), Waiting::Logout(pending));
        Step::Await(Await::new(self.0.issuer, Need::Metadata, flow))
    }

    /// Gives the refresh token back.
    pub(super) fn on_logout_metadata(
        &self,
        pending: Pending,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let refresh_token =
            pending.session.as_ref().and_then(|session| session.tokens.refresh_token.as_ref());
        match refresh_token.and_then(|token| self.revocation_of(token, context)) {
            Some(request) => {
                let flow = GateFlow::new(self.clone(), Waiting::LogoutOfToken(pending));
                Step::Fetch(Fetch::new(request, flow))
            }
            None => self.finish_logout(&pending, context),
        }
    }

    /// The request that gives `refresh_token` back, where the provider has a place for it.
    pub(super) fn revocation_of(
        &self,
        refresh_token: &Secret,
        context: &mut Context<'_>,
    ) -> Option<Outbound> {
        let snapshot = context.issuers.snapshot(self.0.issuer)?;
        let (now, entropy) = (context.now.unix, &mut *context.entropy);
        revocation_request(snapshot.metadata()?, &self.0.client, refresh_token, now, entropy)
    }

    /// Without the discovery document the logout is a local one.
    pub(super) fn finish_logout(&self, pending: &Pending, context: &Context<'_>) -> Step<GateFlow> {
        let Pending { session, target, federated, status, removals } = pending;
        let session = session.as_ref();
        let snapshot = context.issuers.snapshot(self.0.issuer);
        let metadata = snapshot.as_ref().and_then(|snapshot| snapshot.metadata());
        let request = EndSession {
            client: &self.0.client,
            id_token: session.and_then(|session| Some(session.tokens.id_token.as_ref()?.expose())),
            provider_session: session.and_then(|session| session.provider_session.as_deref()),
            target: &target.url(&self.0.client.base_url),
            federated: *federated,
        };
        let location = metadata
            .and_then(|metadata| request.url(metadata, self.0.logout.provider()))
            .unwrap_or_else(|| target.location());
        let mut response = Response::redirect(*status, FieldText::lossy(location));
        response.headers.extend(removals.clone());
        respond(response)
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
        let mut path = QueryWriter::for_url(self.0.routes.path(GateRoute::Logout));
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
