//! Families: how they begin, and what is counted.

use jeton_store::{Device, EventKind, FamilyKind, FamilyRow, NewFamily, Rotation, SingleToken, Store, TokenCounts};
use jeton_token::id::Generation;
use jeton_token::rotation::{EndReason, Family};

use crate::{DAY, START, after, event, family, key, kinds_of_events, new_family, rotate, rotation, user};

fn single(jti: &dyn ToString, user_id: i64) -> SingleToken {
    SingleToken { jti: jti.to_string(), user_id: Some(user_id), created_at: START, expires_at: after(60) }
}

pub(crate) async fn a_login_makes_a_family(store: Store) {
    let ada = user(&store, "ada").await;
    let new = NewFamily { kind: FamilyKind::Sliding, created_at: after(1), ..new_family(key(1), Some(ada)) };
    let signed_in = event(EventKind::SignedIn, Some(key(1)));
    assert!(store.create_family(&new, Some(&signed_in)).await.unwrap());
    let expected = FamilyRow {
        key: key(1),
        kind: FamilyKind::Sliding,
        user_id: Some(ada),
        state: Family::new(),
        created_at: after(1),
        token_expires_at: new.token_expires_at,
        expires_at: new.expires_at,
        revoked_at: None,
        revoke_reason: None,
        origin_jti: None,
    };
    assert_eq!(store.find_family(key(1)).await.unwrap(), Some(expected));
    assert_eq!(store.find_family(key(2)).await.unwrap(), None);
    assert_eq!(kinds_of_events(&store).await, [EventKind::UserCreated, EventKind::SignedIn]);
}

pub(crate) async fn a_taken_key_makes_no_family_and_no_event(store: Store) {
    let key = family(&store, 1, None).await;
    rotate(&store, key, 1, true).await;
    let again = NewFamily { address: Some("127.0.0.1".to_owned()), ..new_family(key, None) };
    assert!(!store.create_family(&again, Some(&event(EventKind::SignedIn, None))).await.unwrap());
    assert_eq!(store.find_family(key).await.unwrap().unwrap().state.generation, Generation(1));
    assert_eq!(store.find_device(key).await.unwrap(), None);
    assert_eq!(kinds_of_events(&store).await, []);
}

pub(crate) async fn a_family_of_an_unknown_user_is_nobodys(store: Store) {
    let key = family(&store, 1, Some(404)).await;
    assert_eq!(store.find_family(key).await.unwrap().unwrap().user_id, None);
}

pub(crate) async fn a_device_is_kept_beside_its_family(store: Store) {
    let device = Device {
        agent: Some(*b"12345678"),
        user_agent: Some("curl/8.0".to_owned()),
        address: Some("192.0.2.1".to_owned()),
    };
    let new = NewFamily {
        agent: device.agent,
        user_agent: device.user_agent.clone(),
        address: device.address.clone(),
        ..new_family(key(1), None)
    };
    assert!(store.create_family(&new, None).await.unwrap());
    assert_eq!(store.find_device(key(1)).await.unwrap(), Some(device));
    assert_eq!(store.find_family(key(1)).await.unwrap().unwrap().state, Family::new());
}

pub(crate) async fn a_long_user_agent_is_cut_at_a_character(store: Store) {
    let new = NewFamily { user_agent: Some("ä".repeat(600)), ..new_family(key(1), None) };
    assert!(store.create_family(&new, None).await.unwrap());
    let kept = store.find_device(key(1)).await.unwrap().unwrap().user_agent;
    assert_eq!(kept, Some("ä".repeat(512)));
}

pub(crate) async fn a_foreign_token_becomes_a_family_once(store: Store) {
    let new = NewFamily { agent: Some(*b"tab-one!"), ..new_family(key(1), None) };
    assert!(store.adopt_token(&new, "django", after(2), true).await.unwrap());
    assert!(!store.adopt_token(&new_family(key(2), None), "django", after(3), true).await.unwrap());
    assert!(!store.adopt_token(&new_family(key(1), None), "other", after(3), true).await.unwrap(), "the key is taken");
    let found = store.find_family_by_origin("django").await.unwrap().unwrap();
    assert_eq!((found.key, found.origin_jti.as_deref()), (key(1), Some("django")));
    let expected = Family {
        generation: Generation(1),
        consumed_below: Generation(1),
        rotated_at: Some(after(2)),
        rotated_by: Some(*b"tab-one!"),
        ..Family::new()
    };
    assert_eq!(found.state, expected);
    assert_eq!(store.find_family(key(2)).await.unwrap(), None);
    assert_eq!(store.find_family_by_origin("other").await.unwrap(), None);
}

pub(crate) async fn a_foreign_token_without_blacklisting_stays_good(store: Store) {
    assert!(store.adopt_token(&new_family(key(1), None), "django", START, false).await.unwrap());
    let state = store.find_family(key(1)).await.unwrap().unwrap().state;
    assert_eq!((state.generation, state.consumed_below), (Generation(1), Generation(0)));
}

