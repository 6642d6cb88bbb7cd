//! What a question asks, and how it is put to the core.

use super::answer::Answer;
use portcullis_core::{
    path::RequestTarget,
    pattern::{Case, Pattern},
    rewrite::{
        Condition, Matcher, MatcherEntry, RewriteRule, Rewrites, RouteRequest, Router, Served,
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap};

/// One line of the input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Question<'l> {
    #[serde(borrow)]
    pub(super) id: Option<&'l RawValue>,
    /// Rules and matchers do not look at it.
    #[serde(borrow)]
    method: Option<&'l RawValue>,
    #[serde(borrow)]
    url: Option<&'l RawValue>,
    #[serde(borrow)]
    headers: Option<&'l RawValue>,
    #[serde(borrow)]
    rules: Option<&'l RawValue>,
    #[serde(borrow)]
    matcher: Option<&'l RawValue>,
    #[serde(borrow)]
    base_path: Option<&'l RawValue>,
    #[serde(borrow)]
    files: Option<&'l RawValue>,
    #[serde(borrow)]
    pages: Option<&'l RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum FieldValues {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuleLists {
    before_files: Option<Vec<Rule>>,
    after_files: Option<Vec<Rule>>,
    fallback: Option<Vec<Rule>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rule {
    #[serde(default)]
    source: String,
    #[serde(default)]
    destination: String,
    #[serde(default)]
    has: Vec<ConditionText>,
    #[serde(default)]
    missing: Vec<ConditionText>,
    base_path: Option<bool>,
    locale: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    source: String,
    #[serde(default)]
    has: Vec<ConditionText>,
    #[serde(default)]
    missing: Vec<ConditionText>,
    locale: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum ConditionText {
    Header { key: String, value: Option<String> },
    Cookie { key: String, value: Option<String> },
    Query { key: String, value: Option<String> },
    Host { value: Option<String> },
}

impl<'l> Question<'l> {
    /// Reads a line, whatever is in it.
    pub(super) fn parse(line: &'l [u8]) -> Result<Self, String> {
        serde_json::from_slice(line).map_err(|error| format!("not a question: {error}"))
    }

    /// Puts the question to the core.
    pub(super) fn answer(&self) -> Result<Answer, String> {
        let method: String = read("method", self.method)?.unwrap_or_else(|| "GET".to_owned());
        if method.is_empty() {
            return Err("`method` is empty".to_owned());
        }
        let url: String = read("url", self.url)?.ok_or("`url` is missing")?;
        let router = self.router()?;
        let location = Location::of(&url);
        let headers = self.headers(location.host)?;
        Ok(match RequestTarget::parse(&location.target) {
            Err(error) => Answer::refused(error),
            Ok(RequestTarget { path, query }) => Answer::explained(router.explain(&RouteRequest {
                path: &path,
                query,
                headers: &headers,
            })),
        })
    }

    fn router(&self) -> Result<Router, String> {
        let base_path: String = read("basePath", self.base_path)?.unwrap_or_default();
        let lists = self.rule_lists()?;
        let compile = |list: Option<Vec<Rule>>| {
            list.into_iter().flatten().map(Rule::compile).collect::<Result<Vec<_>, _>>()
        };
        let rewrites = Rewrites::builder()
            .base_path(&base_path)
            .before_files(compile(lists.before_files)?)
            .after_files(compile(lists.after_files)?)
            .fallback(compile(lists.fallback)?)
            .build()
            .map_err(|error| error.to_string())?;
        let matcher = match self.matcher_entries()? {
            None => None,
            Some(entries) => {
                let builder = Matcher::builder().base_path(&base_path).entries(entries);
                Some(builder.build().map_err(|error| error.to_string())?)
            }
        };
        let served = ServedPaths {
            files: self.patterns("files", self.files, verbatim)?,
            pages: self.patterns("pages", self.pages, |page| Cow::Borrowed(page))?,
            base_path,
        };
        Ok(Router::new(rewrites, matcher, move |path| served.find(path)))
    }

    fn rule_lists(&self) -> Result<RuleLists, String> {
        if self.rules.is_some_and(|rules| rules.get().starts_with('[')) {
            return Ok(RuleLists {
                after_files: read("rules", self.rules)?,
                ..RuleLists::default()
            });
        }
        Ok(read("rules", self.rules)?.unwrap_or_default())
    }

    fn matcher_entries(&self) -> Result<Option<Vec<MatcherEntry>>, String> {
        let Some(matcher) = self.matcher else { return Ok(None) };
        let entry = |raw: &RawValue| match raw.get().starts_with('"') {
            true => from_raw::<String>("matcher", raw).map(MatcherEntry::from),
            false => from_raw::<Entry>("matcher", raw)?.compile(),
        };
        if matcher.get().starts_with('[') {
            let entries: Vec<Box<RawValue>> = from_raw("matcher", matcher)?;
            return entries.iter().map(|raw| entry(raw)).collect::<Result<_, _>>().map(Some);
        }
        Ok(Some(vec![entry(matcher)?]))
    }

    fn headers(&self, host: Option<&str>) -> Result<Vec<(String, Vec<u8>)>, String> {
        let fields: BTreeMap<String, FieldValues> =
            read("headers", self.headers)?.unwrap_or_default();
        let mut headers = Vec::new();
        for (name, values) in fields {
            match values {
                FieldValues::One(value) => headers.push((name, field_bytes(value))),
                FieldValues::Several(values) => {
                    headers.extend(values.into_iter().map(|v| (name.clone(), field_bytes(v))));
                }
            }
        }
        if let Some(host) = host
            && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            headers.push(("host".to_owned(), host.as_bytes().to_vec()));
        }
        Ok(headers)
    }

    fn patterns(
        &self,
        name: &str,
        raw: Option<&RawValue>,
        spell: fn(&str) -> Cow<'_, str>,
    ) -> Result<Vec<Pattern>, String> {
        let sources: Vec<String> = read(name, raw)?.unwrap_or_default();
        let compile = |source: &String| {
            Pattern::new(&spell(source), Case::Sensitive)
                .map_err(|error| format!("`{name}`: \"{source}\": {error}"))
        };
        sources.iter().map(compile).collect()
    }
}

/// What the application serves, below its base path.
struct ServedPaths {
    files: Vec<Pattern>,
    pages: Vec<Pattern>,
    base_path: String,
}

impl ServedPaths {
    fn find(&self, path: &str) -> Served {
        let below = match path.strip_prefix(&self.base_path) {
            Some("") => "/",
            Some(below) if below.starts_with('/') => below,
            _ => return Served::Nothing,
        };
        if self.files.iter().any(|file| file.is_match(below)) {
            Served::File
        } else if self.pages.iter().any(|page| page.is_match(below)) {
            Served::Page
        } else {
            Served::Nothing
        }
    }
}

impl Rule {
    fn compile(self) -> Result<RewriteRule, String> {
        no_locale(self.locale)?;
        let mut rule = RewriteRule::new(self.source, self.destination);
        match self.base_path {
            None => {}
            Some(false) => rule = rule.outside_base_path(),
            Some(true) => return Err("`basePath` must be undefined or false".to_owned()),
        }
        for condition in self.has {
            rule = rule.has(condition.compile());
        }
        for condition in self.missing {
            rule = rule.missing(condition.compile());
        }
        Ok(rule)
    }
}

impl Entry {
    fn compile(self) -> Result<MatcherEntry, String> {
        no_locale(self.locale)?;
        let mut entry = MatcherEntry::new(self.source);
        for condition in self.has {
            entry = entry.has(condition.compile());
        }
        for condition in self.missing {
            entry = entry.missing(condition.compile());
        }
        Ok(entry)
    }
}

/// There are no locales here, so a rule may only say that it is not about one.
fn no_locale(locale: Option<bool>) -> Result<(), String> {
    match locale {
        Some(true) => Err("`locale` must be undefined or false".to_owned()),
        None | Some(false) => Ok(()),
    }
}

impl ConditionText {
    fn compile(self) -> Condition {
        let (condition, value) = match self {
            Self::Header { key, value } => (Condition::header(key), value),
            Self::Cookie { key, value } => (Condition::cookie(key), value),
            Self::Query { key, value } => (Condition::query(key), value),
            Self::Host { value } => return Condition::host(value.unwrap_or_default()),
        };
        match value {
            Some(value) => condition.value(value),
            None => condition,
        }
    }
}

fn read<T: DeserializeOwned>(name: &str, raw: Option<&RawValue>) -> Result<Option<T>, String> {
    raw.map(|raw| from_raw(name, raw)).transpose()
}

fn from_raw<T: DeserializeOwned>(name: &str, raw: &RawValue) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|error| format!("`{name}`: {error}"))
}

