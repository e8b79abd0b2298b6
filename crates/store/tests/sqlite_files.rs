//! Which files are opened, which are refused, and what becomes of a file under a running store.

#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

use std::fs;
use std::path::{Path, PathBuf};

use jeton_store::{NewUser, OpenMode, Store, StoreError};
use jeton_token::time::Timestamp;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_seconds(1_795_206_398);

struct Place {
    _folder: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jeton.db");
        Self { _folder: folder, path }
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.path.display())
    }

    fn create(&self) -> Result<Store, StoreError> {
        Store::open(&self.url(), OpenMode::Create, NOW)
    }

    fn refusal(&self) -> StoreError {
        for mode in [OpenMode::Create, OpenMode::Existing] {
            Store::open(&self.url(), mode, NOW).unwrap_err();
        }
        self.create().unwrap_err()
    }

    /// A database with some users in it, closed.
    async fn filled(users: usize) -> Self {
        let place = Self::new();
        let store = place.create().unwrap();
        let users: Vec<_> = (0..users).map(|number| user(&format!("user-{number}"))).collect();
        store.create_users(&users, NOW).await.unwrap();
        store.close().await.unwrap();
        place
    }

    fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(&self.path).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let names = fs::read_dir(self.path.parent().unwrap()).unwrap();
        let mut names: Vec<_> = names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn user(username: &str) -> NewUser {
    NewUser::new(username, "!")
}

#[tokio::test]
async fn a_new_database_is_private_and_closes_to_one_file() {
    let place = Place::filled(1).await;
    assert_eq!(place.files(), ["jeton.db"], "the log is gone, and nothing is left of the making");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&place.path).unwrap().permissions().mode() & 0o777, 0o600);
        let store = place.create().unwrap();
        store.update_last_login(1, NOW).await.unwrap();
        for file in place.files() {
            let file = place.path.with_file_name(file);
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let place = Place::filled(3).await;
    let store = Store::open(&place.url(), OpenMode::Existing, NOW).unwrap();
    assert_eq!(store.list_users(None, 10).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn closing_writes_what_is_queued_and_refuses_the_rest() {
    let place = Place::new();
    let store = place.create().unwrap();
    let writes: Vec<_> = (0..400)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.create_user(&user(&format!("user-{number}")), NOW).await })
        })
        .collect();
    while store.list_users(None, 1).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    store.close().await.unwrap();
    let mut acknowledged = Vec::new();
    for write in writes {
        match write.await.unwrap() {
            Ok(id) => acknowledged.push(id.unwrap()),
            Err(error) => assert_eq!(error, StoreError::Closed),
        }
    }
    acknowledged.sort_unstable();
    assert!(!acknowledged.is_empty());
    assert_eq!(place.files(), ["jeton.db"]);
    let store = place.create().unwrap();
    let found: Vec<_> = store.list_users(None, 1000).await.unwrap().iter().map(|user| user.id).collect();
    assert_eq!(found, acknowledged);
}

#[tokio::test]
async fn a_log_that_was_left_behind_is_read() {
    let place = Place::new();
    let store = place.create().unwrap();
    store.create_user(&user("ada"), NOW).await.unwrap().unwrap();
    let copy = Place::new();
    for ending in ["", "-wal"] {
        let with = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
        fs::copy(with(&place.path), with(&copy.path)).unwrap();
    }
    assert!(copy.create().unwrap().find_user_by_username("ada").await.unwrap().is_some());
}

#[test]
fn urls_that_name_no_database_are_refused() {
    for url in
        ["", "jeton.db", "sqlite:", "sqlite://", "sqlite:jeton.db", "postgres://user:hunter2@host/db", "sqlite::memory"]
    {
        let refusal = Store::open(url, OpenMode::Create, NOW).unwrap_err();
        assert_eq!(refusal, StoreError::Url, "{url}");
        assert!(!refusal.to_string().contains("hunter2"));
    }
}

