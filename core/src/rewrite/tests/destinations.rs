//! What destinations make of parameters and of the query.

use super::{super::*, route};
use crate::path::{CanonicalPath, MAX_PATH_LENGTH, MAX_QUERY_LENGTH};
use alloc::{format, string::String, vec::Vec};
use proptest::prelude::*;

fn rewritten(source: &str, destination: &str, target: &str) -> String {
    let rule = RewriteRule::new(source, destination);
    let rewrites = Rewrites::builder().after_files([rule]).build();
    route(&rewrites.unwrap(), target, &[])
}

#[test]
fn parameters_land_in_the_path_as_they_are() {
    for (source, destination, target, expected) in [
        ("/a/:p", "https://b.test/x/:p", "/a/y%20z", "https://b.test/x/y%20z"),
        ("/a/:p*", "https://b.test/x/:p*", "/a/y/z", "https://b.test/x/y/z"),
        ("/a/:p*", "https://b.test/x/:p*", "/a", "https://b.test/x"),
        ("/a/:p*", "https://b.test/:p*", "/a", "https://b.test/"),
        ("/a/:p*", "https://b.test/x/:p*", "/a/y/", "https://b.test/x/y"),
        ("/a/:p(.*)", "https://b.test/x/:p", "/a/y/", "https://b.test/x/y/"),
        ("/a/:p*/", "https://b.test/x/:p*/", "/a/y/", "https://b.test/x/y/"),
        ("/a/:p+", "https://b.test/:p+/z", "/a/x/y", "https://b.test/x/y/z"),
        ("/:p", "https://b.test/:p*", "/a", "https://b.test/a"),
        ("/:a-:b", "https://b.test/:b.:a/:b", "/x-y", "https://b.test/y.x/y"),
        ("/:p?", "https://b.test/x/:p", "/", "https://b.test/x"),
        ("/A/:p", "https://B.test:443/X/:p", "/a/Y", "https://b.test/X/Y"),
        ("/a/:p", "http://b.test:8080/:p(\\d+)/x", "/a/1", "http://b.test:8080/1/x"),
        ("/a", "https://b.test/caf\u{e9} x", "/a", "https://b.test/caf%C3%A9%20x"),
        ("/a", "https://b.test", "/a", "https://b.test/"),
        ("/a", "https://[::1]:8080/x", "/a", "https://[::1]:8080/x"),
        ("/a/:p", "https://b.test/x/:p#:p", "/a/y", "https://b.test/x/y"),
        ("/a/:p", "https://b.test/x#:p", "/a/y", "https://b.test/x"),
    ] {
        assert_eq!(rewritten(source, destination, target), expected, "{source} {destination}");
    }
}

#[test]
fn a_path_that_would_not_be_canonical_is_refused() {
    for (source, destination, target, expected) in [
        ("/a/:p-:q", "https://b.test/:p/x", "/a/.-y", "refused path_dot_segment"),
        ("/a/:p-:q", "https://b.test/x/:p", "/a/..-y", "refused path_dot_segment"),
        ("/a/:p-:q", "https://b.test/x/.:p", "/a/.-y", "refused path_dot_segment"),
        ("/:p(.*)x:q(.*)", "https://b.test/y/:q/:p", "/x", "refused path_empty_segment"),
        ("/:p(.*)x:q(.*)", "https://b.test/y;:q", "/x.", "refused path_dot_parameter"),
        // An escape that is torn apart and put together again is read again.
        ("/:p(.*%)25:q(.*)", "https://b.test/:p:q(.*)", "/x%252f", "refused path_encoded_slash"),
        ("/:p(.*%)25:q(.*)", "https://b.test/:p:q(.*)", "/x%25zz", "refused path_bad_escape"),
        ("/:p(.*%)25:q(.*)", "https://b.test/:p:q(.*)", "/%252e", "refused path_dot_segment"),
        ("/:p(.*%)25:q(.*)", "https://b.test/:p:q(.*)", "/x%2541", "https://b.test/xA"),
    ] {
        assert_eq!(rewritten(source, destination, target), expected, "{source} {target}");
    }
}

