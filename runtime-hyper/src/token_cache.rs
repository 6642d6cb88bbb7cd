//! Verified tokens, shared by the requests of a server.
//!
//! The core's [`TokenCache`] behind locks that are held for a look-up and never across an await.
//! There are several, chosen by the fingerprint, so that requests on several cores seldom meet.

use core::fmt;
use portcullis_core::{
    crypto::CryptoProvider,
    flow::Context,
    guard::{Guard, GuardMemory, Verdict},
    http::RequestHead,
    jwt::{TokenCache, TokenCacheLimits, TokenFingerprint, VerifiedToken},
    time::Monotonic,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;

/// The tokens that a guard has verified. Clones share them.
#[derive(Clone)]
pub struct SharedTokenCache(Arc<Shared>);

struct Shared {
    memory: GuardMemory,
    shards: [Mutex<TokenCache>; SHARDS],
}

/// Where the token of a request is to be remembered.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    fingerprint: TokenFingerprint,
    length: usize,
}

impl SharedTokenCache {
    /// An empty cache for the tokens of `guard`. `crypto` hashes them. Each part of the cache holds
    /// its share of `limits`, one token at least.
    #[must_use]
    pub fn new(guard: &Guard, limits: TokenCacheLimits, crypto: CryptoProvider) -> Self {
        let share = TokenCacheLimits {
            entries: limits.entries.div_ceil(SHARDS),
            bytes: limits.bytes.div_ceil(SHARDS),
            ..limits
        };
        let shards = core::array::from_fn(|_| Mutex::new(TokenCache::new(share)));
        Self(Arc::new(Shared { memory: guard.memory(crypto), shards }))
    }

    /// What a request comes to whose token was verified before. Where it was not, the place says
    /// where to [`remember`](Self::remember) it; there is none where the request carries no token.
    ///
    /// # Errors
    ///
    /// Where to remember the token once it is verified.
    pub fn recall(
        &self,
        request: &RequestHead<'_>,
        context: &Context<'_>,
    ) -> Result<Verdict, Option<Place>> {
        let Some((fingerprint, length)) = self.0.memory.fingerprint(request) else {
            return Err(None);
        };
        let shard = self.shard(&fingerprint);
        self.0
            .memory
            .recall(&shard, &fingerprint, request, context)
            .ok_or(Some(Place { fingerprint, length }))
    }

    /// Remembers the token that the guard has verified.
    pub fn remember(&self, place: Place, token: &VerifiedToken, now: Monotonic) {
        self.shard(&place.fingerprint).insert(place.fingerprint, token, place.length, now);
    }

    /// How many tokens are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, fingerprint: &TokenFingerprint) -> MutexGuard<'_, TokenCache> {
        let at = usize::from(fingerprint.shard()) % SHARDS;
        lock(&self.0.shards[at])
    }
}

/// A cache whose user panicked is still in order: at worst, it has forgotten a token.
fn lock(shard: &Mutex<TokenCache>) -> MutexGuard<'_, TokenCache> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for SharedTokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedTokenCache").field("tokens", &self.len()).finish_non_exhaustive()
    }
}
