//! Somebody who is signed in, before a gateway.

use super::{
    Harness, client,
    gateway::{Mirror, SECRET, gate_with, get, handed_over},
    issuers::share,
    provider::Provider,
    server::start,
    wire::{PATIENCE, Peer, connect, eventually, exchange, read_exactly, read_head},
};
use core::{future::Future, net::SocketAddr, pin::Pin};
use portcullis_core::{
    gate::ForwardLimits,
    http::Query,
    session::{Revocation, RevocationKey, RevocationOutcome, Revocations},
    time::UnixSeconds,
};
use portcullis_hyper::{
    drive::Driver,
    front_gate::FrontGate,
    gateway::Gateway,
    revocations::{MemoryRevocations, RevocationStore},
    server::ServerHandle,
};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

const OLD: &str = "5d81e3c7a09b4f264e8d7b1c3f5a9260";

fn gateway<H: Harness>(
    provider: &Provider,
    upstream: &Peer,
    secrets: &[&str],
) -> (ServerHandle<H::Runtime>, SocketAddr) {
    let store = Arc::new(MemoryRevocations::default());
    gateway_with::<H>(provider, upstream, secrets, store)
}

fn gateway_with<H: Harness>(
    provider: &Provider,
    upstream: &Peer,
    secrets: &[&str],
    store: Arc<dyn RevocationStore>,
) -> (ServerHandle<H::Runtime>, SocketAddr) {
    let driver = Driver::new(share::<H>(provider.machine())).with_revocations(store);
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

/// A store that tells one other process, and remembers what that one tells.
struct Told {
    here: Arc<MemoryRevocations>,
    there: Mutex<TcpStream>,
}

/// The bytes of a revocation on their way: the sessions, who has signed out, until when.
const MESSAGE: usize = 32 + 32 + 8;

impl Told {
    fn new(stream: TcpStream) -> Arc<Self> {
        let here = Arc::new(MemoryRevocations::default());
        let (heard, mut from) = (here.clone(), stream.try_clone().unwrap());
        thread::spawn(move || {
            let mut message = [0; MESSAGE];
            while from.read_exact(&mut message).is_ok() {
                let key =
                    |at: usize| RevocationKey::from_bytes(message[at..at + 32].try_into().unwrap());
                let until = u64::from_be_bytes(message[64..].try_into().unwrap());
                let revocation = Revocation::new(key(0), UnixSeconds(until)).with_owner(key(32));
                assert_eq!(
                    heard.remember(&revocation, UnixSeconds(0)),
                    RevocationOutcome::Recorded
                );
            }
        });
        Arc::new(Self { here, there: Mutex::new(stream) })
    }
}

impl Revocations for Told {
    fn revokes(&self, keys: &[RevocationKey], signed_in_at: UnixSeconds, now: UnixSeconds) -> bool {
        self.here.revokes(keys, signed_in_at, now)
    }

    fn is_empty(&self) -> bool {
        self.here.is_empty()
    }
}

impl RevocationStore for Told {
    fn record<'s>(
        &'s self,
        revocation: &'s Revocation,
        now: UnixSeconds,
    ) -> Pin<Box<dyn Future<Output = RevocationOutcome> + Send + 's>> {
        Box::pin(async move {
            let owner = revocation.owner.unwrap();
            let until = revocation.until.0.to_be_bytes();
            let message = [revocation.sessions.as_bytes(), owner.as_bytes(), &until[..]].concat();
            let sent = self.there.lock().unwrap().write_all(&message);
            sent.map_or(RevocationOutcome::Unavailable, |()| self.here.remember(revocation, now))
        })
    }
}

/// C18: two processes share a store, and whoever signs out at one is signed out at the other.
pub(crate) fn a_logout_at_another_process_counts_here<H: Harness>() {
    let provider = Provider::new();
    let peer = Peer::answering_always("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let one = Told::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    let other = Told::new(listener.accept().unwrap().0);
    let (_one, first) = gateway_with::<H>(&provider, &peer, &[SECRET], one);
    let (_other, second) = gateway_with::<H>(&provider, &peer, &[SECRET], other.clone());
    let [ended, kept] = [(); 2].map(|()| sign_in(first, &provider));
    let is_signed_in = |address, session: &str| {
        let page = exchange(address, &with(&get("/page"), &format!("cookie: {session}")));
        page.contains("signed in: somebody\n")
    };
    for address in [first, second] {
        assert!(is_signed_in(address, &ended) && is_signed_in(address, &kept));
    }
    let fields = format!(
        "cookie: {ended}\r\nsec-fetch-site: same-origin\r\nsec-fetch-mode: navigate\r\n\
         sec-fetch-dest: document"
    );
    let out = exchange(first, &with(&get("/api/auth/logout"), &fields));
    assert!(out.starts_with("HTTP/1.1 302 "), "{out}");
    eventually("the other process knows", || !other.is_empty());
    for address in [first, second] {
        assert!(!is_signed_in(address, &ended), "a copy of the cookie");
        assert!(is_signed_in(address, &kept), "another session of the same user");
    }
}