#[test]
fn a_rewritten_target_stays_within_the_limits() {
    let long = "x".repeat(MAX_PATH_LENGTH / 2);
    assert_eq!(
        rewritten("/:p", "https://b.test/:p/:p/:p", &format!("/{long}")),
        "refused path_too_long"
    );
    let many = format!("/{}", "x/".repeat(MAX_PATH_LENGTH / 2 - 1));
    assert_eq!(
        rewritten("/:p*", "https://b.test/:p*/:p*/:p*/:p*/:p*", &many),
        "refused path_too_long"
    );
    let query = "y".repeat(MAX_QUERY_LENGTH - 10);
    assert_eq!(
        rewritten("/:p", "https://b.test/?q=1", &format!("/{long}?{query}")),
        "refused rewrite_query_too_long"
    );
}

#[test]
fn a_parameter_in_the_host_is_one_label() {
    for (target, expected) in [
        ("/eu/x", "https://eu.api.test:8443/x"),
        ("/EU-1/x", "https://eu-1.api.test:8443/x"),
        ("/evil.test/x", "refused rewrite_host"),
        ("/evil.test%3A80/x", "refused rewrite_host"),
        ("/a%2Eb/x", "refused rewrite_host"),
        ("/a@b/x", "refused rewrite_host"),
        ("/_a/x", "refused rewrite_host"),
    ] {
        let routed = rewritten("/:h/:p", "https://:h.api.test:8443/:p", target);
        assert_eq!(routed, expected, "{target}");
    }
    for destination in
        ["https://:h/", "https://:h:80/", "https://a.:h/", "https://:h.1/", "https://x:h/"]
    {
        let rule = RewriteRule::new("/:h", destination);
        assert!(Rewrites::builder().after_files([rule]).build().is_err(), "{destination}");
    }
}

#[test]
fn a_query_that_nothing_is_added_to_keeps_its_bytes() {
    for query in ["", "?", "?a", "?a=%zz&&b=+&a=%20", "?a=b?c=/../", "?%"] {
        let target = format!("/a/x{query}");
        let expected = format!("https://b.test/x{query}");
        assert_eq!(rewritten("/a/:p", "https://b.test/:p", &target), expected);
    }
}

#[test]
fn unused_parameters_are_appended_to_the_query() {
    for (source, destination, target, expected) in [
        ("/a/:p", "https://b.test/x", "/a/y", "https://b.test/x?p=y"),
        ("/a/:p*", "https://b.test/x", "/a/y/z", "https://b.test/x?p=y&p=z"),
        ("/a/:p*", "https://b.test/x", "/a", "https://b.test/x"),
        ("/a/:p*", "https://b.test/x", "/a?q=1", "https://b.test/x?q=1"),
        ("/:p/:q", "https://b.test/:p", "/a/b", "https://b.test/a"),
        ("/:p/:q", "https://:p.b.test/", "/a/b", "https://a.b.test/"),
        ("/:p/:q", "https://b.test/#:p", "/a/b", "https://b.test/"),
        // Use in the query alone does not count.
        ("/:a/:b", "https://b.test/?q=:a", "/1/2", "https://b.test/?q=1&a=1&b=2"),
        ("/:p/(.*)", "https://b.test/", "/a/b", "https://b.test/?p=a"),
        // Nor does use of a parameter that took nothing.
        ("/a/:p?/:q+", "https://b.test/:p", "/a/x", "https://b.test/?q=x"),
        ("/:p/:p", "https://b.test/", "/a/b", "https://b.test/?p=b"),
        // What means something in a query is encoded; escapes stay.
        ("/:p", "https://b.test/", "/x&admin=1", "https://b.test/?p=x%26admin%3D1"),
        ("/:p", "https://b.test/", "/x+%2b%26;", "https://b.test/?p=x%2B%2b%26%3B"),
    ] {
        assert_eq!(rewritten(source, destination, target), expected, "{source} {destination}");
    }
}

