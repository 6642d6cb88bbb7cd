//! What tower asks of every service and every layer.

use crate::{
    provider::Provider,
    sign_in::sign_in,
    stack::{PAGE, bytes, challenge, cors, gate, gate_with, get, guard, guard_with, run},
};
use bytes::Bytes;
use core::{
    convert::Infallible,
    future::{Ready, poll_fn, ready},
    task::{Context, Poll},
};
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use portcullis_core::{
    gate::Gate,
    guard::{Guard, GuardRoute},
    jwt::VerifiedToken,
    rewrite::{RewriteRule, Rewrites},
    session::Session,
};
use portcullis_hyper::body::Body;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};

/// A service that insists on being asked, each clone for itself, and answers after `opened`.
#[derive(Debug, Default)]
struct Strict {
    opened: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
    was_asked: bool,
}

impl Strict {
    fn open() -> Self {
        Self { opened: Arc::new(AtomicBool::new(true)), ..Self::default() }
    }
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { opened: self.opened.clone(), calls: self.calls.clone(), was_asked: false }
    }
}

impl Service<Request<Body>> for Strict {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if !self.opened.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        self.was_asked = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert!(core::mem::take(&mut self.was_asked), "this one was never asked");
        self.calls.fetch_add(1, Ordering::SeqCst);
        ready(Ok(Response::new(Body::empty())))
    }
}

/// What `poll_ready` says right now.
async fn is_ready<S: Service<Request<Body>>>(service: &mut S) -> bool {
    poll_fn(|cx| Poll::Ready(service.poll_ready(cx).is_ready())).await
}

/// Each layer, around a service that is not ready yet.
async fn is_as_ready_as_what_is_inside<L>(layer: L)
where
    L: Layer<Strict, Service: Service<Request<Body>> + Clone>,
{
    let strict = Strict::default();
    let opened = strict.opened.clone();
    let mut service = layer.layer(strict);
    assert!(!is_ready(&mut service).await);
    opened.store(true, Ordering::SeqCst);
    assert!(is_ready(&mut service).await);
    assert!(is_ready(&mut service.clone()).await);
}

#[test]
fn a_layer_is_as_ready_as_what_is_inside() {
    run(async {
        let provider = Provider::new();
        is_as_ready_as_what_is_inside(guard(&provider)).await;
        is_as_ready_as_what_is_inside(gate(&provider)).await;
        is_as_ready_as_what_is_inside(cors()).await;
    });
}

