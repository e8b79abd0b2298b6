//! The rules of rotation, searched exhaustively: what holds, which mutations are caught, and where the limits are.
//!
//! `cargo test -p jeton-token --test model -- --nocapture` prints the figures of `docs/decisions/0007`.

mod laws;
mod search;
mod step;
mod story;
mod world;

use laws::REAL;
use search::{Found, search};
use step::Broken;
use story::{tell, tell_found};
use world::{Action, BEYOND, Setup};

/// Deeper than any search goes before nothing is new.
const ALL: usize = 1000;

/// The *K* of the product.
const K: u8 = 3;

/// How many units a request may be read before its turn, and how long requests and answers are under way: together never
/// more than the window.
const NETWORKS: [(u8, i64, i64, i64); 4] = [(K, 0, 1, 2), (1, 0, 3, 0), (K, 1, 1, 1), (1, 1, 2, 0)];

fn figures(name: &str, found: &Found) -> String {
    let how = if found.complete { "all there are" } else { "to that depth" };
    format!("{name}: {} states, {} steps, depth {}, {how}", found.states, found.steps, found.depth)
}

fn honest(limit: u8, lag: i64, request: i64, answer: i64) -> Setup {
    // The ledger forgives five seconds in all, for clocks and for requests whose turn comes late.
    Setup { lag, step: 1 - lag, ..Setup::honest(limit, request, answer) }
}

#[test]
fn an_honest_owner_is_not_ended_before_answers_of_more_than_k_generations_in_a_row_are_lost() {
    for (limit, lag, request, answer) in NETWORKS {
        let found = search(&honest(limit, lag, request, answer), &REAL, ALL);
        let name = format!("(a) K {limit}, turn after {lag}, request {request}, answer {answer}");
        println!("{}", figures(&name, &found));
        assert_eq!(found.broken, None);
        assert!(found.complete);
    }
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
    let honest = Setup::honest(1, 1, 2);
    let mutations = [
        (laws::FRESH_SUCCESSOR, hostile, Broken::TwoLive),
        (laws::ENDLESS_WINDOW, hostile, Broken::ReplayedInUse),
        (laws::IN_USE_IGNORED, hostile, Broken::ReplayedInUse),
        (laws::GRANDPARENT_ANSWERED, hostile, Broken::OtherSuccessor),
        (laws::ENDED_ROTATES, hostile, Broken::EndUndone),
        (laws::RUN_FORGOTTEN, hostile, Broken::ThiefStays),
        (laws::NOTHING_CONSUMED, hostile, Broken::TwoLive),
        (laws::SECOND_STRAGGLER_ENDS, honest, Broken::HonestEnded),
        (laws::MARK_FORBIDS_LATE, honest, Broken::HonestEnded),
        (laws::NO_STRAGGLERS, honest, Broken::HonestEnded),
    ];
    for (law, setup, expected) in mutations {
        let found = search(&setup, &law, 16);
        let (broken, way) = found.broken.unwrap_or_else(|| panic!("not caught: {}", law.name));
        println!("caught after {} steps, {} states: {} ({broken:?})", way.len(), found.states, law.name);
        assert_eq!(broken, expected, "{}", law.name);
    }
}

#[test]
fn a_thief_out_of_step_in_k_generations_is_still_in_and_k_plus_one_losses_end_an_honest_owner() {
    let few = Setup { claim: K - 1, tabs: 1, copies: 0, logout: false, sleep: false, step: 0, ..Setup::hostile(K) };
    let found = search(&few, &REAL, ALL);
    println!(
        "K - 1 further generations do not put a thief out:\n{}",
        tell_found(&few, found.broken, Broken::ThiefStays)
    );
    let unlucky = Setup { claim: K + 1, tabs: 1, copies: 0, step: 0, ..Setup::honest(K, 1, 1) };
    let found = search(&unlucky, &REAL, ALL);
    println!("K + 1 losses in a row end an owner:\n{}", tell_found(&unlucky, found.broken, Broken::HonestEnded));
}

#[test]
fn beyond_what_a_promises_an_honest_owner_is_ended() {
    let promised = Setup { copies: 0, step: 0, ..Setup::honest(K, 1, 2) };
    let limits = [
        ("requests and answers take a window each", Setup { network: Some((3, 3)), ..promised }),
        ("a request has its turn more than 5 s after it was read", Setup { lag: 2, network: Some((2, 1)), ..promised }),
        ("the clock is set back by more than 5 s", Setup { step: 2, ..promised }),
        ("a lost answer is asked for after LATE_REPLAY", Setup { sleep: true, ..promised }),
    ];
    for (name, setup) in limits {
        let found = search(&setup, &REAL, ALL);
        println!("Ended, as {name}:\n{}", tell_found(&setup, found.broken, Broken::HonestEnded));
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