#[test]
fn the_query_of_the_destination_replaces_that_of_the_request() {
    for (source, destination, target, expected) in [
        ("/a", "https://b.test/?x=1", "/a?x=2&y=3&x=4", "https://b.test/?x=1&y=3"),
        ("/a", "https://b.test/?y=1", "/a?x=2", "https://b.test/?x=2&y=1"),
        ("/a", "https://b.test/?y=1&y=2", "/a?y=3&x=4", "https://b.test/?y=1&y=2&x=4"),
        ("/a/:x", "https://b.test/", "/a/1?x=2&y=3", "https://b.test/?x=1&y=3"),
        ("/a/:x", "https://b.test/?x=9", "/a/1?x=2", "https://b.test/?x=9"),
        ("/a/:p*", "https://b.test/?x=:p*", "/a/b/c", "https://b.test/?x=b/c&p=b&p=c"),
        ("/a/:p", "https://b.test/:p?x=:p&y=p-:p", "/a/b", "https://b.test/b?x=b&y=p-b"),
        ("/a/:p", "https://b.test/:p?t=10:30&z=:zz", "/a/b", "https://b.test/b?t=10:30&z=:zz"),
        ("/a/:p?", "https://b.test/x/:p*?x=:p", "/a", "https://b.test/x?x="),
        ("/a", "https://b.test/?r=a%26b", "/a", "https://b.test/?r=a%26b"),
        ("/a", "https://b.test/?r=\u{e9} \"", "/a", "https://b.test/?r=%C3%A9%20%22"),
        ("/a", "https://b.test/?flag", "/a?x", "https://b.test/?x&flag"),
        ("/a/:p", "/x/:p?y=1", "/a/b?z=2", "local /x/b?z=2&y=1 (not served)"),
    ] {
        assert_eq!(rewritten(source, destination, target), expected, "{source} {destination}");
    }
}

proptest! {
    #[test]
    fn building_and_routing_end(
        source in "/([a-z:/.{}()*+?|\\\\-]|:p|:q\\*|\\(\\.\\*\\)){0,8}",
        destination in "(https?://)?([a-z:/.{}()*+?#&=@\\[\\]\\\\-]|/:p|/:q\\*|\\?p=:p){0,12}",
        value in "([a-z()<>?*|.]|\\(\\?<p>){0,6}",
        target in "/[a-z/.:?&=%-]{0,20}",
    ) {
        let rule = RewriteRule::new(source, destination).has(Condition::query("q").value(value));
        if let Ok(rewrites) = Rewrites::builder().fallback([rule]).build() {
            route(&rewrites, &target, &[]);
        }
    }

    /// Whatever a client sends, an external destination keeps the origin and the prefix that the
    /// rule gives, and its path is canonical.
    #[test]
    fn origin_and_prefix_are_those_of_the_rule(
        (source, destination) in prop::sample::select(&[
            ("/:p*", "https://b.test/v1/:p*"),
            ("/:p(.*)", "https://b.test/v1/:p"),
            ("/:a-:b", "https://b.test/v1/:b:a(.*)"),
            ("/:a(.*?):b(.*)", "https://b.test/v1/:b/:a"),
            ("/:a/:b*", "https://b.test/v1/:b*/:a?x=:a&b"),
            ("/:a.:b", "https://b.test/v1/:a"),
        ][..]),
        target in "/([a-z./;:@%?#&=~-]|%2[eEfF]|%5[cC]|%00|\\.\\.|//){0,16}",
    ) {
        let routed = rewritten(source, destination, &target);
        if let Some(rest) = routed.strip_prefix("http") {
            let path = rest.strip_prefix("s://b.test").expect("the rule's origin");
            let path = path.split('?').next().unwrap_or_default();
            prop_assert!(path == "/v1" || path.starts_with("/v1/"), "{routed}");
            prop_assert!(CanonicalPath::parse(path).is_ok_and(|parsed| parsed.as_str() == path));
        }
    }

    /// Filling in agrees with the obvious way: split, map, join.
    #[test]
    fn filling_in_puts_every_segment_where_it_belongs(
        segments in prop::collection::vec("[a-zA-Z0-9._-]{1,5}", 1..6),
    ) {
        prop_assume!(segments.iter().all(|segment| segment != "." && segment != ".."));
        let path = segments.join("/");
        let first = &segments[0];
        let rest = &segments[1..];
        let expected = {
            let mut parts: Vec<&str> = ["https://b.test", "x"].to_vec();
            parts.extend(rest.iter().map(String::as_str));
            parts.extend(["y", first]);
            format!("{}?k={}", parts.join("/"), rest.join("/"))
        };
        let routed = rewritten("/:f/:r*", "https://b.test/x/:r*/y/:f?k=:r*", &format!("/{path}"));
        prop_assert_eq!(routed, expected);
    }
}
