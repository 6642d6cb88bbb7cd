//! How the application talks to its provider.

use super::{LOGIN, ROUTE, with};
use crate::harness::{
    Algorithm, Answer, Client, Demo, Provider, Runtime, now, pem_key, query_of, signing_input,
};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use core::time::Duration;
use serde_json::{Value, json};

pub(crate) fn a_client_secret_goes_where_the_settings_say(runtime: Runtime) {
    for (method, in_header, in_form) in [
        ("client_secret_basic", true, false),
        ("client_secret_post", false, true),
        ("none", false, false),
    ] {
        let provider = Provider::start();
        let settings = [("PORTCULLIS_CLIENT_AUTHENTICATION", method)];
        let demo = Demo::start_with(runtime, &with(&provider, &settings));
        let (back, _) = provider.sign_in_at(&mut Client::new(), &demo, LOGIN, |_| ());
        assert_eq!(back.status, 303, "{back:?}");
        assert_eq!(provider.authorization().starts_with("Basic "), in_header, "{method}");
        let secrets = provider.sent("client_secret");
        assert_eq!(secrets.iter().any(|secret| secret == Provider::CLIENT_SECRET), in_form);
    }
}

pub(crate) fn the_built_in_provider_takes_signed_assertions(runtime: Runtime) {
    let (pem, _) = pem_key();
    let made_up = [("PORTCULLIS_CLIENT_AUTHENTICATION", "private_key_jwt")];
    let given = [
        ("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", pem.as_str()),
        ("AUTH0_CLIENT_ASSERTION_SIGNING_ALG", "ES256"),
    ];
    // A pushed request and a token request: each has an assertion of its own.
    let pushed = ("AUTH0_PUSHED_AUTHORIZATION_REQUESTS", "yes");
    for settings in [&made_up[..], &given, &[made_up[0], pushed]] {
        let demo = Demo::start_with(runtime, settings);
        let mut client = Client::new();
        let back = client.sign_in(&demo, "/private");
        assert_eq!((back.status, back.location()), (303, "/private"), "{back:?}");
        assert_eq!(client.call(&format!("{}{ROUTE}", demo.frontend)).status, 200);
    }
}

pub(crate) fn an_assertion_is_signed_with_the_key_of_the_settings(runtime: Runtime) {
    let provider = Provider::start();
    let (pem, public) = pem_key();
    let settings = [
        ("AUTH0_CLIENT_SECRET", ""),
        ("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", pem.as_str()),
        ("PORTCULLIS_CLIENT_ASSERTION_SIGNING_ALG", "ES256"),
        ("PORTCULLIS_CLIENT_ASSERTION_SIGNING_KEY_ID", "key-1"),
    ];
    let demo = Demo::start_with(runtime, &with(&provider, &settings));
    let (back, _) = provider.sign_in_at(&mut Client::new(), &demo, LOGIN, |_| ());
    assert_eq!(back.status, 303, "{back:?}");
    assert!(provider.sent("client_secret").is_empty());

    let assertions = provider.sent("client_assertion");
    let [assertion] = assertions.as_slice() else { panic!("{assertions:?}") };
    let parts: Vec<_> = assertion.split('.').collect();
    let decoded: Vec<_> =
        parts.iter().map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url")).collect();
    let part = |at: usize| serde_json::from_slice::<Value>(&decoded[at]).expect("JSON");
    assert_eq!(part(0), json!({"alg": "ES256", "kid": "key-1", "typ": "JWT"}));
    assert_eq!(part(1)["iss"], Provider::CLIENT_ID);
    assert_eq!(part(1)["aud"], provider.issuer());
    let signed = signing_input(&decoded[0], &decoded[1]);
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public);
    assert!(key.verify(signed.as_bytes(), &decoded[2]).is_ok());
}