/// The one that was asked is called, and not the clone that takes its place.
async fn calls_the_one_that_was_asked<L>(layer: L, path: &str)
where
    L: Layer<
            Strict,
            Service: Service<
                Request<Body>,
                Response = Response<Body>,
                Error = Infallible,
                Future: Send,
            > + Clone,
        >,
{
    let strict = Strict::open();
    let calls = strict.calls.clone();
    let mut service = layer.layer(strict);
    for _ in 0..2 {
        let answer = service.ready().await.unwrap().call(get(path, None));
        // A clone that was made in between is a service like any other.
        let another = service.clone().oneshot(get(path, None));
        assert_eq!(answer.await.unwrap().status(), 200);
        assert_eq!(another.await.unwrap().status(), 200);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}

#[test]
fn a_layer_calls_the_service_that_was_asked() {
    run(async {
        let provider = Provider::new();
        calls_the_one_that_was_asked(guard(&provider), "/open").await;
        calls_the_one_that_was_asked(gate(&provider), "/page").await;
        calls_the_one_that_was_asked(cors(), "/").await;
    });
}

/// What was refused is never called, and gives its place in a limit back.
#[test]
fn a_refusal_gives_back_what_readiness_took() {
    run(async {
        let provider = Provider::new();
        let strict = Strict::open();
        let calls = strict.calls.clone();
        let mut service = ServiceBuilder::new()
            .layer(guard(&provider))
            .layer(ConcurrencyLimitLayer::new(1))
            .service(strict);
        let mut ask = async |token: Option<&str>| {
            let service = ServiceExt::<Request<Body>>::ready(&mut service).await.unwrap();
            service.call(get("/private", token)).await.unwrap().status()
        };
        for _ in 0..3 {
            assert_eq!(ask(None).await, 401);
        }
        assert_eq!(calls.load(Ordering::SeqCst), 0);
        let token = provider.token("the-api", "somebody");
        assert_eq!(ask(Some(&token)).await, 200);
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    });
}

/// An error of the application's own.
#[derive(Debug, Eq, PartialEq)]
struct Broken(u8);

#[test]
fn errors_of_the_inner_service_pass() {
    run(async {
        let provider = Provider::new();
        let broken = service_fn(async |_: Request<Body>| Err::<Response<Body>, _>(Broken(7)));
        let answer = guard(&provider).layer(broken).oneshot(get("/open", None)).await;
        assert_eq!(answer.unwrap_err(), Broken(7));
        let answer = gate(&provider).layer(broken).oneshot(get("/page", None)).await;
        assert_eq!(answer.unwrap_err(), Broken(7));
        let answer = cors().layer(broken).oneshot(get("/", None)).await;
        assert_eq!(answer.unwrap_err(), Broken(7));
        // A refusal is an answer.
        let answer = guard(&provider).layer(broken).oneshot(get("/private", None)).await;
        assert_eq!(answer.unwrap().status(), 401);
    });
}

/// Says what it finds in the extensions of a request.
pub(crate) async fn shown(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let extensions = request.extensions();
    let token = extensions.get().and_then(VerifiedToken::subject);
    let session = extensions.get().map(Session::subject);
    let guard = extensions.get::<Guard>().is_some();
    let gate = extensions.get::<Gate>().is_some();
    Ok(Response::new(Body::from(format!("{token:?} {guard} {session:?} {gate}"))))
}

#[test]
fn what_passes_the_guard_finds_its_token() {
    run(async {
        let provider = Provider::new();
        let service = guard(&provider).layer(service_fn(shown));
        let token = provider.token("the-api", "somebody");
        for (path, token, seen) in [
            ("/private", Some(&*token), "Some(\"somebody\") true None false"),
            ("/optional", Some(&*token), "Some(\"somebody\") true None false"),
            ("/optional", None, "None true None false"),
            ("/open", Some(&*token), "None true None false"),
        ] {
            let answer = service.clone().oneshot(get(path, token)).await.unwrap();
            assert_eq!(bytes(answer).await, seen, "{path}");
        }
    });
}

#[test]
fn what_passes_the_gate_finds_its_session() {
    run(async {
        let provider = Provider::new();
        let service = gate(&provider).layer(service_fn(shown));
        let answer = service.clone().oneshot(get("/page", None)).await.unwrap();
        assert_eq!(bytes(answer).await, "None false None true");
        let cookie = sign_in(&provider, &service).await;
        for path in ["/page", "/private/page"] {
            let mut request = get(path, None);
            request.headers_mut().insert(header::COOKIE, cookie.clone());
            let answer = service.clone().oneshot(request).await.unwrap();
            assert_eq!(bytes(answer).await, "None false Some(\"somebody\") true", "{path}");
        }
    });
}

/// `CONNECT` names a host and no path (RFC 9112 §3.2.3), so no route lets it through.
#[test]
fn a_tunnel_is_no_request_for_an_open_page() {
    run(async {
        let provider = Provider::new();
        let layer = guard_with(&provider, |guard| {
            guard.route(GuardRoute::open("/").unwrap()).route(GuardRoute::open("/:path*").unwrap())
        });
        let strict = Strict::open();
        let service = layer.layer(strict.clone());
        let page = service.clone().oneshot(get("/", None)).await.unwrap();
        assert_eq!(page.status(), 200);
        let tunnel = Request::connect("upstream.example:443").body(Body::empty()).unwrap();
        assert_eq!(service.oneshot(tunnel).await.unwrap().status(), 400);
        assert_eq!(strict.calls.load(Ordering::SeqCst), 1);
    });
}

/// Bodies go through as they come, and so does what stands behind them.
#[test]
fn bodies_keep_their_trailers() {
    run(async {
        let provider = Provider::new();
        let echo = service_fn(async |request: Request<Body>| {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        });
        let frames = || {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", HeaderValue::from_static("7"));
            let frames = [Frame::data(Bytes::from("some")), Frame::trailers(trailers)];
            let frames = frames.map(Ok::<_, Infallible>);
            StreamBody::new(futures_lite::stream::iter(frames))
        };
        let token = provider.token("the-api", "somebody");
        for path in ["/private", "/open"] {
            let (head, _) = get(path, Some(&token)).into_parts();
            let request = Request::from_parts(head, frames());
            let answer = guard(&provider).layer(echo).oneshot(request).await.unwrap();
            let body = answer.into_body().collect().await.unwrap();
            assert_eq!(body.trailers().unwrap()["x-sum"], "7");
            assert_eq!(body.to_bytes(), "some");
        }
    });
}

/// X07: CORS outermost, so that a page can read why it was refused.
#[test]
fn refusals_have_the_fields_of_cors_where_cors_is_outermost() {
    run(async {
        let provider = Provider::new();
        let service =
            ServiceBuilder::new().layer(cors()).layer(guard(&provider)).service(Strict::open());
        let token = provider.token("the-api", "somebody");
        let ask = async |path: &str, token: Option<&str>| {
            let mut request = get(path, token);
            request.headers_mut().insert(header::ORIGIN, HeaderValue::from_static(PAGE));
            service.clone().oneshot(request).await.unwrap()
        };
        let is_readable = |answer: &Response<Body>| {
            assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
            let exposed = &answer.headers()[header::ACCESS_CONTROL_EXPOSE_HEADERS];
            assert_eq!(exposed, "WWW-Authenticate");
            assert_eq!(answer.headers()[header::VARY], "Origin");
        };
        let good = ask("/private", Some(&token)).await;
        assert_eq!(good.status(), 200);
        is_readable(&good);
        let bare = ask("/private", None).await;
        assert_eq!(bare.status(), 401);
        is_readable(&bare);
        let unmet = ask("/admin", Some(&token)).await;
        assert_eq!(unmet.status(), 403);
        assert!(challenge(&unmet).contains("scope=\"admin\""), "{}", challenge(&unmet));
        is_readable(&unmet);

        let down = Provider::new();
        down.set_status(500);
        let service =
            ServiceBuilder::new().layer(cors()).layer(guard(&down)).service(Strict::open());
        let mut request = get("/private", Some(&down.token("the-api", "somebody")));
        request.headers_mut().insert(header::ORIGIN, HeaderValue::from_static(PAGE));
        let outage = service.oneshot(request).await.unwrap();
        assert_eq!(outage.status(), 503);
        assert!(outage.headers().contains_key(header::RETRY_AFTER));
        is_readable(&outage);
    });
}

/// X15: within the guard, CORS never sees a preflight. This is what the order is for.
#[test]
fn a_preflight_is_refused_where_cors_is_not_outermost() {
    run(async {
        let preflight = || {
            Request::options("/private")
                .header(header::ORIGIN, PAGE)
                .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
                .body(Body::empty())
                .unwrap()
        };
        let provider = Provider::new();
        let strict = Strict::open();
        let inside = guard(&provider).layer(cors().layer(strict.clone()));
        assert_eq!(inside.oneshot(preflight()).await.unwrap().status(), 401);
        let outermost = cors().layer(guard(&provider).layer(strict.clone()));
        assert_eq!(outermost.oneshot(preflight()).await.unwrap().status(), 204);
        assert_eq!(strict.calls.load(Ordering::SeqCst), 0);
    });
}

/// As the documentation says of rules that lead from one path of the application to another.
#[test]
fn a_router_inside_of_the_gate_sees_rewritten_paths() {
    use axum::{Router, routing};
    run(async {
        let provider = Provider::new();
        let gate = gate_with(&provider, |gate| {
            let moved = RewriteRule::new("/old/:id", "/new/:id");
            gate.rewrites(Rewrites::builder().after_files([moved]).build().unwrap())
        });
        let router = Router::new().route("/new/{id}", routing::get(async || "new"));
        let around = Router::new().fallback_service(gate.layer(router));
        let answer = around.oneshot(get("/old/7", None)).await.unwrap();
        assert_eq!(bytes(answer).await, "new");
    });
}
