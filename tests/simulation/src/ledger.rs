//! The double of the store: what its guarded statements do to the rows, in memory, and the bugs that can be planted there.

use jeton_token::id::{FamilyKey, Generation};
use jeton_token::rotation::{AgentDigest, Family, LateReplay, Rules};
use jeton_token::time::Timestamp;

use crate::play::View;

/// A bug, to show that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// A rotation is not guarded on the generation.
    UnguardedRotation,
    /// A rotation is not guarded on the end of the family.
    EndedRotates,
    /// Adopting a foreign token is not guarded on its being on the blacklist.
    AdoptsBlacklisted,
    /// A foreign token is looked for among the families first and on the blacklist then: a family that it becomes in between
    /// lives on behind an acknowledged end. This simulation found it in Jeton.
    OriginBeforeList,
    /// An end is acknowledged and not written.
    LostEnd,
    /// Commits are answered before they are durable: a crash undoes the last one.
    AnswerBeforeCommit,
    /// The replay window is a second too long.
    WindowOffByOne,
    /// A replay is answered with a fresh successor.
    FreshSuccessor,
    /// A storage error is told as "Token is blacklisted".
    ErrorToldAsReuse,
    /// A storage error on the way of a rotation ends the family.
    ErrorEnds,
    /// A flush takes what expires within the next day.
    FlushTooEarly,
    /// Ending one family ends all of the user's.
    EndHitsNeighbours,
    /// A note of a late replay is never counted.
    LateUncounted,
    /// Verify does not look at the family.
    VerifyBlind,
}

impl Planted {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::UnguardedRotation,
        Self::EndedRotates,
        Self::AdoptsBlacklisted,
        Self::OriginBeforeList,
        Self::LostEnd,
        Self::AnswerBeforeCommit,
        Self::WindowOffByOne,
        Self::FreshSuccessor,
        Self::ErrorToldAsReuse,
        Self::ErrorEnds,
        Self::FlushTooEarly,
        Self::EndHitsNeighbours,
        Self::LateUncounted,
        Self::VerifyBlind,
    ];
}

#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) key: FamilyKey,
    pub(crate) user: usize,
    pub(crate) lineage: usize,
    pub(crate) state: Family,
    pub(crate) created_at: i64,
    pub(crate) token_expires_at: i64,
    pub(crate) expires_at: i64,
    /// It descends from a foreign token, which has the name of the lineage.
    pub(crate) adopted: bool,
}

/// A token rotates.
#[derive(Clone, Copy)]
pub(crate) struct Rotation {
    pub(crate) key: FamilyKey,
    pub(crate) presented: Generation,
    pub(crate) at: Timestamp,
    pub(crate) agent: AgentDigest,
    pub(crate) token_expires_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) created_from: Option<i64>,
}

/// The rows, and the list of single tokens.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    rows: Vec<Row>,
    /// Which family a lineage has, or had before it was flushed.
    names: Vec<(usize, FamilyKey)>,
    /// Foreign tokens on the blacklist, with their expiry.
    singles: Vec<(usize, i64)>,
    flushed_through: Option<i64>,
    planted: Option<Planted>,
}

impl Ledger {
    pub(crate) fn new(planted: Option<Planted>) -> Self {
        Self { planted, ..Self::default() }
    }

    fn has(&self, planted: Planted) -> bool {
        self.planted == Some(planted)
    }

    pub(crate) fn find(&self, key: FamilyKey) -> Option<&Row> {
        self.rows.iter().find(|row| row.key == key)
    }

    pub(crate) fn name_of(&self, lineage: usize) -> Option<FamilyKey> {
        self.names.iter().find(|&&(named, _)| named == lineage).map(|&(_, key)| key)
    }

    pub(crate) fn find_by_origin(&self, lineage: usize) -> Option<&Row> {
        self.rows.iter().find(|row| row.adopted && row.lineage == lineage)
    }

    pub(crate) fn is_listed(&self, lineage: usize) -> bool {
        self.singles.iter().any(|&(listed, _)| listed == lineage)
    }

    pub(crate) fn flushed_through(&self) -> Option<i64> {
        self.flushed_through
    }

    pub(crate) fn create(&mut self, row: Row) -> bool {
        let is_free = self.find(row.key).is_none();
        if is_free {
            self.names.push((row.lineage, row.key));
            self.rows.push(row);
        }
        is_free
    }

    pub(crate) fn adopt(&mut self, row: Row) -> bool {
        let is_listed = self.is_listed(row.lineage) && !self.has(Planted::AdoptsBlacklisted);
        !is_listed && self.find_by_origin(row.lineage).is_none() && self.create(row)
    }

