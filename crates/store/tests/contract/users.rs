//! Users.

use std::time::Duration;

use jeton_store::{EventKind, NewUser, Store, User, UserField, UserKey};
use jeton_token::secret::Secret;

use crate::{START, after, family, kinds_of_events, new_user, user};

pub(crate) async fn a_created_user_is_found_again(store: Store) {
    let new = NewUser {
        first_name: "Ada".to_owned(),
        last_name: "Lovelace".to_owned(),
        is_staff: true,
        is_active: false,
        ..new_user("ada")
    };
    let id = store.create_user(&new, after(1)).await.unwrap().unwrap();
    let by_id = store.find_user(id).await.unwrap().unwrap();
    let by_name = store.find_user_by_username("ada").await.unwrap().unwrap();
    for user in [by_id, by_name] {
        assert_eq!((user.id, user.username.as_str(), user.email.as_str()), (id, "ada", "ada@example.com"));
        assert_eq!((user.first_name.as_str(), user.last_name.as_str()), ("Ada", "Lovelace"));
        assert_eq!((user.is_active, user.is_staff, user.is_superuser), (false, true, false));
        assert_eq!(user.password.expose(), new.password.expose());
        assert_eq!((user.last_login, user.date_joined), (None, after(1)));
    }
    assert!(store.find_user(id + 1).await.unwrap().is_none());
    assert!(store.find_user_by_username("Ada").await.unwrap().is_none());
}

pub(crate) async fn a_taken_name_or_id_makes_no_user(store: Store) {
    let id = user(&store, "ada").await;
    assert_eq!(store.create_user(&new_user("ada"), START).await.unwrap(), None);
    let twin = NewUser { id: Some(id), ..new_user("bob") };
    assert_eq!(store.create_user(&twin, START).await.unwrap(), None);
    assert_eq!(store.list_users(None, 10).await.unwrap().len(), 1);
    assert_eq!(kinds_of_events(&store).await, [EventKind::UserCreated]);
}

pub(crate) async fn a_given_id_is_kept_and_the_next_one_is_higher(store: Store) {
    let given = NewUser { id: Some(41), ..new_user("ada") };
    assert_eq!(store.create_user(&given, START).await.unwrap(), Some(41));
    assert!(user(&store, "bob").await > 41);
}

pub(crate) async fn an_import_skips_the_taken_and_keeps_the_rest(store: Store) {
    user(&store, "bob").await;
    let users = [new_user("ada"), new_user("bob"), NewUser { id: Some(7), ..new_user("cleo") }, new_user("ada")];
    let ids = store.create_users(&users, START).await.unwrap();
    assert!(ids[0].is_some() && ids[1].is_none() && ids[3].is_none());
    assert_eq!(ids[2], Some(7));
    assert_eq!(store.list_users(None, 10).await.unwrap().len(), 3);
    assert_eq!(store.create_users(&[], START).await.unwrap(), []);
}

pub(crate) async fn users_are_listed_by_any_field(store: Store) {
    let shared = |name: &str| NewUser {
        email: "both@example.com".to_owned(),
        first_name: "F".to_owned(),
        last_name: "L".to_owned(),
        ..new_user(name)
    };
    let ids = store.create_users(&[shared("ada"), shared("bob"), new_user("cleo")], START).await.unwrap();
    let by = async |field, text: &str, limit| {
        let users = store.list_users_by(field, &UserKey::Text(text.to_owned()), limit).await.unwrap();
        users.into_iter().map(|user| Some(user.id)).collect::<Vec<_>>()
    };
    assert_eq!(by(UserField::Email, "both@example.com", 10).await, ids[..2]);
    assert_eq!(by(UserField::Email, "both@example.com", 1).await, ids[..1]);
    assert_eq!(by(UserField::Username, "cleo", 10).await, ids[2..]);
    assert_eq!(by(UserField::FirstName, "F", 10).await, ids[..2]);
    assert_eq!(by(UserField::LastName, "L", 10).await, ids[..2]);
    assert_eq!(by(UserField::Username, "nobody", 10).await, []);
}

pub(crate) async fn a_number_is_looked_up_by_its_own_spelling_only(store: Store) {
    let id = user(&store, "12").await;
    let by = async |field, key| store.list_users_by(field, &key, 10).await.unwrap().len();
    assert_eq!(by(UserField::Id, UserKey::Id(id)).await, 1);
    assert_eq!(by(UserField::Id, UserKey::Text(id.to_string())).await, 1);
    assert_eq!(by(UserField::Username, UserKey::Id(12)).await, 1);
    for text in [format!(" {id}"), format!("+{id}"), format!("0{id}"), format!("{id}.0"), format!("{id} OR 1=1")] {
        assert_eq!(by(UserField::Id, UserKey::Text(text)).await, 0);
    }
    assert_eq!(by(UserField::Id, UserKey::Text("9".repeat(40))).await, 0);
}

pub(crate) async fn users_are_listed_in_pages(store: Store) {
    for name in ["ada", "bob", "cleo"] {
        user(&store, name).await;
    }
    let first = store.list_users(None, 2).await.unwrap();
    assert_eq!(first.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["ada", "bob"]);
    let second = store.list_users(Some(first[1].id), 2).await.unwrap();
    assert_eq!(second.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["cleo"]);
}

pub(crate) async fn the_first_superuser_is_noticed(store: Store) {
    user(&store, "ada").await;
    assert!(!store.is_any_superuser().await.unwrap());
    let root = NewUser { is_superuser: true, ..new_user("root") };
    store.create_user(&root, START).await.unwrap().unwrap();
    assert!(store.is_any_superuser().await.unwrap());
}

