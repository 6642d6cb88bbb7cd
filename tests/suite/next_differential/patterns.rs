//! Patterns, asked of path-to-regexp.

use super::{
    answer::is_canonical,
    classes::{Class, Counts, class},
    node::Node,
    random::Random,
};
use portcullis_core::{
    path::CanonicalPath,
    pattern::{Case, Param, Pattern, PatternErrorKind},
    rewrite::{RewriteRule, Rewrites, RouteRequest, Served, Target},
};
use serde_json::{Map, Value, json};

const QUESTIONS: usize = 10_000;

const UNSUPPORTED: Class =
    class("unsupported-expression", "what can't run in linear time, or needs a name, is refused");
const EXPRESSION_ERROR: Class = class(
    "expression-error-text",
    "both refuse the expression; the position is the one in the pattern, not in a compiled form",
);
const OTHER_ERROR: Class = class(
    "other-error-first",
    "of several things that are wrong, the first from the left is named",
);
const ABSENT: Class =
    class("absent-parameter", "a parameter that took nothing leaves nothing, and is no error");
const NOT_CANONICAL: Class =
    class("unusable-destination", "a destination that is no canonical path is refused");

const TOKENS: &[&str] = &[
    "/a",
    "/b",
    "/",
    "a",
    "-",
    ".",
    "b1",
    ":p",
    ":q",
    ":r",
    ":p?",
    ":q*",
    ":r+",
    "/:p",
    "/:q*",
    "/:r+",
    "/:p?",
    "(.*)",
    "(\\d+)",
    ":p(\\d{1,2})",
    ":q([a-c]+)",
    ":r((?!a).*)",
    ":p((?=b)[^/]*)",
    "{/:p}?",
    "{-:q}*",
    "{:r.}+",
    "{a}?",
    "{/b:p}",
    "\\:",
    "\\.",
    ":p(a|b|ab)",
    ":q(a*?b?)",
    "((?!b(?!1)).*)",
    ":p(?:a)",
    "{",
    "}",
    "*",
    ":r([^/]+?)",
];

const DESTINATION_TOKENS: &[&str] =
    &["/a", "/b", "-", ".x", "/:p", "/:q*", "/:r", "/x:p", "/:q+", "/:p(\\d+)", "/:q"];

fn pattern(random: &mut Random, tokens: &[&'static str]) -> String {
    let count = 1 + random.below(4);
    let tail: String = (0..count).map(|_| random.pick(tokens)).collect();
    if tail.starts_with(['/', '{']) { tail } else { format!("/{tail}") }
}

fn path(random: &mut Random) -> String {
    let length = random.below(8);
    let tail: String =
        (0..length).map(|_| random.pick(&["a", "b", "A", "/", "-", ".", "1", "a"])).collect();
    format!("/{tail}")
}

/// The named parameters that a pattern finds.
fn captures(pattern: &Pattern, path: &str) -> Value {
    let Some(captures) = pattern.captures(path) else { return Value::Null };
    let params = captures.iter().map(|(name, param)| {
        let value = match param {
            Param::Text(text) => json!(text),
            Param::List(list) => list.iter().map(Value::from).collect(),
        };
        (name.to_owned(), value)
    });
    Value::Object(params.collect::<Map<_, _>>())
}

#[test]
fn patterns_match_what_path_to_regexp_matches() {
    let Some(mut node) = Node::start("patterns_match_what_path_to_regexp_matches") else { return };
    let mut random = Random::new(3);
    let mut counts = Counts::default();
    let mut asked = 0;
    while asked < QUESTIONS {
        let (source, path) = (pattern(&mut random, TOKENS), path(&mut random));
        if !is_canonical(&path) {
            continue;
        }
        asked += 1;
        let mut answer = node.ask(&json!({"ask": "match", "pattern": source, "path": path}));
        if let Some(params) = answer["params"].as_object_mut() {
            // Groups without a name.
            params.retain(|name, _| !name.bytes().all(|byte| byte.is_ascii_digit()));
        }
        let difference = match (Pattern::new(&source, Case::Insensitive), answer["error"].as_str())
        {
            (Ok(pattern), None) if captures(&pattern, &path) == answer["params"] => {
                counts.same(if answer["params"].is_null() { "no match" } else { "match" });
                continue;
            }
            (Ok(pattern), None) => captures(&pattern, &path).to_string(),
            (Err(error), Some(theirs)) => match error.kind() {
                _ if error.to_string().starts_with(theirs) => {
                    counts.same("error, in the same words");
                    continue;
                }
                PatternErrorKind::Expression(_) => {
                    counts.differs(EXPRESSION_ERROR);
                    continue;
                }
                _ => {
                    counts.differs(OTHER_ERROR);
                    continue;
                }
            },
            (Err(error), None) => match error.kind() {
                PatternErrorKind::Expression(_) => {
                    counts.differs(UNSUPPORTED);
                    continue;
                }
                _ => error.to_string(),
            },
            (Ok(_), Some(_)) => "a pattern".to_owned(),
        };
        panic!("{source} on {path}\nours:   {difference}\ntheirs: {answer}");
    }
    counts.print("patterns against path-to-regexp@6.3.0");
}

#[test]
fn destinations_are_filled_in_as_path_to_regexp_does() {
    let Some(mut node) = Node::start("destinations_are_filled_in_as_path_to_regexp_does") else {
        return;
    };
    let mut random = Random::new(4);
    let mut counts = Counts::default();
    for _ in 0..QUESTIONS {
        let destination = pattern(&mut random, DESTINATION_TOKENS);
        let list: Vec<_> =
            (0..random.below(3)).map(|_| random.pick(&["a", "b-c", "%C3%A9", "x.y"])).collect();
        let tail: String = list.iter().map(|element| format!("/{element}")).collect();
        let path = CanonicalPath::from_owned(format!("/in/one/two{tail}")).unwrap();
        let mut params = json!({"p": "one", "r": "two"});
        if !list.is_empty() {
            params["q"] = json!(list);
        }
        let question = json!({"ask": "compile", "pattern": destination, "params": params});
        let answer = node.ask(&question);
        let (theirs, error) = (answer["text"].as_str(), answer["error"].as_str());

        let rule = RewriteRule::new("/in/:p/:r/:q*", format!("http://up.test{destination}"));
        let Ok(rewrites) = Rewrites::builder().after_files([rule]).build() else {
            match theirs {
                None => counts.same("error"),
                // Found when the rule is built, for all requests at once.
                Some(_) => counts.differs(NOT_CANONICAL),
            }
            continue;
        };
        let headers: [(&str, &str); 0] = [];
        let request = RouteRequest { path: &path, query: None, headers: &headers };
        let routed = rewrites.route(&request, &|_| Served::Nothing);
        let ours = match &routed {
            Ok(routed) => match &routed.target {
                Target::External(url) => Ok(url.path.as_str()),
                target => panic!("{destination} leads to {target:?}"),
            },
            Err(error) => Err(error),
        };
        match (ours, theirs) {
            (Ok(ours), Some(theirs)) if ours == theirs || theirs.is_empty() && ours == "/" => {
                counts.same("text");
            }
            (Ok(_), None) if error.is_some_and(|error| error.starts_with("Expected")) => {
                counts.differs(ABSENT);
            }
            (Err(_), Some(theirs)) if !is_canonical(theirs) => counts.differs(NOT_CANONICAL),
            (ours, _) => panic!("{question}\nours:   {ours:?}\ntheirs: {answer}"),
        }
    }
    counts.print("destinations against path-to-regexp@6.3.0");
}
