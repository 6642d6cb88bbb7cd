//! What a browser or somebody in its place can send to the gate: the status fits, the answer says
//! nothing secret, and the process goes on.

use crate::harness::{Client, Demo, Provider, Reply, Runtime, aged, come_back_late, query_of};
use portcullis_core::session::Purpose;
use serde_json::{Value, json};

const STATE: &str = "AAAAAAAAAAAABBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";

/// The page of a sign-in that came to nothing: no session, a code for people to report, and words
/// that are always the same.
fn assert_failed(client: &Client, page: &Reply, status: u16, code: &str) {
    assert_eq!(page.status, status, "{page:?}");
    assert!(page.body.contains(&format!("<code>{code}</code>")), "{page:?}");
    assert!(page.body.contains("Try again"), "{page:?}");
    assert_eq!(client.session_cookie(), None);
    for secret in [Provider::CODE, Provider::CLIENT_SECRET, STATE, "evil"] {
        assert!(!page.body.contains(secret), "{page:?}");
    }
}

fn assert_goes_on(demo: &Demo) {
    let mut client = Client::new();
    client.sign_in(demo, "/private");
    assert!(client.is_signed_in(demo));
}

pub(crate) fn a_callback_with_another_state_is_refused(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.start_sign_in(&demo, "/private");
    let own = client.login_cookie().expect("a login").trim_start_matches("portcullis_login_");
    for state in [STATE.to_owned(), format!("{own}{}", &STATE[12..]), own.to_owned()] {
        let url = format!("{}/api/auth/callback?code=x&state={state}", demo.frontend);
        let page = client.open(&url);
        assert_failed(&client, &page, 400, "login_not_started_here");
    }
    assert_goes_on(&demo);
}

pub(crate) fn a_callback_without_a_state_is_refused(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.start_sign_in(&demo, "/private");
    for query in ["", "?code=x", "?code=x&state=", "?state="] {
        let page = client.open(&format!("{}/api/auth/callback{query}", demo.frontend));
        assert_failed(&client, &page, 400, "callback_malformed");
    }
    assert_goes_on(&demo);
}

pub(crate) fn a_callback_with_a_repeated_parameter_is_refused(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    for query in ["code=x&code=y&state=z", "code=x&state=z&state=z", "code=x&error=y&state=z"] {
        let page = client.open(&format!("{}/api/auth/callback?{query}", demo.frontend));
        assert_failed(&client, &page, 400, "callback_malformed");
    }
    assert_goes_on(&demo);
}

pub(crate) fn a_callback_in_another_browser_is_refused(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut attacker = Client::new();
    let form = attacker.start_sign_in(&demo, "/private");
    let sent = attacker.submit(&format!("{}/authorize", demo.provider), &demo.provider, &form);

    // The attacker's answer is planted in the browser of somebody who has started a login too.
    let mut victim = Client::new();
    victim.start_sign_in(&demo, "/private");
    let page = victim.open(sent.location());
    assert_failed(&victim, &page, 400, "login_not_started_here");
    assert_goes_on(&demo);
}

pub(crate) fn a_callback_from_another_issuer_is_refused(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    let form = client.start_sign_in(&demo, "/private");
    let sent = client.submit(&format!("{}/authorize", demo.provider), &demo.provider, &form);
    let (good, _) = sent.location().split_once("&iss=").expect("the issuer comes last");
    let page = client.open(&format!("{good}&iss=https%3A%2F%2Fevil.example"));
    assert_failed(&client, &page, 400, "issuer_mismatch");
    // That login is over.
    let page = client.open(sent.location());
    assert_failed(&client, &page, 400, "login_not_started_here");
    assert_goes_on(&demo);
}

pub(crate) fn a_callback_works_once(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    let form = client.start_sign_in(&demo, "/private");
    let sent = client.submit(&format!("{}/authorize", demo.provider), &demo.provider, &form);
    assert_eq!(client.open(sent.location()).status, 303);
    // The same browser once more, by the back button, is led on; another gets nothing.
    let again = client.open(sent.location());
    assert_eq!((again.status, again.location()), (303, "/private"));
    let mut other = Client::new();
    let page = other.open(sent.location());
    assert_failed(&other, &page, 400, "login_not_started_here");
}

