//! The client, the fetcher and the pool.

use super::{
    Harness, client, fetcher,
    wire::{PATIENCE, Peer, dead_address, read_head, read_to_end},
};
use http::Request;
use portcullis_core::http::{FetchError, FieldText, Method, Outbound};
use portcullis_hyper::{
    body::Body,
    client::{Client, Fetcher, PoolLimits},
    tls,
};
use std::{
    io::Write as _,
    sync::{
        Arc, Barrier,
        mpsc::{self, TryRecvError},
    },
    thread,
    time::{Duration, Instant},
};

pub(crate) fn a_deadline_holds_against_a_dripping_peer<H: Harness>() {
    let peer = Peer::new(|mut stream, _| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").unwrap();
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let mut request = peer.get("/");
    request.limits.deadline = Duration::from_millis(300);
    let start = Instant::now();
    let answer = H::block_on(fetcher::<H>().fetch(&request));
    assert_eq!(answer, Err(FetchError::Timeout));
    assert!(start.elapsed() >= request.limits.deadline);
}

pub(crate) fn a_deadline_covers_the_wait_for_the_head<H: Harness>() {
    let peer = Peer::new(|mut stream, _| {
        read_to_end(&mut stream);
    });
    let mut request = peer.get("/");
    request.limits.deadline = Duration::from_millis(100);
    assert_eq!(H::block_on(fetcher::<H>().fetch(&request)), Err(FetchError::Timeout));
}

pub(crate) fn reads_a_body_of_exactly_the_most_bytes<H: Harness>() {
    let body = "x".repeat(1024);
    let peer =
        Peer::answering(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    let answer = H::block_on(fetcher::<H>().fetch(&peer.get("/"))).unwrap();
    assert_eq!(answer.body, body.as_bytes());
}

pub(crate) fn refuses_a_longer_body_before_reading_it<H: Harness>() {
    let peer = Peer::new(|mut stream, _| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1025\r\n\r\n").unwrap();
        read_to_end(&mut stream);
    });
    assert_eq!(H::block_on(fetcher::<H>().fetch(&peer.get("/"))), Err(FetchError::TooLarge));
}

pub(crate) fn refuses_a_longer_body_while_reading_it<H: Harness>() {
    let peer = Peer::new(|mut stream, _| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
        while stream.write_all(b"10\r\n0123456789abcdef\r\n").is_ok() {}
    });
    assert_eq!(H::block_on(fetcher::<H>().fetch(&peer.get("/"))), Err(FetchError::TooLarge));
}

pub(crate) fn follows_no_redirect<H: Harness>() {
    let target = Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    for status in [301, 302, 303, 307, 308] {
        let peer = Peer::answering(format!(
            "HTTP/1.1 {status} Go\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
            target.url("/"),
        ));
        let answer = H::block_on(fetcher::<H>().fetch(&peer.get("/"))).unwrap();
        assert_eq!(answer.status, status);
    }
    assert_eq!(target.connections(), 0);
}

pub(crate) fn takes_a_cut_body_for_a_transport_error<H: Harness>() {
    for cut in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4;a\nhalf\r\n0\r\n\r\n",
    ] {
        let answer = H::block_on(fetcher::<H>().fetch(&Peer::answering(cut).get("/")));
        assert_eq!(answer, Err(FetchError::Transport), "{cut}");
    }
}

pub(crate) fn takes_garbage_for_a_transport_error<H: Harness>() {
    for garbage in ["", "HTTP/1.1", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\na: \0\r\n\r\n"] {
        let answer = H::block_on(fetcher::<H>().fetch(&Peer::answering(garbage).get("/")));
        assert_eq!(answer, Err(FetchError::Transport), "{garbage:?}");
    }
}

pub(crate) fn takes_a_refused_connection_for_a_transport_error<H: Harness>() {
    let mut request = Peer::answering("").get("/");
    request.url =
        portcullis_core::http::Url::parse(&format!("http://{}/", dead_address())).unwrap();
    assert_eq!(H::block_on(fetcher::<H>().fetch(&request)), Err(FetchError::Transport));
}

pub(crate) fn leaves_out_values_that_are_not_text<H: Harness>() {
    let peer = Peer::answering(
        b"HTTP/1.1 200 OK\r\nx-text: a\r\nx-bytes: \xff\r\ncontent-length: 0\r\n\r\n".to_vec(),
    );
    let answer = H::block_on(fetcher::<H>().fetch(&peer.get("/"))).unwrap();
    assert_eq!(answer.header("x-text"), Some("a"));
    assert_eq!(answer.header("x-bytes"), None);
}

