//! A whole database into a server or out of it, inside one transaction.

mod dump;
mod load;

use std::sync::Arc;

use deadpool_postgres::{Object, Pool};
use futures_util::{StreamExt as _, pin_mut};

pub(crate) use self::dump::{Dumped, Hold, dump};
pub(crate) use self::load::{Terms, load};

use super::migrate::{self, PLACE};
use super::problem::{problem, words};
use super::session::{Manner, Session};
use super::{connect, value};
use crate::connect_options::ConnectOptions;
use crate::engine::Value;
use crate::error::StoreError;
use crate::migrate::Applied;
use crate::moving::{Checksum, MoveError, Table};

/// A connection of its own, in a transaction that ends with it.
pub(crate) struct Transaction {
    session: Session,
    /// Last: what leaves the pool is closed with it.
    _pool: Pool,
}

/// One connection, with as much time as it takes: what limits a node's statements is not asked for.
async fn connect(url: &str) -> Result<(Session, Pool), StoreError> {
    let options = ConnectOptions { pooler: !url.contains("options="), ..ConnectOptions::default() };
    let pool = connect::target(url, &options)?.pool(1, &options)?;
    let connection = pool.get().await.map_err(connect::refused)?;
    Ok((Session::new(connection, Arc::new(Manner::new(&options)), options.statement_timeout), pool))
}

/// What a database on a server remembers, without a change to it. Nothing where there is none.
pub(crate) async fn remembered(url: &str) -> Result<Option<Vec<Applied>>, StoreError> {
    let (session, _pool) = connect(url).await?;
    if !migrate::is_installed(&session).await? {
        return Ok(None);
    }
    migrate::applied(&session).await.map(Some)
}

impl Transaction {
    async fn begin(url: &str, how: &str) -> Result<Self, StoreError> {
        let (session, pool) = connect(url).await?;
        let begin = format!(
            "SET application_name = 'jeton-moving'; {how}; SET LOCAL lock_timeout = '10s'; \
             SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
        );
        session.batch_execute(&begin).await.map_err(problem)?;
        Ok(Self { session, _pool: pool })
    }

    fn connection(&self) -> &Object {
        self.session.connection()
    }

    async fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.connection().batch_execute(sql).await.map_err(problem)
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.execute("COMMIT").await
    }

    pub(crate) async fn roll_back(self) -> Result<(), StoreError> {
        self.execute("ROLLBACK").await
    }

    /// How many connections other processes of Jeton's have to this database.
    async fn neighbours(&self) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
            AND application_name = 'jeton' AND pid <> pg_backend_pid()";
        self.number(SQL).await
    }

    async fn count(&self, table: &Table) -> Result<u64, StoreError> {
        self.number(&format!("SELECT COUNT(*) FROM \"{}\"", table.name)).await
    }

    async fn number(&self, sql: &str) -> Result<u64, StoreError> {
        let row = self.connection().query_one(sql, &[]).await.map_err(problem)?;
        row.try_get::<_, i64>(0).map(i64::unsigned_abs).map_err(problem)
    }

    /// Every row of a table, each in the values that its columns mean.
    async fn each_row(
        &self,
        table: &Table,
        mut take: impl FnMut(&[Value]) -> Result<(), MoveError>,
    ) -> Result<Checksum, MoveError> {
        let found =
            self.connection().query_raw(&table.select(), std::iter::empty::<&Value>()).await.map_err(problem)?;
        pin_mut!(found);
        let mut checksum = Checksum::default();
        while let Some(row) = found.next().await {
            let row = row.map_err(problem)?;
            let settled = (0..table.columns.len()).map(|column| {
                let value: Value = row.try_get(column).map_err(|_| unknown(table, column))?;
                table.settle(column, value)
            });
            let settled: Vec<Value> = settled.collect::<Result<_, _>>()?;
            take(&settled)?;
            checksum.add(&settled);
        }
        Ok(checksum)
    }

    /// The columns of a table that number its rows, and their sequences.
    async fn sequences(&self, table: &Table) -> Result<Vec<(String, String)>, StoreError> {
        const SQL: &str = "SELECT attname::text, pg_get_serial_sequence($1, attname) FROM pg_attribute \
            WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped \
            AND pg_get_serial_sequence($1, attname) IS NOT NULL";
        let rows = self.connection().query(SQL, &[&table.name]).await.map_err(problem)?;
        let read = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(read).collect::<Result<_, _>>().map_err(problem)
    }
}

fn unknown(table: &Table, column: usize) -> MoveError {
    MoveError::Content { table: table.name.clone(), column: table.columns[column].name.clone() }
}

/// What the server says to rows: those it will not have are the operator's to correct.
fn refused(table: &str, error: tokio_postgres::Error) -> MoveError {
    match error.code().and_then(|code| code.code().get(..2)) {
        Some("22" | "23") => MoveError::Refused { table: table.to_owned(), reason: words(&error) },
        Some(_) => problem(error).into(),
        None => match std::error::Error::source(&error).and_then(|source| source.downcast_ref::<value::TooWide>()) {
            Some(too_wide) => MoveError::Refused { table: table.to_owned(), reason: too_wide.to_string() },
            None => problem(error).into(),
        },
    }
}
