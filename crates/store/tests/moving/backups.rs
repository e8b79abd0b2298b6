//! Kept in a file, and brought back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jeton_store::moving::{MoveError, Sessions, backup};
use jeton_store::{OpenMode, Store, StoreError};
use rusqlite::Connection;

use crate::filled::{contents, fill};
use crate::server::Schema;
use crate::{LATER, Place, START, new_user, restore, silent};

async fn filled(rows: i64) -> Place {
    let place = Place::new();
    place.open().close().await.unwrap();
    fill(&place.database(), rows);
    place
}

/// Each user comes with one event, in one transaction.
async fn write_on(store: Store, is_over: Arc<AtomicBool>, name: &'static str) -> u64 {
    let mut written = 0;
    while !is_over.load(Ordering::Relaxed) {
        store.create_user(&new_user(&format!("{name}-{written}")), START).await.unwrap().unwrap();
        written += 1;
        tokio::task::yield_now().await;
    }
    written
}

async fn of_one_moment(url: &str, place: &Place, store: Store) {
    let is_over = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        ["ada", "bob"].map(|name| tokio::spawn(write_on(store.clone(), Arc::clone(&is_over), name))).into();
    let mut last = 0;
    for round in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let file = place.path(&format!("backup-{round}"));
        backup(url, &file, false, LATER, &mut silent).await.unwrap();
        let raw = Connection::open(&file).unwrap();
        let count = |table: &str| -> i64 {
            raw.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!(count("auth_user"), count("jeton_event"), "half of a transaction");
        assert!(count("auth_user") > last, "the writers went on");
        last = count("auth_user");
    }
    is_over.store(true, Ordering::Relaxed);
    for writer in writers {
        assert!(writer.await.unwrap() > 0);
    }
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_is_of_one_moment_while_others_write() {
    let place = Place::new();
    of_one_moment(&place.url(), &place, place.open()).await;
    let server = Schema::make().await;
    let other = Place::new();
    of_one_moment(&server.url(), &other, server.open().await).await;
    server.remove().await;
}

#[tokio::test]
async fn a_backup_is_one_private_file_and_nothing_is_written_over() {
    let place = filled(20).await;
    let store = place.open();
    let file = place.backup("kept").await;
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(contents(&file), contents(&place.database()));
    let again = backup(&place.url(), &file, false, LATER, &mut silent).await;
    assert_eq!(again, Err(MoveError::FileExists { path: file.clone() }));
    backup(&place.url(), &file, true, LATER, &mut silent).await.unwrap();
    let over_itself = backup(&place.url(), &place.database(), true, LATER, &mut silent).await;
    assert_eq!(over_itself, Err(MoveError::Same));
    store.close().await.unwrap();
    assert_eq!(place.files(), ["jeton.db", "kept"]);
    let nowhere = backup(&place.url(), &place.path("none/kept"), false, LATER, &mut silent).await;
    assert!(matches!(nowhere, Err(MoveError::Store(StoreError::FolderMissing { .. }))), "{nowhere:?}");
}

#[tokio::test]
async fn what_was_deleted_is_not_in_a_backup() {
    let place = Place::new();
    let store = place.open();
    for number in 0..200 {
        store.create_user(&new_user(&format!("forget-me-{number}")), START).await.unwrap();
    }
    store.close().await.unwrap();
    let raw = Connection::open(place.database()).unwrap();
    raw.execute_batch("PRAGMA secure_delete = OFF; DELETE FROM auth_user").unwrap();
    drop(raw);
    let holds = |path| {
        let bytes: Vec<u8> = fs::read(path).unwrap();
        bytes.windows(9).any(|window| window == b"forget-me")
    };
    assert!(holds(place.database()), "what the test is about");
    assert!(!holds(place.backup("kept").await));
}

#[tokio::test]
async fn a_backup_comes_back_on_either_engine() {
    let (place, server) = (filled(60).await, Schema::make().await);
    let before = contents(&place.database());
    let file = place.backup("kept").await;
    restore(&file, &server.url(), Sessions::Keep, false).await.unwrap();
    let of_server = place.path("of-server");
    backup(&server.url(), &of_server, false, LATER, &mut silent).await.unwrap();
    assert_eq!(contents(&of_server), before);
    let other = Place::new();
    let restored = restore(&of_server, &other.url(), Sessions::Keep, false).await.unwrap();
    assert_eq!((restored.made_at, restored.kept_as), (Some(LATER), None));
    assert_eq!(contents(&other.database()), before);
    assert_eq!(other.files(), ["jeton.db"]);
    assert_eq!(fs::metadata(other.database()).unwrap().permissions().mode() & 0o777, 0o600);
    Store::open(&other.url(), OpenMode::UpToDate, LATER).unwrap().close().await.unwrap();
    let refused = restore(&file, &server.url(), Sessions::Keep, false).await;
    assert!(matches!(refused, Err(MoveError::NotEmpty { .. })), "{refused:?}");
    restore(&file, &server.url(), Sessions::Keep, true).await.unwrap();
    server.remove().await;
}

#[tokio::test]
async fn what_is_replaced_is_kept_beside() {
    let place = filled(5).await;
    let file = place.backup("kept").await;
    let store = place.open();
    store.create_user(&new_user("since"), LATER).await.unwrap();
    let refused = restore(&file, &place.url(), Sessions::End, true).await;
    assert_eq!(refused, Err(MoveError::InUse { path: place.database() }));
    store.close().await.unwrap();
    let refused = restore(&file, &place.url(), Sessions::End, false).await;
    assert_eq!(refused, Err(MoveError::Occupied { path: place.database() }));
    let today = contents(&place.database());
    let restored = restore(&file, &place.url(), Sessions::Keep, true).await.unwrap();
    assert_eq!(restored.revival.unwrap().lost_users, 1);
    assert_eq!(contents(&restored.kept_as.unwrap()), today);
    assert_eq!(contents(&place.database()), contents(&file));
    assert_eq!(place.files().len(), 3, "{:?}", place.files());
}

#[tokio::test]
async fn a_database_that_is_damaged_or_lost_is_replaced() {
    let place = filled(5).await;
    let file = place.backup("kept").await;
    fs::write(place.database(), b"no database at all").unwrap();
    fs::write(place.path("jeton.db-wal"), b"its log").unwrap();
    let restored = restore(&file, &place.url(), Sessions::Keep, true).await.unwrap();
    assert_eq!(restored.revival, None);
    assert!(!place.path("jeton.db-wal").exists(), "the log of another database would be taken for this one's");
    assert_eq!(fs::read(restored.kept_as.unwrap()).unwrap(), b"no database at all");
    fs::remove_file(place.database()).unwrap();
    fs::write(place.path("jeton.db-wal"), b"its log").unwrap();
    restore(&file, &place.url(), Sessions::Keep, true).await.unwrap();
    assert_eq!(contents(&place.database()), contents(&file));
}

#[tokio::test]
async fn a_database_behind_a_link_is_replaced_where_it_is() {
    let place = filled(5).await;
    let file = place.backup("kept").await;
    let link = place.path("link.db");
    std::os::unix::fs::symlink(place.database(), &link).unwrap();
    let store = place.open();
    let refused = restore(&file, &crate::url(&link), Sessions::Keep, true).await;
    assert_eq!(refused, Err(MoveError::InUse { path: link.clone() }));
    store.close().await.unwrap();
    restore(&file, &crate::url(&link), Sessions::End, true).await.unwrap();
    assert!(link.is_symlink());
    let raw = Connection::open(place.database()).unwrap();
    let alive: i64 = raw.query_row("SELECT COUNT(*) FROM jeton_session", [], |row| row.get(0)).unwrap();
    assert_eq!(alive, 0);
}

#[tokio::test]
async fn another_program_that_has_it_open_is_noticed() {
    let place = filled(5).await;
    let file = place.backup("kept").await;
    let other = Connection::open(place.database()).unwrap();
    let _: i64 = other.query_row("SELECT COUNT(*) FROM auth_user", [], |row| row.get(0)).unwrap();
    let refused = restore(&file, &place.url(), Sessions::Keep, true).await;
    assert_eq!(refused, Err(MoveError::InUse { path: place.database() }));
    assert_eq!(contents(&place.database()), contents(&file));
}

#[tokio::test]
async fn a_backup_that_is_not_whole_is_refused_and_nothing_changes() {
    let place = filled(200).await;
    let file = place.backup("kept").await;
    let spoilt = place.path("spoilt");
    let refusal = async || {
        let refused = restore(&spoilt, &place.url(), Sessions::Keep, true).await.unwrap_err();
        assert!(place.files().iter().all(|name| ["jeton.db", "kept", "spoilt"].contains(&name.as_str())));
        refused
    };
    let before = contents(&place.database());
    // A row that somebody changed.
    fs::copy(&file, &spoilt).unwrap();
    Connection::open(&spoilt).unwrap().execute("UPDATE auth_user SET is_superuser = 1 WHERE id = 2", []).unwrap();
    let refused = refusal().await;
    assert!(matches!(&refused, MoveError::NotWhole { problem, .. } if problem.contains("auth_user")), "{refused:?}");
    // A schema of tomorrow.
    fs::copy(&file, &spoilt).unwrap();
    let raw = Connection::open(&spoilt).unwrap();
    raw.execute("INSERT INTO jeton_migration VALUES (9999, 'tomorrow', '', 0)", []).unwrap();
    drop(raw);
    let refused = refusal().await;
    assert!(matches!(refused, MoveError::Store(StoreError::Newer { found: 9999, .. })), "{refused:?}");
    // Half of it.
    let bytes = fs::read(&file).unwrap();
    for left in [&bytes[..bytes.len() / 2], b"", &[7; 10_000]] {
        fs::write(&spoilt, left).unwrap();
        let refused = refusal().await;
        assert!(matches!(refused, MoveError::NotWhole { .. }), "{refused:?}");
    }
    assert_eq!(contents(&place.database()), before);
    let none = restore(&place.path("none"), &place.url(), Sessions::Keep, true).await;
    assert_eq!(none, Err(MoveError::NoFile { path: place.path("none") }));
}

#[tokio::test]
async fn an_end_ends_everything_with_its_event() {
    let (place, server) = (filled(30).await, Schema::make().await);
    let file = place.backup("kept").await;
    let restored = restore(&file, &server.url(), Sessions::End, false).await.unwrap();
    let ended = restored.ended.unwrap();
    assert_eq!((ended.families, ended.sessions, ended.auth_tokens), (10, 30, 30), "every third family was alive");
    let alive = server.count("jeton_family WHERE revoked_at IS NULL").await;
    assert_eq!((alive, server.count("jeton_session").await, server.count("jeton_auth_token").await), (0, 0, 0));
    assert_eq!(server.count("jeton_family WHERE revoke_reason = 'restored'").await, 10);
    for (kind, count) in [("family_ended", 10), ("signed_out", 30), ("auth_token_ended", 30)] {
        let events = format!("jeton_event WHERE kind = '{kind}' AND detail = 'restored'");
        assert_eq!(server.count(&events).await, count, "{kind}");
    }
    assert_eq!(server.count("jeton_change WHERE kind = 'user_tokens_ended'").await, 30);
    server.remove().await;
}
