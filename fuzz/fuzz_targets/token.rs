//! A token under each policy. An input that starts with `{` is a header and a payload, one a line,
//! to be signed; any other is the text of the token.

#![no_main]

use fuzz_support::{API_AUDIENCE, CLIENT_ID, ISSUER, NOW, known_issuer, lines, token};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    jwt::{AccessTokenProfile, ScopeClaim, TokenPolicy, VerifiedToken},
    key_set::KeyLookup,
    time::{Monotonic, UnixSeconds},
};
use std::{sync::LazyLock, time::Duration};

/// Each with the audience, and with the claim of the scopes.
static POLICIES: LazyLock<[(TokenPolicy, &str, &str); 5]> = LazyLock::new(|| {
    let access = || TokenPolicy::access_token([API_AUDIENCE]).expect("a good policy");
    [
        (access(), API_AUDIENCE, "scope"),
        (access().with_profile(AccessTokenProfile::Rfc9068), API_AUDIENCE, "scope"),
        (access().with_scope_claim(ScopeClaim::ScopeOrList), API_AUDIENCE, "scope"),
        (access().with_scope_claim(ScopeClaim::Scp), API_AUDIENCE, "scp"),
        (TokenPolicy::id_token(CLIENT_ID).expect("a good policy"), CLIENT_ID, "scope"),
    ]
});

fuzz_target!(|data: &[u8]| {
    let Some(token) = lines(data).map(token) else { return };
    for (policy, audience, scope) in POLICIES.iter() {
        if let Some(verified) = verify(policy, &token) {
            check(&verified, audience, scope);
        }
    }
});

fn verify(policy: &TokenPolicy, token: &str) -> Option<VerifiedToken> {
    let inspected = policy.read(token, UnixSeconds(NOW)).ok()?.from_issuer(ISSUER).ok()?;
    let now = Monotonic::from_start(Duration::from_secs(1000));
    match known_issuer().key(inspected.algorithm(), inspected.key_id(), now)? {
        KeyLookup::Found(key) => inspected.verify(key).ok(),
        KeyLookup::Ambiguous | KeyLookup::Unknown => None,
    }
}

/// The rules again, by another reader of the same claims.
fn check(token: &VerifiedToken, audience: &str, scope: &str) {
    let claims: serde_json::Value =
        serde_json::from_str(&token.claims().to_json()).expect("claims are JSON");
    assert_eq!(claims["iss"], ISSUER);
    let names_audience = match &claims["aud"] {
        serde_json::Value::Array(names) => names.iter().any(|name| name == audience),
        name => name == audience,
    };
    assert!(names_audience);
    let tolerance = 30;
    assert!(token.expires_at().0 + tolerance > NOW);
    assert!(
        claims
            .get("nbf")
            .is_none_or(|nbf| nbf.as_f64().expect("a date") <= (NOW + tolerance) as f64)
    );
    let scopes: Vec<&str> = match &claims[scope] {
        serde_json::Value::Array(list) => {
            list.iter().map(|it| it.as_str().expect("text")).collect()
        }
        claim => {
            claim.as_str().unwrap_or_default().split(' ').filter(|it| !it.is_empty()).collect()
        }
    };
    assert!(token.scopes().eq(scopes.iter().copied()));
    assert!(scopes.iter().all(|scope| !scope.is_empty() && !scope.contains(' ')));
}
