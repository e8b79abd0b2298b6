//! Sessions.

use std::time::Duration;

use jeton_store::{EventKind, NewSession, Opened, SessionDigest, SessionId, SessionRow, Store};
use jeton_token::rotation::EndReason;

use crate::{DAY, START, after, event, family, kinds_of_events, user};

fn digest(number: u32) -> SessionDigest {
    SessionDigest::of(&format!("key {number}"))
}

fn id(number: u32) -> SessionId {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    SessionId(id)
}

fn session(number: u32, user_id: i64) -> NewSession {
    NewSession {
        digest: digest(number),
        id: id(number),
        user_id,
        auth_hash: [7; 32],
        created_at: after(1),
        expires_at: START + DAY,
        user_agent: None,
        address: Some("::1".to_owned()),
    }
}

async fn create(store: &Store, number: u32, user_id: i64, replaces: Option<u32>) -> bool {
    let signed_in = event(EventKind::SignedIn, None);
    let opened = store.create_session_within(&session(number, user_id), replaces.map(digest), None, &signed_in).await;
    opened.unwrap() == Opened::Done
}

async fn find(store: &Store, number: u32) -> Option<SessionRow> {
    store.find_session(digest(number), after(2)).await.unwrap()
}

pub(crate) async fn a_session_is_found_by_its_digest_until_it_runs_out(store: Store) {
    let ada = user(&store, "ada").await;
    assert!(create(&store, 1, ada, None).await);
    let (created_at, expires_at) = (after(1), START + DAY);
    let row = SessionRow { id: id(1), user_id: Some(ada), auth_hash: [7; 32], created_at, expires_at };
    assert_eq!(find(&store, 1).await, Some(row));
    assert_eq!(find(&store, 2).await, None);
    let last_moment = START + DAY - Duration::from_micros(1);
    assert!(store.find_session(digest(1), last_moment).await.unwrap().is_some());
    assert!(store.find_session(digest(1), START + DAY).await.unwrap().is_none());
    assert_eq!(store.find_user(ada).await.unwrap().unwrap().last_login, Some(after(1)));
    assert_eq!(kinds_of_events(&store).await, [EventKind::UserCreated, EventKind::SignedIn]);
}

pub(crate) async fn a_login_can_replace_a_session(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    assert!(create(&store, 1, ada, None).await);
    assert!(create(&store, 2, bob, Some(1)).await);
    assert_eq!(find(&store, 1).await, None);
    assert_eq!(find(&store, 2).await.unwrap().user_id, Some(bob));
}

pub(crate) async fn a_taken_digest_or_a_user_who_is_gone_makes_no_session(store: Store) {
    let ada = user(&store, "ada").await;
    assert!(create(&store, 1, ada, None).await);
    assert!(create(&store, 2, ada, None).await);
    assert!(!create(&store, 1, ada, Some(2)).await);
    assert!(find(&store, 2).await.is_some(), "nothing is replaced by nothing");
    assert!(!create(&store, 3, ada + 1, None).await);
    assert_eq!(kinds_of_events(&store).await, [EventKind::UserCreated, EventKind::SignedIn, EventKind::SignedIn]);
}

pub(crate) async fn a_session_is_renewed_by_its_user_alone(store: Store) {
    let ada = user(&store, "ada").await;
    create(&store, 1, ada, None).await;
    let signed_in = event(EventKind::SignedIn, None);
    let renew = async |number, user_id| {
        store.renew_session(digest(number), user_id, after(9), START + 2 * DAY, &signed_in).await.unwrap()
    };
    assert!(renew(1, ada).await);
    assert!(!renew(1, ada + 1).await);
    assert!(!renew(2, ada).await);
    assert_eq!(find(&store, 1).await.unwrap().expires_at, START + 2 * DAY);
    assert_eq!(store.find_user(ada).await.unwrap().unwrap().last_login, Some(after(9)));
    assert_eq!(kinds_of_events(&store).await.len(), 3);
}

pub(crate) async fn a_session_ends_once_with_one_event(store: Store) {
    let ada = user(&store, "ada").await;
    create(&store, 1, ada, None).await;
    create(&store, 2, ada, None).await;
    let signed_out = event(EventKind::SignedOut, None);
    assert!(store.delete_session(digest(1), Some(&signed_out)).await.unwrap());
    assert!(!store.delete_session(digest(1), Some(&signed_out)).await.unwrap());
    assert!(find(&store, 1).await.is_none() && find(&store, 2).await.is_some());
    let ends = kinds_of_events(&store).await.into_iter().filter(|&kind| kind == EventKind::SignedOut);
    assert_eq!(ends.count(), 1);
}

pub(crate) async fn all_sessions_of_a_user_end_and_no_others(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    for number in 0..3 {
        create(&store, number, ada, None).await;
    }
    create(&store, 9, bob, None).await;
    assert_eq!(store.delete_sessions_of_user(ada).await.unwrap(), 3);
    assert_eq!(store.delete_sessions_of_user(ada).await.unwrap(), 0);
    assert!(find(&store, 0).await.is_none() && find(&store, 9).await.is_some());
}

pub(crate) async fn sessions_end_with_the_families_if_asked_and_where_there_is_no_family(store: Store) {
    let ada = user(&store, "ada").await;
    let everywhere = event(EventKind::SignedOutEverywhere, None);
    for (number, and_sessions, has_family) in [(1, false, true), (2, true, true), (3, true, false)] {
        create(&store, number, ada, None).await;
        if has_family {
            family(&store, number, Some(ada)).await;
        }
        let ended = store.end_families_of_user(ada, EndReason::LogoutAll, and_sessions, after(3), &everywhere).await;
        assert_eq!(ended.unwrap(), u64::from(has_family));
        assert_eq!(find(&store, number).await.is_none(), and_sessions, "session {number}");
    }
}

pub(crate) async fn a_session_of_a_deleted_user_is_nobodys(store: Store) {
    let ada = user(&store, "ada").await;
    create(&store, 1, ada, None).await;
    assert!(store.delete_user(ada, false, after(2)).await.unwrap());
    assert_eq!(find(&store, 1).await.unwrap().user_id, None);
}

pub(crate) async fn sessions_that_ran_out_are_deleted_by_and_by(store: Store) {
    let ada = user(&store, "ada").await;
    for number in 0..510 {
        let expires_at = if number < 505 { after(100) } else { after(200) };
        let new = NewSession { expires_at, ..session(number, ada) };
        let opened = store.create_session_within(&new, None, None, &event(EventKind::SignedIn, None)).await;
        assert_eq!(opened.unwrap(), Opened::Done);
    }
    let delete = async |seconds| store.delete_expired_sessions(after(seconds)).await.unwrap();
    assert_eq!(delete(99).await, 0);
    assert_eq!(delete(100).await, 500);
    assert_eq!(delete(100).await, 5);
    assert_eq!(delete(100).await, 0);
    assert!(find(&store, 505).await.is_some());
}

pub(crate) async fn sixty_four_logins_at_once_are_sixty_four_sessions(store: Store) {
    let ada = user(&store, "ada").await;
    let logins = (0..64).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { create(&store, number, ada, None).await })
    });
    for login in logins.collect::<Vec<_>>() {
        assert!(login.await.unwrap());
    }
    assert_eq!(store.delete_sessions_of_user(ada).await.unwrap(), 64);
}
