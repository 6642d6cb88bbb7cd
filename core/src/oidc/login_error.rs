//! Why a login did not start.

use super::{ClientAuthenticationError, PushedRequestError};
use core::fmt;

/// Why a login did not start. For logs and counters, and for the status and the page that the
/// browser gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LoginError {
    /// The random generator, the crypto provider or the client's key failed.
    Internal,
    /// A parameter that the query may set stands there twice, or has a value that cannot be sent.
    Parameter,
    /// The authorization request could not be pushed.
    PushedRequest(PushedRequestError),
    /// The provider's discovery document is not to be had.
    Unavailable,
}

impl LoginError {
    /// The status: 400 where the request is at fault, 500 where this side is, 502 where the provider
    /// is, 503 where it is out of reach.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Parameter => 400,
            Self::Internal | Self::PushedRequest(PushedRequestError::NotOffered) => 500,
            Self::PushedRequest(PushedRequestError::Fetch(_)) | Self::Unavailable => 503,
            Self::PushedRequest(PushedRequestError::Refused(_) | PushedRequestError::Response) => {
                502
            }
        }
    }

    /// A stable code for the page, for logs and for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Parameter => "login_parameter_invalid",
            Self::PushedRequest(error) => match error {
                PushedRequestError::Fetch(_) => "pushed_request_unreachable",
                PushedRequestError::NotOffered => "pushed_request_not_offered",
                PushedRequestError::Refused(_) => "pushed_request_refused",
                PushedRequestError::Response => "pushed_request_invalid",
            },
            Self::Unavailable => "provider_unavailable",
        }
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Internal => "randomness, the crypto provider or the client's key failed",
            Self::Parameter => "a parameter of the query cannot be sent to the provider",
            Self::PushedRequest(error) => return error.fmt(f),
            Self::Unavailable => "the provider's discovery document is not to be had",
        })
    }
}

impl core::error::Error for LoginError {}

impl From<ClientAuthenticationError> for LoginError {
    fn from(_: ClientAuthenticationError) -> Self {
        Self::Internal
    }
}

impl From<PushedRequestError> for LoginError {
    fn from(error: PushedRequestError) -> Self {
        Self::PushedRequest(error)
    }
}
