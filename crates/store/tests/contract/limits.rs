//! What counts against accounts, devices and addresses, for all nodes together.

use jeton_store::{LimitRow, LimitSubject, LimitWrite, Store};
use jeton_token::time::Timestamp;

use crate::after;

const ALICE: [u8; 16] = [1; 16];
const BOB: [u8; 16] = [2; 16];
const HOME: [u8; 8] = [7; 8];
const WORK: [u8; 8] = [8; 8];
const STRANGERS: LimitSubject = LimitSubject::Strangers(ALICE);
const NETWORK: LimitSubject = LimitSubject::Address(ALICE);

fn row(subject: LimitSubject, failures: u32, at: u64) -> LimitRow {
    let of_account = !matches!(subject, LimitSubject::Address(_));
    LimitRow {
        subject,
        known_until: matches!(subject, LimitSubject::Device(..)).then(|| after(at + 8000)),
        failures,
        slots: Some(vec![0, 1, 255]),
        strikes: u8::from(of_account),
        held_until: of_account.then(|| after(at + 900)),
        pending: 3,
        pending_until: Some(after(at + 60)),
        told_until: Some(after(at + 800)),
        changed_at: after(at),
        expires_at: after(at + 9000),
    }
}

fn first(row: LimitRow) -> LimitWrite {
    LimitWrite { row, before: None }
}

async fn write(store: &Store, rows: &[LimitRow]) {
    let writes: Vec<_> = rows.iter().cloned().map(first).collect();
    assert!(store.write_limits(&writes, 8).await.unwrap());
}

async fn find(store: &Store, subject: LimitSubject) -> Option<LimitRow> {
    let rows = match subject {
        LimitSubject::Strangers(account) => store.find_limits(Some(account), None, None).await,
        LimitSubject::Device(account, device) => store.find_limits(Some(account), Some(device), None).await,
        LimitSubject::Address(address) => store.find_limits(None, None, Some(address)).await,
    };
    rows.unwrap().into_iter().find(|row| row.subject == subject)
}

async fn failures(store: &Store, subject: LimitSubject) -> Option<u32> {
    find(store, subject).await.map(|row| row.failures)
}

pub(crate) async fn what_counts_against_somebody_is_read_back_whole(store: Store) {
    let rows = [
        row(STRANGERS, 1, 1),
        row(LimitSubject::Device(ALICE, HOME), 2, 1),
        row(LimitSubject::Device(ALICE, WORK), 3, 1),
        row(LimitSubject::Strangers(BOB), 4, 1),
        LimitRow { slots: None, pending_until: None, told_until: None, ..row(NETWORK, 5, 1) },
    ];
    write(&store, &rows).await;
    for row in &rows {
        assert_eq!(find(&store, row.subject).await.as_ref(), Some(row));
    }
    let mut found = store.find_limits(Some(ALICE), Some(HOME), Some(ALICE)).await.unwrap();
    found.sort_by_key(|row| row.subject);
    assert_eq!(found, [rows[0].clone(), rows[1].clone(), rows[4].clone()], "what a sign-in needs, in one look");
    assert_eq!(store.find_limits(Some(BOB), Some(HOME), Some(BOB)).await.unwrap(), [rows[3].clone()]);
    assert_eq!(store.find_limits(None, None, None).await.unwrap(), []);
    assert_eq!(store.list_limits_of(ALICE, after(2)).await.unwrap(), rows[..3]);
    assert_eq!(store.list_limits_of(ALICE, after(9001)).await.unwrap(), []);
}

pub(crate) async fn a_row_is_written_over_the_one_that_was_read_or_not_at_all(store: Store) {
    let over = |row: LimitRow, before: Timestamp| LimitWrite { row, before: Some(before) };
    write(&store, &[row(STRANGERS, 1, 1), row(NETWORK, 1, 1)]).await;
    assert!(!store.write_limits(&[first(row(STRANGERS, 9, 2))], 8).await.unwrap(), "there is one");
    assert!(store.write_limits(&[over(row(STRANGERS, 2, 2), after(1))], 8).await.unwrap());
    let both = [over(row(NETWORK, 2, 3), after(1)), over(row(STRANGERS, 9, 3), after(1))];
    assert!(!store.write_limits(&both, 8).await.unwrap(), "another was faster");
    assert_eq!(failures(&store, STRANGERS).await, Some(2));
    assert_eq!(failures(&store, NETWORK).await, Some(1), "all or nothing");
    let gone = LimitSubject::Strangers(BOB);
    assert!(store.write_limits(&[over(row(gone, 3, 3), after(1))], 8).await.unwrap(), "flushed in between");
    assert_eq!(failures(&store, gone).await, Some(3));
}

