//! TLS to a PostgreSQL server that takes nothing else.

#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

use std::path::{Path, PathBuf};

use jeton_store::moving::{self, Moving};
use jeton_store::{OpenMode, Store, StoreError};
use jeton_test_postgres::Cluster;
use jeton_token::time::Timestamp;

const NOW: Timestamp = Timestamp::from_seconds(1_795_206_398);

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

fn cluster() -> Cluster {
    Cluster::start_with_certificate(&file("server.pem"), &file("server.key")).unwrap()
}

fn url(cluster: &Cluster, host: &str, query: &str) -> String {
    let authority = file("authority.pem");
    let query = query.replace("AUTHORITY", authority.to_str().unwrap());
    format!("postgres://jeton@{host}:{}/postgres?{query}", cluster.port())
}

async fn connect(url: &str) -> Result<Store, StoreError> {
    Store::connect(url, OpenMode::Create, NOW).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_is_encrypted() {
    let cluster = cluster();
    for mode in ["require", "verify-full", "verify-ca", "prefer"] {
        let store =
            connect(&url(&cluster, "localhost", &format!("sslmode={mode}&sslrootcert=AUTHORITY"))).await.unwrap();
        let mut follower = store.follow();
        assert_eq!(follower.next().await.unwrap(), []);
        store.ping().await.unwrap();
        let ours = "FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'jeton'";
        let seen = cluster.sql(&format!("SELECT COUNT(*) >= 2, bool_and(ssl), MIN(version) {ours}")).unwrap();
        assert_eq!(seen.trim(), "t|t|TLSv1.3", "{mode}");
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_database_is_moved_over_it() {
    let (cluster, folder) = (cluster(), tempfile::tempdir().unwrap());
    let from = format!("sqlite://{}", folder.path().join("jeton.db").display());
    Store::open(&from, OpenMode::Create, NOW).unwrap().close().await.unwrap();
    let to = url(&cluster, "localhost", "sslmode=verify-full&sslrootcert=AUTHORITY");
    let how = Moving { despite_connections: false, dry_run: false, scratch: folder.path() };
    let moved = moving::carry(&from, &to, how, NOW, &mut |_| {}).await.unwrap();
    assert!(moved.tables.iter().any(|table| table.name == "auth_user"), "{moved:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_prove_who_it_is_gets_nothing() {
    let cluster = cluster();
    for (host, query, reason) in [
        ("localhost", "sslmode=require", "UnknownIssuer"),
        ("localhost", "sslmode=prefer", "UnknownIssuer"),
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert=AUTHORITY", "not valid for name"),
    ] {
        match connect(&url(&cluster, host, query)).await {
            Err(StoreError::Untrusted { reason: told }) => assert!(told.contains(reason), "{query}: {told}"),
            other => panic!("{query}: {other:?}"),
        }
    }
    assert!(connect(&url(&cluster, "localhost", "sslmode=disable")).await.is_err());
    let tables = cluster.sql("SELECT COUNT(*) FROM pg_tables WHERE tablename = 'jeton_install'").unwrap();
    assert_eq!(tables.trim(), "0", "nobody came in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_it_is_refused_by_whoever_wants_it() {
    let plain = Cluster::start().unwrap();
    match connect(&url(&plain, "localhost", "sslmode=verify-full&sslrootcert=AUTHORITY")).await {
        Err(StoreError::Unreachable { reason }) => assert!(reason.contains("TLS"), "{reason}"),
        other => panic!("{other:?}"),
    }
    connect(&url(&plain, "localhost", "sslmode=prefer")).await.unwrap().close().await.unwrap();
}
