//! One refresh, from the request to the token endpoint to a session with new tokens.

use crate::{
    flow::{Await, Context, Fetch, Flow, Step},
    gate::Gate,
    http::{FetchError, Inbound},
    issuer::{Availability, Need, ProviderMetadata},
    jwt::{Inspected, TokenError},
    key_set::KeyLookup,
    oidc::{
        IdTokenError, RefreshFailure, TokenResponse, check_refreshed_id_token, refresh_form,
        refresh_refusal,
    },
    secret::Secret,
    session::{Session, SessionTokens, UserClaims},
};
use alloc::boxed::Box;

/// A session whose access token is to be refreshed.
#[derive(Clone, Debug)]
#[must_use = "a refresh is to be begun"]
pub struct Refreshing {
    gate: Gate,
    session: Box<Session>,
}

impl Refreshing {
    pub(in crate::gate) fn new(gate: Gate, session: Session) -> Self {
        Self { gate, session: Box::new(session) }
    }

    pub(super) const fn session(&self) -> &Session {
        &self.session
    }

    /// Begins the refresh. It sends at most one request with the refresh token, and may wait for
    /// documents of the issuer. Where somebody signs out meanwhile, another request gives the new
    /// tokens back.
    pub fn begin(self, context: &mut Context<'_>) -> Step<RefreshFlow> {
        if self.is_signed_out(context) {
            return Step::Done(Err(RefreshFailure::SignedOut));
        }
        let issuer = self.gate.0.issuer;
        let snapshot = context.issuers.snapshot(issuer);
        match snapshot.as_ref().and_then(|snapshot| snapshot.metadata()) {
            Some(metadata) => self.send(metadata, context),
            None => {
                let flow = RefreshFlow { refreshing: self, waiting: Waiting::Metadata };
                Step::Await(Await::new(issuer, Need::Metadata, flow))
            }
        }
    }

    fn send(self, metadata: &ProviderMetadata, context: &mut Context<'_>) -> Step<RefreshFlow> {
        let Some(refresh_token) = &self.session.tokens.refresh_token else {
            return Step::Done(Err(RefreshFailure::Internal));
        };
        let form = refresh_form(metadata, refresh_token);
        let (now, entropy) = (context.now.unix, &mut *context.entropy);
        match form.authenticated(&self.gate.0.client, metadata, now, entropy) {
            Ok(request) => {
                let flow = RefreshFlow { refreshing: self, waiting: Waiting::Tokens };
                Step::Fetch(Fetch::new(request, flow))
            }
            Err(_) => Step::Done(Err(RefreshFailure::Internal)),
        }
    }

    fn is_signed_out(&self, context: &Context<'_>) -> bool {
        self.gate.is_revoked(&self.session, context)
    }

    /// Gives `tokens` back where the session is over for `failure`, which comes out in the end: those
    /// that came after a logout, those that the logout could not give back itself, those that came
    /// with a bad ID token.
    fn give_back(
        self,
        tokens: &SessionTokens,
        failure: RefreshFailure,
        context: &mut Context<'_>,
    ) -> Step<RefreshFlow> {
        let refresh_token = tokens.refresh_token.as_ref();
        match refresh_token.and_then(|token| self.gate.revocation_of(token, context)) {
            Some(request) => {
                let waiting = Waiting::Revocation(failure);
                Step::Fetch(Fetch::new(request, RefreshFlow { refreshing: self, waiting }))
            }
            None => Step::Done(Err(failure)),
        }
    }

    /// The session with `tokens`, and with the claims of a verified ID token.
    fn renewed(self, tokens: SessionTokens, claims: Option<&UserClaims>) -> Session {
        let session = *self.session;
        let user = match claims {
            Some(newer) => session.user.renewed(newer),
            None => session.user,
        };
        Session { user, tokens, ..session }
    }
}

/// A refresh that waits for something: an answer ([`Step::Fetch`]) or its issuer ([`Step::Await`]).
/// It takes no other steps.
#[derive(Debug)]
pub struct RefreshFlow {
    refreshing: Refreshing,
    waiting: Waiting,
}

