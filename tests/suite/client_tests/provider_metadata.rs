//! Documents of the provider that differ, change or lie.

use super::{Stage, assert_accepted};
use crate::harness::{Answer, Client, Demo, Provider, SigningKey, query_of};
use serde_json::json;

/// A sign-in with an ID token that `key` signs.
fn signs_in_with(stage: &Stage, key: &SigningKey) {
    let mut client = Client::new();
    let back = stage.provider.sign_in_with(&mut client, &stage.demo, |claims| key.sign(&claims));
    assert_accepted(&client, &back);
}

/// Endpoints are where the document says, and nowhere else.
pub(super) fn other_endpoints(stage: &Stage) {
    let mut document = stage.provider.discovery();
    let url = stage.provider.url();
    document["authorization_endpoint"] = json!(format!("{url}/7f3a/authorize"));
    stage.provider.answers(Provider::DISCOVERY, Answer::json(&document));
    let away = Client::new().open(&format!("{}/api/auth/login", stage.demo.frontend));
    assert!(away.location().starts_with(&format!("{url}/7f3a/authorize?")), "{away:?}");
}

pub(super) fn another_key_set(stage: &Stage) {
    const ELSEWHERE: &str = "/7f3a/keys";
    let mut document = stage.provider.discovery();
    document["jwks_uri"] = json!(format!("{}{ELSEWHERE}", stage.provider.url()));
    stage.provider.answers(Provider::DISCOVERY, Answer::json(&document));
    let key = SigningKey::generate("elsewhere");
    stage.provider.answers(ELSEWHERE, Answer::json(&json!({"keys": [key.jwk()]})));
    signs_in_with(stage, &key);
    assert_eq!(stage.provider.requests(Provider::KEY_SET), 0);
}

pub(super) fn another_issuer(stage: &Stage) {
    let mut document = stage.provider.discovery();
    document["issuer"] = json!("https://evil.example");
    stage.provider.answers(Provider::DISCOVERY, Answer::json(&document));
    let demo = Demo::with_provider(stage.runtime, &stage.provider);
    let page = Client::new().open(&format!("{}/api/auth/login", demo.frontend));
    assert_eq!(page.status, 503, "{page:?}");
}

/// The provider signs with a new key from the second login on.
pub(super) fn a_new_key(stage: &Stage) {
    signs_in_with(stage, &stage.provider.key);
    let new = SigningKey::generate("new");
    stage.provider.answers(Provider::KEY_SET, Answer::json(&json!({"keys": [new.jwk()]})));
    signs_in_with(stage, &new);
}

/// The key changes once the browser is at the provider.
pub(super) fn a_new_key_during_the_login(stage: &Stage) {
    signs_in_with(stage, &stage.provider.key);
    let mut client = Client::new();
    let away = client.open(&format!("{}/api/auth/login?returnTo=%2Fprivate", stage.demo.frontend));
    let parameter = |name| query_of(away.location(), name).expect("a parameter");
    let new = SigningKey::generate("new");
    stage.provider.answers(Provider::KEY_SET, Answer::json(&json!({"keys": [new.jwk()]})));
    let before = stage.provider.requests(Provider::KEY_SET);
    let id_token = new.sign(&stage.provider.id_claims(&parameter("nonce")));
    stage.provider.grant(&new.sign(&stage.provider.access_claims()), &id_token);
    let back = client.open(&stage.provider.callback(&stage.demo, &parameter("state")));
    assert_accepted(&client, &back);
    assert_eq!(stage.provider.requests(Provider::KEY_SET) - before, 1, "asked once");
}
