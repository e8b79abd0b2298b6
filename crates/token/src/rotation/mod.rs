//! What happens when a refresh token is presented: the rules of the ledger as a pure state machine.
//!
//! A login makes a *family*: a chain of refresh tokens, each made by rotating the one before. [`decide`] says what
//! a presented token deserves, [`Family::after`] what the family is then. The store carries the decision out as one
//! guarded statement; who loses the guard reads again and decides again.

mod decision;
mod family;
mod rules;

use std::time::Duration;

pub use decision::{Decision, EndReason, Refusal};
pub use family::{AgentDigest, Family, LateReplay, Presented};
pub use rules::Rules;

use crate::id::Generation;
use crate::time::Timestamp;

/// Decides on a presented refresh token. The caller has checked that it is genuine and has not expired.
///
/// ```
/// use jeton_token::id::Generation;
/// use jeton_token::rotation::{Decision, Family, Presented, Rules, decide};
/// use jeton_token::time::Timestamp;
///
/// let family = Family::new();
/// let now = Timestamp::from_seconds(1_700_000_000);
/// let first = Presented { generation: Generation(0), blacklisted: false, at: now, agent: None };
/// assert_eq!(decide(&family, &first, &Rules::SAFE), Decision::Rotate);
///
/// let rotated = family.after(Decision::Rotate, &first, &Rules::SAFE);
/// assert_eq!(decide(&rotated, &first, &Rules::SAFE), Decision::SameSuccessor);
/// ```
pub fn decide(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    let (p, g) = (presented.generation, family.generation);
    if family.revoked {
        return Decision::Refuse(Refusal::Ended);
    }
    if p > g {
        return Decision::Refuse(Refusal::LedgerBehind);
    }
    if presented.blacklisted {
        return Decision::Refuse(Refusal::Blacklisted);
    }
    if p >= family.consumed_below {
        return rotate(p, g, rules);
    }
    if !rules.detects() {
        return Decision::Refuse(Refusal::Blacklisted);
    }
    let inside = family.rotated_at.is_some_and(|at| within(presented.at, at, rules.window));
    if p.next() != Some(g) {
        let forgiven = inside && !family.marked;
        return if forgiven { Decision::RefuseAndMark } else { Decision::End(EndReason::Reuse) };
    }
    if inside {
        return Decision::SameSuccessor;
    }
    late(family, presented, rules)
}

/// Whether a token is good for anything, rotation aside: what verify, blacklist and logout ask.
///
/// ```
/// use jeton_token::id::Generation;
/// use jeton_token::rotation::{Family, is_blacklisted};
///
/// let rotated = Family { generation: Generation(1), consumed_below: Generation(1), ..Family::new() };
/// assert!(is_blacklisted(&rotated, Generation(0), false));
/// assert!(!is_blacklisted(&rotated, Generation(1), false));
/// ```
pub fn is_blacklisted(family: &Family, generation: Generation, blacklisted: bool) -> bool {
    family.revoked || blacklisted || generation > family.generation || generation < family.consumed_below
}

fn rotate(p: Generation, g: Generation, rules: &Rules) -> Decision {
    match (rules.rotate, g.next()) {
        (false, _) => Decision::Accept,
        (true, None) => Decision::End(EndReason::Exhausted),
        (true, Some(_)) if p == g => Decision::Rotate,
        (true, Some(_)) => Decision::RotateOlder,
    }
}

fn late(family: &Family, presented: &Presented, rules: &Rules) -> Decision {
    let g = family.generation;
    let Some(rotated_at) = family.rotated_at else {
        return Decision::End(EndReason::Reuse);
    };
    let in_time = presented.at >= rotated_at && presented.at.since(rotated_at) <= rules.late_replay;
    let same_agent = presented.agent == family.rotated_by;
    let in_use = family.in_use.is_some_and(|used| used >= g);
    let allowed = !rules.late_replay.is_zero() && rules.late_limit > 0;
    if !allowed || family.marked || in_use || !in_time || !same_agent {
        return Decision::End(EndReason::Reuse);
    }
    let run = match family.late {
        Some(late) if late.generation == g && within(presented.at, late.at, rules.window) => {
            return Decision::SameSuccessor;
        }
        Some(late) if late.generation == g => late.run,
        Some(late) if late.generation.next() == Some(g) && late.run >= rules.late_limit => {
            return Decision::End(EndReason::Reuse);
        }
        Some(late) if late.generation.next() == Some(g) => late.run + 1,
        Some(_) | None => 1,
    };
    Decision::SameSuccessorLate(LateReplay { generation: g, at: presented.at, run })
}

