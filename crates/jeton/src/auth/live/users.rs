//! Users in memory: forgotten when they change, and where nobody tells of that after a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jeton_store::User;
use quick_cache::sync::Cache;
use tokio::time::Instant;

/// By id.
pub(super) struct KnownUsers {
    users: Cache<i64, (Arc<User>, Instant)>,
    /// How often anybody was forgotten: what was read before that may be out of date.
    forgotten: AtomicU64,
    age: Duration,
}

/// The beginning of a reading: what comes of it is kept only if nobody was forgotten meanwhile.
pub(super) struct Reading(u64, Instant);

impl KnownUsers {
    pub(super) fn new(age: Duration) -> Self {
        Self { users: Cache::new(MOST), forgotten: AtomicU64::new(0), age }
    }

    /// Nothing if it is older than it may be. Where every change is told it may be as old as it is.
    pub(super) fn find(&self, id: i64, is_watched: bool) -> Option<Arc<User>> {
        if self.age.is_zero() {
            return None;
        }
        let (user, read_at) = self.users.get(&id)?;
        (is_watched || read_at.elapsed() <= self.age).then_some(user)
    }

    pub(super) fn begin_reading(&self) -> Reading {
        Reading(self.forgotten.load(Ordering::SeqCst), Instant::now())
    }

    pub(super) fn keep(&self, Reading(forgotten, at): Reading, user: &Arc<User>) {
        if self.age.is_zero() {
            return;
        }
        self.users.insert(user.id, (Arc::clone(user), at));
        if self.forgotten.load(Ordering::SeqCst) != forgotten {
            self.users.remove(&user.id);
        }
    }

    pub(super) fn forget(&self, id: i64) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.users.remove(&id);
    }
}

/// Some 20 MiB of them.
const MOST: usize = 32_768;

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: i64) -> Arc<User> {
        Arc::new(User::new(id, "ada", "!"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_is_kept_for_a_moment_or_for_as_long_as_changes_are_told() {
        let users = KnownUsers::new(Duration::from_secs(2));
        users.keep(users.begin_reading(), &user(1));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(users.find(1, false).is_some() && users.find(2, false).is_none());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(users.find(1, false).is_none() && users.find(1, true).is_some());
        users.forget(1);
        assert!(users.find(1, true).is_none());
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let users = KnownUsers::new(Duration::from_secs(2));
        let reading = users.begin_reading();
        users.forget(1);
        users.keep(reading, &user(1));
        assert!(users.find(1, true).is_none());
    }

    #[test]
    fn nobody_is_kept_where_the_age_is_zero() {
        let users = KnownUsers::new(Duration::ZERO);
        users.keep(users.begin_reading(), &user(1));
        assert!(users.find(1, true).is_none());
    }
}
