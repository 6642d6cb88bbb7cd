//! The front gate as a proxy: streams, failures, and what does not pass.

use super::{
    Harness, client,
    issuers::share,
    provider::Provider,
    server::{start, start_with},
    wire::{
        PATIENCE, Peer, connect, dead_address, eventually, exchange, read_exactly, read_head,
        read_to_end,
    },
};
use core::{net::SocketAddr, time::Duration};
use http::{Request, Response, header};
use portcullis_core::{
    crypto::RUSTCRYPTO,
    gate::{ForwardLimits, Gate},
    oidc::ClientConfig,
    rewrite::{Matcher, RewriteRule, Rewrites},
    secret::Secret,
    session::{SecretRing, Session},
};
use portcullis_hyper::{
    application::Application,
    body::Body,
    drive::Driver,
    front_gate::FrontGate,
    gateway::Gateway,
    server::{ServerHandle, ServerLimits},
};
use std::{
    io::Write as _,
    net::TcpStream,
    sync::{Arc, Mutex, mpsc},
    thread,
};

pub(super) const SECRET: &str = "9f2c4b7e1a6d8035c4e7f1b92a5d6380";

/// Shows what it was given, and sets cookies of its own and of the gate's names.
pub(super) struct Mirror;

impl Application for Mirror {
    async fn call(&self, request: Request<Body>, session: Option<&Session>) -> Response<Body> {
        let mut seen = format!("{} {}\n", request.method(), request.uri());
        for (name, value) in request.headers() {
            seen.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
        }
        if let Some(session) = session {
            seen.push_str(&format!("signed in: {}\n", session.subject()));
        }
        Response::builder()
            .header(header::SET_COOKIE, "portcullis=stolen; Path=/")
            .header(header::SET_COOKIE, "own=kept")
            .header(header::CONNECTION, "x-internal")
            .header("x-internal", "1")
            .body(Body::from(seen))
            .unwrap()
    }
}

pub(crate) fn gate(upstream: SocketAddr, limits: ForwardLimits) -> Gate {
    gate_with(upstream, limits, &[SECRET])
}

/// The same gate, whose cookies are sealed with the first of `secrets`.
pub(super) fn gate_with(upstream: SocketAddr, limits: ForwardLimits, secrets: &[&str]) -> Gate {
    let client = ClientConfig::new("client", Secret::new("secret"), "http://localhost:3000");
    let to_upstream = |source: &str| RewriteRule::new(source, format!("http://{upstream}/:path*"));
    let rewrites = Rewrites::builder()
        .after_files([to_upstream("/open/:path*"), to_upstream("/guarded/:path*")])
        .build()
        .unwrap();
    let secrets = SecretRing::new(secrets.iter().copied(), RUSTCRYPTO).unwrap();
    Gate::builder(client.unwrap(), secrets, RUSTCRYPTO)
        .rewrites(rewrites)
        .protect(Matcher::new(["/guarded/:path*"]).unwrap())
        .limits(limits)
        .build()
        .unwrap()
}

fn gateway<H: Harness>(
    upstream: SocketAddr,
    limits: ForwardLimits,
    server: ServerLimits,
) -> (ServerHandle<H::Runtime>, SocketAddr) {
    let driver = Driver::new(share::<H>(Provider::new().machine()));
    start_with::<H>(
        server,
        Gateway::new(FrontGate::new(gate(upstream, limits), driver, client::<H>()), Mirror),
    )
}

fn before<H: Harness>(peer: &Peer) -> (ServerHandle<H::Runtime>, SocketAddr) {
    gateway::<H>(peer.address, ForwardLimits::default(), ServerLimits::default())
}

pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: app.example\r\nconnection: close\r\n\r\n")
}

/// Hands the connections of a peer to the test.
pub(super) fn handed_over() -> (Peer, mpsc::Receiver<TcpStream>) {
    let (sender, streams) = mpsc::channel();
    (Peer::new(move |stream, _| sender.send(stream).unwrap()), streams)
}

