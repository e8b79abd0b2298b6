//! Sign-ins: what a user is signed in with, and how many there may be.

use jeton_store::{
    ChangeKind, EventKind, FamilyKind, NewFamily, NewSession, Opened, SessionDigest, SessionId, SignIn, SignInCap,
    SignInCursor, SignInId, SignInKind, Store, WhenFull,
};
use jeton_token::id::FamilyKey;
use jeton_token::rotation::EndReason;

use crate::{DAY, START, after, event, family, key, kinds_of_events, new_family, rotate, user};

const HASH: [u8; 32] = [7; 32];

fn session_id(number: u32) -> SessionId {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    SessionId(id)
}

fn digest(number: u32) -> SessionDigest {
    SessionDigest::of(&format!("key {number}"))
}

fn new_session(number: u32, user_id: i64, seconds: u64) -> NewSession {
    NewSession {
        digest: digest(number),
        id: session_id(number),
        user_id,
        auth_hash: HASH,
        created_at: after(seconds),
        expires_at: START + DAY,
        user_agent: Some("browser".to_owned()),
        address: Some("::1".to_owned()),
    }
}

async fn session(store: &Store, number: u32, user_id: i64, seconds: u64) {
    let new = new_session(number, user_id, seconds);
    let opened = store.create_session_within(&new, None, None, &event(EventKind::SignedIn, None)).await;
    assert_eq!(opened.unwrap(), Opened::Done);
}

async fn list(store: &Store, user_id: i64) -> Vec<SignIn> {
    store.list_sign_ins(user_id, HASH, None, 100, after(100)).await.unwrap()
}

async fn ids(store: &Store, user_id: i64) -> Vec<SignInId> {
    list(store, user_id).await.into_iter().map(|sign_in| sign_in.id).collect()
}

fn cap(at_most: u32, when_full: WhenFull) -> SignInCap {
    SignInCap { at_most, when_full, auth_hash: HASH }
}

async fn login(store: &Store, number: u32, user_id: i64, cap: &SignInCap, seconds: u64) -> Opened {
    let new = NewFamily { created_at: after(seconds), ..new_family(key(number), Some(user_id)) };
    let signed_in = jeton_store::NewEvent { at: after(seconds), ..event(EventKind::SignedIn, Some(key(number))) };
    store.create_family_within(&new, Some(cap), &signed_in).await.unwrap()
}

async fn browse(store: &Store, number: u32, user_id: i64, replaces: Option<u32>, cap: &SignInCap, at: u64) -> Opened {
    let signed_in = jeton_store::NewEvent { at: after(at), ..event(EventKind::SignedIn, None) };
    store
        .create_session_within(&new_session(number, user_id, at), replaces.map(digest), Some(cap), &signed_in)
        .await
        .unwrap()
}

fn of_family(number: u32) -> SignInId {
    SignInId::Family(key(number))
}

fn of_session(number: u32) -> SignInId {
    SignInId::Session(session_id(number))
}

pub(crate) async fn sign_ins_of_all_kinds_are_one_list_with_the_newest_first(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    let told = NewFamily {
        user_agent: Some("app".to_owned()),
        address: Some("10.0.0.1".to_owned()),
        ..new_family(key(1), Some(ada))
    };
    assert!(store.create_family(&told, None).await.unwrap());
    let sliding = NewFamily { kind: FamilyKind::Sliding, created_at: after(9), ..new_family(key(2), Some(ada)) };
    assert!(store.create_family(&sliding, None).await.unwrap());
    session(&store, 3, ada, 5).await;
    family(&store, 4, Some(bob)).await;
    rotate(&store, key(1), 3, true).await;
    let found = list(&store, ada).await;
    let facts: Vec<_> = found.iter().map(|it| (it.id, it.kind, it.created_at, it.last_used_at)).collect();
    assert_eq!(
        facts,
        [
            (of_family(2), SignInKind::Sliding, after(9), after(9)),
            (of_session(3), SignInKind::Session, after(5), after(5)),
            (of_family(1), SignInKind::Refresh, START, after(2)),
        ]
    );
    assert_eq!((found[1].user_agent.as_deref(), found[1].address.as_deref()), (Some("browser"), Some("::1")));
    assert_eq!((found[2].user_agent.as_deref(), found[2].address.as_deref()), (Some("app"), Some("10.0.0.1")));
    assert_eq!(
        (found[0].expires_at, found[1].expires_at, found[2].expires_at),
        (START + DAY, START + DAY, after(2) + DAY)
    );
    assert_eq!(store.find_sign_in(of_session(3), after(9)).await.unwrap().as_ref(), Some(&found[1]));
    assert_eq!(store.find_sign_in(of_family(1), after(9)).await.unwrap().as_ref(), Some(&found[2]));
    assert_eq!(found[1].user_id, Some(ada));
}

