//! The authorization response (OpenID Connect Core 1.0 §3.1.2.5, RFC 9207).

use super::{ClientAuthenticationError, IdTokenError, TokenResponseError};
use crate::{
    http::{FetchError, Query},
    secret::Secret,
};
use alloc::string::{String, ToString as _};
use core::fmt;

/// The most bytes of a code.
const MAX_CODE_LENGTH: usize = 4096;

/// The parameters of an authorization response, each at most once.
pub(crate) struct CallbackParameters {
    pub(crate) state: String,
    pub(crate) issuer: Option<String>,
    pub(crate) outcome: Result<Secret, ProviderError>,
}

impl CallbackParameters {
    /// Reads the query of a callback.
    pub(crate) fn parse(query: Query<'_>) -> Result<Self, CallbackError> {
        let unique = |name| query.unique(name).map_err(|_| CallbackError::Parameters);
        let text = |name| unique(name).map(|value| value.map(|value| value.to_string()));
        let state = text("state")?.filter(|state| !state.is_empty());
        let state = state.ok_or(CallbackError::Parameters)?;
        let issuer = text("iss")?;
        let outcome = match (text("code")?, text("error")?) {
            (Some(code), None) if !code.is_empty() && code.len() <= MAX_CODE_LENGTH => {
                Ok(Secret::new(code))
            }
            (None, Some(error)) => Err(ProviderError::of_code(&error)),
            _ => return Err(CallbackError::Parameters),
        };
        Ok(Self { state, issuer, outcome })
    }
}

/// An error that the provider gave in place of a code (RFC 6749 §4.1.2.1, OpenID Connect Core 1.0
/// §3.1.2.6). Its words are not repeated to anybody: what is shown is which of these it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProviderError {
    /// `access_denied`, or Auth0's `unauthorized`: the user or the provider said no.
    AccessDenied,
    /// `account_selection_required`: the user would have to choose an account.
    AccountSelectionRequired,
    /// `consent_required`: the user would have to agree.
    ConsentRequired,
    /// `interaction_required`: the user would have to do something.
    InteractionRequired,
    /// `invalid_request`: the provider does not understand the request.
    InvalidRequest,
    /// `invalid_scope`: the provider does not give what is asked for.
    InvalidScope,
    /// `login_required`: the user would have to sign in.
    LoginRequired,
    /// Any other.
    Other,
    /// `server_error`: the provider failed.
    ServerError,
    /// `temporarily_unavailable`: the provider is overloaded or under maintenance.
    TemporarilyUnavailable,
    /// `unauthorized_client`: the application may not sign people in this way.
    UnauthorizedClient,
    /// `unmet_authentication_requirements`: the user cannot sign in as was asked for (OpenID Connect
    /// Core Error Code `unmet_authentication_requirements` 1.0).
    UnmetAuthenticationRequirements,
    /// `unsupported_response_type`: the provider does not have the code flow.
    UnsupportedResponseType,
}

impl ProviderError {
    const ALL: [Self; 13] = [
        Self::AccessDenied,
        Self::AccountSelectionRequired,
        Self::ConsentRequired,
        Self::InteractionRequired,
        Self::InvalidRequest,
        Self::InvalidScope,
        Self::LoginRequired,
        Self::Other,
        Self::ServerError,
        Self::TemporarilyUnavailable,
        Self::UnauthorizedClient,
        Self::UnmetAuthenticationRequirements,
        Self::UnsupportedResponseType,
    ];

    /// The code as the standards have it; `provider_error` for one that they do not have.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::LoginRequired => "login_required",
            Self::Other => "provider_error",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }

    fn of_code(code: &str) -> Self {
        if code == "unauthorized" {
            return Self::AccessDenied;
        }
        Self::ALL.into_iter().find(|error| error.code() == code).unwrap_or(Self::Other)
    }

    /// Whether the provider would have to show something to the user, and was asked not to.
    #[must_use]
    pub const fn needs_interaction(self) -> bool {
        matches!(
            self,
            Self::AccountSelectionRequired
                | Self::ConsentRequired
                | Self::InteractionRequired
                | Self::LoginRequired
        )
    }
}

