//! The limits as a whole, with a hand-set clock.

use std::time::Duration;

use super::*;
use crate::settings::{Compatibility, Limits as Settings};

fn limits() -> Limits {
    Limits::new(&Settings::defaults(Compatibility::Safe), Secret::new([7; 32]))
}

fn at(minutes: u64) -> Timestamp {
    Timestamp::from_seconds(1_795_000_000) + Duration::from_secs(minutes * 60)
}

fn from(limits: &Limits, username: &str, address: &str, agent: u8) -> Contender {
    limits.contender(username, Some(address.parse().unwrap()), Some([agent; 8]))
}

/// Tries as often as it is let, and tells how often that was.
fn guess(limits: &Limits, contender: Contender, times: usize, now: Timestamp) -> usize {
    (0..times)
        .filter(|_| match limits.try_begin(contender, now) {
            Admission::Begun(attempt) => attempt.fail(now).is_some(),
            Admission::Busy => panic!("nothing is under way"),
            Admission::Held(_) => false,
        })
        .count()
}

fn sign_in(limits: &Limits, contender: Contender, now: Timestamp) -> bool {
    match limits.try_begin(contender, now) {
        Admission::Begun(attempt) => {
            attempt.succeed(now);
            true
        }
        Admission::Busy | Admission::Held(_) => false,
    }
}

#[test]
fn ten_thousand_guesses_over_many_names_from_one_address_are_a_hundred() {
    let limits = limits();
    let mut tried = 0;
    for number in 0..10_000 {
        // Any address of the /64 is the same customer.
        let address = format!("2001:db8:1:1::{:x}", number % 5000);
        tried += guess(&limits, from(&limits, &format!("user{number}"), &address, 1), 1, at(0));
    }
    assert_eq!(tried, 100);
    assert_eq!(guess(&limits, from(&limits, "user", "2001:db8:1:2::1", 1), 1, at(0)), 1, "a neighbour");
}

#[test]
fn guesses_at_one_account_from_many_addresses_are_ten_and_its_owner_still_gets_in() {
    let limits = limits();
    let home = from(&limits, "alice", "192.0.2.1", 1);
    assert!(sign_in(&limits, home, at(0)));
    let mut tried = 0;
    for minute in 1..24 * 60 {
        let address = format!("198.51.{}.{}", minute / 250, minute % 250);
        tried += guess(&limits, from(&limits, "alice", &address, 1), 20, at(minute));
        assert!(sign_in(&limits, home, at(minute)), "minute {minute}");
        if minute == 15 {
            assert_eq!(tried, 10);
        }
    }
    assert_eq!(tried, 10 + 1 + 1 + 23, "one after 15 minutes, one after 30 more, then one an hour");
}

#[test]
fn a_stranger_who_has_the_password_waits_for_the_delay_and_no_longer() {
    let limits = limits();
    guess(&limits, from(&limits, "alice", "198.51.100.1", 1), 10, at(0));
    let abroad = from(&limits, "alice", "203.0.113.1", 2);
    assert!(!sign_in(&limits, abroad, at(14)));
    assert!(sign_in(&limits, abroad, at(15)));
    guess(&limits, from(&limits, "alice", "198.51.100.1", 1), 10, at(15));
    assert!(sign_in(&limits, abroad, at(16)), "it is known now");
}

#[test]
fn a_known_device_has_its_own_failures_and_its_success_forgives_those_alone() {
    let limits = limits();
    let (home, attacker) = (from(&limits, "alice", "192.0.2.1", 1), from(&limits, "alice", "198.51.100.1", 1));
    assert!(sign_in(&limits, home, at(0)));
    assert_eq!(guess(&limits, attacker, 9, at(1)), 9);
    for minute in 2..10 {
        assert_eq!(guess(&limits, home, 9, at(minute)), 9);
        assert!(sign_in(&limits, home, at(minute)));
    }
    assert_eq!(guess(&limits, attacker, 9, at(10)), 1, "the owner's success does not help strangers");
    assert_eq!(guess(&limits, home, 20, at(11)), 10);
    assert!(!sign_in(&limits, home, at(11)));
}