pub(crate) async fn what_ended_ran_out_or_is_of_another_password_is_no_sign_in(store: Store) {
    let ada = user(&store, "ada").await;
    for number in 1..=3 {
        family(&store, number, Some(ada)).await;
        session(&store, number, ada, 1).await;
    }
    let ended = event(EventKind::SignedOut, Some(key(1)));
    assert!(store.end_family(key(1), EndReason::Logout, None, after(3), &ended).await.unwrap());
    assert!(store.end_session(session_id(1), &ended).await.unwrap());
    assert!(!store.end_session(session_id(1), &ended).await.unwrap());
    assert_eq!(ids(&store, ada).await, [of_session(3), of_session(2), of_family(3), of_family(2)]);
    for gone in [of_family(1), of_session(1), of_family(99), of_session(99)] {
        assert_eq!(store.find_sign_in(gone, after(9)).await.unwrap(), None);
    }
    let other = store.list_sign_ins(ada, [8; 32], None, 100, after(9)).await.unwrap();
    assert!(other.iter().all(|it| it.kind == SignInKind::Refresh) && other.len() == 2);
    assert_eq!(store.list_sign_ins(ada, HASH, None, 100, START + DAY).await.unwrap(), []);
    assert_eq!(store.find_sign_in(of_family(2), START + DAY).await.unwrap(), None);
    assert_eq!(store.find_sign_in(of_session(2), START + DAY).await.unwrap(), None);
    let events = kinds_of_events(&store).await;
    assert_eq!(events.iter().filter(|kind| **kind == EventKind::SignedOut).count(), 2);
}

pub(crate) async fn a_session_that_goes_on_was_used_then(store: Store) {
    let ada = user(&store, "ada").await;
    session(&store, 1, ada, 1).await;
    let signed_in = event(EventKind::SignedIn, None);
    assert!(store.renew_session(digest(1), ada, after(7), START + 2 * DAY, &signed_in).await.unwrap());
    let found = &list(&store, ada).await[0];
    assert_eq!((found.created_at, found.last_used_at, found.expires_at), (after(1), after(7), START + 2 * DAY));
}

pub(crate) async fn sign_ins_are_listed_in_pages_without_gap_or_twin(store: Store) {
    let ada = user(&store, "ada").await;
    for number in 0..8 {
        family(&store, number, Some(ada)).await;
        session(&store, number, ada, 0).await;
    }
    let all = ids(&store, ada).await;
    assert_eq!(all.len(), 16);
    let (mut seen, mut past) = (Vec::new(), None);
    loop {
        let page = store.list_sign_ins(ada, HASH, past, 5, after(9)).await.unwrap();
        let Some(last) = page.last() else { break };
        let text = last.cursor().to_string();
        past = SignInCursor::parse(&text);
        assert_eq!(past, Some(last.cursor()), "{text}");
        seen.extend(page.iter().map(|it| it.id));
    }
    assert_eq!(seen, all);
    for text in ["", "-", "1", "x-1", "1-", "+1-00", "1-zz", &format!("1-{}", "0".repeat(64))] {
        assert_eq!(SignInCursor::parse(text), None, "{text}");
    }
}

