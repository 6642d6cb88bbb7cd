//! Somebody who is signed in, before a gateway.

use super::{
    Harness, client,
    gateway::{Mirror, SECRET, gate_with, get, handed_over},
    issuers::share,
    provider::Provider,
    server::start,
    wire::{PATIENCE, Peer, connect, exchange, read_exactly, read_head},
};
use core::net::SocketAddr;
use portcullis_core::{gate::ForwardLimits, http::Query};
use portcullis_hyper::{
    drive::Driver, front_gate::FrontGate, gateway::Gateway, server::ServerHandle,
};
use std::io::Write as _;

const OLD: &str = "5d81e3c7a09b4f264e8d7b1c3f5a9260";

fn gateway<H: Harness>(
    provider: &Provider,
    upstream: &Peer,
    secrets: &[&str],
) -> (ServerHandle<H::Runtime>, SocketAddr) {
    let driver = Driver::new(share::<H>(provider.machine()));
    let gate = gate_with(upstream.address, ForwardLimits::default(), secrets);
    start::<H>(Gateway::new(FrontGate::new(gate, driver, client::<H>()), Mirror))
}

/// The cookie that `answer` sets and whose name starts with `prefix`: name and value.
fn cookie(answer: &str, prefix: &str) -> String {
    let start = format!("\r\nset-cookie: {prefix}");
    let at = answer.find(&start).unwrap_or_else(|| panic!("no cookie {prefix}: {answer}"));
    let pair = &answer[at + "\r\nset-cookie: ".len()..];
    pair.split(';').next().unwrap().to_owned()
}

/// The same request with more header fields.
fn with(request: &str, fields: &str) -> String {
    request.replacen("\r\n", &format!("\r\n{fields}\r\n"), 1)
}

/// Signs somebody in and gives the cookie that holds their session.
fn sign_in(address: SocketAddr, provider: &Provider) -> String {
    let away = exchange(address, &get("/api/auth/login"));
    let location = away.split("\r\nlocation: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let query = Query::new(location.split_once('?').unwrap().1);
    let parameter = |name| query.unique(name).unwrap().unwrap();
    provider.grant("client", &parameter("nonce"));
    let callback = format!("/api/auth/callback?code=c&state={}", parameter("state"));
    let login = format!("cookie: {}", cookie(&away, "portcullis_login_"));
    let back = exchange(address, &with(&get(&callback), &login));
    assert!(back.starts_with("HTTP/1.1 303 "), "{back}");
    cookie(&back, "portcullis=")
}

/// C23: the new cookie of a session goes out with the head of an answer that streams, before
/// anything of its body is there.
pub(crate) fn a_session_is_written_with_the_head_of_a_stream<H: Harness>() {
    let provider = Provider::new();
    let (peer, streams) = handed_over();
    let session = {
        let (_server, address) = gateway::<H>(&provider, &peer, &[OLD]);
        sign_in(address, &provider)
    };
    // What an old secret has sealed is sealed anew, at the first request.
    let (_server, address) = gateway::<H>(&provider, &peer, &[SECRET, OLD]);
    let mut browser = connect(address);
    let request = with(&get("/guarded/events"), &format!("cookie: {session}"));
    browser.write_all(request.as_bytes()).unwrap();
    let mut upstream = streams.recv_timeout(PATIENCE).unwrap();
    let asked = read_head(&mut upstream);
    assert!(asked.contains("\r\nauthorization: Bearer an-access-token\r\n"), "{asked}");
    let events = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                  cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
    upstream.write_all(events.as_bytes()).unwrap();
    let head = read_head(&mut browser);
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("\r\ncache-control: no-store\r\n"), "{head}");
    let renewed = cookie(&head, "portcullis=");
    assert_ne!(renewed, session);
    // And the events come as they happen.
    for _ in 0..3 {
        upstream.write_all(b"9\r\ndata: x\n\n\r\n").unwrap();
        assert_eq!(read_exactly(&mut browser, 14), "9\r\ndata: x\n\n\r\n");
    }

    // The new cookie is the same session, and the old secret can go.
    let (_server, address) = gateway::<H>(&provider, &peer, &[SECRET]);
    let page = exchange(address, &with(&get("/page"), &format!("cookie: {renewed}")));
    assert!(page.contains("signed in: somebody\n"), "{page}");
    let page = exchange(address, &with(&get("/page"), &format!("cookie: {session}")));
    assert!(!page.contains("signed in"), "{page}");
}

/// X12: a page of another site opens no web socket with the session's cookie. One of the
/// application's own gets an ordinary answer, since web sockets are not passed on.
pub(crate) fn another_site_opens_no_web_socket<H: Harness>() {
    let provider = Provider::new();
    let peer = Peer::answering_always("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let (_server, address) = gateway::<H>(&provider, &peer, &[SECRET]);
    let session = sign_in(address, &provider);
    let opening = |origin: &str| {
        format!(
            "GET /guarded/socket HTTP/1.1\r\nhost: localhost:3000\r\ncookie: {session}\r\n\
             connection: Upgrade, close\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{origin}\r\n"
        )
    };
    for origin in ["origin: https://evil.example\r\n", "origin: null\r\n", ""] {
        let answer = exchange(address, &opening(origin));
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(answer.contains("cross_site_request"), "{answer}");
    }
    assert_eq!(peer.connections(), 0);
    let answer = exchange(address, &opening("origin: http://localhost:3000\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok"), "{answer}");
}

/// C24: a browser with more cookies than can be taken gets a page, and rid of the gate's own.
pub(crate) fn too_many_cookies_have_a_page<H: Harness>() {
    let provider = Provider::new();
    let peer = Peer::answering_always("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let (_server, address) = gateway::<H>(&provider, &peer, &[SECRET]);
    let session = sign_in(address, &provider);
    let planted: Vec<String> = (0..60)
        .map(|number| format!("portcullis_login_{number:012}={}", "x".repeat(900)))
        .collect();
    let cookies = format!("cookie: {session}; theirs=kept; {}", planted.join("; "));
    let page = exchange(address, &with(&get("/open/x"), &cookies));
    assert!(page.starts_with("HTTP/1.1 431 "), "{page}");
    assert!(page.contains("Too many cookies") && !page.contains("theirs"), "{page}");
    assert_eq!(page.matches("=; Path=/; Max-Age=0;").count(), 61, "{page}");
    assert_eq!(peer.connections(), 0);
    let answer = exchange(address, &with(&get("/open/x"), "cookie: theirs=kept"));
    assert!(answer.ends_with("ok"), "{answer}");
}
