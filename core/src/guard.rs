//! The guard of an API: from the head of a request to a verified token or a refusal (RFC 6750).
//!
//! Outages and bad tokens are never mixed: a key set that cannot be had is 503, a token that breaks
//! a rule 401. What leaves the process is constant text; [`RefusalReason`] says why.

use crate::{
    flow::{Await, Context, Flow, Step},
    http::{FetchError, FieldText, Inbound, One, RequestHead, Response},
    issuer::{Availability, IssuerIndex, IssuerSnapshot, Need},
    jwt::{Inspected, TokenError, TokenPolicy, Unattributed, VerifiedToken},
    key_set::KeyLookup,
    time::Now,
};
use alloc::{format, string::String, sync::Arc};
use core::fmt;

/// The guard of one API. Cloning it is cheap, and the clones are one guard.
#[derive(Clone, Debug)]
pub struct Guard(Arc<GuardInner>);

#[derive(Debug)]
struct GuardInner {
    issuer: IssuerIndex,
    policy: TokenPolicy,
    realm: String,
}

/// What a request to the API comes to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The request carries this token.
    Allowed(VerifiedToken),
    /// The request is refused.
    Refused(Refusal),
}

/// A refused request.
#[derive(Debug)]
pub struct Refusal {
    /// What the client gets.
    pub response: Response,
    /// Why, for logs and counters.
    pub reason: RefusalReason,
}

/// Why a request to the API is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RefusalReason {
    /// `Authorization` stands twice, or is no bearer token. 400.
    Malformed,
    /// There are no credentials, or of another scheme. 401, without an error code.
    NoCredentials,
    /// The token breaks a rule. 401.
    Token(TokenError),
    /// The issuer's keys are not to be had. 503.
    Unavailable,
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the Authorization field is malformed"),
            Self::NoCredentials => f.write_str("there are no credentials"),
            Self::Token(error) => error.fmt(f),
            Self::Unavailable => f.write_str("the issuer's keys are not to be had"),
        }
    }
}

impl Guard {
    /// A guard for access tokens of the first issuer that fit `policy`.
    #[must_use]
    pub fn new(policy: TokenPolicy) -> Self {
        let inner = GuardInner { issuer: IssuerIndex::default(), policy, realm: "api".into() };
        Self(Arc::new(inner))
    }

    /// Begins a request.
    pub fn begin(&self, request: &RequestHead<'_>, context: &mut Context<'_>) -> Step<GuardFlow> {
        let token = match bearer_token(request) {
            Ok(token) => token,
            Err(reason) => return Step::Done(self.refuse(reason, None)),
        };
        let token = match self.0.policy.read(token, context.now.unix) {
            Ok(token) => token,
            Err(error) => return Step::Done(self.refuse(RefusalReason::Token(error), None)),
        };
        match self.snapshot(context) {
            Some(snapshot) if snapshot.metadata().is_some() => {
                self.attribute(token, &snapshot, context.now)
            }
            // Nothing is known of the issuer yet, not even its exact name.
            _ => self.wait(Need::Metadata, Waiting::Metadata(token)),
        }
    }

    fn attribute(
        &self,
        token: Unattributed,
        snapshot: &IssuerSnapshot,
        now: Now,
    ) -> Step<GuardFlow> {
        let Some(metadata) = snapshot.metadata() else {
            return Step::Done(self.refuse(RefusalReason::Unavailable, None));
        };
        let inspected = match token.from_issuer(metadata.issuer()) {
            Ok(inspected) => inspected,
            Err(error) => return Step::Done(self.refuse(RefusalReason::Token(error), None)),
        };
        let (algorithm, id) = (inspected.algorithm(), inspected.key_id());
        match snapshot.key(algorithm, id, now.monotonic) {
            Some(KeyLookup::Found(_) | KeyLookup::Ambiguous) => {
                Step::Done(self.verify(inspected, Availability::Ready, snapshot, now))
            }
            Some(KeyLookup::Unknown) | None => {
                let need = Need::Key { algorithm, id: id.cloned() };
                self.wait(need, Waiting::Key(inspected))
            }
        }
    }

    fn verify(
        &self,
        inspected: Inspected,
        availability: Availability,
        snapshot: &IssuerSnapshot,
        now: Now,
    ) -> Verdict {
        match snapshot.key(inspected.algorithm(), inspected.key_id(), now.monotonic) {
            Some(KeyLookup::Found(key)) => match inspected.verify(key) {
                Ok(token) => Verdict::Allowed(token),
                Err(error) => self.refuse(RefusalReason::Token(error), None),
            },
            Some(KeyLookup::Ambiguous | KeyLookup::Unknown) => {
                self.refuse(RefusalReason::Token(TokenError::UnknownKey), None)
            }
            None => self.refuse(RefusalReason::Unavailable, Some(availability)),
        }
    }

