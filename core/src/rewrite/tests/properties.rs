//! Routing and filling in, against slow and obvious ways to do the same.

use super::{super::*, NO_HEADERS};
use crate::path::CanonicalPath;
use alloc::{
    borrow::{Cow, ToOwned as _},
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use proptest::prelude::*;

const FILES: [&str; 3] = ["/a", "/b/a", "/c/c"];
const PAGES: [&str; 4] = ["/b", "/a/b", "/c", "/a/a/a"];

fn serves(path: &str) -> Served {
    let path = path.strip_suffix('/').unwrap_or(path);
    if FILES.contains(&path) {
        Served::File
    } else if PAGES.contains(&path) {
        Served::Page
    } else {
        Served::Nothing
    }
}

fn shown(target: &Target<'_>) -> String {
    match target {
        Target::External(url) => url.to_string(),
        Target::Local(local) => format!("{local} {:?}", local.served),
        Target::None => "none".to_owned(),
    }
}

/// Where one rule alone leads.
fn apply(rule: &RewriteRule, path: &str, query: Option<&str>) -> Option<Target<'static>> {
    let rewrites = Rewrites::builder().after_files([rule.clone()]).build().unwrap();
    let path = CanonicalPath::parse(path).unwrap();
    let request = RouteRequest { path: &path, query, headers: &NO_HEADERS };
    let routed = rewrites.route(&request, &|_| Served::Nothing).unwrap().into_owned();
    routed.rule.map(|_| routed.target)
}

/// The walk through the lists, one rule at a time.
fn walk(lists: &[Vec<RewriteRule>; 3], path: &str) -> String {
    let (mut path, mut query) = (path.to_owned(), None);
    let mut applied = false;
    let local = |path: &str, query: &Option<String>| {
        let query = query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{path}{query} {:?}", serves(path))
    };
    for (phase, list) in lists.iter().enumerate() {
        for rule in list {
            match apply(rule, &path, query.as_deref()) {
                None => {}
                Some(Target::Local(url)) => {
                    applied = true;
                    query = url.query.map(Cow::into_owned);
                    path = url.path.into_string();
                    if phase > 0 && serves(&path) != Served::Nothing {
                        return local(&path, &query);
                    }
                }
                Some(target) => return shown(&target),
            }
        }
        let ends = match serves(&path) {
            Served::File => true,
            Served::Page => phase > 0,
            Served::Nothing => false,
        };
        if ends {
            return local(&path, &query);
        }
    }
    if applied { local(&path, &query) } else { "none".to_owned() }
}

fn rule() -> impl Strategy<Value = RewriteRule> {
    let segment = prop::sample::select(
        &["/a", "/b", "/c", "/:p", "/:q", "/:r(a|b)", "/((?!a)[^/]+)", "/a:t?", "{/:u}?"][..],
    );
    let end = prop::sample::select(&["", "", "/:s*", "/:s+", "/:s?", "/"][..]);
    let source = (prop::collection::vec(segment, 1..4), end)
        .prop_map(|(segments, end)| format!("{}{end}", segments.concat()));
    let destination = prop_oneof!["(/(a|b|c)){1,3}(\\?x=[0-9])?", "https://[a-c]\\.test/[a-c]"];
    (source, destination).prop_filter_map("a rule that can't be used", |(source, to)| {
        let rule = RewriteRule::new(source, to);
        Rewrites::builder().after_files([rule.clone()]).build().ok().map(|_| rule)
    })
}

/// A piece of a destination's path.
#[derive(Clone, Debug)]
enum Piece {
    Text(&'static str),
    /// Behind this text, the parameter of this name; repeated or not.
    Param(&'static str, &'static str, bool),
}

fn piece() -> impl Strategy<Value = Piece> {
    let param = prop::sample::select(&["first", "maybe", "left", "right", "rest"][..]);
    prop_oneof![
        prop::sample::select(&["/x", "/y-", "/caf%C3%A9"][..]).prop_map(Piece::Text),
        (prop::sample::select(&["/", "/z-/"][..]), param, any::<bool>()).prop_map(
            |(before, name, repeated)| Piece::Param(before, name, repeated || name == "rest")
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn lists_route_as_their_rules_do_one_after_the_other(
        before in prop::collection::vec(rule(), 0..4),
        after in prop::collection::vec(rule(), 0..6),
        fallback in prop::collection::vec(rule(), 0..3),
        path in "(/(a|b|c|A)){1,4}/?|/",
    ) {
        let rewrites = Rewrites::builder()
            .before_files(before.clone())
            .after_files(after.clone())
            .fallback(fallback.clone())
            .build()
            .unwrap();
        let expected = walk(&[before, after, fallback], &path);
        let path = CanonicalPath::from_owned(path).unwrap();
        let request = RouteRequest { path: &path, query: None, headers: &NO_HEADERS };
        let routed = rewrites.route(&request, &serves).unwrap();
        prop_assert_eq!(shown(&routed.target), expected);
    }

    #[test]
    fn a_destination_is_its_pieces_with_what_the_parameters_took(
        pieces in prop::collection::vec(piece(), 1..5),
        path in "/[ab]{1,2}(/[ab]{1,2})?/[ab]{1,2}-[ab]{1,2}(/[ab]{1,2}){0,3}",
    ) {
        let destination: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => (*text).to_owned(),
                Piece::Param(before, name, true) => format!("{before}:{name}*"),
                Piece::Param(before, name, false) => format!("{before}:{name}"),
            })
            .collect();
        let source = "/:first/:maybe([ab]+)?/:left-:right/:rest*";
        let rule = RewriteRule::new(source, format!("https://b.test{destination}"));
        let rewrites = Rewrites::builder().after_files([rule]).build().unwrap();
        let path = CanonicalPath::from_owned(path).unwrap();
        let request = RouteRequest { path: &path, query: None, headers: &NO_HEADERS };
        let explanation = rewrites.explain(&request, &|_| Served::Nothing);
        let params = &explanation.applied.first().expect("the rule applies").params;

        let mut expected = String::new();
        for piece in &pieces {
            match piece {
                Piece::Text(text) => expected.push_str(text),
                Piece::Param(before, name, _) => {
                    let (before, slash) = before.split_at(before.len() - 1);
                    expected.push_str(before);
                    match params.iter().find(|param| param.name == *name).map(|param| &param.value) {
                        None => {}
                        Some(ParamValue::Text(text)) => {
                            expected.push_str(&format!("{slash}{text}"));
                        }
                        Some(ParamValue::List(list)) => {
                            list.iter().for_each(|text| expected.push_str(&format!("{slash}{text}")));
                        }
                    }
                }
            }
        }
        if expected.is_empty() {
            expected.push('/');
        }
        let routed = explanation.result.unwrap();
        let Target::External(url) = routed.target else { panic!("it is external") };
        prop_assert_eq!(url.path.as_str(), expected);
    }
}
