//! What a guard asks for at some paths and not at others.

use super::Requirement;
use crate::{
    http::RequestHead,
    path::RequestTarget,
    pattern::{Case, Pattern, PatternError, PatternErrorKind, parameter_in_braces},
    rewrite::{Matcher, MatcherError, MatcherProblem, Problem, RouteRequest},
};
use alloc::{borrow::ToOwned as _, string::String, vec::Vec};
use core::fmt;

/// What a guard asks for at the paths of a pattern. The first route that covers a request counts.
///
/// A route that asks for a token covers the pattern in every spelling that an application may take
/// for the same, as a [`Matcher`] does. A route that lets requests without a token through covers
/// exactly what the pattern says, letter for letter. So whichever spelling a client chooses, it
/// never gets around a token.
///
/// [`pattern`](crate::pattern) has the language: `/orders/:id` is one segment, `/orders/:path*` is
/// `/orders` and everything below it. The path is the whole one that the client sent, whatever a
/// router around the application takes off it.
///
/// ```
/// use portcullis_core::guard::{GuardRoute, Requirement};
///
/// let health = GuardRoute::open("/health")?.methods(["GET"]);
/// let orders = GuardRoute::new("/orders/:path*")?
///     .methods(["POST", "PUT", "DELETE"])
///     .require(Requirement::required_scopes(["write:orders"])?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct GuardRoute {
    covers: Covers,
    methods: Vec<String>,
    pub(super) access: Access,
    pub(super) requirements: Vec<Requirement>,
}

#[derive(Clone, Debug)]
enum Covers {
    AnySpelling(Matcher),
    Exactly(Pattern),
}

/// Whether a token is needed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Access {
    /// None is looked at.
    Open,
    /// One that is there must be good.
    Optional,
    /// One must be there.
    Required,
}

impl GuardRoute {
    /// Requests to the paths of `pattern` need a token.
    ///
    /// # Errors
    ///
    /// [`GuardRouteError`] says what is wrong with the pattern.
    pub fn new(pattern: &str) -> Result<Self, GuardRouteError> {
        Self::covering(Covers::AnySpelling(matcher(pattern)?), Access::Required)
    }

    /// Requests to the paths of `pattern` may come without a token, and with a good one. As
    /// `credentialsRequired: false` of `express-jwt`.
    ///
    /// # Errors
    ///
    /// [`GuardRouteError`] says what is wrong with the pattern.
    pub fn optional(pattern: &str) -> Result<Self, GuardRouteError> {
        Self::covering(Covers::exactly(pattern)?, Access::Optional)
    }

    /// Requests to the paths of `pattern` are let through, whatever credentials they carry. As
    /// `unless` of `express-jwt`.
    ///
    /// # Errors
    ///
    /// [`GuardRouteError`] says what is wrong with the pattern.
    pub fn open(pattern: &str) -> Result<Self, GuardRouteError> {
        Self::covering(Covers::exactly(pattern)?, Access::Open)
    }

    #[allow(clippy::unnecessary_wraps, reason = "its callers end with it")]
    fn covering(covers: Covers, access: Access) -> Result<Self, GuardRouteError> {
        Ok(Self { covers, methods: Vec::new(), access, requirements: Vec::new() })
    }

    /// Only requests with one of `methods`; `GET` stands for `HEAD` too. By default every method.
    ///
    /// An application must not take another method from a field such as `X-HTTP-Method-Override`; a
    /// gate keeps those fields from upstreams, a guard lets them pass.
    #[must_use]
    pub fn methods<M: Into<String>>(self, methods: impl IntoIterator<Item = M>) -> Self {
        Self { methods: methods.into_iter().map(Into::into).collect(), ..self }
    }

    /// A token must meet this too. Of several requirements each must be met.
    #[must_use]
    pub fn require(mut self, requirement: Requirement) -> Self {
        self.requirements.push(requirement);
        self
    }

    /// A method that no request will ever have.
    pub(super) fn odd_method(&self) -> Option<&str> {
        let is_odd = |method: &&String| {
            method.is_empty()
                || !method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
        };
        self.methods.iter().find(is_odd).map(String::as_str)
    }

    /// Whether the route covers a request for `target`, whose path came in as `received`.
    pub(super) fn covers(
        &self,
        request: &RequestHead<'_>,
        target: &RequestTarget<'_>,
        received: &str,
    ) -> bool {
        let is_method = self.methods.is_empty()
            || self.methods.iter().any(|method| {
                method == request.method || (method == "GET" && request.method == "HEAD")
            });
        is_method
            && match &self.covers {
                Covers::AnySpelling(matcher) => matcher.is_match(&RouteRequest {
                    path: &target.path,
                    query: target.query,
                    headers: request.headers,
                }),
                Covers::Exactly(pattern) => {
                    target.path.as_str() == received && pattern.is_match(received)
                }
            }
    }
}

impl Covers {
    fn exactly(pattern: &str) -> Result<Self, GuardRouteError> {
        // A matcher refuses what a pattern alone would put up with.
        matcher(pattern)?;
        let pattern = Pattern::new(pattern, Case::Sensitive).map_err(GuardRouteError::Pattern)?;
        Ok(Self::Exactly(pattern))
    }
}

fn matcher(pattern: &str) -> Result<Matcher, GuardRouteError> {
    if let Some(name) = parameter_in_braces(pattern) {
        return Err(GuardRouteError::Braces(name.to_owned()));
    }
    Matcher::new([pattern.to_owned()]).map_err(GuardRouteError::Matcher)
}

/// What is wrong with the pattern of a route.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GuardRouteError {
    /// It has a parameter of this name in braces, as other routers write them. Here that is the
    /// name itself, and the route would cover no request that it is for.
    Braces(String),
    /// It is nothing that a matcher can have.
    Matcher(MatcherError),
    /// It does not compile with regard to case.
    Pattern(PatternError),
}

impl fmt::Display for GuardRouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Braces(name) => write!(f, "a route has `{{{name}}}`: write `:{name}`"),
            Self::Matcher(error) => error.problems().iter().try_for_each(|it| explain(it, f)),
            Self::Pattern(error) => error.fmt(f),
        }
    }
}

/// What to write instead. A mistake with a `*` is most often another router's pattern.
fn explain(problem: &MatcherProblem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some((_, source)) = &problem.entry else { return write!(f, "{problem}") };
    match &problem.problem {
        Problem::SourceStart => write!(f, "the route `{source}` must start with `/`"),
        Problem::Source(error) => {
            write!(f, "the route `{source}`: {error}")?;
            let is_modifier =
                matches!(error.kind(), PatternErrorKind::Unexpected { found: "MODIFIER", .. });
            match source.chars().nth(error.column().saturating_sub(1)) {
                Some('*') if is_modifier => {
                    f.write_str("; write `:path*` for whatever is there and below")
                }
                Some('?') if is_modifier => f.write_str("; a route has no query"),
                _ => Ok(()),
            }
        }
        other => write!(f, "the route `{source}`: {other}"),
    }
}

impl core::error::Error for GuardRouteError {}