#[test]
fn a_missing_folder_is_named() {
    let place = Place::new();
    let url = format!("sqlite://{}/nowhere/jeton.db", place.path.parent().unwrap().display());
    assert!(
        matches!(Store::open(&url, OpenMode::Create, NOW), Err(StoreError::FolderMissing { path }) if path.ends_with("nowhere"))
    );
}

#[test]
fn a_missing_database_is_made_only_if_asked() {
    let place = Place::new();
    assert!(matches!(Store::open(&place.url(), OpenMode::Existing, NOW), Err(StoreError::Missing { .. })));
    assert_eq!(place.files(), [] as [&str; 0]);
}

#[test]
fn an_empty_file_is_refused_and_stays_empty() {
    let place = Place::new();
    fs::write(&place.path, "").unwrap();
    assert!(matches!(place.refusal(), StoreError::Empty { .. }));
    assert_eq!(fs::metadata(&place.path).unwrap().len(), 0);
}

#[test]
fn a_database_without_tables_is_refused() {
    let place = Place::new();
    place.raw().execute_batch("PRAGMA user_version = 1; VACUUM;").unwrap();
    assert!(fs::metadata(&place.path).unwrap().len() > 0);
    assert!(matches!(place.refusal(), StoreError::Empty { .. }));
}

#[tokio::test]
async fn a_lost_database_whose_log_is_left_is_not_made_anew() {
    let place = Place::new();
    let store = place.create().unwrap();
    store.create_user(&user("ada"), NOW).await.unwrap().unwrap();
    fs::remove_file(&place.path).unwrap();
    assert!(matches!(place.refusal(), StoreError::Vanished { .. }));
    drop(store);
}

#[test]
fn a_file_of_another_kind_is_refused() {
    for content in ["hello", "SQLite format 3", &"x".repeat(10_000)] {
        let place = Place::new();
        fs::write(&place.path, content).unwrap();
        assert!(matches!(place.refusal(), StoreError::Damaged { .. }));
        assert_eq!(fs::read_to_string(&place.path).unwrap(), content);
    }
}

#[test]
fn a_folder_is_no_database() {
    let place = Place::new();
    fs::create_dir(&place.path).unwrap();
    assert!(matches!(place.refusal(), StoreError::Open { .. }));
}

#[tokio::test]
async fn a_database_cut_short_is_refused() {
    let place = Place::filled(2000).await;
    let whole = fs::read(&place.path).unwrap();
    for length in [100, 4096, 8192, whole.len() / 2, whole.len() - 4096] {
        fs::write(&place.path, &whole[..length]).unwrap();
        assert!(matches!(place.refusal(), StoreError::Damaged { .. }), "cut to {length}");
    }
}

