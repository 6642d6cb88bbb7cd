//! A map that forgets: bounded in number and in time.

use std::collections::HashMap;

/// Values by an unguessable key, each for the same number of seconds.
///
/// When the map is full, the value that would go first makes room.
pub(super) struct ExpiringMap<V> {
    entries: HashMap<String, Entry<V>>,
    capacity: usize,
    lifetime: u64,
}

struct Entry<V> {
    expires_at: u64,
    value: V,
}

impl<V> ExpiringMap<V> {
    pub(super) fn new(capacity: usize, lifetime: u64) -> Self {
        Self { entries: HashMap::new(), capacity, lifetime }
    }

    pub(super) fn insert(&mut self, key: String, value: V, now: u64) {
        if self.entries.len() >= self.capacity {
            self.entries.retain(|_, entry| now < entry.expires_at);
        }
        if self.entries.len() >= self.capacity {
            let first = self.entries.iter().min_by_key(|(_, entry)| entry.expires_at);
            if let Some(first) = first.map(|(key, _)| key.clone()) {
                self.entries.remove(&first);
            }
        }
        let expires_at = now.saturating_add(self.lifetime);
        self.entries.insert(key, Entry { expires_at, value });
    }

    pub(super) fn get(&self, key: &str, now: u64) -> Option<&V> {
        let entry = self.entries.get(key)?;
        (now < entry.expires_at).then_some(&entry.value)
    }

    pub(super) fn get_mut(&mut self, key: &str, now: u64) -> Option<&mut V> {
        let entry = self.entries.get_mut(key)?;
        (now < entry.expires_at).then_some(&mut entry.value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut().map(|entry| &mut entry.value)
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<V> {
        self.entries.remove(key).map(|entry| entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_a_value_when_its_time_is_over() {
        let mut map = ExpiringMap::new(4, 60);
        map.insert("a".to_owned(), 1, 100);
        assert_eq!(map.get("a", 159), Some(&1));
        assert_eq!(map.get("a", 160), None);
        assert_eq!(map.get_mut("a", 160), None);
    }

    #[test]
    fn a_full_map_gives_up_what_would_go_first() {
        let mut map = ExpiringMap::new(2, 60);
        map.insert("a".to_owned(), 1, 100);
        map.insert("b".to_owned(), 2, 101);
        map.insert("c".to_owned(), 3, 102);
        assert_eq!(map.get("a", 103), None);
        assert_eq!(map.get("b", 103), Some(&2));
        assert_eq!(map.get("c", 103), Some(&3));
        assert_eq!(map.entries.len(), 2);
    }

    #[test]
    fn a_full_map_gives_up_what_has_expired_before_anything_else() {
        let mut map = ExpiringMap::new(2, 60);
        map.insert("a".to_owned(), 1, 100);
        map.insert("b".to_owned(), 2, 150);
        map.insert("c".to_owned(), 3, 170);
        assert_eq!(map.get("b", 171), Some(&2));
        assert_eq!(map.get("c", 171), Some(&3));
    }

    #[test]
    fn a_clock_at_its_end_does_not_overflow() {
        let mut map = ExpiringMap::new(2, 60);
        map.insert("a".to_owned(), 1, u64::MAX - 1);
        assert_eq!(map.get("a", u64::MAX - 1), Some(&1));
    }
}