pub(crate) fn id_tokens_are_signed_as_the_settings_say(runtime: Runtime) {
    let provider = Provider::start();
    // A key that names no algorithm is for the first one that takes it, so there are two.
    let key = |algorithm: &str| {
        let mut jwk = provider.key.jwk();
        jwk["alg"] = json!(algorithm);
        jwk["kid"] = json!(algorithm);
        jwk
    };
    let keys = json!({"keys": [key("PS256"), key("RS256")]});
    provider.answers(Provider::KEY_SET, Answer::json(&keys));
    let settings =
        [("AUTH0_ID_TOKEN_SIGNING_ALG", "PS256"), ("PORTCULLIS_API_SIGNING_ALGS", "RS256")];
    let demo = Demo::start_with(runtime, &with(&provider, &settings));
    for (name, algorithm, status) in
        [("PS256", Algorithm::PS256, 303), ("RS256", Algorithm::RS256, 502)]
    {
        let mut client = Client::new();
        let back = provider.sign_in_with(&mut client, &demo, |claims| {
            let header = json!({"alg": name, "kid": name});
            let input = signing_input(header.to_string().as_bytes(), claims.to_string().as_bytes());
            provider.key.sign_input(&input, algorithm)
        });
        assert_eq!(back.status, status, "{name}: {back:?}");
    }

    // What holds for access tokens is another matter.
    let token = |name: &str, algorithm| {
        let (header, claims) = (json!({"alg": name, "kid": name}), provider.access_claims());
        let input = signing_input(header.to_string().as_bytes(), claims.to_string().as_bytes());
        format!("Bearer {}", provider.key.sign_input(&input, algorithm))
    };
    let tokens = [token("RS256", Algorithm::RS256), token("PS256", Algorithm::PS256)];
    let statuses = |demo: &Demo| {
        let url = format!("{}{ROUTE}", demo.api);
        tokens.each_ref().map(|token| Client::new().get(&url, &[("authorization", token)]).status)
    };
    assert_eq!(statuses(&demo), [200, 401]);
    for (algorithms, expected) in [("PS256", [401, 200]), ("RS256, PS256", [200, 200])] {
        let settings = [("PORTCULLIS_API_SIGNING_ALGS", algorithms)];
        let demo = Demo::start_with(runtime, &with(&provider, &settings));
        assert_eq!(statuses(&demo), expected, "{algorithms}");
    }
}

pub(crate) fn clocks_may_be_apart_as_the_settings_say(runtime: Runtime) {
    for (tolerance, is_taken) in [("30", false), ("300", true)] {
        let provider = Provider::start();
        let settings = [("AUTH0_CLOCK_TOLERANCE", tolerance)];
        let demo = Demo::start_with(runtime, &with(&provider, &settings));
        // Two minutes over.
        let late = |claims: &mut Value| {
            claims["iat"] = json!(now() - 600);
            claims["exp"] = json!(now() - 120);
        };
        let mut access = provider.access_claims();
        late(&mut access);
        let bearer = format!("Bearer {}", provider.key.sign(&access));
        let answer =
            Client::new().get(&format!("{}{ROUTE}", demo.api), &[("authorization", &bearer)]);
        assert_eq!(answer.status, if is_taken { 200 } else { 401 }, "{answer:?}");
        let (back, _) = provider.sign_in_at(&mut Client::new(), &demo, LOGIN, late);
        assert_eq!(back.status, if is_taken { 303 } else { 502 }, "{back:?}");
    }
}

pub(crate) fn a_provider_is_waited_for_as_the_settings_say(runtime: Runtime) {
    let provider = Provider::start();
    let settings = [("AUTH0_HTTP_TIMEOUT", "300")];
    let demo = Demo::start_with(runtime, &with(&provider, &settings));
    let mut client = Client::new();
    let (_, away) = provider.sign_in_at(&mut client, &demo, LOGIN, |_| ());
    assert!(client.is_signed_in(&demo), "{away}");
    // Longer than that, and far shorter than what holds without the setting.
    let late = Answer::Late(Duration::from_secs(2), "{}".to_owned());
    provider.answers(Provider::TOKEN, late);
    let mut client = Client::new();
    let away = client.open(&format!("{}{LOGIN}", demo.frontend));
    let state = query_of(away.location(), "state").expect("a state");
    let page = client.open(&provider.callback(&demo, &state));
    assert_eq!(page.status, 503, "{page:?}");
    assert!(page.body.contains("<code>token_endpoint_unreachable</code>"), "{page:?}");

    let provider = Provider::start();
    let document = provider.discovery().to_string();
    provider.answers(Provider::DISCOVERY, Answer::Late(Duration::from_secs(2), document));
    let demo = Demo::start_with(runtime, &with(&provider, &settings));
    let page = Client::new().open(&format!("{}{LOGIN}", demo.frontend));
    assert_eq!(page.status, 503, "{page:?}");
    let demo = Demo::start_with(runtime, &with(&provider, &[]));
    assert_eq!(Client::new().open(&format!("{}{LOGIN}", demo.frontend)).status, 302);
}
