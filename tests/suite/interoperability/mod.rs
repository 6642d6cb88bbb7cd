//! The gate with providers that others wrote, each in a process of its own.

mod node_provider;

use crate::harness::{Client, Demo, Reply, Runtime, aged, pem_key};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use node_provider::{NodeProvider, Stop};
use portcullis_core::session::Purpose;
use serde_json::{Value, json};
use std::thread;

/// Asserts that `client` may go where somebody who signed in may, and holds no token.
fn assert_signed_in(client: &mut Client, demo: &Demo, subject: &str) {
    let page = client.open(&format!("{}/private", demo.frontend));
    assert_eq!(page.status, 200, "{page:?}");
    // The API takes the token of this provider: its key was found, and its claims fit.
    let answer = client.call(&format!("{}/api/private-route", demo.frontend));
    assert_eq!(answer.json(), json!({"message": "This is a private route"}));
    let me = client.call(&format!("{}/api/auth/me", demo.frontend)).json();
    assert_eq!((&me["sub"], &me["name"]), (&json!(subject), &json!("Example User")));
    assert_eq!(client.tokens_seen(), [Value::Null; 0]);
}

/// Signs in at a provider that asks for a name and for consent. Returns the answer to the callback.
fn sign_in_by_hand(client: &mut Client, provider: &NodeProvider, origin: &str) -> Reply {
    let login = format!("{origin}/api/auth/login?returnTo=%2Fprivate");
    let page = match provider.visit(client, &login) {
        Stop::Page(page) => page,
        Stop::Application(url) => panic!("sent to {url} without a sign-in"),
    };
    let consent = match provider.submit(client, &page, &[("login", "somebody"), ("password", "x")])
    {
        Stop::Page(page) => page,
        Stop::Application(url) => panic!("sent to {url} without consent"),
    };
    match provider.submit(client, &consent, &[]) {
        Stop::Page(page) => panic!("the sign-in does not end: {page:?}"),
        Stop::Application(path) => client.open(&format!("{origin}{path}")),
    }
}

pub(crate) fn a_certified_provider_signs_people_in(runtime: Runtime) {
    let test = "a_certified_provider_signs_people_in";
    let Some(provider) = NodeProvider::start("oidc-provider", test) else { return };
    let demo = Demo::start_with(runtime, &provider.settings());
    let mut client = Client::new();
    let back = sign_in_by_hand(&mut client, &provider, &demo.frontend);
    assert_eq!((back.status, back.location()), (303, "/private"), "{back:?}");
    assert_signed_in(&mut client, &demo, "somebody");
}

pub(crate) fn a_sign_in_that_a_certified_provider_breaks_off_is_forbidden(runtime: Runtime) {
    let test = "a_sign_in_that_a_certified_provider_breaks_off_is_forbidden";
    let Some(provider) = NodeProvider::start("oidc-provider", test) else { return };
    let demo = Demo::start_with(runtime, &provider.settings());
    let mut client = Client::new();
    let Stop::Page(page) =
        provider.visit(&mut client, &format!("{}/api/auth/login", demo.frontend))
    else {
        panic!("signed in without a sign-in")
    };
    let abort = format!("{}/abort", page.form_action());
    let Stop::Application(path) = provider.open(&mut client, &abort) else {
        panic!("the sign-in goes on")
    };
    let back = client.open(&format!("{}{path}", demo.frontend));
    assert_eq!(back.status, 403, "{back:?}");
    assert!(!client.is_signed_in(&demo));
}

pub(crate) fn signing_out_ends_the_session_at_a_certified_provider(runtime: Runtime) {
    let test = "signing_out_ends_the_session_at_a_certified_provider";
    let Some(provider) = NodeProvider::start("oidc-provider", test) else { return };
    let demo = Demo::start_with(runtime, &provider.settings());
    let mut client = Client::new();
    sign_in_by_hand(&mut client, &provider, &demo.frontend);

    // Once somebody is known there, a sign-in asks for nothing.
    let Stop::Application(_) =
        provider.visit(&mut client, &format!("{}/api/auth/login", demo.frontend))
    else {
        panic!("the provider has forgotten somebody")
    };
    let Stop::Page(question) =
        provider.visit(&mut client, &format!("{}/api/auth/logout", demo.frontend))
    else {
        panic!("signed out without a question")
    };
    match provider.submit(&mut client, &question, &[("logout", "yes")]) {
        Stop::Application(path) => assert_eq!(path, "/"),
        Stop::Page(page) => panic!("not led back: {page:?}"),
    }
    assert!(!client.is_signed_in(&demo));
    assert_eq!(client.session_cookie(), None);
    let Stop::Page(_) = provider.visit(&mut client, &format!("{}/api/auth/login", demo.frontend))
    else {
        panic!("the provider still knows somebody")
    };
}

pub(crate) fn a_certified_provider_signs_people_out_over_the_back_channel(runtime: Runtime) {
    let test = "a_certified_provider_signs_people_out_over_the_back_channel";
    let Some(provider) = NodeProvider::start("oidc-provider", test) else { return };
    let demo = Demo::start_with(runtime, &provider.settings());
    provider.learns_where(&demo);
    let (mut client, mut other) = (Client::new(), Client::new());
    sign_in_by_hand(&mut client, &provider, &demo.frontend);
    sign_in_by_hand(&mut other, &provider, &demo.frontend);

    // The browser signs out at the provider, and the gate is not asked.
    let Stop::Page(question) = provider.open(&mut client, &provider.url("/session/end")) else {
        panic!("signed out without a question")
    };
    provider.submit(&mut client, &question, &[("logout", "yes")]);
    assert_eq!(provider.counts()["backchannelLogouts"], 1);
    assert_eq!(provider.counts()["failedBackchannelLogouts"], 0);
    assert!(client.session_cookie().is_some(), "the browser still has its cookie");
    assert!(!client.is_signed_in(&demo));
    let refused = client.call(&format!("{}/api/private-route", demo.frontend));
    assert_eq!(refused.status, 401, "{refused:?}");
    // The same user in another browser has another session there.
    assert!(other.is_signed_in(&demo));
}

