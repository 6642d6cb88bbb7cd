//! The verifier beside jsonwebtoken with its strictest settings, on the same tokens.
//!
//! Whatever the verifier accepts, jsonwebtoken accepts. What jsonwebtoken accepts and the verifier
//! refuses is of a class that is listed in [`classes`]; `--nocapture` shows how many of each.

mod classes;
mod question;

use crate::harness::{SigningKey, now};
use classes::{CLASSES, class_of};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::Jwk};
use portcullis_core::{
    crypto::SignatureAlgorithm,
    jwt::{TokenError, TokenPolicy, VerifiedToken},
    key_set::{KeyLookup, KeySet},
    time::UnixSeconds,
};
use portcullis_hyper::crypto::AWS_LC;
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRng, TestRunner},
};
use question::{AUDIENCE, ISSUER, Question, question};
use serde_json::{Value, json};
use std::{cell::RefCell, collections::BTreeMap, sync::LazyLock};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate("one"));

/// What each of the two says to a token, at the same time.
struct Both {
    policy: TokenPolicy,
    keys: KeySet,
    validation: Validation,
    key: DecodingKey,
}

impl Both {
    fn new() -> Self {
        let jwk = KEY.jwk();
        let set = json!({"keys": [jwk]}).to_string();
        let jwk: Jwk = serde_json::from_value(jwk).expect("a JWK");
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        validation.leeway = 30;
        Self {
            policy: TokenPolicy::access_token([AUDIENCE]).expect("a policy"),
            keys: KeySet::parse(set.as_bytes(), &[SignatureAlgorithm::Rs256], &AWS_LC)
                .expect("a key set"),
            validation,
            key: DecodingKey::from_jwk(&jwk).expect("a key"),
        }
    }

    fn ours(&self, token: &str) -> Result<VerifiedToken, TokenError> {
        let inspected = self.policy.read(token, UnixSeconds(now()))?.from_issuer(ISSUER)?;
        match self.keys.find(inspected.algorithm(), inspected.key_id()) {
            KeyLookup::Found(key) => inspected.verify(key),
            KeyLookup::Ambiguous | KeyLookup::Unknown => Err(TokenError::UnknownKey),
        }
    }

    fn theirs(&self, token: &str) -> jsonwebtoken::errors::Result<Value> {
        decode(token, &self.key, &self.validation).map(|decoded| decoded.claims)
    }
}

/// How many tokens were accepted by both, refused by both, and refused by the verifier alone.
#[derive(Debug, Default)]
struct Counts {
    accepted: usize,
    refused: usize,
    classes: BTreeMap<&'static str, usize>,
}

fn compare(both: &Both, question: &Question, counts: &mut Counts) -> Result<(), TestCaseError> {
    let token = question.token(&KEY);
    match (both.ours(&token), both.theirs(&token)) {
        (Ok(ours), Ok(theirs)) => {
            counts.accepted += 1;
            let ours = serde_json::to_value(ours.claims()).expect("JSON");
            prop_assert_eq!(ours, theirs);
        }
        (Ok(_), Err(error)) => {
            return Err(TestCaseError::fail(format!("jsonwebtoken refuses: {error}")));
        }
        (Err(_), Err(_)) => counts.refused += 1,
        (Err(error), Ok(_)) => match class_of(question, &token) {
            Some(class) => *counts.classes.entry(class).or_default() += 1,
            None => return Err(TestCaseError::fail(format!("refused for no reason: {error:?}"))),
        },
    }
    Ok(())
}

fn run(mut runner: TestRunner) -> Counts {
    let both = Both::new();
    let counts = RefCell::default();
    let outcome = runner
        .run(&question(now()), |question| compare(&both, &question, &mut counts.borrow_mut()));
    let counts = counts.into_inner();
    println!("{counts:#?}");
    if let Err(error) = outcome {
        panic!("{error}");
    }
    counts
}

/// The same tokens in each run, so many that every class is met.
#[test]
fn differs_from_jsonwebtoken_in_listed_classes_alone() {
    let config = ProptestConfig { cases: 4000, failure_persistence: None, ..Default::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let counts = run(TestRunner::new_with_rng(config, rng));
    assert!(counts.accepted > 400 && counts.refused > 400, "{counts:?}");
    for (class, _) in CLASSES {
        assert!(counts.classes.contains_key(class), "never met: {class}");
    }
}

/// Other tokens in each run.
#[test]
fn agrees_with_jsonwebtoken_on_tokens_never_seen_before() {
    let config = ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() };
    let _ = run(TestRunner::new(config));
}
