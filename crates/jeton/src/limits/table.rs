//! A table that never grows beyond its capacity, and forgets what matters least.

use std::collections::HashMap;
use std::hash::Hash;

/// When it is full, a sixteenth of it is forgotten at once: what has the least worth. So what a stranger fills it with
/// pushes out what strangers filled it with, and not what matters more.
#[derive(Debug)]
pub(super) struct Table<K, V> {
    entries: HashMap<K, V>,
    capacity: usize,
}

impl<K: Copy + Eq + Hash, V: Default> Table<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), capacity }
    }

    /// The entry of that key, and room for it if it is new.
    pub(super) fn entry<W: Ord>(&mut self, key: K, worth: impl FnMut(&mut V) -> W) -> &mut V {
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&key) {
            self.forget(worth);
        }
        self.entries.entry(key).or_default()
    }

    fn forget<W: Ord>(&mut self, mut worth: impl FnMut(&mut V) -> W) {
        let mut all: Vec<(W, K)> = self.entries.iter_mut().map(|(key, value)| (worth(value), *key)).collect();
        let count = (self.capacity / 16).clamp(1, all.len());
        all.select_nth_unstable_by(count - 1, |(one, _), (other, _)| one.cmp(other));
        for (_, key) in &all[..count] {
            self.entries.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_least_is_forgotten_first() {
        let mut table: Table<u32, u32> = Table::new(160);
        *table.entry(1_000_000, |worth| *worth) = 100;
        for key in 0..10_000 {
            *table.entry(key, |worth| *worth) = 1;
            assert!(table.entries.len() <= 160);
        }
        assert_eq!(table.entries.get(&1_000_000), Some(&100));
        assert!(table.entries.contains_key(&9_999));
    }

    #[test]
    fn a_key_that_is_there_pushes_nothing_out() {
        let mut table: Table<u32, u32> = Table::new(16);
        for key in 0..16 {
            *table.entry(key, |worth| *worth) = 1;
        }
        assert_eq!(*table.entry(3, |worth| *worth), 1);
        assert_eq!(table.entries.len(), 16);
        table.entry(16, |worth| *worth);
        assert_eq!(table.entries.len(), 16);
    }
}
