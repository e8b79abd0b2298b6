//! When a key signs and until when it verifies: every node finds the same by its own clock, from the rows alone.

use std::time::Duration;

use jeton_store::SigningKey;
use jeton_token::time::Timestamp;

/// What a key is good for at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is known and published, and will sign.
    Next,
    /// It signs.
    Active,
    /// It signs no more; what it signed is good until it expires.
    Retiring,
    /// Nothing that it signed is good.
    Retired,
}

/// The dates of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dates {
    pub(super) activates_at: Timestamp,
    /// From when on the next one signs, if there is a next one.
    pub(super) superseded_at: Option<Timestamp>,
    /// From when on no token of it can be good, if it was superseded.
    pub(super) verifies_until: Option<Timestamp>,
    pub(super) retired_at: Option<Timestamp>,
}

/// How long tokens live by the settings of today.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lives {
    /// The longest from `iat` to `exp`.
    pub(super) longest: Duration,
    /// How much later than `exp` one is still taken.
    pub(super) leeway: Duration,
}

impl KeyState {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }
}

impl Dates {
    /// Those of the key at this place among the rows, which are in their order.
    pub(super) fn of(rows: &[SigningKey], at: usize, lives: Lives, now: Timestamp) -> Self {
        let key = &rows[at];
        let after = rows[at + 1..].iter().filter(|later| !is_withdrawn(later));
        let superseded_at = after.map(|later| later.activates_at).min();
        // While it signs, it signs by the settings of today.
        let longest = match superseded_at {
            Some(end) if end <= now => key.longest_life,
            Some(_) | None => key.longest_life.max(lives.longest),
        };
        Self {
            activates_at: key.activates_at,
            superseded_at,
            verifies_until: superseded_at.map(|end| end + longest + lives.leeway),
            retired_at: key.retired_at,
        }
    }

    pub(super) fn state(&self, now: Timestamp) -> KeyState {
        let is_past = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment <= now);
        if self.retired_at.is_some() || is_past(self.verifies_until) {
            KeyState::Retired
        } else if is_past(self.superseded_at) {
            KeyState::Retiring
        } else if self.activates_at <= now {
            KeyState::Active
        } else {
            KeyState::Next
        }
    }
}

/// Whether a key was taken back before it signed anything.
pub(super) fn is_withdrawn(key: &SigningKey) -> bool {
    key.retired_at.is_some_and(|at| at < key.activates_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVES: Lives = Lives { longest: Duration::from_secs(100), leeway: Duration::from_secs(5) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn key(number: u32, activates_at: i64) -> SigningKey {
        SigningKey {
            number,
            kid: number.to_string(),
            algorithm: "EdDSA".to_owned(),
            public: None,
            sealed: None,
            created_at: at(0),
            activates_at: at(activates_at),
            longest_life: Duration::from_secs(100),
            retired_at: None,
        }
    }

    fn states(rows: &[SigningKey], now: i64) -> Vec<KeyState> {
        (0..rows.len()).map(|index| Dates::of(rows, index, LIVES, at(now)).state(at(now))).collect()
    }

    #[test]
    fn a_key_goes_through_its_states_by_the_clock_alone() {
        let rows = [key(0, 0), key(1, 1000)];
        use KeyState::{Active, Next, Retired, Retiring};
        assert_eq!(states(&rows, 999), [Active, Next]);
        assert_eq!(states(&rows, 1000), [Retiring, Active]);
        assert_eq!(states(&rows, 1104), [Retiring, Active]);
        assert_eq!(states(&rows, 1105), [Retired, Active]);
    }

    #[test]
    fn there_is_one_active_key_at_every_moment() {
        let mut rows = vec![key(0, 0), key(1, 1000), key(2, 1050), key(3, 2000), key(4, 2500)];
        rows[3].retired_at = Some(at(1900));
        for now in 0..4000 {
            let active = states(&rows, now).iter().filter(|&&state| state == KeyState::Active).count();
            assert_eq!(active, 1, "{now}");
        }
    }

    #[test]
    fn a_key_that_was_withdrawn_supersedes_nothing() {
        let mut rows = [key(0, 0), key(1, 1000)];
        rows[1].retired_at = Some(at(900));
        assert_eq!(states(&rows, 5000), [KeyState::Active, KeyState::Retired]);
    }

    #[test]
    fn tokens_live_as_long_as_they_did_when_the_key_signed_last() {
        let rows = [key(0, 0), key(1, 1000)];
        let longer = Lives { longest: Duration::from_secs(900), ..LIVES };
        let until = |now| Dates::of(&rows, 0, longer, at(now)).verifies_until;
        assert_eq!(until(999), Some(at(1905)), "it signs by these settings still");
        assert_eq!(until(1000), Some(at(1105)), "it never did");
    }
}
