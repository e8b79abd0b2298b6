//! Single blacklisted tokens.

use jeton_store::{EventKind, SingleToken, Store};

use crate::{START, after, event, kinds_of_events, user};

fn token(user_id: Option<i64>) -> SingleToken {
    SingleToken { jti: "0123456789abcdef".to_owned(), user_id, created_at: START, expires_at: after(60) }
}

pub(crate) async fn a_token_is_listed_once_with_one_event(store: Store) {
    let listed = event(EventKind::TokenBlacklisted, None);
    assert!(store.blacklist_token(&token(None), after(1), Some(&listed)).await.unwrap());
    assert!(!store.blacklist_token(&token(None), after(2), Some(&listed)).await.unwrap());
    assert_eq!(kinds_of_events(&store).await, [EventKind::TokenBlacklisted]);
    let found = store.find_blacklisted_token("0123456789abcdef").await.unwrap().unwrap();
    assert_eq!(found.blacklisted_at, after(1), "the first time counts");
}

pub(crate) async fn a_listed_token_is_found_again(store: Store) {
    let token = token(Some(user(&store, "ada").await));
    store.blacklist_token(&token, after(1), None).await.unwrap();
    assert_eq!(store.find_blacklisted_token(&token.jti).await.unwrap().unwrap().token, token);
    assert_eq!(store.find_blacklisted_token("0123456789ABCDEF").await.unwrap(), None);
}

pub(crate) async fn a_token_of_nobody_can_be_listed(store: Store) {
    assert!(store.blacklist_token(&token(Some(404)), START, None).await.unwrap());
    assert_eq!(store.find_blacklisted_token("0123456789abcdef").await.unwrap().unwrap().token.user_id, None);
}
