//! Matchers as guards.

use super::{super::*, NO_HEADERS, covers};
use crate::{http::HeaderView, path::CanonicalPath, pattern::Case};
use alloc::{format, string::ToString as _, vec};

#[test]
fn a_guard_covers_every_spelling_of_a_path() {
    let matcher =
        Matcher::new(["/private/:path*", "/@admin/:path*", "/caf\u{e9}", "/", "/x(a b)"]).unwrap();
    for (row, path, expected) in [
        ("P05", "/private;a=1/x", true),
        ("P05", "/private%3ba/x", true),
        ("P07", "/PRIVATE/x", true),
        ("P07", "/Private/x", true),
        ("P08", "/private", true),
        ("P08", "/private/", true),
        ("P08", "/private.", true),
        ("P08", "/private%20", true),
        ("P13", "/private%3Fx", true),
        ("P13", "/private/x%3f/y", true),
        ("P13", "/private;a%3Fx", true),
        ("P13", "/x%3F/private", false),
        ("P14", "/private%23/x", true),
        ("P08", "/private/%20", true),
        ("P11", "/public/%252e%252e%252fprivate", false),
        ("P12", "/%70rivate/x", true),
        ("P24", "/public../private", false),
        ("P24", "/privatex", false),
        ("P26", "/private/*", true),
        ("P26", "/private/{id}", true),
        ("", "/%40admin/x", true),
        ("", "/@admin/x", true),
        ("", "/caf%c3%a9", true),
        ("", "/xa%20b", true),
        ("", "/private.json", true),
        ("", "/private.rsc", true),
        ("", "/_next/data/build/private/x.json", true),
        ("", "/index.json", true),
        ("", "/", true),
        ("", "/other", false),
        ("", "/_next/data/private", false),
    ] {
        assert_eq!(covers(&matcher, path), Ok(expected), "{row} {path}");
    }
    let escaped = Matcher::new(["/%40admin", "/a%20b/:p"]).unwrap();
    for path in ["/@admin", "/%40admin", "/a%20b/c"] {
        assert_eq!(covers(&escaped, path), Ok(true), "{path}");
    }
}

/// P13: nothing in a query makes a path match, or keeps it from matching.
#[test]
fn the_query_plays_no_part() {
    let matcher = Matcher::new(["/api/(.*)/status"]).unwrap();
    for (target, expected) in
        [("/api/private/secret?path=/status", false), ("/api/x/status?y=/secret", true)]
    {
        let target = crate::path::RequestTarget::parse(target).unwrap();
        let request =
            RouteRequest { path: &target.path, query: target.query, headers: &NO_HEADERS };
        assert_eq!(matcher.is_match(&request), expected);
    }
}

#[test]
fn everything_but_some_paths_stays_covered_in_other_case() {
    let matcher = Matcher::new(["/((?!api|_next/static|_next/image|favicon.ico).*)"]).unwrap();
    for (path, expected) in [
        ("/", true),
        ("/dashboard", true),
        ("/api", false),
        ("/api/x", false),
        ("/apix", false),
        ("/API/x", true),
        ("/_next/static/x.js", false),
        ("/favicon.ico", false),
    ] {
        assert_eq!(covers(&matcher, path), Ok(expected), "{path}");
    }
}

#[test]
fn a_base_path_is_covered_itself() {
    let matcher =
        Matcher::builder().base_path("/docs").entries(["/((?!api).*)", "/x/:p"]).build().unwrap();
    for (path, expected) in [
        ("/docs", true),
        ("/docs/", true),
        ("/docs/y", true),
        ("/docs/api", false),
        ("/Docs/y", true),
        ("/y", false),
        ("/docsy", false),
    ] {
        assert_eq!(covers(&matcher, path), Ok(expected), "{path}");
    }
}

#[test]
fn entries_with_conditions_cover_requests_that_meet_them() {
    let matcher = Matcher::new([
        MatcherEntry::new("/a").has(Condition::header("x")),
        MatcherEntry::new("/a").missing(Condition::cookie("c")),
        "/b".into(),
    ])
    .unwrap();
    for (path, headers, expected) in [
        ("/a", vec![], Some(1)),
        ("/a", vec![("cookie", "c=1")], None),
        ("/a", vec![("cookie", "c=1"), ("x", "1")], Some(0)),
        ("/b", vec![("cookie", "c=1")], Some(2)),
    ] {
        let path = CanonicalPath::parse(path).unwrap();
        let headers: &dyn HeaderView = &headers;
        let request = RouteRequest { path: &path, query: None, headers };
        assert_eq!(matcher.find(&request), expected);
    }
}

#[test]
fn without_entries_nothing_is_covered() {
    let matcher = Matcher::new::<&str>([]).unwrap();
    assert_eq!(covers(&matcher, "/"), Ok(false));
}

#[test]
fn case_is_regarded_on_demand() {
    let matcher = Matcher::builder().case(Case::Sensitive).entries(["/Api/:p"]).build().unwrap();
    for (path, expected) in [("/Api/x", true), ("/api/x", false)] {
        assert_eq!(covers(&matcher, path), Ok(expected));
    }
}

#[test]
fn errors_name_every_entry_that_is_wrong() {
    let error = Matcher::new(["/ok", "x", "", "/:a:b"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Invalid matcher:\n\
         source must start with / at \"matcher[1]\"\n\
         source is required at \"matcher[2]\"\n\
         Invalid source '/:a:b': Must have text between two parameters, missing text after \"a\" \
         at 3 at \"matcher[3]\""
    );
    let host = MatcherEntry::new("/").has(Condition::host(""));
    let error = format!("{}", Matcher::new([host]).unwrap_err());
    assert!(error.contains("value is required for \"host\" type"), "{error}");
}