pub(crate) async fn a_blacklisted_foreign_token_becomes_no_family(store: Store) {
    let ada = user(&store, "ada").await;
    store.blacklist_token(&single(&"django", ada), START, None).await.unwrap();
    assert!(!store.adopt_token(&new_family(key(1), Some(ada)), "django", START, true).await.unwrap());
    assert_eq!(store.find_family(key(1)).await.unwrap(), None);
}

pub(crate) async fn a_horizon_only_moves_out(store: Store) {
    let key = family(&store, 1, None).await;
    let horizon = async || store.find_family(key).await.unwrap().unwrap().expires_at;
    store.extend_family(key, START + DAY * 2).await.unwrap();
    assert_eq!(horizon().await, START + DAY * 2);
    store.extend_family(key, START + DAY).await.unwrap();
    assert_eq!(horizon().await, START + DAY * 2);
    store.rotate(&rotation(key, 0, 0)).await.unwrap().unwrap();
    assert_eq!(horizon().await, START + DAY * 2);
    let longer = Rotation { expires_at: START + DAY * 3, ..rotation(key, 1, 1) };
    store.rotate(&longer).await.unwrap().unwrap();
    assert_eq!(horizon().await, START + DAY * 3);
}

pub(crate) async fn a_note_of_use_is_known_at_once_and_for_the_newest_only(store: Store) {
    let key = family(&store, 1, None).await;
    rotate(&store, key, 2, true).await;
    let in_use = async || store.find_family(key).await.unwrap().unwrap().state.in_use;
    store.note_in_use(key, 1);
    assert_eq!(in_use().await, None, "of an older generation nobody asks");
    store.note_in_use(key, 2);
    assert_eq!(in_use().await, Some(Generation(2)));
    store.append_event(&event(EventKind::SignedIn, None)).await.unwrap();
    let rotated = store.rotate(&rotation(key, 2, 3)).await.unwrap().unwrap();
    assert_eq!(rotated.state.in_use, Some(Generation(2)), "it was written with the commit before");
    store.note_in_use(key, 4000);
    assert_eq!(in_use().await, Some(Generation(2)));
}

pub(crate) async fn tokens_are_counted_as_simple_jwt_counts_them(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    let count = async || store.count_tokens(ada).await.unwrap();
    assert_eq!(count().await, TokenCounts::default());
    let first = family(&store, 1, Some(ada)).await;
    family(&store, 2, Some(bob)).await;
    rotate(&store, first, 3, true).await;
    assert_eq!(count().await, TokenCounts { outstanding: 4, blacklisted: 3 });
    let second = family(&store, 3, Some(ada)).await;
    rotate(&store, second, 3, false).await;
    assert_eq!(count().await, TokenCounts { outstanding: 8, blacklisted: 3 });
    store.blacklist_token(&single(&second.refresh(Generation(1)), ada), START, None).await.unwrap();
    assert_eq!(count().await, TokenCounts { outstanding: 8, blacklisted: 4 });
    store.rotate(&rotation(second, 3, 9)).await.unwrap().unwrap();
    assert_eq!(
        count().await,
        TokenCounts { outstanding: 9, blacklisted: 7 },
        "1 is used up and listed, and counts once"
    );
    store.blacklist_token(&single(&"foreign", ada), START, None).await.unwrap();
    assert_eq!(count().await, TokenCounts { outstanding: 10, blacklisted: 8 });
    let ended = event(EventKind::SignedOut, None);
    store.end_family(first, EndReason::Logout, None, START, &ended).await.unwrap();
    assert_eq!(count().await, TokenCounts { outstanding: 10, blacklisted: 9 });
    let bobs = TokenCounts { outstanding: 1, blacklisted: 0 };
    assert_eq!(store.count_tokens(bob).await.unwrap(), bobs);
}

pub(crate) async fn a_single_token_of_an_ended_family_is_counted_once(store: Store) {
    let ada = user(&store, "ada").await;
    assert!(store.adopt_token(&new_family(key(1), Some(ada)), "django", START, false).await.unwrap());
    assert_eq!(store.count_tokens(ada).await.unwrap(), TokenCounts { outstanding: 2, blacklisted: 0 });
    store.blacklist_token(&single(&"django", ada), START, None).await.unwrap();
    assert_eq!(store.count_tokens(ada).await.unwrap(), TokenCounts { outstanding: 2, blacklisted: 1 });
    let ended = event(EventKind::SignedOut, None);
    store.end_family(key(1), EndReason::Logout, None, START, &ended).await.unwrap();
    assert_eq!(store.count_tokens(ada).await.unwrap(), TokenCounts { outstanding: 2, blacklisted: 2 });
}
