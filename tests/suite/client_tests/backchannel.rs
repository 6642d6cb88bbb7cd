//! Logout tokens.

use super::{Stage, assert_accepted};
use crate::harness::{Algorithm, Client, Provider, now, unsigned};
use core::sync::atomic::{AtomicU64, Ordering};
use serde_json::{Value, json};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Signs in and has the provider send the token that `token` makes of good claims. A token that is
/// refused must leave the session as it is, and one that is taken must end it.
fn plays(stage: &Stage, taken: bool, token: impl FnOnce(Value) -> String) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let session = format!("session-{number}");
    let mut client = Client::new();
    let back = stage.provider.sign_in(&mut client, &stage.demo, |claims| {
        claims["sid"] = json!(session);
    });
    assert_accepted(&client, &back);
    let now = now();
    let claims = json!({
        "iss": stage.provider.issuer(), "aud": Provider::CLIENT_ID, "iat": now, "exp": now + 120,
        "jti": format!("token-{number}"), "sid": session, "events": {EVENT: {}},
    });
    let url = format!("{}/api/auth/backchannel-logout", stage.demo.frontend);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("logout_token={}", token(claims));
    let answer = Client::new().send("POST", &url, &form, &body);
    assert_eq!(answer.status, if taken { 200 } else { 400 }, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(client.is_signed_in(&stage.demo), !taken);
}

fn header(stage: &Stage, algorithm: &str) -> Value {
    json!({"alg": algorithm, "kid": stage.provider.key.jwk()["kid"], "typ": "logout+jwt"})
}

/// A token whose claims are spoilt by `change`.
fn refuses(stage: &Stage, change: impl FnOnce(&mut Value)) {
    plays(stage, false, |mut claims| {
        change(&mut claims);
        stage.provider.key.sign_with(&header(stage, "RS256"), &claims)
    });
}

pub(super) fn a_good_token(stage: &Stage) {
    plays(stage, true, |claims| stage.provider.key.sign_with(&header(stage, "RS256"), &claims));
}

pub(super) fn no_signature(stage: &Stage) {
    plays(stage, false, |claims| format!("{}.", unsigned(&json!({"alg": "none"}), &claims)));
}

pub(super) fn another_algorithm(stage: &Stage) {
    plays(stage, false, |claims| stage.provider.key.sign_with_public_key(&claims));
    plays(stage, false, |claims| {
        let input = unsigned(&header(stage, "RS512"), &claims);
        stage.provider.key.sign_input(&input, Algorithm::RS512)
    });
}

pub(super) fn no_event(stage: &Stage) {
    refuses(stage, |claims| drop(claims.as_object_mut().expect("claims").remove("events")));
}

pub(super) fn another_event(stage: &Stage) {
    refuses(stage, |claims| claims["events"] = json!({"https://op.example/event": {}}));
}

pub(super) fn a_nonce(stage: &Stage) {
    refuses(stage, |claims| claims["nonce"] = json!("n"));
}

pub(super) fn another_audience(stage: &Stage) {
    refuses(stage, |claims| claims["aud"] = json!("another-client"));
}

pub(super) fn another_issuer(stage: &Stage) {
    refuses(stage, |claims| claims["iss"] = json!("https://evil.example"));
}
