//! The guard of an API, from the socket to the application.

use super::{
    Harness,
    issuers::share,
    provider::Provider,
    server::start,
    wire::{connect, eventually, exchange},
};
use core::net::SocketAddr;
use http::{Request, Response};
use portcullis_core::{
    crypto::RUSTCRYPTO,
    guard::{Guard, GuardBuilder, GuardRoute, ProtectedResource, Requirement, TokenStatus},
    issuer::IssuerMachine,
    jwt::{TokenCacheLimits, TokenPolicy, VerifiedToken},
    session::Session,
};
use portcullis_hyper::{
    api_guard::ApiGuard, application::Application, body::Body, drive::Driver,
    protected_api::ProtectedApi, server::ServerHandle,
};
use std::{
    io::Write as _,
    sync::{Arc, Mutex},
};

/// Answers with the subject of the token.
struct Subject;

impl Application for Subject {
    async fn call(&self, request: Request<Body>, session: Option<&Session>) -> Response<Body> {
        assert!(session.is_none());
        let token = request.extensions().get::<VerifiedToken>().unwrap();
        Response::new(Body::from(token.subject().unwrap().to_owned()))
    }
}

/// Answers with the body of the request, which others may keep for a minute.
struct Echo;

impl Application for Echo {
    async fn call(&self, request: Request<Body>, _: Option<&Session>) -> Response<Body> {
        let body = request.into_body().read(1024 * 1024).await.unwrap();
        let response = Response::builder().header("cache-control", "max-age=60");
        response.body(Body::from(body)).unwrap()
    }
}

fn guard<H: Harness>(machine: IssuerMachine) -> ApiGuard<H::Runtime> {
    let guard = Guard::new(TokenPolicy::access_token(["the-api"]).unwrap());
    ApiGuard::new(guard, Driver::new(share::<H>(machine)))
}

pub(crate) fn api<H: Harness>(machine: IssuerMachine) -> (ServerHandle<H::Runtime>, SocketAddr) {
    start::<H>(ProtectedApi::new(guard::<H>(machine), Subject))
}

/// An API that remembers the tokens that it has verified.
pub(crate) fn remembering_api<H: Harness>(
    machine: IssuerMachine,
) -> (ServerHandle<H::Runtime>, SocketAddr) {
    let guard = guard::<H>(machine).with_token_cache(TokenCacheLimits::default(), RUSTCRYPTO);
    start::<H>(ProtectedApi::new(guard, Subject))
}

/// An API with a guard that is set up further.
fn guarded<H: Harness>(
    provider: &Provider,
    set_up: impl FnOnce(GuardBuilder) -> GuardBuilder,
    application: impl Application,
) -> (ServerHandle<H::Runtime>, SocketAddr) {
    let driver = Driver::new(share::<H>(provider.machine()));
    let policy = TokenPolicy::access_token(["the-api"]).unwrap();
    let guard = set_up(Guard::builder(policy)).build().unwrap();
    start::<H>(ProtectedApi::new(ApiGuard::new(guard, driver), application))
}

pub(crate) fn get(address: SocketAddr, token: Option<&str>) -> String {
    let credentials =
        token.map_or(String::new(), |token| format!("authorization: Bearer {token}\r\n"));
    exchange(
        address,
        &format!("GET /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{credentials}\r\n"),
    )
}

pub(crate) fn lets_verified_tokens_through<H: Harness>() {
    let provider = Provider::new();
    let (_server, address) = api::<H>(provider.machine());
    for _ in 0..3 {
        let answer = get(address, Some(&provider.token("the-api", "somebody")));
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("somebody"), "{answer}");
    }
    assert_eq!(provider.requests(), (1, 1));
}

pub(crate) fn refuses_everything_else<H: Harness>() {
    let provider = Provider::new();
    let (_server, address) = api::<H>(provider.machine());
    let good = provider.token("the-api", "somebody");
    let (start, _signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{start}.{}", "A".repeat(342));
    for token in [None, Some(&*provider.token("other", "somebody")), Some(&*forged), Some("a.b.c")]
    {
        let answer = get(address, token);
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("\r\nwww-authenticate: Bearer "), "{answer}");
    }
}

pub(crate) fn an_outage_of_the_provider_is_no_fault_of_the_token<H: Harness>() {
    let provider = Provider::new();
    let (_server, address) = api::<H>(provider.machine());
    let token = provider.token("the-api", "somebody");
    provider.set_status(500);
    let answer = get(address, Some(&token));
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    provider.set_status(200);
    eventually("the API works again", || get(address, Some(&token)).starts_with("HTTP/1.1 200 "));
}

pub(crate) fn a_client_that_leaves_does_not_take_the_flight_along<H: Harness>() {
    let provider = Provider::new();
    provider.set_open(false);
    let (_server, address) = api::<H>(provider.machine());
    let token = provider.token("the-api", "somebody");
    let mut stream = connect(address);
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    eventually("the flight has started", || provider.requests().0 == 1);
    drop(stream);
    std::thread::sleep(core::time::Duration::from_millis(50));
    provider.set_open(true);
    let answer = get(address, Some(&token));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(provider.requests(), (1, 1));
}

