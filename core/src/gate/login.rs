//! The login route: off to the provider.
//!
//! Where the provider takes pushed requests, and they are asked for, the request goes to it first,
//! and the browser carries no more of it than its name.

use super::{Answer, Gate, GateFlow, GateRoute, flow::Waiting, pages, respond};
use crate::{
    flow::{Await, Context, Fetch, Step},
    http::{
        Cookies, FetchError, FieldText, Headers, Inbound, Outbound, OwnedCookies, Query,
        QueryWriter, Response,
    },
    issuer::{Availability, Need, ProviderMetadata},
    oidc::{
        AuthorizationRequest, LoginError, LoginParameters, PushedRequestError, RequestUri, ReturnTo,
    },
    session::{LoginCookies, LoginTransaction},
};
use alloc::string::String;

/// A login that waits for the discovery document.
#[derive(Debug)]
pub(super) struct Pending {
    return_to: ReturnTo,
    parameters: LoginParameters,
    cookies: OwnedCookies,
}

/// A login whose request is on its way to the provider.
#[derive(Debug)]
pub(super) struct Pushing {
    transaction: LoginTransaction,
    cookies: OwnedCookies,
}

impl Gate {
    pub(super) fn begin_login(
        &self,
        query: Query<'_>,
        cookies: Cookies<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let return_to = self.login_target(query);
        let parameters = match self.0.login.parameters(query) {
            Ok(parameters) => parameters,
            Err(error) => return respond(self.login_not_started(error, &return_to, 0)),
        };
        let pending = Pending { return_to, parameters, cookies: cookies.to_owned() };
        let snapshot = context.issuers.snapshot(self.0.issuer);
        match snapshot.as_ref().and_then(|snapshot| snapshot.metadata()) {
            Some(metadata) => self.start_login(pending, metadata, context),
            None => {
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
        let snapshot = context.issuers.snapshot(self.0.issuer);
        match snapshot.as_ref().and_then(|snapshot| snapshot.metadata()) {
            Some(metadata) => self.start_login(pending, metadata, context),
            None => {
                let retry_after = match availability {
                    Availability::Unavailable { retry_after } => retry_after.as_secs(),
                    Availability::Ready | Availability::Missing => 1,
                };
                let error = LoginError::Unavailable;
                respond(self.login_not_started(error, &pending.return_to, retry_after))
            }
        }
    }

    /// The answer of the provider to a pushed request.
    pub(super) fn on_pushed(
        &self,
        pushing: Pushing,
        answer: Result<Inbound, FetchError>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let Pushing { transaction, cookies } = pushing;
        let snapshot = context.issuers.snapshot(self.0.issuer);
        let url = answer
            .map_err(PushedRequestError::Fetch)
            .and_then(|answer| RequestUri::parse(&answer))
            .map_err(LoginError::from)
            .and_then(|uri| {
                let metadata = snapshot.as_ref().and_then(|snapshot| snapshot.metadata());
                let metadata = metadata.ok_or(LoginError::Unavailable)?;
                Ok(uri.url(metadata, &self.0.client))
            });
        respond(match url {
            Ok(url) => self.to_provider(url, &transaction, cookies.view(), context),
            Err(error) => self.login_not_started(error, transaction.return_to(), 1),
        })
    }

    /// The path that starts a login which ends at `return_to`.
    pub(super) fn login_path(&self, return_to: &ReturnTo) -> String {
        QueryWriter::for_url(self.0.routes.path(GateRoute::Login))
            .pair("returnTo", return_to.as_str())
            .finish()
    }

    pub(super) fn login_cookies(&self) -> LoginCookies<'_> {
        let (names, ring) = (&self.0.names, &self.0.secrets);
        LoginCookies { names, ring, secure: self.0.secure, lifetime: self.0.login.lifetime() }
    }

    /// Where a login with this query ends. One that led to the gate's own routes would lead in a
    /// circle.
    fn login_target(&self, query: Query<'_>) -> ReturnTo {
        ReturnTo::of_query(query, &self.0.client.base_url)
            .filter(|target| self.0.routes.find(target.path()).is_none())
            .unwrap_or_else(|| self.0.login.default_target().clone())
    }

    fn start_login(
        &self,
        pending: Pending,
        metadata: &ProviderMetadata,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let Pending { return_to, parameters, cookies } = pending;
        let now = context.now.unix;
        let mut start = |return_to: &ReturnTo| {
            LoginTransaction::start(return_to, parameters.asked(), now, context.entropy)
        };
        let started = match start(&return_to) {
            Ok(transaction) if !transaction.fits() => start(self.0.login.default_target()),
            started => started,
        };
        let Ok(transaction) = started else {
            return respond(self.login_not_started(LoginError::Internal, &return_to, 0));
        };
        let request = AuthorizationRequest {
            client: &self.0.client,
            redirect_uri: &self.0.redirect_uri,
            transaction: &transaction,
            parameters: &parameters,
        };
        if self.0.login.pushed() || metadata.requires_pushed_authorization_requests() {
            return match self.push(&request, metadata, context) {
                Ok(outbound) => {
                    let waiting = Waiting::Pushed(Pushing { transaction, cookies });
                    Step::Fetch(Fetch::new(outbound, GateFlow::new(self.clone(), waiting)))
                }
                Err(error) => respond(self.login_not_started(error, &return_to, 0)),
            };
        }
        let url = request.url(metadata, &self.0.crypto);
        respond(self.to_provider(url, &transaction, cookies.view(), context))
    }

    fn push(
        &self,
        request: &AuthorizationRequest<'_>,
        metadata: &ProviderMetadata,
        context: &mut Context<'_>,
    ) -> Result<Outbound, LoginError> {
        let endpoint = metadata
            .pushed_authorization_request_endpoint()
            .ok_or(PushedRequestError::NotOffered)?;
        let form = request.form(endpoint, &self.0.crypto);
        let (now, entropy) = (context.now.unix, &mut *context.entropy);
        Ok(form.authenticated(&self.0.client, metadata, now, entropy)?)
    }

    fn to_provider(
        &self,
        url: String,
        transaction: &LoginTransaction,
        cookies: Cookies<'_>,
        context: &mut Context<'_>,
    ) -> Answer {
        let mut response = Response::redirect(302, FieldText::lossy(url));
        let mut headers = Headers::new();
        let written =
            self.login_cookies().write(transaction, cookies, context.entropy, &mut headers);
        if written.is_err() {
            return self.login_not_started(LoginError::Internal, transaction.return_to(), 0);
        }
        response.headers.extend(headers);
        response.into()
    }

    fn login_not_started(
        &self,
        error: LoginError,
        return_to: &ReturnTo,
        retry_after: u64,
    ) -> Answer {
        pages::login_not_started(error, &self.login_path(return_to), retry_after)
    }
}
