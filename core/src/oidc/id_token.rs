//! What an ID token must be beyond a verified token (OpenID Connect Core 1.0 §3.1.3.7).

use crate::{
    crypto::CryptoProvider,
    encoding,
    json::Json,
    jwt::{TokenError, VerifiedToken},
};
use core::fmt;
use subtle::ConstantTimeEq as _;

/// Checks the claims that tie an ID token to this login: nonce, authorized party, access token.
pub(crate) fn check_id_token(
    token: &VerifiedToken,
    client_id: &str,
    nonce: &str,
    access_token: &str,
    crypto: &CryptoProvider,
) -> Result<(), IdTokenError> {
    let claims = token.claims();
    let claimed = claims.required_text("nonce").map_err(|_| IdTokenError::Nonce)?;
    if !bool::from(claimed.as_bytes().ct_eq(nonce.as_bytes())) {
        return Err(IdTokenError::Nonce);
    }
    check_parties(token, client_id, access_token, crypto)
}

/// Checks the claims that tie an ID token to this client and to the access token beside it.
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
    /// `azp` is another client.
    AuthorizedParty,
    /// `nonce` is absent or another login's.
    Nonce,
    /// `sub` is not whom the session is about.
    Subject,
    /// A rule for every token.
    Token(TokenError),
}

impl fmt::Display for IdTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccessTokenHash => f.write_str("at_hash is another access token's"),
            Self::Audience => f.write_str("aud names somebody else too"),
            Self::AuthorizedParty => f.write_str("azp is another client"),
            Self::Nonce => f.write_str("nonce is absent or another login's"),
            Self::Subject => f.write_str("sub is somebody else"),
            Self::Token(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for IdTokenError {}
