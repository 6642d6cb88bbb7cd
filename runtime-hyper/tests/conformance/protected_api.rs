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
    guard::Guard,
    issuer::IssuerMachine,
    jwt::{TokenPolicy, VerifiedToken},
    session::Session,
};
use portcullis_hyper::{
    api_guard::ApiGuard, application::Application, body::Body, drive::Driver,
    protected_api::ProtectedApi, server::ServerHandle,
};
use std::io::Write as _;

/// Answers with the subject of the token.
struct Subject;

impl Application for Subject {
    async fn call(&self, request: Request<Body>, session: Option<&Session>) -> Response<Body> {
        assert!(session.is_none());
        let token = request.extensions().get::<VerifiedToken>().unwrap();
        Response::new(Body::from(token.subject().unwrap().to_owned()))
    }
}

pub(crate) fn api<H: Harness>(machine: IssuerMachine) -> (ServerHandle<H::Runtime>, SocketAddr) {
    let driver = Driver::new(share::<H>(machine));
    let guard = Guard::new(TokenPolicy::access_token(["the-api"]).unwrap());
    start::<H>(ProtectedApi::new(ApiGuard::new(guard, driver), Subject))
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
