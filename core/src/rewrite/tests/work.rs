//! How much work routing is, in counted steps.

use super::{super::*, NO_HEADERS};
use crate::path::CanonicalPath;
use alloc::{format, string::String, vec::Vec};

fn steps(rewrites: &Rewrites, path: &str) -> u64 {
    let path = CanonicalPath::parse(path).unwrap();
    let request = RouteRequest { path: &path, query: None, headers: &NO_HEADERS };
    rewrites.route(&request, &|_| Served::Nothing).unwrap().steps
}

fn rules(sources: impl Iterator<Item = String>) -> Rewrites {
    let rules = sources.map(|source| RewriteRule::new(source, "https://b.test/"));
    Rewrites::builder().after_files(rules).build().unwrap()
}

#[test]
fn a_thousand_rules_cost_far_less_than_a_thousand_matches() {
    for source in ["/api/v1/resource-{}/:id", "/resource-{}/:path*", "/a/b/c/d/{}"] {
        let source = |number: usize| source.replace("{}", &format!("{number}"));
        let one = rules([source(999)].into_iter());
        let many = rules((0..1000).map(source));
        let path = source(999).replace(":id", "1").replace(":path*", "x/y");
        let (one, many) = (steps(&one, &path), steps(&many, &path));
        assert!(many <= one * 2, "{path}: {one} steps with one rule, {many} with a thousand");
        assert!(steps(&rules((0..1000).map(source)), "/elsewhere") == 0);
    }
}

#[test]
fn rules_of_mixed_kinds_keep_their_order() {
    let sources = (0..300).map(|number| match number % 3 {
        0 => format!("/:any/s{number}"),
        1 => format!("/p/s{number}"),
        _ => format!("/P/:any(s{number})"),
    });
    let sources: Vec<String> = sources.collect();
    let rewrites = rules(sources.into_iter());
    for number in 0..300 {
        let path = CanonicalPath::from_owned(format!("/p/s{number}")).unwrap();
        let request = RouteRequest { path: &path, query: None, headers: &NO_HEADERS };
        let routed = rewrites.route(&request, &|_| Served::Nothing).unwrap();
        assert_eq!(routed.rule, Some(RuleId { phase: Phase::AfterFiles, index: number }));
    }
}

#[test]
fn work_grows_in_proportion_to_what_conditions_look_at() {
    let rule = RewriteRule::new("/:p*", "https://b.test/")
        .has(Condition::header("x").value("(?:(?:a+)+|(?<v>b))*(?!.*(?:a*)*c)z?"));
    let rewrites = Rewrites::builder().after_files([rule]).build().unwrap();
    let path = CanonicalPath::parse("/x").unwrap();
    let work = |length: usize| {
        let headers = [("x", "a".repeat(length) + "!")];
        let request = RouteRequest { path: &path, query: None, headers: &headers };
        rewrites.route(&request, &|_| Served::Nothing).unwrap().steps
    };
    let (short, long) = (work(1000), work(8000));
    assert!(long <= short * 9, "{short} steps for 1000, {long} for 8000");
}
