//! Tokens at the API itself, made by a provider of the test's own.

use crate::harness::{Client, Demo, Provider, Reply, Runtime, SigningKey, now, unsigned};
use serde_json::{Value, json};

/// A provider, an API that trusts it, and somebody who calls the API.
struct Api {
    provider: Provider,
    demo: Demo,
    client: Client,
}

impl Api {
    fn start(runtime: Runtime) -> Self {
        let provider = Provider::start();
        let demo = Demo::with_provider(runtime, &provider);
        Self { provider, demo, client: Client::new() }
    }

    fn call(&mut self, token: &str) -> Reply {
        self.call_with(&[("authorization", &format!("Bearer {token}"))])
    }

    fn call_with(&mut self, headers: &[(&str, &str)]) -> Reply {
        self.client.get(&format!("{}/api/private-route", self.demo.api), headers)
    }

    /// The claims of a good token but for one of them.
    fn claims_with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.provider.access_claims();
        claims[name] = value;
        claims
    }

    fn assert_refuses(&mut self, token: &str) {
        let refusal = self.call(token);
        assert_eq!(refusal.status, 401, "{token}: {refusal:?}");
        // One answer for all that can be wrong.
        let expected = json!({"error": "invalid_token", "error_description": "The access token is not valid."});
        assert_eq!(refusal.json(), expected);
        let challenge = refusal.header("www-authenticate");
        assert!(challenge.starts_with("Bearer realm=\"api\", error=\"invalid_token\""));
        assert!(!self.client.seen.contains(token));
    }

    fn assert_refuses_claims(&mut self, claims: &Value) {
        let token = self.provider.key.sign(claims);
        self.assert_refuses(&token);
    }

    fn assert_accepts_good_tokens(&mut self) {
        let token = self.provider.key.sign(&self.provider.access_claims());
        let answer = self.call(&token);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json(), json!({"message": "This is a private route"}));
    }
}

pub(crate) fn accepts_a_good_token(runtime: Runtime) {
    let mut api = Api::start(runtime);
    api.assert_accepts_good_tokens();
    let audiences = json!(["https://other.example", Provider::AUDIENCE]);
    let token = api.provider.key.sign(&api.claims_with("aud", audiences));
    assert_eq!(api.call(&token).status, 200);
    // One key set is enough for all of them.
    assert_eq!(api.provider.requests(Provider::KEY_SET), 1);
}

pub(crate) fn refuses_a_token_that_has_expired(runtime: Runtime) {
    let mut api = Api::start(runtime);
    for expiry in [json!(now() - 3600), json!(0), Value::Null, json!("4102444800")] {
        api.assert_refuses_claims(&api.claims_with("exp", expiry));
    }
    api.assert_accepts_good_tokens();
}

pub(crate) fn refuses_a_token_that_is_not_valid_yet(runtime: Runtime) {
    let mut api = Api::start(runtime);
    api.assert_refuses_claims(&api.claims_with("nbf", json!(now() + 3600)));
    api.assert_refuses_claims(&api.claims_with("iat", json!(now() + 3600)));
    api.assert_accepts_good_tokens();
}

pub(crate) fn refuses_a_token_for_another_audience(runtime: Runtime) {
    let mut api = Api::start(runtime);
    let others = ["https://api.example/", "https://api.EXAMPLE", "", Provider::CLIENT_ID];
    for audience in others.map(Value::from).into_iter().chain([json!([]), Value::Null, json!(1)]) {
        api.assert_refuses_claims(&api.claims_with("aud", audience));
    }
    api.assert_accepts_good_tokens();
}

pub(crate) fn refuses_a_token_of_another_issuer(runtime: Runtime) {
    let mut api = Api::start(runtime);
    let with_slash = format!("{}/", api.provider.issuer());
    let as_list = json!([api.provider.issuer()]);
    for issuer in [json!("https://evil.example"), json!(with_slash), as_list, Value::Null] {
        api.assert_refuses_claims(&api.claims_with("iss", issuer));
    }
    api.assert_accepts_good_tokens();
}

pub(crate) fn refuses_another_algorithm(runtime: Runtime) {
    let mut api = Api::start(runtime);
    let claims = api.provider.access_claims();
    let key = &api.provider.key;
    let mut tokens = vec![key.sign_with_public_key(&claims)];
    for algorithm in ["RS384", "PS256", "HS256", "none", "rs256", ""] {
        tokens.push(key.sign_with(&json!({"alg": algorithm, "kid": "one"}), &claims));
    }
    for token in tokens {
        api.assert_refuses(&token);
    }
    api.assert_accepts_good_tokens();
}

