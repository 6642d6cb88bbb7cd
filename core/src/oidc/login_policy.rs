//! What a login asks of the provider beyond what the protocol needs, and who may say so.

use super::{LoginError, ReturnTo};
use crate::http::{Query, QueryWriter};
use alloc::{borrow::ToOwned as _, string::String, vec::Vec};
use core::fmt;

#[cfg(test)]
mod tests;

/// How logins start: which parameters of the authorization request are always sent, which ones the
/// query of a login may set, and how the request gets to the provider.
///
/// What ties a login to its answer is the gate's own and can be set by nobody: `state`, `nonce`,
/// `redirect_uri`, `response_type`, `client_id` and the like; so are `scope` and `audience`, which
/// [`ClientConfig`](super::ClientConfig) has. A parameter that is always sent stays as it is,
/// whatever a query says.
#[derive(Clone, Debug)]
pub struct LoginPolicy {
    from_query: Vec<String>,
    always: Vec<(String, String)>,
    pushed: bool,
    lifetime: u64,
    default_target: ReturnTo,
}

impl LoginPolicy {
    /// The parameters that the query of a login may set where nothing else is said: whom it is for
    /// (`login_hint`, `organization`, `invitation`), how they sign in (`connection`,
    /// `screen_hint`, `prompt`, `max_age`, `acr_values`), and in which language (`ui_locales`).
    pub const FROM_QUERY: [&'static str; 9] = [
        "acr_values",
        "connection",
        "invitation",
        "login_hint",
        "max_age",
        "organization",
        "prompt",
        "screen_hint",
        "ui_locales",
    ];

    /// The most bytes of a parameter's value.
    pub const MAX_VALUE_LENGTH: usize = 512;

    /// The most bytes of all values together.
    pub const MAX_TOTAL_LENGTH: usize = 2048;

    /// The seconds that a person has to come back from the provider, by default: an hour.
    pub const DEFAULT_LIFETIME: u64 = 3600;

    /// The least and the most seconds that can be chosen: a minute, and a day.
    pub const LIFETIMES: core::ops::RangeInclusive<u64> = 60..=86_400;

    /// Lets the query of a login set these parameters and no others, in place of
    /// [`FROM_QUERY`](Self::FROM_QUERY).
    ///
    /// # Errors
    ///
    /// [`LoginPolicyError`] where one is no name, or is not for anybody to set.
    pub fn with_query_parameters(
        self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, LoginPolicyError> {
        let mut from_query = Vec::new();
        for name in names {
            let name = checked_name(name.into())?;
            // Where tokens are for is decided here, as it is with `audience` (RFC 8707 §2).
            if name == "resource" {
                return Err(LoginPolicyError::Reserved(name));
            }
            from_query.push(name);
        }
        Ok(Self { from_query, ..self })
    }

    /// Sends this parameter with every login. One of the same name takes its place.
    ///
    /// # Errors
    ///
    /// [`LoginPolicyError`] where the name is none, or not for anybody to set, or where the value
    /// cannot be sent. `prompt=none` cannot be sent always: nobody could ever sign in.
    pub fn with_parameter(
        mut self,
        name: impl Into<String>,
        value: &str,
    ) -> Result<Self, LoginPolicyError> {
        let name = checked_name(name.into())?;
        let is_silent = name == "prompt" && is_silent(value);
        if value.is_empty() || is_silent || !is_sendable(&name, value) {
            return Err(LoginPolicyError::Value(name));
        }
        self.always.retain(|(known, _)| *known != name);
        self.always.push((name, value.to_owned()));
        Ok(self)
    }

    /// Pushes the authorization request to the provider before a browser goes there (RFC 9126), so
    /// that nobody on the way can read or change it. A login fails where the provider does not offer
    /// that. Where the provider insists on it, requests are pushed without this as well.
    #[must_use]
    pub fn with_pushed_requests(self) -> Self {
        Self { pushed: true, ..self }
    }

    /// How many seconds a person has to come back from the provider.
    ///
    /// # Errors
    ///
    /// [`LoginPolicyError::Lifetime`] outside of [`LIFETIMES`](Self::LIFETIMES).
    pub fn with_lifetime(self, seconds: u64) -> Result<Self, LoginPolicyError> {
        if Self::LIFETIMES.contains(&seconds) {
            Ok(Self { lifetime: seconds, ..self })
        } else {
            Err(LoginPolicyError::Lifetime)
        }
    }

    /// Where a login ends that names no place, or none where it may end. The start page by default.
    ///
    /// # Errors
    ///
    /// [`LoginPolicyError::DefaultTarget`] where it is no path of the application.
    pub fn with_default_target(self, target: &str) -> Result<Self, LoginPolicyError> {
        let default_target = ReturnTo::parse(target).ok_or(LoginPolicyError::DefaultTarget)?;
        Ok(Self { default_target, ..self })
    }

    /// The organization that everybody signs in for, if there is one.
    pub(crate) fn organization(&self) -> Option<&str> {
        let always = self.always.iter().find(|(name, _)| name == "organization");
        always.map(|(_, organization)| organization.as_str())
    }

    pub(crate) const fn pushed(&self) -> bool {
        self.pushed
    }

    pub(crate) const fn lifetime(&self) -> u64 {
        self.lifetime
    }

    pub(crate) const fn default_target(&self) -> &ReturnTo {
        &self.default_target
    }

    /// The parameters of a login with this query. What the query may not set is left out.
    ///
    /// # Errors
    ///
    /// [`LoginError::Parameter`] where it may set a parameter, and sets it twice or to what cannot
    /// be sent: without it the login would be another one than the one that was asked for.
    pub(crate) fn parameters(&self, query: Query<'_>) -> Result<LoginParameters, LoginError> {
        let mut pairs = self.always.clone();
        let mut length = 0_usize;
        for name in &self.from_query {
            if self.always.iter().any(|(known, _)| known == name) {
                continue;
            }
            let value = query.unique(name).map_err(|_| LoginError::Parameter)?;
            let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
            length = length.saturating_add(value.len());
            if !is_sendable(name, &value) || length > Self::MAX_TOTAL_LENGTH {
                return Err(LoginError::Parameter);
            }
            pairs.push((name.clone(), value.into_owned()));
        }
        Ok(LoginParameters(pairs))
    }
}

impl Default for LoginPolicy {
    fn default() -> Self {
        Self {
            from_query: Self::FROM_QUERY.map(String::from).to_vec(),
            always: Vec::new(),
            pushed: false,
            lifetime: Self::DEFAULT_LIFETIME,
            default_target: ReturnTo::default(),
        }
    }
}

/// Parameters that tie a login to its answer, that say who asks for what, or that carry others
/// within them.
const RESERVED: [&str; 17] = [
    "audience",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "returnTo",
    "scope",
    "state",
];

fn checked_name(name: String) -> Result<String, LoginPolicyError> {
    let usable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if !(1..=64).contains(&name.len()) || !name.bytes().all(usable) {
        Err(LoginPolicyError::Name(name))
    } else if RESERVED.contains(&name.as_str()) {
        Err(LoginPolicyError::Reserved(name))
    } else {
        Ok(name)
    }
}

fn is_sendable(name: &str, value: &str) -> bool {
    let is_text = !value.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER);
    let fits = value.len() <= LoginPolicy::MAX_VALUE_LENGTH && is_text;
    fits && (name != "max_age" || seconds(value).is_some())
}

