//! Access tokens that expire while somebody is signed in.

use crate::harness::{Answer, Client, Demo, Hold, Provider, Runtime, aged, query_of, settings};
use core::time::Duration;
use portcullis_core::session::Purpose;
use serde_json::{Value, json};
use std::{io::Write as _, net::TcpStream, thread, time::Instant};

pub(crate) const OFFLINE: (&str, &str) = ("AUTH0_SCOPE", "openid profile email offline_access");
/// The seconds that the scripted provider gives an access token.
pub(crate) const LIFETIME: u64 = 600;
const ROUTE: &str = "/api/private-route";

fn start(runtime: Runtime, provider: &Provider) -> Demo {
    let settings: Vec<_> = settings(provider.url()).into_iter().chain([OFFLINE]).collect();
    Demo::start_with(runtime, &settings)
}

/// The provider's answer with a good access token, the refresh token number `number`, and `more`.
pub(crate) fn tokens(provider: &Provider, number: u32, more: &Value) -> Value {
    let mut answer = json!({
        "access_token": provider.key.sign(&provider.access_claims()),
        "refresh_token": format!("refresh-{number}"),
        "token_type": "Bearer",
        "expires_in": LIFETIME,
    });
    let members = more.as_object().expect("an object").clone();
    answer.as_object_mut().expect("an object").extend(members);
    answer
}

/// Signs in with a refresh token, `age` seconds ago.
pub(crate) fn signed_in(provider: &Provider, demo: &Demo, age: u64) -> Client {
    signed_in_for(OFFLINE.1, provider, demo, age)
}

/// The same where the demonstration asks for `scope`.
pub(crate) fn signed_in_for(scope: &str, provider: &Provider, demo: &Demo, age: u64) -> Client {
    let mut client = Client::new();
    let away = client.open(&format!("{}/api/auth/login?returnTo=%2Fprivate", demo.frontend));
    let parameter = |name| query_of(away.location(), name).expect("a parameter");
    assert_eq!(parameter("scope"), scope);
    let id_token = provider.key.sign(&provider.id_claims(&parameter("nonce")));
    let answer = tokens(provider, 0, &json!({"id_token": id_token}));
    provider.answers(Provider::TOKEN, Answer::json(&answer));
    assert_eq!(client.open(&provider.callback(demo, &parameter("state"))).status, 303);
    let name = client.session_cookie().expect("a session").to_owned();
    let old = aged(&name, &client.cookies[&name], Purpose::Session, age);
    client.cookies.insert(name, old);
    client
}

/// A client of the same browser: it has the cookies that `client` has now.
fn beside(client: &Client) -> Client {
    let mut other = Client::new();
    other.cookies = client.cookies.clone();
    other
}