    fn wait(&self, need: Need, waiting: Waiting) -> Step<GuardFlow> {
        Step::Await(Await::new(self.0.issuer, need, GuardFlow { guard: self.clone(), waiting }))
    }

    fn snapshot(&self, context: &Context<'_>) -> Option<Arc<IssuerSnapshot>> {
        context.issuers.snapshot(self.0.issuer)
    }

    fn refuse(&self, reason: RefusalReason, availability: Option<Availability>) -> Verdict {
        let realm = &self.0.realm;
        let (status, error, challenge) = match reason {
            RefusalReason::Malformed => (
                400,
                ("invalid_request", "The request is malformed."),
                Some(format!(
                    "Bearer realm=\"{realm}\", error=\"invalid_request\", \
                     error_description=\"The request is malformed.\""
                )),
            ),
            RefusalReason::NoCredentials => (
                401,
                ("unauthorized", "An access token is needed."),
                Some(format!("Bearer realm=\"{realm}\"")),
            ),
            RefusalReason::Token(_) => (
                401,
                ("invalid_token", "The access token is not valid."),
                Some(format!(
                    "Bearer realm=\"{realm}\", error=\"invalid_token\", \
                     error_description=\"The access token is not valid.\""
                )),
            ),
            RefusalReason::Unavailable => {
                (503, ("unavailable", "The access token cannot be checked at the moment."), None)
            }
        };
        let (code, description) = error;
        let body = format!(r#"{{"error":"{code}","error_description":"{description}"}}"#);
        let mut response = Response::with_body(status, "application/json", body);
        match challenge {
            Some(challenge) => {
                response.headers.append("www-authenticate", FieldText::lossy(challenge));
            }
            None => {
                let seconds = match availability {
                    Some(Availability::Unavailable { retry_after }) => retry_after.as_secs().max(1),
                    _ => 1,
                };
                response.headers.append("retry-after", FieldText::from(seconds));
            }
        }
        Verdict::Refused(Refusal { response, reason })
    }
}

/// The bearer token of a request (RFC 6750 §2.1): one field, the scheme in any case, blanks, and a
/// token of `b64token` characters.
fn bearer_token<'h>(request: &RequestHead<'h>) -> Result<&'h str, RefusalReason> {
    let field = match request.header("authorization") {
        One::Absent => return Err(RefusalReason::NoCredentials),
        One::Repeated => return Err(RefusalReason::Malformed),
        field => field.text().ok_or(RefusalReason::Malformed)?,
    };
    let (scheme, rest) = field.split_once(' ').unwrap_or((field, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(RefusalReason::NoCredentials);
    }
    let token = rest.trim_matches(' ');
    let characters = token.trim_end_matches('=');
    let is_token_byte = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
    };
    if characters.is_empty() || !characters.bytes().all(is_token_byte) {
        return Err(RefusalReason::Malformed);
    }
    Ok(token)
}

/// A request to the API that waits for its issuer.
#[derive(Debug)]
pub struct GuardFlow {
    guard: Guard,
    waiting: Waiting,
}

#[derive(Debug)]
enum Waiting {
    /// A token from an unknown issuer, for the discovery document.
    Metadata(Unattributed),
    /// A token that fits the policy, for its key.
    Key(Inspected),
}

impl Flow for GuardFlow {
    type Output = Verdict;

    fn on_answer(self, _: Result<Inbound, FetchError>, _: &mut Context<'_>) -> Step<Self> {
        // A guard sends no requests of its own.
        Step::Done(self.guard.refuse(RefusalReason::Unavailable, None))
    }

    fn on_availability(self, availability: Availability, context: &mut Context<'_>) -> Step<Self> {
        let Some(snapshot) = self.guard.snapshot(context) else {
            return Step::Done(self.guard.refuse(RefusalReason::Unavailable, None));
        };
        match self.waiting {
            Waiting::Metadata(token) => {
                if snapshot.metadata().is_none() {
                    let refusal = self.guard.refuse(RefusalReason::Unavailable, Some(availability));
                    return Step::Done(refusal);
                }
                self.guard.attribute(token, &snapshot, context.now)
            }
            Waiting::Key(inspected) => {
                Step::Done(self.guard.verify(inspected, availability, &snapshot, context.now))
            }
        }
    }
}
