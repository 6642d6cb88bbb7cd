//! The server: limits, framing, and an end in good order.

use super::{
    Harness,
    wire::{PATIENCE, connect, eventually, exchange, read_exactly, read_head, read_to_end},
};
use bytes::Bytes;
use core::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};
use http::{Request, Response, StatusCode, header};
use http_body::{Body as _, Frame};
use portcullis_hyper::{
    body::Body,
    server::{Connection, Handler, Server, ServerHandle, ServerLimits},
};
use std::{
    io::{self, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// A handler made of a function.
pub(crate) struct Answer<F>(pub(crate) F);

impl<F, A> Handler for Answer<F>
where
    F: Fn(Request<Body>) -> A + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send,
{
    fn handle(
        &self,
        request: Request<Body>,
        connection: Connection,
    ) -> impl Future<Output = Response<Body>> + Send {
        assert!(connection.peer.ip().is_loopback() && !connection.secure);
        (self.0)(request)
    }
}

/// Answers every request with its method and target.
async fn echo(request: Request<Body>) -> Response<Body> {
    Response::new(Body::from(format!("{} {}", request.method(), request.uri())))
}

/// Never answers.
async fn hang(_request: Request<Body>) -> Response<Body> {
    core::future::pending().await
}

pub(crate) fn start_with<H: Harness>(
    limits: ServerLimits,
    handler: impl Handler,
) -> (ServerHandle<H::Runtime>, SocketAddr) {
    H::block_on(async {
        let mut server = Server::new(H::runtime(), limits);
        let address = server.bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        (server.start(handler), address)
    })
}

pub(crate) fn start<H: Harness>(handler: impl Handler) -> (ServerHandle<H::Runtime>, SocketAddr) {
    start_with::<H>(ServerLimits::default(), handler)
}

pub(crate) fn answers_two_requests_on_one_connection<H: Harness>() {
    let (_server, address) = start::<H>(Answer(echo));
    let mut stream = connect(address);
    for path in ["/a", "/b?c=d"] {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).unwrap();
        assert!(read_head(&mut stream).starts_with("HTTP/1.1 200 OK\r\n"));
        let body = format!("GET {path}");
        assert_eq!(read_exactly(&mut stream, body.len()), body);
    }
}

/// Rows of the attack catalogue about framing, with what must come back.
const REFUSED: [(&str, &str, u16); 37] = [
    ("H12 no Host", "GET / HTTP/1.1\r\n\r\n", 400),
    ("H12 two Hosts", "GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
    ("H12 two Hosts in 1.0", "GET / HTTP/1.0\r\nhost: a\r\nhost: a\r\n\r\n", 400),
    ("H12 empty Host", "GET / HTTP/1.1\r\nhost:\r\n\r\n", 400),
    ("H12 blank in Host", "GET / HTTP/1.1\r\nhost: a.example @evil\r\n\r\n", 400),
    ("H12 user in Host", "GET / HTTP/1.1\r\nhost: a.example@evil\r\n\r\n", 400),
    ("H12 user before a port", "GET / HTTP/1.1\r\nhost: a@a:80\r\n\r\n", 400),
    ("H12 two ports and a user", "GET / HTTP/1.1\r\nhost: a.b:1@a.b:80\r\n\r\n", 400),
    ("H12 path in Host", "GET / HTTP/1.1\r\nhost: a.example/x\r\n\r\n", 400),
    ("H12 no number for a port", "GET / HTTP/1.1\r\nhost: a:b\r\n\r\n", 400),
    ("H12 no port", "GET / HTTP/1.1\r\nhost: a:\r\n\r\n", 400),
    ("H12 two ports", "GET / HTTP/1.1\r\nhost: a:1:2\r\n\r\n", 400),
    ("H12 port out of range", "GET / HTTP/1.1\r\nhost: a:65536\r\n\r\n", 400),
    ("H12 list in Host", "GET / HTTP/1.1\r\nhost: a, b\r\n\r\n", 400),
    ("H12 target of another host", "GET http://evil/x HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    ("H12 target with a user", "GET http://u@a/x HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    ("H13 signed length", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +5\r\n\r\n01234", 400),
    ("H13 hexadecimal", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0x5\r\n\r\n01234", 400),
    ("H13 list", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5, 6\r\n\r\n01234", 400),
    ("H13 2^64", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 18446744073709551616\r\n\r\n", 400),
    (
        "H13 two lengths",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n01234",
        400,
    ),
    ("H15 xchunked", "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n", 400),
    (
        "H15 chunked, identity",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "H15 gzip, chunked",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "H15 control byte",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "H15 blank before colon",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "H15 twice",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\
         transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "H15 chunked, then identity",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\
         transfer-encoding: identity\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "H15 in HTTP/1.0",
        "POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    ("H19 NUL", "GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n", 400),
    ("H19 bare CR", "GET / HTTP/1.1\r\nhost: a\r\nx: a\rb\r\n\r\n", 400),
    ("H19 blank in a name", "GET / HTTP/1.1\r\nhost: a\r\nx y: a\r\n\r\n", 400),
    ("H22 folded line", "GET / HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n\r\n", 400),
    ("H22 empty name", "GET / HTTP/1.1\r\nhost: a\r\n: a\r\n\r\n", 400),
    ("P OPTIONS *", "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    ("P target without a path", "GET a:80 HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    ("S CONNECT", "CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n", 405),
];

pub(crate) fn refuses_ambiguous_framing<H: Harness>() {
    let (_server, address) = start::<H>(Answer(echo));
    for (row, request, status) in REFUSED {
        // Whatever follows is not taken for a request, because the connection is closed.
        let answer =
            exchange(address, &format!("{request}GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let (_version, rest) = head.split_once(' ').unwrap_or_default();
        assert!(rest.starts_with(&status.to_string()), "{row}: {answer}");
        assert_eq!(body, "", "{row}");
    }
}

pub(crate) fn accepts_unambiguous_framing<H: Harness>() {
    let (_server, address) = start::<H>(Answer(echo));
    for request in [
        "GET /x HTTP/1.0\r\n\r\n",
        "GET http://A:80/x HTTP/1.1\r\nhost: a:80\r\nconnection: close\r\n\r\n",
        "GET /x HTTP/1.1\r\nhost: [::1]:80\r\nconnection: close\r\n\r\n",
        "GET /x HTTP/1.1\r\nHOST:   a  \r\nconnection: close\r\n\r\n",
        "GET /x HTTP/1.1\nhost: a\nconnection: close\n\n",
        "GET /x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 1\r\n\
         connection: close\r\n\r\nx",
        "GET /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\
         connection: close\r\n\r\n0\r\n\r\n",
    ] {
        let answer = exchange(address, request);
        assert!(answer.contains(" 200 OK\r\n"), "{request}: {answer}");
    }
}

/// H14. hyper takes the length away before anybody sees it, reads chunks, and closes.
pub(crate) fn a_length_beside_chunks_ends_the_connection<H: Harness>() {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = handled.clone();
    let (_server, address) = start::<H>(Answer(move |request: Request<Body>| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            assert!(!request.headers().contains_key(header::CONTENT_LENGTH));
            Response::new(Body::from(request.into_body().read(100).await.unwrap()))
        }
    }));
    for order in [
        "content-length: 4\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 4",
    ] {
        let answer = exchange(
            address,
            &format!(
                "POST / HTTP/1.1\r\nhost: a\r\n{order}\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
                 GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n"
            ),
        );
        assert!(answer.ends_with("\r\n\r\nabc"), "{answer}");
    }
    assert_eq!(handled.load(Ordering::SeqCst), 2);
}

pub(crate) fn closes_a_connection_whose_head_does_not_come<H: Harness>() {
    let mut limits = ServerLimits::default();
    limits.head_time = Duration::from_millis(100);
    let (_server, address) = start_with::<H>(limits, Answer(echo));
    for start in ["", "GET / HTTP/1.1\r\nhost: a\r\nx-slow"] {
        assert_eq!(exchange(address, start), "");
    }
}

pub(crate) fn refuses_a_head_that_is_too_large<H: Harness>() {
    let mut limits = ServerLimits::default();
    limits.head = 16 * 1024;
    let (_server, address) = start_with::<H>(limits, Answer(echo));
    let large = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(16 * 1024));
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(101));
    for request in [large, many] {
        let answer = exchange(address, &request);
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

pub(crate) fn accepts_no_more_connections_than_allowed<H: Harness>() {
    let mut limits = ServerLimits::default();
    limits.connections = 1;
    let (_server, address) = start_with::<H>(limits, Answer(echo));
    let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut first = connect(address);
    first.write_all(request).unwrap();
    read_head(&mut first);
    let mut second = connect(address);
    second.write_all(request).unwrap();
    second.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert_eq!(read_head(&mut second), "");
    drop(first);
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(read_head(&mut second).starts_with("HTTP/1.1 200 OK"));
}

/// A handler that says when it is called and answers once it is told to.
fn gated() -> (impl Handler, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (called, calls) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let released = Arc::new(std::sync::Mutex::new(released));
    let event = Arc::new(event_listener::Event::new());
    let handler = Answer(move |_| {
        let (released, event) = (released.clone(), event.clone());
        let waiter = event.listen();
        thread::spawn(move || {
            released.lock().unwrap().recv().ok();
            event.notify(1);
        });
        called.send(()).unwrap();
        async move {
            waiter.await;
            Response::new(Body::from("done"))
        }
    });
    (handler, calls, release)
}

fn begin(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    stream
}

pub(crate) fn lets_a_request_finish_at_shutdown<H: Harness>() {
    let (handler, calls, release) = gated();
    let (server, address) = start::<H>(handler);
    let mut stream = begin(address);
    calls.recv_timeout(PATIENCE).unwrap();
    let stopping = thread::spawn(move || H::block_on(server.shutdown(PATIENCE)));
    eventually("the listener is closed", || TcpStream::connect(address).is_err());
    release.send(()).unwrap();
    let answer = read_to_end(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("done"), "{answer}");
    assert_eq!(stopping.join().unwrap(), 0);
}

pub(crate) fn closes_idle_connections_at_shutdown<H: Harness>() {
    let (server, address) = start::<H>(Answer(echo));
    let silent = connect(address);
    let mut idle = begin(address);
    read_head(&mut idle);
    assert_eq!(H::block_on(server.shutdown(PATIENCE)), 0);
    assert_eq!(read_to_end(&mut idle), "GET /");
    drop(silent);
}

pub(crate) fn ends_what_does_not_finish_in_time<H: Harness>() {
    let (handler, calls, _release) = gated();
    let (server, address) = start::<H>(handler);
    let mut stream = begin(address);
    calls.recv_timeout(PATIENCE).unwrap();
    assert_eq!(H::block_on(server.shutdown(Duration::from_millis(50))), 1);
    assert_eq!(read_to_end(&mut stream), "");
}

pub(crate) fn ends_with_its_handle<H: Harness>() {
    let (server, address) = start::<H>(Answer(hang));
    let mut stream = begin(address);
    drop(server);
    assert_eq!(read_to_end(&mut stream), "");
    eventually("the listener is closed", || TcpStream::connect(address).is_err());
}

pub(crate) fn outlives_a_handler_that_panics<H: Harness>() {
    let (_server, address) = start::<H>(Answer(|request: Request<Body>| async move {
        assert!(request.uri().path() != "/panic", "as it should");
        Response::new(Body::empty())
    }));
    assert_eq!(exchange(address, "GET /panic HTTP/1.1\r\nhost: a\r\n\r\n"), "");
    let answer = exchange(address, "GET / HTTP/1.0\r\n\r\n");
    assert!(answer.contains(" 200 OK\r\n"), "{answer}");
}

pub(crate) fn a_stalled_upload_breaks_the_body<H: Harness>() {
    let mut limits = ServerLimits::default();
    limits.idle = Duration::from_millis(100);
    let (_server, address) = start_with::<H>(
        limits,
        Answer(|request: Request<Body>| async move {
            let mut response = Response::new(Body::empty());
            if request.into_body().read(100).await.is_err() {
                *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
            }
            response
        }),
    );
    let answer = exchange(address, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

/// H21.
pub(crate) fn a_body_ends_before_its_trailers<H: Harness>() {
    let (_server, address) = start::<H>(Answer(|request: Request<Body>| async move {
        let mut body = request.into_body();
        let mut frames = String::new();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            frames.push(if frame.unwrap().is_data() { 'd' } else { 't' });
        }
        Response::new(Body::from(frames))
    }));
    let answer = exchange(
        address,
        "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\
         trailer: x\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n",
    );
    assert!(answer.ends_with("\r\n\r\nd"), "{answer}");
}

/// Bytes without end, which say when nobody wants them any more.
struct Endless(mpsc::Sender<()>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 16384])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.send(()).ok();
    }
}

pub(crate) fn a_client_that_reads_nothing_is_cut_off<H: Harness>() {
    let mut limits = ServerLimits::default();
    limits.idle = Duration::from_millis(100);
    let (dropped, end) = mpsc::channel();
    let (_server, address) = start_with::<H>(
        limits,
        Answer(move |_| {
            let body = Endless(dropped.clone());
            async move { Response::new(Body::stream(body)) }
        }),
    );
    let stream = begin(address);
    end.recv_timeout(PATIENCE).unwrap();
    drop(stream);
}

pub(crate) fn sends_no_continue_before_the_body_is_wanted<H: Harness>() {
    let (_server, address) = start::<H>(Answer(|request: Request<Body>| async move {
        let mut response = Response::new(Body::empty());
        if request.uri().path() == "/refused" {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        } else {
            request.into_body().read(100).await.unwrap();
        }
        response
    }));
    let head = "HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n";
    let answer = exchange(address, &format!("POST /refused {head}"));
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let mut stream = connect(address);
    stream.write_all(format!("POST /wanted {head}").as_bytes()).unwrap();
    assert_eq!(read_head(&mut stream), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"body").unwrap();
    assert!(read_head(&mut stream).starts_with("HTTP/1.1 200 "));
}

/// One frame, then an error.
struct Broken(bool);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let first = !core::mem::replace(&mut self.0, true);
        Poll::Ready(Some(if first {
            Ok(Frame::data(Bytes::from_static(b"half")))
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }))
    }
}

pub(crate) fn a_broken_answer_does_not_end_cleanly<H: Harness>() {
    let (_server, address) =
        start::<H>(Answer(|_| async { Response::new(Body::stream(Broken(false))) }));
    let answer = exchange(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert!(!answer.contains("\r\n0\r\n\r\n"), "{answer}");
}

pub(crate) fn listens_on_both_families<H: Harness>() {
    let handle = H::block_on(async {
        let mut server = Server::new(H::runtime(), ServerLimits::default());
        let address = server.bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        // Not every machine has IPv6.
        let other = SocketAddr::new("::1".parse().unwrap(), address.port());
        server.bind(other).await.ok();
        server.start(Answer(echo))
    });
    for address in handle.addresses() {
        let answer = exchange(*address, "GET / HTTP/1.0\r\n\r\n");
        assert!(answer.contains(" 200 OK\r\n"), "{answer}");
    }
}
