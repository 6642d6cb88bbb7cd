//! How a CORS policy is set up, and what is refused.

use super::{Cors, Policy};
use crate::{
    http::{FieldText, FieldTextError, Origin, UrlError},
    pattern::{PatternError, ValuePattern},
};
use alloc::{borrow::ToOwned as _, string::String, sync::Arc, vec::Vec};
use core::fmt;

/// Which origins may read the answers.
#[derive(Clone)]
#[non_exhaustive]
pub enum OriginPolicy {
    /// `*`: every page, without credentials. The default.
    Any,
    /// Those that are listed; `null` only where it is listed as such.
    List(Vec<String>),
    /// No CORS at all: no field is set, none is taken away.
    Off,
    /// Those that the pattern covers whole. It is matched in linear time.
    Pattern(ValuePattern),
    /// Those that the function accepts. It is never asked about `null`.
    Predicate(Arc<dyn Fn(&str) -> bool + Send + Sync>),
    /// Each that asks, by its own name. As open as `*`, so credentials are refused here too.
    Reflect,
}

impl OriginPolicy {
    /// The origins that are listed, such as `https://app.example`. A default port or a final slash
    /// may be written and makes no difference; `null` stands for pages without an origin of their
    /// own.
    ///
    /// # Errors
    ///
    /// [`CorsConfigError::Origin`] where one of them is no origin.
    pub fn list<'o>(origins: impl IntoIterator<Item = &'o str>) -> Result<Self, CorsConfigError> {
        let origins = origins.into_iter().map(|text| match text {
            "null" => Ok(text.to_owned()),
            _ => match Origin::parse(text) {
                Ok(origin) => Ok(origin.as_str().to_owned()),
                Err(error) => Err(CorsConfigError::Origin(text.to_owned(), error)),
            },
        });
        let origins = origins.collect::<Result<Vec<_>, _>>()?;
        if origins.is_empty() { Err(CorsConfigError::NoOrigin) } else { Ok(Self::List(origins)) }
    }

    /// The origins that `pattern` covers whole, such as `https://[a-z0-9-]+\.app\.example`.
    ///
    /// # Errors
    ///
    /// [`CorsConfigError::Pattern`] where it does not compile.
    pub fn pattern(pattern: &str) -> Result<Self, CorsConfigError> {
        ValuePattern::new(pattern).map(Self::Pattern).map_err(CorsConfigError::Pattern)
    }

    /// The origins that `accepts` accepts.
    #[must_use]
    pub fn predicate(accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self::Predicate(Arc::new(accepts))
    }

    pub(super) fn allows(&self, origin: &str) -> bool {
        let is_named = origin != "null";
        match self {
            Self::Any => true,
            Self::List(origins) => origins.iter().any(|known| known == origin),
            Self::Off => false,
            Self::Pattern(pattern) => is_named && pattern.captures(origin).is_some(),
            Self::Predicate(accepts) => is_named && accepts(origin),
            Self::Reflect => is_named,
        }
    }
}

impl fmt::Debug for OriginPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("Any"),
            Self::List(origins) => f.debug_tuple("List").field(origins).finish(),
            Self::Off => f.write_str("Off"),
            Self::Pattern(pattern) => f.debug_tuple("Pattern").field(pattern).finish(),
            Self::Predicate(_) => f.write_str("Predicate(..)"),
            Self::Reflect => f.write_str("Reflect"),
        }
    }
}

/// Sets up a [`Cors`] policy.
#[derive(Clone, Debug)]
pub struct CorsBuilder {
    origin: OriginPolicy,
    methods: Vec<String>,
    allowed_headers: Option<Vec<String>>,
    exposed_headers: Vec<String>,
    credentials: bool,
    max_age: Option<u64>,
    preflight_continue: bool,
    options_success_status: u16,
}

impl Default for CorsBuilder {
    fn default() -> Self {
        let methods = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"];
        Self {
            origin: OriginPolicy::Any,
            methods: methods.map(String::from).to_vec(),
            allowed_headers: None,
            exposed_headers: Vec::from([String::from("WWW-Authenticate")]),
            credentials: false,
            max_age: None,
            preflight_continue: false,
            options_success_status: 204,
        }
    }
}

impl CorsBuilder {
    /// `origin`: who may read the answers. Any page by default.
    #[must_use]
    pub fn origin(self, origin: OriginPolicy) -> Self {
        Self { origin, ..self }
    }

    /// `methods`: what a preflight allows. `GET,HEAD,PUT,PATCH,POST,DELETE` by default.
    #[must_use]
    pub fn methods<M: Into<String>>(self, methods: impl IntoIterator<Item = M>) -> Self {
        Self { methods: methods.into_iter().map(Into::into).collect(), ..self }
    }

