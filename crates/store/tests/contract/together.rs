//! Rotations that come at the same time: each is answered for itself.

use std::collections::HashMap;
use std::time::Duration;

use jeton_store::{EventKind, FamilyKind, FamilyRow, NewFamily, Rotation, SingleToken, Store};
use jeton_token::id::{FamilyKey, Generation};
use jeton_token::rotation::EndReason;
use tokio::task::JoinSet;

use crate::{START, after, event, family, key, new_family, rotate, rotation};

/// What becomes of rotations that all start at once, in no order.
async fn at_once(store: &Store, rotations: Vec<Rotation>) -> Vec<(Rotation, Option<FamilyRow>)> {
    let mut tasks = JoinSet::new();
    for rotation in rotations {
        let store = store.clone();
        tasks.spawn(async move {
            let row = store.rotate(&rotation).await.unwrap();
            (rotation, row)
        });
    }
    tasks.join_all().await
}

pub(crate) async fn sixty_four_families_rotate_once_each_for_eight_callers_at_once(store: Store) {
    for number in 0..64 {
        family(&store, number, None).await;
    }
    for generation in 0..5 {
        let asked = (0..512).map(|caller| rotation(key(caller % 64), generation, 1)).collect();
        let mut wins: HashMap<FamilyKey, u32> = HashMap::new();
        for (asked, row) in at_once(&store, asked).await {
            let Some(row) = row else { continue };
            assert_eq!((row.key, row.state.generation), (asked.key, Generation(generation + 1)));
            *wins.entry(row.key).or_default() += 1;
        }
        assert!(wins.len() == 64 && wins.values().all(|wins| *wins == 1), "{wins:?}");
    }
    for number in 0..64 {
        assert_eq!(store.find_family(key(number)).await.unwrap().unwrap().state.generation, Generation(5));
    }
}

pub(crate) async fn rotations_at_once_change_what_each_of_them_says(store: Store) {
    let mut asked = Vec::new();
    for number in 0..64_u32 {
        family(&store, number, None).await;
        rotate(&store, key(number), number % 3, number % 2 == 0).await;
        asked.push(Rotation {
            agent: (number % 5 != 0).then(|| u64::from(number).to_be_bytes()),
            blacklist: number % 4 < 2,
            expires_at: if number % 7 == 0 { START } else { after(1_000_000 + u64::from(number)) },
            ..rotation(key(number), number % 3, 60 + u64::from(number))
        });
    }
    let mut before = HashMap::new();
    for rotation in &asked {
        before.insert(rotation.key, store.find_family(rotation.key).await.unwrap().unwrap());
    }
    for (rotation, row) in at_once(&store, asked).await {
        let mut expected = before.remove(&rotation.key).unwrap();
        expected.state.generation.0 += 1;
        if rotation.blacklist {
            expected.state.consumed_below = expected.state.generation;
        }
        expected.state.rotated_at = Some(rotation.at);
        expected.state.rotated_by = rotation.agent;
        expected.token_expires_at = rotation.token_expires_at;
        expected.expires_at = expected.expires_at.max(rotation.expires_at);
        assert_eq!(row.as_ref(), Some(&expected));
        assert_eq!(store.find_family(rotation.key).await.unwrap(), Some(expected));
    }
}