/// Settings with which the demonstration gets refresh tokens. Without `prompt=consent` there are none
/// (OpenID Connect Core 1.0 §11).
fn offline(provider: &NodeProvider) -> Vec<(&'static str, &str)> {
    let offline = ("AUTH0_SCOPE", "openid profile email offline_access");
    let consent = ("PORTCULLIS_LOGIN_PARAMETERS", "prompt=consent");
    provider.settings().into_iter().chain([offline, consent]).collect()
}

pub(crate) fn a_certified_provider_sees_each_refresh_token_once(runtime: Runtime) {
    const LIFETIME: u64 = 3600;
    let test = "a_certified_provider_sees_each_refresh_token_once";
    let Some(provider) = NodeProvider::start("oidc-provider", test) else { return };
    let demo = Demo::start_with(runtime, &offline(&provider));
    let mut client = Client::new();
    sign_in_by_hand(&mut client, &provider, &demo.frontend);
    let url = format!("{}/api/private-route", demo.frontend);

    // Twice over: the refresh token that came with the first refresh is as good as the first.
    for refreshes in [1, 2] {
        let name = client.session_cookie().expect("a session").to_owned();
        let old = aged(&name, &client.cookies[&name], Purpose::Session, LIFETIME - 5);
        client.cookies.insert(name, old);
        let requests: Vec<_> = (0..8)
            .map(|_| {
                let (mut client, url) = (client.clone(), url.clone());
                thread::spawn(move || {
                    let answer = client.call(&url);
                    assert_eq!(answer.status, 200, "{answer:?}");
                    client
                })
            })
            .collect();
        let clients: Vec<_> = requests.into_iter().map(|request| request.join().unwrap()).collect();
        assert_eq!(provider.counts()["refreshes"], refreshes);
        client = clients.into_iter().next_back().expect("eight of them");
    }
    assert_eq!(provider.counts()["refused"], 0);
    assert_eq!(client.tokens_seen(), [Value::Null; 0]);
}

pub(crate) fn signing_out_gives_the_refresh_token_back(runtime: Runtime) {
    let test = "signing_out_gives_the_refresh_token_back";
    let Some(provider) = NodeProvider::start("oidc-provider", test) else { return };
    let demo = Demo::start_with(runtime, &offline(&provider));
    let mut client = Client::new();
    sign_in_by_hand(&mut client, &provider, &demo.frontend);
    assert_eq!(provider.counts()["revokedGrants"], 0);
    let out = client.open(&format!("{}/api/auth/logout", demo.frontend));
    assert!(out.location().starts_with(&provider.url("/session/end?")), "{out:?}");
    assert_eq!(provider.counts()["revokedGrants"], 1);
}

/// A public key for ES256 (RFC 7518 §6.2) that is called `id`.
fn public_key(point: &[u8], id: &str) -> Value {
    let (x, y) = point[1..].split_at(32);
    let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
    json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": id, "x": x, "y": y})
}

pub(crate) fn a_certified_provider_takes_pushed_requests_and_signed_assertions(runtime: Runtime) {
    let test = "a_certified_provider_takes_pushed_requests_and_signed_assertions";
    let (pem, point) = pem_key();
    // Nothing else will do for this client.
    let metadata = json!({
        "require_pushed_authorization_requests": true,
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks": {"keys": [public_key(&point, "ours")]},
    });
    let Some(provider) = NodeProvider::start_for("oidc-provider", test, &metadata) else { return };
    let more = [
        ("AUTH0_CLIENT_SECRET", ""),
        ("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", pem.as_str()),
        ("AUTH0_CLIENT_ASSERTION_SIGNING_ALG", "ES256"),
        ("PORTCULLIS_CLIENT_ASSERTION_SIGNING_KEY_ID", "ours"),
        ("AUTH0_PUSHED_AUTHORIZATION_REQUESTS", "true"),
    ];
    let settings: Vec<_> = provider.settings().into_iter().chain(more).collect();
    let demo = Demo::start_with(runtime, &settings);
    let mut client = Client::new();
    let back = sign_in_by_hand(&mut client, &provider, &demo.frontend);
    assert_eq!((back.status, back.location()), (303, "/private"), "{back:?}");
    assert_signed_in(&mut client, &demo, "somebody");
    let counts = provider.counts();
    assert_eq!((&counts["pushedRequests"], &counts["tokens"]), (&json!(1), &json!(1)));
}

pub(crate) fn a_mock_provider_signs_people_in(runtime: Runtime) {
    let test = "a_mock_provider_signs_people_in";
    let Some(provider) = NodeProvider::start("oauth2-mock-server", test) else { return };
    let demo = Demo::start_with(runtime, &provider.settings());
    let mut client = Client::new();
    let path = match provider
        .visit(&mut client, &format!("{}/api/auth/login?returnTo=%2Fprivate", demo.frontend))
    {
        Stop::Application(path) => path,
        Stop::Page(page) => panic!("it asks for something: {page:?}"),
    };
    let back = client.open(&format!("{}{path}", demo.frontend));
    assert_eq!((back.status, back.location()), (303, "/private"), "{back:?}");
    assert_signed_in(&mut client, &demo, "johndoe");
}
