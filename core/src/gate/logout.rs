//! The logout route: the session here ends, then the one at the provider.

use super::{Gate, GateFlow, flow::Waiting, respond};
use crate::{
    flow::{Await, Context, Step},
    http::{Cookies, FieldText, Headers, Response},
    issuer::Need,
    oidc::end_session_url,
    session::LoginTransaction,
};
use alloc::string::String;

/// A logout that waits for the discovery document. The cookies are as good as gone.
#[derive(Debug)]
pub(super) struct Pending {
    provider_session: Option<String>,
    removals: Headers,
}

impl Gate {
    pub(super) fn begin_logout(
        &self,
        cookies: Cookies<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let found = self.find_session(cookies, context.now.unix);
        let mut removals = Headers::new();
        self.remove_session(found.held, &mut removals);
        LoginTransaction::finish_all(&self.0.names, self.0.secure, cookies, &mut removals);
        let provider_session = found.session.and_then(|session| session.provider_session);
        let pending = Pending { provider_session, removals };
        let snapshot = context.issuers.snapshot(self.0.issuer);
        if snapshot.is_some_and(|snapshot| snapshot.metadata().is_some()) {
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
        let Pending { provider_session, removals } = pending;
        let snapshot = context.issuers.snapshot(self.0.issuer);
        let metadata = snapshot.as_ref().and_then(|snapshot| snapshot.metadata());
        let location = metadata
            .and_then(|metadata| {
                let target = self.post_logout_redirect_uri();
                end_session_url(metadata, &self.0.client, provider_session.as_deref(), target)
            })
            .map_or_else(|| FieldText::constant("/"), FieldText::lossy);
        let mut response = Response::redirect(302, location);
        response.headers.extend(removals);
        respond(response)
    }
}