#[test]
fn a_known_device_goes_on_where_its_address_has_failed_too_often() {
    let limits = limits();
    let known = from(&limits, "alice", "192.0.2.1", 1);
    assert!(sign_in(&limits, known, at(0)));
    for number in 0..200 {
        guess(&limits, from(&limits, &format!("user{number}"), "192.0.2.1", 9), 1, at(1));
    }
    assert!(!sign_in(&limits, from(&limits, "bob", "192.0.2.1", 1), at(1)));
    assert!(sign_in(&limits, known, at(1)));
}

#[test]
fn a_device_is_an_account_with_its_network_and_its_agent() {
    let limits = limits();
    assert!(sign_in(&limits, from(&limits, "alice", "192.0.2.1", 1), at(0)));
    guess(&limits, from(&limits, "alice", "198.51.100.1", 1), 10, at(0));
    assert!(sign_in(&limits, from(&limits, "alice", "::ffff:192.0.2.1", 1), at(1)));
    assert!(!sign_in(&limits, from(&limits, "alice", "192.0.2.1", 2), at(1)));
    assert!(!sign_in(&limits, from(&limits, "alice", "192.0.2.2", 1), at(1)));
    assert!(!sign_in(&limits, from(&limits, "alice", "198.51.100.1", 1), at(1)));
    let (later, month) = (at(29 * 1440), at(60 * 1440));
    assert!(sign_in(&limits, from(&limits, "alice", "192.0.2.1", 1), later), "which renews it");
    guess(&limits, from(&limits, "alice", "198.51.100.1", 1), 10, month);
    assert!(!sign_in(&limits, from(&limits, "alice", "192.0.2.1", 1), month), "forgotten after 30 days");
}

