//! The login route: off to the provider.

use super::{Answer, Gate, GateFlow, flow::Waiting, pages, respond};
use crate::{
    flow::{Await, Context, Step},
    http::{Cookies, FieldText, Headers, OwnedCookies, Query, QueryWriter, Response},
    issuer::{Availability, Need, ProviderMetadata},
    oidc::{LoginError, ReturnTo, authorization_url},
    session::{LoginTransaction, SealError},
};
use alloc::string::String;

/// A login that waits for the discovery document.
#[derive(Debug)]
pub(super) struct Pending {
    return_to: ReturnTo,
    cookies: OwnedCookies,
}

impl Gate {
    pub(super) fn begin_login(
        &self,
        query: Query<'_>,
        cookies: Cookies<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let return_to = ReturnTo::of_query(query);
        // A login that leads back to the gate's own routes would lead in a circle.
        let return_to = match self.0.routes.find(return_to.path()) {
            Some(_) => ReturnTo::default(),
            None => return_to,
        };
        let snapshot = context.issuers.snapshot(self.0.issuer);
        match snapshot.as_ref().and_then(|snapshot| snapshot.metadata()) {
            Some(metadata) => respond(self.to_provider(metadata, &return_to, cookies, context)),
            None => {
                let pending = Pending { return_to, cookies: cookies.to_owned() };
                let flow = GateFlow::new(self.clone(), Waiting::Login(pending));
                Step::Await(Await::new(self.0.issuer, Need::Metadata, flow))
            }
        }
    }

    pub(super) fn on_login_metadata(
        &self,
        pending: Pending,
        availability: Availability,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let Pending { return_to, cookies } = pending;
        let snapshot = context.issuers.snapshot(self.0.issuer);
        match snapshot.as_ref().and_then(|snapshot| snapshot.metadata()) {
            Some(metadata) => {
                respond(self.to_provider(metadata, &return_to, cookies.view(), context))
            }
            None => {
                let retry_after = match availability {
                    Availability::Unavailable { retry_after } => retry_after.as_secs(),
                    Availability::Ready | Availability::Missing => 1,
                };
                let login = self.login_path(&return_to);
                respond(pages::login_not_started(LoginError::Unavailable, &login, retry_after))
            }
        }
    }

    /// The path that starts a login which ends at `return_to`.
    pub(super) fn login_path(&self, return_to: &ReturnTo) -> String {
        QueryWriter::for_url(self.0.routes.path("login"))
            .pair("returnTo", return_to.as_str())
            .finish()
    }

    fn to_provider(
        &self,
        metadata: &ProviderMetadata,
        return_to: &ReturnTo,
        cookies: Cookies<'_>,
        context: &mut Context<'_>,
    ) -> Answer {
        let mut headers = Headers::new();
        let started = LoginTransaction::start(return_to, context.now.unix, context.entropy)
            .map_err(SealError::from)
            .and_then(|transaction| {
                let (names, ring) = (&self.0.names, &self.0.secrets);
                transaction
                    .write(names, self.0.secure, cookies, ring, context.entropy, &mut headers)
                    .map(|()| transaction)
            });
        let Ok(transaction) = started else {
            let login = self.login_path(return_to);
            return pages::login_not_started(LoginError::Internal, &login, 0);
        };
        let (client, crypto) = (&self.0.client, &self.0.crypto);
        let url = authorization_url(metadata, client, &self.0.redirect_uri, &transaction, crypto);
        let mut response = Response::redirect(302, FieldText::lossy(url));
        response.headers.extend(headers);
        response.into()
    }
}
