//! Deleting what has expired.

use std::time::Duration;

use jeton_store::{Device, FlushStep, Flushed, NewFamily, SingleToken, Store};
use jeton_token::id::Generation;

use crate::{DAY, START, after, family, key, new_family, rotation};

async fn families(store: &Store, numbers: std::ops::Range<u32>, expires_in: u64) {
    for number in numbers {
        let new = NewFamily { expires_at: after(expires_in), ..new_family(key(number), None) };
        assert!(store.create_family(&new, None).await.unwrap());
    }
}

async fn token(store: &Store, jti: &str, expires_in: u64) {
    let token = SingleToken { jti: jti.to_owned(), user_id: None, created_at: START, expires_at: after(expires_in) };
    assert!(store.blacklist_token(&token, START, None).await.unwrap());
}

pub(crate) async fn a_step_looks_at_fifty_rows_and_goes_round(store: Store) {
    families(&store, 0..60, 100).await;
    token(&store, "foreign", 100).await;
    let step = async |now| store.flush_step(after(now)).await.unwrap();
    let nothing = FlushStep::default();
    for _ in 0..2 {
        assert_eq!(step(99).await, nothing);
        assert_eq!(step(99).await, nothing);
        assert_eq!(step(99).await, FlushStep { wrapped: true, ..nothing });
    }
    assert_eq!(step(100).await, FlushStep { families: 50, ..nothing });
    assert_eq!(step(100).await, FlushStep { families: 10, ..nothing });
    assert_eq!(step(100).await, FlushStep { tokens: 1, wrapped: true, ..nothing });
    assert_eq!(step(100).await, nothing);
    assert_eq!(step(100).await, FlushStep { wrapped: true, ..nothing });
    let facts = store.facts().await.unwrap();
    assert_eq!((facts.families, facts.blacklisted), (0, 0));
}

pub(crate) async fn a_step_deletes_what_is_past_its_horizon(store: Store) {
    families(&store, 0..10, 100).await;
    families(&store, 10..20, 200).await;
    let device = NewFamily { address: Some("::1".to_owned()), expires_at: after(100), ..new_family(key(99), None) };
    store.create_family(&device, None).await.unwrap();
    assert_eq!(store.flush_step(after(150)).await.unwrap().families, 11);
    assert!(store.find_family(key(0)).await.unwrap().is_none());
    assert!(store.find_family(key(10)).await.unwrap().is_some());
    assert_eq!(store.find_device(key(99)).await.unwrap(), None::<Device>);
}

pub(crate) async fn a_flush_deletes_everything_that_expired_and_nothing_else(store: Store) {
    families(&store, 0..1500, 100).await;
    families(&store, 1500..1600, 101).await;
    token(&store, "a", 100).await;
    token(&store, "b", 101).await;
    assert_eq!(store.flush_all(after(99)).await.unwrap(), Flushed::default());
    assert_eq!(store.flush_all(after(100)).await.unwrap(), Flushed { families: 1500, tokens: 1 });
    assert_eq!(store.flush_all(after(100)).await.unwrap(), Flushed::default());
    assert_eq!(store.flush_all(after(101)).await.unwrap(), Flushed { families: 100, tokens: 1 });
    let facts = store.facts().await.unwrap();
    assert_eq!((facts.families, facts.blacklisted), (0, 0));
}

pub(crate) async fn the_highest_expiry_of_a_foreign_token_is_remembered(store: Store) {
    let through = async || store.flushed_through().await.unwrap();
    assert_eq!(through().await, None);
    token(&store, "b", 100).await;
    token(&store, "a", 200).await;
    store.flush_all(after(150)).await.unwrap();
    assert_eq!(through().await, Some(after(100)));
    store.flush_all(after(250)).await.unwrap();
    assert_eq!(through().await, Some(after(200)));
    token(&store, "c", 50).await;
    store.flush_all(after(250)).await.unwrap();
    assert_eq!(through().await, Some(after(200)), "it never goes back");
    let adopted = NewFamily { expires_at: after(300), ..new_family(key(1), None) };
    assert!(store.adopt_token(&adopted, "django", START, true).await.unwrap());
    while !store.flush_step(after(300)).await.unwrap().wrapped {}
    assert_eq!(through().await, Some(after(300)));
}

pub(crate) async fn flushing_our_own_tokens_says_nothing_about_foreign_ones(store: Store) {
    families(&store, 0..2, 100).await;
    token(&store, &key(1).refresh(Generation(0)).to_string(), 100).await;
    token(&store, &key(1).sliding().to_string(), 100).await;
    assert_eq!(store.flush_all(after(100)).await.unwrap(), Flushed { families: 2, tokens: 2 });
    assert_eq!(store.flushed_through().await.unwrap(), None);
}

pub(crate) async fn a_horizon_that_moved_out_keeps_the_family(store: Store) {
    families(&store, 0..1, 100).await;
    store.extend_family(key(0), START + DAY).await.unwrap();
    store.flush_all(after(100)).await.unwrap();
    assert!(store.find_family(key(0)).await.unwrap().is_some());
    store.flush_all(START + DAY + Duration::from_secs(1)).await.unwrap();
    assert!(store.find_family(key(0)).await.unwrap().is_none());
}

pub(crate) async fn rotations_go_on_while_the_sweeper_deletes(store: Store) {
    const EXPIRED: u32 = 1000;
    let makers: tokio::task::JoinSet<()> = (0..20)
        .map(|part| {
            let store = store.clone();
            async move {
                for number in (part..EXPIRED).step_by(20) {
                    family(&store, number, None).await;
                }
            }
        })
        .collect();
    makers.join_all().await;
    let late = START + DAY * 3;
    let rotator = {
        let (store, key) = (store.clone(), key(EXPIRED + 1));
        let living = NewFamily { expires_at: START + DAY * 9, ..new_family(key, None) };
        assert!(store.create_family(&living, None).await.unwrap());
        tokio::spawn(async move {
            let mut longest = Duration::ZERO;
            for presented in 0..100 {
                let began = std::time::Instant::now();
                assert!(store.rotate(&rotation(key, presented, 1)).await.unwrap().is_some());
                longest = longest.max(began.elapsed());
            }
            longest
        })
    };
    let mut deleted = 0;
    loop {
        let step = store.flush_step(late).await.unwrap();
        assert!(step.families <= 50, "{step:?}");
        deleted += step.families;
        if step.wrapped {
            break;
        }
    }
    let longest = rotator.await.unwrap();
    assert!(longest < Duration::from_secs(2), "a rotation took {longest:?}");
    assert_eq!(deleted, u64::from(EXPIRED));
}