/// Whether `at` lies within the window that `start` opened, or so little before it that only clocks differ.
fn within(at: Timestamp, start: Timestamp, window: Duration) -> bool {
    at >= start - CLOCK_STEP && at <= start + window
}

/// A moment further back than this is taken for a clock that was set, and counts as outside every window.
const CLOCK_STEP: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: AgentDigest = *b"tab-one!";
    const START: i64 = 1_763_676_000;

    fn at(seconds: i64, generation: u32) -> Presented {
        Presented {
            generation: Generation(generation),
            blacklisted: false,
            at: Timestamp::from_seconds(START + seconds),
            agent: Some(AGENT),
        }
    }

    /// A family whose tokens 0, 1, 2 … were each rotated at the given second.
    fn rotated(seconds: &[i64], rules: &Rules) -> Family {
        let mut family = Family::new();
        for (generation, &second) in (0..).zip(seconds) {
            let presented = at(second, generation);
            let decision = decide(&family, &presented, rules);
            assert_eq!(decision, Decision::Rotate);
            family = family.after(decision, &presented, rules);
        }
        family
    }

    #[test]
    fn exact_refuses_what_was_rotated_away_and_ends_nothing() {
        let family = rotated(&[0, 1, 2], &Rules::EXACT);
        for p in 0..3 {
            assert_eq!(decide(&family, &at(3, p), &Rules::EXACT), Decision::Refuse(Refusal::Blacklisted));
        }
        assert_eq!(decide(&family, &at(3, 3), &Rules::EXACT), Decision::Rotate);
    }

    #[test]
    fn the_parent_within_the_window_gets_the_same_successor() {
        let family = rotated(&[0], &Rules::SAFE);
        assert_eq!(decide(&family, &at(10, 0), &Rules::SAFE), Decision::SameSuccessor);
        assert_eq!(decide(&family, &at(-5, 0), &Rules::SAFE), Decision::SameSuccessor);
    }

    #[test]
    fn a_clock_set_back_is_outside_the_window() {
        let family = rotated(&[0], &Rules::SAFE);
        assert_eq!(decide(&family, &at(-6, 0), &Rules::SAFE), Decision::End(EndReason::Reuse));
    }

    #[test]
    fn a_lost_answer_may_be_asked_for_again_within_a_day() {
        let family = rotated(&[0], &Rules::SAFE);
        let late = LateReplay { generation: Generation(1), at: at(60, 0).at, run: 1 };
        let decision = decide(&family, &at(60, 0), &Rules::SAFE);
        assert_eq!(decision, Decision::SameSuccessorLate(late));
        let noted = family.after(decision, &at(60, 0), &Rules::SAFE);
        assert_eq!(decide(&noted, &at(65, 0), &Rules::SAFE), Decision::SameSuccessor);
        assert_eq!(decide(&family, &at(86_401, 0), &Rules::SAFE), Decision::End(EndReason::Reuse));
    }

    #[test]
    fn a_late_replay_ends_the_family_once_the_successor_is_in_use() {
        let family = Family { in_use: Some(Generation(1)), ..rotated(&[0], &Rules::SAFE) };
        assert_eq!(decide(&family, &at(60, 0), &Rules::SAFE), Decision::End(EndReason::Reuse));
        assert_eq!(decide(&family, &at(5, 0), &Rules::SAFE), Decision::SameSuccessor);
    }

    #[test]
    fn a_late_replay_by_another_user_agent_ends_the_family() {
        let family = rotated(&[0], &Rules::SAFE);
        let other = Presented { agent: Some(*b"somebody"), ..at(60, 0) };
        assert_eq!(decide(&family, &other, &Rules::SAFE), Decision::End(EndReason::Reuse));
        let nobody = Presented { agent: None, ..at(60, 0) };
        assert_eq!(decide(&family, &nobody, &Rules::SAFE), Decision::End(EndReason::Reuse));
    }

    #[test]
    fn three_generations_in_a_row_may_be_replayed_late_and_no_fourth() {
        let mut family = Family::new();
        for generation in 0..4 {
            let second = i64::from(generation) * 100;
            let rotation = at(second, generation);
            family = family.after(Decision::Rotate, &rotation, &Rules::SAFE);
            let replay = at(second + 50, generation);
            let decision = decide(&family, &replay, &Rules::SAFE);
            if generation == 3 {
                assert_eq!(decision, Decision::End(EndReason::Reuse));
            } else {
                assert!(matches!(decision, Decision::SameSuccessorLate(late) if u32::from(late.run) == generation + 1));
            }
            family = family.after(decision, &replay, &Rules::SAFE);
        }
    }

    #[test]
    fn with_a_limit_of_none_no_answer_is_given_late() {
        let none = Rules { late_limit: 0, ..Rules::SAFE };
        let family = rotated(&[0], &none);
        assert_eq!(decide(&family, &at(5, 0), &none), Decision::SameSuccessor);
        assert_eq!(decide(&family, &at(60, 0), &none), Decision::End(EndReason::Reuse));
    }

    #[test]
    fn a_grandparent_within_the_window_marks_and_the_second_one_ends() {
        let family = rotated(&[0, 1], &Rules::SAFE);
        let decision = decide(&family, &at(2, 0), &Rules::SAFE);
        assert_eq!(decision, Decision::RefuseAndMark);
        let marked = family.after(decision, &at(2, 0), &Rules::SAFE);
        assert_eq!(decide(&marked, &at(3, 0), &Rules::SAFE), Decision::End(EndReason::Reuse));
        assert_eq!(decide(&marked, &at(3, 1), &Rules::SAFE), Decision::SameSuccessor);
        assert_eq!(decide(&marked, &at(60, 1), &Rules::SAFE), Decision::End(EndReason::Reuse));
    }

    #[test]
    fn a_grandparent_outside_the_window_ends_the_family() {
        let family = rotated(&[0, 1], &Rules::SAFE);
        let decision = decide(&family, &at(12, 0), &Rules::SAFE);
        assert_eq!(decision, Decision::End(EndReason::Reuse));
        let ended = family.after(decision, &at(12, 0), &Rules::SAFE);
        for p in 0..4 {
            assert_eq!(decide(&ended, &at(13, p), &Rules::SAFE), Decision::Refuse(Refusal::Ended));
        }
    }

    #[test]
    fn a_token_newer_than_the_ledger_is_refused_and_the_family_lives() {
        let family = rotated(&[0], &Rules::SAFE);
        assert_eq!(decide(&family, &at(1, 2), &Rules::SAFE), Decision::Refuse(Refusal::LedgerBehind));
    }

    #[test]
    fn without_blacklisting_every_generation_stays_good() {
        let keep = Rules { blacklist: false, ..Rules::SAFE };
        let family = rotated(&[0, 1], &keep);
        assert_eq!(decide(&family, &at(99, 0), &keep), Decision::RotateOlder);
        assert_eq!(decide(&family, &at(99, 2), &keep), Decision::Rotate);
        assert_eq!(
            decide(&family, &at(99, 0), &Rules::SAFE),
            Decision::RotateOlder,
            "the past does not change when the setting does"
        );
        let single = Presented { blacklisted: true, ..at(99, 0) };
        assert_eq!(decide(&family, &single, &keep), Decision::Refuse(Refusal::Blacklisted));
    }

    #[test]
    fn the_last_generation_ends_the_family() {
        let family = Family { generation: Generation(u32::MAX), ..Family::new() };
        assert_eq!(decide(&family, &at(0, u32::MAX), &Rules::SAFE), Decision::End(EndReason::Exhausted));
    }

    #[test]
    fn without_rotation_the_newest_is_accepted_as_it_is() {
        let still = Rules { rotate: false, ..Rules::EXACT };
        assert_eq!(decide(&Family::new(), &at(0, 0), &still), Decision::Accept);
    }
}
