//! Where it is remembered which sessions are over before their time.

use core::{fmt, future::Future, pin::Pin};
use portcullis_core::{
    session::{Revocation, RevocationKey, RevocationList, RevocationOutcome, Revocations},
    time::UnixSeconds,
};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// A store of revocations.
///
/// Whether a session is revoked is asked with every request and answered from the memory of this
/// process ([`Revocations`]). Only recording may wait: a store that several processes share writes
/// to all of them, and keeps the memory of each up to date by itself.
///
/// What arrives from elsewhere is made into a [`Revocation`] again and
/// [remembered](MemoryRevocations::remember):
///
/// ```
/// use portcullis_core::{
///     session::{Revocation, RevocationKey, RevocationOutcome},
///     time::UnixSeconds,
/// };
/// use portcullis_hyper::revocations::MemoryRevocations;
///
/// /// A row of a table that every process reads. Without `signed_in_until`, whoever signed in again
/// /// would be signed out until `until`.
/// struct Row {
///     sessions: [u8; 32],
///     signed_in_until: Option<u64>,
///     until: u64,
///     owner: Option<[u8; 32]>,
/// }
///
/// fn read(row: &Row, here: &MemoryRevocations, now: UnixSeconds) -> RevocationOutcome {
///     let sessions = RevocationKey::from_bytes(row.sessions);
///     let mut revocation = Revocation::new(sessions, UnixSeconds(row.until));
///     if let Some(moment) = row.signed_in_until {
///         revocation = revocation.with_signed_in_until(UnixSeconds(moment));
///     }
///     if let Some(owner) = row.owner {
///         revocation = revocation.with_owner(RevocationKey::from_bytes(owner));
///     }
///     here.remember(&revocation, now)
/// }
///
/// # let (sessions, signed_in_until, owner) = ([1; 32], Some(900), Some([2; 32]));
/// # let row = Row { sessions, signed_in_until, until: 2000, owner };
/// # let (here, now) = (MemoryRevocations::default(), UnixSeconds(1000));
/// # assert_eq!(read(&row, &here, now), RevocationOutcome::Recorded);
/// # use portcullis_core::session::Revocations;
/// # let keys = [RevocationKey::from_bytes([1; 32])];
/// # assert!(here.revokes(&keys, UnixSeconds(900), now));
/// # assert!(!here.revokes(&keys, UnixSeconds(901), now));
/// ```
pub trait RevocationStore: Revocations + Send + Sync {
    /// Records `revocation`. Where it has a logout token, looking for the token and remembering it
    /// is one step for all who share the store.
    fn record<'s>(
        &'s self,
        revocation: &'s Revocation,
        now: UnixSeconds,
    ) -> Pin<Box<dyn Future<Output = RevocationOutcome> + Send + 's>>;
}

/// Revocations in the memory of this process alone. A restart forgets them.
#[derive(Default)]
pub struct MemoryRevocations(RwLock<RevocationList>);

impl MemoryRevocations {
    /// Room for at most `capacity` revocations and logout tokens.
    #[must_use]
    pub const fn with_capacity(capacity: usize) -> Self {
        Self(RwLock::new(RevocationList::new(capacity)))
    }

    /// Remembers `revocation` here. A store that several processes share calls this with what the
    /// others have recorded.
    pub fn remember(&self, revocation: &Revocation, now: UnixSeconds) -> RevocationOutcome {
        self.0.write().unwrap_or_else(PoisonError::into_inner).record(revocation, now)
    }

    /// A list whose user panicked is still in order: every call leaves it so.
    fn list(&self) -> RwLockReadGuard<'_, RevocationList> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Revocations for MemoryRevocations {
    fn revokes(&self, keys: &[RevocationKey], signed_in_at: UnixSeconds, now: UnixSeconds) -> bool {
        self.list().revokes(keys, signed_in_at, now)
    }

    fn is_empty(&self) -> bool {
        self.list().is_empty()
    }
}

impl RevocationStore for MemoryRevocations {
    fn record<'s>(
        &'s self,
        revocation: &'s Revocation,
        now: UnixSeconds,
    ) -> Pin<Box<dyn Future<Output = RevocationOutcome> + Send + 's>> {
        Box::pin(core::future::ready(self.remember(revocation, now)))
    }
}

impl fmt::Debug for MemoryRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRevocations").field("revocations", &self.list().len()).finish()
    }
}
