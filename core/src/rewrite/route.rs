//! The walk through the rules.

use super::{
    Phase, RuleId,
    compile::{RewritesBuilder, Rule, Rules, without_base},
    condition::Captured,
    destination::FilledOrigin,
    error::{RouteError, RouteErrorKind},
    routed::{
        Applied, AppliedParam, Explanation, ExternalUrl, LocalUrl, ParamValue, RouteRequest,
        Routed, Served, Target,
    },
    rule::RewriteRule,
};
use crate::{
    http::HeaderView,
    path::CanonicalPath,
    pattern::{Captures, Case, FillError, Param, Value},
};
use alloc::{
    borrow::{Cow, ToOwned as _},
    string::String,
    vec::Vec,
};

/// Compiled rewrite rules.
///
/// ```
/// use portcullis_core::rewrite::{RewriteRule, Rewrites};
///
/// let rewrites = Rewrites::builder()
///     .after_files([
///         RewriteRule::new("/api/auth/:path", "/api/auth/:path*"),
///         RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*"),
///     ])
///     .build()?;
/// # Ok::<(), portcullis_core::rewrite::RewritesError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rewrites {
    pub(super) base_path: String,
    pub(super) case: Case,
    pub(super) before_files: Rules,
    pub(super) after_files: Rules,
    pub(super) fallback: Rules,
}

/// What a rule found in a request.
pub(super) struct Found<'r, 'p> {
    captures: Captures<'r, 'p>,
    captured: Captured<'r>,
}

impl Found<'_, '_> {
    fn value(&self, name: &str) -> Option<Value<'_>> {
        match self.captured.get(name) {
            Some(text) => Some(Value::Captured(text)),
            None => self.captures.get(name).map(Value::Path),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }
}

/// What happens on a walk.
#[derive(Clone, Copy)]
pub(super) enum Event<'e> {
    /// A rule applies.
    Applies(RuleId, &'e Found<'e, 'e>),
    /// A rule has led to this path of the application, with this query, from where it goes on.
    Leads(&'e CanonicalPath<'e>, Option<&'e str>),
}

/// Called with everything that happens.
type Observer<'o> = dyn FnMut(Event<'_>) + 'o;

/// Path and query on their way through the rules.
struct Walk<'a> {
    path: CanonicalPath<'a>,
    query: Option<Cow<'a, str>>,
    rule: Option<RuleId>,
    steps: u64,
}

impl<'a> Walk<'a> {
    fn external(&self, url: ExternalUrl<'a>) -> Routed<'a> {
        Routed { target: Target::External(url), rule: self.rule, steps: self.steps }
    }

    fn local(self, served: Served) -> Routed<'a> {
        let Self { path, query, rule, steps } = self;
        Routed { target: Target::Local(LocalUrl { path, query, served }), rule, steps }
    }
}

impl Rewrites {
    /// Starts without rules.
    #[must_use]
    pub fn builder() -> RewritesBuilder {
        RewritesBuilder::default()
    }

    /// The path that the application lives under; empty for none.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// The rules as they were written, in the order in which they are asked.
    pub fn rules(&self) -> impl Iterator<Item = (RuleId, &RewriteRule)> {
        let lists = [
            (Phase::BeforeFiles, &self.before_files),
            (Phase::AfterFiles, &self.after_files),
            (Phase::Fallback, &self.fallback),
        ];
        lists.into_iter().flat_map(|(phase, list)| {
            let rules = list.rules.iter().enumerate();
            rules.map(move |(index, rule)| (RuleId { phase, index }, &rule.written))
        })
    }

    /// The rule `id` as it was written, if there is one.
    #[must_use]
    pub fn rule(&self, id: RuleId) -> Option<&RewriteRule> {
        let list = match id.phase {
            Phase::BeforeFiles => &self.before_files,
            Phase::AfterFiles => &self.after_files,
            Phase::Fallback => &self.fallback,
        };
        list.rules.get(id.index).map(|rule| &rule.written)
    }