/// A number of seconds without a sign. Ten digits are more than any sign-in is old.
fn seconds(text: &str) -> Option<u64> {
    let is_number = (1..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// `none` among the prompts: the provider is to show nothing (OpenID Connect Core 1.0 §3.1.2.1).
fn is_silent(prompt: &str) -> bool {
    prompt.split(' ').any(|word| word == "none")
}

/// The parameters of one login beside the gate's own.
#[derive(Clone)]
pub(crate) struct LoginParameters(Vec<(String, String)>);

/// They may say who somebody is, or be an invitation, so only their names are printed.
impl fmt::Debug for LoginParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl LoginParameters {
    /// Adds all of them.
    pub(super) fn write(&self, to: QueryWriter) -> QueryWriter {
        self.0.iter().fold(to, |to, (name, value)| to.pair(name, value))
    }

    /// What the answer is to be held to.
    pub(crate) fn asked(&self) -> Asked {
        Asked {
            max_age: self.get("max_age").and_then(seconds),
            organization: self.get("organization").map(str::to_owned),
            silent: self.get("prompt").is_some_and(is_silent),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What was asked of the provider, for the answer to be held to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Asked {
    /// The greatest age of the sign-in at the provider, in seconds.
    pub(crate) max_age: Option<u64>,
    /// The organization that the user is to sign in for, by id or by name.
    pub(crate) organization: Option<String>,
    /// Whether the provider was to show nothing.
    pub(crate) silent: bool,
}

/// Why a setting of the policy is not used.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LoginPolicyError {
    /// The target is no path of the application.
    DefaultTarget,
    /// The lifetime is less than a minute or more than a day.
    Lifetime,
    /// The name of a parameter is empty, too long, or has unusual characters.
    Name(String),
    /// The parameter is the gate's own to set.
    Reserved(String),
    /// The value of the parameter is empty, too long or of the wrong kind, or would let nobody in.
    Value(String),
}

impl fmt::Display for LoginPolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DefaultTarget => {
                f.write_str("the target of a login must be a path of the application")
            }
            Self::Lifetime => f.write_str("a login may take 60 to 86400 seconds"),
            Self::Name(name) => write!(f, "{name:?} is not the name of a parameter"),
            Self::Reserved(name) => write!(f, "the parameter {name} is the gate's own to set"),
            Self::Value(name) => write!(f, "the parameter {name} cannot have this value"),
        }
    }
}

impl core::error::Error for LoginPolicyError {}
