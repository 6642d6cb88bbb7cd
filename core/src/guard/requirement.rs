//! What a verified token must say to be let through.

use super::credentials::is_scope;
use crate::{
    json::{Json, Object},
    jwt::VerifiedToken,
};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;

/// What a verified token must say. A request whose token does not is answered with 403.
///
/// The constructors have the names that users of `express-oauth2-jwt-bearer` know. A claim is named
/// by a path, one name for each level, so that a name with a dot in it is one name:
/// `["realm_access", "roles"]`, `["https://example.com/roles"]`.
#[derive(Clone)]
pub struct Requirement(Kind);

#[derive(Clone)]
enum Kind {
    Scopes(Names),
    Permissions(Names),
    ClaimEquals { path: Vec<String>, value: Json },
    ClaimIncludes { path: Vec<String>, values: Vec<Json> },
    Check(Arc<dyn Fn(&VerifiedToken) -> bool + Send + Sync>),
}

#[derive(Clone, Debug)]
struct Names {
    names: Vec<String>,
    /// Whether one of them is enough.
    any: bool,
}

/// Which kind of requirement a token does not meet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RequirementKind {
    /// A check of the application's own.
    Check,
    /// The value of a claim.
    Claim,
    /// A permission.
    Permission,
    /// A scope.
    Scope,
}

impl fmt::Display for RequirementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Check => "the token does not pass a check of the application",
            Self::Claim => "a claim of the token does not have the value that is needed",
            Self::Permission => "the token does not have the permissions that are needed",
            Self::Scope => "the token does not have the scopes that are needed",
        })
    }
}

impl Requirement {
    /// The token has all of `scopes`, in the claim `scope` or in another that its policy
    /// [names](crate::jwt::TokenPolicy::with_scope_claim). They are named in the challenge of a
    /// refusal (RFC 6750 §3.1).
    ///
    /// # Errors
    ///
    /// [`RequirementError`] where there is none, or one is no scope (RFC 6749 §3.3).
    pub fn required_scopes<S: Into<String>>(
        scopes: impl IntoIterator<Item = S>,
    ) -> Result<Self, RequirementError> {
        Names::of_scopes(scopes, false).map(Kind::Scopes).map(Self)
    }

    /// The token has one of `scopes` at least. All of them are named in the challenge of a refusal.
    ///
    /// # Errors
    ///
    /// As for [`required_scopes`](Self::required_scopes).
    pub fn scope_includes_any<S: Into<String>>(
        scopes: impl IntoIterator<Item = S>,
    ) -> Result<Self, RequirementError> {
        Names::of_scopes(scopes, true).map(Kind::Scopes).map(Self)
    }

    /// The claim `permissions`, which Auth0 fills from the roles of a user, has all of
    /// `permissions`. It is never mixed with the scopes.
    ///
    /// # Errors
    ///
    /// [`RequirementError::Nothing`] where there is none, or one is empty.
    pub fn required_permissions<P: Into<String>>(
        permissions: impl IntoIterator<Item = P>,
    ) -> Result<Self, RequirementError> {
        Names::new(permissions, false).map(Kind::Permissions).map(Self)
    }

    /// The claim `permissions` has one of `permissions` at least.
    ///
    /// # Errors
    ///
    /// [`RequirementError::Nothing`] where there is none, or one is empty.
    pub fn permission_includes_any<P: Into<String>>(
        permissions: impl IntoIterator<Item = P>,
    ) -> Result<Self, RequirementError> {
        Names::new(permissions, true).map(Kind::Permissions).map(Self)
    }

    /// The claim at `path` is `value`, of the same type.
    ///
    /// # Errors
    ///
    /// [`RequirementError::Nothing`] where the path is empty.
    pub fn claim_equals<S: Into<String>>(
        path: impl IntoIterator<Item = S>,
        value: impl Into<Json>,
    ) -> Result<Self, RequirementError> {
        Ok(Self(Kind::ClaimEquals { path: not_empty(path)?, value: value.into() }))
    }