    /// Decides where a request goes. `serves` says what the application has at a path, which is
    /// given whole, base path included.
    ///
    /// # Errors
    ///
    /// A rule applies whose destination can't be filled in without becoming something else than
    /// the rule says. The request must be refused.
    pub fn route<'a>(
        &'a self,
        request: &RouteRequest<'a>,
        serves: &dyn Fn(&str) -> Served,
    ) -> Result<Routed<'a>, RouteError> {
        self.walk(request, serves, &mut |_| ())
    }

    /// The same, with every rule that applied and its parameters.
    pub fn explain<'a>(
        &'a self,
        request: &RouteRequest<'a>,
        serves: &dyn Fn(&str) -> Served,
    ) -> Explanation<'a> {
        self.explain_and(request, serves, &mut |_| ())
    }

    /// The same, and tells `observer` what happens.
    pub(super) fn explain_and<'a>(
        &'a self,
        request: &RouteRequest<'a>,
        serves: &dyn Fn(&str) -> Served,
        observer: &mut Observer<'_>,
    ) -> Explanation<'a> {
        let mut applied = Vec::new();
        let result = self.walk(request, serves, &mut |event| {
            if let Event::Applies(rule, found) = event {
                applied.push(Applied { rule, params: found.params() });
            }
            observer(event);
        });
        Explanation { applied, result }
    }

    /// As [`route`](Self::route), and tells `observer` what happens.
    pub(super) fn walk<'a>(
        &'a self,
        request: &RouteRequest<'a>,
        serves: &dyn Fn(&str) -> Served,
        observer: &mut Observer<'_>,
    ) -> Result<Routed<'a>, RouteError> {
        let mut walk = Walk {
            path: request.path.borrowed(),
            query: request.query.map(Cow::Borrowed),
            rule: None,
            steps: 0,
        };
        for (phase, rules) in [
            (Phase::BeforeFiles, &self.before_files),
            (Phase::AfterFiles, &self.after_files),
            (Phase::Fallback, &self.fallback),
        ] {
            let mut from = 0;
            while let Some((index, url)) =
                self.apply_next(phase, rules, from, &mut walk, request.headers, observer)?
            {
                if let Some(url) = url {
                    return Ok(walk.external(url));
                }
                if phase != Phase::BeforeFiles {
                    let served = serves(walk.path.as_str());
                    if served.is_served() {
                        return Ok(walk.local(served));
                    }
                }
                from = index.saturating_add(1);
            }
            let served = serves(walk.path.as_str());
            let ends = match phase {
                Phase::BeforeFiles => served == Served::File,
                Phase::AfterFiles | Phase::Fallback => served.is_served(),
            };
            if ends {
                return Ok(walk.local(served));
            }
        }
        if walk.rule.is_some() {
            return Ok(walk.local(Served::Nothing));
        }
        Ok(Routed { target: Target::None, rule: None, steps: walk.steps })
    }

    /// Applies the first rule from number `from` on that matches. `Some(url)` in the answer ends
    /// routing; otherwise path and query have been replaced.
    fn apply_next<'a>(
        &'a self,
        phase: Phase,
        rules: &'a Rules,
        from: usize,
        walk: &mut Walk<'a>,
        headers: &dyn HeaderView,
        observer: &mut Observer<'_>,
    ) -> Result<Option<(usize, Option<ExternalUrl<'a>>)>, RouteError> {
        if from >= rules.rules.len() {
            return Ok(None);
        }
        let mut from = from;
        let mut candidates = rules.index.candidates(walk.path.as_str());
        while let Some(index) = candidates.next(from) {
            from = index.saturating_add(1);
            let Some(rule) = rules.rules.get(index) else { break };
            let whole = walk.path.as_str();
            let below = if rule.outside_base_path {
                Some(whole)
            } else {
                without_base(whole, &self.base_path, self.case)
            };
            let Some(path) = below else { continue };
            let Some(captures) = rule.pattern.captures_counted(path, &mut walk.steps) else {
                continue;
            };
            let Some(captured) =
                rule.conditions.check(headers, walk.query.as_deref(), &mut walk.steps)
            else {
                continue;
            };
            let found = Found { captures, captured };
            let id = RuleId { phase, index };
            observer(Event::Applies(id, &found));
            let (origin, path, query) = rule
                .fill(&found, walk.query.as_deref())
                .map_err(|kind| RouteError { rule: id, kind })?;
            walk.rule = Some(id);
            let query = match query {
                Some(query) => Some(Cow::Owned(query)),
                None => walk.query.take(),
            };
            let url = match origin {
                Some(origin) => Some(ExternalUrl {
                    scheme: origin.scheme,
                    authority: origin.authority,
                    path,
                    query,
                }),
                None => {
                    observer(Event::Leads(&path, query.as_deref()));
                    walk.path = path;
                    walk.query = query;
                    None
                }
            };
            return Ok(Some((index, url)));
        }
        Ok(None)
    }
}

type Filled<'r> = (Option<FilledOrigin<'r>>, CanonicalPath<'static>, Option<String>);

impl Rule {
    fn fill(
        &self,
        found: &Found<'_, '_>,
        query: Option<&str>,
    ) -> Result<Filled<'_>, RouteErrorKind> {
        let values = |name: &str| found.value(name);
        let path = self.destination.fill_path(&values).map_err(RouteErrorKind::Path)?;
        if !self.destination.is_below_prefix(&path) {
            return Err(RouteErrorKind::OutsidePrefix);
        }
        let origin = self.destination.fill_origin(&values).map_err(|_| RouteErrorKind::Host)?;
        // Parameters go to the query if the destination makes use of none of them.
        let used = self.destination.used_places().any(|place| found.has(&place.name));
        let unused =
            found.captures.iter().filter(|(name, _)| !used && found.captured.get(name).is_none());
        let query = self
            .destination
            .fill_query(query, &values, unused)
            .map_err(|_: FillError| RouteErrorKind::QueryTooLong)?;
        Ok((origin, path, query))
    }
}

impl Found<'_, '_> {
    fn params(&self) -> Vec<AppliedParam> {
        let mut params: Vec<AppliedParam> = Vec::new();
        let mut set = |name: &str, value: ParamValue| match params
            .iter_mut()
            .find(|param| param.name == name)
        {
            Some(param) => param.value = value,
            None => params.push(AppliedParam { name: name.to_owned(), value }),
        };
        for (name, param) in self.captures.iter() {
            set(
                name,
                match param {
                    Param::Text(text) => ParamValue::Text(text.to_owned()),
                    Param::List(list) => ParamValue::List(list.iter().map(str::to_owned).collect()),
                },
            );
        }
        for (name, text) in self.captured.iter() {
            set(name, ParamValue::Text(text.to_owned()));
        }
        params
    }
}
