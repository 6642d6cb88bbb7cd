//! The callback route: back from the provider.
//!
//! The order is fixed (RFC 9700 §4.7): parameters, then the transaction that this browser brings,
//! then the issuer, and only then is the code redeemed, then the ID token verified, then a fresh
//! session made.

use super::{Answer, AnswerReason, Gate, GateFlow, flow::Waiting, pages, respond};
use crate::{
    flow::{Await, Context, Fetch, Step},
    http::{Cookies, FetchError, FieldText, Headers, Inbound, Query, Response},
    issuer::{Availability, Need},
    jwt::{Inspected, TokenError, VerifiedToken},
    key_set::KeyLookup,
    oidc::{
        CallbackError, CallbackParameters, ExpectedIdToken, IdTokenError, ProviderError, ReturnTo,
        TokenResponse, code_form,
    },
    secret::Secret,
    session::{
        FoundLogin, HeldCookies, LoginTransaction, SealError, Session, SessionId, SessionTokens,
        UserClaims,
    },
};
use alloc::string::String;

/// A response that belongs to a login of this browser; it waits for the discovery document.
#[derive(Debug)]
pub(super) struct Received {
    transaction: LoginTransaction,
    issuer: Option<String>,
    outcome: Result<Secret, ProviderError>,
    held: HeldCookies,
}

/// A code that is being redeemed.
#[derive(Debug)]
pub(super) struct Redeeming {
    transaction: LoginTransaction,
    held: HeldCookies,
}

/// An ID token that waits for its key.
#[derive(Debug)]
pub(super) struct Verifying {
    transaction: LoginTransaction,
    held: HeldCookies,
    id_token: Inspected,
    tokens: SessionTokens,
}

impl Gate {
    pub(super) fn begin_callback(
        &self,
        query: Query<'_>,
        cookies: Cookies<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let parameters = match CallbackParameters::parse(query) {
            Ok(parameters) => parameters,
            Err(error) => return respond(self.login_failed(error, None)),
        };
        let now = context.now.unix;
        let found = self.find_session(cookies, context);
        let transaction = match self.login_cookies().find(&parameters.state, cookies, now) {
            Some(FoundLogin::Open(transaction)) => transaction,
            over => {
                let return_to = match over {
                    Some(FoundLogin::Finished(return_to)) => Some(return_to),
                    _ => None,
                };
                return respond(self.replayed(return_to, found.session.is_some()));
            }
        };
        let CallbackParameters { issuer, outcome, .. } = parameters;
        let received = Received { transaction, issuer, outcome, held: found.held };
        let snapshot = context.issuers.snapshot(self.0.issuer);
        if snapshot.is_some_and(|snapshot| snapshot.metadata().is_some()) {
            return self.on_callback_metadata(received, context);
        }
        let flow = GateFlow::new(self.clone(), Waiting::Callback(received));
        Step::Await(Await::new(self.0.issuer, Need::Metadata, flow))
    }

    pub(super) fn on_callback_metadata(
        &self,
        received: Received,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let Received { transaction, issuer, outcome, held } = received;
        let snapshot = context.issuers.snapshot(self.0.issuer);
        let metadata = snapshot.as_ref().and_then(|snapshot| snapshot.metadata());
        // RFC 9207 §2.4. An error that does not say whose it is costs nobody anything.
        let from_issuer = match (issuer, metadata) {
            (_, None) => true,
            (Some(issuer), Some(metadata)) => issuer == metadata.issuer(),
            (None, Some(metadata)) => outcome.is_err() || !metadata.names_itself_in_responses(),
        };
        if !from_issuer {
            return respond(self.login_failed(CallbackError::Issuer, Some(&transaction)));
        }
        let code = match outcome {
            Ok(code) => code,
            Err(error) => return respond(self.provider_refused(error, &transaction)),
        };
        let Some(metadata) = metadata else {
            return respond(self.login_failed(CallbackError::Unavailable, Some(&transaction)));
        };
        let form = code_form(metadata, &self.0.redirect_uri, &code, transaction.code_verifier());
        let (now, entropy) = (context.now.unix, &mut *context.entropy);
        let request = match form.authenticated(&self.0.client, metadata, now, entropy) {
            Ok(request) => request,
            Err(error) => return respond(self.login_failed(error.into(), Some(&transaction))),
        };
        let redeeming = Redeeming { transaction, held };
        Step::Fetch(Fetch::new(request, GateFlow::new(self.clone(), Waiting::Tokens(redeeming))))
    }

    pub(super) fn on_tokens(
        &self,
        redeeming: Redeeming,
        answer: Result<Inbound, FetchError>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let Redeeming { transaction, held } = redeeming;
        let now = context.now.unix;
        let snapshot = context.issuers.snapshot(self.0.issuer);
        let inspected = answer
            .map_err(CallbackError::Fetch)
            .and_then(|answer| TokenResponse::parse(&answer, now))
            .and_then(|(tokens, text)| {
                let metadata = snapshot
                    .as_ref()
                    .and_then(|snapshot| snapshot.metadata())
                    .ok_or(CallbackError::Unavailable)?;
                let id_token = self
                    .0
                    .id_tokens
                    .read(text.expose(), now)
                    .and_then(|token| token.from_issuer(metadata.issuer()))
                    .map_err(|error| CallbackError::IdToken(IdTokenError::Token(error)))?;
                Ok((tokens, id_token))
            });
        let (tokens, id_token) = match inspected {
            Ok(inspected) => inspected,
            Err(error) => return respond(self.login_failed(error, Some(&transaction))),
        };
        let tokens = SessionTokens {
            generation: 0,
            access_token: tokens.access_token,
            obtained_at: now,
            expires_at: tokens.access_token_expires_at,
            refresh_token: tokens.refresh_token.filter(|_| self.0.client.keeps_refresh_tokens()),
            id_token: tokens.id_token.filter(|_| self.0.keeps_id_token),
        };
        let verifying = Verifying { transaction, held, id_token, tokens };
        let known = snapshot.as_ref().and_then(|snapshot| {
            let (algorithm, id) = (verifying.id_token.algorithm(), verifying.id_token.key_id());
            snapshot.key(algorithm, id, context.now.monotonic)
        });
        if matches!(known, Some(KeyLookup::Found(_) | KeyLookup::Ambiguous)) {
            return self.on_key(verifying, Availability::Ready, context);
        }
        let need = Need::Key {
            algorithm: verifying.id_token.algorithm(),
            id: verifying.id_token.key_id().cloned(),
        };
        let flow = GateFlow::new(self.clone(), Waiting::Key(verifying));
        Step::Await(Await::new(self.0.issuer, need, flow))
    }

