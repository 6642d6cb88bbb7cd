//! The guard of an API: from the head of a request to a verified token or a refusal (RFC 6750).
//!
//! Outages and bad tokens are never mixed: a key set that cannot be had is 503, a token that breaks
//! a rule 401. What leaves the process is constant text; [`RefusalReason`] says why.

use crate::{
    crypto::CryptoProvider,
    flow::{Await, Context, Flow, Step},
    gate::RefreshOutcome,
    http::{FetchError, FieldText, Inbound, One, RequestHead, Response},
    issuer::{Availability, IssuerSnapshot, Need},
    jwt::{
        Inspected, KeySource, TokenCache, TokenError, TokenFingerprint, TokenIdentity, TokenPolicy,
        TrustError, TrustedIssuer, TrustedIssuers, Unattributed, VerifiedToken,
    },
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
    issuers: TrustedIssuers,
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
        Self::with(TrustedIssuers::only(policy))
    }

    /// A guard for access tokens of several issuers, each with its own keys and its own policy.
    ///
    /// # Errors
    ///
    /// [`TrustError`] where there is no issuer, or one stands there twice.
    pub fn for_issuers(
        issuers: impl IntoIterator<Item = TrustedIssuer>,
    ) -> Result<Self, TrustError> {
        TrustedIssuers::new(issuers.into_iter().collect()).map(Self::with)
    }

    fn with(issuers: TrustedIssuers) -> Self {
        Self(Arc::new(GuardInner { issuers, realm: "api".into() }))
    }

    /// Begins a request.
    pub fn begin(&self, request: &RequestHead<'_>, context: &mut Context<'_>) -> Step<GuardFlow> {
        let token = match bearer_token(request) {
            Ok(token) => token,
            Err(reason) => return Step::Done(self.refuse(reason, None)),
        };
        let (at, token) = match self.0.issuers.read(token, context.now.unix) {
            Ok(token) => token,
            Err(error) => return Step::Done(self.refuse(RefusalReason::Token(error), None)),
        };
        match self.snapshot(at, context) {
            Some(snapshot) if snapshot.metadata().is_some() => {
                self.attribute(at, token, &snapshot, context.now)
            }
            // Nothing is known of the issuer yet, not even its exact name.
            _ => self.wait(at, Need::Metadata, Waiting::Metadata(token)),
        }
    }

    /// What tells the tokens of this guard from those of any other, for
    /// [`fingerprint`](GuardMemory::fingerprint).
    #[must_use]
    pub fn memory(&self, crypto: CryptoProvider) -> GuardMemory {
        GuardMemory(TokenIdentity::new(&self.0.issuers, crypto))
    }

    fn attribute(
        &self,
        at: usize,
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
                Step::Done(self.verify(at, inspected, Availability::Ready, snapshot, now))
            }
            Some(KeyLookup::Unknown) | None => {
                let need = Need::Key { algorithm, id: id.cloned() };
                self.wait(at, need, Waiting::Key(inspected))
            }
        }
    }

    fn verify(
        &self,
        at: usize,
        inspected: Inspected,
        availability: Availability,
        snapshot: &IssuerSnapshot,
        now: Now,
    ) -> Verdict {
        match snapshot.key(inspected.algorithm(), inspected.key_id(), now.monotonic) {
            Some(KeyLookup::Found(key)) => {
                let issuer = self.0.issuers.index(at);
                let source = KeySource { issuer, generation: snapshot.generation() };
                match inspected.verify_with(key, Some(source)) {
                    Ok(token) => Verdict::Allowed(token),
                    Err(error) => self.refuse(RefusalReason::Token(error), None),
                }
            }
            Some(KeyLookup::Ambiguous | KeyLookup::Unknown) => {
                self.refuse(RefusalReason::Token(TokenError::UnknownKey), None)
            }
            None => self.refuse(RefusalReason::Unavailable, Some(availability)),
        }
    }

    fn wait(&self, at: usize, need: Need, waiting: Waiting) -> Step<GuardFlow> {
        let issuer = self.0.issuers.index(at);
        Step::Await(Await::new(issuer, need, GuardFlow { guard: self.clone(), at, waiting }))
    }

    fn snapshot(&self, at: usize, context: &Context<'_>) -> Option<Arc<IssuerSnapshot>> {
        context.issuers.snapshot(self.0.issuers.index(at))
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

/// Finds the tokens of a guard again in a [`TokenCache`].
#[derive(Clone, Debug)]
pub struct GuardMemory(TokenIdentity);

impl GuardMemory {
    /// The fingerprint of the token that a request carries, and its length in bytes; `None` where
    /// it carries none that a guard would look at.
    #[must_use]
    pub fn fingerprint(&self, request: &RequestHead<'_>) -> Option<(TokenFingerprint, usize)> {
        let token = bearer_token(request).ok()?;
        if token.len() > TokenPolicy::MAX_LENGTH {
            return None;
        }
        Some((TokenFingerprint::new(&self.0, token), token.len()))
    }

    /// The token with this fingerprint, if it was verified before, its dates still allow it, and its
    /// issuer's keys are the same and not too old to be used.
    #[must_use]
    pub fn recall(
        &self,
        cache: &TokenCache,
        fingerprint: &TokenFingerprint,
        context: &Context<'_>,
    ) -> Option<VerifiedToken> {
        cache.get(fingerprint, context.now, |source| {
            let snapshot = context.issuers.snapshot(source.issuer)?;
            snapshot.is_usable(context.now.monotonic).then(|| snapshot.generation())
        })
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
    /// Which of the guard's issuers.
    at: usize,
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

    fn on_refresh(self, _: RefreshOutcome, _: &mut Context<'_>) -> Step<Self> {
        // A guard knows no sessions.
        Step::Done(self.guard.refuse(RefusalReason::Unavailable, None))
    }

    fn on_answer(self, _: Result<Inbound, FetchError>, _: &mut Context<'_>) -> Step<Self> {
        // A guard sends no requests of its own.
        Step::Done(self.guard.refuse(RefusalReason::Unavailable, None))
    }

    fn on_availability(self, availability: Availability, context: &mut Context<'_>) -> Step<Self> {
        let Some(snapshot) = self.guard.snapshot(self.at, context) else {
            return Step::Done(self.guard.refuse(RefusalReason::Unavailable, None));
        };
        match self.waiting {
            Waiting::Metadata(token) => {
                if snapshot.metadata().is_none() {
                    let refusal = self.guard.refuse(RefusalReason::Unavailable, Some(availability));
                    return Step::Done(refusal);
                }
                self.guard.attribute(self.at, token, &snapshot, context.now)
            }
            Waiting::Key(inspected) => {
                let now = context.now;
                Step::Done(self.guard.verify(self.at, inspected, availability, &snapshot, now))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::RUSTCRYPTO,
        issuer::{Demand, IssuerConfig, IssuerMachine},
        test_support::{
            AUDIENCE, Counting, ISSUER, ProviderKey, access_claims, after, ok, ready_machine,
            with_context,
        },
    };
    use alloc::vec;
    use core::time::Duration;
    use std::sync::LazyLock;

    static KEY: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::one);

    fn guard() -> Guard {
        Guard::new(TokenPolicy::access_token([AUDIENCE]).unwrap())
    }

    fn begin(machine: &IssuerMachine, fields: &[(&str, &str)]) -> Step<GuardFlow> {
        let fields = fields.to_vec();
        let head =
            RequestHead { method: "GET", target: "/", headers: &fields, peer: None, secure: false };
        with_context(after(0), &mut Counting::default(), &machine.snapshot(), |context| {
            guard().begin(&head, context)
        })
    }

    fn verdict(step: Step<GuardFlow>) -> Verdict {
        match step {
            Step::Done(verdict) => verdict,
            other => panic!("not decided: {other:?}"),
        }
    }

    fn refusal(fields: &[(&str, &str)]) -> (u16, Option<String>, RefusalReason) {
        match verdict(begin(&ready_machine(&KEY.jwk_set()), fields)) {
            Verdict::Refused(Refusal { response, reason }) => {
                let challenge = response.headers.get("www-authenticate").map(String::from);
                (response.status, challenge, reason)
            }
            Verdict::Allowed(_) => panic!("allowed"),
        }
    }

    #[test]
    fn a_good_token_passes() {
        let token = KEY.sign(&access_claims(""));
        for credentials in
            [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER   {token} ")]
        {
            let step = begin(&ready_machine(&KEY.jwk_set()), &[("Authorization", &credentials)]);
            let Verdict::Allowed(token) = verdict(step) else { panic!("refused") };
            assert_eq!(token.subject(), Some("user"));
        }
    }

    /// J30: what the credentials can look like (RFC 6750 §2.1, §3.1).
    #[test]
    fn credentials_are_parsed_to_the_letter() {
        let bare = Some(String::from("Bearer realm=\"api\""));
        let (malformed, none) = (RefusalReason::Malformed, RefusalReason::NoCredentials);
        assert_eq!(refusal(&[]), (401, bare.clone(), none));
        for field in ["Basic YTpi", "Bearerx", "DPoP abc", "", "\tBearer x"] {
            assert_eq!(refusal(&[("authorization", field)]), (401, bare.clone(), none), "{field}");
        }
        for field in ["Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "Bearer \"a\"", "Bearer ="] {
            let (status, challenge, reason) = refusal(&[("authorization", field)]);
            assert_eq!((status, reason), (400, malformed), "{field}");
            assert!(challenge.unwrap().contains("error=\"invalid_request\""));
        }
    }

    /// H02: two Authorization fields are no credentials of anybody's.
    #[test]
    fn two_credentials_are_refused() {
        let token = format!("Bearer {}", KEY.sign(&access_claims("")));
        let (status, _, reason) = refusal(&[("authorization", &token), ("Authorization", &token)]);
        assert_eq!((status, reason), (400, RefusalReason::Malformed));
    }

    #[test]
    fn every_bad_token_gets_the_same_answer() {
        let good = access_claims("");
        let other_key = ProviderKey::two();
        let cases = vec![
            (KEY.sign(&good.replace("1800000600", "1799990000")), TokenError::Expired),
            (KEY.sign(&good.replace(AUDIENCE, "https://other.example")), TokenError::Audience),
            (KEY.sign(&good.replace(ISSUER, "https://other.example/")), TokenError::Issuer),
            (KEY.sign_with_header(r#"{"alg":"HS256"}"#, &good), TokenError::Algorithm),
            (
                other_key.sign_with_header(r#"{"alg":"RS256","kid":"one"}"#, &good),
                TokenError::Signature,
            ),
            (String::from("x.y.z"), TokenError::Serialization),
        ];
        let mut answers = vec![];
        for (token, error) in cases {
            let field = format!("Bearer {token}");
            let (status, challenge, reason) = refusal(&[("authorization", &field)]);
            assert_eq!((status, reason), (401, RefusalReason::Token(error)));
            answers.push(challenge);
        }
        answers.dedup();
        assert_eq!(answers.len(), 1);
        assert!(answers[0].as_ref().unwrap().contains("error=\"invalid_token\""));
    }

    /// An outage is 503, and no word about the token (RFC 6750 has none for it).
    #[test]
    fn an_outage_is_503_with_the_time_to_wait() {
        let machine = IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO);
        let field = format!("Bearer {}", KEY.sign(&access_claims("")));
        let Step::Await(wait) = begin(&machine, &[("authorization", &field)]) else {
            panic!("must wait")
        };
        assert_eq!(wait.need(), &Need::Metadata);
        let retry_after = Duration::from_secs(7);
        let verdict = verdict(with_context(
            after(1),
            &mut Counting::default(),
            &machine.snapshot(),
            |context| wait.resume(Availability::Unavailable { retry_after }, context),
        ));
        let Verdict::Refused(Refusal { response, reason }) = verdict else { panic!("allowed") };
        assert_eq!((response.status, reason), (503, RefusalReason::Unavailable));
        assert_eq!(response.headers.get("retry-after"), Some("7"));
        assert_eq!(response.headers.get("www-authenticate"), None);
    }

    /// A token that could not be accepted anyway makes nobody fetch anything.
    #[test]
    fn nothing_is_fetched_for_a_hopeless_token() {
        let machine = IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO);
        for token in ["x", "x.y.z", &KEY.sign(&access_claims("").replace(AUDIENCE, "other"))] {
            let field = format!("Bearer {token}");
            let step = begin(&machine, &[("authorization", &field)]);
            assert!(matches!(step, Step::Done(Verdict::Refused(_))), "{token}");
        }
    }

    /// J06, J08: a key that is not in the set is waited for, once.
    #[test]
    fn an_unknown_key_is_waited_for_and_then_refused_or_found() {
        for (set, allowed) in [(KEY.jwk_set(), false), (ProviderKey::two().jwk_set(), true)] {
            let mut machine = ready_machine(&KEY.jwk_set());
            let field = format!("Bearer {}", ProviderKey::two().sign(&access_claims("")));
            let Step::Await(wait) = begin(&machine, &[("authorization", &field)]) else {
                panic!("must wait")
            };
            assert!(matches!(machine.demand(wait.need(), after(1)), Demand::Pending { .. }));
            let flight = machine.poll_flight(after(1)).unwrap();
            let mut entropy = Counting::default();
            let _ = machine.on_answer(flight.id, Ok(ok(set)), after(1), &mut entropy);
            let Demand::Settled(availability) = machine.demand(wait.need(), after(1)) else {
                panic!("must be settled")
            };
            let snapshot = machine.snapshot();
            let verdict = verdict(with_context(after(1), &mut entropy, &snapshot, |context| {
                wait.resume(availability, context)
            }));
            assert_eq!(matches!(verdict, Verdict::Allowed(_)), allowed);
        }
    }
}
