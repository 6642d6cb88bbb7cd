//! What a token must be to be accepted.

use super::ScopeClaim;
use crate::crypto::SignatureAlgorithm;
use alloc::{format, string::String, vec, vec::Vec};
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
    Logout,
}

/// What a token must be to be accepted: the algorithm, the audience, the dates.
///
/// Nothing can be switched off that RFC 8725 asks for: there is always an audience, `exp` must
/// always be there, and the tolerance has an upper bound.
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
    pub(super) max_lifetime: Option<u64>,
    pub(super) max_age: Option<u64>,
    pub(super) clients: Vec<String>,
    pub(super) requires_key_id: bool,
    pub(super) allows_id_token_marks: bool,
    pub(super) scope_claim: ScopeClaim,
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

    /// Logout tokens for the client `client_id` (OpenID Connect Back-Channel Logout 1.0 §2.6):
    /// RS256, 30 s of tolerance, at most 16 KiB, issued at most
    /// [`LOGOUT_MAX_AGE`](Self::LOGOUT_MAX_AGE) seconds ago.
    ///
    /// # Errors
    ///
    /// [`TokenPolicyError::NoAudience`] where the client id is empty.
    pub fn logout_token(client_id: impl Into<String>) -> Result<Self, TokenPolicyError> {
        let policy = Self::new(Kind::Logout, [client_id])?.with_max_age(Self::LOGOUT_MAX_AGE);
        Ok(Self { max_length: Self::MAX_LENGTH, ..policy })
    }

    /// The greatest age of a logout token, in seconds. The standard asks for a life of two minutes
    /// at most; the rest is for a provider that tries again.
    pub const LOGOUT_MAX_AGE: u64 = 600;

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
            max_lifetime: None,
            max_age: None,
            clients: Vec::new(),
            requires_key_id: false,
            allows_id_token_marks: false,
            scope_claim: ScopeClaim::default(),
        })
    }

    /// Allows these signature algorithms and no others. The issuer's keys must be prepared for the
    /// same ones: see [`IssuerConfig::with_algorithms`](crate::issuer::IssuerConfig::with_algorithms).
    ///
    /// # Errors
    ///
    /// [`TokenPolicyError::NoAlgorithm`] where there is none.
    pub fn with_algorithms(
        self,
        algorithms: impl IntoIterator<Item = SignatureAlgorithm>,
    ) -> Result<Self, TokenPolicyError> {
        let algorithms: Vec<_> = algorithms.into_iter().collect();
        if algorithms.is_empty() {
            return Err(TokenPolicyError::NoAlgorithm);
        }
        Ok(Self { algorithms, ..self })
    }

    /// Accepts tokens of at most this many bytes; never more than [`MAX_LENGTH`](Self::MAX_LENGTH).
    #[must_use]
    pub fn with_max_length(self, bytes: usize) -> Self {
        Self { max_length: bytes.min(Self::MAX_LENGTH), ..self }
    }

    /// Refuses tokens that live for more than `seconds`, from `iat` to `exp`. A token without `iat`
    /// is then refused.
    #[must_use]
    pub fn with_max_lifetime(self, seconds: u64) -> Self {
        Self { max_lifetime: Some(seconds), ..self }
    }

    /// Refuses tokens that were issued more than `seconds` ago, even where they have not expired;
    /// the counterpart of `maxAge` in jsonwebtoken for Node. A token without `iat` is then refused.
    #[must_use]
    pub fn with_max_age(self, seconds: u64) -> Self {
        Self { max_age: Some(seconds), ..self }
    }

    /// Accepts tokens that were issued to one of these clients alone, by `azp` and `client_id`. At
    /// least one of the two must then be there, and each that is there must be in the list. An
    /// empty list accepts every client.
    #[must_use]
    pub fn with_clients(self, clients: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { clients: clients.into_iter().map(Into::into).collect(), ..self }
    }

    /// Refuses tokens that do not name their key, even where the issuer has one key alone.
    #[must_use]
    pub fn with_required_key_id(self) -> Self {
        Self { requires_key_id: true, ..self }
    }

    /// Takes access tokens that look like ID tokens, for providers that put `nonce`, `at_hash` or
    /// `c_hash` into access tokens, or issue them to the API itself. No effect on ID tokens.
    #[must_use]
    pub fn with_id_token_marks_allowed(self) -> Self {
        Self { allows_id_token_marks: true, ..self }
    }

    /// Looks for the scopes in this claim, for providers that write them elsewhere than in the text
    /// `scope`. No effect on other tokens than access tokens, which nobody asks for scopes.
    #[must_use]
    pub fn with_scope_claim(self, claim: ScopeClaim) -> Self {
        Self { scope_claim: claim, ..self }
    }

    /// The policy as bytes that no other policy has.
    pub(crate) fn identity(&self) -> Vec<u8> {
        let Self {
            kind,
            audiences,
            algorithms,
            tolerance,
            max_length,
            max_lifetime,
            max_age,
            clients,
            requires_key_id,
            allows_id_token_marks,
            scope_claim,
        } = self;
        // Debug puts texts between quotation marks and escapes those within.
        let text = format!(
            "{kind:?}{audiences:?}{algorithms:?}{tolerance:?}{max_length:?}{max_lifetime:?}\
             {max_age:?}{clients:?}{requires_key_id:?}{allows_id_token_marks:?}\
             {scope_claim:?}"
        );
        text.into_bytes()
    }

    /// Allows for clocks that are apart.
    #[must_use]
    pub fn with_clock_tolerance(self, tolerance: ClockTolerance) -> Self {
        Self { tolerance, ..self }
    }

    /// Asks access tokens for a profile. No effect on other tokens.
    #[must_use]
    pub fn with_profile(self, profile: AccessTokenProfile) -> Self {
        let kind = match self.kind {
            Kind::Access(_) => Kind::Access(profile),
            other => other,
        };
        Self { kind, ..self }
    }
}

/// A policy that would accept anything, or nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenPolicyError {
    /// No algorithm.
    NoAlgorithm,
    /// No audience, or an empty one.
    NoAudience,
}

impl fmt::Display for TokenPolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAlgorithm => "an algorithm is needed",
            Self::NoAudience => "an audience is needed, and it must not be empty",
        })
    }
}

impl core::error::Error for TokenPolicyError {}