pub(crate) async fn sixty_four_failures_at_once_count_sixty_four(store: Store) {
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut rounds = 0;
                loop {
                    let before = store.find_limits(Some(ALICE), None, Some(ALICE)).await.unwrap();
                    let next = [STRANGERS, NETWORK].map(|subject| {
                        let before = before.iter().find(|row| row.subject == subject);
                        let changed_at =
                            before.map_or(after(1), |row| Timestamp::from_micros(row.changed_at.micros() + 1));
                        let failures = before.map_or(0, |row| row.failures) + 1;
                        let row = LimitRow { changed_at, ..row(subject, failures, 1) };
                        LimitWrite { row, before: before.map(|row| row.changed_at) }
                    });
                    if store.write_limits(&next, 8).await.unwrap() {
                        return;
                    }
                    rounds += 1;
                    assert!(rounds < 10_000, "somebody always gets on");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(failures(&store, STRANGERS).await, Some(64));
    assert_eq!(failures(&store, NETWORK).await, Some(64));
}

pub(crate) async fn a_new_device_takes_the_place_of_the_one_away_for_longest(store: Store) {
    let device = |number: u8| LimitSubject::Device(ALICE, [number; 8]);
    write(&store, &[row(STRANGERS, 1, 99), row(LimitSubject::Device(BOB, HOME), 1, 0)]).await;
    for number in 0..9 {
        write(&store, &[row(device(number), 1, u64::from((number + 5) % 9))]).await;
    }
    assert_eq!(failures(&store, device(4)).await, None);
    assert_eq!(store.list_limits_of(ALICE, after(0)).await.unwrap().len(), 1 + 8);
    assert_eq!(failures(&store, LimitSubject::Device(BOB, HOME)).await, Some(1), "another's");
}

pub(crate) async fn clearing_an_account_forgives_its_failures_and_no_others(store: Store) {
    let (home, bob) = (LimitSubject::Device(ALICE, HOME), LimitSubject::Strangers(BOB));
    write(&store, &[row(STRANGERS, 10, 1), row(home, 5, 50), row(bob, 10, 1), row(NETWORK, 7, 1)]).await;
    assert!(store.clear_limits(ALICE, after(20)).await.unwrap());
    let cleared = find(&store, STRANGERS).await.unwrap();
    let forgiven =
        LimitRow { failures: 0, slots: None, strikes: 0, held_until: None, told_until: None, ..row(STRANGERS, 0, 1) };
    assert_eq!(cleared, LimitRow { changed_at: after(20), ..forgiven }, "attempts under way stay");
    let device = find(&store, home).await.unwrap();
    assert!(device.failures == 0 && device.changed_at > after(50), "later than it was, whatever the clock says");
    assert_eq!(failures(&store, bob).await, Some(10));
    assert_eq!(failures(&store, NETWORK).await, Some(7));
    assert!(!store.clear_limits(ALICE, after(21)).await.unwrap());
    let late = LimitWrite { row: row(STRANGERS, 11, 22), before: Some(after(1)) };
    assert!(!store.write_limits(&[late], 8).await.unwrap(), "who read before that reads again");
}

pub(crate) async fn expired_limits_are_flushed_some_at_a_time(store: Store) {
    let key = |number: u32| {
        let mut key = [0; 16];
        key[..4].copy_from_slice(&number.to_be_bytes());
        key
    };
    let at = |number: u32| u64::from(number / 1400);
    let names: Vec<_> = (0..1500).map(|number| row(LimitSubject::Strangers(key(number)), 1, at(number))).collect();
    let addresses: Vec<_> = (0..1500).map(|number| row(LimitSubject::Address(key(number)), 1, at(number))).collect();
    write(&store, &names).await;
    write(&store, &addresses).await;
    assert_eq!(store.flush_limits(after(8999)).await.unwrap(), 0);
    assert_eq!(store.flush_limits(after(9000)).await.unwrap(), 2000);
    assert_eq!(store.flush_limits(after(9000)).await.unwrap(), 800);
    assert_eq!(store.flush_limits(after(9000)).await.unwrap(), 0);
    assert_eq!(failures(&store, LimitSubject::Strangers(key(1450))).await, Some(1));
    assert_eq!(failures(&store, LimitSubject::Address(key(1450))).await, Some(1));
}
