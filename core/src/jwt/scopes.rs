//! Where an access token says which scopes it has.

use super::TokenError;
use crate::json::{Json, Object};

/// The claim that holds the scopes of an access token, and the forms that it may have.
///
/// One claim is looked at and no other: a token that has both is not read in two ways.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ScopeClaim {
    /// `scope`, a text with blanks between the scopes, as RFC 9068 §2.2.3 and RFC 8693 §4.2 have it.
    /// Auth0, Keycloak, Amazon Cognito and most others write it.
    #[default]
    Scope,
    /// `scope`, such a text or an array of scopes, as the servers of Duende write by default.
    ScopeOrList,
    /// `scp`, such a text, as Microsoft Entra ID writes, or an array of scopes, as Okta does.
    Scp,
}

impl ScopeClaim {
    const fn name(self) -> &'static str {
        match self {
            Self::Scope | Self::ScopeOrList => "scope",
            Self::Scp => "scp",
        }
    }

    /// Checks the form of the claim, where it is there, and that of the registered one.
    pub(super) fn check(self, claims: &Object) -> Result<(), TokenError> {
        if self == Self::Scp {
            Self::Scope.check(claims)?;
        }
        let is_good = match claims.get(self.name()) {
            None | Some(Json::Text(_)) => true,
            Some(Json::Array(elements)) => self != Self::Scope && elements.iter().all(is_scope),
            Some(_) => false,
        };
        if is_good { Ok(()) } else { Err(TokenError::ClaimType(self.name())) }
    }

    /// The scopes among `claims`, whose form was checked.
    pub(super) fn of(self, claims: &Object) -> impl Iterator<Item = &str> {
        let (words, list) = match claims.get(self.name()) {
            Some(Json::Text(words)) => (words.as_str(), [].as_slice()),
            Some(Json::Array(list)) => ("", list.as_slice()),
            _ => ("", [].as_slice()),
        };
        words.split(' ').filter(|word| !word.is_empty()).chain(texts(list))
    }
}

/// Whether an element of a list is one scope: a blank within would make it one to some, and several
/// to others.
fn is_scope(element: &Json) -> bool {
    matches!(element, Json::Text(scope) if !scope.is_empty() && !scope.contains(' '))
}

/// The texts among `elements`.
pub(super) fn texts(elements: &[Json]) -> impl Iterator<Item = &str> {
    elements.iter().filter_map(|element| match element {
        Json::Text(text) => Some(text.as_str()),
        _ => None,
    })
}