pub(crate) async fn beyond_the_cap_those_that_were_not_used_for_longest_end(store: Store) {
    let (ada, bob) = (user(&store, "ada").await, user(&store, "bob").await);
    let newest = cap(3, WhenFull::NewestWins);
    family(&store, 100, Some(bob)).await;
    for number in 1..=2 {
        assert_eq!(login(&store, number, ada, &newest, u64::from(number)).await, Opened::Done);
    }
    assert_eq!(browse(&store, 3, ada, None, &newest, 3).await, Opened::Done);
    // The first is used, so the second is the one that was not used for longest; then the session.
    let rotation = crate::Rotation { at: after(10), ..crate::rotation(key(1), 0, 10) };
    assert!(store.rotate(&rotation).await.unwrap().is_some());
    assert_eq!(login(&store, 4, ada, &newest, 11).await, Opened::Done);
    let row = store.find_family(key(2)).await.unwrap().unwrap();
    assert_eq!((row.revoked_at, row.revoke_reason.as_deref()), (Some(after(11)), Some("newest_wins")));
    assert_eq!(ids(&store, ada).await, [of_family(4), of_session(3), of_family(1)]);
    assert_eq!(login(&store, 5, ada, &newest, 12).await, Opened::Done);
    assert_eq!(ids(&store, ada).await, [of_family(5), of_family(4), of_family(1)]);
    assert!(store.find_session(digest(3), after(12)).await.unwrap().is_none());
    let events = store.list_events(None, 100).await.unwrap();
    let ends: Vec<_> = events
        .iter()
        .map(|it| &it.event)
        .filter(|it| matches!(it.kind, EventKind::FamilyEnded | EventKind::SessionEnded))
        .map(|it| (it.kind, it.user_id, it.family, it.detail.as_deref(), it.at))
        .collect();
    assert_eq!(
        ends,
        [
            (EventKind::FamilyEnded, Some(ada), Some(key(2)), Some("newest_wins"), after(11)),
            (EventKind::SessionEnded, Some(ada), None, Some("newest_wins"), after(12)),
        ]
    );
    assert_eq!(ids(&store, bob).await, [of_family(100)]);
}

pub(crate) async fn a_lower_cap_ends_as_many_as_it_takes(store: Store) {
    let ada = user(&store, "ada").await;
    for number in 1..=4 {
        family(&store, number, Some(ada)).await;
        session(&store, number, ada, 2).await;
    }
    assert_eq!(browse(&store, 9, ada, None, &cap(2, WhenFull::NewestWins), 9).await, Opened::Done);
    assert_eq!(ids(&store, ada).await, [of_session(9), ids(&store, ada).await[1]]);
    assert_eq!(login(&store, 10, ada, &cap(1, WhenFull::NewestWins), 10).await, Opened::Done);
    assert_eq!(ids(&store, ada).await, [of_family(10)]);
}

pub(crate) async fn a_full_user_is_refused_and_nothing_changes(store: Store) {
    let ada = user(&store, "ada").await;
    let refuse = cap(2, WhenFull::Refuse);
    assert_eq!(login(&store, 1, ada, &refuse, 1).await, Opened::Done);
    assert_eq!(browse(&store, 2, ada, None, &refuse, 2).await, Opened::Done);
    let (before, last_login) = (kinds_of_events(&store).await, store.find_user(ada).await.unwrap().unwrap().last_login);
    assert_eq!(login(&store, 3, ada, &refuse, 3).await, Opened::Full);
    assert_eq!(browse(&store, 4, ada, None, &refuse, 4).await, Opened::Full);
    assert_eq!(kinds_of_events(&store).await, before);
    assert_eq!(store.find_user(ada).await.unwrap().unwrap().last_login, last_login);
    assert_eq!(ids(&store, ada).await, [of_session(2), of_family(1)]);
    // One that takes the place of another, and one after a logout.
    assert_eq!(browse(&store, 5, ada, Some(2), &refuse, 5).await, Opened::Done);
    assert_eq!(ids(&store, ada).await, [of_session(5), of_family(1)]);
    let ended = event(EventKind::SignedOut, Some(key(1)));
    store.end_family(key(1), EndReason::Logout, None, after(6), &ended).await.unwrap();
    assert_eq!(login(&store, 6, ada, &refuse, 7).await, Opened::Done);
    assert_eq!(login(&store, 6, ada, &cap(9, WhenFull::Refuse), 8).await, Opened::Taken);
    assert_eq!(login(&store, 6, ada, &cap(9, WhenFull::NewestWins), 8).await, Opened::Taken);
    assert_eq!(browse(&store, 7, ada + 7, None, &refuse, 8).await, Opened::Taken);
}

