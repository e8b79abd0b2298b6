//! The ways in which the rules can end an owner without a thief: the limits of what is promised, each with a name.

use jeton_token::rotation::{Family, Presented, Rules};

use crate::world::{BEYOND, UNIT, is_beyond, units};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// A token older than the parent was heard outside the window of the newest rotation.
    LateStraggler,
    /// A second token older than the parent was heard within it.
    SecondStraggler,
    /// The parent was heard by a clock more than five seconds behind the rotation.
    ClockBack,
    /// The parent was asked for again after the window, in a family that once had a straggler.
    MarkedLate,
    /// The parent was heard after the window, and within that of a late replay, but the answer to that was in use already.
    InUseAgain,
    /// The parent was heard after the window, when the successor was in use.
    InUse,
    /// The parent was asked for again after `LATE_REPLAY`.
    TooLate,
    /// The parent was asked for again after the window in one generation too many in a row.
    TooOften,
}

impl Ended {
    /// How this presentation ends that family; said here a second time, in whole units.
    pub(crate) fn of(family: &Family, presented: &Presented, rules: &Rules) -> Self {
        let at = units(presented.at);
        let rotated = family.rotated_at.expect("what was not rotated is not replayed");
        if presented.generation.next() != Some(family.generation) {
            return if is_beyond(at, rotated, BEYOND) { Self::LateStraggler } else { Self::SecondStraggler };
        }
        let noted = family.late.filter(|late| late.generation == family.generation);
        let before = family.late.filter(|late| late.generation.next() == Some(family.generation));
        let in_use = family.in_use == Some(family.generation);
        if at < units(rotated) {
            Self::ClockBack
        } else if before.is_some_and(|late| late.run >= rules.late_limit) {
            Self::TooOften
        } else if in_use && noted.is_some_and(|late| !is_beyond(at, late.at, BEYOND)) {
            Self::InUseAgain
        } else if in_use {
            Self::InUse
        } else if at - units(rotated) > (rules.late_replay.as_secs() / UNIT.as_secs()) as i64 {
            Self::TooLate
        } else {
            assert!(family.marked, "there is no other reason to end a family");
            Self::MarkedLate
        }
    }
}
