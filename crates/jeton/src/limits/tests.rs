//! The limits as a whole, with a hand-set clock.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use jeton_store::{LimitRow, LimitSubject, LimitWrite};

use super::*;
use crate::settings::{Compatibility, Limits as Settings};

fn limits() -> Limits {
    Limits::new(&Settings::defaults(Compatibility::Safe), Secret::new([7; 32]))
}

fn at(minutes: u64) -> Timestamp {
    Timestamp::from_seconds(1_795_000_000) + Duration::from_secs(minutes * 60)
}

fn from(Site { limits, .. }: &Site, username: &str, address: &str, agent: u8) -> Contender {
    limits.contender(username, Some(address.parse().unwrap()), Some([agent; 8]))
}

/// A node, or several, over one store.
struct Site {
    limits: Limits,
    rows: RefCell<BTreeMap<LimitSubject, LimitRow>>,
}

/// An attempt under way.
struct Trial<'a> {
    site: &'a Site,
    contender: Contender,
    known: Option<DeviceKey>,
}

impl Site {
    fn new() -> Self {
        Self { limits: limits(), rows: RefCell::default() }
    }

    fn find(&self, contender: Contender) -> Vec<LimitRow> {
        let strangers = contender.account.map(LimitSubject::Strangers);
        let device =
            contender.account.zip(contender.device).map(|(account, device)| LimitSubject::Device(account, device));
        let address = contender.address.map(LimitSubject::Address);
        let rows = self.rows.borrow();
        [strangers, device, address].into_iter().flatten().filter_map(|subject| rows.get(&subject).cloned()).collect()
    }

    fn write(&self, writes: Vec<LimitWrite>) {
        let mut rows = self.rows.borrow_mut();
        for LimitWrite { row, before } in writes {
            assert_eq!(rows.get(&row.subject).map(|row| row.changed_at), before);
            assert!(before < Some(row.changed_at), "each write is another");
            rows.insert(row.subject, row);
        }
    }

    fn admit(&self, contender: Contender, now: Timestamp) -> Admission {
        self.limits.admit(contender, &self.find(contender), now)
    }

    fn try_begin(&self, contender: Contender, now: Timestamp) -> Option<Trial<'_>> {
        let Admission::Begun { known, writes } = self.admit(contender, now) else { return None };
        self.write(writes);
        Some(Trial { site: self, contender, known })
    }
}

impl Trial<'_> {
    fn end(self, outcome: Outcome, now: Timestamp) {
        let found = self.site.find(self.contender);
        self.site.write(self.site.limits.settle(self.contender, self.known, outcome, &found, now));
    }
}

/// Tries as often as it is let, and tells how often that was.
fn guess(site: &Site, contender: Contender, times: usize, now: Timestamp) -> usize {
    let tried = (0..times).filter_map(|_| site.try_begin(contender, now));
    tried.map(|trial| trial.end(Outcome::Failed, now)).count()
}

fn sign_in(site: &Site, contender: Contender, now: Timestamp) -> bool {
    let trial = site.try_begin(contender, now);
    trial.map(|trial| trial.end(Outcome::Succeeded, now)).is_some()
}

#[test]
fn ten_thousand_guesses_over_many_names_from_one_address_are_a_hundred() {
    let site = Site::new();
    let mut tried = 0;
    for number in 0..10_000 {
        // Any address of the /64 is the same customer.
        let address = format!("2001:db8:1:1::{:x}", number % 5000);
        tried += guess(&site, from(&site, &format!("user{number}"), &address, 1), 1, at(0));
    }
    assert_eq!(tried, 100);
    assert_eq!(guess(&site, from(&site, "user", "2001:db8:1:2::1", 1), 1, at(0)), 1, "a neighbour");
}

#[test]
fn guesses_at_one_account_from_many_addresses_are_ten_and_its_owner_still_gets_in() {
    let site = Site::new();
    let home = from(&site, "alice", "192.0.2.1", 1);
    assert!(sign_in(&site, home, at(0)));
    let mut tried = 0;
    for minute in 1..24 * 60 {
        let address = format!("198.51.{}.{}", minute / 250, minute % 250);
        tried += guess(&site, from(&site, "alice", &address, 1), 20, at(minute));
        assert!(sign_in(&site, home, at(minute)), "minute {minute}");
        if minute == 15 {
            assert_eq!(tried, 10);
        }
    }
    assert_eq!(tried, 10 + 1 + 1 + 23, "one after 15 minutes, one after 30 more, then one an hour");
}

