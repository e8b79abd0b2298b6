//! Signing keys.

use std::time::Duration;

use jeton_store::{EventKind, NewSigningKey, SETTINGS_KEY, SignedLogins, SigningKey, Store};
use jeton_token::rotation::EndReason;
use jeton_token::time::Timestamp;

use crate::{DAY, START, after, event, family, kinds_of_events, rotate, user};

fn key(number: u32) -> SigningKey {
    SigningKey {
        number,
        kid: format!("kid-{number}"),
        algorithm: "EdDSA".to_owned(),
        public: Some("{\"kty\":\"OKP\"}".to_owned()),
        sealed: Some(vec![7; 40]),
        created_at: START,
        activates_at: after(600),
        longest_life: DAY,
        retired_at: None,
    }
}

fn settings() -> SigningKey {
    SigningKey {
        number: 0,
        kid: SETTINGS_KEY.to_owned(),
        algorithm: "HS256".to_owned(),
        public: None,
        sealed: None,
        activates_at: Timestamp::from_seconds(0),
        ..key(0)
    }
}

async fn create(store: &Store, number: u32, kid: &str) -> bool {
    let key = SigningKey { kid: kid.to_owned(), ..key(number) };
    store.create_signing_key(&NewSigningKey { key, settings: settings() }, START).await.unwrap()
}

pub(crate) async fn the_first_key_brings_the_settings_own_along(store: Store) {
    assert_eq!(store.list_signing_keys().await.unwrap(), []);
    assert!(create(&store, 1, "kid-1").await && create(&store, 2, "kid-2").await);
    assert_eq!(store.list_signing_keys().await.unwrap(), [settings(), key(1), key(2)]);
    assert_eq!(kinds_of_events(&store).await, [EventKind::SigningKeyAdded; 2]);
    assert!(!create(&store, 2, "kid-3").await, "the number is taken");
    assert!(!create(&store, 3, "kid-1").await, "a kid is never used again");
    assert_eq!(store.list_signing_keys().await.unwrap().len(), 3);
    assert_eq!(kinds_of_events(&store).await.len(), 2);
}

pub(crate) async fn of_sixty_four_rotations_at_once_one_makes_a_key(store: Store) {
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { create(&store, 1, &format!("kid-{number}")).await })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.unwrap());
    }
    assert_eq!((made, store.list_signing_keys().await.unwrap().len()), (1, 2));
}

pub(crate) async fn a_key_retires_once_with_one_event_and_its_private_part_is_gone(store: Store) {
    create(&store, 1, "kid-1").await;
    assert!(!store.retire_signing_key("kid-9", "by hand", after(5)).await.unwrap());
    assert!(store.retire_signing_key("kid-1", "by hand", after(5)).await.unwrap());
    assert!(!store.retire_signing_key("kid-1", "by hand", after(6)).await.unwrap());
    assert!(store.retire_signing_key(SETTINGS_KEY, "its time was over", after(7)).await.unwrap());
    let retired = SigningKey { retired_at: Some(after(5)), sealed: None, ..key(1) };
    let settings = SigningKey { retired_at: Some(after(7)), ..settings() };
    assert_eq!(store.list_signing_keys().await.unwrap(), [settings, retired]);
    let added = EventKind::SigningKeyAdded;
    assert_eq!(kinds_of_events(&store).await, [added, EventKind::SigningKeyRetired, EventKind::SigningKeyRetired]);
}

pub(crate) async fn a_seal_is_exchanged_for_the_very_one_that_was_seen(store: Store) {
    create(&store, 1, "kid-1").await;
    assert!(!store.reseal_signing_key("kid-1", &[8; 40], &[9; 28]).await.unwrap());
    assert!(store.reseal_signing_key("kid-1", &[7; 40], &[9; 28]).await.unwrap());
    assert_eq!(store.list_signing_keys().await.unwrap()[1].sealed, Some(vec![9; 28]));
    store.retire_signing_key("kid-1", "by hand", after(5)).await.unwrap();
    assert!(!store.reseal_signing_key("kid-1", &[9; 28], &[7; 40]).await.unwrap());
}

pub(crate) async fn a_longest_life_only_grows(store: Store) {
    create(&store, 1, "kid-1").await;
    for (life, is_longer) in [(DAY, false), (DAY * 2, true), (DAY, false), (DAY * 2, false)] {
        assert_eq!(store.extend_signing_key("kid-1", life).await.unwrap(), is_longer);
    }
    assert_eq!(store.list_signing_keys().await.unwrap()[1].longest_life, DAY * 2);
    assert_eq!(store.list_signing_keys().await.unwrap()[0].longest_life, DAY);
    store.retire_signing_key("kid-1", "by hand", after(5)).await.unwrap();
    assert!(!store.extend_signing_key("kid-1", DAY * 3).await.unwrap());
}

pub(crate) async fn logins_are_counted_that_hold_a_token_of_a_time(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    let (old, rotated, ended) =
        (family(&store, 1, Some(ada)).await, family(&store, 2, Some(ada)).await, family(&store, 3, Some(bob)).await);
    rotate(&store, rotated, 11, true).await;
    let end = event(EventKind::FamilyEnded, Some(ended));
    store.end_family(ended, EndReason::Operator, None, after(1), &end).await.unwrap();
    let count = async |from, until, now| store.count_signed_logins(from, until, now).await.unwrap();
    let one = SignedLogins { logins: 1, users: 1 };
    assert_eq!(count(START, after(10), after(11)).await, one, "the one that was not rotated");
    assert_eq!(count(after(10), after(20), after(11)).await, one);
    assert_eq!(count(START, after(20), after(11)).await, SignedLogins { logins: 2, users: 1 });
    assert_eq!(count(START, after(20), after(20) + DAY + Duration::from_secs(9)).await, SignedLogins::default());
    assert!(store.find_family(old).await.unwrap().is_some());
}
