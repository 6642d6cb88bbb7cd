//! Revocations in the memory of one process.

use super::{Revocation, RevocationKey, RevocationOutcome, Revocations};
use crate::time::UnixSeconds;
use alloc::collections::{BTreeMap, BTreeSet};

/// Revocations in the memory of one process, bounded in number and in time.
///
/// Where there are too many, somebody gives way who has more of them than anybody else, with the one
/// that ends first. Who signs in and out over and over pushes their own out, and nobody else's.
#[derive(Clone, Debug)]
pub struct RevocationList {
    capacity: usize,
    entries: BTreeMap<RevocationKey, Entry>,
    /// Every entry by when it ends.
    ends: BTreeSet<(UnixSeconds, RevocationKey)>,
    /// Every entry by whose it is, and when it ends.
    owned: BTreeSet<(Owner, UnixSeconds, RevocationKey)>,
    /// How many entries are whose.
    shares: BTreeMap<Owner, usize>,
    /// The same, the largest share last.
    largest: BTreeSet<(usize, Owner)>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    signed_in_until: UnixSeconds,
    until: UnixSeconds,
    owner: Owner,
}

/// The start of the key of somebody who has signed out. Two who share it count as one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Owner([u8; 8]);

impl Owner {
    fn of(revocation: &Revocation) -> Self {
        let key = revocation.owner.unwrap_or(revocation.sessions);
        Self(key.as_bytes().first_chunk().copied().unwrap_or_default())
    }
}

impl RevocationList {
    /// What a list holds by default; each entry takes about 300 bytes.
    pub const DEFAULT_CAPACITY: usize = 65_536;

