//! Table tests of the routing semantics. Rows named P.. and S.. are those of the attack catalogue
//! that the project tests against.

mod conditions;
mod destinations;
mod matchers;
mod phases;
mod properties;
mod work;

use super::*;
use crate::path::{CanonicalPath, PathError, RequestTarget};
use alloc::{
    borrow::ToOwned as _,
    format,
    string::{String, ToString as _},
};

fn tutorial() -> Rewrites {
    Rewrites::builder()
        .after_files([
            RewriteRule::new("/api/auth/:path", "/api/auth/:path*"),
            RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*"),
        ])
        .build()
        .unwrap()
}

const NO_HEADERS: [(&str, &str); 0] = [];

/// Routes a target and writes the answer as text.
fn route(rewrites: &Rewrites, target: &str, pages: &[&str]) -> String {
    route_with(rewrites, target, &NO_HEADERS, pages)
}

fn route_with(
    rewrites: &Rewrites,
    target: &str,
    headers: &dyn crate::http::HeaderView,
    pages: &[&str],
) -> String {
    let target = match RequestTarget::parse(target) {
        Ok(target) => target,
        Err(error) => return format!("refused {}", error.code()),
    };
    let request = RouteRequest { path: &target.path, query: target.query, headers };
    let serves = |path: &str| {
        if pages.contains(&path) { Served::Page } else { Served::Nothing }
    };
    match rewrites.route(&request, &serves) {
        Err(error) => format!("refused {}", error.kind.code()),
        Ok(Routed { target: Target::External(url), .. }) => url.to_string(),
        Ok(Routed { target: Target::Local(url), .. }) => {
            format!("local {url}{}", if url.served.is_served() { "" } else { " (not served)" })
        }
        Ok(Routed { target: Target::None, .. }) => "none".to_owned(),
    }
}

#[test]
fn the_tutorial_keeps_the_login_routes_and_proxies_the_rest() {
    let rewrites = tutorial();
    for (target, expected) in [
        ("/api/auth/login", "local /api/auth/login"),
        ("/API/Auth/login", "local /api/auth/login"),
        ("/api/auth/login/", "local /api/auth/login"),
        ("/api/private/a/b?x=1&x=2&y=", "http://localhost:5000/api/private/a/b?x=1&x=2&y="),
        ("/api", "http://localhost:5000/api"),
        ("/api/", "http://localhost:5000/api"),
        ("/API/x", "http://localhost:5000/api/x"),
        ("/api/auth", "http://localhost:5000/api/auth"),
        ("/api/auth/a/b", "http://localhost:5000/api/auth/a/b"),
        ("/%61pi/x", "http://localhost:5000/api/x"),
        ("/api/a%20b", "http://localhost:5000/api/a%20b"),
        ("/apix", "none"),
        ("/", "none"),
    ] {
        assert_eq!(route(&rewrites, target, &["/api/auth/login"]), expected, "{target}");
    }
}

#[test]
fn the_tutorial_without_its_page_falls_through_to_the_next_rule() {
    let routed = route(&tutorial(), "/api/auth/login", &[]);
    assert_eq!(routed, "http://localhost:5000/api/auth/login");
}

#[test]
fn the_tutorial_matcher_covers_the_api_in_every_case() {
    let matcher = Matcher::new(["/private/:path*", "/api/:path*"]).unwrap();
    for (path, expected) in [
        ("/private", true),
        ("/private/", true),
        ("/private/a/b", true),
        ("/api", true),
        ("/api/x", true),
        ("/PRIVATE", true),
        ("/API/x", true),
        ("/%61pi/x", true),
        ("/privatex", false),
        ("/", false),
    ] {
        assert_eq!(covers(&matcher, path), Ok(expected), "{path}");
    }
}

fn covers(matcher: &Matcher, path: &str) -> Result<bool, PathError> {
    let path = CanonicalPath::parse(path)?;
    Ok(matcher.is_match(&RouteRequest { path: &path, query: None, headers: &NO_HEADERS }))
}

