//! Doors that one goes through at a time, one for each of whoever is waited for.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Door, OwnedMutexGuard};

/// Those who would be in each other's way take turns, so that of this process one asks the store at a time.
#[derive(Debug)]
pub(crate) struct Gates<K>(Mutex<HashMap<K, Weak<Door<()>>>>);

impl<K: Eq + Hash> Gates<K> {
    /// Waits for one's turn, which lasts as long as what comes back.
    pub(crate) async fn enter(&self, key: K) -> OwnedMutexGuard<()> {
        self.door(key).lock_owned().await
    }

    fn door(&self, key: K) -> Arc<Door<()>> {
        let mut doors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(door) = doors.get(&key).and_then(Weak::upgrade) {
            return door;
        }
        if doors.len() >= MANY {
            doors.retain(|_, door| door.strong_count() > 0);
        }
        let door = Arc::default();
        doors.insert(key, Arc::downgrade(&door));
        door
    }
}

impl<K> Default for Gates<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// Doors that nobody stands at are taken away from here on.
const MANY: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_goes_through_at_a_time_and_doors_are_forgotten() {
        let gates = Gates::default();
        let inside = gates.enter(0).await;
        for key in 1..5000 {
            drop(gates.enter(key).await);
        }
        assert!(gates.0.lock().unwrap().len() <= MANY);
        assert!(gates.door(0).try_lock().is_err());
        drop(inside);
        assert!(gates.door(0).try_lock().is_ok());
    }
}