#[derive(Debug)]
enum Waiting {
    /// For the discovery document.
    Metadata,
    /// For the token endpoint.
    Tokens,
    /// For the key of the ID token.
    Key(Box<Verifying>),
    /// For tokens to be given back, the session being over.
    Revocation(RefreshFailure),
}

/// New tokens, and an ID token that waits for its key.
#[derive(Debug)]
struct Verifying {
    tokens: SessionTokens,
    id_token: Inspected,
}

impl Flow for RefreshFlow {
    type Output = Result<Session, RefreshFailure>;

    fn on_answer(
        self,
        answer: Result<Inbound, FetchError>,
        context: &mut Context<'_>,
    ) -> Step<Self> {
        match self.waiting {
            Waiting::Tokens => on_tokens(self.refreshing, answer, context),
            // Whatever the provider says, the session is over.
            Waiting::Revocation(failure) => Step::Done(Err(failure)),
            // No other wait is for an answer.
            Waiting::Metadata | Waiting::Key(_) => Step::Done(Err(RefreshFailure::Internal)),
        }
    }

    fn on_availability(self, availability: Availability, context: &mut Context<'_>) -> Step<Self> {
        match self.waiting {
            // The logout could not give the token back: it had no documents either.
            Waiting::Metadata if self.refreshing.is_signed_out(context) => {
                let tokens = self.refreshing.session.tokens.clone();
                self.refreshing.give_back(&tokens, RefreshFailure::SignedOut, context)
            }
            Waiting::Metadata => {
                let snapshot = context.issuers.snapshot(self.refreshing.gate.0.issuer);
                match snapshot.as_ref().and_then(|snapshot| snapshot.metadata()) {
                    Some(metadata) => self.refreshing.send(metadata, context),
                    None => Step::Done(Err(RefreshFailure::Unavailable)),
                }
            }
            Waiting::Key(verifying) if self.refreshing.is_signed_out(context) => {
                self.refreshing.give_back(&verifying.tokens, RefreshFailure::SignedOut, context)
            }
            Waiting::Key(verifying) => on_key(self.refreshing, *verifying, availability, context),
            // No other wait is for an issuer.
            Waiting::Tokens | Waiting::Revocation(_) => Step::Done(Err(RefreshFailure::Internal)),
        }
    }
}

fn on_tokens(
    refreshing: Refreshing,
    answer: Result<Inbound, FetchError>,
    context: &mut Context<'_>,
) -> Step<RefreshFlow> {
    let response = match read_response(answer, context) {
        Ok(response) => response,
        Err(failure) => return Step::Done(Err(failure)),
    };
    let id_token = response.id_token.clone();
    let tokens = new_tokens(&refreshing, response, context);
    if refreshing.is_signed_out(context) {
        return refreshing.give_back(&tokens, RefreshFailure::SignedOut, context);
    }
    let Some(id_token) = id_token else {
        return Step::Done(Ok(refreshing.renewed(tokens, None)));
    };
    let id_token = match inspect(&refreshing, &id_token, context) {
        Ok(id_token) => id_token,
        Err(failure) if failure.is_fatal() => {
            return refreshing.give_back(&tokens, failure, context);
        }
        Err(failure) => return Step::Done(Err(failure)),
    };
    let issuer = refreshing.gate.0.issuer;
    let snapshot = context.issuers.snapshot(issuer);
    let known = snapshot.as_ref().and_then(|snapshot| {
        snapshot.key(id_token.algorithm(), id_token.key_id(), context.now.monotonic)
    });
    let is_known = matches!(known, Some(KeyLookup::Found(_) | KeyLookup::Ambiguous));
    let verifying = Verifying { tokens, id_token };
    if is_known {
        return on_key(refreshing, verifying, Availability::Ready, context);
    }
    let need = Need::Key {
        algorithm: verifying.id_token.algorithm(),
        id: verifying.id_token.key_id().cloned(),
    };
    let waiting = Waiting::Key(Box::new(verifying));
    Step::Await(Await::new(issuer, need, RefreshFlow { refreshing, waiting }))
}