#[test]
fn a_destination_never_leaves_its_host_or_prefix() {
    let rewrites = Rewrites::builder()
        .after_files([RewriteRule::new("/api/:path*", "https://api.internal/v1/:path*")])
        .build()
        .unwrap();
    for (row, target, expected) in [
        ("S04", "/api/@evil.example/", "https://api.internal/v1/@evil.example"),
        ("S04", "/api//evil.example", "refused path_empty_segment"),
        ("S04", "/api/%2e%2e/", "refused path_dot_segment"),
        ("S04", "/api/\\x", "refused path_backslash"),
        ("S04", "/api/x:80@y?a=@b", "https://api.internal/v1/x:80@y?a=@b"),
        ("P11", "/api/%252e%252e%252fprivate", "https://api.internal/v1/%252e%252e%252fprivate"),
        ("P24", "/api../private", "none"),
        ("P24", "/apiprivate", "none"),
        ("P25", "/api/%F0%9F%A6%80", "https://api.internal/v1/%F0%9F%A6%80"),
    ] {
        assert_eq!(route(&rewrites, target, &[]), expected, "{row} {target}");
    }
}

#[test]
fn explains_which_rules_applied_with_which_parameters() {
    let rewrites = tutorial();
    let target = RequestTarget::parse("/api/auth/login").unwrap();
    let request = RouteRequest { path: &target.path, query: target.query, headers: &NO_HEADERS };
    let explanation = rewrites.explain(&request, &|_| Served::Nothing);
    let rule = |index| RuleId { phase: Phase::AfterFiles, index };
    assert_eq!(
        explanation.applied,
        [
            Applied {
                rule: rule(0),
                params: [AppliedParam {
                    name: "path".to_owned(),
                    value: ParamValue::Text("login".to_owned()),
                }]
                .to_vec(),
            },
            Applied {
                rule: rule(1),
                params: [AppliedParam {
                    name: "path".to_owned(),
                    value: ParamValue::List(["auth", "login"].map(String::from).to_vec()),
                }]
                .to_vec(),
            },
        ]
    );
    assert_eq!(explanation.result.unwrap().rule, Some(rule(1)));
}

#[test]
fn says_everything_that_is_wrong_with_the_rules() {
    for (source, destination, expected) in [
        ("api", "/x", "`source` does not start with /"),
        ("", "/x", "`source` is missing"),
        ("/a", "", "`destination` is missing"),
        ("/a", "x", "`destination` does not start with `/`, `http://`, or `https://`"),
        ("/a/:p", "/:q/:r", "`destination` has segments not in `source` or `has` (q, r)"),
        ("/a/:p", "https://h/:q", "`destination` has segments not in `source` or `has` (q)"),
        ("/a*", "/x", "`source` parse failed: Unexpected MODIFIER at 2, expected END"),
        (
            "/:a:b",
            "/x",
            "`source` parse failed: Must have text between two parameters, missing text after \"a\"",
        ),
        ("/a/:p*", "/x/:p", "To use a multi-match in the destination you must add `*`"),
        ("/a/:p*", "/x?q=:p", "To use a multi-match in the destination you must add `*`"),
        ("/a", "//evil.example/", "`destination` parse failed"),
        ("/a", "https://", "`destination` parse failed"),
        ("/a", "https://user:word@h/", "`destination` parse failed"),
        ("/a", "https://h:99999/", "`destination` parse failed"),
        ("/a", "https://h/../x", "`destination` parse failed: the path holds a dot segment"),
        ("/a/:h", "https://:h/", "`destination` parse failed: a param in the host"),
        (
            "/a/:h?",
            "https://:h.b.test/",
            "`destination` has a param in its host that may be absent",
        ),
    ] {
        let error = Rewrites::builder()
            .after_files([RewriteRule::new(source, destination)])
            .build()
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(expected), "{source} {destination}: {error}");
        assert!(error.ends_with("Error: Invalid rewrite found"), "{error}");
    }
}