pub(crate) fn streams_in_both_directions<H: Harness>() {
    let (peer, streams) = handed_over();
    let (_server, address) = before::<H>(&peer);
    let mut client = connect(address);
    let head = "POST /open/x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    client.write_all(head.as_bytes()).unwrap();
    client.write_all(b"3\r\none\r\n").unwrap();
    // The first bytes are there while the client still has some to send.
    let mut upstream = streams.recv_timeout(PATIENCE).unwrap();
    assert!(read_head(&mut upstream).starts_with("POST /x HTTP/1.1\r\n"));
    assert_eq!(read_exactly(&mut upstream, 8), "3\r\none\r\n");
    // So is the answer, before the request has come to its end.
    upstream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
    upstream.write_all(b"5\r\nearly\r\n").unwrap();
    assert!(read_head(&mut client).starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(read_exactly(&mut client, 10), "5\r\nearly\r\n");
    client.write_all(b"3\r\ntwo\r\n0\r\n\r\n").unwrap();
    assert_eq!(read_exactly(&mut upstream, 13), "3\r\ntwo\r\n0\r\n\r\n");
    upstream.write_all(b"4\r\nlate\r\n0\r\n\r\n").unwrap();
    assert_eq!(read_exactly(&mut client, 14), "4\r\nlate\r\n0\r\n\r\n");
}

pub(crate) fn a_length_stays_a_length<H: Harness>() {
    let (peer, streams) = handed_over();
    let (_server, address) = before::<H>(&peer);
    let mut client = connect(address);
    let head = "POST /open/x?y=z HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody";
    client.write_all(head.as_bytes()).unwrap();
    let mut upstream = streams.recv_timeout(PATIENCE).unwrap();
    let head = read_head(&mut upstream);
    assert!(head.starts_with("POST /x?y=z HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-length: 4\r\n"), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert_eq!(read_exactly(&mut upstream, 4), "body");
    upstream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok").unwrap();
    let head = read_head(&mut client);
    assert!(head.starts_with("HTTP/1.1 201 Created\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-length: 2\r\n"), "{head}");
    assert_eq!(read_exactly(&mut client, 2), "ok");
}

pub(crate) fn an_upstream_that_dies_aborts_the_answer<H: Harness>() {
    for (start, end) in [
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n", "0\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "half.half"),
    ] {
        let (_server, address) = before::<H>(&Peer::answering(start));
        let answer = exchange(address, &get("/open/x"));
        assert!(!answer.ends_with(end), "{answer}");
    }
}

pub(crate) fn a_client_that_dies_aborts_the_request<H: Harness>() {
    let (peer, streams) = handed_over();
    let (_server, address) = before::<H>(&peer);
    let mut client = connect(address);
    let head =
        "POST /open/x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    client.write_all(head.as_bytes()).unwrap();
    let mut upstream = streams.recv_timeout(PATIENCE).unwrap();
    read_head(&mut upstream);
    assert_eq!(read_exactly(&mut upstream, 9), "4\r\nhalf\r\n");
    drop(client);
    assert_eq!(read_to_end(&mut upstream), "");
}

pub(crate) fn a_broken_upload_is_the_clients_fault<H: Harness>() {
    let (peer, streams) = handed_over();
    let mut server = ServerLimits::default();
    server.idle = Duration::from_millis(100);
    let (_server, address) = gateway::<H>(peer.address, ForwardLimits::default(), server);
    for (body, status) in [("4;a\nhalf\r\n", 400), ("4\r\nhalf\r\n", 408)] {
        let mut client = connect(address);
        let head = "POST /open/x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
        client.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let answer = read_to_end(&mut client);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        // The upstream may have been connected to, but it never saw a whole request.
        if let Ok(mut upstream) = streams.recv_timeout(Duration::from_millis(100)) {
            assert!(!read_to_end(&mut upstream).ends_with("0\r\n\r\n"));
        }
    }
}

pub(crate) fn an_upstream_that_is_not_there_is_502<H: Harness>() {
    let (_server, address) =
        gateway::<H>(dead_address(), ForwardLimits::default(), ServerLimits::default());
    let answer = exchange(address, &get("/open/x"));
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
}

pub(crate) fn an_upstream_that_talks_nonsense_is_502<H: Harness>() {
    for nonsense in [
        "",
        "SSH-2.0-x\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        // H07, H08: nobody asked for another protocol.
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
    ] {
        let (_server, address) = before::<H>(&Peer::answering(nonsense));
        let answer = exchange(address, &get("/open/x"));
        assert!(answer.starts_with("HTTP/1.1 502 "), "{nonsense:?}: {answer}");
    }
}

pub(crate) fn an_upstream_that_does_not_answer_is_504<H: Harness>() {
    let peer = Peer::new(|mut stream, _| {
        read_to_end(&mut stream);
    });
    let limits =
        ForwardLimits { first_byte: Duration::from_millis(100), ..ForwardLimits::default() };
    let (_server, address) = gateway::<H>(peer.address, limits, ServerLimits::default());
    for request in [
        get("/open/x"),
        "POST /open/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 4\r\n\r\nbody"
            .to_owned(),
    ] {
        let answer = exchange(address, &request);
        assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
    }
}

pub(crate) fn a_long_upload_is_no_late_answer<H: Harness>() {
    let peer = Peer::new(|mut stream, _| {
        read_head(&mut stream);
        read_exactly(&mut stream, 25);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    });
    let limits = ForwardLimits { first_byte: Duration::from_secs(2), ..ForwardLimits::default() };
    let (_server, address) = gateway::<H>(peer.address, limits, ServerLimits::default());
    let mut client = connect(address);
    let head =
        "POST /open/x HTTP/1.1\r\nhost: a\r\ncontent-length: 25\r\nconnection: close\r\n\r\n";
    client.write_all(head.as_bytes()).unwrap();
    for _ in 0..25 {
        thread::sleep(Duration::from_millis(100));
        client.write_all(b"x").unwrap();
    }
    let answer = read_to_end(&mut client);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

pub(crate) fn an_answer_that_stalls_is_aborted<H: Harness>() {
    let peer = Peer::new(|mut stream, _| {
        read_head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            .unwrap();
        read_to_end(&mut stream);
    });
    let limits = ForwardLimits { idle: Duration::from_millis(100), ..ForwardLimits::default() };
    let (_server, address) = gateway::<H>(peer.address, limits, ServerLimits::default());
    let answer = exchange(address, &get("/open/x"));
    assert!(answer.starts_with("HTTP/1.1 200 ") && !answer.ends_with("0\r\n\r\n"), "{answer}");
}

/// H01 to H12, as the upstream sees them.
pub(crate) fn passes_on_what_may_pass<H: Harness>() {
    let (heads, seen) = mpsc::channel();
    let peer = Peer::new(move |mut stream, _| {
        heads.send(read_head(&mut stream)).unwrap();
        stream
            .write_all(
                b"HTTP/1.1 200 OK\r\nconnection: x-internal\r\nx-internal: 1\r\n\
                  keep-alive: timeout=5\r\nproxy-authenticate: Basic\r\nupgrade: h2c\r\n\
                  set-cookie: portcullis=stolen\r\nset-cookie: own=kept\r\n\
                  x-kept: 1\r\nx-kept: 2\r\ncontent-length: 2\r\n\r\nok",
            )
            .unwrap();
    });
    let (_server, address) = before::<H>(&peer);
    let answer = exchange(
        address,
        "GET /open/x HTTP/1.1\r\nHost: app.example\r\n\
         Connection: close, X-Named, Authorization\r\nX-Named: 1\r\nAuthorization: Bearer a\r\n\
         Keep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\
         Proxy-Authorization: Basic x\r\nProxy-Connection: close\r\nExpect: 100-continue\r\n\
         X-Forwarded-For: 1.2.3.4\r\nX_Forwarded_User: root\r\nForwarded: for=1.2.3.4\r\n\
         x-middleware-subrequest: middleware\r\nX-Kept: 1\r\nX-Kept: 2\r\n\
         Cookie: a=b; portcullis=c\r\nCookie: d=e\r\n\r\n",
    );
    let head = seen.recv_timeout(PATIENCE).unwrap();
    let mut lines: Vec<&str> = head.trim_end().split("\r\n").collect();
    assert_eq!(lines.remove(0), "GET /x HTTP/1.1");
    lines.sort_unstable();
    let host = format!("host: {}", peer.address);
    let mut expected = [
        "cookie: a=b; d=e",
        &host,
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-host: app.example",
        "x-forwarded-proto: http",
        "x-kept: 1",
        "x-kept: 2",
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);

    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "ok");
    for kept in ["set-cookie: own=kept", "x-kept: 1", "x-kept: 2", "content-length: 2"] {
        assert!(head.contains(kept), "{kept}: {head}");
    }
    for dropped in ["x-internal", "keep-alive", "proxy-authenticate", "upgrade", "portcullis"] {
        assert!(!head.contains(dropped), "{dropped}: {head}");
    }
}

/// H21.
pub(crate) fn trailers_do_not_pass<H: Harness>() {
    let (peer, streams) = handed_over();
    let (_server, address) = before::<H>(&peer);
    let mut client = connect(address);
    let request = "POST /open/x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\
                   trailer: x-auth-user\r\n\r\n2\r\nok\r\n0\r\nx-auth-user: root\r\n\r\n";
    client.write_all(request.as_bytes()).unwrap();
    let mut upstream = streams.recv_timeout(PATIENCE).unwrap();
    read_head(&mut upstream);
    assert_eq!(read_exactly(&mut upstream, 12), "2\r\nok\r\n0\r\n\r\n");
    upstream
        .write_all(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-late\r\n\r\n\
              2\r\nok\r\n0\r\nx-late: 1\r\n\r\n",
        )
        .unwrap();
    assert!(!read_head(&mut client).contains("trailer"));
    assert_eq!(read_exactly(&mut client, 12), "2\r\nok\r\n0\r\n\r\n");
}

pub(crate) fn answers_without_a_body_stay_without<H: Harness>() {
    for (method, answer, expected) in [
        ("HEAD", "200 OK\r\ncontent-length: 1234\r\n", Some("content-length: 1234")),
        ("GET", "204 No Content\r\n", None),
        ("GET", "304 Not Modified\r\netag: \"x\"\r\n", Some("etag: \"x\"")),
        ("GET", "200 OK\r\ncontent-length: 0\r\n", Some("content-length: 0")),
    ] {
        let peer = Peer::answering_always(format!("HTTP/1.1 {answer}\r\n"));
        let (_server, address) = before::<H>(&peer);
        let mut client = connect(address);
        for _ in 0..3 {
            let request = format!("{method} /open/x HTTP/1.1\r\nhost: a\r\n\r\n");
            client.write_all(request.as_bytes()).unwrap();
            // Were there a body, the next head would not be one.
            let head = read_head(&mut client);
            let status = answer.split("\r\n").next().unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{head}");
            assert!(expected.is_none_or(|line| head.contains(line)), "{head}");
        }
    }
}

/// H28, and the first invariant: nothing of a guarded request reaches the upstream.
pub(crate) fn refuses_before_anything_goes_upstream<H: Harness>() {
    let peer = Peer::answering_always("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let (_server, address) = before::<H>(&peer);
    let mut client = connect(address);
    let refused = "POST /guarded/x HTTP/1.1\r\nhost: a\r\naccept: application/json\r\n\
                   content-length: 1000\r\n\r\n";
    for _ in 0..3 {
        client.write_all(format!("{refused}{}", "x".repeat(1000)).as_bytes()).unwrap();
        let head = read_head(&mut client);
        assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
        let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
        read_exactly(&mut client, length.parse().unwrap());
    }
    assert_eq!(peer.connections(), 0);
    // The connection is still in step.
    client.write_all(get("/open/x").as_bytes()).unwrap();
    let answer = read_to_end(&mut client);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok"), "{answer}");
}

/// H08: what follows a request for another protocol is a request like any other.
pub(crate) fn a_refused_upgrade_lets_nothing_slip_behind_it<H: Harness>() {
    let peer = Peer::answering_always("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let (_server, address) = before::<H>(&peer);
    let upgrade = "GET /open/x HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n\
                   upgrade: websocket\r\n\r\n";
    let answers = exchange(address, &format!("{upgrade}{}", get("/guarded/x")));
    let statuses: Vec<&str> =
        answers.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect();
    assert_eq!(statuses, ["200", "302"], "{answers}");
}

/// H18, H28.
pub(crate) fn closes_where_the_body_is_not_read<H: Harness>() {
    let peer = Peer::answering_always("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let (_server, address) = before::<H>(&peer);
    for rest in
        ["content-length: 100000000\r\n\r\n", "content-length: 4\r\nexpect: 100-continue\r\n\r\n"]
    {
        let answer = exchange(
            address,
            &format!("POST /guarded/x HTTP/1.1\r\nhost: a\r\naccept: application/json\r\n{rest}"),
        );
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    assert_eq!(peer.connections(), 0);
}

pub(crate) fn hands_the_rest_to_the_application<H: Harness>() {
    let (_server, address) = before::<H>(&Peer::answering(""));
    let answer = exchange(
        address,
        "GET /page?a=b HTTP/1.1\r\nhost: app.example\r\nconnection: close, x-named\r\nx-named: 1\r\n\
         x-forwarded-for: 1.2.3.4\r\ncookie: a=b; portcullis=c\r\n\r\n",
    );
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = body.lines().collect();
    assert_eq!(lines.remove(0), "GET /page?a=b");
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "cookie: a=b",
            "host: app.example",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: app.example",
            "x-forwarded-proto: http",
        ]
    );
    assert!(head.contains("set-cookie: own=kept"), "{head}");
    assert!(!head.contains("stolen") && !head.contains("x-internal"), "{head}");
}

pub(crate) fn keeps_connections_to_upstreams<H: Harness>() {
    let peer = Peer::answering_always("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let (_server, address) = before::<H>(&peer);
    // Each request comes from another client.
    let reused = (1..=1000).any(|count| {
        assert!(exchange(address, &get("/open/x")).ends_with("ok"));
        peer.connections() < count
    });
    assert!(reused, "every request had a connection of its own");
}

pub(crate) fn a_large_body_is_not_collected<H: Harness>() {
    // More than the sockets in between can hold, so it moves only as fast as it is read.
    const SIZE: usize = 64 * 1024 * 1024;
    let sent = Arc::new(Mutex::new(0));
    let count = sent.clone();
    let peer = Peer::new(move |mut stream, _| {
        read_head(&mut stream);
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n").unwrap();
        let block = [b'x'; 64 * 1024];
        for _ in 0..SIZE / block.len() {
            stream.write_all(&block).unwrap();
            *count.lock().unwrap() += block.len();
        }
    });
    let (_server, address) = before::<H>(&peer);
    let mut client = connect(address);
    client.write_all(get("/open/x").as_bytes()).unwrap();
    read_head(&mut client);
    eventually("the answer has come to a halt", || {
        let before = *sent.lock().unwrap();
        thread::sleep(Duration::from_millis(50));
        before > 0 && *sent.lock().unwrap() == before
    });
    assert!(*sent.lock().unwrap() < SIZE / 2);
    assert_eq!(read_to_end(&mut client).len(), SIZE);
}

pub(crate) fn leads_to_the_provider<H: Harness>() {
    let provider = Provider::new();
    let driver = Driver::new(share::<H>(provider.machine()));
    let gate = gate(dead_address(), ForwardLimits::default());
    let (_server, address) =
        start::<H>(Gateway::new(FrontGate::new(gate, driver, client::<H>()), Mirror));
    let answer = exchange(address, &get("/api/auth/login"));
    assert!(
        answer.contains(&format!("\r\nlocation: {}/authorize?", provider.issuer())),
        "{answer}"
    );
    assert!(answer.contains("\r\nset-cookie: "), "{answer}");
}