    /// The claim at `path` has all of `values`: an array with these elements, or a string of words
    /// with blanks between them. An element of an array is never taken apart.
    ///
    /// # Errors
    ///
    /// [`RequirementError::Nothing`] where the path is empty, where there is no value, or where one
    /// is an empty string, which any string with two blanks in a row would have.
    pub fn claim_includes<S: Into<String>, V: Into<Json>>(
        path: impl IntoIterator<Item = S>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, RequirementError> {
        let (path, values) = (not_empty(path)?, not_empty(values)?);
        if values.contains(&Json::from("")) {
            return Err(RequirementError::Nothing);
        }
        Ok(Self(Kind::ClaimIncludes { path, values }))
    }

    /// What `check` accepts. It is asked for every request, so it must neither wait nor fail.
    #[must_use]
    pub fn claim_check(check: impl Fn(&VerifiedToken) -> bool + Send + Sync + 'static) -> Self {
        Self(Kind::Check(Arc::new(check)))
    }

    /// Whether `token` meets the requirement.
    #[must_use]
    pub fn is_met_by(&self, token: &VerifiedToken) -> bool {
        match &self.0 {
            Kind::Scopes(names) => names.are_in(|name| token.scopes().any(|held| held == name)),
            Kind::Permissions(names) => {
                names.are_in(|name| token.permissions().any(|held| held == name))
            }
            Kind::ClaimEquals { path, value } => token.claims().at(path) == Some(value),
            Kind::ClaimIncludes { path, values } => includes(token.claims(), path, values),
            Kind::Check(check) => check(token),
        }
    }

    /// Which kind of requirement it is.
    #[must_use]
    pub const fn kind(&self) -> RequirementKind {
        match &self.0 {
            Kind::Scopes(_) => RequirementKind::Scope,
            Kind::Permissions(_) => RequirementKind::Permission,
            Kind::ClaimEquals { .. } | Kind::ClaimIncludes { .. } => RequirementKind::Claim,
            Kind::Check(_) => RequirementKind::Check,
        }
    }

    /// The scopes that it names.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &str> {
        let names = match &self.0 {
            Kind::Scopes(names) => names.names.as_slice(),
            _ => &[],
        };
        names.iter().map(String::as_str)
    }
}

impl fmt::Debug for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Scopes(names) => f.debug_tuple("Scopes").field(names).finish(),
            Kind::Permissions(names) => f.debug_tuple("Permissions").field(names).finish(),
            Kind::ClaimEquals { path, .. } => f.debug_tuple("ClaimEquals").field(path).finish(),
            Kind::ClaimIncludes { path, .. } => f.debug_tuple("ClaimIncludes").field(path).finish(),
            Kind::Check(_) => f.write_str("Check(..)"),
        }
    }
}

impl Names {
    fn new<N: Into<String>>(
        names: impl IntoIterator<Item = N>,
        any: bool,
    ) -> Result<Self, RequirementError> {
        let names: Vec<String> = not_empty(names)?;
        if names.iter().any(String::is_empty) {
            return Err(RequirementError::Nothing);
        }
        Ok(Self { names, any })
    }

    fn of_scopes<S: Into<String>>(
        scopes: impl IntoIterator<Item = S>,
        any: bool,
    ) -> Result<Self, RequirementError> {
        let scopes = Self::new(scopes, any)?;
        match scopes.names.iter().find(|name| !is_scope(name)) {
            None => Ok(scopes),
            Some(name) => Err(RequirementError::Scope(name.clone())),
        }
    }

    fn are_in(&self, holds: impl Fn(&str) -> bool) -> bool {
        let mut names = self.names.iter();
        if self.any { names.any(|name| holds(name)) } else { names.all(|name| holds(name)) }
    }
}

fn includes(claims: &Object, path: &[String], values: &[Json]) -> bool {
    match claims.at(path) {
        Some(Json::Array(elements)) => values.iter().all(|value| elements.contains(value)),
        Some(Json::Text(words)) => values.iter().all(|value| match value {
            Json::Text(value) => words.split(' ').any(|word| word == value),
            _ => false,
        }),
        _ => false,
    }
}

fn not_empty<S: Into<T>, T>(
    elements: impl IntoIterator<Item = S>,
) -> Result<Vec<T>, RequirementError> {
    let elements: Vec<T> = elements.into_iter().map(Into::into).collect();
    if elements.is_empty() { Err(RequirementError::Nothing) } else { Ok(elements) }
}

/// Why a requirement means nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RequirementError {
    /// A list without an element, or with an empty one.
    Nothing,
    /// A text that is no scope.
    Scope(String),
}

impl fmt::Display for RequirementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("a requirement needs a name and a value"),
            Self::Scope(name) => write!(f, "`{name}` is no scope"),
        }
    }
}

impl core::error::Error for RequirementError {}
