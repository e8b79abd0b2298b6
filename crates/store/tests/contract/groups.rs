//! Groups of users.

use jeton_store::{EventKind, Group, Store};

use crate::{START, kinds_of_events, user};

pub(crate) async fn a_user_is_in_a_group_once_with_one_event(store: Store) {
    let ada = user(&store, "ada").await;
    assert!(store.add_user_to_group(ada, "editors", START).await.unwrap());
    assert!(!store.add_user_to_group(ada, "editors", START).await.unwrap());
    assert!(store.add_user_to_group(ada, "authors", START).await.unwrap());
    assert_eq!(store.list_groups_of_user(ada).await.unwrap(), ["authors", "editors"]);
    assert!(store.is_user_in_group(ada, "editors").await.unwrap());
    assert!(!store.is_user_in_group(ada, "Editors").await.unwrap());
    let expected = [EventKind::UserCreated, EventKind::UserChanged, EventKind::UserChanged];
    assert_eq!(kinds_of_events(&store).await, expected);
}

pub(crate) async fn nobody_joins_no_group(store: Store) {
    assert!(!store.add_user_to_group(7, "editors", START).await.unwrap());
    assert_eq!(store.list_groups(None, 10).await.unwrap(), []);
    assert_eq!(kinds_of_events(&store).await, []);
}

pub(crate) async fn a_user_leaves_a_group_that_stays(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    for id in [ada, bob] {
        assert!(store.add_user_to_group(id, "editors", START).await.unwrap());
    }
    assert!(store.remove_user_from_group(ada, "editors", START).await.unwrap());
    assert!(!store.remove_user_from_group(ada, "editors", START).await.unwrap());
    assert_eq!(store.list_groups_of_user(ada).await.unwrap(), [] as [&str; 0]);
    assert!(store.remove_user_from_group(bob, "editors", START).await.unwrap());
    assert_eq!(store.list_groups(None, 10).await.unwrap(), [Group { name: "editors".to_owned(), members: 0 }]);
}

pub(crate) async fn groups_are_listed_in_pages_with_their_members(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    for (id, name) in [(ada, "a"), (bob, "a"), (ada, "b"), (bob, "c")] {
        assert!(store.add_user_to_group(id, name, START).await.unwrap());
    }
    let first = store.list_groups(None, 2).await.unwrap();
    assert_eq!(
        first.iter().map(|group| (group.name.as_str(), group.members)).collect::<Vec<_>>(),
        [("a", 2), ("b", 1)]
    );
    let rest = store.list_groups(Some("b"), 2).await.unwrap();
    assert_eq!(rest.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["c"]);
}

pub(crate) async fn a_deleted_user_is_in_no_group(store: Store) {
    let ada = user(&store, "ada").await;
    assert!(store.add_user_to_group(ada, "editors", START).await.unwrap());
    assert!(store.delete_user(ada, false, START).await.unwrap());
    assert_eq!(store.list_groups(None, 1).await.unwrap()[0].members, 0);
}
