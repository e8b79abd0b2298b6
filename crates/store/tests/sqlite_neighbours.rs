//! Other processes at the same file: what they see, and what a store does while they hold it.

#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jeton_store::{EventKind, FamilyKind, NewEvent, NewFamily, NewUser, OpenMode, Rotation, Store, StoreError};
use jeton_token::id::{FamilyKey, Generation};
use jeton_token::rotation::EndReason;
use jeton_token::time::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_seconds(1_795_206_398);

fn store() -> (TempDir, PathBuf, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jeton.db");
    let store = open(&path);
    (folder, path, store)
}

fn open(path: &std::path::Path) -> Store {
    Store::open(&format!("sqlite://{}", path.display()), OpenMode::Create, NOW).unwrap()
}

fn user(username: &str) -> NewUser {
    NewUser::new(username, "!")
}

fn family(key: FamilyKey) -> NewFamily {
    NewFamily {
        key,
        kind: FamilyKind::Refresh,
        user_id: None,
        created_at: NOW,
        token_expires_at: NOW.seconds(),
        expires_at: NOW,
        agent: None,
        user_agent: None,
        address: None,
    }
}

fn is_visible(other: &Connection, username: &str) -> bool {
    other.query_row("SELECT 1 FROM auth_user WHERE username = ?1", [username], |_| Ok(())).is_ok()
}

