//! Why rules can't be used, and why a request can't be rewritten.

use super::{Phase, RuleId};
use crate::{http::UrlError, path::PathError, pattern::PatternError};
use alloc::{string::String, vec::Vec};
use core::fmt;

/// Rules that can't be used, all of them, with the texts that Next.js prints for the same mistake.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RewritesError {
    pub(super) problems: Vec<RuleError>,
}

impl RewritesError {
    /// What is wrong, rule by rule. Never empty.
    #[must_use]
    pub fn rules(&self) -> &[RuleError] {
        &self.problems
    }
}

impl fmt::Display for RewritesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{problem}")?;
        }
        let plural = if self.problems.len() == 1 { "" } else { "s" };
        write!(f, "Error: Invalid rewrite{plural} found")
    }
}

impl core::error::Error for RewritesError {}

/// A rule that can't be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RuleError {
    /// The rule; `None` where the list as a whole or the base path is at fault.
    pub rule: Option<RuleId>,
    /// The rule as Next.js prints it.
    pub route: String,
    /// What is wrong with it. Never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{problem}")?;
        }
        if !self.route.is_empty() {
            write!(f, " for route {}", self.route)?;
        }
        Ok(())
    }
}

/// A matcher that can't be used: all that is wrong with all of its entries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MatcherError {
    pub(super) problems: Vec<MatcherProblem>,
}

impl MatcherError {
    /// What is wrong, entry by entry. Never empty.
    #[must_use]
    pub fn problems(&self) -> &[MatcherProblem] {
        &self.problems
    }
}

impl fmt::Display for MatcherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Invalid matcher:")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

impl core::error::Error for MatcherError {}

/// One thing that is wrong with a matcher.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MatcherProblem {
    /// The number of the entry and its source; `None` where the matcher as a whole is at fault.
    pub entry: Option<(usize, String)>,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for MatcherProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.entry, &self.problem) {
            (Some((number, source)), Problem::Source(error)) => {
                write!(f, "Invalid source '{source}': {error} at \"matcher[{number}]\"")
            }
            (Some((number, _)), Problem::SourceMissing) => {
                write!(f, "source is required at \"matcher[{number}]\"")
            }
            (Some((number, _)), Problem::SourceStart) => {
                write!(f, "source must start with / at \"matcher[{number}]\"")
            }
            (Some((number, _)), problem) => write!(f, "{problem} at \"matcher[{number}]\""),
            (None, problem) => problem.fmt(f),
        }
    }
}

/// One thing that is wrong with a rule or a matcher.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// `source` is empty.
    SourceMissing,
    /// `source` does not start with `/`.
    SourceStart,
    /// `source` is no pattern.
    Source(PatternError),
    /// `destination` is empty.
    DestinationMissing,
    /// `destination` can't be used.
    Destination(DestinationError),
    /// `destination` asks for a group without a name.
    UnnamedParams(Vec<String>),
    /// `destination` asks for parameters that neither `source` nor `has` yields.
    UnknownParams(Vec<String>),
    /// `destination` uses a repeated parameter as if it were one segment.
    MultiMatch(String),
    /// `destination` has a parameter in its host that may be absent.
    OptionalHostParam(String),
    /// A rule outside the base path goes to a local destination.
    InternalOutsideBasePath,
    /// A condition can't be used: which list, which item, and why.
    Condition {
        /// `has` or `missing`.
        list: &'static str,
        /// The condition as Next.js prints it.
        item: String,
        /// What is wrong with it.
        problem: ConditionProblem,
    },
    /// The base path is not a canonical path, or ends in a slash.
    BasePath,
    /// More rules than [`MAX_RULES`](super::MAX_RULES), or more entries of a matcher.
    TooMany,
}

