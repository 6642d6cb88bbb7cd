//! A provider that is down, answers garbage, or is not what it says: the status fits, the answer
//! says nothing secret, and the process goes on.

use crate::harness::{Answer, Client, Demo, Provider, Reply, Runtime, SigningKey, settings};
use core::time::Duration;
use serde_json::{Value, json};
use std::{thread, time::Instant};

/// Far longer than any pause of the gate's.
const PATIENCE: Duration = Duration::from_secs(120);

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:1";

fn assert_failed(page: &Reply, status: u16, code: &str) {
    assert_eq!(page.status, status, "{page:?}");
    assert!(page.body.contains(&format!("<code>{code}</code>")), "{page:?}");
    let secrets = [Provider::CODE, Provider::CLIENT_SECRET, Provider::COOKIE_SECRET, "eyJ", "127."];
    for secret in secrets {
        assert!(!page.body.contains(secret), "{page:?}");
    }
}

fn assert_sign_in_is_unavailable(demo: &Demo) {
    let page = Client::new().open(&format!("{}/api/auth/login", demo.frontend));
    assert_failed(&page, 503, "provider_unavailable");
    assert!(page.header("retry-after").parse::<u64>().expect("seconds") >= 1);
}

/// What needs no provider works all the same.
fn assert_goes_on(demo: &Demo) {
    let mut client = Client::new();
    assert_eq!(client.open(&format!("{}/public", demo.frontend)).status, 200);
    assert_eq!(client.open(&format!("{}/private", demo.frontend)).status, 302);
    assert_eq!(client.call(&format!("{}/api", demo.frontend)).status, 401);
    assert_eq!(client.call(&format!("{}/api", demo.api)).status, 401);
}

pub(crate) fn an_issuer_may_be_configured_with_or_without_its_final_slash(runtime: Runtime) {
    for (named, configured) in [("", ""), ("", "/"), ("/", ""), ("/", "/")] {
        let provider = Provider::start_as(named);
        let issuer = format!("{}{configured}", provider.url());
        let demo = Demo::start_with(runtime, &settings(&issuer));
        let mut client = Client::new();
        let back = provider.sign_in(&mut client, &demo, |_| ());
        assert_eq!((back.status, back.location()), (303, "/private"), "{named:?} {configured:?}");
        let answer = client.call(&format!("{}/api/private-route", demo.frontend));
        assert_eq!(answer.json(), json!({"message": "This is a private route"}));

        // Ever after the issuer's own name counts, byte for byte.
        let mut claims = provider.access_claims();
        let other =
            if named == "/" { provider.url().to_owned() } else { format!("{}/", provider.url()) };
        claims["iss"] = Value::from(other);
        let credentials = format!("Bearer {}", provider.key.sign(&claims));
        let url = format!("{}/api", demo.api);
        assert_eq!(Client::new().get(&url, &[("authorization", &credentials)]).status, 401);
    }
}

pub(crate) fn a_provider_that_is_down_makes_sign_in_unavailable(runtime: Runtime) {
    let demo = Demo::start_with(runtime, &settings(NOWHERE));
    assert_sign_in_is_unavailable(&demo);
    assert_goes_on(&demo);
    // Signing out is possible all the same.
    let out = Client::new().open(&format!("{}/api/auth/logout", demo.frontend));
    assert_eq!((out.status, out.location()), (302, "/"));
}

pub(crate) fn a_provider_that_is_down_makes_the_api_unavailable(runtime: Runtime) {
    let provider = Provider::start();
    let demo = Demo::start_with(runtime, &settings(NOWHERE));
    let credentials = format!("Bearer {}", provider.key.sign(&provider.access_claims()));
    let url = format!("{}/api", demo.api);
    let answer = Client::new().get(&url, &[("authorization", &credentials)]);
    // The token may be good: this is no word about it.
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.json()["error"], "unavailable");
    assert_eq!(answer.header("www-authenticate"), "");
    assert!(answer.header("retry-after").parse::<u64>().expect("seconds") >= 1);
    assert_goes_on(&demo);
}

