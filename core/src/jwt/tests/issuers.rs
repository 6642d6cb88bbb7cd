//! Several issuers behind one guard: what is one's never counts for another.

use super::{NOW, TokenError};
use crate::{
    crypto::{RUSTCRYPTO, SignatureAlgorithm},
    flow::Step,
    guard::{Guard, GuardFlow, RefusalReason, Verdict},
    http::RequestHead,
    issuer::{
        Availability, Document, IssuerConfig, IssuerIndex, IssuerMachine, IssuerSnapshot, Issuers,
        Need,
    },
    jwt::{TokenPolicy, TrustError, TrustedIssuer},
    test_support::{Counting, ProviderKey, after, discovery, ok, with_context},
};
use alloc::{format, string::String, sync::Arc, vec};
use std::sync::LazyLock;

static ONE: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::one);
static TWO: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::two);

const FIRST: &str = "https://first.example/";
const SECOND: &str = "https://second.example/";

fn config(issuer: &str) -> IssuerConfig {
    IssuerConfig::new(issuer).unwrap()
}

/// What is known of `issuer` once both of its documents are there.
fn known(issuer: &str, key_set: &str) -> Arc<IssuerSnapshot> {
    let mut machine = IssuerMachine::new(config(issuer), RUSTCRYPTO);
    let need = Need::Key { algorithm: SignatureAlgorithm::Rs256, id: None };
    for _ in 0..2 {
        let _ = machine.demand(&need, after(0));
        let flight = machine.poll_flight(after(0)).unwrap();
        let body = match flight.document {
            Document::Discovery => {
                discovery().replace("https://op.example/\"", &format!("{issuer}\""))
            }
            Document::KeySet => key_set.into(),
        };
        let _ = machine.on_answer(flight.id, Ok(ok(body)), after(0), &mut Counting::default());
    }
    assert_eq!(machine.snapshot().metadata().unwrap().issuer(), issuer);
    machine.snapshot()
}

fn policy(audience: &str) -> TokenPolicy {
    TokenPolicy::access_token([audience]).unwrap()
}

fn trusted(index: usize, issuer: &str, policy: TokenPolicy) -> TrustedIssuer {
    TrustedIssuer::new(IssuerIndex(index), &config(issuer), policy)
}

fn guard_for<const N: usize>(issuers: [TrustedIssuer; N]) -> Guard {
    Guard::for_issuers(issuers).unwrap().build().unwrap()
}

/// A guard that takes tokens of the first issuer for one audience, of the second for another.
fn guard() -> Guard {
    let issuers = [trusted(0, FIRST, policy("api-1")), trusted(1, SECOND, policy("api-2"))];
    guard_for(issuers)
}

