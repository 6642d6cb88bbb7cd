//! The vocabulary of routing: what goes in, what comes out.

use super::{Phase, RuleId, error::RouteError};
use crate::{
    http::{HeaderView, Scheme},
    path::CanonicalPath,
    secret::Unprinted,
};
use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

/// What rules look at.
#[derive(Clone, Copy)]
pub struct RouteRequest<'a> {
    /// The path.
    pub path: &'a CanonicalPath<'a>,
    /// The query without its `?`; passed on byte for byte where no destination adds to it.
    pub query: Option<&'a str>,
    /// The header fields, `Host` and `Cookie` among them.
    pub headers: &'a dyn HeaderView,
}

impl fmt::Debug for RouteRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteRequest").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What the application has at a path.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Served {
    /// Nothing.
    #[default]
    Nothing,
    /// A page whose route has parameters: asked after `afterFiles`, and where a local destination
    /// leads.
    Page,
    /// A file, or a page at exactly this path: asked before `afterFiles` too.
    File,
}

impl Served {
    /// Whether it is anything at all.
    #[must_use]
    pub const fn is_served(self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Routed<'a> {
    /// The destination.
    pub target: Target<'a>,
    /// The last rule that applied.
    pub rule: Option<RuleId>,
    /// How many elementary steps it took. Depends on the rules and the request alone.
    pub steps: u64,
}

/// A destination.
#[derive(Clone, Debug, PartialEq)]
pub enum Target<'a> {
    /// Another server.
    External(ExternalUrl<'a>),
    /// A path of the application: one that it serves, or one that a rule rewrote to.
    Local(LocalUrl<'a>),
    /// No rule applied, and the application does not serve the path.
    None,
}

/// The URL to proxy to.
#[derive(Clone, PartialEq)]
pub struct ExternalUrl<'a> {
    /// The scheme.
    pub scheme: Scheme,
    /// `host` or `host:port`, in lower case, without the port that the scheme implies.
    pub authority: Cow<'a, str>,
    /// The path.
    pub path: CanonicalPath<'a>,
    /// The query, without its `?`.
    pub query: Option<Cow<'a, str>>,
}

impl fmt::Display for ExternalUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.as_str(), self.authority, self.path)?;
        self.query.iter().try_for_each(|query| write!(f, "?{query}"))
    }
}

/// A path of the application.
#[derive(Clone, PartialEq)]
pub struct LocalUrl<'a> {
    /// The path.
    pub path: CanonicalPath<'a>,
    /// The query, without its `?`.
    pub query: Option<Cow<'a, str>>,
    /// What the application has there.
    pub served: Served,
}

impl fmt::Display for LocalUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)?;
        self.query.iter().try_for_each(|query| write!(f, "?{query}"))
    }
}

/// A query may hold a token, so it is not printed.
impl fmt::Debug for ExternalUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, authority, path, query } = self;
        f.debug_struct("ExternalUrl")
            .field("scheme", scheme)
            .field("authority", authority)
            .field("path", path)
            .field("query", &query.as_ref().map(|_| Unprinted))
            .finish()
    }
}

/// A query may hold a token, so it is not printed.
impl fmt::Debug for LocalUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, query, served } = self;
        f.debug_struct("LocalUrl")
            .field("path", path)
            .field("query", &query.as_ref().map(|_| Unprinted))
            .field("served", served)
            .finish()
    }
}

impl Routed<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Routed<'static> {
        let Self { target, rule, steps } = self;
        let owned = |query: Option<Cow<'_, str>>| query.map(|query| Cow::Owned(query.into_owned()));
        let target = match target {
            Target::External(ExternalUrl { scheme, authority, path, query }) => {
                Target::External(ExternalUrl {
                    scheme,
                    authority: Cow::Owned(authority.into_owned()),
                    path: path.into_owned(),
                    query: owned(query),
                })
            }
            Target::Local(LocalUrl { path, query, served }) => {
                Target::Local(LocalUrl { path: path.into_owned(), query: owned(query), served })
            }
            Target::None => Target::None,
        };
        Routed { target, rule, steps }
    }
}

/// How a request was routed, in full.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation<'a> {
    /// The rules that applied, in order.
    pub applied: Vec<Applied>,
    /// Where that led.
    pub result: Result<Routed<'a>, RouteError>,
}

impl Explanation<'_> {
    /// Whether routing had not ended before it came to `rule`.
    #[must_use]
    pub fn reached(&self, rule: RuleId) -> bool {
        let routed = match &self.result {
            Ok(routed) => routed,
            Err(error) => return rule <= error.rule,
        };
        match (&routed.target, routed.rule) {
            (Target::External(_), Some(last)) => rule <= last,
            (Target::Local(local), Some(last)) if last.phase != Phase::BeforeFiles => {
                rule <= last || !local.served.is_served()
            }
            // The application ended it, where it was asked between two lists.
            (Target::Local(local), _) => match local.served {
                Served::File => rule.phase <= Phase::BeforeFiles,
                Served::Page => rule.phase <= Phase::AfterFiles,
                Served::Nothing => true,
            },
            (Target::External(_) | Target::None, _) => true,
        }
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Explanation<'static> {
        Explanation { applied: self.applied, result: self.result.map(Routed::into_owned) }
    }
}

/// A rule that applied.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Applied {
    /// Which rule.
    pub rule: RuleId,
    /// Its parameters, those of `has` included; the last of several with the same name.
    pub params: Vec<AppliedParam>,
}

/// A parameter of a rule that applied.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppliedParam {
    /// The name.
    pub name: String,
    /// What it took.
    pub value: ParamValue,
}

/// What a parameter took.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ParamValue {
    /// One text.
    Text(String),
    /// A list, for a parameter with `*` or `+`.
    List(Vec<String>),
}
