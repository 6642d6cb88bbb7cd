//! `has` and `missing`.

use super::{super::*, route_with};
use alloc::{format, string::String, vec, vec::Vec};

fn rewrites(rule: RewriteRule) -> Rewrites {
    Rewrites::builder().after_files([rule]).build().unwrap()
}

#[test]
fn conditions_look_at_what_they_say() {
    let header = || Condition::header("X-A");
    let cookie = || Condition::cookie("c");
    let query = || Condition::query("q");
    for (condition, target, headers, expected) in [
        (header(), "/", vec![("x-a", "1")], true),
        (header(), "/", vec![("x-a", "")], false),
        (header(), "/", vec![("x-b", "1")], false),
        (header().value("1"), "/", vec![("X-A", "1")], true),
        (header().value("1"), "/", vec![("x-a", "12")], false),
        (header().value("a|b"), "/", vec![("x-a", "ab")], false),
        (header().value("a|b"), "/", vec![("x-a", "b")], true),
        (header().value("A"), "/", vec![("x-a", "a")], false),
        (header().value("1, 2"), "/", vec![("x-a", "1"), ("x-a", "2")], true),
        (header().value(""), "/", vec![("x-a", "1")], true),
        (cookie(), "/", vec![("cookie", "a=b; c=d")], true),
        (cookie(), "/", vec![("cookie", "C=d")], false),
        (cookie(), "/", vec![("cookie", "c=")], false),
        (cookie().value("d"), "/", vec![("cookie", "c=d; c=e")], true),
        (cookie().value("d e"), "/", vec![("cookie", "c=\"d%20e\"")], true),
        (cookie().value("%zz"), "/", vec![("cookie", "c=%zz")], true),
        (query(), "/?q=1", vec![], true),
        (query(), "/?q=", vec![], false),
        (query(), "/?q=&q=", vec![], true),
        (query(), "/?Q=1", vec![], false),
        (query().value("2"), "/?q=1&q=2", vec![], true),
        (query().value("1"), "/?q=1&q=2", vec![], false),
        (query().value("a b"), "/?%71=a+b", vec![], true),
        (query(), "/?constructor=1", vec![], false),
        (Condition::query("constructor"), "/", vec![], false),
        (Condition::host("b\\.test"), "/", vec![("host", "B.Test:8080")], true),
        (Condition::host("b\\.test"), "/", vec![("host", "b.test.")], true),
        (Condition::host("b.test"), "/", vec![("host", "bxtest")], true),
        (Condition::host("b\\.test"), "/", vec![("host", "a.b.test")], false),
        (Condition::host("\\[::1\\]"), "/", vec![("host", "[::1]:80")], true),
    ] {
        let has = rewrites(RewriteRule::new("/", "/yes").has(condition.clone()));
        let missing = rewrites(RewriteRule::new("/", "/yes").missing(condition.clone()));
        let holds = |rewrites| route_with(rewrites, target, &headers, &["/yes"]) != "none";
        assert_eq!(holds(&has), expected, "{condition} {target} {headers:?}");
        assert_eq!(holds(&missing), !expected, "missing {condition} {target} {headers:?}");
    }
}

#[test]
fn all_of_has_and_none_of_missing_must_hold() {
    let rule = RewriteRule::new("/", "/yes")
        .has(Condition::header("a"))
        .has(Condition::header("b"))
        .missing(Condition::header("c"))
        .missing(Condition::header("d"));
    let rewrites = rewrites(rule);
    for (names, expected) in
        [("ab", true), ("a", false), ("b", false), ("abc", false), ("abd", false), ("abe", true)]
    {
        let headers: Vec<_> = names.chars().map(|name| (String::from(name), "1")).collect();
        let routed = route_with(&rewrites, "/", &headers, &["/yes"]);
        assert_eq!(routed != "none", expected, "{names}");
    }
}

