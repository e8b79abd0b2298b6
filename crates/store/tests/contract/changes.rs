//! What is told to others, in which order and for how long.

use std::time::Duration;

use jeton_store::{Change, ChangeKind, EventKind, Follower, PasswordEnds, Store};
use jeton_token::rotation::EndReason;
use jeton_token::secret::Secret;

use crate::{DAY, START, after, event, family, key, kinds_of_events, new_user, user};

/// Reads until the log has come to rest.
pub(crate) async fn read(follower: &mut Follower, at_least: usize) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for _ in 0..100 {
        for change in follower.next().await.unwrap() {
            if changes.iter().all(|known| known.id != change.id) {
                changes.push(change);
            }
        }
        if changes.len() >= at_least {
            break;
        }
    }
    changes
}

fn kinds(changes: &[Change]) -> Vec<ChangeKind> {
    changes.iter().map(|change| change.kind).collect()
}

async fn end(store: &Store, number: u32) -> bool {
    let event = event(EventKind::FamilyEnded, Some(key(number)));
    store.end_family(key(number), EndReason::Logout, None, after(1), &event).await.unwrap()
}

pub(crate) async fn an_ended_family_is_told_once_and_for_as_long_as_a_token_can_live(store: Store) {
    store.tell_ends_for(Duration::from_secs(300));
    let ada = user(&store, "ada").await;
    family(&store, 1, Some(ada)).await;
    assert!(end(&store, 1).await);
    assert!(!end(&store, 1).await);
    let mut follower = store.follow();
    let changes = read(&mut follower, 1).await;
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((change.kind, change.family, change.user_id), (ChangeKind::FamilyEnded, Some(key(1)), Some(ada)));
    assert_eq!((change.at, change.expires_at), (after(1), after(301)));

    store.tell_ends_for(DAY * 30);
    family(&store, 2, None).await;
    drop(follower);
    assert!(end(&store, 2).await);
    let changes = read(&mut store.follow(), 2).await;
    assert_eq!(changes[1].expires_at, START + DAY, "no longer than the family has tokens");

    store.tell_ends_for(Duration::from_secs(300));
    family(&store, 3, None).await;
    let event = event(EventKind::FamilyEnded, Some(key(3)));
    let an_hour_behind = START - Duration::from_secs(3600);
    assert!(store.end_family(key(3), EndReason::Logout, None, an_hour_behind, &event).await.unwrap());
    let changes = read(&mut store.follow(), 3).await;
    assert_eq!(changes[2].expires_at, START + DAY, "its access tokens are younger than its end");
}

pub(crate) async fn every_family_of_a_user_is_told(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    for (number, owner) in [(1, ada), (2, ada), (3, bob)] {
        family(&store, number, Some(owner)).await;
    }
    let everywhere = event(EventKind::SignedOutEverywhere, None);
    store.end_families_of_user(ada, EndReason::LogoutAll, false, after(2), &everywhere).await.unwrap();
    store.end_families_of_user(ada, EndReason::LogoutAll, false, after(3), &everywhere).await.unwrap();
    let changes = read(&mut store.follow(), 4).await;
    let mut families: Vec<_> = changes.iter().filter_map(|change| change.family).collect();
    families.sort_by_key(|family| *family.as_bytes());
    assert_eq!(families, [key(1), key(2)]);
    let tokens = changes.iter().filter(|change| change.kind == ChangeKind::UserTokensEnded).count();
    assert_eq!(tokens, 2, "tokens from elsewhere end each time: {changes:?}");
}

pub(crate) async fn what_becomes_of_a_user_is_told_in_its_order(store: Store) {
    let ada = user(&store, "ada").await;
    family(&store, 1, Some(ada)).await;
    let hash = Secret::from("another");
    store.update_is_active(ada, false, after(1)).await.unwrap();
    store.update_is_active(ada, true, after(2)).await.unwrap();
    store.update_password(ada, &hash, None, after(3)).await.unwrap();
    store.change_password(ada, &hash, PasswordEnds { auth_tokens: false, families: true }, after(4)).await.unwrap();
    store.update_last_login(ada, after(5)).await.unwrap();
    store.delete_user(ada, true, after(6)).await.unwrap();
    let changes = read(&mut store.follow(), 7).await;
    assert_eq!(
        kinds(&changes),
        [
            ChangeKind::UserLocked,
            ChangeKind::UserUnlocked,
            ChangeKind::UserChanged,
            ChangeKind::UserChanged,
            ChangeKind::FamilyEnded,
            ChangeKind::UserTokensEnded,
            ChangeKind::UserLocked,
        ]
    );
    assert!(changes.iter().all(|change| change.user_id == Some(ada)), "{changes:?}");
    let ended = store.find_family(key(1)).await.unwrap().unwrap();
    assert_eq!(ended.revoke_reason.as_deref(), Some("password_changed"));
}