pub(crate) fn sends_what_the_core_asked_for<H: Harness>() {
    let (heads, received) = mpsc::channel();
    let peer = Peer::new(move |mut stream, _| {
        let head = read_head(&mut stream);
        let body = super::wire::read_exactly(&mut stream, 7);
        heads.send((head, body)).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    let get = peer.get("/token?a=b");
    let mut headers = get.headers;
    headers.append("accept", FieldText::new("application/json").unwrap());
    let request = Outbound {
        method: Method::Post,
        headers,
        body: "a=b&c=d".to_owned(),
        ..peer.get("/token?a=b")
    };
    let answer = H::block_on(fetcher::<H>().fetch(&request)).unwrap();
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    let (head, body) = received.recv_timeout(PATIENCE).unwrap();
    assert!(head.starts_with("POST /token?a=b HTTP/1.1\r\n"), "{head}");
    for line in [
        format!("host: {}", peer.address),
        "accept: application/json".into(),
        "content-length: 7".into(),
    ] {
        assert_eq!(head.lines().filter(|candidate| *candidate == line).count(), 1, "{head}");
    }
    assert_eq!(body, "a=b&c=d");
}

pub(crate) fn reuses_a_connection<H: Harness>() {
    let peer = Peer::answering_always("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let fetcher = fetcher::<H>();
    // A connection is free again a moment after its answer was read.
    let requests = (1..=1000).find(|count| {
        H::block_on(fetcher.fetch(&peer.get("/"))).unwrap();
        peer.connections() < *count
    });
    assert!(requests.is_some(), "every request had a connection of its own");
}

pub(crate) fn replaces_a_connection_that_the_peer_closed<H: Harness>() {
    let peer = Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let fetcher = fetcher::<H>();
    H::block_on(fetcher.fetch(&peer.get("/"))).unwrap();
    // A request that crosses the end of the connection may fail; one that comes later may not.
    let replaced = (0..100_u64).any(|attempt| {
        thread::sleep(Duration::from_millis(attempt));
        H::block_on(fetcher.fetch(&peer.get("/"))).is_ok() && peer.connections() > 1
    });
    assert!(replaced);
}

pub(crate) fn closes_an_idle_connection<H: Harness>() {
    let (ended, end) = mpsc::channel();
    let peer = Peer::new(move |mut stream, _| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
        assert_eq!(read_to_end(&mut stream), "");
        ended.send(()).unwrap();
    });
    let mut limits = PoolLimits::default();
    limits.idle = Duration::from_millis(50);
    let client = Client::new(H::runtime(), tls::client_config(None).unwrap(), limits);
    let fetcher = Fetcher::new(client);
    H::block_on(fetcher.fetch(&peer.get("/"))).unwrap();
    end.recv_timeout(PATIENCE).unwrap();
}

pub(crate) fn closes_what_the_pool_has_no_room_for<H: Harness>() {
    let (ended, end) = mpsc::channel();
    let both = Arc::new(Barrier::new(2));
    let peer = Peer::new(move |mut stream, _| {
        read_head(&mut stream);
        both.wait();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
        assert_eq!(read_to_end(&mut stream), "");
        ended.send(()).unwrap();
    });
    let mut limits = PoolLimits::default();
    limits.per_origin = 1;
    let client = Client::new(H::runtime(), tls::client_config(None).unwrap(), limits);
    let fetcher = Fetcher::new(client);
    H::block_on(async {
        let (one, other) = (peer.get("/"), peer.get("/"));
        let answers = futures_lite::future::zip(fetcher.fetch(&one), fetcher.fetch(&other)).await;
        assert!(answers.0.is_ok() && answers.1.is_ok());
    });
    end.recv_timeout(PATIENCE).unwrap();
    assert_eq!(end.try_recv(), Err(TryRecvError::Empty));
}

pub(crate) fn closes_a_connection_whose_answer_was_not_read<H: Harness>() {
    let (ended, end) = mpsc::channel();
    let peer = Peer::new(move |mut stream, _| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nok").unwrap();
        assert_eq!(read_to_end(&mut stream), "");
        ended.send(()).unwrap();
    });
    H::block_on(async {
        let request = Request::new(Body::empty());
        drop(client::<H>().send(&peer.url("/"), request, PATIENCE).await.unwrap());
    });
    end.recv_timeout(PATIENCE).unwrap();
}
