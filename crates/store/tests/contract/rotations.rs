//! Families: how they rotate, are marked and end.

use std::time::Duration;

use jeton_store::{EventKind, FamilyKind, NewFamily, Rotation, SingleToken, Store};
use jeton_token::id::Generation;
use jeton_token::rotation::{EndReason, LateReplay};
use tokio::task::JoinSet;

use crate::{DAY, START, after, event, family, key, kinds_of_events, new_family, rotate, rotation, user};

const WINDOW: Duration = Duration::from_secs(10);

/// How many of 64 tasks that start together win.
async fn winners<F: Future<Output = bool> + Send + 'static>(task: impl Fn(u32) -> F) -> usize {
    let tasks: JoinSet<bool> = (0..64).map(task).collect();
    tasks.join_all().await.into_iter().filter(|won| *won).count()
}

pub(crate) async fn sixty_four_at_once_rotate_once(store: Store) {
    let key = family(&store, 1, None).await;
    for generation in 0..20 {
        let won = winners(|_| {
            let store = store.clone();
            async move { store.rotate(&rotation(key, generation, 1)).await.unwrap().is_some() }
        });
        assert_eq!(won.await, 1);
    }
    assert_eq!(store.find_family(key).await.unwrap().unwrap().state.generation, Generation(20));
}

pub(crate) async fn sixty_four_at_once_adopt_once(store: Store) {
    let won = winners(|number| {
        let store = store.clone();
        async move { store.adopt_token(&new_family(key(number), None), "django", START, true).await.unwrap() }
    });
    assert_eq!(won.await, 1);
    assert_eq!(store.facts().await.unwrap().families, 1);
}

pub(crate) async fn a_rotation_changes_what_it_says_and_no_more(store: Store) {
    let user = user(&store, "ada").await;
    let key = family(&store, 1, Some(user)).await;
    family(&store, 2, Some(user)).await;
    let before = store.find_family(key).await.unwrap().unwrap();
    let rotation = rotation(key, 0, 5);
    let after = store.rotate(&rotation).await.unwrap().unwrap();
    let mut expected = before;
    expected.state.generation = Generation(1);
    expected.state.consumed_below = Generation(1);
    expected.state.rotated_at = Some(rotation.at);
    expected.state.rotated_by = rotation.agent;
    expected.token_expires_at = rotation.token_expires_at;
    expected.expires_at = rotation.expires_at;
    assert_eq!(after, expected);
    assert_eq!(store.find_family(key).await.unwrap(), Some(expected));
    let other = store.find_family(crate::key(2)).await.unwrap().unwrap();
    assert_eq!(other.state.generation, Generation(0));
    assert_eq!(kinds_of_events(&store).await, [EventKind::UserCreated]);
}

pub(crate) async fn a_rotation_without_blacklisting_uses_nothing_up(store: Store) {
    let key = family(&store, 1, None).await;
    rotate(&store, key, 2, false).await;
    rotate_newest(&store, key, 2, true).await;
    let state = rotate_newest(&store, key, 3, false).await.unwrap().state;
    assert_eq!((state.generation, state.consumed_below), (Generation(4), Generation(3)));
}

async fn rotate_newest(
    store: &Store,
    key: jeton_token::id::FamilyKey,
    presented: u32,
    blacklist: bool,
) -> Option<jeton_store::FamilyRow> {
    store.rotate(&Rotation { blacklist, ..rotation(key, presented, 10) }).await.unwrap()
}

pub(crate) async fn an_ended_family_does_not_rotate(store: Store) {
    let key = family(&store, 1, None).await;
    let ended = event(EventKind::FamilyEnded, Some(key));
    assert!(store.end_family(key, EndReason::Operator, None, after(1), &ended).await.unwrap());
    assert_eq!(store.rotate(&rotation(key, 0, 2)).await.unwrap(), None);
    assert_eq!(store.rotate(&rotation(crate::key(2), 0, 2)).await.unwrap(), None, "no such family");
}

pub(crate) async fn a_singly_blacklisted_token_does_not_rotate(store: Store) {
    let key = family(&store, 1, None).await;
    let token = |generation| SingleToken {
        jti: key.refresh(Generation(generation)).to_string(),
        user_id: None,
        created_at: START,
        expires_at: after(60),
    };
    rotate(&store, key, 1, false).await;
    store.blacklist_token(&token(1), START, None).await.unwrap();
    assert_eq!(rotate_newest(&store, key, 1, false).await, None);
    assert!(store.rotate_older(&Rotation { blacklist: false, ..rotation(key, 0, 3) }).await.unwrap().is_some());
    store.blacklist_token(&token(0), START, None).await.unwrap();
    for blacklist in [false, true] {
        assert_eq!(store.rotate_older(&Rotation { blacklist, ..rotation(key, 0, 4) }).await.unwrap(), None);
    }
    assert_eq!(store.find_family(key).await.unwrap().unwrap().state.generation, Generation(2));
}

