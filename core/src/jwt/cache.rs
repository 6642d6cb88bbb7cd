//! Tokens that were verified before (a verification costs twenty times as much as a look-up).
//!
//! A token is found again by the SHA-256 of its exact bytes together with the issuers and policies
//! that it was verified under; so nothing is shared between policies, and of two spellings of one
//! token neither stands for the other. What is found counts only while the key set that it was
//! verified with is still the issuer's newest, and while its dates allow it: both are looked at
//! again each time. Refusals are never remembered, so nobody can fill the cache who has no good
//! tokens.

use super::{KeySource, VerifiedToken, trusted::TrustedIssuers};
use crate::{
    crypto::CryptoProvider,
    time::{Monotonic, Now},
};
use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};
use core::{fmt, time::Duration};

/// How much a [`TokenCache`] holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TokenCacheLimits {
    /// The most tokens. 10 000.
    pub entries: usize,
    /// The most bytes, by the length of the tokens. 16 MiB.
    pub bytes: usize,
    /// How long a token is remembered, however long it lives. 5 min.
    pub max_age: Duration,
}

impl Default for TokenCacheLimits {
    fn default() -> Self {
        Self { entries: 10_000, bytes: 16 * 1024 * 1024, max_age: Duration::from_secs(300) }
    }
}

/// Which token, under which policies.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct TokenFingerprint([u8; 32]);

impl TokenFingerprint {
    /// Bytes that differ from token to token, for choosing among several caches.
    #[must_use]
    pub fn shard(&self) -> u8 {
        let [first, ..] = self.0;
        first
    }

    pub(crate) fn new(identity: &TokenIdentity, token: &str) -> Self {
        let mut bytes = Vec::with_capacity(identity.digest.len().saturating_add(token.len()));
        bytes.extend_from_slice(&identity.digest);
        bytes.extend_from_slice(token.as_bytes());
        Self(identity.crypto.hash.sha256(&bytes))
    }
}

impl fmt::Debug for TokenFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenFingerprint(..)")
    }
}

/// What tells the tokens of one guard from those of any other.
#[derive(Clone, Debug)]
pub(crate) struct TokenIdentity {
    digest: [u8; 32],
    crypto: CryptoProvider,
}

impl TokenIdentity {
    pub(crate) fn new(issuers: &TrustedIssuers, crypto: CryptoProvider) -> Self {
        Self { digest: crypto.hash.sha256(&issuers.identity()), crypto }
    }
}

/// Remembers verified tokens. It belongs to one [`Guard`](crate::guard::Guard); more than one
/// harms nothing, as nothing is shared between policies.
#[derive(Debug)]
pub struct TokenCache {
    limits: TokenCacheLimits,
    entries: BTreeMap<TokenFingerprint, Entry>,
    /// In the order in which they came, which is the order in which they go. Each fingerprint of
    /// `entries` stands here once.
    order: VecDeque<TokenFingerprint>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    token: VerifiedToken,
    bytes: usize,
    until: Monotonic,
}

impl TokenCache {
    /// An empty cache.
    #[must_use]
    pub const fn new(limits: TokenCacheLimits) -> Self {
        Self { limits, entries: BTreeMap::new(), order: VecDeque::new(), bytes: 0 }
    }

    /// The token, if it was verified before and nothing has happened since that would make it
    /// fail. `generation` says which generation of an issuer's keys is in use, if any.
    pub(crate) fn get(
        &self,
        fingerprint: &TokenFingerprint,
        now: Now,
        generation: impl FnOnce(KeySource) -> Option<u64>,
    ) -> Option<VerifiedToken> {
        let entry = self.entries.get(fingerprint)?;
        let source = entry.token.source()?;
        let holds = now.monotonic < entry.until
            && entry.token.is_current(now.unix)
            && generation(source) == Some(source.generation);
        holds.then(|| entry.token.clone())
    }

    /// Remembers `token`, whose text has `length` bytes. The oldest ones make room for it.
    ///
    /// Only tokens that a guard has verified are remembered; any other is let go.
    pub fn insert(
        &mut self,
        fingerprint: TokenFingerprint,
        token: &VerifiedToken,
        length: usize,
        now: Monotonic,
    ) {
        if token.source().is_none() || length > self.limits.bytes || self.limits.entries == 0 {
            return;
        }
        let until = now.saturating_add(self.limits.max_age);
        let entry = Entry { token: token.clone(), bytes: length, until };
        match self.entries.insert(fingerprint, entry) {
            None => self.order.push_back(fingerprint),
            Some(old) => self.bytes = self.bytes.saturating_sub(old.bytes),
        }
        self.bytes = self.bytes.saturating_add(length);
        while self.entries.len() > self.limits.entries || self.bytes > self.limits.bytes {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.bytes = self.bytes.saturating_sub(entry.bytes);
            }
        }
    }

    /// How many tokens are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many bytes their texts have.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests;
