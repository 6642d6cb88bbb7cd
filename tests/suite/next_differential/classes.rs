//! Where we differ from Next.js on purpose.
//!
//! A difference belongs to a class if the class explains it: either by what the two sides say, or
//! because both agree once the question is put without the thing that the class is about. Whatever
//! belongs to none fails the test.

use super::{
    answer::{Answers, Ours, Theirs, is_canonical, values},
    node::Node,
    question::Question,
};
use crate::documentation::REWRITES_AND_MATCHERS;
use portcullis_core::{
    path::CanonicalPath,
    rewrite::{DestinationError, Problem, RouteErrorKind},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// How often both sides agreed on what, and how often each class explained a difference.
#[derive(Debug, Default)]
pub(super) struct Counts {
    same: BTreeMap<String, usize>,
    classes: BTreeMap<&'static str, (usize, &'static str)>,
}

impl Counts {
    pub(super) fn same(&mut self, outcome: &str) {
        *self.same.entry(outcome.to_owned()).or_default() += 1;
    }

    pub(super) fn differs(&mut self, class: Class) {
        self.classes.entry(class.name).or_insert((0, class.reason)).0 += 1;
    }

    pub(super) fn print(&self, what: &str) {
        let same: usize = self.same.values().sum();
        let differing: usize = self.classes.values().map(|(count, _)| count).sum();
        println!("{what}: {} asked, {same} the same, {differing} in classes", same + differing);
        for (outcome, count) in &self.same {
            println!("  {count:>6}  the same: {outcome}");
        }
        for (name, (count, reason)) in &self.classes {
            println!("  {count:>6}  {name}: {reason}");
            let documented = REWRITES_AND_MATCHERS.contains(&format!("\n| `{name}` | "));
            assert!(documented, "the user documentation does not explain {name}");
        }
    }
}

/// A kind of difference that is meant to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) reason: &'static str,
}

pub(super) const fn class(name: &'static str, reason: &'static str) -> Class {
    Class { name, reason }
}

pub(super) const AMBIGUOUS_TARGET: Class = class(
    "ambiguous-target",
    "a target that two servers could read differently is refused, not redirected, resolved or \
     passed on",
);
const UNUSABLE_AT_START: Class = class(
    "unusable-at-start",
    "a destination that can't be filled in, or not for every request, is refused when the rules \
     are built",
);
const UNFILLABLE: Class = class(
    "unfillable-request",
    "a request is refused that would turn the destination into a path that is not canonical, or \
     outside its fixed prefix, or into no host name",
);
const ABSENT: Class =
    class("absent-parameter", "a parameter that took nothing leaves nothing, and is no error");
pub(super) const BASE_PATH: Class = class(
    "base-path-itself",
    "the base path alone is the path `/` below it, on both sides of a rule",
);
const QUERY_BYTES: Class = class(
    "query-bytes",
    "the query of the request keeps its bytes and its order; only what a rule adds is written anew",
);
const NOT_APPENDED: Class = class(
    "has-not-appended",
    "what `has` captured goes where the destination names it, and never into the query unasked",
);

/// A class of differences that are gone once a question is put without what the class is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Without {
    pub(super) class: Class,
    pub(super) take_out: fn(&mut Question),
}

pub(super) const PLAIN_ESCAPES: Without = Without {
    class: class(
        "escapes-of-plain-characters",
        "an escape of an unreserved character is that character, for every rule and matcher",
    ),
    take_out: |question| {
        if let Ok(path) = CanonicalPath::parse(&question.path) {
            question.path = path.to_string();
        }
        let plain = |source: &mut String| *source = source.replace("%61", "a").replace("%7E", "~");
        question.lists.iter_mut().flatten().for_each(|rule| plain(&mut rule.source));
        question.matcher.iter_mut().for_each(|entry| plain(&mut entry.source));
    },
};

pub(super) const WHOLE_VALUE: Without = Without {
    class: class(
        "whole-value",
        "the value of a condition is compared as a whole, alternatives included",
    ),
    take_out: |question| {
        for condition in question.conditions_mut() {
            if let Some(value) = condition.value.as_mut().filter(|value| value.contains('|')) {
                *value = format!("(?:{value})");
            }
        }
    },
};

const IN_RULES: [Without; 4] = [
    PLAIN_ESCAPES,
    WHOLE_VALUE,
    Without {
        class: BASE_PATH,
        take_out: |question| {
            if !question.base_path.is_empty() && question.path == question.base_path {
                question.path.push('/');
            }
            for rule in question.lists.iter_mut().flatten() {
                let destination = &rule.destination;
                if destination == "/" || destination.starts_with("/?") {
                    rule.destination.insert_str(1, "to");
                }
            }
        },
    },
    Without {
        class: class(
            "encoded-for-its-place",
            "parameters are encoded for the place in the destination that they land in",
        ),
        take_out: |question| {
            question.path = plain(&question.path, "/");
            for (name, value) in &mut question.headers {
                let kept = if *name == "cookie" { "=; " } else { "." };
                *value = plain(value, kept);
            }
            for rule in question.lists.iter_mut().flatten() {
                rule.source = plain_literals(&rule.source);
            }
            if let Some(query) = &mut question.query {
                *query = plain(query, "=&");
            }
        },
    },
];

/// `text` with nothing but letters, digits and what is in `kept`.
fn plain(text: &str, kept: &str) -> String {
    text.chars()
        .map(|char| if char.is_ascii_alphanumeric() || kept.contains(char) { char } else { '-' })
        .collect()
}

/// The source of a rule whose literal text is as plain as [`plain`] makes paths.
fn plain_literals(source: &str) -> String {
    source.replace(['&', '=', ';', ',', '@', '%'], "-").replace("a+b", "a-b").replace("a.b", "a-b")
}

