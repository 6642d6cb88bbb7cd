//! Matchers: which requests a guard covers.

use super::{
    MAX_RULES, alias,
    compile::is_base_path,
    condition::Conditions,
    error::{MatcherError, MatcherProblem, Problem},
    index::Index,
    routed::RouteRequest,
    rule::Condition,
};
use crate::pattern::{Case, Pattern, PatternError};
use alloc::{string::String, vec::Vec};

/// One entry of a matcher: a source, and conditions as rewrite rules have them.
///
/// Beware of `missing`: whoever sends the thing is not covered by the entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MatcherEntry {
    source: String,
    has: Vec<Condition>,
    missing: Vec<Condition>,
}

impl MatcherEntry {
    /// An entry without conditions. The source is checked when the matcher is built.
    pub fn new(source: impl Into<String>) -> Self {
        Self { source: source.into(), has: Vec::new(), missing: Vec::new() }
    }

    /// Adds a condition that must hold.
    #[must_use]
    pub fn has(mut self, condition: Condition) -> Self {
        self.has.push(condition);
        self
    }

    /// Adds a condition that must not hold.
    #[must_use]
    pub fn missing(mut self, condition: Condition) -> Self {
        self.missing.push(condition);
        self
    }
}

impl From<&str> for MatcherEntry {
    fn from(source: &str) -> Self {
        Self::new(source)
    }
}

impl From<String> for MatcherEntry {
    fn from(source: String) -> Self {
        Self::new(source)
    }
}

/// Decides whether a request is covered, as `config.matcher` does: by any of its entries.
///
/// An entry covers a path in every spelling that servers behind the gate are known to take for the
/// same resource: with escapes decoded (`/%40private` for `/@private`), with path parameters
/// (`/private;a=1`), up to an escaped `?` or `#` (`/private%3Fa`), with dots or blanks at the end of a
/// segment (`/private.`, `/private%20`), and as the data of a page (`/private.json`, `/private.rsc`,
/// `/_next/data/<build>/private.json`). And where case is not regarded, an entry covers what it covers
/// with regard to case too, so that `/((?!api).*)` covers `/API`. More spellings only ever cover more:
/// whatever Next.js's middleware runs on is covered.
///
/// ```
/// use portcullis_core::rewrite::Matcher;
///
/// let matcher = Matcher::new(["/private/:path*", "/api/:path*"])?;
/// # Ok::<(), portcullis_core::rewrite::MatcherError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Matcher {
    base_path: String,
    case: Case,
    entries: Vec<Entry>,
    index: Index,
    /// For decoded paths.
    decoded_index: Index,
    /// Whether any entry reads decoded paths in its own way.
    decodes: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    pattern: Readings,
    /// For decoded paths, if that makes a difference.
    decoded: Option<Readings>,
    conditions: Conditions,
}

/// A pattern without regard to case, and with, if that covers anything else.
#[derive(Clone, Debug)]
struct Readings {
    pattern: Pattern,
    sensitive: Option<Pattern>,
}

impl Readings {
    fn new(
        compile: fn(&str, Case) -> Result<Pattern, PatternError>,
        source: &str,
        case: Case,
    ) -> Result<Self, PatternError> {
        let pattern = compile(source, case)?;
        let differs = case == Case::Insensitive && pattern.can_exclude();
        let sensitive = if differs { Some(compile(source, Case::Sensitive)?) } else { None };
        Ok(Self { pattern, sensitive })
    }

    fn is_match(&self, path: &str, steps: &mut u64) -> bool {
        self.pattern.is_match_counted(path, steps)
            || self
                .sensitive
                .as_ref()
                .is_some_and(|sensitive| sensitive.is_match_counted(path, steps))
    }
}

/// Collects the entries of a matcher.
#[derive(Clone, Debug, Default)]
pub struct MatcherBuilder {
    base_path: String,
    case: Case,
    entries: Vec<MatcherEntry>,
}

impl MatcherBuilder {
    /// Appends entries.
    #[must_use]
    pub fn entries<E: Into<MatcherEntry>>(mut self, entries: impl IntoIterator<Item = E>) -> Self {
        self.entries.extend(entries.into_iter().map(Into::into));
        self
    }

    /// The path that the application lives under, as for rewrite rules: every source stands below
    /// it. A source that covers `/` covers the base path itself.
    #[must_use]
    pub fn base_path(mut self, base_path: impl Into<String>) -> Self {
        self.base_path = base_path.into();
        self
    }

    /// Whether sources are compared with regard to case. Use the same for the rewrite rules.
    #[must_use]
    pub const fn case(mut self, case: Case) -> Self {
        self.case = case;
        self
    }

