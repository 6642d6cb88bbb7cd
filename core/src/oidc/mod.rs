//! The OpenID Connect code flow from the client's side (OpenID Connect Core 1.0 §3.1), with PKCE
//! (RFC 7636) and `state` and `nonce` always.

mod authorization;
mod callback;
mod client_authentication;
mod id_token;
mod login_error;
mod login_policy;
mod logout;
mod refresh;
mod return_to;
mod token_endpoint;

pub use authorization::PushedRequestError;
pub use callback::{CallbackError, ProviderError};
pub use client_authentication::ClientCredentials;
pub use id_token::IdTokenError;
pub use login_error::LoginError;
pub use login_policy::{LoginPolicy, LoginPolicyError};
pub use logout::{LogoutPolicy, LogoutTargetError, LogoutTokenError, ProviderLogout};
pub use refresh::RefreshFailure;
pub use return_to::ReturnTo;
pub use token_endpoint::TokenResponseError;

pub(crate) use authorization::{AuthorizationRequest, RequestUri};
pub(crate) use callback::CallbackParameters;
pub(crate) use client_authentication::ClientAuthenticationError;
pub(crate) use id_token::{ExpectedIdToken, is_of_organization};
pub(crate) use login_policy::{Asked, LoginParameters};
pub(crate) use logout::{
    EndSession, LogoutOrder, LogoutTarget, OrderedSessions, revocation_request,
};
pub(crate) use refresh::{check_refreshed_id_token, refresh_form, refresh_refusal};
pub(crate) use token_endpoint::{TokenResponse, code_form};

use crate::http::{Origin, UrlError};
use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};
use core::{fmt, time::Duration};

/// This application, as it is registered with the provider.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    pub(crate) client_id: String,
    pub(crate) credentials: ClientCredentials,
    pub(crate) base_url: Origin,
    pub(crate) audience: Option<String>,
    pub(crate) scope: String,
    pub(crate) keeps_refresh_tokens: bool,
    pub(crate) timeout: Duration,
}

impl ClientConfig {
    /// The client `client_id` with its credentials, which may be no more than a
    /// [`Secret`](crate::secret::Secret), served at `base_url`, such as `https://app.example`.
    ///
    /// # Errors
    ///
    /// [`ClientConfigError`] says which setting is wrong and how.
    pub fn new(
        client_id: &str,
        credentials: impl Into<ClientCredentials>,
        base_url: &str,
    ) -> Result<Self, ClientConfigError> {
        if client_id.is_empty() {
            return Err(ClientConfigError::ClientId);
        }
        let credentials = credentials.into();
        if credentials.secret().is_some_and(|secret| secret.expose().is_empty()) {
            return Err(ClientConfigError::ClientSecret);
        }
        let base_url = Origin::parse(base_url).map_err(ClientConfigError::BaseUrl)?;
        Ok(Self {
            client_id: client_id.to_owned(),
            credentials,
            base_url,
            audience: None,
            scope: "openid profile email".to_owned(),
            keeps_refresh_tokens: false,
            timeout: Duration::from_secs(10),
        })
    }

    /// Asks for access tokens for `audience`. Auth0 gives tokens that no API can check where this
    /// is left out.
    #[must_use]
    pub fn with_audience(self, audience: impl Into<String>) -> Self {
        Self { audience: Some(audience.into()), ..self }
    }

    /// Asks for `scope`, separated by blanks, in place of `openid profile email`.
    ///
    /// # Errors
    ///
    /// [`ClientConfigError::Scope`] where `openid` is not among them.
    pub fn with_scope(self, scope: &str) -> Result<Self, ClientConfigError> {
        let scopes: Vec<&str> = scope.split_ascii_whitespace().collect();
        if !scopes.contains(&"openid") {
            return Err(ClientConfigError::Scope);
        }
        Ok(Self { scope: scopes.join(" "), ..self })
    }

    /// Asks for a refresh token too (OpenID Connect Core 1.0 §11): adds `offline_access` to the
    /// scope. The gate then refreshes access tokens before they expire.
    #[must_use]
    pub fn with_offline_access(self) -> Self {
        if self.asks_for_offline_access() {
            return self;
        }
        Self { scope: format!("{} {OFFLINE_ACCESS}", self.scope), ..self }
    }

    /// Keeps the refresh tokens that the provider gives without `offline_access`, which some do not
    /// know: Google asks for `access_type=offline` in its place
    /// ([`LoginPolicy::with_parameter`]), Amazon Cognito and Keycloak give refresh tokens to
    /// everyone. Without this and without `offline_access`, they are not kept.
    #[must_use]
    pub fn with_refresh_tokens(self) -> Self {
        Self { keeps_refresh_tokens: true, ..self }
    }

    /// How long the provider may take to answer where tokens or pushed requests are concerned,
    /// whole. 10 s by default. Where it is longer, refreshes need more time as well:
    /// [`RefreshLimits::with_timeout`](crate::gate::RefreshLimits::with_timeout). Giving a refresh
    /// token back, which somebody who signs out waits for, has 3 s at most.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    pub(crate) fn keeps_refresh_tokens(&self) -> bool {
        self.keeps_refresh_tokens || self.asks_for_offline_access()
    }

    pub(crate) fn asks_for_offline_access(&self) -> bool {
        self.scope.split(' ').any(|scope| scope == OFFLINE_ACCESS)
    }
}

const OFFLINE_ACCESS: &str = "offline_access";

/// Which setting of the client is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClientConfigError {
    /// The base URL is malformed, or has a path.
    BaseUrl(UrlError),
    /// The client id is empty.
    ClientId,
    /// The client secret is empty.
    ClientSecret,
    /// The scope lacks `openid`.
    Scope,
}

impl fmt::Display for ClientConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BaseUrl(error) => write!(f, "the base URL {error}"),
            Self::ClientId => f.write_str("the client id is empty"),
            Self::ClientSecret => f.write_str("the client secret is empty"),
            Self::Scope => f.write_str("the scope must have openid in it"),
        }
    }
}

impl core::error::Error for ClientConfigError {}