pub(crate) async fn the_last_generation_does_not_rotate(store: Store) {
    let key = family(&store, 1, None).await;
    assert_eq!(store.rotate(&rotation(key, u32::MAX, 2)).await.unwrap(), None);
    assert_eq!(store.rotate_older(&rotation(key, u32::MAX, 2)).await.unwrap(), None);
}

pub(crate) async fn what_is_no_chain_or_is_too_old_does_not_rotate(store: Store) {
    let sliding = NewFamily { kind: FamilyKind::Sliding, ..new_family(key(1), None) };
    assert!(store.create_family(&sliding, None).await.unwrap());
    assert_eq!(store.rotate(&rotation(key(1), 0, 2)).await.unwrap(), None);
    let old = family(&store, 2, None).await;
    let created_from = |seconds| Rotation { created_from: Some(after(seconds)), ..rotation(old, 0, 2) };
    assert_eq!(store.rotate(&created_from(1)).await.unwrap(), None);
    assert!(store.rotate(&created_from(0)).await.unwrap().is_some());
}

pub(crate) async fn an_older_generation_rotates_to_the_end_of_the_chain(store: Store) {
    let key = family(&store, 1, None).await;
    rotate(&store, key, 3, false).await;
    let older = Rotation { blacklist: false, expires_at: START + DAY * 4, ..rotation(key, 1, 9) };
    for generation in [4, 5] {
        let row = store.rotate_older(&older).await.unwrap().unwrap();
        assert_eq!((row.state.generation, row.state.consumed_below), (Generation(generation), Generation(0)));
        assert_eq!((row.state.rotated_at, row.state.rotated_by), (Some(after(9)), older.agent));
        assert_eq!((row.token_expires_at, row.expires_at), (older.token_expires_at, older.expires_at));
    }
    assert_eq!(store.rotate_older(&rotation(key, 5, 9)).await.unwrap(), None, "the newest is not older");
}

pub(crate) async fn an_older_generation_is_listed_once_when_it_rotates_with_blacklisting(store: Store) {
    let user = user(&store, "ada").await;
    let key = family(&store, 1, Some(user)).await;
    rotate(&store, key, 3, false).await;
    let row = store.rotate_older(&rotation(key, 1, 9)).await.unwrap().unwrap();
    assert_eq!((row.state.generation, row.state.consumed_below), (Generation(4), Generation(0)));
    let listed = store.find_blacklisted_token(&key.refresh(Generation(1)).to_string()).await.unwrap().unwrap();
    assert_eq!((listed.token.user_id, listed.blacklisted_at), (Some(user), after(9)));
    assert!(listed.token.expires_at >= START + DAY);
    for blacklist in [false, true] {
        assert_eq!(store.rotate_older(&Rotation { blacklist, ..rotation(key, 1, 9) }).await.unwrap(), None);
    }
    assert!(store.rotate_older(&rotation(key, 2, 9)).await.unwrap().is_some());
    assert_eq!(store.find_blacklisted_token(&key.refresh(Generation(3)).to_string()).await.unwrap(), None);
}

pub(crate) async fn sixty_four_at_once_rotate_an_older_generation_once(store: Store) {
    let key = family(&store, 1, None).await;
    rotate(&store, key, 2, false).await;
    let won = winners(|_| {
        let store = store.clone();
        async move { store.rotate_older(&rotation(key, 0, 5)).await.unwrap().is_some() }
    });
    assert_eq!(won.await, 1);
    let row = store.find_family(key).await.unwrap().unwrap();
    assert_eq!(row.state.generation, Generation(3));
    assert_eq!(store.facts().await.unwrap().blacklisted, 1);
}

pub(crate) async fn generation_zero_of_an_adopted_family_is_listed_by_its_own_jti(store: Store) {
    let key = key(1);
    assert!(store.adopt_token(&new_family(key, None), "django", START, false).await.unwrap());
    assert!(store.rotate_older(&rotation(key, 0, 5)).await.unwrap().is_some());
    assert!(store.find_blacklisted_token("django").await.unwrap().is_some());
    assert_eq!(store.find_blacklisted_token(&key.refresh(Generation(0)).to_string()).await.unwrap(), None);
    for blacklist in [false, true] {
        assert_eq!(store.rotate_older(&Rotation { blacklist, ..rotation(key, 0, 6) }).await.unwrap(), None);
    }
}

pub(crate) async fn a_used_up_generation_does_not_rotate(store: Store) {
    let key = family(&store, 1, None).await;
    rotate(&store, key, 2, true).await;
    assert_eq!(store.rotate(&rotation(key, 1, 5)).await.unwrap(), None);
    for blacklist in [false, true] {
        assert_eq!(store.rotate_older(&Rotation { blacklist, ..rotation(key, 1, 5) }).await.unwrap(), None);
    }
    assert_eq!(store.facts().await.unwrap().blacklisted, 0, "the list is rolled back with the rotation");
}