fn claims(issuer: &str, audience: &str) -> String {
    format!(r#"{{"iss":"{issuer}","aud":"{audience}","sub":"user","exp":{}}}"#, NOW + 600)
}

fn begin(guard: &Guard, issuers: &dyn Issuers, token: &str) -> Step<GuardFlow> {
    let field = format!("Bearer {token}");
    let headers = [("authorization", field.as_str())];
    let head =
        RequestHead { method: "GET", target: "/", headers: &headers, peer: None, secure: false };
    with_context(after(0), &mut Counting::default(), issuers, |context| guard.begin(&head, context))
}

fn outcome(guard: &Guard, issuers: &dyn Issuers, token: &str) -> Result<(), TokenError> {
    let step = match begin(guard, issuers, token) {
        // Nothing new comes of waiting.
        Step::Await(wait) => with_context(after(0), &mut Counting::default(), issuers, |context| {
            wait.resume(Availability::Missing, context)
        }),
        step => step,
    };
    match step {
        Step::Done(Verdict::Allowed(_)) => Ok(()),
        Step::Done(Verdict::Refused(refusal)) => match refusal.reason {
            RefusalReason::Token(error) => Err(error),
            reason => panic!("{reason}"),
        },
        other => panic!("not decided: {other:?}"),
    }
}

/// Rule 21: a key is looked for at the issuer that is configured, never where a token says.
#[test]
fn each_issuer_has_its_own_keys_and_its_own_audience() {
    let issuers = vec![known(FIRST, &ONE.jwk_set()), known(SECOND, &TWO.jwk_set())];
    for (key, issuer, audience, expected) in [
        (&ONE, FIRST, "api-1", Ok(())),
        (&TWO, SECOND, "api-2", Ok(())),
        (&ONE, FIRST, "api-2", Err(TokenError::Audience)),
        (&TWO, SECOND, "api-1", Err(TokenError::Audience)),
        // J36: a key of the other issuer, by its name.
        (&TWO, FIRST, "api-1", Err(TokenError::UnknownKey)),
        (&ONE, SECOND, "api-2", Err(TokenError::UnknownKey)),
    ] {
        let token = key.sign(&claims(issuer, audience));
        assert_eq!(outcome(&guard(), &issuers, &token), expected, "{issuer} {audience}");
    }
}

/// J36: a key of the other issuer that has the same name.
#[test]
fn a_key_of_the_same_name_is_another_key_at_another_issuer() {
    let namesake = TWO.jwk_set().replace("\"two\"", "\"one\"");
    let issuers = vec![known(FIRST, &ONE.jwk_set()), known(SECOND, &namesake)];
    let header = r#"{"alg":"RS256","kid":"one"}"#;
    for (key, issuer, audience, expected) in [
        (&ONE, FIRST, "api-1", Ok(())),
        (&TWO, SECOND, "api-2", Ok(())),
        (&TWO, FIRST, "api-1", Err(TokenError::Signature)),
        (&ONE, SECOND, "api-2", Err(TokenError::Signature)),
    ] {
        let token = key.sign_with_header(header, &claims(issuer, audience));
        assert_eq!(outcome(&guard(), &issuers, &token), expected, "{issuer}");
    }
}

/// J24: a tenant that signs with the same keys is another issuer all the same.
#[test]
fn a_tenant_with_the_same_keys_is_another_issuer() {
    let issuers = vec![known(FIRST, &ONE.jwk_set()), known(SECOND, &ONE.jwk_set())];
    let only_first = guard_for([trusted(0, FIRST, policy("api"))]);
    let token = |issuer| ONE.sign(&claims(issuer, "api"));
    assert_eq!(outcome(&only_first, &issuers, &token(FIRST)), Ok(()));
    for issuer in [
        SECOND,
        "https://first.example",
        "https://FIRST.example/",
        "https://first.example:443/",
        "https://first.example//",
        "https://first.example/?",
        "",
    ] {
        let refused = outcome(&only_first, &issuers, &token(issuer));
        assert_eq!(refused, Err(TokenError::Issuer), "{issuer}");
    }
}

/// The issuer that a token names is never fetched from unless it is configured.
#[test]
fn nothing_is_waited_for_on_behalf_of_a_stranger() {
    let cold = vec![Arc::new(IssuerSnapshot::default()), Arc::new(IssuerSnapshot::default())];
    let stranger = ONE.sign(&claims("https://third.example/", "api-1"));
    assert_eq!(outcome(&guard(), &cold, &stranger), Err(TokenError::Issuer));
    for issuer in ["1", "null", r#"["https://first.example/"]"#] {
        let text = claims(FIRST, "api-1").replace(&format!("\"{FIRST}\""), issuer);
        assert_eq!(outcome(&guard(), &cold, &ONE.sign(&text)), Err(TokenError::Issuer), "{issuer}");
    }
    // One that is configured is waited for, and it alone.
    for (at, issuer, audience) in [(0, FIRST, "api-1"), (1, SECOND, "api-2")] {
        let token = ONE.sign(&claims(issuer, audience));
        let Step::Await(wait) = begin(&guard(), &cold, &token) else { panic!("must wait") };
        assert_eq!((wait.issuer(), wait.need()), (IssuerIndex(at), &Need::Metadata));
    }
}

/// An outage of one issuer does not touch the tokens of another.
#[test]
fn an_outage_of_one_issuer_is_no_outage_of_another() {
    let issuers = vec![Arc::new(IssuerSnapshot::default()), known(SECOND, &TWO.jwk_set())];
    assert_eq!(outcome(&guard(), &issuers, &TWO.sign(&claims(SECOND, "api-2"))), Ok(()));
}

/// Rule 8: the algorithms of one issuer are not those of another.
#[test]
fn each_issuer_has_its_own_algorithms_and_lengths() {
    let issuers = vec![known(FIRST, &ONE.jwk_set()), known(SECOND, &TWO.jwk_set())];
    let rs512 = policy("api-2").with_algorithms([SignatureAlgorithm::Rs512]).unwrap();
    let short = policy("api-1").with_max_length(600);
    let guard = guard_for([trusted(0, FIRST, short), trusted(1, SECOND, rs512)]);
    let named = |name: &str, issuer, audience| {
        let header = format!(r#"{{"alg":"{name}","kid":"one"}}"#);
        outcome(&guard, &issuers, &ONE.sign_with_header(&header, &claims(issuer, audience)))
    };
    assert_eq!(named("RS256", FIRST, "api-1"), Ok(()));
    assert_eq!(named("RS512", FIRST, "api-1"), Err(TokenError::Algorithm));
    assert_eq!(named("RS256", SECOND, "api-2"), Err(TokenError::Algorithm));
    // Nobody allows it, so nothing of the payload is looked at.
    assert_eq!(named("PS256", "nobody", "nothing"), Err(TokenError::Algorithm));
    let long = claims(FIRST, "api-1").replace("user", &"u".repeat(400));
    assert_eq!(outcome(&guard, &issuers, &ONE.sign(&long)), Err(TokenError::TooLong));
}

#[test]
fn an_issuer_stands_once_behind_a_guard() {
    let issuer = |index, name| trusted(index, name, policy("api"));
    for (issuers, error) in [
        (vec![], TrustError::NoIssuer),
        (vec![issuer(0, FIRST), issuer(0, SECOND)], TrustError::Repeated),
        (vec![issuer(0, FIRST), issuer(1, FIRST)], TrustError::Repeated),
        (vec![issuer(0, FIRST), issuer(1, "https://first.example")], TrustError::Repeated),
    ] {
        assert_eq!(Guard::for_issuers(issuers).err(), Some(error));
    }
}
