//! What has ended, as far as access tokens of it may still be about.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use jeton_store::{Change, ChangeKind};
use jeton_token::id::{FamilyKey, Jti};
use jeton_token::time::Timestamp;

/// What of a token decides whether it has ended.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::auth) struct Seen<'t> {
    /// Its id.
    pub(in crate::auth) jti: Option<&'t str>,
    /// Whom it names, where that is an id.
    pub(in crate::auth) user_id: Option<i64>,
    /// When it was issued, in seconds.
    pub(in crate::auth) issued_at: Option<i64>,
    /// When it expires, in seconds.
    pub(in crate::auth) expires_at: Option<i64>,
}

impl Seen<'_> {
    /// The family, if the token is of ours.
    pub(in crate::auth) fn family(self) -> Option<FamilyKey> {
        Some(Jti::parse(self.jti?)?.family())
    }
}

/// Families and users that have ended.
#[derive(Default)]
pub(super) struct Ends {
    families: Memory<FamilyKey, ()>,
    locks: Memory<i64, Lock>,
    /// Until when, in seconds, what a user was given elsewhere counts for nothing.
    tokens: Memory<i64, i64>,
    /// The latest time, in microseconds, to which anything had to be known that was forgotten since.
    forgotten_through: AtomicI64,
}

/// The newest that is known of whether a user may come in.
#[derive(Clone, Copy)]
struct Lock {
    change: i64,
    is_locked: bool,
}

impl Ends {
    pub(super) fn learn(&self, change: &Change) {
        match (change.kind, change.family, change.user_id) {
            (ChangeKind::FamilyEnded, Some(family), _) => self.families.keep(family, (), change.expires_at, |_| true),
            (ChangeKind::UserLocked | ChangeKind::UserUnlocked, _, Some(user)) => {
                let lock = Lock { change: change.id, is_locked: change.kind == ChangeKind::UserLocked };
                self.locks.keep(user, lock, change.expires_at, |known| known.change < lock.change);
            }
            (ChangeKind::UserTokensEnded, _, Some(user)) => {
                let until = change.at.seconds();
                self.tokens.keep(user, until, change.expires_at, |known| *known < until);
            }
            _ => {}
        }
    }

    /// Whether anything that is known speaks against this token.
    pub(super) fn has_ended(&self, token: Seen<'_>, locks_out: bool) -> bool {
        let speaks_of_families = !self.families.is_empty() || !self.tokens.is_empty();
        let family = if speaks_of_families { token.family() } else { None };
        if family.is_some_and(|family| self.has_family_ended(family)) {
            return true;
        }
        let Some(user) = token.user_id else { return false };
        if locks_out && self.locks.find(&user).is_some_and(|lock| lock.is_locked) {
            return true;
        }
        // A family of ours says by itself whether it has ended; what comes from elsewhere has only its age.
        speaks_of_families
            && family.is_none()
            && self.tokens.find(&user).is_some_and(|until| token.issued_at.is_none_or(|issued| issued <= until))
    }

    pub(super) fn has_family_ended(&self, family: FamilyKey) -> bool {
        self.families.find(&family).is_some()
    }

    /// Whether what ended this token may be forgotten already: only where the clock has gone back, as else it expired
    /// before that.
    pub(super) fn may_have_forgotten(&self, token: Seen<'_>) -> bool {
        let through = Timestamp::from_micros(self.forgotten_through.load(Ordering::Acquire));
        token.expires_at.is_some_and(|expires_at| Timestamp::from_seconds(expires_at) <= through)
    }

    /// Somebody has forgotten, or is about to forget, what had to be known until then.
    pub(super) fn is_forgotten_through(&self, moment: Timestamp) {
        self.forgotten_through.fetch_max(moment.micros(), Ordering::AcqRel);
    }

    pub(super) fn forget_expired(&self, now: Timestamp) {
        let latest = [self.families.expired(now), self.locks.expired(now), self.tokens.expired(now)];
        if let Some(latest) = latest.into_iter().flatten().max() {
            self.is_forgotten_through(latest);
        }
        self.families.forget_expired(now);
        self.locks.forget_expired(now);
        self.tokens.forget_expired(now);
    }
}

/// A map that costs one load while there is nothing in it.
struct Memory<K, V> {
    count: AtomicUsize,
    entries: RwLock<HashMap<K, (V, Timestamp)>>,
}

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self { count: AtomicUsize::new(0), entries: RwLock::default() }
    }
}