    /// `allowedHeaders`: which header fields a preflight allows. By default those that it asks for.
    #[must_use]
    pub fn allowed_headers<H: Into<String>>(self, headers: impl IntoIterator<Item = H>) -> Self {
        Self { allowed_headers: Some(headers.into_iter().map(Into::into).collect()), ..self }
    }

    /// `exposedHeaders`: which header fields of an answer a page may read. `WWW-Authenticate` by
    /// default, so that it learns why it was refused.
    #[must_use]
    pub fn exposed_headers<H: Into<String>>(self, headers: impl IntoIterator<Item = H>) -> Self {
        Self { exposed_headers: headers.into_iter().map(Into::into).collect(), ..self }
    }

    /// `credentials`: whether a page may send cookies and read the answer. Not by default.
    #[must_use]
    pub fn credentials(self, credentials: bool) -> Self {
        Self { credentials, ..self }
    }

    /// `maxAge`: for how many seconds a browser may remember a preflight. Browsers have a limit of
    /// their own; by default they decide.
    #[must_use]
    pub fn max_age(self, seconds: u64) -> Self {
        Self { max_age: Some(seconds), ..self }
    }

    /// `preflightContinue`: hands preflights on instead of answering them. Not by default.
    #[must_use]
    pub fn preflight_continue(self, preflight_continue: bool) -> Self {
        Self { preflight_continue, ..self }
    }

    /// `optionsSuccessStatus`: the status of a preflight's answer, allowed or not. 204 by default.
    #[must_use]
    pub fn options_success_status(self, status: u16) -> Self {
        Self { options_success_status: status, ..self }
    }

    /// Puts the policy together.
    ///
    /// # Errors
    ///
    /// [`CorsConfigError`]: above all credentials for every origin, which no browser accepts with
    /// `*` and which would open every session to every page with [`OriginPolicy::Reflect`].
    pub fn build(self) -> Result<Cors, CorsConfigError> {
        let open = matches!(self.origin, OriginPolicy::Any | OriginPolicy::Reflect);
        if self.credentials && open {
            return Err(CorsConfigError::CredentialsForAll);
        }
        if !(200..300).contains(&self.options_success_status) {
            return Err(CorsConfigError::Status(self.options_success_status));
        }
        let lists =
            [Some(&self.methods), self.allowed_headers.as_ref(), Some(&self.exposed_headers)];
        for name in lists.into_iter().flatten().flatten() {
            if self.credentials && name == "*" {
                return Err(CorsConfigError::WildcardWithCredentials);
            }
            let is_token = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && !b",;:\"()<>@[]{}=/\\?".contains(&byte));
            if !is_token {
                return Err(CorsConfigError::Name(name.clone()));
            }
        }
        let join =
            |names: &[String]| FieldText::new(names.join(",")).map_err(CorsConfigError::Field);
        let exposed_headers = match self.exposed_headers.as_slice() {
            [] => None,
            names => Some(join(names)?),
        };
        let allowed_headers = self.allowed_headers.as_deref().map(join).transpose()?;
        Ok(Cors(Arc::new(Policy {
            origin: self.origin,
            methods: join(&self.methods)?,
            allowed_headers,
            exposed_headers,
            credentials: self.credentials,
            max_age: self.max_age,
            preflight_continue: self.preflight_continue,
            options_success_status: self.options_success_status,
        })))
    }
}

/// Why a CORS policy is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CorsConfigError {
    /// Credentials together with every origin.
    CredentialsForAll,
    /// A list does not fit into a header field.
    Field(FieldTextError),
    /// A method or a header name that is none.
    Name(String),
    /// An empty list of origins.
    NoOrigin,
    /// A text that is no origin, and why.
    Origin(String, UrlError),
    /// A pattern that does not compile.
    Pattern(PatternError),
    /// A status that is no success.
    Status(u16),
    /// `*` in a list together with credentials, where it stands for itself.
    WildcardWithCredentials,
}

impl fmt::Display for CorsConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CredentialsForAll => f.write_str(
                "credentials need origins that are named: list them instead of allowing all",
            ),
            Self::Field(error) => error.fmt(f),
            Self::Name(name) => write!(f, "`{name}` is no method or header name"),
            Self::NoOrigin => f.write_str("the list of origins is empty: turn CORS off instead"),
            Self::Origin(text, error) => write!(f, "the origin `{text}` {error}"),
            Self::Pattern(error) => write!(f, "the origin pattern: {error}"),
            Self::Status(status) => {
                write!(f, "the status of a preflight must be from 200 to 299, not {status}")
            }
            Self::WildcardWithCredentials => {
                f.write_str("with credentials `*` stands for itself: name what is meant")
            }
        }
    }
}

impl core::error::Error for CorsConfigError {}
