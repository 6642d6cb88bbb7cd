//! The layers in a server that speaks HTTP/1.1 and HTTP/2.

use crate::{
    provider::Provider,
    sign_in::sign_in,
    stack::{PAGE, bytes, challenge, cors, gate, gate_with, get, guard, run},
    wire::{Peer, dead_address, read_head},
};
use bytes::Bytes;
use core::{convert::Infallible, task::Poll};
use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use portcullis_core::{
    gate::GateBuilder,
    rewrite::{RewriteRule, Rewrites},
};
use portcullis_hyper::body::Body;
use std::{
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::io::{DuplexStream, duplex};
use tower::{Layer as _, Service, ServiceBuilder, ServiceExt as _, service_fn};

/// Serves one connection, with whichever version the client speaks.
pub(crate) fn serve<S, T>(service: S) -> TokioIo<DuplexStream>
where
    S: Service<Request<Incoming>, Response = Response<T>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    T: http_body::Body<Data: Send, Error: Into<Box<dyn core::error::Error + Send + Sync>>>
        + Send
        + 'static,
{
    let (ours, theirs) = duplex(64 * 1024);
    tokio::spawn(async move {
        let server = auto::Builder::new(TokioExecutor::new());
        let service = TowerToHyperService::new(service);
        // A client that is done goes away.
        let _ = server.serve_connection(TokioIo::new(theirs), service).await;
    });
    TokioIo::new(ours)
}

pub(crate) async fn connect<B>(stream: TokioIo<DuplexStream>) -> http2::SendRequest<B>
where
    B: http_body::Body<Data: Send, Error: Into<Box<dyn core::error::Error + Send + Sync>>>
        + Send
        + Unpin
        + 'static,
{
    let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn echo(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(request.into_body()))
}

/// A request of HTTP/2, whose host stands in its target.
fn request(path: &str, token: Option<&str>) -> Request<Body> {
    let (mut head, body) = get(path, token).into_parts();
    head.headers.remove(header::HOST);
    head.uri = format!("http://localhost:3000{path}").parse().unwrap();
    head.version = Version::HTTP_2;
    Request::from_parts(head, body)
}

/// Whether a response has a field that ends at the connection (RFC 9113 §8.2.2).
fn is_of_the_connection<B>(response: &Response<B>) -> bool {
    let names = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
    names.iter().any(|name| response.headers().contains_key(*name))
}

#[test]
fn the_guard_speaks_both_versions() {
    run(async {
        let provider = Provider::new();
        let service =
            ServiceBuilder::new().layer(cors()).layer(guard(&provider)).service(service_fn(echo));
        let token = provider.token("the-api", "somebody");

        let mut sender = connect(serve(service.clone())).await;
        for (path, token, status) in [
            ("/private", None, 401),
            ("/private", Some("x.y.z"), 401),
            ("/private", Some(&*token), 200),
            ("/admin", Some(&*token), 403),
            ("/a//b", None, 400),
            ("/open", None, 200),
        ] {
            let mut request = request(path, token);
            request.headers_mut().insert(header::ORIGIN, HeaderValue::from_static(PAGE));
            sender.ready().await.unwrap();
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!((answer.version(), answer.status().as_u16()), (Version::HTTP_2, status));
            assert!(!is_of_the_connection(&answer), "{answer:?}");
            assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
            assert_eq!(challenge(&answer).is_empty(), status == 200, "{answer:?}");
        }

        let (mut sender, connection) = http1::handshake(serve(service)).await.unwrap();
        tokio::spawn(connection);
        for (token, status) in [(None, 401), (Some(&*token), 200)] {
            sender.ready().await.unwrap();
            let answer = sender.send_request(get("/private", token)).await.unwrap();
            assert_eq!((answer.version(), answer.status().as_u16()), (Version::HTTP_11, status));
            bytes(answer).await;
        }
    });
}

/// A stream ends without its connection: nothing of a body has to be read first, as it has with
/// HTTP/1.1.
#[test]
fn a_refusal_does_not_wait_for_the_body() {
    run(async {
        let provider = Provider::new();
        let guard = guard(&provider).layer(service_fn(echo));
        let gate = gate(&provider).layer(service_fn(echo));
        for version in [Version::HTTP_11, Version::HTTP_2] {
            for is_gate in [false, true] {
                let was_read = Arc::new(AtomicBool::new(false));
                let read = was_read.clone();
                let broken = futures_lite::stream::poll_fn(move |_| {
                    read.store(true, Ordering::SeqCst);
                    Poll::Ready(Some(Err::<Frame<Bytes>, _>("it broke off")))
                });
                let (mut head, _) = get("/private", None).into_parts();
                head.version = version;
                let request = Request::from_parts(head, Body::stream(StreamBody::new(broken)));
                let answer = if is_gate {
                    gate.clone().oneshot(request).await.unwrap()
                } else {
                    guard.clone().oneshot(request).await.unwrap()
                };
                assert_eq!(answer.status(), if is_gate { 302 } else { 401 });
                assert_eq!(was_read.load(Ordering::SeqCst), version == Version::HTTP_11);
                assert_eq!(is_of_the_connection(&answer), version == Version::HTTP_11);
            }
        }
    });
}

/// A gate that forwards `/up`, with and without a session.
fn forwards_to(upstream: core::net::SocketAddr) -> impl FnOnce(GateBuilder) -> GateBuilder {
    move |gate| {
        let up = RewriteRule::new("/up/:path*", format!("http://{upstream}/:path*"));
        gate.rewrites(Rewrites::builder().after_files([up]).build().unwrap())
    }
}

/// RFC 9113 §8.2.3, §8.3.1: the host is a field again, and cookies that came one by one are one.
#[test]
fn what_is_forwarded_is_a_request_of_http_1() {
    run(async {
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = heads.clone();
        let upstream = Peer::new(move |mut stream, _| {
            loop {
                let head = read_head(&mut stream);
                if head.is_empty() {
                    return;
                }
                seen.lock().unwrap().push(head);
                let answer =
                    "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 2\r\n\r\nok";
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let provider = Provider::new();
        let gate = gate_with(&provider, forwards_to(upstream.address));
        let service = gate.layer(service_fn(echo));
        let session = sign_in(&provider, &service).await;
        let mut sender = connect(serve(service)).await;
        let mut request = request("/up/x?y", None);
        for cookie in [HeaderValue::from_static("a=1"), session, HeaderValue::from_static("b=2")] {
            request.headers_mut().append(header::COOKIE, cookie);
        }
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!((answer.version(), answer.status().as_u16()), (Version::HTTP_2, 200));
        assert!(!is_of_the_connection(&answer), "{answer:?}");
        assert_eq!(bytes(answer).await, "ok");
        let head = heads.lock().unwrap().concat();
        assert!(head.starts_with("GET /x?y HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nx-forwarded-host: localhost:3000\r\n"), "{head}");
        assert_eq!(head.matches("\r\ncookie:").count(), 1, "{head}");
        assert!(head.contains("\r\ncookie: a=1; b=2\r\n"), "{head}");
    });
}

/// An upstream that is not there is as bad a gateway as with HTTP/1.1.
#[test]
fn a_failure_is_an_answer() {
    run(async {
        let provider = Provider::new();
        let gate = gate_with(&provider, forwards_to(dead_address()));
        let mut sender = connect(serve(gate.layer(service_fn(echo)))).await;
        let answer = sender.send_request(request("/up/x", None)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
        assert!(!is_of_the_connection(&answer), "{answer:?}");
    });
}

/// Whoever names another host in a field than in the target means two things at once.
#[test]
fn the_gate_refuses_two_hosts() {
    run(async {
        let provider = Provider::new();
        let gate = gate(&provider);
        let mut sender = connect(serve(gate.layer(service_fn(echo)))).await;
        let mut request = request("/page", None);
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("evil.example"));
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    });
}
