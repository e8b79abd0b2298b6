//! PostgreSQL: a pool of connections, each write one statement or one transaction.

mod connect;
mod migrate;
mod problem;
mod value;
mod watch;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use futures_util::{StreamExt as _, pin_mut};
use jeton_token::time::Timestamp;
use tokio_postgres::Config;
use tokio_postgres::types::ToSql;

use self::problem::{is_worth_another_try, problem};
pub(crate) use self::watch::Watch;
use crate::engine::sqlite::OpenMode;
use crate::engine::{Effect, Outcome, Row, Statement};
use crate::error::StoreError;
use crate::in_use::InUse;

/// A database on a server. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    pool: Pool,
    config: Arc<Config>,
    in_use: Arc<InUse>,
    is_closed: Arc<AtomicBool>,
}

impl Postgres {
    /// Connects, and brings the schema up to date. Several nodes may do so at once.
    pub(crate) async fn open(
        url: &str,
        mode: OpenMode,
        now: Timestamp,
        in_use: Arc<InUse>,
    ) -> Result<Self, StoreError> {
        let config = connect::config(url)?;
        let pool = connect::pool(config.clone())?;
        let mut connection = pool.get().await.map_err(connect::refused)?;
        migrate::bring_up_to_date(&mut connection, mode, now).await?;
        drop(connection);
        let postgres = Self { pool, config: Arc::new(config), in_use, is_closed: Arc::default() };
        tokio::spawn(write_notes(
            Arc::downgrade(&postgres.in_use),
            postgres.pool.clone(),
            Arc::clone(&postgres.config),
            Arc::clone(&postgres.is_closed),
        ));
        Ok(postgres)
    }

    pub(crate) async fn read(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let connection = self.connection().await?;
        Ok(run(&connection, &statement).await.map_err(problem)?.rows)
    }

    /// In a task of its own, so that it goes through even if its caller stops waiting.
    pub(crate) async fn write(&self, statements: Vec<Statement>) -> Result<Outcome, StoreError> {
        let postgres = self.clone();
        let writing = tokio::spawn(async move { postgres.write_to_the_end(statements).await });
        writing.await.map_err(|_| StoreError::Closed)?
    }

    /// A reader beside the pool.
    pub(crate) fn watch(&self) -> Watch {
        Watch::new(Arc::clone(&self.config))
    }

    /// Wakes every node that listens. Nobody waits for it in vain: they look by themselves, too.
    pub(crate) async fn wake_others(&self) {
        let woken = match self.connection().await {
            Ok(connection) => connection.batch_execute(watch::WAKE).await.map_err(problem),
            Err(error) => Err(error),
        };
        if let Err(error) = woken {
            tracing::debug!(%error, "the other nodes could not be woken; they look by themselves");
        }
    }

    pub(crate) async fn size(&self) -> Result<u64, StoreError> {
        let rows = self.read(Statement::new("SELECT pg_database_size(current_database())", [])).await?;
        rows.into_iter().next().map_or(Ok(0), |mut row| row.next("pg_database_size"))
    }

    /// Writes the notes that have gathered and lets go of the server.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        if self.is_closed.swap(true, Ordering::SeqCst) {
            return Err(StoreError::Closed);
        }
        let written = self.write_to_the_end(Vec::new()).await;
        self.pool.close();
        written.map(drop)
    }

    async fn connection(&self) -> Result<Object, StoreError> {
        if self.is_closed.load(Ordering::SeqCst) {
            return Err(StoreError::Closed);
        }
        self.pool.get().await.map_err(connect::refused)
    }

    /// What the server gave up for the sake of another transaction is begun again.
    async fn write_to_the_end(&self, statements: Vec<Statement>) -> Result<Outcome, StoreError> {
        let connection = self.pool.get().await.map_err(connect::refused)?;
        let notes = self.in_use.drain();
        let mut tries = 0;
        loop {
            match carry_out(&connection, &notes, &statements).await {
                Err(error) if is_worth_another_try(&error) && tries < TRIES => tries += 1,
                Err(error) => {
                    self.in_use.forget();
                    return Err(problem(error));
                }
                Ok(outcome) => return Ok(outcome),
            }
        }
    }
}

/// Notes of tokens in use are written with the next write, and at the latest now and then; until nobody has the store.
async fn write_notes(in_use: Weak<InUse>, pool: Pool, config: Arc<Config>, is_closed: Arc<AtomicBool>) {
    while !is_closed.load(Ordering::SeqCst) {
        tokio::time::sleep(IDLE).await;
        let Some(in_use) = in_use.upgrade() else { return };
        let (pool, config) = (pool.clone(), Arc::clone(&config));
        let postgres = Postgres { pool, config, in_use, is_closed: Arc::clone(&is_closed) };
        if postgres.in_use.is_any_pending()
            && let Err(error) = postgres.write_to_the_end(Vec::new()).await
        {
            tracing::warn!(%error, "it could not be noted which tokens are in use");
        }
    }
}

/// The notes first, as a rotation outdates them; then the list, whole or not at all.
async fn carry_out(
    connection: &Object,
    notes: &[Statement],
    statements: &[Statement],
) -> Result<Outcome, tokio_postgres::Error> {
    for note in notes {
        run(connection, note).await?;
    }
    if let [only] = statements {
        let effect = run(connection, only).await?;
        return Ok(if only.guard && effect.changed == 0 { Outcome::Guarded } else { Outcome::Done(vec![effect]) });
    }
    if statements.is_empty() {
        // Proves that the server can be written to: a standby refuses it.
        run(connection, &Statement::new("SELECT 1 FROM jeton_install WHERE id = $1 FOR UPDATE", [1_i64.into()]))
            .await?;
        return Ok(Outcome::Done(Vec::new()));
    }
    connection.batch_execute("BEGIN").await?;
    let outcome = list(connection, statements).await;
    let end = if matches!(outcome, Ok(Outcome::Done(_))) { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.batch_execute(end).await;
    let outcome = outcome?;
    ended?;
    Ok(outcome)
}

async fn list(connection: &Object, statements: &[Statement]) -> Result<Outcome, tokio_postgres::Error> {
    let mut effects = Vec::with_capacity(statements.len());
    for statement in statements {
        let effect = run(connection, statement).await?;
        if statement.guard && effect.changed == 0 {
            return Ok(Outcome::Guarded);
        }
        effects.push(effect);
    }
    Ok(Outcome::Done(effects))
}

/// One statement to its end, prepared once for each connection.
async fn run(connection: &Object, statement: &Statement) -> Result<Effect, tokio_postgres::Error> {
    let types: Vec<_> = statement.params.iter().map(|value| value::type_of(value.kind())).collect();
    let prepared = connection.prepare_typed_cached(statement.sql, &types).await?;
    let params = statement.params.iter().map(|value| value as &(dyn ToSql + Sync));
    let found = connection.query_raw(&prepared, params).await?;
    pin_mut!(found);
    let mut rows = Vec::new();
    while let Some(row) = found.next().await {
        rows.push(value::row(&row?)?);
    }
    let changed = found.rows_affected().unwrap_or(rows.len() as u64);
    Ok(Effect { changed, rows })
}

/// How often a write is begun again that others got in the way of.
const TRIES: u32 = 20;
/// How long notes wait for a write that takes them along.
const IDLE: Duration = Duration::from_secs(1);