/// RFC 6750 §2.2: what was read for its token is the application's all the same.
pub(crate) fn a_form_with_a_token_reaches_the_application<H: Harness>() {
    let provider = Provider::new();
    let (_server, address) = guarded::<H>(&provider, |guard| guard.token_in_form(true), Echo);
    let token = provider.token("the-api", "somebody");
    let form = format!("a=b&access_token={token}");
    let post = |form: &str, more: &str| {
        let length = form.len();
        let head = format!(
            "POST /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{more}\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n"
        );
        exchange(address, &format!("{head}{form}"))
    };
    let answer = post(&form, "");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&form), "{answer}");
    let header = format!("authorization: Bearer {token}\r\n");
    assert!(post("a=b", &header).ends_with("a=b"));
    assert!(post(&form, &header).starts_with("HTTP/1.1 400 "));
    assert!(post("a=b", "").starts_with("HTTP/1.1 401 "));
    let long = format!("{form}&{}", "x".repeat(Guard::MAX_FORM));
    assert!(post(&long, "").starts_with("HTTP/1.1 413 "));
    // What is left of such a form is nobody's request: the connection is closed.
    let head = "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\n";
    let answer = exchange(address, head);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.contains("content_too_large"), "{answer}");
}

/// RFC 6750 §2.3: caches of others do not keep it.
pub(crate) fn an_answer_to_a_token_in_the_query_is_private<H: Harness>() {
    let provider = Provider::new();
    let (_server, address) = guarded::<H>(&provider, |guard| guard.token_in_query(true), Echo);
    let token = provider.token("the-api", "somebody");
    let ask = |target: &str, more: &str| {
        let head = format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{more}\r\n");
        exchange(address, &head)
    };
    let header = format!("authorization: Bearer {token}\r\n");
    let in_query = ask(&format!("/x?access_token={token}"), "");
    assert!(in_query.starts_with("HTTP/1.1 200 "), "{in_query}");
    assert!(in_query.contains("\r\ncache-control: max-age=60\r\n"), "{in_query}");
    assert!(in_query.contains("\r\ncache-control: private\r\n"), "{in_query}");
    let in_header = ask("/x", &header);
    assert!(!in_header.contains("private"), "{in_header}");
}

/// A token that was seen before is asked about again.
pub(crate) fn revoked_tokens_are_refused<H: Harness>() {
    let provider = Provider::new();
    let driver = Driver::new(share::<H>(provider.machine()));
    let policy = TokenPolicy::access_token(["the-api"]).unwrap();
    let guard = Guard::builder(policy).ask_revocation(true).build().unwrap();
    let status = Arc::new(Mutex::new(TokenStatus::Active));
    let known = status.clone();
    let guard = ApiGuard::new(guard, driver)
        .with_token_cache(TokenCacheLimits::default(), RUSTCRYPTO)
        .with_revocation(move |token| {
            assert_eq!(token.subject(), Some("somebody"));
            core::future::ready(*known.lock().unwrap())
        });
    let (_server, address) = start::<H>(ProtectedApi::new(guard, Subject));
    let token = provider.token("the-api", "somebody");
    for (word, answered) in [
        (TokenStatus::Active, "200"),
        (TokenStatus::Revoked, "401"),
        (TokenStatus::Unknown, "503"),
        (TokenStatus::Active, "200"),
    ] {
        *status.lock().unwrap() = word;
        let answer = get(address, Some(&token));
        assert!(answer.starts_with(&format!("HTTP/1.1 {answered} ")), "{answer}");
    }
}

/// Where nobody is there to ask, nobody is let through.
pub(crate) fn a_guard_that_asks_nobody_lets_nobody_through<H: Harness>() {
    let provider = Provider::new();
    let (_server, address) = guarded::<H>(&provider, |guard| guard.ask_revocation(true), Subject);
    let answer = get(address, Some(&provider.token("the-api", "somebody")));
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
}

/// J28: what a route asks for is asked of remembered tokens too.
pub(crate) fn a_remembered_token_is_not_enough_elsewhere<H: Harness>() {
    let provider = Provider::new();
    let driver = Driver::new(share::<H>(provider.machine()));
    let admin = Requirement::claim_equals(["sub"], "admin").unwrap();
    let guard = Guard::builder(TokenPolicy::access_token(["the-api"]).unwrap())
        .route(GuardRoute::new("/admin").unwrap().require(admin))
        .build()
        .unwrap();
    let guard =
        ApiGuard::new(guard, driver).with_token_cache(TokenCacheLimits::default(), RUSTCRYPTO);
    let (_server, address) = start::<H>(ProtectedApi::new(guard, Subject));
    let ask = |path: &str, subject: &str| {
        let token = provider.token("the-api", subject);
        exchange(
            address,
            &format!(
                "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                 authorization: Bearer {token}\r\n\r\n"
            ),
        )
    };
    for _ in 0..2 {
        assert!(ask("/x", "somebody").starts_with("HTTP/1.1 200 "));
        assert!(ask("/admin", "somebody").starts_with("HTTP/1.1 403 "));
        assert!(ask("/admin", "admin").starts_with("HTTP/1.1 200 "));
    }
}

/// RFC 9728 §3: for everybody, made from configuration whatever `Host` says.
pub(crate) fn serves_its_metadata<H: Harness>() {
    let resource = ProtectedResource::new("https://api.example/v1").unwrap();
    let guard = |guard: GuardBuilder| guard.protected_resource(resource.clone());
    let (_server, address) = guarded::<H>(&Provider::new(), guard, Subject);
    let path = "/.well-known/oauth-protected-resource/v1";
    let head = format!("GET {path} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
    let answer = exchange(address, &head);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains(r#""resource":"https://api.example/v1""#), "{answer}");
    let refused = get(address, None);
    let url = format!("resource_metadata=\"https://api.example{path}\"");
    assert!(refused.starts_with("HTTP/1.1 401 ") && refused.contains(&url), "{refused}");
}