#[test]
fn a_stranger_who_has_the_password_waits_for_the_delay_and_no_longer() {
    let site = Site::new();
    guess(&site, from(&site, "alice", "198.51.100.1", 1), 10, at(0));
    let abroad = from(&site, "alice", "203.0.113.1", 2);
    assert!(!sign_in(&site, abroad, at(14)));
    assert!(sign_in(&site, abroad, at(15)));
    guess(&site, from(&site, "alice", "198.51.100.1", 1), 10, at(15));
    assert!(sign_in(&site, abroad, at(16)), "it is known now");
}

#[test]
fn a_known_device_has_its_own_failures_and_its_success_forgives_those_alone() {
    let site = Site::new();
    let (home, attacker) = (from(&site, "alice", "192.0.2.1", 1), from(&site, "alice", "198.51.100.1", 1));
    assert!(sign_in(&site, home, at(0)));
    assert_eq!(guess(&site, attacker, 9, at(1)), 9);
    for minute in 2..10 {
        assert_eq!(guess(&site, home, 9, at(minute)), 9);
        assert!(sign_in(&site, home, at(minute)));
    }
    assert_eq!(guess(&site, attacker, 9, at(10)), 1, "the owner's success does not help strangers");
    assert_eq!(guess(&site, home, 20, at(11)), 10);
    assert!(!sign_in(&site, home, at(11)));
}

#[test]
fn a_known_device_goes_on_where_its_address_has_failed_too_often() {
    let site = Site::new();
    let known = from(&site, "alice", "192.0.2.1", 1);
    assert!(sign_in(&site, known, at(0)));
    for number in 0..200 {
        guess(&site, from(&site, &format!("user{number}"), "192.0.2.1", 9), 1, at(1));
    }
    assert!(!sign_in(&site, from(&site, "bob", "192.0.2.1", 1), at(1)));
    assert!(sign_in(&site, known, at(1)));
}

#[test]
fn a_device_is_an_account_with_its_network_and_its_agent() {
    let site = Site::new();
    assert!(sign_in(&site, from(&site, "alice", "192.0.2.1", 1), at(0)));
    guess(&site, from(&site, "alice", "198.51.100.1", 1), 10, at(0));
    assert!(sign_in(&site, from(&site, "alice", "::ffff:192.0.2.1", 1), at(1)));
    assert!(!sign_in(&site, from(&site, "alice", "192.0.2.1", 2), at(1)));
    assert!(!sign_in(&site, from(&site, "alice", "192.0.2.2", 1), at(1)));
    assert!(!sign_in(&site, from(&site, "alice", "198.51.100.1", 1), at(1)));
    let (later, month) = (at(29 * 1440), at(60 * 1440));
    assert!(sign_in(&site, from(&site, "alice", "192.0.2.1", 1), later), "which renews it");
    guess(&site, from(&site, "alice", "198.51.100.1", 1), 10, month);
    assert!(!sign_in(&site, from(&site, "alice", "192.0.2.1", 1), month), "forgotten after 30 days");
}

#[test]
fn a_name_is_limited_whether_somebody_has_it_or_not_and_as_it_was_typed() {
    let site = Site::new();
    assert_eq!(guess(&site, from(&site, "nobody", "198.51.100.1", 1), 20, at(0)), 10);
    assert_eq!(guess(&site, from(&site, "Nobody", "198.51.100.1", 1), 20, at(0)), 10);
}

#[test]
fn a_hundred_at_once_are_no_more_than_a_hundred_in_a_row() {
    let site = Site::new();
    let contender = from(&site, "alice", "198.51.100.1", 1);
    let mut attempts: Vec<_> = (0..100).map_while(|_| site.try_begin(contender, at(0))).collect();
    assert_eq!(attempts.len(), 10);
    attempts.pop().unwrap().end(Outcome::Withdrawn, at(0));
    site.try_begin(contender, at(0)).unwrap().end(Outcome::Failed, at(0));
    assert!(matches!(site.admit(contender, at(0)), Admission::Busy));
    // Of whoever is not heard of again nothing is known but that they tried.
    drop(attempts);
    assert!(matches!(site.admit(contender, at(0)), Admission::Busy));
    let Admission::Held { wait, .. } = site.admit(contender, at(2)) else { panic!("free") };
    assert_eq!((wait.by, wait.until), (LimitOf::Account, at(1 + 15)));
}