/// The class of a difference in rules; `None` if there is none for it.
pub(super) fn class_of(question: &Question, answers: &Answers, node: &mut Node) -> Option<Class> {
    by_answers(question, answers).or_else(|| {
        explained_by(&IN_RULES, question, &mut |question| {
            let answers = Answers::to(question, node);
            answers.agree() || by_answers(question, &answers).is_some()
        })
    })
}

/// The class without whose thing both sides `agree`, on its own or on top of those before it.
pub(super) fn explained_by(
    classes: &[Without],
    question: &Question,
    agree: &mut dyn FnMut(&Question) -> bool,
) -> Option<Class> {
    let mut together = question.clone();
    classes.iter().find_map(|Without { class, take_out }| {
        let mut alone = question.clone();
        take_out(&mut alone);
        take_out(&mut together);
        (agree(&alone) || agree(&together)).then_some(*class)
    })
}

fn by_answers(question: &Question, Answers { ours, theirs }: &Answers) -> Option<Class> {
    match (ours, theirs) {
        (Ours::Refused(_), _) if is_suspicious(&question.path) => Some(AMBIGUOUS_TARGET),
        (Ours::Invalid(error), Theirs::Goes(_) | Theirs::Error(_)) => {
            let mut problems = error.rules().iter().flat_map(|rule| &rule.problems);
            problems.all(is_about_the_destination).then_some(UNUSABLE_AT_START)
        }
        (Ours::Unfillable(_), Theirs::Error(_)) => Some(UNFILLABLE),
        (Ours::Unfillable(error), Theirs::Goes(goes)) => {
            let is_label = |value: &Value| {
                let text = value.as_str().unwrap_or_default();
                !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
            };
            let explained = match error.kind {
                RouteErrorKind::Host => !goes.params.values().all(is_label),
                _ => !is_canonical(&goes.path),
            };
            explained.then_some(UNFILLABLE)
        }
        (Ours::Goes(_), Theirs::Error(error)) => {
            let absent = error.starts_with("Expected \"") && error.ends_with("to be a string");
            absent.then_some(ABSENT)
        }
        (Ours::Goes(ours), Theirs::Goes(theirs)) => {
            let mut theirs = theirs.clone();
            let is_root = !question.base_path.is_empty() && ours.path == question.base_path;
            let slash_only = is_root && theirs.path.strip_suffix('/') == Some(&*ours.path);
            if slash_only {
                theirs.path.pop();
            }
            let same = (&ours.kind, &ours.origin, &ours.path, ours.rule)
                == (&theirs.kind, &theirs.origin, &theirs.path, theirs.rule);
            if !same {
                return None;
            }
            if slash_only && values(&ours.search) == values(&theirs.search) {
                return Some(BASE_PATH);
            }
            let theirs_search = without_absent(&theirs.search);
            if values(&ours.search) == values(&theirs_search) && theirs_search != theirs.search {
                return Some(ABSENT);
            }
            let captured = captured_names(question);
            let without_captures = |search: &str| {
                let mut values = values(search);
                values.retain(|name, _| !captured.contains(name));
                values
            };
            (without_captures(&ours.search) == without_captures(&theirs_search))
                .then_some(NOT_APPENDED)
        }
        _ => None,
    }
}

/// The names of the parameters that conditions yield.
fn captured_names(question: &Question) -> Vec<String> {
    let conditions = question.rules().flat_map(|rule| &rule.has);
    conditions
        .flat_map(|condition| {
            let key = if condition.kind == "host" { "host" } else { condition.key };
            let key: String = key.chars().filter(char::is_ascii_alphabetic).collect();
            let key = if condition.kind == "header" { key.to_lowercase() } else { key };
            [key, "h".to_owned()]
        })
        .collect()
}

/// A query without the places that are left of parameters that were not there.
fn without_absent(search: &str) -> String {
    let mut text = search.to_owned();
    for name in ["p", "q", "r", "s", "t"] {
        text = text.replace(&format!(":{name}*"), "").replace(&format!(":{name}"), "");
    }
    text
}

/// Whether two sides that agree wrote the same query with other bytes.
pub(super) fn differs_in_bytes(answers: &Answers) -> Option<Class> {
    match answers {
        Answers { ours: Ours::Goes(ours), theirs: Theirs::Goes(theirs) } => {
            (ours.search != theirs.search).then_some(QUERY_BYTES)
        }
        _ => None,
    }
}

fn is_about_the_destination(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::MultiMatch(_)
            | Problem::OptionalHostParam(_)
            | Problem::UnknownParams(_)
            | Problem::UnnamedParams(_)
            | Problem::Destination(
                DestinationError::Path(_)
                    | DestinationError::HostParameter
                    | DestinationError::Pattern(_)
            )
    )
}

/// Whether a path holds anything that is known to be read in more than one way.
pub(super) fn is_suspicious(path: &str) -> bool {
    let lower = path.to_ascii_lowercase().replace("%2e", ".");
    let parts = ["//", "\\", "%2f", "%5c", "%00", "%zz", "%ff", "%%", ".;", ";."];
    parts.iter().any(|part| lower.contains(part))
        || lower.split('/').any(|segment| matches!(segment, "." | ".."))
        || has_bad_escape(path)
}

/// Whether an escape is malformed, or decodes to something other than UTF-8.
fn has_bad_escape(path: &str) -> bool {
    let mut decoded = Vec::new();
    let mut pieces = path.split('%');
    decoded.extend(pieces.next().unwrap_or_default().bytes());
    for piece in pieces {
        let Some(byte) = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok())
        else {
            return true;
        };
        decoded.push(byte);
        decoded.extend(piece.bytes().skip(2));
    }
    String::from_utf8(decoded).is_err()
}
