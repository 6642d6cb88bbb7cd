//! What the two sides answer, and whether it is the same.

use super::{
    node::Node,
    question::{PHASES, Question},
};
use portcullis_core::{
    http::Query,
    path::{CanonicalPath, PathError, RequestTarget},
    pattern::{Case, Pattern},
    rewrite::{
        Matcher, MatcherEntry, MatcherError, ParamValue, RewriteRule, Rewrites, RewritesError,
        RouteError, RouteRequest, Router, Served, Target,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Ours.
#[derive(Debug)]
#[allow(dead_code, reason = "shown by Debug where a difference is reported")]
pub(super) enum Ours {
    /// The rules can't be used.
    Invalid(RewritesError),
    /// The request is refused before any rule is asked.
    Refused(PathError),
    /// A rule applies that can't be filled in.
    Unfillable(RouteError),
    Goes(Goes),
}

/// Theirs.
#[derive(Debug)]
#[allow(dead_code, reason = "shown by Debug where a difference is reported")]
pub(super) enum Theirs {
    /// Refused when the server starts.
    Invalid(String),
    /// An error while the request is handled.
    Error(String),
    Goes(Goes),
}

/// Where a request goes, and why.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Goes {
    /// `external`, `local`, `none` or `redirect`.
    pub(super) kind: String,
    pub(super) origin: String,
    pub(super) path: String,
    /// With its `?`, as it is sent.
    pub(super) search: String,
    pub(super) rule: Option<(usize, usize)>,
    pub(super) params: BTreeMap<String, Value>,
}

/// The two sides of one question.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) ours: Ours,
    pub(super) theirs: Theirs,
}

impl Answers {
    pub(super) fn to(question: &Question, node: &mut Node) -> Self {
        Self { ours: ours(question), theirs: theirs(question, node) }
    }

    /// Whether both say the same; for a query, whether it has the same values.
    pub(super) fn agree(&self) -> bool {
        match (&self.ours, &self.theirs) {
            (Ours::Invalid(_), Theirs::Invalid(_)) => true,
            (Ours::Goes(ours), Theirs::Goes(theirs)) => {
                ours.without_search() == theirs.without_search()
                    && values(&ours.search) == values(&theirs.search)
            }
            _ => false,
        }
    }
}

impl Goes {
    fn without_search(&self) -> Self {
        Self { search: String::new(), ..self.clone() }
    }
}

/// The values of a query by name.
pub(super) fn values(search: &str) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in Query::new(search.strip_prefix('?').unwrap_or(search)).pairs() {
        values.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    values
}

pub(super) fn rewrites(question: &Question) -> Result<Rewrites, RewritesError> {
    let list = |number: usize| {
        question.lists[number].iter().map(|rule| {
            let written = RewriteRule::new(&rule.source, &rule.destination);
            let written = rule.has.iter().fold(written, |r, has| r.has(has.to_ours()));
            rule.missing.iter().fold(written, |r, missing| r.missing(missing.to_ours()))
        })
    };
    Rewrites::builder()
        .base_path(question.base_path)
        .before_files(list(0))
        .after_files(list(1))
        .fallback(list(2))
        .build()
}

pub(super) fn matcher(question: &Question) -> Result<Matcher, MatcherError> {
    let entries = question.matcher.iter().map(|entry| {
        let written = MatcherEntry::new(&entry.source);
        let written = entry.has.iter().fold(written, |e, has| e.has(has.to_ours()));
        entry.missing.iter().fold(written, |e, missing| e.missing(missing.to_ours()))
    });
    Matcher::builder().base_path(question.base_path).entries(entries).build()
}

fn ours(question: &Question) -> Ours {
    let rewrites = match rewrites(question) {
        Ok(rewrites) => rewrites,
        Err(error) => return Ours::Invalid(error),
    };
    let target = question.target();
    let target = match RequestTarget::parse(&target) {
        Ok(target) => target,
        Err(error) => return Ours::Refused(error),
    };
    let base_path = question.base_path;
    let files = question.files.clone();
    let pages: Vec<_> = question
        .pages
        .iter()
        .map(|page| Pattern::new(page.source, Case::Sensitive).unwrap())
        .collect();
    let router = Router::new(rewrites, None, move |path| {
        let below = match path.strip_prefix(base_path) {
            Some("") => "/",
            Some(below) => below,
            None => return Served::Nothing,
        };
        if files.contains(&below) {
            Served::File
        } else if pages.iter().any(|page| page.is_match(below)) {
            Served::Page
        } else {
            Served::Nothing
        }
    });
    let request =
        RouteRequest { path: &target.path, query: target.query, headers: &question.headers };
    let explanation = router.explain(&request).rules;
    let routed = match explanation.result {
        Ok(routed) => routed,
        Err(error) => return Ours::Unfillable(error),
    };
    let search = |query: Option<&str>| query.map_or_else(String::new, |query| format!("?{query}"));
    let mut goes = match &routed.target {
        Target::External(url) => Goes {
            kind: "external".to_owned(),
            origin: format!("{}://{}", url.scheme.as_str(), url.authority),
            path: url.path.to_string(),
            search: search(url.query.as_deref()),
            ..Goes::default()
        },
        Target::Local(url) => Goes {
            kind: "local".to_owned(),
            path: url.path.to_string(),
            search: search(url.query.as_deref()),
            ..Goes::default()
        },
        Target::None => Goes {
            kind: "none".to_owned(),
            path: target.path.to_string(),
            search: search(target.query),
            ..Goes::default()
        },
    };
    if let Some(applied) = explanation.applied.last() {
        let phase = PHASES.iter().position(|phase| *phase == applied.rule.phase.as_str());
        goes.rule = phase.map(|phase| (phase, applied.rule.index));
        for param in &applied.params {
            let value = match &param.value {
                ParamValue::Text(text) => json!(text),
                ParamValue::List(list) => json!(list),
            };
            goes.params.insert(param.name.clone(), value);
        }
    }
    Ours::Goes(goes)
}

fn theirs(question: &Question, node: &mut Node) -> Theirs {
    let answer = node.ask(&question.to_json("route"));
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let phase = PHASES.iter().position(|phase| answer["phase"] == *phase);
    let rule = phase.zip(answer["rule"].as_u64().and_then(|rule| usize::try_from(rule).ok()));
    let params = answer["params"].as_object().into_iter().flatten();
    match answer["kind"].as_str() {
        Some("invalid") => Theirs::Invalid(text("error")),
        Some("error") => Theirs::Error(text("error")),
        _ => Theirs::Goes(Goes {
            kind: text("kind"),
            origin: text("origin"),
            // Next.js reads an empty path as this one too.
            path: Some(text("path"))
                .filter(|path| !path.is_empty())
                .unwrap_or_else(|| "/".to_owned()),
            search: text("search"),
            rule,
            params: params.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }),
    }
}

/// Whether the canonical form of `path` is `path` itself.
pub(super) fn is_canonical(path: &str) -> bool {
    CanonicalPath::parse(path).is_ok_and(|canonical| canonical.as_str() == path)
}