    pub(crate) fn rotate(&mut self, rotation: &Rotation) -> Option<Row> {
        let guards_generation = !self.has(Planted::UnguardedRotation);
        let guards_end = !self.has(Planted::EndedRotates);
        let row = self.rows.iter_mut().find(|row| row.key == rotation.key)?;
        let state = &mut row.state;
        let has_moved = guards_generation && state.generation != rotation.presented;
        let is_too_old = rotation.created_from.is_some_and(|from| row.created_at < from);
        if has_moved || is_too_old || (guards_end && state.revoked) {
            return None;
        }
        state.generation = state.generation.next()?;
        state.consumed_below = state.generation;
        state.rotated_at = Some(rotation.at);
        state.rotated_by = Some(rotation.agent);
        row.token_expires_at = rotation.token_expires_at;
        row.expires_at = row.expires_at.max(rotation.expires_at);
        Some(row.clone())
    }

    pub(crate) fn note_late_replay(&mut self, key: FamilyKey, late: &LateReplay, rules: &Rules) -> bool {
        let uncounted = self.has(Planted::LateUncounted);
        let Some(row) = self.rows.iter_mut().find(|row| row.key == key) else { return false };
        let state = &mut row.state;
        let in_use = state.in_use.is_some_and(|used| used >= late.generation);
        let noted = state.late.is_some_and(|noted| {
            let (from, to) = (late.at - rules.window, late.at + std::time::Duration::from_secs(5));
            noted.generation == late.generation && noted.at >= from && noted.at <= to
        });
        if state.generation != late.generation || state.revoked || state.marked || in_use || noted {
            return false;
        }
        state.late = Some(if uncounted { LateReplay { run: 1, ..*late } } else { *late });
        true
    }

    pub(crate) fn mark(&mut self, key: FamilyKey, generation: Generation) -> bool {
        let guarded = |row: &&mut Row| row.key == key && row.state.generation == generation && !row.state.revoked;
        match self.rows.iter_mut().find(guarded) {
            Some(row) if !row.state.marked => {
                row.state.marked = true;
                true
            }
            Some(_) | None => false,
        }
    }

    pub(crate) fn end(&mut self, key: FamilyKey, newer_than: Option<Generation>) -> bool {
        if self.has(Planted::LostEnd) {
            return true;
        }
        let hits_neighbours = self.has(Planted::EndHitsNeighbours);
        let guarded = |row: &&mut Row| {
            row.key == key && newer_than.is_none_or(|other| row.state.generation > other) && !row.state.revoked
        };
        let Some(row) = self.rows.iter_mut().find(guarded) else { return false };
        row.state.revoked = true;
        let user = row.user;
        if hits_neighbours {
            self.end_all(user);
        }
        true
    }

    pub(crate) fn end_all(&mut self, user: usize) {
        self.rows.iter_mut().filter(|row| row.user == user).for_each(|row| row.state.revoked = true);
    }

    pub(crate) fn extend(&mut self, key: FamilyKey, expires_at: i64) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.key == key) {
            row.expires_at = row.expires_at.max(expires_at);
        }
    }

    pub(crate) fn list(&mut self, lineage: usize, expires_at: i64) {
        if !self.is_listed(lineage) {
            self.singles.push((lineage, expires_at));
        }
    }

    pub(crate) fn note_in_use(&mut self, key: FamilyKey, low_bits: u16) {
        let Some(row) = self.rows.iter_mut().find(|row| row.key == key) else { return };
        let state = &mut row.state;
        if state.generation.low_bits() == low_bits && state.in_use.is_none_or(|used| used < state.generation) {
            state.in_use = Some(state.generation);
        }
    }

    /// The last row there is, if any row has expired.
    pub(crate) fn last_of_expired(&self, now: i64) -> Option<FamilyKey> {
        let now = self.flush_time(now);
        let expired = self.rows.iter().any(|row| row.expires_at <= now);
        expired.then(|| self.rows.iter().map(|row| row.key).max()).flatten()
    }

    pub(crate) fn flush_families(&mut self, through: FamilyKey, now: i64) {
        let now = self.flush_time(now);
        let goes = |row: &Row| row.key <= through && row.expires_at <= now;
        let foreign = self.rows.iter().filter(|row| goes(row) && row.adopted).map(|row| row.expires_at).max();
        self.flushed_through = self.flushed_through.max(foreign);
        self.rows.retain(|row| !goes(row));
    }

    pub(crate) fn is_single_expired(&self, now: i64) -> bool {
        let now = self.flush_time(now);
        self.singles.iter().any(|&(_, expires_at)| expires_at <= now)
    }

    pub(crate) fn flush_singles(&mut self, now: i64) {
        let now = self.flush_time(now);
        let gone = self.singles.iter().map(|&(_, expires_at)| expires_at).filter(|&expires_at| expires_at <= now).max();
        self.flushed_through = self.flushed_through.max(gone);
        self.singles.retain(|&(_, expires_at)| expires_at > now);
    }

    fn flush_time(&self, now: i64) -> i64 {
        if self.has(Planted::FlushTooEarly) { now + 86_400 } else { now }
    }

    pub(crate) fn view(&self) -> Vec<View> {
        let mut views: Vec<View> = self
            .rows
            .iter()
            .map(|row| View {
                lineage: row.lineage,
                family: row.state.clone(),
                token_expires_at: row.token_expires_at,
                expires_at: row.expires_at,
            })
            .collect();
        views.sort_unstable_by_key(|view| view.lineage);
        views
    }
}
