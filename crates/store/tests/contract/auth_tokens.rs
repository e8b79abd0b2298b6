//! Auth tokens.

use jeton_store::{AuthToken, AuthTokenTerms, EventKind, NewAuthToken, PasswordEnds, Store};
use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;

use crate::{START, after, user};

fn digest(number: u8) -> [u8; 32] {
    [number; 32]
}

/// A token that is told once.
fn new(number: u8, user_id: i64, created_at: Timestamp) -> NewAuthToken {
    let token = AuthToken {
        id: format!("token-{number:02}"),
        user_id,
        name: format!("device {number}"),
        sealed: None,
        created_at,
        expires_at: None,
    };
    NewAuthToken { token, digest: digest(number) }
}

/// One that is told again and again.
fn kept(number: u8, user_id: i64) -> NewAuthToken {
    let mut new = new(number, user_id, START);
    new.token.sealed = Some(vec![number; 68]);
    new
}

async fn create(store: &Store, new: &NewAuthToken) -> bool {
    store.create_auth_token(new, AuthTokenTerms::default(), None).await.unwrap()
}

async fn ids(store: &Store, user_id: i64) -> Vec<String> {
    let tokens = store.list_auth_tokens(Some(user_id), None, 100).await.unwrap();
    tokens.into_iter().map(|token| token.id).collect()
}

async fn events(store: &Store, kind: EventKind) -> Vec<(Timestamp, Option<i64>, Option<String>)> {
    let events = store.list_events(None, 1000).await.unwrap().into_iter().map(|event| event.event);
    events.filter(|event| event.kind == kind).map(|event| (event.at, event.user_id, event.detail)).collect()
}

pub(crate) async fn an_auth_token_is_found_by_its_digest(store: Store) {
    let ada = user(&store, "ada").await;
    let mut token = new(1, ada, after(3));
    token.token.expires_at = Some(after(60));
    assert!(store.create_auth_token(&token, AuthTokenTerms::default(), Some("::1".to_owned())).await.unwrap());
    assert_eq!(store.find_auth_token(&digest(1)).await.unwrap(), Some(token.token));
    assert_eq!(store.find_auth_token(&digest(2)).await.unwrap(), None);
    assert_eq!(store.find_kept_auth_token(ada).await.unwrap(), None);
    let event = store.list_events(None, 10).await.unwrap().pop().unwrap().event;
    assert_eq!((event.kind, event.user_id, event.at), (EventKind::AuthTokenCreated, Some(ada), after(3)));
    assert_eq!((event.detail.as_deref(), event.address.as_deref()), (Some("token-01"), Some("::1")));
}

pub(crate) async fn a_user_has_one_kept_auth_token(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    assert!(create(&store, &kept(1, ada)).await);
    assert!(!create(&store, &kept(2, ada)).await);
    assert!(create(&store, &kept(3, bob)).await && create(&store, &new(4, ada, START)).await);
    assert_eq!(store.find_kept_auth_token(ada).await.unwrap(), Some(kept(1, ada).token));
    assert_eq!(store.find_auth_token(&digest(2)).await.unwrap(), None);
    assert_eq!(events(&store, EventKind::AuthTokenCreated).await.len(), 3);
}

pub(crate) async fn sixty_four_at_once_make_one_kept_auth_token(store: Store) {
    let ada = user(&store, "ada").await;
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { create(&store, &kept(number, ada)).await })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.unwrap());
    }
    assert_eq!((made, ids(&store, ada).await.len()), (1, 1));
}

pub(crate) async fn a_taken_id_or_digest_makes_no_auth_token(store: Store) {
    let ada = user(&store, "ada").await;
    assert!(create(&store, &new(1, ada, START)).await);
    assert!(!create(&store, &new(1, ada, START)).await);
    let mut same_digest = new(2, ada, START);
    same_digest.digest = digest(1);
    assert!(!create(&store, &same_digest).await);
    assert!(!create(&store, &new(3, ada + 1, START)).await, "nobody's");
    assert_eq!(ids(&store, ada).await, ["token-01"]);
    assert_eq!(events(&store, EventKind::AuthTokenCreated).await.len(), 1);
}

pub(crate) async fn an_auth_token_is_replaced_once(store: Store) {
    let ada = user(&store, "ada").await;
    assert!(create(&store, &kept(1, ada)).await);
    let replaces = AuthTokenTerms { replaces: Some("token-01"), ..AuthTokenTerms::default() };
    assert!(store.create_auth_token(&kept(2, ada), replaces, None).await.unwrap());
    assert!(!store.create_auth_token(&kept(3, ada), replaces, None).await.unwrap());
    assert_eq!(ids(&store, ada).await, ["token-02"]);
    assert_eq!(events(&store, EventKind::AuthTokenEnded).await, [(START, Some(ada), Some("token-01".to_owned()))]);
}

pub(crate) async fn no_auth_token_for_a_password_that_was_changed(store: Store) {
    let ada = user(&store, "ada").await;
    let password = store.find_user(ada).await.unwrap().unwrap().password;
    let terms = AuthTokenTerms { if_password: Some(&password), ..AuthTokenTerms::default() };
    assert!(store.create_auth_token(&new(1, ada, START), terms, None).await.unwrap());
    assert!(
        store
            .change_password(
                ada,
                &Secret::from("changed"),
                PasswordEnds { auth_tokens: false, families: false },
                after(1)
            )
            .await
            .unwrap()
    );
    assert!(!store.create_auth_token(&new(2, ada, START), terms, None).await.unwrap());
    assert_eq!(ids(&store, ada).await, ["token-01"]);
}