pub(crate) async fn a_new_password_ends_families_if_asked(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    for (number, owner) in [(1, ada), (2, bob)] {
        family(&store, number, Some(owner)).await;
    }
    let hash = Secret::from("another");
    assert!(store.change_password(ada, &hash, PasswordEnds::default(), after(1)).await.unwrap());
    assert!(!store.find_family(key(1)).await.unwrap().unwrap().state.revoked);
    let all = PasswordEnds { auth_tokens: true, families: true };
    assert!(store.change_password(ada, &hash, all, after(2)).await.unwrap());
    assert!(store.find_family(key(1)).await.unwrap().unwrap().state.revoked);
    assert!(!store.find_family(key(2)).await.unwrap().unwrap().state.revoked);
}

pub(crate) async fn who_announces_waits_for_the_followers_of_the_process(store: Store) {
    for number in 1..=64 {
        family(&store, number, None).await;
    }
    let mut follower = store.follow();
    assert_eq!(follower.next().await.unwrap(), []);
    let known = std::sync::Arc::new(std::sync::Mutex::new(std::collections::HashSet::new()));
    let remembering = tokio::spawn({
        let known = std::sync::Arc::clone(&known);
        async move {
            loop {
                let changes = follower.next().await.unwrap();
                known.lock().unwrap().extend(changes.into_iter().filter_map(|change| change.family));
            }
        }
    });
    let mut ends = tokio::task::JoinSet::new();
    for number in 1..=64 {
        let (store, known) = (store.clone(), std::sync::Arc::clone(&known));
        ends.spawn(async move {
            assert!(end(&store, number).await);
            known.lock().unwrap().contains(&key(number))
        });
    }
    while let Some(was_known) = ends.join_next().await {
        assert!(was_known.unwrap());
    }
    remembering.abort();
}

pub(crate) async fn a_change_elsewhere_is_heard_without_being_asked(store: Store) {
    family(&store, 1, None).await;
    let mut follower = store.follow();
    assert_eq!(follower.next().await.unwrap(), []);
    // This one never reads again, so it stands for another process as far as waking goes.
    let asleep = store.follow();
    let ending = tokio::spawn({
        let store = store.clone();
        async move { end(&store, 1).await }
    });
    let changes = tokio::time::timeout(Duration::from_secs(10), read(&mut follower, 1)).await.unwrap();
    assert_eq!(kinds(&changes), [ChangeKind::FamilyEnded]);
    assert!(ending.await.unwrap());
    drop(asleep);
}

pub(crate) async fn what_nobody_needs_to_know_is_flushed(store: Store) {
    store.tell_ends_for(Duration::from_secs(300));
    for number in 1..=2 {
        family(&store, number, None).await;
    }
    assert!(end(&store, 1).await);
    assert_eq!(store.flush_changes(after(300)).await.unwrap(), 0);
    store.tell_ends_for(Duration::from_secs(3000));
    assert!(end(&store, 2).await);
    assert_eq!(store.flushed_through().await.unwrap(), None);
    assert_eq!(store.flush_changes(after(301)).await.unwrap(), 1);
    assert_eq!(store.flushed_through().await.unwrap(), Some(after(301)));
    assert_eq!(store.follow().flushed_through().await.unwrap(), Some(after(301)));
    let changes = read(&mut store.follow(), 1).await;
    assert_eq!(changes[0].family, Some(key(2)));
}

pub(crate) async fn triggers_tell_what_others_do_to_users(store: Store) {
    assert!(!store.has_user_triggers().await.unwrap());
    for _ in 0..2 {
        store.install_user_triggers().await.unwrap();
        assert!(store.has_user_triggers().await.unwrap());
    }
    let ada = user(&store, "ada").await;
    // The mirror writes the row without telling anybody itself: as a Django site would.
    let mut mirrored = store.find_user(ada).await.unwrap().unwrap();
    for (is_active, email) in [(false, "ada@example.com"), (true, "ada@example.com"), (true, "new@example.com")] {
        mirrored.is_active = is_active;
        mirrored.email = email.to_owned();
        store.mirror_user(&mirrored).await.unwrap();
    }
    store.update_last_login(ada, after(5)).await.unwrap();
    let told = [ChangeKind::UserLocked, ChangeKind::UserUnlocked, ChangeKind::UserChanged];
    assert_eq!(kinds(&read(&mut store.follow(), 3).await), told);
    store.remove_user_triggers().await.unwrap();
    assert!(!store.has_user_triggers().await.unwrap());
    mirrored.is_active = false;
    store.mirror_user(&mirrored).await.unwrap();
    assert_eq!(kinds(&read(&mut store.follow(), 3).await), told);
    assert!(store.create_user(&new_user("bob"), START).await.unwrap().is_some());
    assert_eq!(kinds_of_events(&store).await, [EventKind::UserCreated, EventKind::UserCreated]);
}
