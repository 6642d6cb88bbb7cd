//! The extractors in routers of axum: what they give, and what they answer where there is nothing
//! to give.

use crate::{
    log::Log,
    provider::Provider,
    sign_in::sign_in,
    stack::{METADATA, bytes, challenge, gate, gate_with, get, guard, guard_with, run},
};
use axum::{Router, response::Response, routing};
use http::header;
use portcullis_core::guard::GuardRoute;
use portcullis_hyper::tower::axum::{Claims, RequireScopes, ScopeList, Session};
use serde::Deserialize;
use tower::ServiceExt as _;

#[derive(Deserialize)]
struct Caller {
    sub: String,
}

/// Claims that no token here has.
#[derive(Deserialize)]
struct Employee {
    #[serde(rename = "employee_number")]
    _number: u64,
}

struct ReadOrders;

impl ScopeList for ReadOrders {
    const SCOPES: &'static [&'static str] = &["read:orders", "read:items"];
}

/// A list that means nothing.
struct NoScopes;

impl ScopeList for NoScopes {
    const SCOPES: &'static [&'static str] = &[];
}

async fn me(Claims(caller): Claims<Caller>) -> String {
    caller.sub
}

async fn anyone(caller: Option<Claims<Caller>>) -> String {
    caller.map_or_else(|| "nobody".into(), |Claims(caller)| caller.sub)
}

async fn employee(_: Claims<Employee>) {}

async fn employee_or_nobody(_: Option<Claims<Employee>>) {}

async fn orders(scopes: RequireScopes<ReadOrders>) -> String {
    scopes.token().subject().unwrap_or_default().to_owned()
}

async fn scopeless(_: RequireScopes<NoScopes>) {}

async fn account(session: Session) -> String {
    session.subject().to_owned()
}

async fn page(session: Option<Session>) -> String {
    session.map_or_else(|| "nobody".into(), |session| session.subject().to_owned())
}

fn router() -> Router {
    Router::new()
        .route("/me", routing::get(me))
        .route("/optional", routing::get(anyone))
        .route("/employee", routing::get(employee))
        .route("/orders", routing::get(orders))
        .route("/scopeless", routing::get(scopeless))
        .route("/account", routing::get(account))
        .route("/page", routing::get(page))
}

async fn ask(router: &Router, path: &str, token: Option<&str>) -> Response {
    router.clone().oneshot(get(path, token).map(axum::body::Body::new)).await.unwrap()
}

/// Nobody is let through, nothing panics, and the log says what is missing.
#[test]
fn an_extractor_without_its_layer_is_500_and_says_why() {
    for (paths, layer) in [
        (["/me", "/optional", "/orders"], "GuardLayer"),
        (["/account", "/page", "/page"], "GateLayer"),
    ] {
        for path in paths {
            let log = Log::of(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                let answer = runtime.block_on(ask(&router(), path, Some("x.y.z")));
                assert_eq!(answer.status(), 500, "{path}");
                assert_eq!(runtime.block_on(bytes(answer)), "", "{path}");
            });
            assert!(log.contains("ERROR") && log.contains("without its layer"), "{path}: {log}");
            assert!(log.contains(&format!("layer=\"{layer}\"")), "{path}: {log}");
        }
    }
}

#[test]
fn claims_are_those_of_the_token() {
    run(async {
        let provider = Provider::new();
        let router = router().layer(guard(&provider));
        let token = provider.token("the-api", "somebody");
        assert_eq!(bytes(ask(&router, "/me", Some(&token)).await).await, "somebody");
        let refused = ask(&router, "/me", None).await;
        assert_eq!(refused.status(), 401);
        assert_eq!(bytes(ask(&router, "/optional", Some(&token)).await).await, "somebody");
    });
}

/// J31: without credentials there is nobody; bad ones are refused.
#[test]
fn optional_claims_let_no_bad_credentials_through() {
    run(async {
        let provider = Provider::new();
        let router = router().layer(guard(&provider));
        let nobody = ask(&router, "/optional", None).await;
        assert_eq!((nobody.status().as_u16(), &*bytes(nobody).await), (200, &b"nobody"[..]));
        let other = provider.token("another-api", "somebody");
        for token in ["x.y.z", &*other] {
            let refused = ask(&router, "/optional", Some(token)).await;
            assert_eq!(refused.status(), 401);
            assert!(challenge(&refused).contains("error=\"invalid_token\""), "{refused:?}");
        }
        let mut request = get("/optional", None);
        request.headers_mut().insert(header::AUTHORIZATION, "Bearer a b".parse().unwrap());
        let malformed = router.clone().oneshot(request.map(axum::body::Body::new)).await.unwrap();
        assert_eq!(malformed.status(), 400);
    });
}