#[tokio::test]
async fn a_database_with_a_damaged_page_is_refused() {
    let place = Place::filled(2000).await;
    let whole = fs::read(&place.path).unwrap();
    for page in [1, 2, 5, whole.len() / 4096 / 2, whole.len() / 4096 - 1] {
        let mut damaged = whole.clone();
        damaged[page * 4096..page * 4096 + 64].fill(0xA5);
        fs::write(&place.path, &damaged).unwrap();
        assert!(matches!(place.refusal(), StoreError::Damaged { .. }), "page {page}");
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let place = Place::new();
    place.raw().execute_batch("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine');").unwrap();
    let before = fs::read(&place.path).unwrap();
    assert!(matches!(place.refusal(), StoreError::NotOurs { .. }));
    assert_eq!(fs::read(&place.path).unwrap(), before);
}

#[test]
fn a_database_of_djangos_is_refused_by_name() {
    let place = Place::new();
    place.raw().execute_batch("CREATE TABLE auth_user (id integer PRIMARY KEY);").unwrap();
    let refusal = place.refusal();
    assert!(matches!(refusal, StoreError::Django { .. }));
    assert!(refusal.to_string().contains("Django"));
}

#[tokio::test]
async fn a_database_without_our_mark_is_refused() {
    let place = Place::filled(1).await;
    place.raw().pragma_update(None, "application_id", 7).unwrap();
    assert!(matches!(place.refusal(), StoreError::Damaged { .. }));
}

#[tokio::test]
async fn a_database_of_a_newer_jeton_is_refused() {
    let place = Place::filled(1).await;
    place.raw().execute("INSERT INTO jeton_migration VALUES (9999, 'future', '0', 0)", []).unwrap();
    let refusal = place.refusal();
    assert!(matches!(refusal, StoreError::Newer { found: 9999, .. }), "{refusal}");
}

#[tokio::test]
async fn a_database_made_by_an_edited_migration_is_refused() {
    let place = Place::filled(1).await;
    place.raw().execute("UPDATE jeton_migration SET digest = '0' WHERE number = 3", []).unwrap();
    assert!(matches!(place.refusal(), StoreError::EditedMigration { number: 3, name } if name == "blacklist"));
}

#[tokio::test]
async fn an_older_database_is_brought_up_to_date() {
    let place = Place::filled(1).await;
    let newest: u32 = place.raw().query_row("SELECT MAX(number) FROM jeton_migration", [], |row| row.get(0)).unwrap();
    place.raw().execute_batch("DELETE FROM jeton_migration WHERE number >= 9;").unwrap();
    for younger in [
        "auth_user_groups",
        "auth_group",
        "jeton_change",
        "jeton_signing_key",
        "jeton_address_limit",
        "jeton_session",
        "jeton_login_limit",
    ] {
        place.raw().execute_batch(&format!("DROP TABLE {younger};")).unwrap();
    }
    for older in
        [include_str!("../migrations/sqlite/0006_session.sql"), include_str!("../migrations/sqlite/0008_limit.sql")]
    {
        place.raw().execute_batch(older).unwrap();
    }
    let store = Store::open(&place.url(), OpenMode::Existing, NOW).unwrap();
    assert_eq!(store.facts().await.unwrap().schema_version, newest);
    assert_eq!(store.list_groups(None, 1).await.unwrap(), []);
}

#[test]
fn sessions_from_before_they_had_names_get_one_each() {
    let raw = rusqlite::Connection::open_in_memory().unwrap();
    raw.execute_batch(include_str!("../migrations/sqlite/0001_users.sql")).unwrap();
    raw.execute_batch(include_str!("../migrations/sqlite/0006_session.sql")).unwrap();
    let session = "INSERT INTO jeton_session (digest, auth_hash, created_at, expires_at, address) \
        VALUES (randomblob(32), zeroblob(32), 1, 2, '::1')";
    (0..50).for_each(|_| assert_eq!(raw.execute(session, []).unwrap(), 1));
    raw.execute_batch(include_str!("../migrations/sqlite/0012_devices.sql")).unwrap();
    assert_eq!(raw.execute(session, []).unwrap(), 1, "a server of before that is still running goes on");
    let found = "SELECT COUNT(DISTINCT id), MIN(LENGTH(id)), COUNT(address), COUNT(renewed_at) FROM jeton_session";
    let found: [i64; 4] =
        raw.query_row(found, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])).unwrap();
    assert_eq!(found, [51, 16, 51, 0]);
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_database_as_it_was() {
    let place = Place::filled(1).await;
    let spoil = "DELETE FROM jeton_migration WHERE number >= 4; DROP TABLE jeton_event;";
    place.raw().execute_batch(spoil).unwrap();
    assert!(matches!(place.refusal(), StoreError::Migration { number: 5, .. }));
    let tables = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'jeton_event'";
    assert_eq!(place.raw().query_row(tables, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn two_that_start_at_once_make_one_database() {
    let place = Place::new();
    let open = || place.create().map(drop);
    let results = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(results, [const { Ok(()) }; 4]);
    assert_eq!(place.files().iter().filter(|name| name.contains("new")).count(), 0);
}

#[tokio::test]
async fn a_file_that_is_emptied_while_in_use_is_an_error_and_no_empty_table() {
    let place = Place::filled(500).await;
    let store = place.create().unwrap();
    fs::OpenOptions::new().write(true).open(&place.path).unwrap().set_len(0).unwrap();
    for id in [1, 250, 500] {
        assert!(!matches!(store.find_user(id).await, Ok(None)));
    }
    assert!(store.create_user(&user("new"), NOW).await.is_err());
}