pub(crate) fn a_code_of_nobody_is_the_providers_fault(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    let away = client.open(&format!("{}/api/auth/login", demo.frontend));
    let state = query_of(away.location(), "state").expect("a state");
    let issuer = demo.provider.replace(':', "%3A").replace('/', "%2F");
    let url = format!("{}/api/auth/callback?code=x&state={state}&iss={issuer}", demo.frontend);
    let page = client.open(&url);
    assert_failed(&client, &page, 502, "code_refused");
    assert_goes_on(&demo);
}

/// O05: a code that somebody else's login brought fits no other's verifier.
pub(crate) fn a_code_of_another_login_is_refused(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut victim = Client::new();
    let form = victim.start_sign_in(&demo, "/private");
    let sent = victim.submit(&format!("{}/authorize", demo.provider), &demo.provider, &form);
    let code = query_of(sent.location(), "code").expect("a code");

    let mut attacker = Client::new();
    let away = attacker.open(&format!("{}/api/auth/login", demo.frontend));
    let state = query_of(away.location(), "state").expect("a state");
    let issuer = demo.provider.replace(':', "%3A").replace('/', "%2F");
    let url = format!("{}/api/auth/callback?code={code}&state={state}&iss={issuer}", demo.frontend);
    let page = attacker.open(&url);
    assert_failed(&attacker, &page, 502, "code_refused");
    // It is used up: not even the victim's own login gets anything for it.
    let page = victim.open(sent.location());
    assert_failed(&victim, &page, 502, "code_refused");
}

pub(crate) fn a_sign_in_that_the_provider_refuses_is_forbidden(runtime: Runtime) {
    let demo = Demo::start(runtime);
    for (error, status, code) in [
        ("access_denied&error_description=evil%3Cscript%3E", 403, "access_denied"),
        ("login_required", 400, "login_required"),
        ("temporarily_unavailable", 503, "temporarily_unavailable"),
        ("evil", 502, "provider_error"),
    ] {
        let mut client = Client::new();
        let away = client.open(&format!("{}/api/auth/login", demo.frontend));
        let state = query_of(away.location(), "state").expect("a state");
        let url = format!("{}/api/auth/callback?error={error}&state={state}", demo.frontend);
        let page = client.open(&url);
        assert_failed(&client, &page, status, code);
        assert!(!page.body.contains("<script"), "{page:?}");
    }
    assert_goes_on(&demo);
}

/// Whatever is done to the session cookie, its bearer is nobody.
fn assert_spoils_the_session(runtime: Runtime, spoil: impl Fn(&str) -> Vec<String>) {
    let demo = Demo::start(runtime);
    let mut signed_in = Client::new();
    signed_in.sign_in(&demo, "/private");
    let name = signed_in.session_cookie().expect("a session").to_owned();
    for value in spoil(&signed_in.cookies[&name]) {
        let mut client = Client::new();
        client.cookies.insert(name.clone(), value.clone());
        let refusal = client.call(&format!("{}/api/private-route", demo.frontend));
        assert_eq!(refusal.status, 401, "{value}");
        assert_eq!(refusal.json()["error"], "not_authenticated");
        // The cookie is of no more use.
        assert_eq!(client.session_cookie(), None);
        client.cookies.insert(name.clone(), value);
        assert_eq!(client.open(&format!("{}/private", demo.frontend)).status, 302);
    }
    assert!(signed_in.is_signed_in(&demo));
}

pub(crate) fn a_tampered_session_cookie_is_no_session(runtime: Runtime) {
    assert_spoils_the_session(runtime, |value| {
        let positions = [0, 1, 7, 9, value.len() / 3, value.len() / 2, value.len() - 1];
        let other = |c: u8| if c == b'A' { b'B' } else { b'A' };
        let changed = positions.map(|at| {
            let mut bytes = value.as_bytes().to_vec();
            bytes[at] = other(bytes[at]);
            String::from_utf8(bytes).expect("ASCII")
        });
        let decorated = [format!("{value}A"), format!("{value}="), format!("\"{value}\"")];
        changed.into_iter().chain(decorated).collect()
    });
}