impl<K: Eq + Hash, V: Copy> Memory<K, V> {
    fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    fn find(&self, key: &K) -> Option<V> {
        if self.is_empty() {
            return None;
        }
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).map(|(value, _)| *value)
    }

    /// Over an older one, if `is_newer` says so of that.
    fn keep(&self, key: K, value: V, expires_at: Timestamp, is_newer: impl FnOnce(&V) -> bool) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        match entries.get_mut(&key) {
            Some((known, _)) if !is_newer(known) => {}
            Some(known) => *known = (value, expires_at.max(known.1)),
            None => {
                entries.insert(key, (value, expires_at));
            }
        }
        self.count.store(entries.len(), Ordering::Release);
    }

    /// The latest of the times that have passed.
    fn expired(&self, now: Timestamp) -> Option<Timestamp> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.values().map(|(_, expires_at)| *expires_at).filter(|expires_at| *expires_at <= now).max()
    }

    fn forget_expired(&self, now: Timestamp) {
        if self.is_empty() {
            return;
        }
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, (_, expires_at)| *expires_at > now);
        entries.shrink_to_fit();
        self.count.store(entries.len(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jeton_token::id::Generation;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_206_398);

    fn change(id: i64, kind: ChangeKind, family: Option<FamilyKey>) -> Change {
        Change { id, at: NOW, kind, family, user_id: Some(7), expires_at: NOW + Duration::from_secs(300) }
    }

    #[test]
    fn a_family_has_ended_until_none_of_its_tokens_can_be_good() {
        let (ends, family) = (Ends::default(), FamilyKey::new(NOW, [1; 4]));
        let jti = family.access(Generation(3), [0; 5]).to_string();
        let token = Seen { jti: Some(&jti), user_id: Some(7), issued_at: Some(NOW.seconds()), expires_at: None };
        assert!(!ends.has_ended(token, true));
        ends.learn(&change(1, ChangeKind::FamilyEnded, Some(family)));
        assert!(ends.has_ended(token, true));
        let other = FamilyKey::new(NOW, [2; 4]).access(Generation(3), [0; 5]).to_string();
        assert!(!ends.has_ended(Seen { jti: Some(&other), ..token }, true));
        ends.forget_expired(NOW + Duration::from_secs(299));
        assert!(ends.has_ended(token, true));
        ends.forget_expired(NOW + Duration::from_secs(300));
        assert!(!ends.has_ended(token, true));
    }

    #[test]
    fn memory_does_not_answer_for_tokens_that_a_clock_ahead_has_made_it_forget() {
        let (ends, family) = (Ends::default(), FamilyKey::new(NOW, [1; 4]));
        let expiring = |seconds| Seen { expires_at: Some(NOW.seconds() + seconds), ..Seen::default() };
        ends.learn(&change(1, ChangeKind::FamilyEnded, Some(family)));
        ends.forget_expired(NOW + Duration::from_secs(299));
        assert!(!ends.may_have_forgotten(expiring(1)));
        ends.forget_expired(NOW + Duration::from_secs(86_400));
        assert!(ends.may_have_forgotten(expiring(300)));
        assert!(!ends.may_have_forgotten(expiring(301)));
        ends.is_forgotten_through(NOW + Duration::from_secs(900));
        ends.is_forgotten_through(NOW);
        assert!(ends.may_have_forgotten(expiring(900)));
    }

    #[test]
    fn of_locks_the_one_with_the_highest_number_counts_however_often_the_others_come() {
        let ends = Ends::default();
        let token = Seen { jti: None, user_id: Some(7), issued_at: None, expires_at: None };
        let (locked, unlocked) = (change(1, ChangeKind::UserLocked, None), change(2, ChangeKind::UserUnlocked, None));
        ends.learn(&locked);
        assert!(ends.has_ended(token, true) && !ends.has_ended(token, false));
        assert!(!ends.has_ended(Seen { user_id: Some(8), ..token }, true));
        ends.learn(&unlocked);
        ends.learn(&locked);
        assert!(!ends.has_ended(token, true));
        ends.learn(&change(3, ChangeKind::UserLocked, None));
        assert!(ends.has_ended(token, true));
    }

    #[test]
    fn tokens_from_elsewhere_end_by_their_age_and_ours_by_their_family() {
        let (ends, family) = (Ends::default(), FamilyKey::new(NOW, [1; 4]));
        ends.learn(&change(1, ChangeKind::UserTokensEnded, None));
        let foreign =
            Seen { jti: Some("from-elsewhere"), user_id: Some(7), issued_at: Some(NOW.seconds()), expires_at: None };
        assert!(ends.has_ended(foreign, true));
        assert!(ends.has_ended(Seen { issued_at: None, ..foreign }, true));
        assert!(!ends.has_ended(Seen { issued_at: Some(NOW.seconds() + 1), ..foreign }, true));
        let ours = family.access(Generation(0), [0; 5]).to_string();
        assert!(!ends.has_ended(Seen { jti: Some(&ours), ..foreign }, true));
    }
}
