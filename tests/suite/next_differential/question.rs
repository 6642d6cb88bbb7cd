//! A configuration and a request, as both sides understand them.

use super::{
    random::Random,
    source::{self, Source},
};
use portcullis_core::rewrite;
use serde_json::{Map, Value, json};

#[derive(Clone, Debug, Default)]
pub(super) struct Question {
    /// `beforeFiles`, `afterFiles` and `fallback`.
    pub(super) lists: [Vec<Rule>; 3],
    pub(super) matcher: Vec<Entry>,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) base_path: &'static str,
    pub(super) files: Vec<&'static str>,
    pub(super) pages: Vec<&'static Page>,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) has: Vec<Condition>,
    pub(super) missing: Vec<Condition>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) source: String,
    pub(super) has: Vec<Condition>,
    pub(super) missing: Vec<Condition>,
}

#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) kind: &'static str,
    pub(super) key: &'static str,
    pub(super) value: Option<String>,
}

/// A page with a parameter in its path, in the two languages.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) source: &'static str,
    pub(super) expression: &'static str,
}

const PAGES: [&Page; 3] = [
    &Page { source: "/api/auth/:any", expression: "^/api/auth/[^/]+/?$" },
    &Page { source: "/to/:any", expression: "^/to/[^/]+/?$" },
    &Page { source: "/v1/:any*", expression: "^/v1(/[^/]+)*/?$" },
];

pub(super) const PHASES: [&str; 3] = ["beforeFiles", "afterFiles", "fallback"];

impl Question {
    /// A list of rules and a request.
    pub(super) fn of_rules(random: &mut Random) -> Self {
        let mut question = Self::default();
        let mut samples = Vec::new();
        for _ in 0..1 + random.below(4) {
            let list = if random.chance(60) { 1 } else { random.below(3) };
            let source = source::source(random);
            question.lists[list].push(rule(random, &source));
            samples.push(source.sample);
        }
        if random.chance(40) {
            question.files = (0..=random.below(2))
                .map(|_| random.pick(&["/", "/a", "/to", "/api", "/v1/a", "/to/v1"]))
                .collect();
        }
        if random.chance(30) {
            question.pages.push(random.pick(&PAGES));
        }
        question.request(random, &samples);
        question
    }

    /// A matcher and a request.
    pub(super) fn of_matcher(random: &mut Random) -> Self {
        let mut question = Self::default();
        let mut samples = Vec::new();
        for _ in 0..1 + random.below(2) {
            let source = source::source(random);
            let has = if random.chance(10) { vec![condition(random)] } else { Vec::new() };
            let missing = if random.chance(5) { vec![condition(random)] } else { Vec::new() };
            question.matcher.push(Entry { source: source.text, has, missing });
            samples.push(source.sample);
        }
        question.request(random, &samples);
        if random.chance(5) {
            question.path.push_str(random.pick(&[".json", ".rsc"]));
        }
        question
    }

    fn request(&mut self, random: &mut Random, samples: &[String]) {
        let sample = samples.get(random.below(samples.len()));
        self.path = source::path(random, sample.map(String::as_str));
        if random.chance(10) {
            self.base_path = "/docs";
            if random.chance(85) {
                let path = if self.path == "/" { "" } else { &*self.path };
                self.path = format!("/docs{path}");
            }
        }
        if random.chance(40) {
            self.query = Some(
                random
                    .pick(&[
                        "",
                        "x=1",
                        "x=1&y=2",
                        "y=2&x=1&y=3",
                        "flag",
                        "x=a%20b+c",
                        "p=0",
                        "k=%26&z",
                        "x=%C3%A9",
                        "x=&p=1&p=2",
                        "q=a%3Db",
                        "9=a&8=b",
                    ])
                    .to_owned(),
            );
        }
        self.headers
            .push(("host", random.pick(&["app.test", "APP.test:3000", "b.test"]).to_owned()));
        if random.chance(40) {
            let value = random.pick(&["1", "10", "abc", "xabc", "a/b", "a&b=c", "../x", "b-7", ""]);
            self.headers.push(("x-one", value.to_owned()));
        }
        if random.chance(30) {
            let value = random.pick(&["c=1", "c=abc; d=2", "d=x; c=\"q\"", "c=a%20b"]);
            self.headers.push(("cookie", value.to_owned()));
        }
    }

    /// The request target.
    pub(super) fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// The question as the driver reads it.
    pub(super) fn to_json(&self, ask: &str) -> Value {
        let rules = PHASES.iter().zip(&self.lists).map(|(phase, list)| {
            let rules = list.iter().map(|rule| {
                let mut object = conditions_json(&rule.has, &rule.missing);
                object.insert("source".to_owned(), json!(rule.source));
                object.insert("destination".to_owned(), json!(rule.destination));
                Value::Object(object)
            });
            ((*phase).to_owned(), rules.collect::<Value>())
        });
        let matcher = self.matcher.iter().map(|entry| {
            let mut object = conditions_json(&entry.has, &entry.missing);
            object.insert("source".to_owned(), json!(entry.source));
            Value::Object(object)
        });
        let pages = self
            .pages
            .iter()
            .map(|page| json!({ "source": page.source, "expression": page.expression }));
        json!({
            "ask": ask,
            "rules": rules.collect::<Map<_, _>>(),
            "matcher": matcher.collect::<Value>(),
            "target": self.target(),
            "headers": self.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<Map<_, _>>(),
            "basePath": self.base_path,
            "files": self.files,
            "pages": pages.collect::<Value>(),
        })
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.lists.iter().flatten()
    }