/// In a build that answers before the commit this is the other way round, or the crash test could not find it out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_acknowledged_write_is_visible_to_others_when_the_answer_comes() {
    let (_folder, path, store) = store();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let (store, path) = (store.clone(), path.clone());
            tokio::spawn(async move {
                let other = Connection::open(path).unwrap();
                let mut early = 0;
                for number in 0..20 {
                    let name = format!("user-{task}-{number}");
                    store.create_user(&user(&name), NOW).await.unwrap().unwrap();
                    early += usize::from(!is_visible(&other, &name));
                }
                early
            })
        })
        .collect();
    let mut early = 0;
    for task in tasks {
        early += task.await.unwrap();
    }
    assert_eq!(early > 0, cfg!(feature = "answer-before-commit"), "{early} answers came before their commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_lock_is_waited_out_and_reads_go_on() {
    let (_folder, path, store) = store();
    let id = store.create_user(&user("ada"), NOW).await.unwrap().unwrap();
    let other = Connection::open(path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let writing = tokio::spawn({
        let store = store.clone();
        async move { store.update_last_login(id, NOW).await }
    });
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(300) {
        assert_eq!(store.find_user(id).await.unwrap().unwrap().last_login, None);
    }
    assert!(!writing.is_finished());
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(writing.await.unwrap(), Ok(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_lock_is_an_error_and_writing_goes_on_after_it() {
    let (_folder, path, store) = store();
    let other = Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    let (first, second) = (user("ada"), user("bob"));
    let (first, second) = tokio::join!(store.create_user(&first, NOW), store.create_user(&second, NOW));
    assert_eq!(first, Err(StoreError::Busy));
    assert!(matches!(second, Err(StoreError::Busy)));
    assert!(begun.elapsed() >= Duration::from_secs(5));
    assert!(matches!(store.find_user(1).await, Ok(None)), "reads go on");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(store.create_user(&user("ada"), NOW).await.unwrap().is_some());
    store.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_stores_at_one_file_rotate_each_generation_once() {
    let (_folder, path, first) = store();
    let second = open(&path);
    let key = key(1);
    assert!(first.create_family(&family(key), None).await.unwrap());
    let rotation = |presented| Rotation {
        key,
        presented: Generation(presented),
        at: NOW,
        agent: None,
        blacklist: true,
        token_expires_at: NOW.seconds(),
        expires_at: NOW,
        created_from: None,
    };
    for presented in 0..50 {
        let rotation = rotation(presented);
        let (a, b, c, d) = tokio::join!(
            first.rotate(&rotation),
            second.rotate(&rotation),
            first.rotate(&rotation),
            second.rotate(&rotation)
        );
        let won = [a, b, c, d].into_iter().filter(|row| row.as_ref().unwrap().is_some()).count();
        assert_eq!(won, 1);
    }
    assert_eq!(second.find_family(key).await.unwrap().unwrap().state.generation, Generation(50));
}

#[tokio::test]
async fn the_table_of_users_is_djangos() {
    let (_folder, path, store) = store();
    let expected = [
        ("id", "INTEGER", 1, 1),
        ("password", "varchar(128)", 1, 0),
        ("last_login", "datetime", 0, 0),
        ("is_superuser", "bool", 1, 0),
        ("username", "varchar(150)", 1, 0),
        ("last_name", "varchar(150)", 1, 0),
        ("email", "varchar(254)", 1, 0),
        ("is_staff", "bool", 1, 0),
        ("is_active", "bool", 1, 0),
        ("date_joined", "datetime", 1, 0),
        ("first_name", "varchar(150)", 1, 0),
    ];
    let other = Connection::open(path).unwrap();
    let mut columns = other.prepare("PRAGMA table_info(auth_user)").unwrap();
    let found: Vec<(String, String, i64, Option<String>, i64)> = columns
        .query_map([], |row| Ok((row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|(name, kind, not_null, default, key)| {
            assert_eq!(*default, None);
            (name.as_str(), kind.as_str(), *not_null, *key)
        })
        .collect();
    let lower = |kind: &str| kind.to_lowercase();
    for ((name, kind, not_null, key), found) in expected.into_iter().zip(&found) {
        assert_eq!((name, lower(kind), not_null, key), (found.0, lower(found.1), found.2, found.3));
    }
    assert_eq!(found.len(), expected.len());
    let index = "SELECT COUNT(*) FROM pragma_index_list('auth_user') WHERE \"unique\" = 1";
    assert_eq!(other.query_row(index, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
    let sequence = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'auth_user' AND sql LIKE '%AUTOINCREMENT%'";
    assert_eq!(other.query_row(sequence, [], |row| row.get::<_, i64>(0)).unwrap(), 1);

    let id = store.create_user(&user("ada"), NOW).await.unwrap().unwrap();
    store.update_last_login(id, NOW + Duration::from_micros(123_456)).await.unwrap();
    let row = "SELECT typeof(date_joined), date_joined, typeof(last_login), last_login, typeof(is_active), is_active \
        FROM auth_user";
    let written: (String, String, String, String, String, i64) = other
        .query_row(row, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)))
        .unwrap();
    let text = |text: &str| text.to_owned();
    let expected = (
        text("text"),
        text("2026-11-20 20:26:38"),
        text("text"),
        text("2026-11-20 20:26:38.123456"),
        text("integer"),
        1,
    );
    assert_eq!(written, expected);
}

/// As another process does, in one transaction; at the end perhaps of a family that no version can have written.
fn tell_of_ends(other: &mut Connection, families: Range<u32>, nonsense: Option<&[u8]>) {
    let log = other.transaction().unwrap();
    for number in families {
        log.execute(TELL, (key(number).as_bytes(), NOW.micros())).unwrap();
    }
    if let Some(nonsense) = nonsense {
        log.execute(TELL, (nonsense, NOW.micros())).unwrap();
    }
    log.commit().unwrap();
}

fn key(number: u32) -> FamilyKey {
    FamilyKey::new(NOW, number.to_be_bytes())
}

const NONSENSE: &[u8] = b"no key";
const TELL: &str = "INSERT INTO jeton_change (at, kind, family, expires_at) VALUES (0, 'family_ended', ?1, ?2)";

#[tokio::test]
async fn of_a_change_log_that_could_not_be_read_to_its_end_everything_is_read_again() {
    let (_folder, path, store) = store();
    let mut other = Connection::open(path).unwrap();
    let mut follower = store.follow();
    assert_eq!(follower.next().await.unwrap(), []);
    // In its first minute it looks further back.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    // More than one page, and more than it reads twice at any time.
    tell_of_ends(&mut other, 0..1500, Some(NONSENSE));
    for _ in 0..2 {
        assert_eq!(follower.next().await, Err(StoreError::Content { column: "jeton_change.family" }));
    }
    other.execute("DELETE FROM jeton_change WHERE family = ?1", [NONSENSE]).unwrap();
    let told: HashSet<_> = follower.next().await.unwrap().iter().filter_map(|change| change.family).collect();
    assert!((0..1500).all(|number| told.contains(&key(number))));
}

#[tokio::test]
async fn an_end_is_not_answered_as_known_where_the_change_log_could_not_be_read() {
    let (_folder, path, store) = store();
    let key = key(1);
    assert!(store.create_family(&family(key), None).await.unwrap());
    let mut follower = store.follow();
    assert_eq!(follower.next().await.unwrap(), []);
    tell_of_ends(&mut Connection::open(path).unwrap(), 0..0, Some(NONSENSE));
    let ending = async {
        let begun = Instant::now();
        let event = NewEvent {
            at: NOW,
            kind: EventKind::FamilyEnded,
            user_id: None,
            family: Some(key),
            address: None,
            detail: None,
        };
        assert!(store.end_family(key, EndReason::Logout, None, NOW, &event).await.unwrap());
        begun.elapsed()
    };
    let following = async {
        loop {
            assert!(follower.next().await.is_err());
        }
    };
    let waited = tokio::select! {
        waited = ending => waited,
        () = following => unreachable!("it goes on for ever"),
    };
    assert!(waited >= Duration::from_secs(1), "{waited:?}: nobody has heard of it");
}
