//! Rules as an integrator writes them, before they are checked and compiled.

use alloc::{string::String, vec::Vec};
use core::fmt;

/// A rewrite rule: requests whose path matches `source` go to `destination`.
///
/// ```
/// use portcullis_core::rewrite::{Condition, RewriteRule};
///
/// RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*");
/// RewriteRule::new("/:path*", "https://beta.internal/:path*")
///     .has(Condition::cookie("channel").value("beta"))
///     .missing(Condition::header("x-no-beta"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RewriteRule {
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) has: Vec<Condition>,
    pub(super) missing: Vec<Condition>,
    pub(super) outside_base_path: bool,
    pub(super) access_token: Option<bool>,
}

impl RewriteRule {
    /// A rule without conditions. Both texts are checked when the rules are built.
    pub fn new(source: impl Into<String>, destination: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            destination: destination.into(),
            has: Vec::new(),
            missing: Vec::new(),
            outside_base_path: false,
            access_token: None,
        }
    }

    /// The pattern of the paths that it applies to.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where such requests go.
    #[must_use]
    pub fn destination(&self) -> &str {
        &self.destination
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

    /// Matches `source` against the whole path although there is a base path (`basePath: false`).
    /// Such a rule needs an external destination.
    #[must_use]
    pub const fn outside_base_path(mut self) -> Self {
        self.outside_base_path = true;
        self
    }

    /// Gives the server that this rule leads to the access token of each request's session.
    ///
    /// Without this, a server gets it with the requests whose own path the matcher covers, but not
    /// with those that need a session only because of the path that the rules made of theirs: what
    /// is `/api` at another server need not be the API that the token is for. A request that needs
    /// no session never carries a token.
    #[must_use]
    pub const fn with_access_token(mut self) -> Self {
        self.access_token = Some(true);
        self
    }

    /// Keeps the access token from the server that this rule leads to, such as somebody else's.
    /// Requests that need a session still do.
    #[must_use]
    pub const fn without_access_token(mut self) -> Self {
        self.access_token = Some(false);
        self
    }
}

/// As Next.js prints a route, but for conditions.
impl fmt::Display for RewriteRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{\"source\":{:?},\"destination\":{:?}}}", self.source, self.destination)
    }
}

/// Something about a request besides its path.
///
/// Without a [`value`](Self::value), the thing must be there and not empty; what it holds becomes
/// a parameter named after the key, with everything but ASCII letters left out. With a value, the
/// whole of what it holds must match it, as a regular expression with regard to case; named groups
/// (`(?<name>...)`) become parameters.
///
/// Parameters from conditions are for destinations that name them. They are percent-encoded for
/// the place they land in, and never appended to a query unasked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Condition {
    pub(super) subject: Subject,
    pub(super) value: Option<String>,
}

/// What a condition looks at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Subject {
    Header(String),
    Cookie(String),
    Query(String),
    Host,
}

impl Condition {
    /// A header field; several lines are joined with `, `, and bytes above 0x7F are read as
    /// Latin-1.
    pub fn header(name: impl Into<String>) -> Self {
        Self { subject: Subject::Header(name.into()), value: None }
    }

    /// A cookie, percent-decoded and without quotes; the first of several with the same name.
    pub fn cookie(name: impl Into<String>) -> Self {
        Self { subject: Subject::Cookie(name.into()), value: None }
    }

    /// A query parameter, decoded as a form is; the last of several with the same name.
    pub fn query(name: impl Into<String>) -> Self {
        Self { subject: Subject::Query(name.into()), value: None }
    }

    /// The host name of the `Host` field, in lower case, without port or final dot. Without a
    /// named group in `value`, it becomes the parameter `host`.
    pub fn host(value: impl Into<String>) -> Self {
        Self { subject: Subject::Host, value: Some(value.into()) }
    }

    /// The regular expression that the whole value must match.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Header(key) => write!(f, "{{\"type\":\"header\",\"key\":{key:?}")?,
            Subject::Cookie(key) => write!(f, "{{\"type\":\"cookie\",\"key\":{key:?}")?,
            Subject::Query(key) => write!(f, "{{\"type\":\"query\",\"key\":{key:?}")?,
            Subject::Host => f.write_str("{\"type\":\"host\"")?,
        }
        match &self.value {
            Some(value) => write!(f, ",\"value\":{value:?}}}"),
            None => f.write_str("}"),
        }
    }
}
