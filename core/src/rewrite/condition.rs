//! Conditions, compiled, and what they capture.

use super::{
    error::{ConditionProblem, Problem},
    rule::{Condition, Subject},
};
use crate::{
    http::{Cookies, HeaderView, Query},
    path::decode_escape,
    pattern::ValuePattern,
};
use alloc::{
    borrow::{Cow, ToOwned as _},
    string::{String, ToString as _},
    vec::Vec,
};

/// The conditions of a rule or of an entry of a matcher.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    has: Vec<Check>,
    missing: Vec<Check>,
}

#[derive(Clone, Debug)]
struct Check {
    subject: Subject,
    value: Option<ValuePattern>,
    /// The parameter that holds the whole value.
    whole: Option<String>,
}

/// Parameters that conditions captured: name and plain text.
#[derive(Clone, Debug, Default)]
pub(super) struct Captured<'r>(Vec<(&'r str, String)>);

impl Captured<'_> {
    /// The parameter `name`; the last of several with the same name counts.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(candidate, _)| *candidate == name).map(|(_, text)| &**text)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (*name, &**text))
    }
}

impl Conditions {
    /// Compiles conditions; every problem is added to `problems`.
    pub(super) fn new(
        has: &[Condition],
        missing: &[Condition],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut compile = |list: &'static str, conditions: &[Condition]| {
            let mut checks = Vec::new();
            for condition in conditions {
                match Check::new(condition) {
                    Ok(check) => checks.push(check),
                    Err(problem) => {
                        let item = condition.to_string();
                        problems.push(Problem::Condition { list, item, problem });
                    }
                }
            }
            checks
        };
        Self { has: compile("has", has), missing: compile("missing", missing) }
    }

    /// The names of the parameters that the conditions yield.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.has.iter().flat_map(|check| {
            let groups = check.value.iter().flat_map(ValuePattern::names);
            groups.chain(check.whole.as_deref())
        })
    }

    /// What the conditions capture, if all of `has` and none of `missing` hold. Adds to `steps`.
    pub(super) fn check(
        &self,
        headers: &dyn HeaderView,
        query: Option<&str>,
        steps: &mut u64,
    ) -> Option<Captured<'_>> {
        let mut captured = Captured::default();
        for check in &self.has {
            if !check.holds(headers, query, &mut captured, steps) {
                return None;
            }
        }
        for check in &self.missing {
            if check.holds(headers, query, &mut Captured::default(), steps) {
                return None;
            }
        }
        Some(captured)
    }
}

impl Check {
    fn new(condition: &Condition) -> Result<Self, ConditionProblem> {
        let key = match &condition.subject {
            Subject::Header(key) | Subject::Cookie(key) | Subject::Query(key) => {
                if key.is_empty() {
                    return Err(ConditionProblem::KeyMissing);
                }
                key
            }
            Subject::Host => "host",
        };
        let value = condition.value.as_deref().filter(|value| !value.is_empty());
        if value.is_none() && condition.subject == Subject::Host {
            return Err(ConditionProblem::HostValueMissing);
        }
        let value = value.map(ValuePattern::new).transpose().map_err(ConditionProblem::Value)?;
        // The parameter for the whole value has only the letters of the key for its name.
        let wants_whole = match &value {
            None => true,
            Some(value) => condition.subject == Subject::Host && value.names().next().is_none(),
        };
        let letters = key.chars().filter(char::is_ascii_alphabetic);
        let name: String = match &condition.subject {
            Subject::Header(_) => letters.map(|letter| letter.to_ascii_lowercase()).collect(),
            _ => letters.collect(),
        };
        let whole = Some(name).filter(|name| wants_whole && !name.is_empty());
        Ok(Self { subject: condition.subject.clone(), value, whole })
    }

    fn holds<'r>(
        &'r self,
        headers: &dyn HeaderView,
        query: Option<&str>,
        captured: &mut Captured<'r>,
        steps: &mut u64,
    ) -> bool {
        let (text, repeated) = match &self.subject {
            Subject::Header(name) => (header(headers, name), false),
            Subject::Cookie(name) => (cookie(headers, name), false),
            Subject::Query(name) => last_of_query(query, name),
            Subject::Host => (host(headers), false),
        };
        // An empty value counts as none, but for one that is there several times.
        let Some(text) = text.filter(|text| repeated || !text.is_empty()) else { return false };
        let groups = match &self.value {
            None => None,
            Some(value) => {
                let Some(groups) = value.captures_counted(&text, steps) else { return false };
                Some(groups)
            }
        };
        if let Some(groups) = groups {
            captured.0.extend(groups.iter().map(|(name, text)| (name, text.to_owned())));
        }
        captured.0.extend(self.whole.as_deref().map(|name| (name, text.into_owned())));
        true
    }
}

/// The lines of a field, joined.
fn header<'h>(headers: &'h dyn HeaderView, name: &str) -> Option<Cow<'h, str>> {
    let separator = if name.eq_ignore_ascii_case("cookie") { "; " } else { ", " };
    let mut joined: Option<Cow<'h, str>> = None;
    headers.each_value(name, &mut |value| {
        let value = latin1(value);
        joined = Some(match joined.take() {
            None => value,
            Some(before) => {
                let mut text = before.into_owned();
                text.push_str(separator);
                text.push_str(&value);
                Cow::Owned(text)
            }
        });
    });
    joined
}

/// Field bytes as text (RFC 9110 §5.5: historically Latin-1).
fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// The first cookie of that name, without quotes, and decoded if its escapes can be.
fn cookie<'h>(headers: &'h dyn HeaderView, name: &str) -> Option<Cow<'h, str>> {
    let mut found = None;
    Cookies::of(headers).each(&mut |candidate, value| {
        if found.is_none() && candidate == name.as_bytes() {
            found = Some(value);
        }
    });
    let value = found?;
    let value =
        value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
    let text = latin1(value);
    Some(match decode_component(&text) {
        Some(decoded) => Cow::Owned(decoded),
        None => text,
    })
}

/// `None` if there is nothing to decode, or something that does not decode to UTF-8.
fn decode_component(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => decode_escape(bytes.next(), bytes.next())?,
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

/// The last parameter of that name, and whether there are several.
fn last_of_query<'q>(query: Option<&'q str>, name: &str) -> (Option<Cow<'q, str>>, bool) {
    let mut values = Query::new(query.unwrap_or_default())
        .pairs()
        .filter(|(candidate, _)| candidate == name)
        .map(|(_, value)| value);
    let first = values.next();
    match values.last() {
        None => (first, false),
        last => (last, true),
    }
}

/// The host name of the request, in lower case, without port and final dot.
fn host(headers: &dyn HeaderView) -> Option<Cow<'_, str>> {
    let mut host = header(headers, "host")?.into_owned();
    host.make_ascii_lowercase();
    let end = match host.find(']') {
        Some(bracket) if host.starts_with('[') => bracket.saturating_add(1),
        _ => host.find(':').unwrap_or(host.len()),
    };
    host.truncate(end);
    if host.ends_with('.') {
        host.pop();
    }
    Some(Cow::Owned(host))
}
