//! The refresh grant (RFC 6749 §6, OpenID Connect Core 1.0 §12).

use super::{
    ClientConfig, IdTokenError, TokenResponseError,
    client_authentication::{EndpointForm, MAX_ANSWER},
    id_token,
};
use crate::{
    crypto::CryptoProvider,
    http::{FetchError, Inbound, QueryWriter},
    issuer::ProviderMetadata,
    json::{JsonLimits, Object},
    jwt::VerifiedToken,
    secret::Secret,
};
use core::fmt;

/// The form that redeems `refresh_token`. The scope stays what was granted.
pub(crate) fn refresh_form<'m>(
    metadata: &'m ProviderMetadata,
    refresh_token: &Secret,
) -> EndpointForm<'m> {
    let form = QueryWriter::form()
        .pair("grant_type", "refresh_token")
        .pair("refresh_token", refresh_token.expose());
    EndpointForm { endpoint: metadata.token_endpoint(), form, names_client: false }
}

/// Why the token endpoint gave an answer other than 200 (RFC 6749 §5.2).
///
/// A session is over where the provider says so in the words of the standard: a page of a firewall
/// in between does not count, nor does trouble with the client or with the provider itself.
pub(crate) fn refresh_refusal(answer: &Inbound) -> RefreshFailure {
    let limits = JsonLimits { bytes: MAX_ANSWER, depth: 16, members: 128 };
    let body = Object::parse(&answer.body, limits).ok();
    let error = body.as_ref().and_then(|body| body.text("error").ok().flatten());
    match (answer.status, error) {
        (400 | 401, Some("invalid_client")) | (401, Some("unauthorized_client") | None) => {
            RefreshFailure::Client
        }
        (400 | 401 | 403, Some(error))
            if !["server_error", "slow_down", "temporarily_unavailable"].contains(&error) =>
        {
            RefreshFailure::Refused
        }
        (status, _) => RefreshFailure::Response(TokenResponseError::Status(status)),
    }
}

/// Checks the claims that tie a refreshed ID token to the session of `user` (OpenID Connect Core 1.0
/// §12.2). Its issuer was compared when it was read, and its `nonce` is not looked at: it need not
/// have one. Somebody who signed in for an organization does not end up in another one.
pub(crate) fn check_refreshed_id_token(
    token: &VerifiedToken,
    client: &ClientConfig,
    user: &Object,
    access_token: &str,
    crypto: &CryptoProvider,
) -> Result<(), IdTokenError> {
    let claims = token.claims();
    if claims.get("sub") != user.get("sub") {
        return Err(IdTokenError::Subject);
    }
    match (user.get("org_id"), claims.get("org_id")) {
        (Some(before), Some(now)) if before != now => return Err(IdTokenError::Organization),
        _ => {}
    }
    id_token::check_parties(token, &client.client_id, access_token, crypto)
}

/// Why a refresh brought no tokens. For logs and counters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RefreshFailure {
    /// The provider does not know this client, or its secret is wrong (`invalid_client`).
    Client,
    /// The token endpoint could not be reached, or did not answer in time.
    Fetch(FetchError),
    /// The provider gave an ID token that breaks a rule, or is about somebody else.
    IdToken(IdTokenError),
    /// Randomness or the crypto provider failed.
    Internal,
    /// The task that carried the refresh out was dropped.
    Lost,
    /// The provider gives no more tokens for this refresh token (`invalid_grant` and the like).
    Refused,
    /// The answer of the token endpoint breaks a rule.
    Response(TokenResponseError),
    /// The session was signed out before the refresh was sent, or before its answer came.
    SignedOut,
    /// The provider's documents are not to be had.
    Unavailable,
}

impl RefreshFailure {
    /// Whether the session is over. Everything else may pass.
    #[must_use]
    pub const fn is_fatal(self) -> bool {
        match self {
            Self::IdToken(_) | Self::Refused | Self::SignedOut => true,
            Self::Client
            | Self::Fetch(_)
            | Self::Internal
            | Self::Lost
            | Self::Response(_)
            | Self::Unavailable => false,
        }
    }
}

impl From<IdTokenError> for RefreshFailure {
    fn from(error: IdTokenError) -> Self {
        Self::IdToken(error)
    }
}

impl fmt::Display for RefreshFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client => f.write_str("the provider does not accept this client"),
            Self::Fetch(error) => write!(f, "no answer from the token endpoint: {error}"),
            Self::IdToken(error) => write!(f, "ID token: {error}"),
            Self::Internal => f.write_str("randomness or the crypto provider failed"),
            Self::Lost => f.write_str("the refresh was given up"),
            Self::Refused => f.write_str("the provider refused the refresh token"),
            Self::Response(error) => write!(f, "token response: {error}"),
            Self::SignedOut => f.write_str("the session was signed out"),
            Self::Unavailable => f.write_str("the provider's documents are not to be had"),
        }
    }
}

impl core::error::Error for RefreshFailure {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// What ends a session, and what passes.
    #[test]
    fn tells_a_refusal_from_trouble() {
        let refusal = |status, body: &str| {
            refresh_refusal(&Inbound { status, headers: vec![], body: body.as_bytes().to_vec() })
        };
        for error in ["invalid_grant", "invalid_scope", "unauthorized_client", "mfa_required"] {
            let body = alloc::format!(r#"{{"error":"{error}"}}"#);
            assert_eq!(refusal(400, &body), RefreshFailure::Refused, "{error}");
            assert_eq!(refusal(403, &body), RefreshFailure::Refused, "{error}");
        }
        for (status, body) in [
            (401, r#"{"error":"invalid_client"}"#),
            (400, r#"{"error":"invalid_client"}"#),
            // So Keycloak says that the secret is wrong.
            (401, r#"{"error":"unauthorized_client"}"#),
            (401, ""),
            (401, "<html>"),
        ] {
            assert_eq!(refusal(status, body), RefreshFailure::Client, "{status} {body}");
        }
        for (status, body) in [
            (400, "<html>"),
            (403, "blocked"),
            (400, r#"{"error":"temporarily_unavailable"}"#),
            (400, r#"{"error":1}"#),
            (429, r#"{"error":"too_many_requests"}"#),
            (429, r#"{"error":"invalid_grant"}"#),
            (302, ""),
            (404, r#"{"error":"invalid_grant"}"#),
            (500, r#"{"error":"invalid_grant"}"#),
            (503, ""),
        ] {
            let expected = RefreshFailure::Response(TokenResponseError::Status(status));
            assert_eq!(refusal(status, body), expected, "{status} {body}");
            assert!(!expected.is_fatal());
        }
    }
}