#[test]
fn who_is_held_back_costs_no_write_but_the_first() {
    let site = Site::new();
    let contender = from(&site, "alice", "198.51.100.1", 1);
    guess(&site, contender, 10, at(0));
    let Admission::Held { wait, news: Some(news) } = site.admit(contender, at(1)) else { panic!("free, or no news") };
    assert!(wait.is_news);
    site.write(vec![news]);
    let rows = site.rows.borrow().clone();
    assert_eq!(guess(&site, contender, 100, at(2)), 0);
    assert!(matches!(site.admit(contender, at(2)), Admission::Held { news: None, .. }));
    assert_eq!(*site.rows.borrow(), rows);
    let sprayed = (0..200).map(|number| guess(&site, from(&site, &number.to_string(), "198.51.100.1", 1), 1, at(2)));
    assert_eq!(sprayed.sum::<usize>(), 90);
    assert!(!site.rows.borrow().contains_key(&LimitSubject::Strangers(site.limits.account_key("150"))));
}

#[test]
fn a_device_that_is_forgotten_during_its_sign_in_is_a_stranger() {
    let site = Site::new();
    let home = from(&site, "alice", "192.0.2.1", 1);
    assert!(sign_in(&site, home, at(0)));
    let attempts = [(); 2].map(|()| site.try_begin(home, at(1)).unwrap());
    site.rows.borrow_mut().retain(|subject, _| matches!(subject, LimitSubject::Strangers(_)));
    let [one, other] = attempts;
    one.end(Outcome::Failed, at(1));
    let strangers = site.rows.borrow()[&LimitSubject::Strangers(home.account.unwrap())].clone();
    assert_eq!((strangers.failures, strangers.pending), (1, 0));
    other.end(Outcome::Succeeded, at(1));
    guess(&site, from(&site, "alice", "198.51.100.1", 1), 10, at(1));
    assert!(sign_in(&site, home, at(1)));
}

#[test]
fn no_row_tells_a_name_or_an_address_and_no_two_things_share_one() {
    let site = Site::new();
    let contender = from(&site, "alice", "192.0.2.1", 1);
    let others = Limits::new(&Settings::defaults(Compatibility::Safe), Secret::new([8; 32]));
    assert_ne!(others.account_key("alice"), site.limits.account_key("alice"));
    assert_ne!(contender.address, site.limits.sign_up_key(Some("192.0.2.1".parse().unwrap())));
    assert_ne!(contender.address, contender.account);
}

#[test]
fn sign_ups_and_requests_count_by_address_and_only_where_they_are_limited() {
    let mut settings = Settings::defaults(Compatibility::Safe);
    let address = Some("192.0.2.1".parse().unwrap());
    let site = Site::new();
    let sign_up = |address: &str| {
        let key = site.limits.sign_up_key(Some(address.parse().unwrap())).unwrap();
        let found: Vec<_> = site.rows.borrow().get(&LimitSubject::Address(key)).cloned().into_iter().collect();
        match site.limits.admit_sign_up(key, &found, at(0)) {
            Admission::Begun { writes, .. } => site.write(writes),
            Admission::Busy | Admission::Held { .. } => return false,
        }
        true
    };
    assert_eq!((0..30).filter(|_| sign_up("192.0.2.1")).count(), 20);
    assert!(sign_up("192.0.2.2"));
    assert_eq!(site.limits.sign_up_key(None), None, "who comes from nowhere cannot be counted");
    let limits = limits();
    assert!((0..1000).all(|_| limits.count_request(address, at(0)).is_ok()));
    settings.requests_per_address = Limit::AtMost(Rate { count: 3, per: Duration::from_secs(60) });
    let limits = Limits::new(&settings, Secret::new([7; 32]));
    let free = (0..30).filter(|_| limits.count_request(address, at(0)).is_ok()).count();
    assert_eq!(free, 3);
    assert!(limits.count_request(address, at(2)).is_ok());
}

#[test]
fn in_exact_nothing_is_limited() {
    let limits = Limits::new(&Settings::defaults(Compatibility::Exact), Secret::new([7; 32]));
    let address = Some("198.51.100.1".parse().unwrap());
    assert!(limits.contender("alice", address, Some([1; 8])).is_free());
    assert!(limits.guesser(address).is_free());
    assert_eq!(limits.sign_up_key(address), None);
    assert!((0..1000).all(|_| limits.count_request(address, at(0)).is_ok()));
}
