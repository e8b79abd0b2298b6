//! Who was seen using which generation: kept in memory, written along with the next commit.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use jeton_token::id::FamilyKey;

use crate::engine::{Statement, Value};

/// A bounded set. What it loses only lets a late replay pass that it would have stopped.
#[derive(Debug, Default)]
pub(crate) struct InUse(Mutex<Notes>);

#[derive(Debug, Default)]
struct Notes {
    /// All that is known, so that each use of a token costs one look and not one write.
    seen: HashSet<Note>,
    /// What of it is not written yet.
    pending: Vec<Note>,
}

type Note = (FamilyKey, u16);

impl InUse {
    pub(crate) fn note(&self, key: FamilyKey, low_bits: u16) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.seen.contains(&(key, low_bits)) {
            return;
        }
        if notes.seen.len() >= LIMIT {
            let Notes { seen, pending } = &mut *notes;
            seen.clear();
            seen.extend(pending.iter());
        }
        if notes.pending.len() < LIMIT / 2 {
            notes.seen.insert((key, low_bits));
            notes.pending.push((key, low_bits));
        }
    }

    /// Whether the set still knows of it, written or not.
    pub(crate) fn is_noted(&self, key: FamilyKey, low_bits: u16) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).seen.contains(&(key, low_bits))
    }

    /// Whether there is anything to write.
    pub(crate) fn is_any_pending(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).pending.is_empty()
    }

    /// What there is to write.
    pub(crate) fn drain(&self) -> Vec<Statement> {
        let pending = std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).pending);
        pending.into_iter().map(|(key, low_bits)| statement(key, low_bits)).collect()
    }

    /// The writing failed: what comes again is new again.
    pub(crate) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Notes::default();
    }
}

/// Only the newest generation is worth a note: no decision asks about an older one.
fn statement(key: FamilyKey, low_bits: u16) -> Statement {
    const SQL: &str = "UPDATE jeton_family SET in_use = generation \
        WHERE key = $1 AND (generation & 4095) = $2 AND (in_use IS NULL OR in_use < generation)";
    const MANY: &str = "WITH held AS MATERIALIZED (SELECT row_key, low_bits FROM unnest($1, $2) AS noted(row_key, low_bits) \
            JOIN jeton_family ON key = row_key \
            WHERE (generation & 4095) = low_bits AND (in_use IS NULL OR in_use < generation) \
            ORDER BY row_key FOR NO KEY UPDATE OF jeton_family) \
        UPDATE jeton_family SET in_use = generation FROM held \
        WHERE key = row_key AND (generation & 4095) = low_bits AND (in_use IS NULL OR in_use < generation)";
    Statement::new(SQL, [key.into(), Value::Integer(low_bits.into())]).or_many(MANY)
}

const LIMIT: usize = 16_384;

#[cfg(test)]
mod tests {
    use jeton_token::time::Timestamp;

    use super::*;

    fn key(number: u32) -> FamilyKey {
        FamilyKey::new(Timestamp::EPOCH, number.to_be_bytes())
    }

    #[test]
    fn one_use_is_written_once() {
        let notes = InUse::default();
        notes.note(key(1), 5);
        notes.note(key(1), 5);
        assert_eq!(notes.drain().len(), 1);
        notes.note(key(1), 5);
        assert_eq!(notes.drain().len(), 0);
        assert!(notes.is_noted(key(1), 5) && !notes.is_noted(key(1), 6) && !notes.is_noted(key(2), 5));
    }

    #[test]
    fn the_set_stays_bounded() {
        let notes = InUse::default();
        for number in 0..100_000 {
            notes.note(key(number), 0);
        }
        assert_eq!(notes.drain().len(), LIMIT / 2);
        for number in 0..100_000 {
            notes.note(key(number), 1);
            notes.drain();
        }
        assert!(notes.0.lock().unwrap().seen.len() <= LIMIT);
    }

    #[test]
    fn a_note_that_was_not_written_can_be_made_again() {
        let notes = InUse::default();
        notes.note(key(1), 5);
        notes.drain();
        notes.forget();
        notes.note(key(1), 5);
        assert_eq!(notes.drain().len(), 1);
    }
}
