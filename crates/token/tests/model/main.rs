//! The rules of rotation, searched exhaustively: what holds, which mutations are caught, and where the limits are.
//!
//! `cargo test -p jeton-token --test model -- --nocapture` prints the figures of `docs/decisions/0007`.

mod canonical;
mod ended;
mod laws;
mod search;
mod step;
mod story;
mod world;

use ended::Ended;
use laws::REAL;
use search::{Found, search};
use step::Broken;
use story::{tell, tell_found};
use world::{Action, BEYOND, Setup};

/// Deeper than any search goes before nothing is new.
const ALL: usize = 1000;

/// The *K* of the product.
const K: u8 = 3;

fn figures(name: &str, found: &Found) -> String {
    let how = if found.complete { "all there are" } else { "to that depth" };
    format!("{name}: {} states, {} steps, depth {}, {how}", found.states, found.steps, found.depth)
}

/// A network that is never slow: 3 s for a request, 6 s for an answer.
const QUICK: Option<(i64, i64)> = Some((1, 2));

#[test]
fn an_honest_owner_whose_requests_are_heard_in_turn_is_not_ended_before_k_plus_one_generations_in_a_row_are_late() {
    for (limit, lag) in [(1, 0), (1, 1), (K, 0), (K, 1)] {
        let found = search(&Setup::honest(limit, lag), &REAL, ALL);
        println!(
            "{}",
            figures(&format!("(a) K {limit}, turn {lag} after the head, clock back by {}", 1 - lag), &found)
        );
        assert_eq!(found.broken, None);
        assert!(found.complete);
    }
}

#[test]
fn an_honest_owner_who_refreshes_once_at_a_time_keeps_the_first_two_premises() {
    let found = search(&Setup { tabs: 1, copies: 0, in_turn: false, heard: false, ..Setup::honest(K, 0) }, &REAL, ALL);
    println!("{}", figures("(a) K 3, one refresh at a time, no duplicates", &found));
    assert_eq!(found.broken, None);
    assert!(found.complete);
}

#[test]
fn with_a_thief_there_is_one_chain_that_stays_ended_and_the_thief_keeps_in_step_or_is_out() {
    let found = search(&Setup::hostile(1), &REAL, 13);
    println!("{}", figures("one chain, (b), (c), K 1", &found));
    assert_eq!(found.broken, None);
    assert!(found.depth >= 12);
}

#[test]
fn a_thief_beside_one_tab_is_out_after_k_generations_however_long_it_goes() {
    let found = search(&Setup { tabs: 1, copies: 0, ..Setup::hostile(K) }, &REAL, ALL);
    println!("{}", figures("one chain, (b), (c), K 3, one tab, no duplicates", &found));
    assert_eq!(found.broken, None);
    assert!(found.complete);
}

#[test]
fn each_mutation_of_the_rules_is_caught() {
    let hostile = Setup::hostile(1);
    let honest = Setup::honest(K, 0);
    let mutations = [
        (laws::FRESH_SUCCESSOR, hostile, Broken::TwoLive),
        (laws::ENDLESS_WINDOW, hostile, Broken::ReplayTolerated),
        (laws::IN_USE_IGNORED, hostile, Broken::ReplayTolerated),
        (laws::GRANDPARENT_ANSWERED, hostile, Broken::OtherSuccessor),
        (laws::ENDED_ROTATES, hostile, Broken::EndUndone),
        (laws::RUN_FORGOTTEN, hostile, Broken::ThiefStays),
        (laws::NOTHING_CONSUMED, hostile, Broken::TwoLive),
        (laws::STRAGGLERS_REFUSED, hostile, Broken::ReplayTolerated),
        (laws::MARK_FORGOTTEN, hostile, Broken::ReplayTolerated),
        (laws::IN_USE_LATER, hostile, Broken::ReplayTolerated),
        (laws::NOTE_FIRST, hostile, Broken::ReplayTolerated),
        (laws::NO_WINDOW, honest, Broken::HonestEnded),
        (laws::ONE_LATE, honest, Broken::HonestEnded),
    ];
    for (law, setup, expected) in mutations {
        let found = search(&setup, &law, 16);
        let (broken, way) = found.broken.unwrap_or_else(|| panic!("not caught: {}", law.name));
        println!("caught after {} steps, {} states: {} ({broken:?})", way.len(), found.states, law.name);
        assert_eq!(broken, expected, "{}", law.name);
    }
}