pub(crate) fn refuses_a_token_without_a_signature(runtime: Runtime) {
    let mut api = Api::start(runtime);
    for algorithm in ["none", "None", "RS256"] {
        let input = unsigned(&json!({"alg": algorithm}), &api.provider.access_claims());
        api.assert_refuses(&format!("{input}."));
        api.assert_refuses(&input);
    }
    api.assert_accepts_good_tokens();
}

pub(crate) fn refuses_a_broken_signature(runtime: Runtime) {
    let mut api = Api::start(runtime);
    let token = api.provider.key.sign(&api.provider.access_claims());
    let (input, signature) = token.rsplit_once('.').expect("a signature");
    let last = if signature.starts_with('A') { "B" } else { "A" };
    for broken in [
        format!("{last}{}", &signature[1..]),
        signature[..signature.len() / 2].to_owned(),
        "A".repeat(342),
        format!("{signature}AAAA"),
    ] {
        api.assert_refuses(&format!("{input}.{broken}"));
    }
    // A good signature, but of another payload.
    let other = api.provider.key.sign(&api.claims_with("sub", json!("somebody else")));
    let (other_input, _) = other.rsplit_once('.').expect("a signature");
    api.assert_refuses(&format!("{other_input}.{signature}"));
    api.assert_accepts_good_tokens();
}

pub(crate) fn refuses_the_signature_of_another_key(runtime: Runtime) {
    let mut api = Api::start(runtime);
    let forger = SigningKey::generate("one");
    let claims = api.provider.access_claims();
    api.assert_refuses(&forger.sign(&claims));
    // A key that the token itself brings along is not looked at.
    let header = json!({"alg": "RS256", "kid": "one", "jwk": forger.jwk()});
    api.assert_refuses(&forger.sign_with(&header, &claims));
    api.assert_accepts_good_tokens();
}

pub(crate) fn refuses_an_id_token(runtime: Runtime) {
    let mut api = Api::start(runtime);
    api.assert_refuses_claims(&api.provider.id_claims("nonce"));
    // Also where it is for this audience.
    api.assert_refuses_claims(&api.claims_with("nonce", json!("nonce")));
    api.assert_accepts_good_tokens();
}

pub(crate) fn refuses_an_unknown_key_id(runtime: Runtime) {
    let mut api = Api::start(runtime);
    api.assert_accepts_good_tokens();
    let claims = api.provider.access_claims();
    for id in ["two", "three", "../one", "ONE"] {
        let token = api.provider.key.sign_with(&json!({"alg": "RS256", "kid": id}), &claims);
        api.assert_refuses(&token);
    }
    // Whoever makes up names of keys cannot make the gate ask for each.
    assert_eq!(api.provider.requests(Provider::KEY_SET), 2);
    api.assert_accepts_good_tokens();
}

pub(crate) fn refuses_malformed_credentials(runtime: Runtime) {
    let mut api = Api::start(runtime);
    let token = api.provider.key.sign(&api.provider.access_claims());
    let bearer = format!("Bearer {token}");
    let malformed: [&[(&str, &str)]; 4] = [
        &[("authorization", &bearer), ("authorization", &bearer)],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer a b")],
        &[("authorization", "Bearer a,b")],
    ];
    for headers in malformed {
        let refusal = api.call_with(headers);
        assert_eq!(refusal.status, 400, "{headers:?}: {refusal:?}");
        assert_eq!(refusal.json()["error"], "invalid_request");
    }
    // Of another scheme, or in a field that is for nothing of the kind: as if there were none.
    let none: [&[(&str, &str)]; 3] =
        [&[], &[("authorization", "Basic dXNlcjpwYXNz")], &[("x-authorization", &bearer)]];
    for headers in none {
        let refusal = api.call_with(headers);
        assert_eq!(refusal.status, 401, "{headers:?}: {refusal:?}");
        assert_eq!(refusal.json()["error"], "unauthorized");
    }
    let url = format!("{}/api?access_token={token}", api.demo.api);
    // Where no token is taken from, which whoever sent it there should learn.
    assert_eq!(api.client.get(&url, &[]).status, 400);
    api.assert_accepts_good_tokens();
}