pub(crate) async fn a_better_hash_does_not_undo_a_changed_password(store: Store) {
    let id = user(&store, "ada").await;
    let old = store.find_user(id).await.unwrap().unwrap().password;
    let (changed, better) = (Secret::from("changed"), Secret::from("better"));
    assert!(store.update_password(id, &changed, None, START).await.unwrap());
    assert!(!store.update_password(id, &better, Some(&old), START).await.unwrap());
    assert_eq!(store.find_user(id).await.unwrap().unwrap().password.expose(), "changed");
    assert!(store.update_password(id, &better, Some(&changed), START).await.unwrap());
    assert_eq!(store.find_user(id).await.unwrap().unwrap().password.expose(), "better");
    assert!(!store.update_password(id + 1, &better, None, START).await.unwrap());
}

pub(crate) async fn last_login_is_kept_to_the_microsecond(store: Store) {
    let id = user(&store, "ada").await;
    for moment in [after(5), after(5) + Duration::from_micros(1), after(5) + Duration::from_millis(250)] {
        assert!(store.update_last_login(id, moment).await.unwrap());
        assert_eq!(store.find_user(id).await.unwrap().unwrap().last_login, Some(moment));
    }
    assert!(!store.update_last_login(id + 1, START).await.unwrap());
}

pub(crate) async fn locking_a_user_is_an_event_once(store: Store) {
    let id = user(&store, "ada").await;
    assert!(store.update_is_active(id, false, after(1)).await.unwrap());
    assert!(store.update_is_active(id, false, after(2)).await.unwrap());
    assert!(!store.find_user(id).await.unwrap().unwrap().is_active);
    assert!(store.update_is_active(id, true, after(3)).await.unwrap());
    assert!(store.find_user(id).await.unwrap().unwrap().is_active);
    assert!(!store.update_is_active(id + 1, false, after(4)).await.unwrap());
    let events = store.list_events(None, 10).await.unwrap();
    let changes: Vec<_> = events
        .iter()
        .filter(|event| event.event.kind == EventKind::UserChanged)
        .map(|event| (event.event.at, event.event.user_id, event.event.detail.as_deref()))
        .collect();
    assert_eq!(changes, [(after(1), Some(id), Some("is_active=false")), (after(3), Some(id), Some("is_active=true"))]);
}

pub(crate) async fn a_deleted_user_leaves_the_ledger_behind(store: Store) {
    let id = user(&store, "ada").await;
    let key = family(&store, 1, Some(id)).await;
    let token = jeton_store::SingleToken {
        jti: "foreign".to_owned(),
        user_id: Some(id),
        created_at: START,
        expires_at: after(60),
    };
    assert!(store.blacklist_token(&token, START, None).await.unwrap());
    assert!(store.delete_user(id, false, after(1)).await.unwrap());
    assert!(store.find_user(id).await.unwrap().is_none());
    let family = store.find_family(key).await.unwrap().unwrap();
    assert_eq!((family.user_id, family.state.revoked), (None, false));
    assert_eq!(store.find_blacklisted_token("foreign").await.unwrap().unwrap().token.user_id, None);
    let last = store.list_events(None, 10).await.unwrap().pop().unwrap().event;
    assert_eq!((last.kind, last.user_id, last.at), (EventKind::UserDeleted, Some(id), after(1)));
}

pub(crate) async fn a_deleted_users_families_end_if_asked(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    let (hers, his) = (family(&store, 1, Some(ada)).await, family(&store, 2, Some(bob)).await);
    assert!(store.delete_user(ada, true, after(1)).await.unwrap());
    let ended = store.find_family(hers).await.unwrap().unwrap();
    assert_eq!((ended.user_id, ended.revoked_at), (None, Some(after(1))));
    assert_eq!(ended.revoke_reason.as_deref(), Some("user_deleted"));
    assert!(!store.find_family(his).await.unwrap().unwrap().state.revoked);
}

pub(crate) async fn deleting_nobody_changes_nothing(store: Store) {
    let id = user(&store, "ada").await;
    let key = family(&store, 1, Some(id)).await;
    assert!(!store.delete_user(id + 1, true, START).await.unwrap());
    assert!(!store.find_family(key).await.unwrap().unwrap().state.revoked);
    assert_eq!(kinds_of_events(&store).await, [EventKind::UserCreated]);
}

pub(crate) async fn creating_a_user_is_an_event(store: Store) {
    let id = store.create_user(&new_user("ada"), after(9)).await.unwrap();
    let event = store.list_events(None, 10).await.unwrap().pop().unwrap().event;
    assert_eq!((event.kind, event.user_id, event.at), (EventKind::UserCreated, id, after(9)));
}

pub(crate) async fn a_user_whose_home_is_elsewhere_is_mirrored_without_a_password(store: Store) {
    let bob = user(&store, "bob").await;
    let elsewhere = User { email: "b@example.com".to_owned(), ..User::new(41, "bob", "a hash") };
    store.mirror_user(&elsewhere).await.unwrap();
    store.mirror_user(&User { is_active: false, ..elsewhere }).await.unwrap();
    let mirrored = store.find_user(41).await.unwrap().unwrap();
    assert_eq!((mirrored.username.as_str(), mirrored.email.as_str()), ("bob", "b@example.com"));
    assert_eq!((mirrored.password.expose().as_str(), mirrored.is_active), ("!", false));
    assert_ne!(store.find_user(bob).await.unwrap().unwrap().username, "bob", "the name has moved on");
    let family = family(&store, 1, Some(41)).await;
    assert_eq!(store.find_family(family).await.unwrap().unwrap().user_id, Some(41));
}
