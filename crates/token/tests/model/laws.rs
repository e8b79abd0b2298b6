//! The product's own rules, and mutations of them that the model has to catch.

use std::time::Duration;

use jeton_token::id::Generation;
use jeton_token::rotation::{Decision, EndReason, Family, Presented, Rules, decide};
use jeton_token::time::Timestamp;

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

pub(crate) const SECOND_STRAGGLER_ENDS: Law =
    Law { name: "as first written: a straggler ends a marked family", decide: second_straggler_ends, ..REAL };

pub(crate) const MARK_FORBIDS_LATE: Law =
    Law { name: "as first written: a marked family has no late replay", decide: mark_forbids_late, ..REAL };

pub(crate) const NO_STRAGGLERS: Law =
    Law { name: "as first written: in use counts from the window's end", decide: no_stragglers, ..REAL };

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

fn second_straggler_ends(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    let straggler = presented.generation.0 + 1 < family.generation.0;
    match decide(family, presented, rules) {
        Decision::Refuse(_) if straggler && family.marked && !family.revoked => Decision::End(EndReason::Reuse),
        decision => decision,
    }
}

fn mark_forbids_late(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    match decide(family, presented, rules) {
        Decision::SameSuccessorLate(_) if family.marked => Decision::End(EndReason::Reuse),
        decision => decision,
    }
}

fn no_stragglers(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    let outside = |opened: Timestamp| presented.at > opened + rules.window;
    let is_parent = presented.generation.next() == Some(family.generation);
    let in_use = family.in_use == Some(family.generation);
    if is_parent && in_use && !family.revoked && family.rotated_at.is_some_and(outside) {
        return Decision::End(EndReason::Reuse);
    }
    decide(family, presented, rules)
}