    /// An empty list for at most `capacity` revocations and logout tokens.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: BTreeMap::new(),
            ends: BTreeSet::new(),
            owned: BTreeSet::new(),
            shares: BTreeMap::new(),
            largest: BTreeSet::new(),
        }
    }

    /// Records `revocation`, unless its logout token was recorded before.
    pub fn record(&mut self, revocation: &Revocation, now: UnixSeconds) -> RevocationOutcome {
        self.forget_ended(now);
        let owner = Owner::of(revocation);
        if let Some((token, until)) = revocation.token {
            if self.entries.contains_key(&token) {
                return RevocationOutcome::Replayed;
            }
            // A number of a token is no key of a session, whatever was signed in when.
            self.insert(token, Entry { signed_in_until: UnixSeconds(0), until, owner });
        }
        let signed_in_until = revocation.signed_in_until.unwrap_or(UnixSeconds(u64::MAX));
        self.insert(revocation.sessions, Entry { signed_in_until, until: revocation.until, owner });
        self.make_room();
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
        if let Some(known) = self.remove(key) {
            entry.signed_in_until = entry.signed_in_until.max(known.signed_in_until);
            entry.until = entry.until.max(known.until);
        }
        self.ends.insert((entry.until, key));
        self.owned.insert((entry.owner, entry.until, key));
        let share = self.shares.get(&entry.owner).copied().unwrap_or_default();
        self.set_share(entry.owner, share, share.saturating_add(1));
        self.entries.insert(key, entry);
    }

    fn remove(&mut self, key: RevocationKey) -> Option<Entry> {
        let entry = self.entries.remove(&key)?;
        self.ends.remove(&(entry.until, key));
        self.owned.remove(&(entry.owner, entry.until, key));
        let share = self.shares.get(&entry.owner).copied().unwrap_or_default();
        self.set_share(entry.owner, share, share.saturating_sub(1));
        Some(entry)
    }

    fn set_share(&mut self, owner: Owner, before: usize, now: usize) {
        self.largest.remove(&(before, owner));
        if now == 0 {
            self.shares.remove(&owner);
        } else {
            self.largest.insert((now, owner));
            self.shares.insert(owner, now);
        }
    }

    fn make_room(&mut self) {
        while self.entries.len() > self.capacity {
            let gives_way = match self.largest.last() {
                Some((share, owner)) if *share > 1 => {
                    let first = (*owner, UnixSeconds(0), RevocationKey::from_bytes([0; 32]));
                    self.owned.range(first..).next().map(|(_, _, key)| *key)
                }
                // Everybody has one.
                _ => self.ends.first().map(|(_, key)| *key),
            };
            let Some(key) = gives_way else { break };
            self.remove(key);
        }
    }

    fn forget_ended(&mut self, now: UnixSeconds) {
        while let Some(&(until, key)) = self.ends.first()
            && until <= now
        {
            self.remove(key);
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
    use proptest::prelude::*;

    const NOW: UnixSeconds = UnixSeconds(1000);

    fn key(number: u8) -> RevocationKey {
        RevocationKey::from_bytes([number; 32])
    }

    fn revocation(number: u8, until: u64) -> Revocation {
        Revocation::new(key(number), UnixSeconds(until))
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
        let until_now = revocation(1, 2000).with_signed_in_until(NOW);
        let _ = list.record(&until_now, NOW);
        assert!(list.revokes(&[key(1)], NOW, NOW));
        assert!(!list.revokes(&[key(1)], UnixSeconds(1001), UnixSeconds(1001)));
        // An earlier one takes nothing back.
        let earlier = revocation(1, 1500).with_signed_in_until(UnixSeconds(1));
        let _ = list.record(&earlier, NOW);
        assert!(list.revokes(&[key(1)], NOW, UnixSeconds(1999)));
    }

    /// O29: a logout token counts once.
    #[test]
    fn a_logout_token_counts_once() {
        let mut list = RevocationList::default();
        let first = revocation(1, 2000).with_token(key(9), UnixSeconds(1100));
        assert_eq!(list.record(&first, NOW), RevocationOutcome::Recorded);
        let again = revocation(2, 2000).with_token(key(9), UnixSeconds(1100));
        assert_eq!(list.record(&again, UnixSeconds(1099)), RevocationOutcome::Replayed);
        assert!(!list.revokes(&[key(2)], NOW, NOW), "nothing is changed");
        assert!(!list.revokes(&[key(9)], NOW, NOW), "the number of a token is no session");
        assert_eq!(list.record(&again, UnixSeconds(1100)), RevocationOutcome::Recorded);
    }

    /// C18: whoever signs out over and over pushes nobody else's revocations out.
    #[test]
    fn one_user_does_not_push_out_what_others_have_revoked() {
        let mut list = RevocationList::new(100);
        for number in 0..50 {
            let others = revocation(number, 2000).with_owner(key(number));
            let _ = list.record(&others, NOW);
        }
        for number in 0..10_000_u64 {
            let mut sessions = [255; 32];
            sessions[8..16].copy_from_slice(&number.to_be_bytes());
            let until = UnixSeconds(3000 + number / 100);
            let own = Revocation::new(RevocationKey::from_bytes(sessions), until);
            let _ = list.record(&own.with_owner(key(255)), NOW);
            assert!(list.len() <= 100);
        }
        assert!((0..50).all(|number| list.revokes(&[key(number)], NOW, NOW)));
        assert_eq!(list.shares[&Owner([255; 8])], 50, "the rest is theirs");
        // Where there are too many people, those go that would end first.
        for number in 50..200 {
            let _ = list.record(&revocation(number, 4000 + u64::from(number)), NOW);
        }
        let left = |range: core::ops::Range<u8>| {
            range.filter(|number| list.revokes(&[key(*number)], NOW, NOW)).count()
        };
        assert_eq!((left(0..50), left(50..100), left(100..200)), (0, 0, 100));
    }

    proptest! {
        /// A list never holds more than it may, and the ways to look at it agree.
        #[test]
        fn a_list_stays_within_its_bounds(
            recorded in
                proptest::collection::vec((any::<u8>(), 0_u8..4, 0_u64..50, 0_u64..50), 0..200),
        ) {
            let mut list = RevocationList::new(8);
            let mut now = 0;
            for (number, owner, until, step) in recorded {
                now += step / 10;
                let revocation = revocation(number, now + until);
                let revocation = match owner {
                    0 => revocation,
                    owner => revocation.with_owner(key(owner)),
                };
                let _ = list.record(&revocation, UnixSeconds(now));
                prop_assert!(list.len() <= 8);
                prop_assert_eq!(list.entries.len(), list.ends.len());
                prop_assert_eq!(list.entries.len(), list.owned.len());
                prop_assert_eq!(list.shares.values().sum::<usize>(), list.len());
                prop_assert_eq!(list.shares.len(), list.largest.len());
                for (until, key) in &list.ends {
                    let entry = list.entries[key];
                    prop_assert_eq!(entry.until, *until);
                    prop_assert!(list.owned.contains(&(entry.owner, *until, *key)));
                    prop_assert!(list.largest.contains(&(list.shares[&entry.owner], entry.owner)));
                }
            }
        }
    }
}
