//! Our guard and our CORS against real APIs of Express: one with express-jwt and jwks-rsa, one with
//! express-oauth2-jwt-bearer, both with cors.
//!
//! Each request goes byte for byte to all three. What is compared is the status, `WWW-Authenticate`,
//! `Vary` and the fields of CORS. Every difference belongs to a named class with its reason, and the
//! tests print how often each class occurred. A difference of no class fails the test, and so does a
//! class that has no difference any more.

mod apis;
mod classes;
mod compare;
mod corpus;
mod express;
mod key_sources;
mod ours;
mod wire;

use crate::harness::{Answer, Provider, SigningKey};
use apis::{Api, Peer};
use classes::{Counts, Difference, class_of};
use compare::differences;
use corpus::About;
use express::Express;
use ours::Ours;
use portcullis_core::cors::{Cors, CorsConfigError, OriginPolicy};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A provider that publishes keys of every kind: its own, `other` under several names, and some
/// that are not to be used.
fn provider(other: &SigningKey) -> Provider {
    let provider = Provider::start();
    let mut twice = provider.key.jwk();
    twice["kid"] = json!("twice");
    let named = |id: &str, name: &str, value: &str| {
        let mut key = other.jwk();
        key["kid"] = json!(id);
        key[name] = json!(value);
        key
    };
    let keys = json!({"keys": [
        provider.key.jwk(),
        other.jwk(),
        named("sealing", "use", "enc"),
        named("other-algorithm", "alg", "RS512"),
        twice,
        named("twice", "use", "sig"),
        {"kty": "AKP", "alg": "ML-DSA-44", "kid": "future", "pub": "AAAA"},
    ]});
    provider.answers(Provider::KEY_SET, Answer::json(&keys));
    provider
}

/// Where each API listens.
type Ports = BTreeMap<Api, u16>;

#[test]
fn every_difference_from_express_has_a_reason() {
    let other = SigningKey::generate("two");
    let provider = provider(&other);
    let known_to = |peer: Peer| Api::all().filter(move |api| api.is_known_to(peer));
    let theirs: Vec<Value> = Peer::ALL
        .into_iter()
        .flat_map(|peer| known_to(peer).map(move |api| (peer, api)))
        .map(|(peer, api)| api.of_express(peer, &provider))
        .collect();
    let test = "every_difference_from_express_has_a_reason";
    let Some(express) = Express::start(test, &theirs) else { return };
    let mut ports = express.ports.iter().copied();
    let theirs = Peer::ALL.map(|peer| (peer, known_to(peer).zip(&mut ports).collect::<Ports>()));
    let mut ours = Ours::new();
    let ports: Ports = Api::all().map(|api| (api, ours.start(&provider, api))).collect();

    let mut counts = Counts::default();
    let mut unexplained = Vec::new();
    for case in &corpus::cases(&provider, &other) {
        let ours = case.request.send(ports[&case.api]);
        for (peer, ports) in &theirs {
            let Some(port) = ports.get(&case.api) else { continue };
            let theirs = case.request.send(*port);
            if case.about == About::Good {
                assert_eq!((ours.status, theirs.status), (200, 200), "{case:#?}");
            }
            let found = differences(&ours, &theirs);
            counts.compared(*peer, found.is_empty());
            for what in found {
                let (ours, theirs) = (&ours, &theirs);
                let difference = Difference { case, peer: *peer, ours, theirs, what };
                match class_of(&difference) {
                    Some(class) => counts.explained(class, *peer),
                    None => unexplained.push(difference.report()),
                }
            }
        }
    }
    counts.print();
    assert!(
        unexplained.is_empty(),
        "{} differences of no class\n{}",
        unexplained.len(),
        unexplained.iter().take(10).map(|it| format!("{it}\n")).collect::<String>(),
    );
    assert_eq!(counts.unused(), [""; 0], "classes that explain nothing");
}

/// X03: credentials for every origin are refused at the start; npm's cors serves them, `null`
/// included.
#[test]
fn a_policy_that_opens_sessions_to_every_page_is_not_built() {
    let policy = Cors::builder().credentials(true);
    for origin in [OriginPolicy::Any, OriginPolicy::Reflect] {
        let built = policy.clone().origin(origin).build();
        assert!(matches!(built, Err(CorsConfigError::CredentialsForAll)), "{built:?}");
    }
    let apis = [
        json!({"cors": {"credentials": true}}),
        json!({"cors": {"credentials": true, "origin": true}}),
    ];
    let test = "a_policy_that_opens_sessions_to_every_page_is_not_built";
    let Some(express) = Express::start(test, &apis) else { return };
    let request = wire::Request::new("GET").with("Origin", "null");
    for (port, origin) in express.ports.iter().zip(["*", "null"]) {
        let answer = request.send(*port);
        assert_eq!(answer.field("access-control-allow-origin"), origin);
        assert_eq!(answer.field("access-control-allow-credentials"), "true");
    }
}