pub(crate) fn a_provider_that_answers_garbage_makes_sign_in_unavailable(runtime: Runtime) {
    for answer in [
        Answer::Hangup,
        Answer::Raw("garbage"),
        Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut off"),
        Answer::Http(200, "<html>".to_owned()),
        Answer::Http(200, String::new()),
        Answer::Http(200, "{}".to_owned()),
        Answer::Http(500, String::new()),
        Answer::Http(204, String::new()),
        Answer::Http(200, format!("{{\"issuer\":\"{}\"}}", "x".repeat(1024 * 1024))),
        Answer::Raw("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"),
    ] {
        let provider = Provider::start();
        provider.answers_all(&answer);
        let demo = Demo::with_provider(runtime, &provider);
        assert_sign_in_is_unavailable(&demo);
        assert_goes_on(&demo);
        assert_eq!(provider.requests("/elsewhere"), 0);
    }
}

pub(crate) fn a_discovery_document_of_another_issuer_is_not_used(runtime: Runtime) {
    let provider = Provider::start();
    for (member, value) in [
        ("issuer", "https://evil.example"),
        ("token_endpoint", "http://evil.example/token"),
        ("jwks_uri", "http://169.254.169.254/"),
        ("authorization_endpoint", "javascript:alert(1)"),
    ] {
        let mut document = provider.discovery();
        document[member] = json!(value);
        provider.answers(Provider::DISCOVERY, Answer::json(&document));
        let demo = Demo::with_provider(runtime, &provider);
        assert_sign_in_is_unavailable(&demo);
    }
}

pub(crate) fn a_provider_that_comes_back_is_used_again(runtime: Runtime) {
    let provider = Provider::start();
    provider.answers_all(&Answer::Hangup);
    let demo = Demo::with_provider(runtime, &provider);
    assert_sign_in_is_unavailable(&demo);
    provider.works();
    let start = Instant::now();
    while Client::new().open(&format!("{}/api/auth/login", demo.frontend)).status != 302 {
        assert!(start.elapsed() < PATIENCE, "the provider is not used again");
        thread::sleep(Duration::from_millis(100));
    }
    let mut client = Client::new();
    assert_eq!(provider.sign_in(&mut client, &demo, |_| ()).status, 303);
}

/// A sign-in with a token endpoint that gives `answer`.
fn sign_in_with(runtime: Runtime, answer: Option<Answer>) -> Reply {
    let provider = Provider::start();
    let demo = Demo::with_provider(runtime, &provider);
    let mut client = Client::new();
    let away = client.open(&format!("{}/api/auth/login", demo.frontend));
    if let Some(answer) = answer {
        provider.answers(Provider::TOKEN, answer);
    }
    let state = crate::harness::query_of(away.location(), "state").expect("a state");
    let page = client.open(&provider.callback(&demo, &state));
    assert_eq!(client.session_cookie(), None);
    assert_eq!(client.login_cookie(), None);
    assert_goes_on(&demo);
    page
}

pub(crate) fn a_token_endpoint_that_is_down_makes_sign_in_unavailable(runtime: Runtime) {
    for answer in [Answer::Hangup, Answer::Raw("garbage")] {
        let page = sign_in_with(runtime, Some(answer));
        assert_failed(&page, 503, "token_endpoint_unreachable");
    }
}

pub(crate) fn a_token_endpoint_that_answers_garbage_is_the_providers_fault(runtime: Runtime) {
    for answer in [
        Answer::Http(200, "<html>".to_owned()),
        Answer::Http(200, "{}".to_owned()),
        Answer::Http(500, String::new()),
        Answer::json(&json!({"access_token": "a\r\nb", "id_token": "i", "token_type": "Bearer"})),
        Answer::json(&json!({"access_token": "a", "token_type": "Bearer"})),
        Answer::json(&json!({"access_token": "a", "id_token": "i", "token_type": "mac"})),
    ] {
        let page = sign_in_with(runtime, Some(answer));
        assert_failed(&page, 502, "token_response_invalid");
    }
    assert_failed(&sign_in_with(runtime, None), 502, "code_refused");
}

