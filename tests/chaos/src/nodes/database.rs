//! A database of a scenario's own, on the PostgreSQL server that the tests were given.

use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls, SimpleQueryMessage};

/// Dropped, with whoever is still connected to it, when this is.
pub(crate) struct Database {
    server: Config,
    name: String,
}

/// The server, as `JETON_TEST_POSTGRES` names it.
pub(crate) fn server() -> Result<Config> {
    let url = std::env::var(VARIABLE).with_context(|| {
        format!("set {VARIABLE}=postgres://user@127.0.0.1:port/postgres to a PostgreSQL server on which databases can be made, or run: cargo xtask test --only nodes")
    })?;
    let server = Config::from_str(&url).with_context(|| format!("{VARIABLE} is not the URL of a server"))?;
    place(&server)?;
    Ok(server)
}

impl Database {
    pub(crate) fn create() -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("jeton_nodes_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let server = server()?;
        ask(&server, &format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(Self { server, name })
    }

    pub(crate) fn url(&self) -> Result<String> {
        let (host, port) = place(&self.server)?;
        self.url_by_way_of(&host, port)
    }

    /// The same database, as it is reached through somebody else's port.
    pub(crate) fn url_by_way_of(&self, host: &str, port: u16) -> Result<String> {
        let user = self.server.get_user().context("the URL of the server names no user")?;
        let password = match self.server.get_password() {
            Some(password) => format!(":{}", std::str::from_utf8(password)?),
            None => String::new(),
        };
        Ok(format!("postgres://{user}{password}@{host}:{port}/{}?sslmode=disable", self.name))
    }

    /// Where the server is.
    pub(crate) fn place(&self) -> Result<(String, u16)> {
        place(&self.server)
    }

    /// The rows of a query, each value as text.
    pub(crate) fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        let mut config = self.server.clone();
        config.dbname(&self.name);
        ask(&config, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What is left of it goes with the server, which is there for tests alone.
        let _ = ask(&self.server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn place(server: &Config) -> Result<(String, u16)> {
    match (server.get_hosts(), server.get_ports()) {
        ([Host::Tcp(host)], [port]) => Ok((host.clone(), *port)),
        _ => bail!("{VARIABLE} has to name one host and port, which are reached by TCP"),
    }
}

fn ask(config: &Config, sql: &str) -> Result<Vec<Vec<String>>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let messages = runtime.block_on(async {
        let (client, connection) = config.connect(NoTls).await?;
        let connection = tokio::spawn(connection);
        let messages = client.simple_query(sql).await;
        drop(client);
        // Its error would be the one that the query has told.
        let _ = connection.await;
        messages
    });
    let messages = messages.with_context(|| format!("PostgreSQL refused: {sql}"))?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|column| row.get(column).unwrap_or("NULL").to_owned()).collect())
        }
        _ => None,
    });
    Ok(rows.collect())
}

const VARIABLE: &str = "JETON_TEST_POSTGRES";
