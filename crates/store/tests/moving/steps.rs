//! The steps of the schema, one by one.

use jeton_store::moving::{MoveError, migrate, plan};
use jeton_store::{OpenMode, Store, StoreError};
use rusqlite::Connection;

use crate::schema::Schema;
use crate::{LATER, Place, START};

#[tokio::test]
async fn a_plan_changes_nothing_and_a_migration_does_it() {
    let (place, server) = (Place::new(), Schema::make().await);
    for url in [place.url(), server.url()] {
        let planned = plan(&url).await.unwrap();
        assert_eq!(planned.schema_version, None);
        assert!(planned.pending.len() >= 10 && planned.pending[0].name == "users", "{planned:?}");
        assert_eq!(plan(&url).await.unwrap(), planned, "nothing was done");
        let refused = Store::connect(&url, OpenMode::UpToDate, START).await.unwrap_err();
        assert!(matches!(refused, StoreError::Missing { .. } | StoreError::NotInstalled), "{refused}");
        assert_eq!(migrate(&url, START).await.unwrap(), planned);
        let after = plan(&url).await.unwrap();
        assert_eq!(after.pending, []);
        assert_eq!(after.schema_version, planned.pending.last().map(|step| step.number));
        Store::connect(&url, OpenMode::UpToDate, START).await.unwrap().close().await.unwrap();
    }
    server.remove().await;
}

#[tokio::test]
async fn an_older_schema_waits_for_its_migration_where_that_is_asked() {
    let (place, server) = (Place::new(), Schema::make().await);
    place.open().close().await.unwrap();
    server.open().await.close().await.unwrap();
    let back = ["DROP TABLE jeton_change", "DELETE FROM jeton_migration WHERE number >= 10"];
    let newest = plan(&place.url()).await.unwrap().schema_version.unwrap();
    if newest > 10 {
        // What later steps made stays; they have to be able to meet what is there, or this test to go back further.
        return;
    }
    let raw = Connection::open(place.database()).unwrap();
    for sql in back {
        raw.execute(sql, []).unwrap();
        server.tell_all(sql).await;
    }
    drop(raw);
    for url in [place.url(), server.url()] {
        let refused = Store::connect(&url, OpenMode::UpToDate, LATER).await.unwrap_err();
        assert_eq!(refused, StoreError::Behind { steps: 1 });
        assert_eq!(plan(&url).await.unwrap().schema_version, Some(9));
        let file = place.path(if url.starts_with("sqlite") { "older-1" } else { "older-2" });
        let made = jeton_store::moving::backup(&url, &file, false, LATER, &mut crate::silent).await.unwrap();
        assert_eq!(made.schema_version, 9, "before a step there is a backup");
        let other = Place::new();
        crate::restore(&file, &other.url(), jeton_store::moving::Sessions::Keep, false).await.unwrap();
        Store::open(&other.url(), OpenMode::UpToDate, LATER).unwrap().close().await.unwrap();
        migrate(&url, LATER).await.unwrap();
        Store::connect(&url, OpenMode::UpToDate, LATER).await.unwrap().close().await.unwrap();
    }
    server.remove().await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (place, server) = (Place::new(), Schema::make().await);
    place.open().close().await.unwrap();
    server.open().await.close().await.unwrap();
    let newer = "INSERT INTO jeton_migration VALUES (9999, 'tomorrow', '', 0)";
    Connection::open(place.database()).unwrap().execute(newer, []).unwrap();
    server.tell_all(newer).await;
    for url in [place.url(), server.url()] {
        for refused in [plan(&url).await, migrate(&url, LATER).await] {
            assert!(matches!(refused, Err(MoveError::Store(StoreError::Newer { found: 9999, .. }))), "{refused:?}");
        }
    }
    assert_eq!(plan("sqlite::memory:").await, Err(MoveError::Memory));
    assert_eq!(plan("mysql://x").await, Err(MoveError::Store(StoreError::Url)));
    server.remove().await;
}
