//! CORS around an API and around a gate.

use super::{
    Harness, client,
    gateway::gate,
    issuers::share,
    provider::Provider,
    server::start,
    wire::{Peer, dead_address, exchange},
};
use core::net::SocketAddr;
use http::{Request, Response, StatusCode};
use portcullis_core::{
    cors::{Cors, OriginPolicy},
    gate::ForwardLimits,
    guard::{Guard, GuardRoute},
    jwt::TokenPolicy,
    session::Session,
};
use portcullis_hyper::{
    api_guard::ApiGuard, application::Application, body::Body, drive::Driver,
    front_gate::FrontGate, gateway::Gateway, protected_api::ProtectedApi, server::ServerHandle,
};

const PAGE: &str = "https://app.example";
const ALLOWED: &str = "\r\naccess-control-allow-origin: https://app.example\r\n";

/// Answers with the status that its path names, and says things about CORS that nobody asked for.
struct Status;

impl Application for Status {
    async fn call(&self, request: Request<Body>, _: Option<&Session>) -> Response<Body> {
        let status = request.uri().path().trim_start_matches("/status/").parse::<StatusCode>();
        Response::builder()
            .status(status.unwrap_or(StatusCode::OK))
            .header("access-control-allow-origin", "*")
            .header("access-control-allow-private-network", "true")
            .header("x-method", request.method().as_str())
            .body(Body::empty())
            .unwrap()
    }
}

fn cors() -> Cors {
    Cors::builder()
        .origin(OriginPolicy::list([PAGE]).unwrap())
        .credentials(true)
        .max_age(60)
        .build()
        .unwrap()
}

fn api<H: Harness>(provider: &Provider) -> (ServerHandle<H::Runtime>, SocketAddr) {
    let driver = Driver::new(share::<H>(provider.machine()));
    let guard = Guard::builder(TokenPolicy::access_token(["the-api"]).unwrap())
        .route(GuardRoute::open("/status/:status").unwrap())
        .build()
        .unwrap();
    start::<H>(ProtectedApi::new(ApiGuard::new(guard, driver), Status).with_cors(cors()))
}

/// A gate that forwards `/open` and `/guarded` to `upstream`.
fn front<H: Harness>(upstream: SocketAddr) -> (ServerHandle<H::Runtime>, SocketAddr) {
    let driver = Driver::new(share::<H>(Provider::new().machine()));
    let gate = FrontGate::new(gate(upstream, ForwardLimits::default()), driver, client::<H>());
    start::<H>(Gateway::new(gate, Status).with_cors(cors()))
}

fn ask(address: SocketAddr, method: &str, path: &str, fields: &str) -> String {
    let head = format!("{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n");
    exchange(address, &head)
}

fn from_page(address: SocketAddr, method: &str, path: &str) -> String {
    ask(address, method, path, &format!("origin: {PAGE}\r\n"))
}

fn preflight(address: SocketAddr, path: &str) -> String {
    let fields = format!(
        "origin: {PAGE}\r\naccess-control-request-method: PUT\r\n\
         access-control-request-headers: authorization\r\n"
    );
    ask(address, "OPTIONS", path, &fields)
}

/// X05, X07, and `error-response.js` of npm's `cors`: whoever answers, and whatever.
pub(crate) fn every_answer_can_be_read<H: Harness>() {
    let provider = Provider::new();
    let (_server, address) = api::<H>(&provider);
    for status in [200, 303, 304, 401, 404, 500] {
        let path = format!("/status/{status}");
        let answer = from_page(address, "GET", &path);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains(ALLOWED), "{answer}");
        assert!(answer.contains("\r\nvary: Origin\r\n"), "{answer}");
        for fields in ["", "origin: null\r\n", "origin: https://evil.example\r\n"] {
            let answer = ask(address, "GET", &path, fields);
            assert!(answer.contains("\r\nvary: Origin\r\n"), "{answer}");
            assert!(!answer.contains("access-control-"), "{answer}");
        }
    }
    // The guard's own.
    let refused = from_page(address, "GET", "/private");
    assert!(refused.starts_with("HTTP/1.1 401 ") && refused.contains(ALLOWED), "{refused}");
    let exposed = "\r\naccess-control-expose-headers: WWW-Authenticate\r\n";
    assert!(refused.contains(exposed), "{refused}");
    provider.set_status(500);
    let token = provider.token("the-api", "somebody");
    let fields = format!("origin: {PAGE}\r\nauthorization: Bearer {token}\r\n");
    let outage = ask(address, "GET", "/private", &fields);
    assert!(outage.starts_with("HTTP/1.1 503 ") && outage.contains(ALLOWED), "{outage}");
}

