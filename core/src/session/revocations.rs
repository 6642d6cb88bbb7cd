//! Sessions that are over before their time: somebody signed out, here or at the provider.
//!
//! A sealed cookie cannot be called back, so what is over is remembered for as long as the cookie
//! could live. Only hashes are kept, which name nobody.
//!
//! ```text
//!  logout ──► Step::Revoke ──► the adapter records ──► resume(outcome)
//!  request ── Context::revocations ──► is this session revoked?
//! ```
//!
//! The question is answered from local memory, without a wait. A store that several processes share
//! spreads what is recorded to each of them.

use super::{Session, SessionId};
use crate::{crypto::Hashing, time::UnixSeconds};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::fmt;

/// What is known of revoked sessions at this moment.
pub trait Revocations {
    /// Whether a session is revoked that has any of these `keys` and was signed in at
    /// `signed_in_at`.
    fn revokes(&self, keys: &[RevocationKey], signed_in_at: UnixSeconds, now: UnixSeconds) -> bool;

    /// Whether nothing is revoked at all, so that nobody needs to compute keys. `false` says
    /// nothing.
    fn is_empty(&self) -> bool {
        false
    }
}

/// The hash of something that sessions can be revoked by, or of the number of a logout token.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct RevocationKey([u8; 32]);

impl RevocationKey {
    /// The bytes, for a store that is elsewhere.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// One session of the gate's.
    pub(crate) fn of_session(hash: &dyn Hashing, client_id: &str, id: SessionId) -> Self {
        Self::new(hash, "session", client_id, id.as_bytes())
    }

    /// The sessions that come from one session at the provider.
    pub(crate) fn of_provider_session(hash: &dyn Hashing, client_id: &str, id: &str) -> Self {
        Self::new(hash, "provider session", client_id, id.as_bytes())
    }

    /// The sessions of one user.
    pub(crate) fn of_subject(hash: &dyn Hashing, client_id: &str, subject: &str) -> Self {
        Self::new(hash, "subject", client_id, subject.as_bytes())
    }

    /// A logout token.
    pub(crate) fn of_token(hash: &dyn Hashing, client_id: &str, id: &str) -> Self {
        Self::new(hash, "logout token", client_id, id.as_bytes())
    }

    /// Everything that `session` can be revoked by.
    pub(crate) fn all_of(hash: &dyn Hashing, client_id: &str, session: &Session) -> Vec<Self> {
        let mut keys = Vec::with_capacity(3);
        keys.push(Self::of_session(hash, client_id, session.id));
        keys.push(Self::of_subject(hash, client_id, session.subject()));
        if let Some(id) = &session.provider_session {
            keys.push(Self::of_provider_session(hash, client_id, id));
        }
        keys
    }

    /// Each field with its length before it, so that no two sets of fields give the same bytes.
    fn new(hash: &dyn Hashing, kind: &str, client_id: &str, value: &[u8]) -> Self {
        let mut bytes = Vec::new();
        for field in [kind.as_bytes(), client_id.as_bytes(), value] {
            bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
            bytes.extend_from_slice(field);
        }
        Self(hash.sha256(&bytes))
    }
}

impl fmt::Debug for RevocationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RevocationKey(..)")
    }
}

/// Sessions to revoke.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Revocation {
    /// Which sessions.
    pub sessions: RevocationKey,
    /// Those of them that were signed in until then; all where it is `None`.
    pub signed_in_until: Option<UnixSeconds>,
    /// How long this must be remembered: until no session that it is about can be alive.
    pub until: UnixSeconds,
    /// The logout token that asks for it, and how long it could be sent once more. It counts once:
    /// whoever records this must look for the token and remember it in one step.
    pub token: Option<(RevocationKey, UnixSeconds)>,
}

/// What came of recording a [`Revocation`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RevocationOutcome {
    /// It is recorded.
    Recorded,
    /// Its logout token was seen before, and nothing is changed.
    Replayed,
    /// The store is not to be had.
    Unavailable,
}

/// Revocations in the memory of one process, bounded in number and in time. Where there are too
/// many, those go that would end first.
#[derive(Clone, Debug)]
pub struct RevocationList {
    capacity: usize,
    entries: BTreeMap<RevocationKey, Entry>,
    /// Every entry by when it ends.
    ends: BTreeSet<(UnixSeconds, RevocationKey)>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    signed_in_until: UnixSeconds,
    until: UnixSeconds,
}

impl RevocationList {
    /// What a list holds by default; each entry takes about 150 bytes.
    pub const DEFAULT_CAPACITY: usize = 65_536;

