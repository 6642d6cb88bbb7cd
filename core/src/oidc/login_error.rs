//! Why a login did not start.

use super::ClientAuthenticationError;
use core::fmt;

/// Why a login did not start. For logs and counters, and for the status and the page that the
/// browser gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LoginError {
    /// The random generator, the crypto provider or the client's key failed.
    Internal,
    /// The provider's discovery document is not to be had.
    Unavailable,
}

impl LoginError {
    /// The status: 500 where this side is at fault, 503 where the provider is out of reach.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// A stable code for the page, for logs and for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Unavailable => "provider_unavailable",
        }
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Internal => "randomness, the crypto provider or the client's key failed",
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