pub(crate) async fn a_late_replay_is_noted_once_in_a_window(store: Store) {
    let key = family(&store, 1, None).await;
    rotate(&store, key, 1, true).await;
    let late = |seconds, run| LateReplay { generation: Generation(1), at: after(seconds), run };
    let note = async |late| store.note_late_replay(key, &late, WINDOW).await.unwrap();
    assert!(note(late(100, 1)).await);
    assert!(!note(late(100, 1)).await);
    assert!(!note(late(110, 1)).await);
    assert!(!note(late(95, 1)).await);
    assert_eq!(store.find_family(key).await.unwrap().unwrap().state.late, Some(late(100, 1)));
    assert!(note(late(111, 1)).await);
    assert!(note(late(105, 1)).await, "the clock was set back by more than it may differ");
    store.rotate(&rotation(key, 1, 120)).await.unwrap().unwrap();
    let next = LateReplay { generation: Generation(2), at: after(121), run: 2 };
    assert!(note(next).await);
    assert_eq!(store.find_family(key).await.unwrap().unwrap().state.late, Some(next));
}

pub(crate) async fn a_late_replay_is_not_noted_where_it_is_none(store: Store) {
    let late = |generation| LateReplay { generation: Generation(generation), at: after(100), run: 1 };
    let note = async |number, generation| store.note_late_replay(key(number), &late(generation), WINDOW).await.unwrap();
    for number in 1..=3 {
        let key = family(&store, number, None).await;
        rotate(&store, key, 2, true).await;
    }
    assert!(!note(1, 1).await, "the family moved on");
    let ended = event(EventKind::FamilyEnded, None);
    store.end_family(key(1), EndReason::Reuse, None, START, &ended).await.unwrap();
    assert!(!note(1, 2).await, "it ended");
    store.mark_family(key(2), Generation(2), &event(EventKind::FamilyMarked, None)).await.unwrap();
    assert!(!note(2, 2).await, "it is marked");
    store.note_in_use(key(3), 2);
    store.append_event(&event(EventKind::SignedIn, None)).await.unwrap();
    assert!(!note(3, 2).await, "its newest token is in use");
    assert!(!note(4, 2).await, "there is no such family");
}

pub(crate) async fn a_family_is_marked_once_with_one_event(store: Store) {
    let key = family(&store, 1, None).await;
    rotate(&store, key, 2, true).await;
    let marked = event(EventKind::FamilyMarked, Some(key));
    assert!(!store.mark_family(key, Generation(1), &marked).await.unwrap(), "the family moved on");
    assert!(store.mark_family(key, Generation(2), &marked).await.unwrap());
    assert!(!store.mark_family(key, Generation(2), &marked).await.unwrap());
    assert!(store.find_family(key).await.unwrap().unwrap().state.marked);
    assert_eq!(kinds_of_events(&store).await, [EventKind::FamilyMarked]);
    let ended = event(EventKind::FamilyEnded, Some(key));
    let other = family(&store, 2, None).await;
    store.end_family(other, EndReason::Reuse, None, START, &ended).await.unwrap();
    assert!(!store.mark_family(other, Generation(0), &marked).await.unwrap(), "it ended");
}

pub(crate) async fn a_family_ends_once_with_one_event(store: Store) {
    let key = family(&store, 1, None).await;
    let ended = event(EventKind::SignedOut, Some(key));
    assert!(store.end_family(key, EndReason::Logout, None, after(3), &ended).await.unwrap());
    assert!(!store.end_family(key, EndReason::Reuse, None, after(4), &ended).await.unwrap());
    let row = store.find_family(key).await.unwrap().unwrap();
    assert!(row.state.revoked);
    assert_eq!((row.revoked_at, row.revoke_reason.as_deref()), (Some(after(3)), Some("logout")));
    assert_eq!(kinds_of_events(&store).await, [EventKind::SignedOut]);
    assert!(!store.end_family(crate::key(2), EndReason::Logout, None, START, &ended).await.unwrap());
}

pub(crate) async fn an_end_can_depend_on_the_family_having_moved_on(store: Store) {
    let key = family(&store, 1, None).await;
    let ended = event(EventKind::FamilyEnded, Some(key));
    let end =
        async |than| store.end_family(key, EndReason::Reuse, Some(Generation(than)), START, &ended).await.unwrap();
    assert!(!end(0).await);
    rotate(&store, key, 1, true).await;
    assert!(!end(1).await);
    assert!(end(0).await);
}

pub(crate) async fn all_families_of_a_user_end_and_no_others(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    for (number, owner) in [(1, Some(ada)), (2, Some(ada)), (3, Some(bob)), (4, None)] {
        family(&store, number, owner).await;
    }
    let everywhere = event(EventKind::SignedOutEverywhere, None);
    let end =
        async || store.end_families_of_user(ada, EndReason::LogoutAll, false, after(3), &everywhere).await.unwrap();
    assert_eq!(end().await, 2);
    assert_eq!(end().await, 0);
    for (number, is_ended) in [(1, true), (2, true), (3, false), (4, false)] {
        let row = store.find_family(key(number)).await.unwrap().unwrap();
        assert_eq!(row.state.revoked, is_ended);
        assert_eq!(row.revoke_reason.as_deref(), is_ended.then_some("logout_all"));
    }
    let events = kinds_of_events(&store).await;
    assert_eq!(events.iter().filter(|kind| **kind == EventKind::SignedOutEverywhere).count(), 1);
}
