//! What a token must be to be accepted.

use crate::crypto::SignatureAlgorithm;
use alloc::{string::String, vec, vec::Vec};
use core::fmt;

/// How far the clocks of two machines may be apart, in seconds: 30 by default, 300 at most.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClockTolerance(u64);

impl ClockTolerance {
    /// The most seconds: RFC 9068 §4 allows "no more than a few minutes".
    pub const MAX_SECONDS: u64 = 300;

    /// `seconds`, or `None` for more than [`MAX_SECONDS`](Self::MAX_SECONDS).
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Option<Self> {
        if seconds <= Self::MAX_SECONDS { Some(Self(seconds)) } else { None }
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

impl Default for ClockTolerance {
    fn default() -> Self {
        Self(30)
    }
}

/// How an access token must show that it is one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AccessTokenProfile {
    /// `typ` is absent, `JWT` or `at+jwt`, and nothing marks the token as an ID token. This is what
    /// Auth0 issues by default.
    #[default]
    Lenient,
    /// RFC 9068 to the letter: `typ` is `at+jwt`; `iat`, `sub`, `client_id` and `jti` are there.
    Rfc9068,
}

/// Which kind of token is expected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Access(AccessTokenProfile),
    Id,
}

/// What a token must be to be accepted: the algorithm, the audience, the dates.
///
/// The issuer is no part of it: it stands with the issuer's keys, so that a key can never be used
/// for another issuer's token.
#[derive(Clone, Debug)]
pub struct TokenPolicy {
    pub(super) kind: Kind,
    pub(super) audiences: Vec<String>,
    pub(super) algorithms: Vec<SignatureAlgorithm>,
    pub(super) tolerance: ClockTolerance,
    pub(super) max_length: usize,
}

impl TokenPolicy {
    /// The most bytes of a token that any policy accepts.
    pub const MAX_LENGTH: usize = 16 * 1024;

    /// Access tokens for one of `audiences`: RS256, 30 s of tolerance, at most 8 KiB.
    ///
    /// # Errors
    ///
    /// [`TokenPolicyError::NoAudience`] where there is no audience or an empty one.
    pub fn access_token(
        audiences: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, TokenPolicyError> {
        Self::new(Kind::Access(AccessTokenProfile::default()), audiences)
    }

    /// ID tokens for the client `client_id`: RS256, 30 s of tolerance, at most 16 KiB.
    ///
    /// # Errors
    ///
    /// [`TokenPolicyError::NoAudience`] where the client id is empty.
    pub fn id_token(client_id: impl Into<String>) -> Result<Self, TokenPolicyError> {
        let policy = Self::new(Kind::Id, [client_id])?;
        Ok(Self { max_length: Self::MAX_LENGTH, ..policy })
    }

    fn new(
        kind: Kind,
        audiences: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, TokenPolicyError> {
        let audiences: Vec<String> = audiences.into_iter().map(Into::into).collect();
        if audiences.is_empty() || audiences.iter().any(String::is_empty) {
            return Err(TokenPolicyError::NoAudience);
        }
        Ok(Self {
            kind,
            audiences,
            algorithms: vec![SignatureAlgorithm::Rs256],
            tolerance: ClockTolerance::default(),
            max_length: 8 * 1024,
        })
    }

    /// Allows for clocks that are apart.
    #[must_use]
    pub fn with_clock_tolerance(self, tolerance: ClockTolerance) -> Self {
        Self { tolerance, ..self }
    }

    /// Asks access tokens for a profile. No effect on ID tokens.
    #[must_use]
    pub fn with_profile(self, profile: AccessTokenProfile) -> Self {
        let kind = match self.kind {
            Kind::Access(_) => Kind::Access(profile),
            Kind::Id => Kind::Id,
        };
        Self { kind, ..self }
    }
}

/// A policy that would accept anything, or nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenPolicyError {
    /// No audience, or an empty one.
    NoAudience,
}

impl fmt::Display for TokenPolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an audience is needed, and it must not be empty")
    }
}

impl core::error::Error for TokenPolicyError {}
