//! The token endpoint (RFC 6749 §3.2, OpenID Connect Core 1.0 §3.1.3).

#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use serde::Serialize;

use super::IdentityProvider;
use super::client::ClientError;
use super::grants::{Grant, GrantError, NewRefreshToken, Redeemed, Redemption, Refreshed};
use super::keys::{KeyError, TokenType};
use super::request::Scope;
use super::token_claims::{AccessTokenClaims, IdTokenClaims};
use crate::parameters::{NotAForm, Parameters};
use crate::random::random_text;
use crate::responses;

impl IdentityProvider {
    pub(super) fn token(&self, request: &Request<Bytes>, now: u64) -> Response<Bytes> {
        match self.exchange(request, now) {
            Ok(tokens) => responses::json(StatusCode::OK, &tokens),
            Err(error) => error.response(),
        }
    }

    fn exchange(&self, request: &Request<Bytes>, now: u64) -> Result<Tokens, TokenError> {
        let form = Parameters::from_form(request)?;
        if form.has_repetition() {
            return Err(TokenError::InvalidRequest("a parameter is given more than once"));
        }
        let client = self.authenticate_client(request, &form, now)?;
        match form.get("grant_type") {
            Some("authorization_code") => self.redeem_code(client.client_id(), &form, now),
            Some("refresh_token") => self.redeem_refresh_token(client.client_id(), &form, now),
            Some(_) => Err(TokenError::UnsupportedGrantType),
            None => Err(TokenError::InvalidRequest("grant_type is missing")),
        }
    }

    fn redeem_code(
        &self,
        client_id: &str,
        form: &Parameters,
        now: u64,
    ) -> Result<Tokens, TokenError> {
        let needed = |name, error| form.get(name).ok_or(TokenError::InvalidRequest(error));
        let redemption = Redemption {
            code: needed("code", "code is missing")?,
            client_id,
            redirect_uri: needed("redirect_uri", "redirect_uri is missing")?,
            code_verifier: needed("code_verifier", "code_verifier is missing")?,
        };
        let new_token = NewRefreshToken::draw()?;
        let redeemed = self.state().grants.redeem(&redemption, new_token, now)?;
        let Redeemed { grant, nonce, refresh_token } = redeemed;
        let scope = grant.scope.clone();
        self.mint(&grant, &scope, nonce.as_deref(), refresh_token, now)
    }

    fn redeem_refresh_token(
        &self,
        client_id: &str,
        form: &Parameters,
        now: u64,
    ) -> Result<Tokens, TokenError> {
        let refresh_token = form
            .get("refresh_token")
            .ok_or(TokenError::InvalidRequest("refresh_token is missing"))?;
        let narrowed = match form.get("scope") {
            Some(text) => Some(Scope::parse(text).ok_or(TokenError::InvalidScope)?),
            None => None,
        };
        let new_token = NewRefreshToken::draw()?;
        let refreshed =
            self.state().grants.refresh(refresh_token, client_id, narrowed, new_token, now)?;
        let Refreshed { grant, scope, refresh_token } = refreshed;
        self.mint(&grant, &scope, None, Some(refresh_token), now)
    }

    fn mint(
        &self,
        grant: &Grant,
        scope: &Scope,
        nonce: Option<&str>,
        refresh_token: Option<String>,
        now: u64,
    ) -> Result<Tokens, TokenError> {
        let lifetime = self.configuration.access_token_lifetime;
        let token_id = random_text()?;
        let claims = AccessTokenClaims::new(self.issuer(), grant, scope, token_id, (now, lifetime));
        self.with_keys(|keys| {
            let access_token = keys.sign(TokenType::Access, &claims)?;
            let id_token = if scope.contains(Scope::OPENID) {
                let claims =
                    IdTokenClaims::new(self.issuer(), grant, scope, nonce, &access_token, now);
                Some(keys.sign(TokenType::Id, &claims)?)
            } else {
                None
            };
            Ok(Tokens {
                access_token,
                token_type: "Bearer",
                expires_in: lifetime,
                scope: scope.to_string(),
                id_token,
                refresh_token,
            })
        })
    }
}

/// RFC 6749 §5.1
#[derive(Serialize)]
struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// RFC 6749 §5.2
#[derive(Debug)]
pub(super) enum TokenError {
    /// An authorization request that was pushed is wrong.
    Authorization {
        error: &'static str,
        description: &'static str,
    },
    InvalidClient,
    InvalidGrant,
    InvalidRequest(&'static str),
    InvalidScope,
    ServerError,
    UnsupportedGrantType,
}

#[derive(Serialize)]
struct ErrorDocument {
    error: &'static str,
    error_description: &'static str,
}

impl TokenError {
    pub(super) fn response(self) -> Response<Bytes> {
        let (status, error, error_description) = match self {
            Self::Authorization { error, description } => {
                (StatusCode::BAD_REQUEST, error, description)
            }
            Self::InvalidClient => {
                (StatusCode::UNAUTHORIZED, "invalid_client", "the client did not authenticate")
            }
            Self::InvalidGrant => (
                StatusCode::BAD_REQUEST,
                "invalid_grant",
                "the grant is unknown, expired, used or was issued for something else",
            ),
            Self::InvalidRequest(description) => {
                (StatusCode::BAD_REQUEST, "invalid_request", description)
            }
            Self::InvalidScope => {
                (StatusCode::BAD_REQUEST, "invalid_scope", "scope is more than was granted")
            }
            Self::ServerError => {
                (StatusCode::INTERNAL_SERVER_ERROR, "server_error", "no token could be made")
            }
            Self::UnsupportedGrantType => {
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", "grant_type is not known here")
            }
        };
        let response = responses::json(status, &ErrorDocument { error, error_description });
        match self {
            Self::InvalidClient => responses::with_header(
                response,
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(r#"Basic realm="token endpoint""#),
            ),
            _ => response,
        }
    }
}

impl From<ClientError> for TokenError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Failed => Self::InvalidClient,
            ClientError::Malformed => {
                Self::InvalidRequest("the client authenticates in more than one way")
            }
        }
    }
}

impl From<GrantError> for TokenError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::InvalidGrant => Self::InvalidGrant,
            GrantError::InvalidScope => Self::InvalidScope,
        }
    }
}

impl From<KeyError> for TokenError {
    fn from(_: KeyError) -> Self {
        Self::ServerError
    }
}

impl From<NotAForm> for TokenError {
    fn from(_: NotAForm) -> Self {
        Self::InvalidRequest("the body is not application/x-www-form-urlencoded")
    }
}

impl From<getrandom::Error> for TokenError {
    fn from(_: getrandom::Error) -> Self {
        Self::ServerError
    }
}
