//! The schema of a new or older database on a server, brought up to date in one transaction.

use std::path::Path;

use jeton_token::time::Timestamp;

use super::problem::{problem, words};
use super::session::Session;
use crate::engine::sqlite::OpenMode;
use crate::engine::{Row, Statement};
use crate::error::StoreError;
use crate::migrate::{self, Applied, Migration};

/// Applies what is missing. Of several nodes that start at once one does it, and the others wait.
pub(super) async fn bring_up_to_date(session: &Session, mode: OpenMode, now: Timestamp) -> Result<(), StoreError> {
    session.batch_execute(BEGIN).await.map_err(problem)?;
    let done = steps(session, mode, now).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = session.batch_execute(end).await.map_err(problem);
    done.and(ended)
}

pub(super) async fn steps(session: &Session, mode: OpenMode, now: Timestamp) -> Result<(), StoreError> {
    session.run(&Statement::new("SELECT pg_advisory_xact_lock($1) IS NULL", [LOCK.into()])).await.map_err(problem)?;
    if !is_installed(session).await? {
        if mode != OpenMode::Create {
            return Err(StoreError::NotInstalled);
        }
        session.batch_execute(migrate::INSTALL).await.map_err(problem)?;
        let installed = "INSERT INTO jeton_install (id, installed_at) VALUES (1, $1)";
        session.run(&Statement::new(installed, [now.into()])).await.map_err(problem)?;
    }
    let applied = applied(session).await?;
    if mode == OpenMode::UpToDate {
        return migrate::none_pending(migrate::POSTGRES, &applied, Path::new(PLACE));
    }
    for migration in migrate::pending(migrate::POSTGRES, &applied, Path::new(PLACE))? {
        apply(session, migration, now).await?;
    }
    Ok(())
}

pub(super) async fn is_installed(session: &Session) -> Result<bool, StoreError> {
    let sql = "SELECT to_regclass('jeton_install') IS NOT NULL";
    let rows = session.run(&Statement::new(sql, [])).await.map_err(problem)?.rows;
    rows.into_iter().next().map_or(Ok(false), |mut row| row.next("to_regclass"))
}

pub(super) async fn applied(session: &Session) -> Result<Vec<Applied>, StoreError> {
    let sql = "SELECT number, name, digest FROM jeton_migration ORDER BY number";
    let rows = session.run(&Statement::new(sql, [])).await.map_err(problem)?.rows;
    let read = |mut row: Row| {
        Ok(Applied { number: row.next("number")?, name: row.next("name")?, digest: row.next("digest")? })
    };
    rows.into_iter().map(read).collect()
}

async fn apply(session: &Session, migration: &Migration, now: Timestamp) -> Result<(), StoreError> {
    session.batch_execute(migration.sql).await.map_err(|error| StoreError::Migration {
        number: migration.number,
        name: migration.name.to_owned(),
        reason: words(&error),
    })?;
    let remember = "INSERT INTO jeton_migration (number, name, digest, applied_at) VALUES ($1, $2, $3, $4)";
    let row = [migration.number.into(), migration.name.into(), migration.digest().into(), now.into()];
    session.run(&Statement::new(remember, row)).await.map_err(problem)?;
    Ok(())
}

/// An answer comes after its commit only if the server waits for its disk.
pub(super) async fn look_at_durability(session: &Session) -> Result<(), StoreError> {
    let sql = "SELECT current_setting('synchronous_commit'), current_setting('fsync')";
    let rows = session.run(&Statement::new(sql, [])).await.map_err(problem)?.rows;
    let Some(mut row) = rows.into_iter().next() else { return Ok(()) };
    let (commit, sync): (String, String) = (row.next("synchronous_commit")?, row.next("fsync")?);
    if commit == "off" {
        return Err(StoreError::NotDurable { setting: "synchronous_commit" });
    }
    if sync == "off" {
        tracing::warn!(
            "the database server does not wait for its disk (fsync = off): a power cut loses what was answered"
        );
    }
    Ok(())
}

/// However long a migration takes, and others wait for it.
const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
/// How messages name it.
pub(crate) const PLACE: &str = "on PostgreSQL";
/// `JETN`, for whoever looks at the server's locks.
const LOCK: i64 = 1_246_057_550;