    /// An empty list for at most `capacity` revocations and logout tokens.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self { capacity, entries: BTreeMap::new(), ends: BTreeSet::new() }
    }

    /// Records `revocation`, unless its logout token was recorded before.
    pub fn record(&mut self, revocation: &Revocation, now: UnixSeconds) -> RevocationOutcome {
        self.forget_ended(now);
        if let Some((token, until)) = revocation.token {
            if self.entries.contains_key(&token) {
                return RevocationOutcome::Replayed;
            }
            // A number of a token is no key of a session, whatever was signed in when.
            self.insert(token, Entry { signed_in_until: UnixSeconds(0), until });
        }
        let signed_in_until = revocation.signed_in_until.unwrap_or(UnixSeconds(u64::MAX));
        self.insert(revocation.sessions, Entry { signed_in_until, until: revocation.until });
        while self.entries.len() > self.capacity {
            let Some((_, key)) = self.ends.pop_first() else { break };
            self.entries.remove(&key);
        }
        RevocationOutcome::Recorded
    }

    /// How many revocations and logout tokens are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn insert(&mut self, key: RevocationKey, entry: Entry) {
        let mut entry = entry;
        if let Some(known) = self.entries.get(&key) {
            self.ends.remove(&(known.until, key));
            entry.signed_in_until = entry.signed_in_until.max(known.signed_in_until);
            entry.until = entry.until.max(known.until);
        }
        self.ends.insert((entry.until, key));
        self.entries.insert(key, entry);
    }

    fn forget_ended(&mut self, now: UnixSeconds) {
        while let Some(&(until, key)) = self.ends.first()
            && until <= now
        {
            self.ends.pop_first();
            self.entries.remove(&key);
        }
    }
}

impl Revocations for RevocationList {
    fn revokes(&self, keys: &[RevocationKey], signed_in_at: UnixSeconds, now: UnixSeconds) -> bool {
        keys.iter().any(|key| {
            self.entries
                .get(key)
                .is_some_and(|entry| signed_in_at <= entry.signed_in_until && now < entry.until)
        })
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Default for RevocationList {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::RUSTCRYPTO;
    use proptest::prelude::*;

    const NOW: UnixSeconds = UnixSeconds(1000);

    fn key(number: u8) -> RevocationKey {
        RevocationKey([number; 32])
    }

    fn revocation(number: u8, until: u64) -> Revocation {
        Revocation {
            sessions: key(number),
            signed_in_until: None,
            until: UnixSeconds(until),
            token: None,
        }
    }

    #[test]
    fn revokes_until_the_session_would_have_ended_anyway() {
        let mut list = RevocationList::default();
        assert_eq!(list.record(&revocation(1, 2000), NOW), RevocationOutcome::Recorded);
        for (keys, now, expected) in [
            (&[key(1)][..], 1000, true),
            (&[key(2), key(1)], 1999, true),
            (&[key(1)], 2000, false),
            (&[key(2)], 1000, false),
            (&[], 1000, false),
        ] {
            assert_eq!(list.revokes(keys, NOW, UnixSeconds(now)), expected, "{now}");
        }
        let _ = list.record(&revocation(2, 3000), UnixSeconds(2000));
        assert_eq!(list.len(), 1, "what has ended is forgotten");
    }

    #[test]
    fn a_revocation_may_spare_who_signed_in_after_it() {
        let mut list = RevocationList::default();
        let until_now = Revocation { signed_in_until: Some(NOW), ..revocation(1, 2000) };
        let _ = list.record(&until_now, NOW);
        assert!(list.revokes(&[key(1)], NOW, NOW));
        assert!(!list.revokes(&[key(1)], UnixSeconds(1001), UnixSeconds(1001)));
        // An earlier one takes nothing back.
        let earlier = Revocation { signed_in_until: Some(UnixSeconds(1)), ..revocation(1, 1500) };
        let _ = list.record(&earlier, NOW);
        assert!(list.revokes(&[key(1)], NOW, UnixSeconds(1999)));
    }

    /// O29: a logout token counts once.
    #[test]
    fn a_logout_token_counts_once() {
        let mut list = RevocationList::default();
        let token = Some((key(9), UnixSeconds(1100)));
        let first = Revocation { token, ..revocation(1, 2000) };
        assert_eq!(list.record(&first, NOW), RevocationOutcome::Recorded);
        let again = Revocation { token, ..revocation(2, 2000) };
        assert_eq!(list.record(&again, UnixSeconds(1099)), RevocationOutcome::Replayed);
        assert!(!list.revokes(&[key(2)], NOW, NOW), "nothing is changed");
        assert!(!list.revokes(&[key(9)], NOW, NOW), "the number of a token is no session");
        assert_eq!(list.record(&again, UnixSeconds(1100)), RevocationOutcome::Recorded);
    }

    /// C26: no two sets of fields give the same bytes.
    #[test]
    fn keys_differ_by_kind_client_and_value() {
        let hash = RUSTCRYPTO.hash;
        let id = SessionId::from_bytes(*b"0123456789abcdef");
        let keys = [
            RevocationKey::of_session(hash, "c", id),
            RevocationKey::of_provider_session(hash, "c", "0123456789abcdef"),
            RevocationKey::of_subject(hash, "c", "0123456789abcdef"),
            RevocationKey::of_token(hash, "c", "0123456789abcdef"),
            RevocationKey::of_subject(hash, "d", "0123456789abcdef"),
            RevocationKey::of_subject(hash, "c0", "123456789abcdef"),
        ];
        let different: BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
    }

    proptest! {
        /// A list never holds more than it may, and the two ways to look at it agree.
        #[test]
        fn a_list_stays_within_its_bounds(
            recorded in proptest::collection::vec((any::<u8>(), 0_u64..50, 0_u64..50), 0..200),
        ) {
            let mut list = RevocationList::new(8);
            let mut now = 0;
            for (number, until, step) in recorded {
                now += step / 10;
                let _ = list.record(&revocation(number, now + until), UnixSeconds(now));
                prop_assert!(list.len() <= 8);
                prop_assert_eq!(list.entries.len(), list.ends.len());
                for (until, key) in &list.ends {
                    prop_assert_eq!(list.entries[key].until, *until);
                }
            }
        }
    }
}
