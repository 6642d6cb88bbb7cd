//! Rewrite rules and matchers, with the meaning that they have in Next.js.
//!
//! This module decides where a request goes: to an external destination, to another path of the
//! application, or nowhere else. Rules come in three lists, `beforeFiles`, `afterFiles` and
//! `fallback`; within a list the first that matches applies. An external destination ends
//! routing at once. A local one replaces path and query; routing ends if the application serves
//! that path, and otherwise the following rules see the rewritten path.
//!
//! What the rules can't do, whatever a client sends: choose scheme, host or port of a destination
//! (a parameter in a host can only be one label in front of a fixed domain), leave the literal
//! prefix of its path, or send a path on that is not canonical.
//!
//! # Where this differs from Next.js
//!
//! The semantics are those of Next.js 16.4, apart from these classes of differences:
//!
//! - *Canonical paths.* Ambiguous paths are refused before any rule is asked, where Next.js resolves
//!   them, redirects, or passes them on. Escapes of unreserved characters are decoded first, and
//!   literal text of a source is brought into the same spelling, so `/café` in a source matches. A
//!   rewritten path that is not canonical is refused. There are no redirects for slashes.
//! - *One rule for case.* Matchers disregard the case of letters like rewrite rules do, by one
//!   switch, and cover more spellings of a path (see [`Matcher`]). `beforeFiles` follows the switch.
//! - *Queries byte for byte.* What a destination does not replace keeps its bytes and its place;
//!   Next.js parses and writes the whole query again. The destination's own query is sent as it is
//!   written, not decoded. `&`, `=`, `+`, `;` and `#` in a parameter are encoded in a query.
//! - *Captures from conditions* are percent-encoded and never appended to a query; the last of
//!   several values of a query parameter is captured, not a list of all.
//! - *Value patterns* group alternatives before they are anchored and see Unicode scalar values.
//!   IPv6 hosts are taken whole; a final dot of a host is ignored.
//! - *Errors at construction* for everything that Next.js finds out with the first request: unknown
//!   parameters and `*` mismatches of external destinations, regular expressions, URLs, sizes. User
//!   names and passwords, empty and dot segments and backslashes in destinations are errors too.
//! - *Absent parameters* leave nothing where a destination names them, in its path or its query;
//!   Next.js answers 500, or sends `:name`.
//! - *Hosts.* A parameter in a host holds letters, digits and hyphens only, stands in front of a
//!   fixed domain, and is never optional.
//! - *Base paths.* A source is matched against the path below the base path, so `/(.*)` covers the
//!   base path itself.
//! - *No locales*, no back-references, and no named groups inside look-arounds.

mod alias;
mod compile;
mod condition;
mod destination;
mod error;
mod index;
mod matcher;
mod query;
mod route;
mod routed;
mod router;
mod rule;
#[cfg(test)]
mod tests;

pub use compile::RewritesBuilder;
pub use error::{
    ConditionProblem, DestinationError, MatcherError, MatcherProblem, Problem, RewritesError,
    RouteError, RouteErrorKind, RuleError,
};
pub use matcher::{Matcher, MatcherBuilder, MatcherEntry};
pub use route::Rewrites;
pub use routed::{
    Applied, AppliedParam, Explanation, ExternalUrl, LocalUrl, ParamValue, RouteRequest, Routed,
    Served, Target,
};
pub use router::{Covered, CoveredPath, Decided, Router, RouterExplanation, Serves};
pub use rule::{Condition, RewriteRule};

/// The greatest number of rules in all lists together, and of entries of a matcher.
pub const MAX_RULES: usize = 10_000;

/// The lists that rules stand in, in the order in which they are asked.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Phase {
    /// Before the application's files are looked at. All rules of this list that match apply.
    BeforeFiles,
    /// After files, before pages with parameters in their path. A plain list of rules means this.
    AfterFiles,
    /// After everything that the application serves.
    Fallback,
}

impl Phase {
    /// The name that the list has in a configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeFiles => "beforeFiles",
            Self::AfterFiles => "afterFiles",
            Self::Fallback => "fallback",
        }
    }
}

/// Which rule: its list and its number there, from 0.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RuleId {
    /// The list.
    pub phase: Phase,
    /// The number within the list, from 0.
    pub index: usize,
}