/// A good token whose claims are not what the handler needs does not allow this. The log says which
/// type they are not.
#[test]
fn claims_of_another_shape_are_403() {
    let provider = Provider::new();
    let token = provider.token("the-api", "somebody");
    let log = Log::of(|| {
        run(async {
            let optional = Router::new().route("/optional", routing::get(employee_or_nobody));
            for (router, path) in [(router(), "/employee"), (optional, "/optional")] {
                let refused = ask(&router.layer(guard(&provider)), path, Some(&token)).await;
                assert_eq!(refused.status(), 403);
                let challenge = challenge(&refused);
                assert!(challenge.contains("error=\"insufficient_scope\""), "{refused:?}");
            }
        });
    });
    assert_eq!(log.matches("extractors::Employee").count(), 2, "{log}");
    assert!(!log.contains("somebody") && !log.contains(&token), "{log}");
}

/// RFC 6750 §3.1, RFC 9728 §5.1: the answer is the guard's own, and says where to learn more.
#[test]
fn missing_scopes_are_refused_as_the_guard_does() {
    run(async {
        let provider = Provider::new();
        let router = router().layer(guard(&provider));
        let token = provider.token("the-api", "somebody");
        let by_handler = ask(&router, "/orders", Some(&token)).await;
        assert_eq!(by_handler.status(), 403);
        assert_eq!(
            challenge(&by_handler),
            format!(
                "Bearer realm=\"api\", error=\"insufficient_scope\", \
                 error_description=\"The access token does not allow this.\", \
                 scope=\"read:orders read:items\", resource_metadata=\"{METADATA}\""
            )
        );
        let by_guard = ask(&router, "/admin", Some(&token)).await;
        let of_guard = challenge(&by_guard).replace("admin", "read:orders read:items");
        assert_eq!(of_guard, challenge(&by_handler));
        for name in [header::CACHE_CONTROL, header::CONTENT_TYPE] {
            assert_eq!(by_guard.headers()[&name], by_handler.headers()[&name]);
        }
        assert_eq!(bytes(by_guard).await, bytes(by_handler).await);
        assert_eq!(ask(&router, "/orders", None).await.status(), 401);
    });
}

#[test]
fn scopes_that_are_there_let_through() {
    run(async {
        let provider = Provider::new();
        let router = router().layer(guard(&provider));
        let with = |scope: &str| {
            provider.sign(&format!(r#""aud":"the-api","sub":"somebody","scope":"{scope}""#))
        };
        let token = with("read:items read:orders");
        assert_eq!(bytes(ask(&router, "/orders", Some(&token)).await).await, "somebody");
        assert_eq!(ask(&router, "/orders", Some(&with("read:orders"))).await.status(), 403);
    });
}

/// What one layer lets through is nobody's for another one inside of it.
#[test]
fn an_inner_layer_takes_nobodys_word() {
    run(async {
        let provider = Provider::new();
        let open =
            guard_with(&provider, |guard| guard.route(GuardRoute::open("/optional").unwrap()));
        let token = provider.token("the-api", "somebody");
        let router = router().layer(open).layer(guard(&provider));
        assert_eq!(bytes(ask(&router, "/optional", Some(&token)).await).await, "nobody");

        let outer = gate_with(&provider, |gate| gate.cookie_name("outer"));
        let service = tower::Layer::layer(&outer, tower::service_fn(crate::services::shown));
        let cookie = sign_in(&provider, &service).await;
        for (router, expected) in [
            (self::router().layer(outer.clone()), "somebody"),
            (self::router().layer(gate(&provider)).layer(outer), "nobody"),
        ] {
            let mut request = get("/page", None).map(axum::body::Body::new);
            request.headers_mut().insert(header::COOKIE, cookie.clone());
            assert_eq!(bytes(router.oneshot(request).await.unwrap()).await, expected);
        }
    });
}

/// A list of scopes without a scope is a mistake of the program's, and lets nobody through.
#[test]
fn a_list_without_scopes_is_500_and_says_why() {
    let provider = Provider::new();
    let token = provider.token("the-api", "somebody");
    let log = Log::of(|| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let router = router().layer(guard(&provider));
        let answer = runtime.block_on(ask(&router, "/scopeless", Some(&token)));
        assert_eq!(answer.status(), 500);
    });
    assert!(log.contains("ERROR") && log.contains("a list of scopes is empty"), "{log}");
}

#[test]
fn a_session_is_that_of_whoever_is_signed_in() {
    run(async {
        let provider = Provider::new();
        let gate = gate(&provider);
        let router = router().layer(gate.clone());
        let nobody = ask(&router, "/page", None).await;
        assert_eq!(bytes(nobody).await, "nobody");
        let refused = ask(&router, "/account", None).await;
        assert_eq!(refused.status(), 401);
        assert_eq!(refused.headers()[header::CONTENT_TYPE], "application/json");
        let service = tower::Layer::layer(&gate, tower::service_fn(crate::services::shown));
        let cookie = sign_in(&provider, &service).await;
        for path in ["/page", "/account"] {
            let mut request = get(path, None).map(axum::body::Body::new);
            request.headers_mut().insert(header::COOKIE, cookie.clone());
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(bytes(answer).await, "somebody", "{path}");
        }
    });
}