    /// Checks and compiles the entries.
    ///
    /// # Errors
    ///
    /// All entries that can't be used, with all that is wrong with each.
    pub fn build(self) -> Result<Matcher, MatcherError> {
        let mut problems = Vec::new();
        if !is_base_path(&self.base_path) {
            problems.push(MatcherProblem { entry: None, problem: Problem::BasePath });
        }
        if self.entries.len() > MAX_RULES {
            problems.push(MatcherProblem { entry: None, problem: Problem::TooMany });
        }
        if !problems.is_empty() {
            return Err(MatcherError { problems });
        }
        let mut index = Index::default();
        let mut decoded_index = Index::default();
        let mut entries: Vec<Entry> = Vec::new();
        for (number, entry) in self.entries.iter().enumerate() {
            match Entry::new(entry, self.case) {
                Ok(entry) => {
                    index.insert(entry.pattern.pattern.leading_segments(), entries.len());
                    let decoded = &entry.decoded_readings().pattern;
                    decoded_index.insert(decoded.leading_segments(), entries.len());
                    entries.push(entry);
                }
                Err(found) => problems.extend(found.into_iter().map(|problem| {
                    let entry = Some((number, entry.source.clone()));
                    MatcherProblem { entry, problem }
                })),
            }
        }
        if problems.is_empty() {
            let Self { base_path, case, .. } = self;
            let decodes = entries.iter().any(|entry| entry.decoded.is_some());
            Ok(Matcher { base_path, case, entries, index, decoded_index, decodes })
        } else {
            Err(MatcherError { problems })
        }
    }
}

impl Entry {
    fn new(entry: &MatcherEntry, case: Case) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let conditions = Conditions::new(&entry.has, &entry.missing, &mut problems);
        let pattern = if entry.source.is_empty() {
            Err(Problem::SourceMissing)
        } else if !entry.source.starts_with('/') {
            Err(Problem::SourceStart)
        } else {
            Self::readings(&entry.source, case).map_err(Problem::Source)
        };
        match pattern {
            Ok((pattern, decoded)) if problems.is_empty() => {
                Ok(Self { pattern, decoded, conditions })
            }
            Ok(_) => Err(problems),
            Err(problem) => {
                problems.push(problem);
                Err(problems)
            }
        }
    }

    fn readings(source: &str, case: Case) -> Result<(Readings, Option<Readings>), PatternError> {
        let pattern = Readings::new(Pattern::new, source, case)?;
        let decoded = Readings::new(Pattern::for_decoded_paths, source, case)?;
        let differs = !decoded.pattern.is_same(&pattern.pattern);
        Ok((pattern, differs.then_some(decoded)))
    }

    fn decoded_readings(&self) -> &Readings {
        self.decoded.as_ref().unwrap_or(&self.pattern)
    }
}

impl Matcher {
    /// A matcher without a base path that does not regard case. Without entries it covers nothing.
    ///
    /// # Errors
    ///
    /// All entries that can't be used, with all that is wrong with each.
    pub fn new<E: Into<MatcherEntry>>(
        entries: impl IntoIterator<Item = E>,
    ) -> Result<Self, MatcherError> {
        Self::builder().entries(entries).build()
    }

    /// Starts without entries.
    #[must_use]
    pub fn builder() -> MatcherBuilder {
        MatcherBuilder::default()
    }

    /// The sources of the entries, in order.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.pattern.pattern.source())
    }

    /// Whether any entry covers the request.
    #[must_use]
    pub fn is_match(&self, request: &RouteRequest<'_>) -> bool {
        self.find(request).is_some()
    }

    /// The number of an entry that covers the request, from 0: the first for the path as it is,
    /// else the first for another spelling of it.
    #[must_use]
    pub fn find(&self, request: &RouteRequest<'_>) -> Option<usize> {
        self.find_counted(request, &mut 0)
    }

    /// The same, with the number of elementary steps added to `steps`.
    pub fn find_counted(&self, request: &RouteRequest<'_>, steps: &mut u64) -> Option<usize> {
        let mut test = |path: &str, decoded: bool| {
            let index = if decoded { &self.decoded_index } else { &self.index };
            let mut candidates = index.candidates(path);
            let mut from = 0;
            while let Some(number) = candidates.next(from) {
                let entry = self.entries.get(number)?;
                let readings = if decoded { entry.decoded_readings() } else { &entry.pattern };
                if readings.is_match(path, steps)
                    && entry.conditions.check(request.headers, request.query, steps).is_some()
                {
                    return Some(number);
                }
                from = number.saturating_add(1);
            }
            None
        };
        alias::find(request.path.as_str(), &self.base_path, self.case, self.decodes, &mut test)
    }
}
