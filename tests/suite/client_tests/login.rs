//! Signing in with a provider that goes wrong.

use super::{Stage, assert_accepted, assert_rejected};
use crate::harness::{Algorithm, Answer, Client, Provider, SigningKey, query_of, unsigned};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// A sign-in whose ID token is made from the claims of a good one.
fn accepts(stage: &Stage, id_token: impl FnOnce(Value) -> String) {
    let mut client = Client::new();
    let back = stage.provider.sign_in_with(&mut client, &stage.demo, id_token);
    assert_accepted(&client, &back);
}

fn rejects(stage: &Stage, id_token: impl FnOnce(Value) -> String) {
    let mut client = Client::new();
    let page = stage.provider.sign_in_with(&mut client, &stage.demo, id_token);
    assert_rejected(&client, &page, 502, "id_token_invalid");
}

/// A sign-in with one claim set to `value`, or left out.
fn rejects_claim(stage: &Stage, claim: &str, value: Option<Value>) {
    rejects(stage, |mut claims| {
        match value {
            Some(value) => claims[claim] = value,
            None => drop(claims.as_object_mut().expect("claims").remove(claim)),
        }
        stage.provider.key.sign(&claims)
    });
}

pub(super) fn a_good_token(stage: &Stage) {
    accepts(stage, |claims| stage.provider.key.sign(&claims));
}

pub(super) fn another_issuer(stage: &Stage) {
    rejects_claim(stage, "iss", Some(json!("https://evil.example")));
}

pub(super) fn no_issuer(stage: &Stage) {
    rejects_claim(stage, "iss", None);
}

pub(super) fn no_subject(stage: &Stage) {
    rejects_claim(stage, "sub", None);
}

pub(super) fn another_audience(stage: &Stage) {
    rejects_claim(stage, "aud", Some(json!("another-client")));
}

pub(super) fn no_audience(stage: &Stage) {
    rejects_claim(stage, "aud", None);
}

pub(super) fn a_second_audience(stage: &Stage) {
    rejects_claim(stage, "aud", Some(json!([Provider::CLIENT_ID, "another-client"])));
}

pub(super) fn an_array_of_one_audience(stage: &Stage) {
    accepts(stage, |mut claims| {
        claims["aud"] = json!([Provider::CLIENT_ID]);
        stage.provider.key.sign(&claims)
    });
}

pub(super) fn no_time_of_issue(stage: &Stage) {
    rejects_claim(stage, "iat", None);
}

pub(super) fn expired(stage: &Stage) {
    rejects_claim(stage, "exp", Some(json!(crate::harness::now() - 300)));
}

pub(super) fn no_expiry(stage: &Stage) {
    rejects_claim(stage, "exp", None);
}

pub(super) fn another_nonce(stage: &Stage) {
    rejects_claim(stage, "nonce", Some(json!("another")));
}

pub(super) fn no_nonce(stage: &Stage) {
    rejects_claim(stage, "nonce", None);
}

pub(super) fn another_access_token_hash(stage: &Stage) {
    rejects_claim(stage, "at_hash", Some(json!("AAAAAAAAAAAAAAAAAAAAAA")));
}

pub(super) fn no_key_id_and_one_key(stage: &Stage) {
    accepts(stage, |claims| stage.provider.key.sign_with(&json!({"alg": "RS256"}), &claims));
}

/// The standard lets a client try every key. The gate does not guess.
pub(super) fn no_key_id_and_two_keys(stage: &Stage) {
    let keys = json!({"keys": [stage.provider.key.jwk(), SigningKey::generate("two").jwk()]});
    stage.provider.answers(Provider::KEY_SET, Answer::json(&keys));
    rejects(stage, |claims| stage.provider.key.sign_with(&json!({"alg": "RS256"}), &claims));
}

pub(super) fn no_signature(stage: &Stage) {
    rejects(stage, |claims| format!("{}.", unsigned(&json!({"alg": "none"}), &claims)));
}

pub(super) fn a_broken_signature(stage: &Stage) {
    rejects(stage, |claims| {
        let good = stage.provider.key.sign(&claims);
        let (input, signature) = good.rsplit_once('.').expect("a token");
        let (start, end) = signature.split_at(signature.len() / 2);
        let first = if end.starts_with('A') { "B" } else { "A" };
        format!("{input}.{start}{first}{}", &end[1..])
    });
}

pub(super) fn hs256_with_the_public_key(stage: &Stage) {
    rejects(stage, |claims| stage.provider.key.sign_with_public_key(&claims));
}

pub(super) fn es256_by_name(stage: &Stage) {
    let mut header = json!({"alg": "ES256"});
    header["kid"] = stage.provider.key.jwk()["kid"].clone();
    rejects(stage, |claims| stage.provider.key.sign_with(&header, &claims));
}