    pub(super) fn on_key(
        &self,
        verifying: Verifying,
        availability: Availability,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let Verifying { transaction, held, id_token, tokens } = verifying;
        let snapshot = context.issuers.snapshot(self.0.issuer);
        let key = snapshot.as_ref().and_then(|snapshot| {
            snapshot.key(id_token.algorithm(), id_token.key_id(), context.now.monotonic)
        });
        let unknown_key = || IdTokenError::Token(TokenError::UnknownKey);
        let verified = match (key, availability) {
            (Some(KeyLookup::Found(key)), _) => {
                id_token.verify(key).map_err(|error| IdTokenError::Token(error).into())
            }
            (_, Availability::Unavailable { .. }) | (None, _) => Err(CallbackError::Unavailable),
            (Some(KeyLookup::Ambiguous | KeyLookup::Unknown), _) => Err(unknown_key().into()),
        };
        let checked = verified.and_then(|id_token| {
            let expected = ExpectedIdToken {
                client_id: &self.0.client.client_id,
                nonce: transaction.nonce().expose(),
                access_token: tokens.access_token.expose(),
                asked: transaction.asked(),
                asked_at: transaction.started_at(),
                tolerance: self.0.clock_tolerance,
            };
            expected.check(&id_token, &self.0.crypto)?;
            Ok(id_token)
        });
        let answer = checked
            .and_then(|id_token| {
                let session = self.new_session(&id_token, tokens, context)?;
                self.signed_in(&session, &transaction, held, context)
            })
            .map_or_else(|error| self.login_failed(error, Some(&transaction)), Answer::from);
        respond(answer)
    }

    fn signed_in(
        &self,
        session: &Session,
        transaction: &LoginTransaction,
        held: HeldCookies,
        context: &mut Context<'_>,
    ) -> Result<Response, CallbackError> {
        let mut headers = Headers::new();
        self.write_session(session, held, context.now.unix, context.entropy, &mut headers)
            .map_err(|error| match error {
                SealError::TooLarge => CallbackError::SessionTooLarge,
                SealError::Entropy | SealError::Provider => CallbackError::Internal,
            })?;
        let now = context.now.unix;
        self.login_cookies().finish(transaction, now, context.entropy, &mut headers);
        let mut response = to_target(transaction.return_to());
        response.headers.extend(headers);
        Ok(response)
    }

    /// The same callback once more, by reload or the back button, or one of a login that this
    /// browser did not start. No code is redeemed.
    fn replayed(&self, return_to: Option<ReturnTo>, is_signed_in: bool) -> Answer {
        let known = return_to.is_some();
        let return_to = return_to.unwrap_or_else(|| self.0.login.default_target().clone());
        if is_signed_in {
            return Answer::new(to_target(&return_to), AnswerReason::CallbackReplayed);
        }
        let error = if known { CallbackError::Finished } else { CallbackError::Transaction };
        pages::login_failed(error, &self.login_path(&return_to))
    }

    /// The provider gave an error in place of a code. Where it was asked to show nothing and would
    /// have had to, the browser goes on to the target as nobody.
    fn provider_refused(&self, error: ProviderError, transaction: &LoginTransaction) -> Answer {
        if !(transaction.asked().silent && error.needs_interaction()) {
            return self.login_failed(CallbackError::Provider(error), Some(transaction));
        }
        let mut response = to_target(transaction.return_to());
        self.login_cookies().give_up(transaction, &mut response.headers);
        Answer::new(response, AnswerReason::NobodyAtProvider)
    }

    /// The page for a login that failed. The transaction, if there was one, is over.
    fn login_failed(&self, error: CallbackError, transaction: Option<&LoginTransaction>) -> Answer {
        let default = self.0.login.default_target();
        let return_to = transaction.map_or(default, LoginTransaction::return_to);
        let mut answer = pages::login_failed(error, &self.login_path(return_to));
        if let Some(transaction) = transaction {
            self.login_cookies().give_up(transaction, &mut answer.response.headers);
        }
        answer
    }

    fn new_session(
        &self,
        id_token: &VerifiedToken,
        tokens: SessionTokens,
        context: &mut Context<'_>,
    ) -> Result<Session, CallbackError> {
        let claims = id_token.claims();
        let now = context.now.unix;
        Ok(Session {
            id: SessionId::draw(context.entropy).map_err(|_| CallbackError::Internal)?,
            issuer: self.issuer_name(context).ok_or(CallbackError::Internal)?,
            user: UserClaims::of_id_token(claims, &self.0.kept_claims),
            tokens,
            provider_session: claims.text("sid").ok().flatten().map(String::from),
            signed_in_at: now,
            used_at: now,
        })
    }
}

/// Where a login ends.
fn to_target(return_to: &ReturnTo) -> Response {
    Response::redirect(303, FieldText::lossy(String::from(return_to.as_str())))
}