/// Why a condition can't be used.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ConditionProblem {
    /// Its key is empty.
    KeyMissing,
    /// A condition on the host has no value.
    HostValueMissing,
    /// Its value is no regular expression.
    Value(PatternError),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SourceMissing => f.write_str("`source` is missing"),
            Self::SourceStart => f.write_str("`source` does not start with /"),
            Self::Source(error) => write!(f, "`source` parse failed: {error}"),
            Self::DestinationMissing => f.write_str("`destination` is missing"),
            Self::Destination(DestinationError::Start) => {
                f.write_str("`destination` does not start with `/`, `http://`, or `https://`")
            }
            Self::Destination(error) => write!(f, "`destination` parse failed: {error}"),
            Self::UnnamedParams(names) => {
                f.write_str("`destination` has unnamed params ")?;
                list(f, names, ":")
            }
            Self::UnknownParams(names) => {
                f.write_str("`destination` has segments not in `source` or `has` (")?;
                list(f, names, "")?;
                f.write_str(")")
            }
            Self::MultiMatch(name) => write!(
                f,
                "To use a multi-match in the destination you must add `*` at the end of the param \
                 name to signify it should repeat (:{name}). \
                 https://nextjs.org/docs/messages/invalid-multi-match"
            ),
            Self::OptionalHostParam(name) => {
                write!(f, "`destination` has a param in its host that may be absent (:{name})")
            }
            Self::InternalOutsideBasePath => f.write_str(
                "rewrites urls outside of the basePath. Please use a destination that starts with \
                 `http://` or `https://` https://nextjs.org/docs/messages/invalid-external-rewrite",
            ),
            Self::Condition { list, item, problem } => {
                write!(f, "invalid `{list}` item found: {problem} for {item}")
            }
            Self::BasePath => f.write_str(
                "basePath has to start with a /, must not end with one, and must be plain text",
            ),
            Self::TooMany => write!(f, "more than {} routes", super::MAX_RULES),
        }
    }
}

impl fmt::Display for ConditionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMissing => f.write_str("key is required when type is header, query or cookie"),
            Self::HostValueMissing => f.write_str("value is required for \"host\" type"),
            Self::Value(error) => write!(f, "invalid value: {error}"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, names: &[String], sigil: &str) -> fmt::Result {
    for (index, name) in names.iter().enumerate() {
        let separator = if index > 0 { ", " } else { "" };
        write!(f, "{separator}{sigil}{name}")?;
    }
    Ok(())
}

/// Why a destination can't be used.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DestinationError {
    /// It starts with neither `/` nor `http://` nor `https://`.
    Start,
    /// Its path, fragment or host is no template.
    Pattern(PatternError),
    /// Its scheme, host and port are no URL.
    Url(UrlError),
    /// Its path is not canonical.
    Path(PathError),
    /// A parameter in its host would choose more than a name below a fixed domain.
    HostParameter,
}

impl From<PatternError> for DestinationError {
    fn from(error: PatternError) -> Self {
        Self::Pattern(error)
    }
}

impl fmt::Display for DestinationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("does not start with `/`, `http://`, or `https://`"),
            Self::Pattern(error) => error.fmt(f),
            Self::Url(error) => error.fmt(f),
            Self::Path(error) => error.fmt(f),
            Self::HostParameter => f.write_str(
                "a param in the host stands for one label in front of a fixed domain name",
            ),
        }
    }
}

impl core::error::Error for DestinationError {}

/// A request that a rule applies to, but whose destination it can't fill: the client's fault (400).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RouteError {
    /// The rule that applied.
    pub rule: RuleId,
    /// What went wrong.
    pub kind: RouteErrorKind,
}

/// Why a destination can't be filled in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RouteErrorKind {
    /// The path would not be canonical.
    Path(PathError),
    /// The path would leave the literal prefix of the destination.
    OutsidePrefix,
    /// The query would be too long.
    QueryTooLong,
    /// A parameter in the host is absent, or holds more than letters, digits and hyphens.
    Host,
}

impl RouteErrorKind {
    /// A stable name for logs and counters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Path(error) => error.code(),
            Self::OutsidePrefix => "rewrite_outside_prefix",
            Self::QueryTooLong => "rewrite_query_too_long",
            Self::Host => "rewrite_host",
        }
    }
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rewritten request can't be sent: ")?;
        match self.kind {
            RouteErrorKind::Path(error) => error.fmt(f),
            RouteErrorKind::OutsidePrefix => {
                f.write_str("its path would leave the destination's prefix")
            }
            RouteErrorKind::QueryTooLong => f.write_str("its query would be too long"),
            RouteErrorKind::Host => f.write_str("its host would not be a host name"),
        }
    }
}

impl core::error::Error for RouteError {}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.phase, self.index)
    }
}