pub(super) fn another_algorithm(stage: &Stage) {
    for (name, algorithm) in [("RS384", Algorithm::RS384), ("PS256", Algorithm::PS256)] {
        let mut header = json!({"alg": name});
        header["kid"] = stage.provider.key.jwk()["kid"].clone();
        rejects(stage, |claims| {
            stage.provider.key.sign_input(&unsigned(&header, &claims), algorithm)
        });
    }
}

pub(super) fn the_secret_in_the_header(stage: &Stage) {
    a_good_token(stage);
    let credentials = format!("{}:{}", Provider::CLIENT_ID, Provider::CLIENT_SECRET);
    let expected = format!("Basic {}", STANDARD.encode(credentials.replace('-', "%2D")));
    let plain = format!("Basic {}", STANDARD.encode(credentials));
    let sent = stage.provider.authorization();
    assert!(sent == expected || sent == plain, "{sent}");
}

/// Someone else's page may start a login, at the provider that is configured, and it ends in the
/// application.
pub(super) fn started_by_a_third_party(stage: &Stage) {
    let mut client = Client::new();
    let login = "iss=https%3A%2F%2Fevil.example&target_link_uri=https%3A%2F%2Fevil.example%2F";
    let away = client.open(&format!("{}/api/auth/login?{login}", stage.demo.frontend));
    assert!(away.location().starts_with(&format!("{}/authorize?", stage.provider.url())));
    assert!(!away.location().contains("evil.example"), "{away:?}");
}

/// Comes back from the provider by the address that `change` makes of the right one, once tokens
/// are there. Returns how often the token endpoint was asked.
fn comes_back(stage: &Stage, change: impl FnOnce(String, &str) -> String) -> (u16, usize) {
    let mut client = Client::new();
    let away = client.open(&format!("{}/api/auth/login", stage.demo.frontend));
    let parameter = |name| query_of(away.location(), name).expect("a parameter");
    let (state, nonce) = (parameter("state"), parameter("nonce"));
    let key = &stage.provider.key;
    let id_token = key.sign(&stage.provider.id_claims(&nonce));
    stage.provider.grant(&key.sign(&stage.provider.access_claims()), &id_token);
    let before = stage.provider.requests(Provider::TOKEN);
    let page = client.open(&change(stage.provider.callback(&stage.demo, &state), &state));
    assert_eq!(client.session_cookie(), None);
    (page.status, stage.provider.requests(Provider::TOKEN) - before)
}

pub(super) fn another_state(stage: &Stage) {
    let outcome = comes_back(stage, |url, state| url.replace(state, &format!("{state}x")));
    assert_eq!(outcome, (400, 0));
}

pub(super) fn no_state(stage: &Stage) {
    let outcome = comes_back(stage, |url, state| url.replace(&format!("&state={state}"), ""));
    assert_eq!(outcome, (400, 0));
}

pub(super) fn another_issuer_in_the_response(stage: &Stage) {
    let outcome = comes_back(stage, |url, _| format!("{url}&iss=https%3A%2F%2Fevil.example"));
    assert_eq!(outcome, (400, 0));
}

/// A provider that says that it names itself in every response. The document counts from its first
/// reading on, and nobody has asked for it yet.
pub(super) fn no_issuer_in_the_response(stage: &Stage) {
    let mut discovery = stage.provider.discovery();
    discovery["authorization_response_iss_parameter_supported"] = json!(true);
    stage.provider.answers(Provider::DISCOVERY, Answer::json(&discovery));
    assert_eq!(comes_back(stage, |url, _| url), (400, 0));
}

/// A sign-in whose token response is a good one changed by `change`.
fn accepts_response(stage: &Stage, change: impl FnOnce(&mut Value)) {
    let mut client = Client::new();
    let login = format!("{}/api/auth/login?returnTo=%2Fprivate", stage.demo.frontend);
    let away = client.open(&login);
    let parameter = |name| query_of(away.location(), name).expect("a parameter");
    let (state, nonce) = (parameter("state"), parameter("nonce"));
    let key = &stage.provider.key;
    let mut response = json!({
        "access_token": key.sign(&stage.provider.access_claims()),
        "id_token": key.sign(&stage.provider.id_claims(&nonce)),
        "token_type": "Bearer", "expires_in": 600,
    });
    change(&mut response);
    stage.provider.answers(Provider::TOKEN, Answer::json(&response));
    let back = client.open(&stage.provider.callback(&stage.demo, &state));
    assert_accepted(&client, &back);
}

pub(super) fn token_type_in_any_case(stage: &Stage) {
    for name in ["bearer", "BEARER"] {
        accepts_response(stage, |response| response["token_type"] = json!(name));
    }
}

pub(super) fn no_lifetime(stage: &Stage) {
    accepts_response(stage, |response| {
        response.as_object_mut().expect("an object").remove("expires_in");
    });
}