#[test]
fn an_account_has_eight_known_devices_at_most() {
    let limits = limits();
    for device in 0..9 {
        assert!(sign_in(&limits, from(&limits, "alice", "192.0.2.1", device), at(u64::from(device))));
    }
    guess(&limits, from(&limits, "alice", "198.51.100.1", 1), 10, at(10));
    let known = (0..9).filter(|&device| sign_in(&limits, from(&limits, "alice", "192.0.2.1", device), at(11)));
    assert_eq!(known.collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn a_hundred_at_once_are_no_more_than_a_hundred_in_a_row() {
    let limits = limits();
    let contender = from(&limits, "alice", "198.51.100.1", 1);
    let begin = || match limits.try_begin(contender, at(0)) {
        Admission::Begun(attempt) => Some(attempt),
        Admission::Busy | Admission::Held(_) => None,
    };
    let mut attempts: Vec<_> = (0..100).map_while(|_| begin()).collect();
    assert_eq!(attempts.len(), 10);
    attempts.pop().unwrap().withdraw(at(0));
    assert!(begin().is_some_and(|attempt| attempt.fail(at(0)).is_some()));
    assert!(matches!(limits.try_begin(contender, at(0)), Admission::Busy));
    // Whoever hangs up before the answer has failed.
    drop(attempts);
    assert!(matches!(limits.try_begin(contender, at(0)), Admission::Held(_)));
}

#[test]
fn a_name_is_limited_whether_somebody_has_it_or_not_and_as_it_was_typed() {
    let limits = limits();
    assert_eq!(guess(&limits, from(&limits, "nobody", "198.51.100.1", 1), 20, at(0)), 10);
    assert_eq!(guess(&limits, from(&limits, "Nobody", "198.51.100.1", 1), 20, at(0)), 10);
}

#[test]
fn filling_the_memory_with_names_frees_nobody() {
    let limits = limits();
    let (owner, attacker) = (from(&limits, "alice", "192.0.2.1", 1), from(&limits, "alice", "198.51.100.1", 1));
    assert!(sign_in(&limits, owner, at(0)));
    guess(&limits, attacker, 10, at(0));
    let mut forgotten = 0;
    for number in 0..2 * MAX_ACCOUNTS {
        let address = Some(IpAddr::from([10, 0, (number / 90 / 256) as u8, (number / 90 % 256) as u8]));
        let contender = limits.contender(&number.to_string(), address, None);
        match limits.try_begin(contender, at(1)) {
            Admission::Begun(attempt) => forgotten += attempt.fail(at(1)).map_or(0, |_| limits.take_forgotten().len()),
            Admission::Busy | Admission::Held(_) => panic!("{number}"),
        }
    }
    assert!(forgotten >= MAX_ACCOUNTS, "and the store is told");
    assert_eq!(guess(&limits, attacker, 1, at(2)), 0);
    assert!(sign_in(&limits, owner, at(2)));
}

#[test]
fn who_is_held_back_takes_no_memory() {
    let limits = limits();
    let sprayed = |number: usize| from(&limits, &number.to_string(), "198.51.100.1", 1);
    assert_eq!((0..200).map(|number| guess(&limits, sprayed(number), 1, at(0))).sum::<usize>(), 100);
    (0..2 * MAX_ACCOUNTS).for_each(|number| assert_eq!(guess(&limits, sprayed(number), 1, at(1)), 0));
    assert!(limits.memory().accounts.find(limits.account_key("150")).is_none());
    assert_eq!(limits.take_forgotten(), []);
    assert!(limits.memory().accounts.find(limits.account_key("50")).is_some());
}

#[test]
fn what_was_kept_holds_after_a_restart() {
    let (before, after) = (limits(), limits());
    let (home, attacker) = (from(&before, "alice", "192.0.2.1", 1), from(&before, "alice", "198.51.100.1", 1));
    let mut rows = Vec::new();
    let Admission::Begun(attempt) = before.try_begin(home, at(0)) else { panic!("held") };
    rows.extend(attempt.succeed(at(0)));
    for _ in 0..10 {
        let Admission::Begun(attempt) = before.try_begin(attacker, at(1)) else { panic!("held") };
        rows.extend(attempt.fail(at(1)));
    }
    assert!(rows.windows(2).all(|pair| pair[0].device.is_some() || pair[0].changed_at < pair[1].changed_at));
    after.restore(&[rows[0].clone(), rows[10].clone()], at(2));
    assert_eq!(guess(&after, attacker, 1, at(2)), 0);
    assert!(sign_in(&after, home, at(2)));
    assert_eq!(guess(&after, attacker, 5, at(16)), 1);
}

#[test]
fn what_an_operator_cleared_is_cleared_and_counts_anew() {
    let limits = limits();
    let attacker = from(&limits, "alice", "198.51.100.1", 1);
    guess(&limits, attacker, 10, at(0));
    let Admission::Held(wait) = limits.try_begin(attacker, at(1)) else { panic!("free") };
    limits.clear(wait.circle.unwrap(), at(1));
    assert_eq!(guess(&limits, attacker, 20, at(1)), 10);
    let Admission::Held(wait) = limits.try_begin(attacker, at(1)) else { panic!("free") };
    assert!(wait.circle.unwrap().changed_at > at(1));
}

#[test]
fn sign_ups_and_requests_count_by_address_and_only_where_they_are_limited() {
    let mut settings = Settings::defaults(Compatibility::Safe);
    let address = Some("192.0.2.1".parse().unwrap());
    let limits = limits();
    let free = (0..30).filter(|_| limits.count_sign_up(address, at(0)).is_ok()).count();
    assert_eq!(free, 20);
    assert!(limits.count_sign_up(Some("192.0.2.2".parse().unwrap()), at(0)).is_ok());
    assert!(limits.count_sign_up(None, at(0)).is_ok(), "who comes from nowhere cannot be counted");
    assert!((0..1000).all(|_| limits.count_request(address, at(0)).is_ok()));
    settings.requests_per_address = Limit::AtMost(settings::Rate { count: 3, per: Duration::from_secs(60) });
    let limits = Limits::new(&settings, Secret::new([7; 32]));
    let free = (0..30).filter(|_| limits.count_request(address, at(0)).is_ok()).count();
    assert_eq!(free, 3);
    assert!(limits.count_request(address, at(2)).is_ok());
}

#[test]
fn in_exact_nothing_is_limited() {
    let limits = Limits::new(&Settings::defaults(Compatibility::Exact), Secret::new([7; 32]));
    let contender = from(&limits, "alice", "198.51.100.1", 1);
    assert!((0..1000).all(|_| matches!(limits.try_begin(contender, at(0)), Admission::Begun(_))));
    assert!((0..1000).all(|_| limits.count_sign_up(Some("192.0.2.1".parse().unwrap()), at(0)).is_ok()));
}
