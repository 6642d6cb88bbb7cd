//! The order of rules, and base paths.

use super::{super::*, NO_HEADERS, route};
use crate::{path::RequestTarget, pattern::Case};
use alloc::{
    borrow::ToOwned as _,
    format,
    string::{String, ToString as _},
};

fn rule(source: &str, destination: &str) -> RewriteRule {
    RewriteRule::new(source, destination)
}

fn three_phases() -> Rewrites {
    Rewrites::builder()
        .before_files([
            rule("/file", "https://b.test/before"),
            rule("/one", "/two"),
            rule("/two", "/three"),
        ])
        .after_files([
            rule("/page", "https://b.test/after"),
            rule("/four", "/five?a=1"),
            rule("/five", "/six?b=2"),
            rule("/three", "/3"),
        ])
        .fallback([rule("/:any*", "https://b.test/fallback/:any*")])
        .build()
        .unwrap()
}

#[test]
fn phases_are_asked_in_order_and_the_application_in_between() {
    let rewrites = three_phases();
    let served = |path: &str| match path {
        "/file" | "/static" => Served::File,
        "/page" | "/dynamic" | "/3" => Served::Page,
        _ => Served::Nothing,
    };
    for (target, expected) in [
        // beforeFiles comes before files, and an external destination ends routing.
        ("/file", "https://b.test/before"),
        // All rules of beforeFiles apply, one after the other.
        ("/one", "local /3"),
        ("/static", "local /static"),
        // Pages with parameters come after afterFiles.
        ("/page", "https://b.test/after"),
        ("/dynamic?x=1", "local /dynamic?x=1"),
        // A local destination that is not served goes on with the rules that follow.
        ("/four?z", "https://b.test/fallback/six?z&a=1&b=2"),
        ("/five", "https://b.test/fallback/six?b=2"),
        ("/", "https://b.test/fallback"),
    ] {
        let target = RequestTarget::parse(target).unwrap();
        let request =
            RouteRequest { path: &target.path, query: target.query, headers: &NO_HEADERS };
        let routed = match rewrites.route(&request, &served).unwrap().target {
            Target::External(url) => url.to_string(),
            Target::Local(url) => format!("local {url}"),
            Target::None => "none".to_owned(),
        };
        assert_eq!(routed, expected, "{target:?}");
    }
}

#[test]
fn rules_are_not_asked_again_from_the_start() {
    let rewrites = Rewrites::builder()
        .after_files([rule("/b", "/c"), rule("/a", "/b"), rule("/a", "/wrong")])
        .build()
        .unwrap();
    assert_eq!(route(&rewrites, "/a", &[]), "local /b (not served)");
    let itself = Rewrites::builder().before_files([rule("/:p*", "/x/:p*")]).build().unwrap();
    assert_eq!(route(&itself, "/a", &[]), "local /x/a (not served)");
}

#[test]
fn the_first_rule_that_matches_applies_whatever_its_source_looks_like() {
    let sources = ["/a/b", "/a/:p", "/:p/b", "/:p*", "/((?!x).*)", "/a/b/:p*"];
    for first in sources {
        let rules = [first]
            .into_iter()
            .chain(sources)
            .enumerate()
            .map(|(number, source)| rule(source, &format!("https://b.test/{number}")));
        let rewrites = Rewrites::builder().after_files(rules).build().unwrap();
        let routed = route(&rewrites, "/a/b", &[]);
        assert!(routed.starts_with("https://b.test/0"), "{first}: {routed}");
    }
}

#[test]
fn a_base_path_stands_in_front_of_sources_and_local_destinations() {
    let rewrites = Rewrites::builder()
        .base_path("/docs")
        .after_files([
            rule("/", "/home"),
            rule("/a/:p", "/b/:p"),
            rule("/root", "/"),
            rule("/x/:p*", "https://b.test/x/:p*"),
            rule("/x/:p*", "https://b.test/outside/:p*").outside_base_path(),
        ])
        .build()
        .unwrap();
    for (target, expected) in [
        ("/docs", "local /docs/home (not served)"),
        ("/docs/", "local /docs/home (not served)"),
        ("/docs/a/1", "local /docs/b/1 (not served)"),
        ("/DOCS/a/1", "local /docs/b/1 (not served)"),
        ("/docs/root", "local /docs (not served)"),
        ("/docs/x/y", "https://b.test/x/y"),
        ("/x/y", "https://b.test/outside/y"),
        ("/a/1", "none"),
        ("/docsx/a/1", "none"),
        ("/docs/docs/a/1", "none"),
    ] {
        assert_eq!(route(&rewrites, target, &[]), expected, "{target}");
    }
}

#[test]
fn a_base_path_must_be_plain() {
    for base_path in ["docs", "/docs/", "/", "/a//b", "/a/../b", "/:a", "/a b", "/(a)"] {
        let error = Rewrites::builder().base_path(base_path).build().unwrap_err();
        assert_eq!(error.rules()[0].problems, [Problem::BasePath], "{base_path}");
        assert!(Matcher::builder().base_path(base_path).build().is_err());
    }
    let inside = Rewrites::builder()
        .base_path("/docs")
        .after_files([rule("/a", "/b").outside_base_path()])
        .build();
    assert_eq!(inside.unwrap_err().rules()[0].problems, [Problem::InternalOutsideBasePath]);
}

#[test]
fn the_number_of_rules_is_limited() {
    let rules = |count| (0..count).map(|number| rule(&format!("/{number}"), "/"));
    let build = |before, after| {
        Rewrites::builder().before_files(rules(before)).after_files(rules(after)).build()
    };
    assert!(build(MAX_RULES - 1, 1).is_ok());
    assert_eq!(build(MAX_RULES, 1).unwrap_err().rules()[0].problems, [Problem::TooMany]);
    let matcher = |count| Matcher::new((0..count).map(|number| format!("/{number}")));
    assert!(matcher(MAX_RULES).is_ok());
    assert_eq!(matcher(MAX_RULES + 1).unwrap_err().problems()[0].problem, Problem::TooMany);
}

#[test]
fn one_switch_regards_case() {
    for (case, path, expected) in [
        (Case::Insensitive, "/API/x", "https://b.test/x"),
        (Case::Sensitive, "/API/x", "none"),
        (Case::Sensitive, "/api/x", "https://b.test/x"),
    ] {
        let rewrites = Rewrites::builder()
            .case(case)
            .after_files([rule("/api/:p", "https://b.test/:p")])
            .build()
            .unwrap();
        assert_eq!(route(&rewrites, path, &[]), expected);
    }
}

#[test]
fn errors_name_every_rule_that_is_wrong() {
    let error = Rewrites::builder()
        .before_files([rule("/ok", "/ok"), rule("x", "y")])
        .fallback([rule("/(", "/")])
        .build()
        .unwrap_err();
    let ids: alloc::vec::Vec<String> =
        error.rules().iter().filter_map(|rule| Some(rule.rule?.to_string())).collect();
    assert_eq!(ids, ["beforeFiles[1]", "fallback[0]"]);
    assert_eq!(
        error.to_string(),
        "`source` does not start with /, `destination` does not start with `/`, `http://`, or \
         `https://` for route {\"source\":\"x\",\"destination\":\"y\"}\n\
         `source` parse failed: Unbalanced pattern at 1 for route \
         {\"source\":\"/(\",\"destination\":\"/\"}\n\
         Error: Invalid rewrites found"
    );
}
