//! The product's own rules, and mutations of them that the model has to catch.

use std::time::Duration;

use jeton_token::id::Generation;
use jeton_token::rotation::{Decision, Family, Presented, Refusal, Rules, decide};

use crate::world::Law;

pub(crate) const REAL: Law = Law { name: "the rules themselves", decide, after: Family::after };

pub(crate) const FRESH_SUCCESSOR: Law =
    Law { name: "a replay is answered with a fresh successor", decide: fresh_successor, ..REAL };

pub(crate) const ENDLESS_WINDOW: Law = Law { name: "the window has no end", decide: endless_window, ..REAL };

pub(crate) const IN_USE_IGNORED: Law = Law { name: "in use is ignored", decide: in_use_ignored, ..REAL };

pub(crate) const GRANDPARENT_ANSWERED: Law =
    Law { name: "the grandparent is answered like the parent", decide: grandparent_answered, ..REAL };

pub(crate) const ENDED_ROTATES: Law = Law { name: "an ended family rotates", decide: ended_rotates, ..REAL };

pub(crate) const RUN_FORGOTTEN: Law = Law { name: "late replays are not counted", decide: run_forgotten, ..REAL };

pub(crate) const NOTHING_CONSUMED: Law = Law { name: "a rotation uses nothing up", decide, after: nothing_consumed };

pub(crate) const STRAGGLERS_REFUSED: Law =
    Law { name: "a second token older than the parent is only refused", decide: stragglers_refused, ..REAL };

pub(crate) const MARK_FORGOTTEN: Law =
    Law { name: "a marked family keeps its late replay", decide: mark_forgotten, ..REAL };

pub(crate) const IN_USE_LATER: Law = Law { name: "in use counts from two windows on", decide: in_use_later, ..REAL };

pub(crate) const NOTE_FIRST: Law =
    Law { name: "the window of a late replay goes before in use", decide: note_first, ..REAL };

pub(crate) const NO_WINDOW: Law = Law { name: "there is no window", decide: no_window, ..REAL };

pub(crate) const ONE_LATE: Law = Law { name: "one late replay is one too many in a row", decide: one_late, ..REAL };

fn fresh_successor(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    match decide(family, presented, rules) {
        Decision::SameSuccessor => Decision::Rotate,
        decision => decision,
    }
}

fn endless_window(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    decide(family, presented, &Rules { window: Duration::from_secs(86_400 * 30), ..*rules })
}

fn in_use_ignored(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    decide(&Family { in_use: None, ..family.clone() }, presented, rules)
}

fn grandparent_answered(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    let is_grandparent = presented.generation.0 + 2 == family.generation.0;
    let generation = if is_grandparent { Generation(presented.generation.0 + 1) } else { presented.generation };
    decide(family, &Presented { generation, ..*presented }, rules)
}

fn ended_rotates(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    decide(&Family { revoked: false, ..family.clone() }, presented, rules)
}

fn run_forgotten(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    let late = family.late.filter(|late| late.generation == family.generation);
    decide(&Family { late, ..family.clone() }, presented, rules)
}

fn nothing_consumed(family: &Family, decision: Decision, presented: &Presented, rules: &Rules) -> Family {
    family.after(decision, presented, &Rules { blacklist: false, ..*rules })
}

fn stragglers_refused(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    let straggles = presented.generation.0 + 1 < family.generation.0 && family.marked && !family.revoked;
    if straggles { Decision::Refuse(Refusal::Blacklisted) } else { decide(family, presented, rules) }
}

fn mark_forgotten(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    let is_parent = presented.generation.next() == Some(family.generation);
    decide(&Family { marked: family.marked && !is_parent, ..family.clone() }, presented, rules)
}

fn in_use_later(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    let straggles = family.rotated_at.is_some_and(|at| presented.at <= at + rules.window.saturating_mul(2));
    let in_use = family.in_use.filter(|_| !straggles);
    decide(&Family { in_use, ..family.clone() }, presented, rules)
}

fn note_first(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    let noted = family.late.filter(|late| late.generation == family.generation);
    let inside =
        noted.is_some_and(|late| presented.at + CLOCK_STEP >= late.at && presented.at <= late.at + rules.window);
    let in_use = family.in_use.filter(|_| !inside);
    decide(&Family { in_use, ..family.clone() }, presented, rules)
}

fn no_window(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    decide(family, presented, &Rules { window: Duration::ZERO, ..*rules })
}

fn one_late(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    decide(family, presented, &Rules { late_limit: 1, ..*rules })
}

const CLOCK_STEP: Duration = Duration::from_secs(5);