/// What a condition captured is encoded for the place it lands in, and goes nowhere unasked.
#[test]
fn captures_from_conditions_are_encoded_where_they_land() {
    let named = |value: &str| Condition::header("x-v").value(value);
    for (condition, destination, value, expected) in [
        (named("(?<v>.*)"), "https://b.test/y/:v", "a b", "https://b.test/y/a%20b"),
        (named("(?<v>.*)"), "https://b.test/y/:v", "a?x=1", "https://b.test/y/a%3Fx%3D1"),
        (named("(?<v>.*)"), "https://b.test/y/:v", "\u{e9}", "https://b.test/y/%C3%83%C2%A9"),
        (named("(?<v>.*)"), "https://b.test/y/:v", "../../admin?x=1", "refused path_encoded_slash"),
        (named("(?<v>.*)"), "https://b.test/y/:v", "..", "refused path_dot_segment"),
        (named("(?<v>.*)"), "https://b.test/y/:v/z", "..", "refused path_dot_segment"),
        (
            named("(?<v>.*)"),
            "https://b.test/y?u=:v",
            "a&admin=1",
            "https://b.test/y?u=a%26admin%3D1",
        ),
        (named("(?<v>.*)"), "https://b.test/y?u=p-:v", "a+b", "https://b.test/y?u=p-a%2Bb"),
        (named("(?<v>.*)"), "https://:v.b.test/", "eu-1", "https://eu-1.b.test/"),
        (named("(?<v>.*)"), "https://:v.b.test/", "evil.test/", "refused rewrite_host"),
        (named("(?<v>.*)"), "https://:v.b.test/", "evil.test", "refused rewrite_host"),
        (named("(?<v>.*)"), "https://:v.b.test/", "a@b", "refused rewrite_host"),
        (named("(?<v>.*)"), "https://b.test/y", "secret", "https://b.test/y"),
        (Condition::header("x-v"), "https://b.test/y", "secret", "https://b.test/y"),
        (Condition::header("x-v"), "https://b.test/y/:xv", "a/b", "refused path_encoded_slash"),
        (Condition::header("x-v"), "https://b.test/y?v=:xv", "a/b", "https://b.test/y?v=a%2Fb"),
        (named("(?<a>a)|(?<b>b)"), "https://b.test/y?a=:a&b=:b", "b", "https://b.test/y?a=&b=b"),
    ] {
        let rewrites = rewrites(RewriteRule::new("/x", destination).has(condition));
        let routed = route_with(&rewrites, "/x", &[("x-v", value)], &[]);
        assert_eq!(routed, expected, "{destination} {value}");
    }
}

#[test]
fn a_cookie_in_a_condition_does_not_reach_the_destination() {
    let rewrites =
        rewrites(RewriteRule::new("/:p", "https://b.test/").has(Condition::cookie("appSession")));
    let routed = route_with(&rewrites, "/x", &[("cookie", "appSession=sealed")], &[]);
    assert_eq!(routed, "https://b.test/?p=x");
}

#[test]
fn captures_from_conditions_take_precedence_over_the_path() {
    let rule =
        RewriteRule::new("/:v", "https://b.test/:v").has(Condition::query("q").value("(?<v>.*)"));
    assert_eq!(
        route_with(&rewrites(rule), "/x?q=y", &super::NO_HEADERS, &[]),
        "https://b.test/y?q=y"
    );
}

#[test]
fn a_host_is_a_parameter_unless_it_has_groups() {
    for (value, destination, expected) in [
        (".*", "/:host", "local /a.b.test (not served)"),
        ("(?<sub>[^.]+)\\.b\\.test", "/:sub", "local /a (not served)"),
    ] {
        let rewrites = rewrites(RewriteRule::new("/", destination).has(Condition::host(value)));
        assert_eq!(route_with(&rewrites, "/", &[("host", "A.b.test:80")], &[]), expected);
    }
    let groups = Condition::host("(?<sub>.*)");
    let error = Rewrites::builder()
        .after_files([RewriteRule::new("/", "/:host").has(groups)])
        .build()
        .unwrap_err();
    let expected = "`destination` has segments not in `source` or `has` (host)";
    assert!(format!("{error}").starts_with(expected), "{error}");
}

#[test]
fn conditions_that_can_not_be_used_are_errors() {
    for (condition, expected) in [
        (
            Condition::header(""),
            "key is required when type is header, query or cookie for {\"type\":\"header\",\"key\":\"\"}",
        ),
        (Condition::host(""), "value is required for \"host\" type"),
        (
            Condition::cookie("a").value("("),
            "invalid value: Invalid regular expression: Unterminated group at 0",
        ),
        (
            Condition::query("a").value("(?<v>a)\\k<v>"),
            "invalid value: Invalid regular expression: Back-references",
        ),
    ] {
        let rule = RewriteRule::new("/", "/x").missing(condition);
        let error = Rewrites::builder().fallback([rule]).build().unwrap_err();
        let text = format!("{error}");
        let start = "invalid `missing` item found: ";
        assert!(text.starts_with(&(String::from(start) + expected)), "{text}");
        assert_eq!(error.rules()[0].rule, Some(RuleId { phase: Phase::Fallback, index: 0 }));
    }
}