#[test]
fn a_thief_out_of_step_in_k_generations_is_still_in() {
    let few = Setup { claim: K - 1, tabs: 1, copies: 0, logout: false, sleep: false, step: 0, ..Setup::hostile(K) };
    let found = search(&few, &REAL, ALL);
    println!(
        "K - 1 further generations do not put a thief out:\n{}",
        tell_found(&few, found.broken, Broken::ThiefStays)
    );
}

#[test]
fn without_any_one_of_the_premises_an_honest_owner_is_ended() {
    let promised = Setup { copies: 0, step: 0, ..Setup::honest(K, 0) };
    let quick = Setup { network: QUICK, ..promised };
    let eager = Setup { in_turn: false, ..quick };
    let early = Setup { heard: false, ..quick };
    let late_turn = Setup { tabs: 2, lag: 2, network: Some((2, 1)), ..promised };
    let limits = [
        (9, "Two stragglers of one round", eager, Ended::SecondStraggler),
        (12, "Two tabs, a straggler in each of two rounds", Setup { tabs: 2, ..eager }, Ended::SecondStraggler),
        (11, "A lost answer after a straggler", Setup { tabs: 2, ..eager }, Ended::MarkedLate),
        (8, "A straggler after the window", Setup { tabs: 2, in_turn: false, ..promised }, Ended::LateStraggler),
        (13, "Used before a request after the window", Setup { tabs: 2, ..early }, Ended::InUse),
        (10, "Used before the second of two late requests", Setup { tabs: 2, ..early }, Ended::InUseAgain),
        (27, "K + 1 answers lost in a row", Setup { tabs: 1, ..promised }, Ended::TooOften),
        (6, "Asked for again after LATE_REPLAY", Setup { tabs: 1, sleep: true, ..promised }, Ended::TooLate),
        (6, "The clock set back by more than 5 s", Setup { tabs: 1, step: 2, ..promised }, Ended::ClockBack),
        (6, "A turn more than 5 s after the head was read", late_turn, Ended::ClockBack),
    ];
    for (steps, name, setup, limit) in limits {
        let setup = Setup { limit: Some(limit), ..setup };
        let found = search(&setup, &REAL, ALL);
        let length = found.broken.as_ref().map_or(0, |(_, way)| way.len());
        println!("{name} ({limit:?}):\n{}", tell_found(&setup, found.broken, Broken::HonestEnded));
        assert_eq!(length, steps, "{name}");
    }
}

#[test]
fn four_limits_would_be_gone_if_a_promise_were() {
    let quick = Setup { network: QUICK, ..Setup::honest(K, 0) };
    let eager = Setup { in_turn: false, ..quick };
    let early = Setup { heard: false, ..quick };
    let changes = [
        (laws::STRAGGLERS_REFUSED, eager, Ended::SecondStraggler),
        (laws::MARK_FORGOTTEN, eager, Ended::MarkedLate),
        (laws::IN_USE_LATER, early, Ended::InUse),
        (laws::NOTE_FIRST, early, Ended::InUseAgain),
    ];
    for (law, setup, limit) in changes {
        let setup = Setup { limit: Some(limit), ..setup };
        assert!(search(&setup, &REAL, ALL).broken.is_some());
        let found = search(&setup, &law, ALL);
        println!("{}", figures(&format!("no {limit:?} where {}", law.name), &found));
        assert_eq!(found.broken, None);
        assert!(found.complete);
    }
}

#[test]
fn a_thief_in_step_counts_as_a_tab_even_after_it_was_out_of_step_once() {
    let setup = Setup::hostile(K);
    let refresh = [Action::Send(0), Action::Turn(0, 0), Action::Process(0)];
    // Idle tabs come before busy ones, so the busy one is the last.
    let refresh = refresh.map(|action| match action {
        Action::Send(_) => Action::Send(0),
        Action::Turn(..) => Action::Turn(2, 0),
        _ => Action::Process(2),
    });
    let mut in_step = vec![Action::Steal];
    let mut once_late = [&[Action::Steal][..], &refresh, &[Action::Pass(BEYOND), Action::Present(0)]].concat();
    for way in [&mut in_step, &mut once_late] {
        for _ in 0..=K {
            way.push(Action::Pass(BEYOND));
            way.extend(refresh);
            way.extend([Action::Pass(1), Action::Present(0)]);
        }
    }
    for (name, way) in
        [("(c) A thief always in step stays", in_step), ("Out of step once, then in step, it stays", once_late)]
    {
        let (story, world) = tell(&setup, &way);
        println!("{name}:\n{story}");
        assert!(!world.family.revoked);
        assert_eq!(world.thief, Some(world.family.generation.0), "it shares the one chain");
        assert_eq!(world.held, world.family.generation.0);
    }
}
