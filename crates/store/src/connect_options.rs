//! How a connection to a database server is made and what is asked of it. A SQLite file needs none of it.

use std::time::Duration;

use crate::engine::postgres;
use crate::error::StoreError;

/// What [`Store::connect_with`](crate::Store::connect_with) takes beside the URL.
///
/// ```
/// use jeton_store::ConnectOptions;
///
/// let options = ConnectOptions { pooler: true, ..ConnectOptions::default() };
/// assert_eq!(options.max_connections, 16);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// So many connections at most, 2 at least. Rotations have two of them for themselves, of two one.
    pub max_connections: usize,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long to wait for a connection to come free.
    pub wait_timeout: Duration,
    /// How long a statement may run, waiting for others included.
    pub statement_timeout: Duration,
    /// How long a transaction may lie idle before the server ends it: of a node that was cut off in the middle.
    pub idle_in_transaction_timeout: Duration,
    /// Between here and the server is a pooler that gives out a connection for one transaction: nothing may be left
    /// behind in it, neither prepared statements nor settings.
    pub pooler: bool,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            max_connections: 16,
            connect_timeout: Duration::from_secs(5),
            wait_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            idle_in_transaction_timeout: Duration::from_secs(10),
            pooler: false,
        }
    }
}

impl ConnectOptions {
    /// Whether a server could be found by that URL, and asked for what the options want. Nothing is connected.
    pub fn check(&self, url: &str) -> Result<(), StoreError> {
        postgres::check(url, self)
    }
}
