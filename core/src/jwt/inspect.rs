//! From text to a verified token.

use super::{
    KeyId, ScopeClaim, TokenError, TokenPolicy, claims::Dates, read::Parsed, scopes::texts,
};
use crate::{
    crypto::{SignatureAlgorithm, VerifyKey},
    issuer::IssuerIndex,
    json::{Json, Object},
    time::UnixSeconds,
};
use alloc::{string::String, sync::Arc, vec::Vec};

impl TokenPolicy {
    /// Reads `token` and checks all that can be checked without knowing the issuer: form, header,
    /// audience and dates.
    ///
    /// # Errors
    ///
    /// [`TokenError`]: the first rule that the token breaks.
    pub fn read(&self, token: &str, now: UnixSeconds) -> Result<Unattributed, TokenError> {
        let parsed = Parsed::read(token, self.max_length, |header| self.check_header(header))?;
        self.check(parsed, now)
    }

    pub(super) fn check(
        &self,
        parsed: Parsed,
        now: UnixSeconds,
    ) -> Result<Unattributed, TokenError> {
        let dates = self.check_claims(&parsed.claims, now)?;
        Ok(Unattributed(Inspected {
            signing_input: parsed.signing_input,
            signature: parsed.signature,
            algorithm: parsed.header.algorithm,
            key_id: parsed.header.key_id,
            claims: parsed.claims,
            dates,
            scope_claim: self.scope_claim,
        }))
    }
}

/// A token that fits the policy, from whomever it may be.
#[derive(Clone, Debug)]
#[must_use = "nothing in the token can be trusted before `verify`"]
pub struct Unattributed(Inspected);

impl Unattributed {
    /// Checks that the token says to be from `issuer`, byte for byte (RFC 7519 §4.1.1).
    ///
    /// # Errors
    ///
    /// [`TokenError::Issuer`] where it does not.
    pub fn from_issuer(self, issuer: &str) -> Result<Inspected, TokenError> {
        match self.0.claims.text("iss") {
            Ok(Some(claimed)) if claimed == issuer => Ok(self.0),
            _ => Err(TokenError::Issuer),
        }
    }
}

/// A token that fits the policy and its issuer, if only its signature does.
#[derive(Clone)]
#[must_use = "nothing in the token can be trusted before `verify`"]
pub struct Inspected {
    signing_input: String,
    signature: Vec<u8>,
    algorithm: SignatureAlgorithm,
    key_id: Option<KeyId>,
    claims: Object,
    dates: Dates,
    scope_claim: ScopeClaim,
}

impl Inspected {
    /// The algorithm that the token names and the policy allows.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The key that the token names.
    #[must_use]
    pub const fn key_id(&self) -> Option<&KeyId> {
        self.key_id.as_ref()
    }

    /// Checks the signature with `key`, which its issuer's key set gave for this algorithm and key
    /// id.
    ///
    /// # Errors
    ///
    /// [`TokenError::Signature`] where it does not fit.
    pub fn verify(self, key: &dyn VerifyKey) -> Result<VerifiedToken, TokenError> {
        self.verify_with(key, None)
    }

    /// The same, and remembers which key set the key is from.
    pub(crate) fn verify_with(
        self,
        key: &dyn VerifyKey,
        source: Option<KeySource>,
    ) -> Result<VerifiedToken, TokenError> {
        key.verify(self.signing_input.as_bytes(), &self.signature)
            .map_err(|_| TokenError::Signature)?;
        let Self { claims, dates, scope_claim, .. } = self;
        Ok(VerifiedToken(Arc::new(Verified { claims, dates, scope_claim, source })))
    }
}

/// Claims may be personal, so they are not printed.
impl core::fmt::Debug for Inspected {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Inspected")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// A token that was verified, whole. Only [`Inspected::verify`] makes one; cloning it is cheap.
#[derive(Clone, PartialEq)]
pub struct VerifiedToken(Arc<Verified>);

#[derive(PartialEq)]
struct Verified {
    claims: Object,
    dates: Dates,
    scope_claim: ScopeClaim,
    source: Option<KeySource>,
}

/// Which key set a signature was checked with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct KeySource {
    pub(crate) issuer: IssuerIndex,
    pub(crate) generation: u64,
}

impl VerifiedToken {
    /// All claims, from the bytes that were verified.
    #[must_use]
    pub fn claims(&self) -> &Object {
        &self.0.claims
    }

    /// When the token expires, without tolerance.
    #[must_use]
    pub fn expires_at(&self) -> UnixSeconds {
        self.0.dates.expires_at
    }

    /// Whether the dates of the token allow it at `now`, with the tolerance of the policy that it
    /// was verified under. For whoever holds on to a token, such as a long-lived connection.
    #[must_use]
    pub fn is_current(&self, now: UnixSeconds) -> bool {
        self.0.dates.include(now)
    }

    /// Whom the token speaks of.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.claims.text("sub").ok().flatten()
    }

    /// The scopes, from the claim `scope` (RFC 8693 §4.2), or from the one that the
    /// [policy names](TokenPolicy::with_scope_claim).
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.scope_claim.of(&self.0.claims)
    }

    /// The permissions, from the array that Auth0 puts into the claim `permissions`. They are never
    /// mixed with the scopes.
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        let permissions = match self.0.claims.get("permissions") {
            Some(Json::Array(permissions)) => permissions.as_slice(),
            _ => &[],
        };
        texts(permissions)
    }

    pub(crate) fn source(&self) -> Option<KeySource> {
        self.0.source
    }
}

/// Claims may be personal, so they are not printed.
impl core::fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("expires_at", &self.0.dates.expires_at)
            .finish_non_exhaustive()
    }
}