/// `example-app.js` and `issue-2.js` of npm's `cors`.
pub(crate) fn simple_and_complex_methods_work<H: Harness>() {
    let (_server, address) = api::<H>(&Provider::new());
    for method in ["GET", "HEAD", "POST", "DELETE"] {
        let answer = from_page(address, method, "/status/200");
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(ALLOWED), "{answer}");
        assert!(answer.contains(&format!("\r\nx-method: {method}\r\n")), "{answer}");
    }
    let answer = preflight(address, "/status/200");
    assert!(answer.starts_with("HTTP/1.1 204 ") && answer.contains(ALLOWED), "{answer}");
    for field in [
        "access-control-allow-methods: GET,HEAD,PUT,PATCH,POST,DELETE",
        "access-control-allow-headers: authorization",
        "access-control-allow-credentials: true",
        "access-control-max-age: 60",
    ] {
        assert!(answer.contains(&format!("\r\n{field}\r\n")), "{answer}");
    }
    assert!(!answer.contains("x-method"), "{answer}");
}

/// X15: neither the guard nor the application sees it, and no key is fetched for it.
pub(crate) fn a_preflight_needs_no_token<H: Harness>() {
    let provider = Provider::new();
    let (_server, address) = api::<H>(&provider);
    let answer = preflight(address, "/private");
    assert!(answer.starts_with("HTTP/1.1 204 ") && answer.contains(ALLOWED), "{answer}");
    assert_eq!(provider.requests(), (0, 0));
    // One that is none needs a token.
    let answer = from_page(address, "OPTIONS", "/private");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

/// X15: no token is put into it, no session is touched, and no upstream sees it.
pub(crate) fn a_preflight_does_not_reach_an_upstream<H: Harness>() {
    let peer = Peer::answering_always("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let (_server, address) = front::<H>(peer.address);
    for path in ["/open/x", "/guarded/x", "/api/auth/login"] {
        let answer = preflight(address, path);
        assert!(answer.starts_with("HTTP/1.1 204 ") && answer.contains(ALLOWED), "{answer}");
        assert!(!answer.contains("set-cookie") && !answer.contains("location"), "{answer}");
    }
    assert_eq!(peer.connections(), 0);
    let answer = from_page(address, "GET", "/open/x");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(ALLOWED), "{answer}");
    assert_eq!(peer.connections(), 1);
}

/// X07, X13: one policy, whatever an upstream or the application says.
pub(crate) fn there_is_one_policy<H: Harness>() {
    let peer = Peer::answering_always(
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\naccess-control-allow-origin: *\r\n\
         access-control-allow-credentials: true\r\nvary: accept\r\n\r\nok",
    );
    let (_server, address) = front::<H>(peer.address);
    for path in ["/open/x", "/page"] {
        let answer = from_page(address, "GET", path);
        assert_eq!(answer.matches("access-control-allow-origin").count(), 1, "{answer}");
        assert!(answer.contains(ALLOWED) && answer.contains("\r\nvary: Origin\r\n"), "{answer}");
        assert!(!answer.contains("private-network"), "{answer}");
        let answer = ask(address, "GET", path, "origin: https://evil.example\r\n");
        assert!(!answer.contains("access-control-"), "{answer}");
    }
    let fields = format!("origin: {PAGE}\r\nsec-fetch-mode: cors\r\n");
    let refused = ask(address, "GET", "/guarded/x", &fields);
    assert!(refused.starts_with("HTTP/1.1 401 ") && refused.contains(ALLOWED), "{refused}");
    let (_server, address) = front::<H>(dead_address());
    let failed = from_page(address, "GET", "/open/x");
    assert!(failed.starts_with("HTTP/1.1 502 ") && failed.contains(ALLOWED), "{failed}");
}
