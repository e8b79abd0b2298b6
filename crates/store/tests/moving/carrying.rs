//! From one engine to the other, and back.

use jeton_store::moving::MoveError;
use jeton_store::{OpenMode, Store, StoreError};
use rusqlite::Connection;

use crate::filled::{assert_full, contents, fill, schema};
use crate::server::Schema;
use crate::{LATER, Place, START, carry, new_user, url};

/// A database with so many rows in every table, closed.
async fn filled(rows: i64) -> Place {
    let place = Place::new();
    place.open().close().await.unwrap();
    fill(&place.database(), rows);
    place
}

#[tokio::test]
async fn every_row_of_every_table_goes_to_postgresql_and_back() {
    let (place, server) = (filled(2_500).await, Schema::make().await);
    let before = contents(&place.database());
    assert_full(&before);
    let there = carry(&place.url(), &server.url(), false).await.unwrap();
    assert_eq!(contents(&place.database()), before, "the old one is left as it was");
    let back = place.path("back.db");
    let again = carry(&server.url(), &url(&back), false).await.unwrap();
    assert_eq!(contents(&back), before);
    assert_eq!(there, again, "the same checksums on both ways");
    let carried: Vec<_> = there.tables.iter().map(|table| table.name.clone()).collect();
    for table in before.keys() {
        assert!(carried.contains(table), "{table} was not carried");
    }
    server.remove().await;
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let (place, server) = (Place::new(), Schema::make().await);
    place.open().close().await.unwrap();
    server.open().await.close().await.unwrap();
    let kind = |declared: &str| match declared {
        kind if kind.contains("int") => "number",
        kind if kind.starts_with("bool") => "truth",
        kind if kind.starts_with("timestamp") || kind == "datetime" => "moment",
        "bytea" | "blob" => "bytes",
        kind if kind.contains("char") || kind == "text" => "text",
        other => panic!("{other}: say in moving/table.rs how this type is carried, and here"),
    };
    let of_sqlite = schema(&place.database());
    let of_sqlite: Vec<_> = of_sqlite
        .iter()
        .flat_map(|(table, columns)| {
            columns.iter().map(move |(column, declared)| (table.clone(), column.clone(), kind(declared)))
        })
        .collect();
    let found = server.columns().await;
    let of_postgres: Vec<_> =
        found.iter().map(|(table, column, declared)| (table.clone(), column.clone(), kind(declared))).collect();
    assert_eq!(of_sqlite, of_postgres);
    server.remove().await;
}

#[tokio::test]
async fn a_number_is_given_once_wherever_the_database_is() {
    let (place, server) = (Place::new(), Schema::make().await);
    let store = place.open();
    store.create_user(&new_user("ada"), START).await.unwrap().unwrap();
    let deleted = store.create_user(&new_user("bob"), START).await.unwrap().unwrap();
    store.close().await.unwrap();
    Connection::open(place.database()).unwrap().execute("DELETE FROM auth_user WHERE id = ?1", [deleted]).unwrap();
    carry(&place.url(), &server.url(), false).await.unwrap();
    let store = Store::connect(&server.url(), OpenMode::UpToDate, LATER).await.unwrap();
    let next = store.create_user(&new_user("eve"), LATER).await.unwrap().unwrap();
    assert!(next > deleted, "{next}: a token may still name {deleted}");
    store.close().await.unwrap();
    let back = place.path("back.db");
    server.tell("DELETE FROM auth_user WHERE username = 'eve'").await;
    carry(&server.url(), &url(&back), false).await.unwrap();
    let store = Store::open(&url(&back), OpenMode::UpToDate, LATER).unwrap();
    let last = store.create_user(&new_user("fay"), LATER).await.unwrap().unwrap();
    assert!(last > next);
    assert!(!store.list_events(None, 10).await.unwrap().is_empty());
    store.close().await.unwrap();
    server.remove().await;
}

#[tokio::test]
async fn a_dry_run_makes_nothing() {
    let (place, server) = (filled(3).await, Schema::make().await);
    let files = place.files();
    carry(&place.url(), &server.url(), true).await.unwrap();
    assert_eq!(server.columns().await, []);
    carry(&place.url(), &url(&place.path("other.db")), true).await.unwrap();
    assert_eq!(place.files(), files);
    server.remove().await;
}

