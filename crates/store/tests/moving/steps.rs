//! The steps of the schema, one by one.

use jeton_store::moving::{MoveError, plan};
use jeton_store::{OpenMode, Store, StoreError};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::server::Schema;
use crate::{LATER, Place, START};

async fn migrate(url: &str) -> Result<(), StoreError> {
    Store::connect(url, OpenMode::Create, START).await?.close().await
}

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
        migrate(&url).await.unwrap();
        let after = plan(&url).await.unwrap();
        assert_eq!(after.pending, []);
        assert_eq!(after.schema_version, planned.pending.last().map(|step| step.number));
        Store::connect(&url, OpenMode::UpToDate, START).await.unwrap().close().await.unwrap();
    }
    server.remove().await;
}

/// What both engines had in the version before the change log.
macro_rules! nine_steps {
    ($engine:literal) => {
        [
            (1, "users", include_str!(concat!("../../migrations/", $engine, "/0001_users.sql"))),
            (2, "families", include_str!(concat!("../../migrations/", $engine, "/0002_families.sql"))),
            (3, "blacklist", include_str!(concat!("../../migrations/", $engine, "/0003_blacklist.sql"))),
            (4, "events", include_str!(concat!("../../migrations/", $engine, "/0004_events.sql"))),
            (5, "flush", include_str!(concat!("../../migrations/", $engine, "/0005_flush.sql"))),
            (6, "session", include_str!(concat!("../../migrations/", $engine, "/0006_session.sql"))),
            (7, "auth_token", include_str!(concat!("../../migrations/", $engine, "/0007_auth_token.sql"))),
            (8, "limit", include_str!(concat!("../../migrations/", $engine, "/0008_limit.sql"))),
            (9, "group", include_str!(concat!("../../migrations/", $engine, "/0009_group.sql"))),
        ]
    };
}

/// A database as that version left it.
fn older(steps: [(u32, &str, &str); 9]) -> String {
    let begin = "CREATE TABLE jeton_install (id SMALLINT NOT NULL PRIMARY KEY, installed_at BIGINT NOT NULL); \
        INSERT INTO jeton_install VALUES (1, 0); \
        CREATE TABLE jeton_migration (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, \
        applied_at BIGINT NOT NULL);";
    let steps = steps.map(|(number, name, sql)| {
        let digest: String = Sha256::digest(sql).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{sql}\nINSERT INTO jeton_migration VALUES ({number}, '{name}', '{digest}', 0);\n")
    });
    format!("{begin}\n{}", steps.concat())
}

#[tokio::test]
async fn an_older_schema_waits_for_its_migration_where_that_is_asked() {
    let (place, server) = (Place::new(), Schema::make().await);
    let raw = Connection::open(place.database()).unwrap();
    raw.pragma_update(None, "application_id", 1_246_057_550).unwrap();
    raw.execute_batch(&older(nine_steps!("sqlite"))).unwrap();
    drop(raw);
    server.tell(&older(nine_steps!("postgres"))).await;
    for (url, name) in [(place.url(), "of-sqlite"), (server.url(), "of-postgres")] {
        let planned = plan(&url).await.unwrap();
        assert_eq!((planned.schema_version, planned.pending[0].name), (Some(9), "change"));
        let refused = Store::connect(&url, OpenMode::UpToDate, LATER).await.unwrap_err();
        assert_eq!(refused, StoreError::Behind { steps: planned.pending.len() });
        let moved = crate::carry(&url, &crate::url(&place.path("moved.db")), false).await;
        assert_eq!(moved, Err(refused.into()), "the old one is not changed, so it has to be up to date");
        let file = place.path(name);
        let made = jeton_store::moving::backup(&url, &file, false, LATER, &mut crate::silent).await.unwrap();
        assert_eq!(made.schema_version, 9, "the time for a backup is before a step");
        let other = Place::new();
        crate::restore(&file, &other.url(), jeton_store::moving::Sessions::Keep, false).await.unwrap();
        Store::open(&other.url(), OpenMode::UpToDate, LATER).unwrap().close().await.unwrap();
        assert_eq!(plan(&url).await.unwrap(), planned, "nothing was done to it");
        migrate(&url).await.unwrap();
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
    server.tell(newer).await;
    for url in [place.url(), server.url()] {
        let refused = plan(&url).await;
        assert!(matches!(refused, Err(MoveError::Store(StoreError::Newer { found: 9999, .. }))), "{refused:?}");
        let refused = migrate(&url).await;
        assert!(matches!(refused, Err(StoreError::Newer { found: 9999, .. })), "{refused:?}");
    }
    assert_eq!(plan("sqlite::memory:").await, Err(MoveError::Memory));
    assert_eq!(plan("mysql://x").await, Err(MoveError::Store(StoreError::Url)));
    server.remove().await;
}
