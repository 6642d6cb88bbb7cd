//! The tokens of a guard that were verified before.

use super::{Entry, Guard, Verdict};
use crate::{
    crypto::CryptoProvider,
    flow::Context,
    http::RequestHead,
    jwt::{TokenCache, TokenFingerprint, TokenIdentity, TokenPolicy},
};

/// Finds the tokens of a guard again in a [`TokenCache`].
///
/// Only the verification is remembered: what the path of a request asks of the token, and whether it
/// was revoked, is looked at each time.
#[derive(Clone, Debug)]
pub struct GuardMemory {
    guard: Guard,
    identity: TokenIdentity,
}

impl Guard {
    /// What tells the tokens of this guard from those of any other. `crypto` hashes them.
    #[must_use]
    pub fn memory(&self, crypto: CryptoProvider) -> GuardMemory {
        let identity = TokenIdentity::new(&self.0.issuers, crypto);
        GuardMemory { guard: self.clone(), identity }
    }
}

impl GuardMemory {
    /// The fingerprint of the token that the head of a request carries, and its length in bytes;
    /// `None` where it carries none that a guard would look at, or where its body may carry one.
    #[must_use]
    pub fn fingerprint(&self, request: &RequestHead<'_>) -> Option<(TokenFingerprint, usize)> {
        let places = self.guard.0.places;
        if places.takes_form(request) {
            return None;
        }
        let token = places.in_head(request).and_then(|head| places.token(head)).ok()?;
        if token.len() > TokenPolicy::MAX_LENGTH {
            return None;
        }
        Some((TokenFingerprint::new(&self.identity, &token), token.len()))
    }

    /// What the request comes to, if the token with this fingerprint, which is its own, was
    /// verified before, its dates still allow it, and its issuer's keys are the same and not too old
    /// to be used.
    #[must_use]
    pub fn recall(
        &self,
        cache: &TokenCache,
        fingerprint: &TokenFingerprint,
        request: &RequestHead<'_>,
        context: &Context<'_>,
    ) -> Option<Verdict> {
        let token = cache.get(fingerprint, context.now, |source| {
            let snapshot = context.issuers.snapshot(source.issuer)?;
            snapshot.is_usable(context.now.monotonic).then(|| snapshot.generation())
        })?;
        Some(match self.guard.enter(request) {
            Entry::Decided(verdict) => verdict,
            Entry::Guarded { route, .. } => self.guard.settle(token, route),
        })
    }
}
