//! What is asked for where.

use super::*;
use crate::path::PathError;
use alloc::string::ToString as _;

fn writers() -> Requirement {
    Requirement::required_scopes(["write"]).unwrap()
}

#[test]
fn the_first_route_that_covers_a_request_counts() {
    let guard = builder()
        .route(GuardRoute::open("/orders/public").unwrap())
        .route(GuardRoute::new("/orders/:path*").unwrap().methods(["GET"]))
        .route(GuardRoute::new("/orders/:path*").unwrap().require(writers()))
        .build()
        .unwrap();
    let reader = bearer("");
    let allowed = |method, target, credentials| match visit(&guard, method, target, credentials) {
        Verdict::Allowed(_) => 200,
        Verdict::Anonymous => 204,
        Verdict::Refused(refusal) => refusal.response.status,
        other => panic!("{other:?}"),
    };
    for (method, target, without, with) in [
        ("GET", "/orders/public", 204, 204),
        ("DELETE", "/orders/public", 204, 204),
        ("GET", "/orders/7", 401, 200),
        ("HEAD", "/orders/7", 401, 200),
        ("POST", "/orders/7", 401, 403),
        ("POST", "/orders", 401, 403),
        ("get", "/orders/7", 401, 403),
        ("POST", "/other", 401, 200),
    ] {
        assert_eq!(allowed(method, target, None), without, "{method} {target}");
        assert_eq!(allowed(method, target, Some(&reader)), with, "{method} {target}");
    }
}

/// A spelling that an application may take for the same resource asks for no less.
#[test]
fn no_spelling_of_a_path_gets_around_a_requirement() {
    let guard = builder()
        .route(GuardRoute::new("/admin/:path*").unwrap().require(writers()))
        .build()
        .unwrap();
    let reader = bearer("");
    for target in [
        "/admin",
        "/admin/",
        "/admin/x",
        "/ADMIN/x",
        "/%61dmin/x",
        "/admin;a=1/x",
        "/admin./x",
        "/admin%20/x",
        "http://other.example/admin/x",
    ] {
        let refusal = refused(visit(&guard, "GET", target, Some(&reader)));
        assert_eq!(refusal.reason, RefusalReason::Unmet(RequirementKind::Scope), "{target}");
    }
    for (target, error) in [
        ("/x/../admin", PathError::DotSegment),
        ("//admin", PathError::EmptySegment),
        ("/x%2fadmin", PathError::EncodedSlash),
        ("/admin\\x", PathError::Backslash),
        ("*", PathError::NotAbsolute),
    ] {
        let refusal = refused(visit(&guard, "GET", target, Some(&reader)));
        assert_eq!(refusal.reason, RefusalReason::Path(error), "{target}");
    }
}

/// What needs no token is exactly what was said to need none.
#[test]
fn an_open_path_is_open_in_one_spelling_only() {
    let guard = builder()
        .route(GuardRoute::open("/health").unwrap())
        .route(GuardRoute::optional("/news").unwrap())
        .build()
        .unwrap();
    for path in ["/health", "/news"] {
        assert!(matches!(visit(&guard, "GET", path, None), Verdict::Anonymous));
        let query = format!("{path}?a=b");
        assert!(matches!(visit(&guard, "GET", &query, None), Verdict::Anonymous));
        for other in [
            format!("/{}", path.to_uppercase()),
            path.to_uppercase(),
            path.replace('h', "%68").replace('n', "%6e"),
            format!("{path};a=1"),
            format!("{path}."),
            format!("{path}/x"),
            format!("{path}.json"),
            format!("/x/..{path}"),
            // The path of these is empty.
            format!("http://api.example?{path}"),
            format!("http://api.example?a=b{path}"),
            format!("http://api.example#{path}"),
        ] {
            let verdict = visit(&guard, "GET", &other, None);
            assert!(matches!(verdict, Verdict::Refused(_)), "{other}");
        }
    }
}

#[test]
fn an_open_path_looks_at_no_credentials_and_an_optional_one_does() {
    let guard = builder()
        .require(writers())
        .route(GuardRoute::open("/health").unwrap())
        .route(GuardRoute::optional("/news").unwrap())
        .build()
        .unwrap();
    for credentials in [Some("Bearer x"), Some("Basic x"), Some(&*bearer("")), None] {
        assert!(matches!(visit(&guard, "GET", "/health", credentials), Verdict::Anonymous));
    }
    assert!(matches!(visit(&guard, "GET", "/news", None), Verdict::Anonymous));
    let status = |credentials: &str| {
        refused(visit(&guard, "GET", "/news", Some(credentials))).response.status
    };
    assert_eq!(status("Bearer x"), 401);
    assert_eq!(status(&bearer("")), 403);
    let writer = bearer(r#","scope":"write""#);
    assert!(matches!(visit(&guard, "GET", "/news", Some(&writer)), Verdict::Allowed(_)));
}

/// Where a token is optional at large, a route can ask for one.
#[test]
fn a_route_can_ask_for_what_is_optional_elsewhere() {
    let guard = builder()
        .credentials_required(false)
        .route(GuardRoute::new("/private/:path*").unwrap())
        .build()
        .unwrap();
    assert!(matches!(visit(&guard, "GET", "/", None), Verdict::Anonymous));
    let refusal = refused(visit(&guard, "GET", "/private", None));
    assert_eq!(refusal.reason, RefusalReason::NoCredentials);
}

#[test]
fn says_how_a_route_is_written_that_is_another_routers() {
    for (pattern, message) in [
        ("orders", "the route `orders` must start with `/`"),
        ("/orders/{id}", "a route has `{id}`: write `:id`"),
        (
            "/orders/*",
            "the route `/orders/*`: Unexpected MODIFIER at 8, expected END; write `:path*` for \
             whatever is there and below",
        ),
        (
            "/orders/{*rest}",
            "the route `/orders/{*rest}`: Unexpected MODIFIER at 9, expected CLOSE; write `:path*` \
             for whatever is there and below",
        ),
        (
            "/orders?a=b",
            "the route `/orders?a=b`: Unexpected MODIFIER at 7, expected END; a route has no query",
        ),
        ("/orders/:", "the route `/orders/:`: Missing parameter name at 8"),
    ] {
        for route in [GuardRoute::new, GuardRoute::optional, GuardRoute::open] {
            assert_eq!(route(pattern).unwrap_err().to_string(), message);
        }
    }
}

#[test]
fn routes_that_cover_nothing_are_refused() {
    for pattern in ["", "orders", "/:", "/(", "/:path("] {
        assert!(GuardRoute::new(pattern).is_err(), "{pattern}");
        assert!(GuardRoute::open(pattern).is_err(), "{pattern}");
        assert!(GuardRoute::optional(pattern).is_err(), "{pattern}");
    }
    for method in ["get", "", "Post", "GET,POST"] {
        let route = GuardRoute::new("/").unwrap().methods([method]);
        let refused = builder().route(route).build();
        assert_eq!(refused.err(), Some(GuardConfigError::Method(method.into())));
    }
}

/// Without routes, the path is not looked at: there is nothing that a spelling could get around.
#[test]
fn without_routes_the_path_does_not_matter() {
    let guard = Guard::new(policy());
    for target in ["/a//b", "*", "/../x", "/%2f"] {
        assert!(matches!(visit(&guard, "GET", target, Some(&bearer(""))), Verdict::Allowed(_)));
    }
}