pub(crate) async fn bad_ones_among_rotations_at_once_keep_nobody_else_back(store: Store) {
    const EACH: u32 = 8;
    for number in 0..8 * EACH {
        let kind = if number / EACH == 6 { FamilyKind::Sliding } else { FamilyKind::Refresh };
        let family = NewFamily { kind, ..new_family(key(number), None) };
        assert!(store.create_family(&family, None).await.unwrap());
        if number / EACH == 1 {
            let ended = event(EventKind::FamilyEnded, Some(key(number)));
            assert!(store.end_family(key(number), EndReason::Operator, None, after(1), &ended).await.unwrap());
        }
        if number / EACH == 2 {
            let jti = key(number).refresh(Generation(0)).to_string();
            let token = SingleToken { jti, user_id: None, created_at: START, expires_at: after(600) };
            store.blacklist_token(&token, START, None).await.unwrap();
        }
        if number / EACH == 3 {
            rotate(&store, key(number), 2, true).await;
        }
    }
    // Good ones, ended ones, listed ones, used ones; generations to come, families that are none; no chains, old ones.
    let presented = |number: u32| if number / EACH == 4 { 7 } else { 0 };
    let row = |number: u32| if number / EACH == 5 { key(1000 + number) } else { key(number) };
    let created_from = |number: u32| Some(after(u64::from(number / EACH == 7)));
    let asked = (0..8 * EACH)
        .map(|number| Rotation { created_from: created_from(number), ..rotation(row(number), presented(number), 5) });
    let asked = asked.collect();
    for (asked, row) in at_once(&store, asked).await {
        let is_good = (0..EACH).any(|number| key(number) == asked.key);
        assert_eq!(row.is_some(), is_good);
    }
}

pub(crate) async fn two_generations_at_once_are_answered_in_some_order(store: Store) {
    for number in 0..16 {
        let key = family(&store, number, None).await;
        let asked = (0..64).map(|caller| rotation(key, caller % 2, 1)).collect();
        let answers = at_once(&store, asked).await;
        let wins =
            |generation| answers.iter().filter(|(asked, row)| asked.presented.0 == generation && row.is_some()).count();
        assert_eq!(wins(0), 1);
        assert!(wins(1) <= 1);
        let generation = store.find_family(key).await.unwrap().unwrap().state.generation;
        assert_eq!(generation.0 as usize, wins(0) + wins(1));
    }
}

pub(crate) async fn a_rotation_goes_through_when_its_caller_has_gone(store: Store) {
    for number in 0..32 {
        let key = family(&store, number, None).await;
        let rotation = rotation(key, 0, 1);
        // Polled once, and dropped.
        let _ = tokio::time::timeout(Duration::ZERO, store.rotate(&rotation)).await;
    }
    let is_through = async || {
        for number in 0..32 {
            if store.find_family(key(number)).await.unwrap().unwrap().state.generation != Generation(1) {
                return false;
            }
        }
        true
    };
    for _ in 0..500 {
        if is_through().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("what was begun has not gone through");
}

pub(crate) async fn rotations_that_were_begun_are_finished_before_the_store_is_closed(store: Store) {
    let keys: Vec<FamilyKey> = (0..64).map(key).collect();
    for number in 0..64 {
        family(&store, number, None).await;
    }
    let tasks: JoinSet<bool> = keys
        .iter()
        .map(|key| {
            let (store, rotation) = (store.clone(), rotation(*key, 0, 1));
            async move { store.rotate(&rotation).await.is_ok_and(|row| row.is_some()) }
        })
        .collect();
    store.close().await.unwrap();
    let done = tasks.join_all().await;
    assert_eq!(done.len(), 64);
    assert!(store.rotate(&rotation(keys[0], 1, 1)).await.is_err());
}

/// The note comes before the rotation that outdates it, however they are written.
pub(crate) async fn notes_of_use_are_written_with_rotations_at_once(store: Store) {
    for number in 0..64 {
        family(&store, number, None).await;
        store.note_in_use(key(number), 0);
    }
    let asked = (0..63).map(|number| rotation(key(number), 0, 1)).collect();
    assert!(at_once(&store, asked).await.iter().all(|(_, row)| row.is_some()));
    let noted = store.find_family(key(63)).await.unwrap().unwrap();
    assert_eq!(noted.state.in_use, Some(Generation(0)));
    for number in 0..63 {
        let state = store.find_family(key(number)).await.unwrap().unwrap().state;
        assert!(state.in_use.is_none_or(|generation| generation == Generation(0)), "{state:?}");
    }
}