pub(crate) fn many_requests_make_one_refresh(runtime: Runtime) {
    let provider = Provider::start();
    let demo = start(runtime, &provider);
    let mut client = signed_in(&provider, &demo, LIFETIME - 10);
    let refreshed = tokens(&provider, 1, &json!({})).to_string();
    provider.answers(Provider::TOKEN, Answer::Late(Duration::from_millis(300), refreshed));
    let before = provider.requests(Provider::TOKEN);
    let url = format!("{}{ROUTE}", demo.frontend);
    let threads: Vec<_> = (0..40)
        .map(|_| {
            let (mut client, url) = (beside(&client), url.clone());
            thread::spawn(move || {
                let answer = client.call(&url);
                assert_eq!(answer.status, 200, "{answer:?}");
                assert_eq!(answer.header("cache-control"), "no-store");
                assert_eq!(answer.all("set-cookie").count(), 1, "{answer:?}");
                client
            })
        })
        .collect();
    let clients: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(provider.requests(Provider::TOKEN) - before, 1);

    // With the new cookie, and with the old one for a while, there is nothing more to ask.
    provider.answers(Provider::TOKEN, Answer::Http(400, r#"{"error":"invalid_grant"}"#.into()));
    for mut other in clients.into_iter().take(3).chain([beside(&client)]) {
        let answer = other.call(&url);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert!(client.is_signed_in(&demo));
    assert_eq!(provider.requests(Provider::TOKEN) - before, 1);
    assert_eq!(provider.sent("refresh_token"), ["refresh-0"]);
}

/// The provider may have taken the old refresh token by the time that the browser goes away.
pub(crate) fn a_browser_that_leaves_does_not_take_the_refresh_along(runtime: Runtime) {
    let provider = Provider::start();
    let demo = start(runtime, &provider);
    let mut client = signed_in(&provider, &demo, LIFETIME - 10);
    let refreshed = tokens(&provider, 1, &json!({})).to_string();
    provider.answers(Provider::TOKEN, Answer::Late(Duration::from_millis(500), refreshed));
    let before = provider.requests(Provider::TOKEN);
    let name = client.session_cookie().expect("a session").to_owned();
    let cookie = format!("{name}={}", client.cookies[&name]);
    let address = demo.frontend.trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).expect("a connection");
    let head = format!("GET {ROUTE} HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\r\n");
    connection.write_all(head.as_bytes()).expect("a request");
    let start = Instant::now();
    while provider.requests(Provider::TOKEN) == before {
        assert!(start.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(5));
    }
    drop(connection);
    let answer = client.call(&format!("{}{ROUTE}", demo.frontend));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.all("set-cookie").count(), 1);
    assert_eq!(provider.requests(Provider::TOKEN) - before, 1);
}

pub(crate) fn a_provider_that_is_down_signs_nobody_out(runtime: Runtime) {
    let provider = Provider::start();
    let demo = start(runtime, &provider);
    let url = format!("{}{ROUTE}", demo.frontend);
    let mut client = signed_in(&provider, &demo, LIFETIME - 20);
    let mut expired = signed_in(&provider, &demo, LIFETIME);
    provider.answers(Provider::TOKEN, Answer::Hangup);
    // The old token is as good as ever.
    assert_eq!(client.call(&url).status, 200);
    let refusal = expired.call(&url);
    assert_eq!(refusal.status, 503, "{refusal:?}");
    assert_eq!(refusal.json()["error"], "tokens_unavailable");
    assert!(refusal.header("retry-after").parse::<u64>().expect("seconds") >= 1);
    let page = expired.open(&format!("{}/private", demo.frontend));
    assert_eq!(page.status, 200, "{page:?}");
    assert!(expired.is_signed_in(&demo));

    // And once it is back, so is the API.
    let refreshed = tokens(&provider, 1, &json!({}));
    provider.answers(Provider::TOKEN, Answer::json(&refreshed));
    let start = Instant::now();
    while expired.call(&url).status != 200 {
        assert!(start.elapsed() < Duration::from_secs(120));
        thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn a_refused_refresh_leads_to_the_sign_in(runtime: Runtime) {
    let provider = Provider::start();
    let demo = start(runtime, &provider);
    let client = signed_in(&provider, &demo, LIFETIME);
    provider.answers(Provider::TOKEN, Answer::Http(400, r#"{"error":"invalid_grant"}"#.into()));
    let mut program = beside(&client);
    let refusal = program.call(&format!("{}{ROUTE}", demo.frontend));
    assert_eq!(refusal.status, 401, "{refusal:?}");
    assert_eq!(program.session_cookie(), None);
    let mut person = beside(&client);
    let away = person.open(&format!("{}/private", demo.frontend));
    assert_eq!((away.status, away.location()), (302, "/api/auth/login?returnTo=%2Fprivate"));
    assert_eq!(person.session_cookie(), None);
    assert_eq!(provider.sent("refresh_token"), ["refresh-0"], "it is not tried again");
}

pub(crate) fn an_id_token_about_somebody_else_ends_the_session(runtime: Runtime) {
    let provider = Provider::start();
    let demo = start(runtime, &provider);
    let mut client = signed_in(&provider, &demo, LIFETIME);
    let mut claims = provider.id_claims("");
    claims["sub"] = Value::from("somebody-else");
    let id_token = provider.key.sign(&claims);
    let answer = tokens(&provider, 1, &json!({"id_token": id_token}));
    provider.answers(Provider::TOKEN, Answer::json(&answer));
    assert_eq!(client.call(&format!("{}{ROUTE}", demo.frontend)).status, 401);
    assert_eq!(client.session_cookie(), None);
}

/// O20: whoever signs out while a refresh is under way is signed out, and no refresh token of theirs
/// stays good at the provider.
pub(crate) fn signing_out_while_a_refresh_is_under_way_leaves_no_token(runtime: Runtime) {
    let provider = Provider::start();
    let mut discovery = provider.discovery();
    discovery["revocation_endpoint"] = Value::from(format!("{}/revoke", provider.url()));
    provider.answers(Provider::DISCOVERY, Answer::json(&discovery));
    provider.answers("/revoke", Answer::Http(200, String::new()));
    let demo = start(runtime, &provider);
    let mut client = signed_in(&provider, &demo, LIFETIME);
    let refreshed = tokens(&provider, 1, &json!({})).to_string();
    let hold = Hold::default();
    provider.answers(Provider::TOKEN, Answer::Held(hold.clone(), refreshed));
    let before = provider.requests(Provider::TOKEN);
    let (mut other, url) = (beside(&client), format!("{}{ROUTE}", demo.frontend));
    let waiting = thread::spawn(move || other.call(&url).status);
    let start = Instant::now();
    while provider.requests(Provider::TOKEN) == before {
        assert!(start.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(5));
    }
    let copy = client.cookies.clone();
    let out = client.open(&format!("{}/api/auth/logout", demo.frontend));
    assert_eq!(out.status, 302, "{out:?}");
    hold.let_go();
    assert_eq!(waiting.join().unwrap(), 401);
    while !provider.sent("token").contains(&"refresh-1".to_owned()) {
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", provider.sent("token"));
        thread::sleep(Duration::from_millis(5));
    }
    client.cookies = copy;
    assert!(!client.is_signed_in(&demo));
}

/// The development provider ends the grant where a refresh token comes twice. Several tabs go on
/// for some generations of tokens, one of them with the cookie that it had first.
pub(crate) fn tabs_that_refresh_all_the_time_stay_signed_in(runtime: Runtime) {
    let settings = [OFFLINE, ("PORTCULLIS_IDP_TOKEN_LIFETIME", "4")];
    let demo = Demo::start_with(runtime, &settings);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    let first = client.cookies.clone();
    let url = format!("{}{ROUTE}", demo.frontend);
    let tabs: Vec<_> = (0..6)
        .map(|tab| {
            let (mut client, url, first) = (beside(&client), url.clone(), first.clone());
            thread::spawn(move || {
                let start = Instant::now();
                while start.elapsed() < Duration::from_secs(12) {
                    if tab == 0 {
                        client.cookies = first.clone();
                    }
                    let answer = client.call(&url);
                    assert_eq!(answer.status, 200, "tab {tab}: {answer:?}");
                    thread::sleep(Duration::from_millis(50));
                }
            })
        })
        .collect();
    for tab in tabs {
        tab.join().unwrap();
    }
    let answer = client.call(&url);
    assert_eq!(answer.status, 200, "{answer:?}");
}