fn read_response(
    answer: Result<Inbound, FetchError>,
    context: &Context<'_>,
) -> Result<TokenResponse, RefreshFailure> {
    let answer = answer.map_err(RefreshFailure::Fetch)?;
    if answer.status != 200 {
        return Err(refresh_refusal(&answer));
    }
    TokenResponse::read(&answer, context.now.unix).map_err(RefreshFailure::Response)
}

fn new_tokens(
    refreshing: &Refreshing,
    response: TokenResponse,
    context: &Context<'_>,
) -> SessionTokens {
    let before = &refreshing.session.tokens;
    SessionTokens {
        generation: before.generation.saturating_add(1),
        access_token: response.access_token,
        obtained_at: context.now.unix,
        expires_at: response.access_token_expires_at,
        // Where the provider does not rotate, the old one stays (RFC 6749 §6).
        refresh_token: response.refresh_token.or_else(|| before.refresh_token.clone()),
        id_token: response
            .id_token
            .filter(|_| refreshing.gate.0.keeps_id_token)
            .or_else(|| before.id_token.clone()),
    }
}

/// Reads an ID token, as far as that goes without its key.
fn inspect(
    refreshing: &Refreshing,
    id_token: &Secret,
    context: &Context<'_>,
) -> Result<Inspected, RefreshFailure> {
    let gate = &refreshing.gate.0;
    let snapshot = context.issuers.snapshot(gate.issuer);
    let metadata = snapshot.as_ref().and_then(|snapshot| snapshot.metadata());
    let metadata = metadata.ok_or(RefreshFailure::Unavailable)?;
    gate.id_tokens
        .read(id_token.expose(), context.now.unix)
        .and_then(|token| token.from_issuer(metadata.issuer()))
        .map_err(|error| RefreshFailure::IdToken(IdTokenError::Token(error)))
}

fn on_key(
    refreshing: Refreshing,
    verifying: Verifying,
    availability: Availability,
    context: &mut Context<'_>,
) -> Step<RefreshFlow> {
    let Verifying { mut tokens, id_token } = verifying;
    let access_token = tokens.access_token.expose();
    match verify(&refreshing, id_token, access_token, availability, context) {
        Ok(Some(claims)) => Step::Done(Ok(refreshing.renewed(tokens, Some(&claims)))),
        // The old refresh token may be used up by now, so the new tokens must not be lost. An ID
        // token that nobody can check counts as none, which a refresh may well do without.
        Ok(None) => {
            tokens.id_token = refreshing.session.tokens.id_token.clone();
            Step::Done(Ok(refreshing.renewed(tokens, None)))
        }
        Err(error) => refreshing.give_back(&tokens, error.into(), context),
    }
}

/// What an ID token says of the user; nothing where its key is not to be had.
fn verify(
    refreshing: &Refreshing,
    id_token: Inspected,
    access_token: &str,
    availability: Availability,
    context: &Context<'_>,
) -> Result<Option<UserClaims>, IdTokenError> {
    let gate = &refreshing.gate.0;
    let snapshot = context.issuers.snapshot(gate.issuer);
    let key = snapshot.as_ref().and_then(|snapshot| {
        snapshot.key(id_token.algorithm(), id_token.key_id(), context.now.monotonic)
    });
    let verified = match (key, availability) {
        (Some(KeyLookup::Found(key)), _) => id_token.verify(key).map_err(IdTokenError::Token)?,
        (_, Availability::Unavailable { .. }) | (None, _) => return Ok(None),
        (Some(KeyLookup::Ambiguous | KeyLookup::Unknown), _) => {
            return Err(IdTokenError::Token(TokenError::UnknownKey));
        }
    };
    let user = refreshing.session.user();
    check_refreshed_id_token(&verified, &gate.client, user, access_token, &gate.crypto)?;
    Ok(Some(UserClaims::of_id_token(verified.claims(), &gate.kept_claims)))
}