    pub(super) fn conditions_mut(&mut self) -> impl Iterator<Item = &mut Condition> {
        let rules = self.lists.iter_mut().flatten();
        let rules = rules.flat_map(|rule| rule.has.iter_mut().chain(&mut rule.missing));
        let entries = self.matcher.iter_mut();
        rules.chain(entries.flat_map(|entry| entry.has.iter_mut().chain(&mut entry.missing)))
    }

    /// Questions with one thing less.
    pub(super) fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        let mut without = |change: &dyn Fn(&mut Self)| {
            let mut question = self.clone();
            change(&mut question);
            smaller.push(question);
        };
        for list in 0..3 {
            for rule in 0..self.lists[list].len() {
                without(&|question| drop(question.lists[list].remove(rule)));
                for has in 0..self.lists[list][rule].has.len() {
                    without(&|question| drop(question.lists[list][rule].has.remove(has)));
                }
                for missing in 0..self.lists[list][rule].missing.len() {
                    without(&|question| drop(question.lists[list][rule].missing.remove(missing)));
                }
            }
        }
        for entry in 0..self.matcher.len() {
            without(&|question| drop(question.matcher.remove(entry)));
            for has in 0..self.matcher[entry].has.len() {
                without(&|question| drop(question.matcher[entry].has.remove(has)));
            }
            for missing in 0..self.matcher[entry].missing.len() {
                without(&|question| drop(question.matcher[entry].missing.remove(missing)));
            }
        }
        for header in 0..self.headers.len() {
            without(&|question| drop(question.headers.remove(header)));
        }
        if self.query.is_some() {
            without(&|question| question.query = None);
        }
        if !self.files.is_empty() || !self.pages.is_empty() {
            without(&|question| {
                question.files.clear();
                question.pages.clear();
            });
        }
        if let Some(path) = self.path.strip_prefix(self.base_path)
            && !self.base_path.is_empty()
            && path.starts_with('/')
        {
            without(&|question| {
                question.path = path.to_owned();
                question.base_path = "";
            });
        }
        smaller
    }
}

fn rule(random: &mut Random, source: &Source) -> Rule {
    let origin = match random.below(12) {
        0..4 => "",
        4..8 => "http://up.test",
        8..10 => "https://Up.test:8443",
        10 => "http://up.test:80",
        _ if source.params.first().is_some_and(|param| param.modifier.is_empty()) => {
            "http://:p.up.test"
        }
        _ => "http://up.test",
    };
    let mut destination = origin.to_owned();
    destination.push_str(&source::destination_path(random, &source.params));
    if destination.is_empty() {
        destination.push('/');
    }
    let mut has: Vec<Condition> = Vec::new();
    while random.chance(if has.is_empty() { 18 } else { 25 }) {
        has.push(condition(random));
    }
    let missing = if random.chance(6) { vec![condition(random)] } else { Vec::new() };
    if has.iter().any(Condition::captures_h) && random.chance(50) {
        destination.push_str("/:h");
    }
    if !destination.contains('#') {
        destination.push_str(&source::destination_query(random, &source.params));
    }
    Rule { source: source.text.clone(), destination, has, missing }
}

fn condition(random: &mut Random) -> Condition {
    let (kind, key) =
        [("header", "x-one"), ("header", "X-One"), ("cookie", "c"), ("query", "x"), ("host", "")]
            [random.below(5)];
    let value = match kind {
        "host" => Some(random.pick(&["app.test", "(?<h>[a-z]+)\\.test", "b.test|c.test"])),
        _ if random.chance(30) => None,
        _ => Some(random.pick(&["(?<h>.*)", "1", "a.*", "[a-z]+", "(?<h>[a-z]+)-(\\d)", "1|abc"])),
    };
    Condition { kind, key, value: value.map(str::to_owned) }
}

impl Condition {
    pub(super) fn captures_h(&self) -> bool {
        self.value.as_ref().is_some_and(|value| value.contains("(?<h>"))
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("type".to_owned(), json!(self.kind));
        if !self.key.is_empty() {
            object.insert("key".to_owned(), json!(self.key));
        }
        if let Some(value) = &self.value {
            object.insert("value".to_owned(), json!(value));
        }
        Value::Object(object)
    }

    pub(super) fn to_ours(&self) -> rewrite::Condition {
        let condition = match self.kind {
            "header" => rewrite::Condition::header(self.key),
            "cookie" => rewrite::Condition::cookie(self.key),
            "query" => rewrite::Condition::query(self.key),
            _ => return rewrite::Condition::host(self.value.clone().unwrap_or_default()),
        };
        match &self.value {
            Some(value) => condition.value(value),
            None => condition,
        }
    }
}

fn conditions_json(has: &[Condition], missing: &[Condition]) -> Map<String, Value> {
    let mut object = Map::new();
    for (name, list) in [("has", has), ("missing", missing)] {
        if !list.is_empty() {
            let list: Value = list.iter().map(Condition::to_json).collect();
            object.insert(name.to_owned(), list);
        }
    }
    object
}