pub(crate) async fn a_new_password_ends_auth_tokens_if_asked(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    assert!(create(&store, &kept(1, ada)).await && create(&store, &new(2, ada, START)).await);
    assert!(create(&store, &new(3, bob, START)).await);
    assert!(
        store
            .change_password(
                ada,
                &Secret::from("changed"),
                PasswordEnds { auth_tokens: true, families: false },
                after(1)
            )
            .await
            .unwrap()
    );
    assert_eq!(store.find_user(ada).await.unwrap().unwrap().password.expose(), "changed");
    assert_eq!((ids(&store, ada).await.len(), ids(&store, bob).await.len()), (0, 1));
    assert_eq!(events(&store, EventKind::AuthTokenEnded).await.len(), 2);
    assert_eq!(events(&store, EventKind::PasswordChanged).await, [(after(1), Some(ada), None)]);
    assert!(
        !store
            .change_password(
                bob + 1,
                &Secret::from("changed"),
                PasswordEnds { auth_tokens: true, families: false },
                after(2)
            )
            .await
            .unwrap()
    );
    assert_eq!(events(&store, EventKind::PasswordChanged).await.len(), 1, "an event tells of a change");
}

pub(crate) async fn beyond_the_limit_the_oldest_auth_tokens_end(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    assert!(create(&store, &kept(90, ada)).await && create(&store, &new(91, bob, START)).await);
    let terms = AuthTokenTerms { at_most: Some(3), ..AuthTokenTerms::default() };
    for number in 1..=5 {
        assert!(store.create_auth_token(&new(number, ada, after(number.into())), terms, None).await.unwrap());
    }
    assert_eq!(ids(&store, ada).await, ["token-03", "token-04", "token-05", "token-90"]);
    assert_eq!(ids(&store, bob).await, ["token-91"]);
    let ended = events(&store, EventKind::AuthTokenEnded).await;
    assert_eq!(
        ended.iter().map(|(at, _, id)| (*at, id.as_deref().unwrap())).collect::<Vec<_>>(),
        [(after(4), "token-01"), (after(5), "token-02"),]
    );
    // However old it is, the new one stays.
    let terms = AuthTokenTerms { at_most: Some(1), ..terms };
    assert!(store.create_auth_token(&new(6, ada, START), terms, None).await.unwrap());
    assert_eq!(ids(&store, ada).await, ["token-06", "token-90"]);
}

pub(crate) async fn expired_auth_tokens_go_when_one_is_made(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    for (number, owner, seconds) in [(1, ada, 10), (2, ada, 11), (3, bob, 10)] {
        let mut short = new(number, owner, START);
        short.token.expires_at = Some(after(seconds));
        assert!(create(&store, &short).await);
    }
    assert!(create(&store, &new(4, ada, after(10))).await);
    assert_eq!(ids(&store, ada).await, ["token-02", "token-04"]);
    assert_eq!(ids(&store, bob).await, ["token-03"]);
}

pub(crate) async fn an_auth_token_ends_once_with_one_event(store: Store) {
    let ada = user(&store, "ada").await;
    assert!(create(&store, &new(1, ada, START)).await);
    assert!(!store.delete_auth_token("token-02", after(1)).await.unwrap());
    assert!(store.delete_auth_token("token-01", after(2)).await.unwrap());
    assert!(!store.delete_auth_token("token-01", after(3)).await.unwrap());
    assert_eq!(events(&store, EventKind::AuthTokenEnded).await, [(after(2), Some(ada), Some("token-01".to_owned()))]);
    assert!(create(&store, &new(2, ada, START)).await && create(&store, &kept(3, ada)).await);
    assert_eq!(store.delete_auth_tokens_of(ada, after(4)).await.unwrap(), 2);
    assert_eq!(store.delete_auth_tokens_of(ada, after(5)).await.unwrap(), 0);
    assert_eq!(events(&store, EventKind::AuthTokenEnded).await.len(), 3);
}

pub(crate) async fn auth_tokens_go_with_their_user(store: Store) {
    let ada = user(&store, "ada").await;
    assert!(create(&store, &kept(1, ada)).await);
    assert!(store.delete_user(ada, false, after(1)).await.unwrap());
    assert_eq!(store.find_auth_token(&digest(1)).await.unwrap(), None);
}

pub(crate) async fn auth_tokens_are_listed_in_pages(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    for (number, owner) in [(1, ada), (2, bob), (3, ada)] {
        assert!(create(&store, &new(number, owner, START)).await);
    }
    let page = async |after: Option<&str>, limit| {
        let tokens = store.list_auth_tokens(None, after, limit).await.unwrap();
        tokens.into_iter().map(|token| token.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, ["token-01", "token-02"]);
    assert_eq!(page(Some("token-02"), 2).await, ["token-03"]);
    assert_eq!(ids(&store, ada).await, ["token-01", "token-03"]);
}
