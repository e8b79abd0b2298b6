//! A schema of its own for each case, on the server that `JETON_TEST_POSTGRES` names.

use std::sync::atomic::{AtomicU32, Ordering};

use jeton_store::{OpenMode, Store};
use tokio_postgres::NoTls;

use crate::START;

pub(crate) struct Schema {
    server: String,
    pub(crate) name: String,
}

impl Schema {
    pub(crate) async fn make() -> Self {
        let server = std::env::var("JETON_TEST_POSTGRES").expect(
            "JETON_TEST_POSTGRES has to name a PostgreSQL server, such as postgres://jeton@127.0.0.1/postgres; \
             `cargo xtask test --only unit` starts one",
        );
        let name = format!("case_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let schema = Self { server, name };
        schema.tell("CREATE SCHEMA").await;
        schema
    }

    /// Of the server, with the schema as its first.
    pub(crate) fn url(&self) -> String {
        let separator = if self.server.contains('?') { '&' } else { '?' };
        format!("{}{separator}options=-c%20search_path%3D{}", self.server, self.name)
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> String {
        let (_, rest) = self.server.split_once("://").unwrap();
        let (place, _) = rest.split_once(['/', '?']).unwrap_or((rest, ""));
        place.rsplit_once('@').map_or(place, |(_, address)| address).to_owned()
    }

    pub(crate) async fn open(&self) -> Store {
        Store::connect(&self.url(), OpenMode::Create, START).await.unwrap()
    }

    pub(crate) async fn remove(self) {
        self.tell("DROP SCHEMA").await;
    }

    async fn tell(&self, what: &str) {
        let (client, connection) = tokio_postgres::connect(&self.server, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let how = if what.starts_with("DROP") { " CASCADE" } else { "" };
        client.batch_execute(&format!("{what} {}{how}", self.name)).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
    }
}

static MADE: AtomicU32 = AtomicU32::new(0);
