//! A schema of its own for each case, on the server that `JETON_TEST_POSTGRES` names, and a look into it without anything
//! of what is tested.

use std::sync::atomic::{AtomicU32, Ordering};

use jeton_store::{OpenMode, Store};
use tokio_postgres::{Client, NoTls};

use crate::START;

pub(crate) struct Schema {
    url: String,
    name: String,
}

impl Schema {
    pub(crate) async fn make() -> Self {
        let server = std::env::var("JETON_TEST_POSTGRES").expect(
            "JETON_TEST_POSTGRES has to name a PostgreSQL server, such as postgres://jeton@127.0.0.1/postgres; \
             `cargo xtask test --only unit` starts one",
        );
        let name = format!("moving_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let separator = if server.contains('?') { '&' } else { '?' };
        let schema = Self { url: format!("{server}{separator}options=-c%20search_path%3D{name}"), name };
        schema.tell(&format!("CREATE SCHEMA {}", schema.name)).await;
        schema
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    pub(crate) async fn open(&self) -> Store {
        Store::connect(&self.url, OpenMode::Create, START).await.unwrap()
    }

    pub(crate) async fn remove(self) {
        self.tell(&format!("DROP SCHEMA {} CASCADE", self.name)).await;
    }

    pub(crate) async fn tell(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn count(&self, of: &str) -> i64 {
        self.client().await.query_one(&format!("SELECT COUNT(*) FROM {of}"), &[]).await.unwrap().get(0)
    }

    /// Table, column, type, in order.
    pub(crate) async fn columns(&self) -> Vec<(String, String, String)> {
        const SQL: &str = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns \
            WHERE table_schema = current_schema() ORDER BY table_name COLLATE \"C\", column_name COLLATE \"C\"";
        let rows = self.client().await.query(SQL, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }

    async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

static MADE: AtomicU32 = AtomicU32::new(0);
