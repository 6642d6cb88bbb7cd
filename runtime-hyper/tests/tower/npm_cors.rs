//! The tests of npm's `cors` 2.8.6 that need an application, by name: `error-response.js`,
//! `example-app.js` and `issue-2.js`, and two files of before that were taken out there as
//! redundant, `body-events.js` and `issue-31.js`. Those of `test.js` are with the policy, in the core.
//!
//! Where a rule differs, the test says so. There is none for `basic-auth.js` of before, *POST works*
//! with credentials that CORS has nothing to do with: `refusals_have_the_fields_of_cors_where_cors_is_outermost`
//! has what follows from them.

use crate::stack::{bytes, run};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    response::Response,
    routing,
};
use portcullis_core::cors::{Cors, CorsBuilder, OriginPolicy};
use portcullis_hyper::tower::CorsLayer;
use tower::ServiceExt as _;

const ORIGIN: &str = "http://example.com";

fn layer(policy: CorsBuilder) -> CorsLayer {
    CorsLayer::new(policy.build().unwrap())
}

/// What `cors()` is there.
fn defaults() -> CorsLayer {
    layer(Cors::builder())
}

fn ask(app: Router, method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    run(app.oneshot(request.body(Body::from(body.to_owned())).unwrap())).unwrap()
}

/// Asserts that the answer has this status and this text, and is for `origin`.
fn is(answer: Response, status: u16, origin: &str, text: &str) {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["access-control-allow-origin"], origin);
    assert_eq!(run(bytes(answer)), text);
}

/// `error-response.js`
mod error_response {
    use super::*;

    fn app() -> Router {
        let refused = async || (StatusCode::UNAUTHORIZED, "unauthorized");
        let failed = async || (StatusCode::INTERNAL_SERVER_ERROR, "Error: nope");
        Router::new()
            .route("/five-hundred", routing::post(failed))
            .route("/four-oh-one", routing::post(refused))
            .layer(defaults())
    }

    #[test]
    fn status_500() {
        is(ask(app(), "POST", "/five-hundred", &[], ""), 500, "*", "Error: nope");
    }

    #[test]
    fn status_401() {
        is(ask(app(), "POST", "/four-oh-one", &[], ""), 401, "*", "unauthorized");
    }

    #[test]
    fn status_404() {
        is(ask(app(), "POST", "/four-oh-four", &[], ""), 404, "*", "");
    }
}

/// `example-app.js`
mod example_app {
    use super::*;

    fn simple() -> Router {
        let handlers = routing::get(async || "Hello World (Get)")
            .head(async || StatusCode::NO_CONTENT)
            .post(async || "Hello World (Post)");
        Router::new().route("/", handlers.layer(defaults()))
    }

    fn complex() -> Router {
        let handlers = routing::delete(async || "Hello World (Delete)");
        Router::new().route("/", handlers.layer(defaults()))
    }

    #[test]
    fn get_works() {
        is(ask(simple(), "GET", "/", &[], ""), 200, "*", "Hello World (Get)");
    }

    #[test]
    fn head_works() {
        is(ask(simple(), "HEAD", "/", &[], ""), 204, "*", "");
    }

    #[test]
    fn post_works() {
        is(ask(simple(), "POST", "/", &[], ""), 200, "*", "Hello World (Post)");
    }

    /// Unlike there, an OPTIONS that says nothing of what is to come is no preflight, and goes on.
    #[test]
    fn options_works() {
        let fields = [("origin", ORIGIN), ("access-control-request-method", "DELETE")];
        is(ask(complex(), "OPTIONS", "/", &fields, ""), 204, "*", "");
        is(ask(complex(), "OPTIONS", "/", &[], ""), 405, "*", "");
    }

    #[test]
    fn delete_works() {
        is(ask(complex(), "DELETE", "/", &[], ""), 200, "*", "Hello World (Delete)");
    }
}

/// `issue-2.js`
mod issue_2 {
    use super::*;

    /// Unlike there, whoever comes is not let in with credentials: the origin is listed.
    fn app() -> Router {
        let policy = Cors::builder().methods(["POST"]).credentials(true).max_age(3600);
        assert!(policy.clone().origin(OriginPolicy::Reflect).build().is_err());
        let policy = policy.origin(OriginPolicy::list([ORIGIN]).unwrap());
        let login = routing::post(async || "LOGIN").layer(layer(policy));
        Router::new().route("/api/login", login)
    }

    #[test]
    fn options_works() {
        let fields = [("origin", ORIGIN), ("access-control-request-method", "POST")];
        is(ask(app(), "OPTIONS", "/api/login", &fields, ""), 204, ORIGIN, "");
    }

    #[test]
    fn post_works() {
        is(ask(app(), "POST", "/api/login", &[("origin", ORIGIN)], ""), 200, ORIGIN, "LOGIN");
    }
}

/// `body-events.js`: what reads the body stands on either side. Unlike there, an origin is never
/// waited for.
mod body_events {
    use super::*;
    use axum::{
        extract::State,
        middleware::{self, Next},
    };
    use std::sync::{Arc, Mutex};

    const BODY: &str = include_str!("../../../LICENSE-APACHE");

    /// What a reader in the middle has seen.
    type Seen = Arc<Mutex<Vec<String>>>;

    async fn reads(State(seen): State<Seen>, request: Request<Body>, next: Next) -> Response {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        seen.lock().unwrap().push(String::from_utf8(body.to_vec()).unwrap());
        next.run(Request::from_parts(head, Body::from(body))).await
    }

    fn works(wrap: fn(Router, CorsLayer, Seen) -> Router) {
        let seen = Seen::default();
        let echo = Router::new().route("/", routing::post(async |body: String| body));
        let policy = Cors::builder().origin(OriginPolicy::predicate(|_| true));
        let app = wrap(echo, layer(policy), seen.clone());
        is(ask(app, "POST", "/", &[("origin", ORIGIN)], BODY), 200, ORIGIN, BODY);
        assert_eq!(*seen.lock().unwrap(), [BODY]);
    }

    #[test]
    fn post_works_with_cors_before_what_reads() {
        works(|app, cors, seen| app.layer(middleware::from_fn_with_state(seen, reads)).layer(cors));
    }

    #[test]
    fn post_works_with_what_reads_before_cors() {
        works(|app, cors, seen| app.layer(cors).layer(middleware::from_fn_with_state(seen, reads)));
    }
}

/// `issue-31.js`: a router in a router.
mod issue_31 {
    use super::*;

    fn app() -> Router {
        let items = Router::new().route("/", routing::get(async || "hello world"));
        Router::new().nest("/items", items).layer(defaults())
    }

    #[test]
    fn options_works() {
        let fields = [("origin", ORIGIN), ("access-control-request-method", "GET")];
        is(ask(app(), "OPTIONS", "/items", &fields, ""), 204, "*", "");
    }

    #[test]
    fn get_works() {
        is(ask(app(), "GET", "/items", &[("origin", ORIGIN)], ""), 200, "*", "hello world");
    }
}
