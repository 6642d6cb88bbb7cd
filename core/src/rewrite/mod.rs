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