pub(crate) async fn a_session_of_another_password_takes_no_place(store: Store) {
    let ada = user(&store, "ada").await;
    session(&store, 1, ada, 1).await;
    let changed = SignInCap { auth_hash: [8; 32], ..cap(1, WhenFull::Refuse) };
    assert_eq!(login(&store, 2, ada, &changed, 2).await, Opened::Done);
    assert_eq!(login(&store, 3, ada, &changed, 3).await, Opened::Full);
}

pub(crate) async fn of_sixty_four_logins_at_once_no_more_stay_than_may(store: Store) {
    for (when_full, done) in [(WhenFull::NewestWins, 64), (WhenFull::Refuse, 5)] {
        let ada = user(&store, &format!("{when_full:?}")).await;
        let first = if when_full == WhenFull::Refuse { 1000 } else { 2000 };
        let logins = (first..first + 64).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let cap = cap(5, when_full);
                match number % 2 {
                    0 => login(&store, number, ada, &cap, 1).await,
                    _ => browse(&store, number, ada, None, &cap, 1).await,
                }
            })
        });
        let mut opened = Vec::new();
        for login in logins.collect::<Vec<_>>() {
            opened.push(login.await.unwrap());
        }
        assert_eq!(opened.iter().filter(|it| **it == Opened::Done).count(), done, "{when_full:?}");
        assert!(opened.iter().all(|it| *it != Opened::Taken));
        assert_eq!(list(&store, ada).await.len(), 5, "{when_full:?}");
        let events = store.list_events(None, 1000).await.unwrap();
        let ends = events.iter().filter(|it| it.event.detail.as_deref() == Some("newest_wins"));
        assert_eq!(ends.filter(|it| it.event.user_id == Some(ada)).count(), done - 5, "an event for each end");
    }
}

pub(crate) async fn logins_rotations_and_adoptions_at_once_leave_no_end_untold(store: Store) {
    let ada = user(&store, "ada").await;
    for number in 0..4 {
        family(&store, number, Some(ada)).await;
    }
    let tasks = (0..60_u32).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            match number % 3 {
                0 => _ = login(&store, 100 + number, ada, &cap(4, WhenFull::NewestWins), 1).await,
                1 => {
                    let rotation = crate::rotation(key(number % 4), number / 12, u64::from(number));
                    store.rotate(&rotation).await.unwrap();
                }
                _ => {
                    let new = new_family(key(200 + number), Some(ada));
                    assert!(store.adopt_token(&new, &format!("foreign {number}"), after(1), true).await.unwrap());
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let events = store.list_events(None, 1000).await.unwrap();
    let told: Vec<FamilyKey> =
        events.iter().filter(|it| it.event.kind == EventKind::FamilyEnded).filter_map(|it| it.event.family).collect();
    let changes = crate::changes::read(&mut store.follow(), told.len()).await;
    let heard: Vec<FamilyKey> =
        changes.iter().filter(|it| it.kind == ChangeKind::FamilyEnded).filter_map(|it| it.family).collect();
    assert_eq!(heard.len(), told.len());
    let numbers = (0..4).chain((0..60).map(|number| 100 + number)).chain((0..60).map(|number| 200 + number));
    for number in numbers {
        let Some(row) = store.find_family(key(number)).await.unwrap() else { continue };
        let count = told.iter().filter(|told| **told == key(number)).count();
        assert_eq!(count, usize::from(row.state.revoked), "family {number}");
        assert_eq!(heard.contains(&key(number)), row.state.revoked, "family {number}");
    }
}

pub(crate) async fn a_sign_in_from_the_future_that_gives_way_is_told_for_as_long_as_it_has_tokens(store: Store) {
    store.tell_ends_for(std::time::Duration::from_secs(300));
    let ada = user(&store, "ada").await;
    let cap = cap(1, WhenFull::NewestWins);
    assert_eq!(login(&store, 1, ada, &cap, 3600).await, Opened::Done);
    // Now the clock is right again.
    assert_eq!(login(&store, 2, ada, &cap, 10).await, Opened::Done);
    assert_eq!(login(&store, 3, ada, &cap, 20).await, Opened::Done);
    let told = crate::changes::read(&mut store.follow(), 2).await;
    let told: Vec<_> = told.iter().map(|change| (change.family, change.expires_at)).collect();
    assert_eq!(told, [(Some(key(1)), START + DAY), (Some(key(2)), after(320))]);
}