/// Text as it stands in a header field: Latin-1 where that is possible (RFC 9110 §5.5).
fn field_bytes(text: String) -> Vec<u8> {
    let latin1: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    latin1.unwrap_or_else(|_| text.into_bytes())
}

/// A path as a pattern that covers nothing but this path.
fn verbatim(path: &str) -> Cow<'_, str> {
    let mut escaped = String::with_capacity(path.len());
    for char in path.chars() {
        if matches!(char, ':' | '(' | ')' | '{' | '}' | '*' | '+' | '?' | '\\') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    Cow::Owned(escaped)
}

/// A URL taken apart just as far as a client does it, with nothing normalised.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Location<'u> {
    /// Host and port, if the URL has them.
    pub(super) host: Option<&'u str>,
    /// The request target.
    pub(super) target: Cow<'u, str>,
    pub(super) secure: bool,
}

impl<'u> Location<'u> {
    /// Splits a URL, or takes what is none for a request target.
    pub(super) fn of(url: &'u str) -> Self {
        let scheme = |name: &str| {
            let start = url.get(..name.len())?;
            start.eq_ignore_ascii_case(name).then(|| url.get(name.len()..)).flatten()
        };
        let (rest, secure) = match (scheme("http://"), scheme("https://")) {
            (Some(rest), _) => (rest, false),
            (None, Some(rest)) => (rest, true),
            (None, None) => {
                return Self { host: None, target: Cow::Borrowed(url), secure: false };
            }
        };
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let target = if target.starts_with(['/', '\\']) {
            Cow::Borrowed(target)
        } else {
            Cow::Owned(format!("/{target}"))
        };
        Self { host: Some(host), target, secure }
    }
}

#[cfg(test)]
mod tests;