pub(crate) fn a_truncated_session_cookie_is_no_session(runtime: Runtime) {
    assert_spoils_the_session(runtime, |value| {
        [0, 1, 8, 30, value.len() / 2, value.len() - 1]
            .map(|length| value[..length].to_owned())
            .to_vec()
    });
}

pub(crate) fn a_tampered_login_cookie_is_no_login(runtime: Runtime) {
    let demo = Demo::start(runtime);
    for spoil in [
        |value: &str| value.replace(|c: char| c.is_ascii_digit(), "x"),
        |value: &str| value[..value.len() / 2].to_owned(),
        |_: &str| String::new(),
    ] {
        let mut client = Client::new();
        let form = client.start_sign_in(&demo, "/private");
        let sent = client.submit(&format!("{}/authorize", demo.provider), &demo.provider, &form);
        let name = client.login_cookie().expect("a login").to_owned();
        let spoilt = spoil(&client.cookies[&name]);
        client.cookies.insert(name, spoilt);
        let page = client.open(sent.location());
        assert_failed(&client, &page, 400, "login_not_started_here");
    }
    assert_goes_on(&demo);
}

pub(crate) fn a_login_that_took_too_long_is_refused(runtime: Runtime) {
    let provider = Provider::start();
    let demo = Demo::with_provider(runtime, &provider);
    // Almost an hour, and more than that.
    for (age, status, code) in [(3500, 502, "code_refused"), (3700, 400, "login_not_started_here")]
    {
        let (client, page) = come_back_late(&provider, &demo, age);
        assert_failed(&client, &page, status, code);
    }
}

pub(crate) fn a_session_that_is_too_old_is_no_session(runtime: Runtime) {
    let provider = Provider::start();
    let demo = Demo::with_provider(runtime, &provider);
    let mut client = Client::new();
    provider.sign_in(&mut client, &demo, |_| ());
    let name = client.session_cookie().expect("a session").to_owned();
    let fresh = client.cookies[&name].clone();
    for (hours, is_session) in [(1, true), (23, true), (25, false), (24 * 365, false)] {
        let old = aged(&name, &fresh, Purpose::Session, hours * 3600);
        client.cookies.insert(name.clone(), old.clone());
        assert_eq!(client.is_signed_in(&demo), is_session, "{hours} hours");
        // The access token has expired long before.
        client.cookies.insert(name.clone(), old);
        let refusal = client.call(&format!("{}/api/private-route", demo.frontend));
        assert_eq!(refusal.status, 401, "{hours} hours: {refusal:?}");
    }
}

pub(crate) fn a_login_cookie_is_no_session_cookie(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.start_sign_in(&demo, "/private");
    let login = client.login_cookie().expect("a login");
    let value = client.cookies[login].clone();
    client.cookies.insert("portcullis".to_owned(), value);
    assert!(!client.is_signed_in(&demo));
}

pub(crate) fn a_session_cookie_of_another_process_is_no_session(runtime: Runtime) {
    // Each makes up its own secret.
    let (one, other) = (Demo::start(runtime), Demo::start(runtime));
    let mut client = Client::new();
    client.sign_in(&one, "/private");
    assert!(client.is_signed_in(&one));
    let held = client.cookies.clone();
    assert!(!client.is_signed_in(&other));
    client.cookies = held;
    assert!(client.is_signed_in(&one));
}

pub(crate) fn an_ambiguous_path_is_refused(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    for path in ["/public/%2e%2e/private", "/api%2fprivate-route", "//private", "/private%5c"] {
        let refusal = client.call(&format!("{}{path}", demo.frontend));
        assert_eq!(refusal.status, 400, "{path}: {refusal:?}");
        let body: Value = refusal.json();
        assert_eq!(body["error"], json!("bad_request"));
    }
    assert!(client.is_signed_in(&demo));
}
