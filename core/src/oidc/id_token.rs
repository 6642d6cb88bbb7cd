//! What an ID token must be beyond a verified token (OpenID Connect Core 1.0 §3.1.3.7).

use super::Asked;
use crate::{
    crypto::CryptoProvider,
    encoding,
    json::{Json, Object},
    jwt::{ClockTolerance, TokenError, VerifiedToken},
    time::UnixSeconds,
};
use core::fmt;
use subtle::ConstantTimeEq as _;

/// What ties an ID token to one login.
pub(crate) struct ExpectedIdToken<'e> {
    pub(crate) client_id: &'e str,
    pub(crate) nonce: &'e str,
    /// The access token that came with it.
    pub(crate) access_token: &'e str,
    /// What was asked of the provider.
    pub(crate) asked: &'e Asked,
    /// When it was asked.
    pub(crate) asked_at: UnixSeconds,
    pub(crate) tolerance: ClockTolerance,
}

impl ExpectedIdToken<'_> {
    /// Checks the claims that tie `token` to this login.
    pub(crate) fn check(
        &self,
        token: &VerifiedToken,
        crypto: &CryptoProvider,
    ) -> Result<(), IdTokenError> {
        let claims = token.claims();
        let claimed = claims.required_text("nonce").map_err(|_| IdTokenError::Nonce)?;
        if !bool::from(claimed.as_bytes().ct_eq(self.nonce.as_bytes())) {
            return Err(IdTokenError::Nonce);
        }
        check_parties(token, self.client_id, self.access_token, crypto)?;
        self.check_authentication_time(claims)?;
        self.check_organization(claims)
    }

    /// Where a greatest age was asked for, the user must have signed in at the provider no longer
    /// than that before it was asked (rule 13). What passes between the question and the answer is
    /// the user's time at the provider and does not count.
    fn check_authentication_time(&self, claims: &Object) -> Result<(), IdTokenError> {
        let Some(max_age) = self.asked.max_age else { return Ok(()) };
        let authenticated_at = match claims.get("auth_time") {
            Some(Json::Unsigned(seconds)) => UnixSeconds(*seconds),
            // The fraction counts for the user.
            Some(Json::Float(seconds)) if *seconds >= 0.0 => UnixSeconds(*seconds as u64),
            _ => return Err(IdTokenError::AuthenticationTime),
        };
        let latest = authenticated_at.saturating_add(max_age);
        if latest.saturating_add(self.tolerance.seconds()) < self.asked_at {
            return Err(IdTokenError::AuthenticationTime);
        }
        Ok(())
    }

    /// Where an organization was asked for, the user must have signed in for it.
    fn check_organization(&self, claims: &Object) -> Result<(), IdTokenError> {
        match &self.asked.organization {
            Some(organization) if !is_of_organization(claims, organization) => {
                Err(IdTokenError::Organization)
            }
            _ => Ok(()),
        }
    }
}

/// Whether the claims are of somebody who signed in for `organization`. Auth0 gives ids that start
/// with `org_` in `org_id`, and names, in small letters, in `org_name`.
pub(crate) fn is_of_organization(claims: &Object, organization: &str) -> bool {
    if organization.starts_with("org_") {
        claims.text("org_id") == Ok(Some(organization))
    } else {
        let claimed = claims.text("org_name").ok().flatten().map(str::to_lowercase);
        claimed == Some(organization.to_lowercase())
    }
}

/// Checks the claims that tie an ID token to this client, and to the access token beside it.
pub(super) fn check_parties(
    token: &VerifiedToken,
    client_id: &str,
    access_token: &str,
    crypto: &CryptoProvider,
) -> Result<(), IdTokenError> {
    let claims = token.claims();
    // A further audience is one that nobody here vouches for (§3.1.3.7, rule 3).
    if let Some(Json::Array(audiences)) = claims.get("aud")
        && audiences.iter().any(|audience| *audience != Json::from(client_id))
    {
        return Err(IdTokenError::Audience);
    }
    match claims.text("azp") {
        Ok(None) => {}
        Ok(Some(party)) if party == client_id => {}
        _ => return Err(IdTokenError::AuthorizedParty),
    }
    if let Some(claimed) = claims.text("at_hash").map_err(|_| IdTokenError::AccessTokenHash)? {
        let hash = crypto.hash.sha256(access_token.as_bytes());
        let half = hash.get(..16).unwrap_or_default();
        if !bool::from(claimed.as_bytes().ct_eq(encoding::encode(half).as_bytes())) {
            return Err(IdTokenError::AccessTokenHash);
        }
    }
    Ok(())
}

/// Which rule an ID token breaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum IdTokenError {
    /// `at_hash` is another access token's.
    AccessTokenHash,
    /// `aud` names somebody else too.
    Audience,
    /// `auth_time` is absent, or longer ago than was asked for.
    AuthenticationTime,
    /// `azp` is another client.
    AuthorizedParty,
    /// `nonce` is absent or another login's.
    Nonce,
    /// `sub` is not whom the session is about.
    Subject,
    /// The user did not sign in for the organization that was asked for.
    Organization,
    /// A rule for every token.
    Token(TokenError),
}

impl fmt::Display for IdTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccessTokenHash => f.write_str("at_hash is another access token's"),
            Self::Audience => f.write_str("aud names somebody else too"),
            Self::AuthenticationTime => {
                f.write_str("auth_time is absent, or longer ago than was asked for")
            }
            Self::AuthorizedParty => f.write_str("azp is another client"),
            Self::Nonce => f.write_str("nonce is absent or another login's"),
            Self::Subject => f.write_str("sub is somebody else"),
            Self::Organization => f.write_str("the user signed in for another organization"),
            Self::Token(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for IdTokenError {}