/// Why a login did not end in a session. For logs and counters, and for the status and the page
/// that the browser gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CallbackError {
    /// The token endpoint could not be reached, or did not answer in time.
    Fetch(FetchError),
    /// The ID token breaks a rule.
    IdToken(IdTokenError),
    /// The random generator, the crypto provider or the client's key failed.
    Internal,
    /// `iss` is absent where the provider promised it, or names another issuer.
    Issuer,
    /// The login is over: its callback was used before, and nobody is signed in any more.
    Finished,
    /// A parameter is absent, repeated, or contradicts another.
    Parameters,
    /// The provider gave an error in place of a code.
    Provider(ProviderError),
    /// The tokens do not fit into the cookies of a browser.
    SessionTooLarge,
    /// The token endpoint refused the code.
    TokenEndpointRefused,
    /// The answer of the token endpoint breaks a rule.
    TokenResponse(TokenResponseError),
    /// This browser did not start this login, or too long ago.
    Transaction,
    /// The provider's documents are not to be had.
    Unavailable,
}

impl CallbackError {
    /// The status: 400 where the browser is at fault, 403 where somebody said no, 500 where this side
    /// is at fault, 502 where the provider is, 503 where it is out of reach.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Finished | Self::Issuer | Self::Parameters | Self::Transaction => 400,
            Self::Provider(error) => match error {
                _ if error.needs_interaction() => 400,
                ProviderError::AccessDenied | ProviderError::UnmetAuthenticationRequirements => 403,
                ProviderError::ServerError | ProviderError::TemporarilyUnavailable => 503,
                _ => 502,
            },
            Self::Internal | Self::SessionTooLarge => 500,
            Self::Fetch(_) | Self::Unavailable => 503,
            Self::IdToken(_) | Self::TokenEndpointRefused | Self::TokenResponse(_) => 502,
        }
    }

    /// A stable code for the page, for logs and for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fetch(_) => "token_endpoint_unreachable",
            Self::Finished => "login_already_finished",
            Self::IdToken(_) => "id_token_invalid",
            Self::Internal => "internal",
            Self::Issuer => "issuer_mismatch",
            Self::Parameters => "callback_malformed",
            Self::Provider(error) => error.code(),
            Self::SessionTooLarge => "session_too_large",
            Self::TokenEndpointRefused => "code_refused",
            Self::TokenResponse(_) => "token_response_invalid",
            Self::Transaction => "login_not_started_here",
            Self::Unavailable => "provider_unavailable",
        }
    }
}

impl fmt::Display for CallbackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(error) => write!(f, "no answer from the token endpoint: {error}"),
            Self::Finished => f.write_str("the login is over, and nobody is signed in any more"),
            Self::IdToken(error) => write!(f, "ID token: {error}"),
            Self::Internal => {
                f.write_str("randomness, the crypto provider or the client's key failed")
            }
            Self::Issuer => f.write_str("the response is from another issuer"),
            Self::Parameters => f.write_str("a parameter of the response is absent or repeated"),
            Self::Provider(error) => write!(f, "the provider answered {}", error.code()),
            Self::SessionTooLarge => f.write_str("the session does not fit into cookies"),
            Self::TokenEndpointRefused => f.write_str("the token endpoint refused the code"),
            Self::TokenResponse(error) => write!(f, "token response: {error}"),
            Self::Transaction => f.write_str("this browser did not start this login"),
            Self::Unavailable => f.write_str("the provider's documents are not to be had"),
        }
    }
}

impl core::error::Error for CallbackError {}

impl From<ClientAuthenticationError> for CallbackError {
    fn from(_: ClientAuthenticationError) -> Self {
        Self::Internal
    }
}

impl From<IdTokenError> for CallbackError {
    fn from(error: IdTokenError) -> Self {
        Self::IdToken(error)
    }
}
