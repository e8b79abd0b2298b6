//! The store as a whole.

use jeton_store::{EventKind, Store, StoreError};

use crate::{DAY, START, event, family, key, new_family, user};

pub(crate) async fn a_store_answers_a_ping(store: Store) {
    store.ping().await.unwrap();
}

pub(crate) async fn a_closed_store_refuses_everything(store: Store) {
    let clone = store.clone();
    store.close().await.unwrap();
    for store in [store, clone] {
        assert_eq!(store.ping().await, Err(StoreError::Closed));
        assert_eq!(store.find_family(key(1)).await, Err(StoreError::Closed));
        assert_eq!(store.create_family(&new_family(key(1), None), None).await, Err(StoreError::Closed));
        assert_eq!(store.close().await, Err(StoreError::Closed));
        store.note_in_use(key(1), 0);
    }
}

pub(crate) async fn facts_count_what_there_is(store: Store) {
    let empty = store.facts().await.unwrap();
    assert!(empty.schema_version >= 9 && empty.installed_at == START, "{empty:?}");
    assert_eq!((empty.users, empty.families, empty.blacklisted, empty.events), (0, 0, 0, 0));
    assert_eq!(empty.oldest_family_expiry, None);
    let user = user(&store, "ada").await;
    family(&store, 1, Some(user)).await;
    family(&store, 2, None).await;
    store.append_event(&event(EventKind::UnknownToken, None)).await.unwrap();
    let facts = store.facts().await.unwrap();
    assert_eq!((facts.users, facts.families, facts.blacklisted, facts.events), (1, 2, 0, 2));
    assert_eq!(facts.oldest_family_expiry, Some(START + DAY));
    assert!(facts.size > 0);
}