pub(crate) fn an_id_token_that_does_not_fit_is_the_providers_fault(runtime: Runtime) {
    let provider = Provider::start();
    let demo = Demo::with_provider(runtime, &provider);
    for (claim, value) in [
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("aud", json!("another-client")),
        ("aud", json!([Provider::CLIENT_ID, "another-client"])),
        ("azp", json!("another-client")),
        ("iss", json!("https://evil.example")),
        ("exp", json!(1)),
        ("sub", json!("")),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
    ] {
        let mut client = Client::new();
        let page = provider.sign_in(&mut client, &demo, |claims| claims[claim] = value);
        assert_failed(&page, 502, "id_token_invalid");
        assert_eq!(client.session_cookie(), None);
    }
    let mut client = Client::new();
    assert_eq!(provider.sign_in(&mut client, &demo, |_| ()).status, 303);
}

pub(crate) fn a_key_set_that_cannot_be_had_is_no_fault_of_the_token(runtime: Runtime) {
    for answer in [Answer::Hangup, Answer::json(&json!({"keys": []}))] {
        let provider = Provider::start();
        provider.answers(Provider::KEY_SET, answer);
        let demo = Demo::with_provider(runtime, &provider);
        let page = provider.sign_in(&mut Client::new(), &demo, |_| ());
        assert_failed(&page, 503, "provider_unavailable");
        let credentials = format!("Bearer {}", provider.key.sign(&provider.access_claims()));
        let url = format!("{}/api", demo.api);
        assert_eq!(Client::new().get(&url, &[("authorization", &credentials)]).status, 503);
    }
}

pub(crate) fn a_key_that_is_known_outlives_the_provider(runtime: Runtime) {
    let provider = Provider::start();
    let demo = Demo::with_provider(runtime, &provider);
    let mut client = Client::new();
    assert_eq!(provider.sign_in(&mut client, &demo, |_| ()).status, 303);
    provider.answers_all(&Answer::Hangup);

    let url = format!("{}/api", demo.api);
    let call = |token: String| {
        Client::new().get(&url, &[("authorization", &format!("Bearer {token}"))]).status
    };
    assert_eq!(client.call(&format!("{}/api", demo.frontend)).status, 200);
    assert_eq!(call(provider.key.sign(&provider.access_claims())), 200);
    // A key that is not known does not change that, though it cannot be asked for.
    assert_eq!(call(SigningKey::generate("two").sign(&provider.access_claims())), 401);
    assert_eq!(call(provider.key.sign(&provider.access_claims())), 200);
}

pub(crate) fn the_log_has_no_secret(runtime: Runtime) {
    let provider = Provider::start();
    let mut settings = provider.settings().to_vec();
    settings.push(("PORTCULLIS_LOG", "trace"));
    let demo = Demo::start_with(runtime, &settings);
    let mut client = Client::new();
    let mut secrets = [Provider::CODE, Provider::CLIENT_SECRET, Provider::COOKIE_SECRET]
        .map(str::to_owned)
        .to_vec();
    provider.sign_in(&mut client, &demo, |claims| {
        secrets.push(claims["nonce"].as_str().expect("a nonce").to_owned());
    });
    secrets.extend(client.cookies.values().cloned());
    secrets.extend(provider.granted());
    client.call(&format!("{}/api/private-route", demo.frontend));
    client.call(&format!("{}/api/auth/callback?code={}&state=x", demo.frontend, Provider::CODE));
    client.open(&format!("{}/api/auth/logout", demo.frontend));
    provider.answers_all(&Answer::Raw("garbage"));
    provider.sign_in(&mut client, &demo, |_| ());

    let ended = demo.stop();
    assert!(!ended.stderr.is_empty(), "nothing was logged");
    let printed = ended.stdout + &ended.stderr;
    assert!(secrets.len() >= 7, "{secrets:?}");
    for secret in secrets {
        assert!(!printed.contains(&secret), "{secret} was printed");
    }
}