#[tokio::test]
async fn a_database_that_has_something_in_it_is_not_moved_to() {
    let (place, server) = (filled(3).await, Schema::make().await);
    let store = server.open().await;
    store.create_user(&new_user("ada"), START).await.unwrap();
    let refused = carry(&place.url(), &server.url(), false).await;
    assert!(matches!(refused, Err(MoveError::NotEmpty { .. })), "{refused:?}");
    assert_eq!(store.facts().await.unwrap().users, 1);
    store.close().await.unwrap();
    let other = Place::new();
    other.open().close().await.unwrap();
    let refused = carry(&place.url(), &other.url(), false).await;
    assert!(matches!(refused, Err(MoveError::FileExists { .. })), "{refused:?}");
    assert_eq!(carry(&place.url(), &place.url(), false).await, Err(MoveError::Same));
    server.remove().await;
}

#[tokio::test]
async fn an_empty_database_with_its_schema_is_moved_to() {
    let (place, server) = (filled(3).await, Schema::make().await);
    server.open().await.close().await.unwrap();
    carry(&place.url(), &server.url(), false).await.unwrap();
    server.remove().await;
}

#[tokio::test]
async fn what_the_server_refuses_leaves_nothing_there() {
    let (place, server) = (filled(3).await, Schema::make().await);
    let raw = Connection::open(place.database()).unwrap();
    raw.execute("UPDATE auth_user SET username = ?1 WHERE id = 3", ["x".repeat(151)]).unwrap();
    drop(raw);
    match carry(&place.url(), &server.url(), false).await {
        Err(MoveError::Refused { table, reason }) => {
            assert_eq!(table, "auth_user");
            assert!(reason.contains("150") && !reason.contains("xxx"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(server.columns().await, []);
    let raw = Connection::open(place.database()).unwrap();
    raw.execute("UPDATE auth_user SET username = 'x', date_joined = 'yesterday' WHERE id = 3", []).unwrap();
    drop(raw);
    let refused = carry(&place.url(), &server.url(), false).await;
    let (table, column) = ("auth_user".to_owned(), "date_joined".to_owned());
    assert_eq!(refused, Err(MoveError::Content { table, column }));
    assert_eq!(server.columns().await, []);
    server.remove().await;
}

#[tokio::test]
async fn a_database_in_use_is_not_moved() {
    let (place, server) = (filled(3).await, Schema::make().await);
    let store = place.open();
    let refused = carry(&place.url(), &server.url(), false).await;
    assert_eq!(refused, Err(MoveError::InUse { path: place.database() }));
    store.close().await.unwrap();
    // Another program that writes.
    let other = Connection::open(place.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = carry(&place.url(), &server.url(), false).await;
    assert_eq!(refused, Err(MoveError::Store(StoreError::Busy)));
    drop(other);
    carry(&place.url(), &server.url(), false).await.unwrap();
    server.remove().await;
}

#[tokio::test]
async fn what_is_django_s_stays_and_is_named() {
    let (place, server) = (filled(3).await, Schema::make().await);
    let raw = Connection::open(place.database()).unwrap();
    raw.execute_batch("ALTER TABLE auth_user ADD COLUMN phone REAL; CREATE TABLE django_admin_log (id integer)")
        .unwrap();
    drop(raw);
    let moved = carry(&place.url(), &server.url(), false).await.unwrap();
    assert_eq!(moved.left, ["auth_user.phone", "django_admin_log"]);
    server.tell("ALTER TABLE auth_user ADD COLUMN phone text; CREATE TABLE django_session (key text)").await;
    let moved = carry(&server.url(), &url(&place.path("back.db")), false).await.unwrap();
    assert_eq!(moved.left, ["django_session", "auth_user.phone"]);
    server.remove().await;
}

#[tokio::test]
async fn the_watch_over_users_goes_along() {
    let (place, server) = (Place::new(), Schema::make().await);
    let store = place.open();
    store.install_user_triggers().await.unwrap();
    store.close().await.unwrap();
    carry(&place.url(), &server.url(), false).await.unwrap();
    let store = server.open().await;
    assert!(store.has_user_triggers().await.unwrap());
    store.close().await.unwrap();
    let back = place.path("back.db");
    carry(&server.url(), &url(&back), false).await.unwrap();
    let store = Store::open(&url(&back), OpenMode::UpToDate, LATER).unwrap();
    assert!(store.has_user_triggers().await.unwrap());
    store.close().await.unwrap();
    server.remove().await;
}

#[tokio::test]
async fn from_server_to_server_through_a_file_of_no_use() {
    let (place, one, two) = (filled(50).await, Schema::make().await, Schema::make().await);
    carry(&place.url(), &one.url(), false).await.unwrap();
    carry(&one.url(), &two.url(), false).await.unwrap();
    let back = place.path("back.db");
    carry(&two.url(), &url(&back), false).await.unwrap();
    assert_eq!(contents(&back), contents(&place.database()));
    one.remove().await;
    two.remove().await;
}
