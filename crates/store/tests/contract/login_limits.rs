//! Failed sign-ins that count against an account.

use jeton_store::{LoginLimit, Store};

use crate::after;

const ALICE: [u8; 16] = [1; 16];
const BOB: [u8; 16] = [2; 16];
const HOME: Option<[u8; 8]> = Some([7; 8]);
const WORK: Option<[u8; 8]> = Some([8; 8]);

fn row(account: [u8; 16], device: Option<[u8; 8]>, failures: u32, at: u64) -> LoginLimit {
    LoginLimit {
        account,
        device,
        failures,
        strikes: 1,
        held_until: Some(after(at + 900)),
        changed_at: after(at),
        expires_at: after(at + 9000),
    }
}

async fn write(store: &Store, rows: &[LoginLimit]) {
    store.update_login_limits(rows, &[], after(0)).await.unwrap();
}

async fn failures(store: &Store, account: [u8; 16], device: Option<[u8; 8]>) -> Option<u32> {
    store.find_login_limit(account, device).await.unwrap().map(|row| row.failures)
}

pub(crate) async fn the_later_of_two_rows_stays_whichever_comes_first(store: Store) {
    let (early, late) = (row(ALICE, None, 3, 1), row(ALICE, None, 4, 2));
    write(&store, std::slice::from_ref(&late)).await;
    write(&store, &[early]).await;
    assert_eq!(store.find_login_limit(ALICE, None).await.unwrap(), Some(late.clone()));
    let again = LoginLimit { failures: 9, ..late.clone() };
    write(&store, &[again]).await;
    assert_eq!(failures(&store, ALICE, None).await, Some(4), "of the same moment");
    let forgiven = LoginLimit { failures: 0, strikes: 0, held_until: None, changed_at: after(3), ..late };
    write(&store, std::slice::from_ref(&forgiven)).await;
    assert_eq!(store.find_login_limit(ALICE, None).await.unwrap(), Some(forgiven));
}

pub(crate) async fn strangers_and_devices_have_rows_of_their_own(store: Store) {
    let rows = [row(ALICE, None, 1, 1), row(ALICE, HOME, 2, 1), row(ALICE, WORK, 3, 1), row(BOB, None, 4, 1)];
    write(&store, &rows).await;
    assert_eq!(failures(&store, ALICE, HOME).await, Some(2));
    assert_eq!(failures(&store, BOB, HOME).await, None);
    let of_alice = store.list_login_limits_of(ALICE, after(2)).await.unwrap();
    assert_eq!(of_alice, rows[..3]);
    assert_eq!(store.list_login_limits_of(ALICE, after(9001)).await.unwrap(), []);
}

pub(crate) async fn what_expires_last_is_listed_first(store: Store) {
    write(&store, &[row(ALICE, None, 1, 1), row(BOB, None, 2, 3), row(ALICE, HOME, 3, 2)]).await;
    let listed = |now, limit| {
        let store = store.clone();
        async move {
            let rows = store.list_login_limits(after(now), limit).await.unwrap();
            rows.iter().map(|row| row.failures).collect::<Vec<_>>()
        }
    };
    assert_eq!(listed(4, 10).await, [2, 3, 1]);
    assert_eq!(listed(4, 2).await, [2, 3]);
    assert_eq!(listed(9001, 10).await, [2, 3], "what has expired counts for nothing");
}

pub(crate) async fn clearing_an_account_forgives_its_failures_and_no_others(store: Store) {
    write(&store, &[row(ALICE, None, 10, 1), row(ALICE, HOME, 5, 50), row(BOB, None, 10, 1)]).await;
    assert!(store.clear_login_limits(ALICE, after(20)).await.unwrap());
    let cleared = store.find_login_limit(ALICE, None).await.unwrap().unwrap();
    assert_eq!((cleared.failures, cleared.strikes, cleared.held_until), (0, 0, None));
    assert_eq!((cleared.changed_at, cleared.expires_at), (after(20), after(9001)));
    let device = store.find_login_limit(ALICE, HOME).await.unwrap().unwrap();
    assert!(device.failures == 0 && device.changed_at > after(50), "later than it was, whatever the clock says");
    assert_eq!(failures(&store, BOB, None).await, Some(10));
    assert!(!store.clear_login_limits(ALICE, after(21)).await.unwrap());
}

pub(crate) async fn what_memory_forgot_is_deleted_unless_it_came_back(store: Store) {
    let rows = [row(ALICE, None, 1, 1), row(ALICE, HOME, 2, 1), row(ALICE, WORK, 3, 9), row(BOB, HOME, 4, 1)];
    write(&store, &rows).await;
    store.update_login_limits(&[row(BOB, None, 5, 5)], &[(ALICE, None), (BOB, HOME)], after(5)).await.unwrap();
    assert_eq!(failures(&store, ALICE, None).await, None);
    assert_eq!(failures(&store, ALICE, HOME).await, None);
    assert_eq!(failures(&store, ALICE, WORK).await, Some(3), "changed after");
    assert_eq!(failures(&store, BOB, HOME).await, None);
    assert_eq!(failures(&store, BOB, None).await, Some(5));
}

pub(crate) async fn expired_rows_are_flushed_some_at_a_time(store: Store) {
    let key = |number: u32| {
        let mut key = [0; 16];
        key[..4].copy_from_slice(&number.to_be_bytes());
        key
    };
    let rows: Vec<_> = (0..1500).map(|number| row(key(number), None, 1, u64::from(number / 1400))).collect();
    write(&store, &rows).await;
    assert_eq!(store.flush_login_limits(after(8999)).await.unwrap(), 0);
    assert_eq!(store.flush_login_limits(after(9000)).await.unwrap(), 1000);
    assert_eq!(store.flush_login_limits(after(9000)).await.unwrap(), 400);
    assert_eq!(store.flush_login_limits(after(9000)).await.unwrap(), 0);
    assert_eq!(failures(&store, key(1450), None).await, Some(1));
}
