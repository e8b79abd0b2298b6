//! The schema of a new or older database on a server, brought up to date in one transaction.

use std::path::Path;

use deadpool_postgres::Object;
use jeton_token::time::Timestamp;

use super::problem::{problem, words};
use super::run;
use crate::engine::sqlite::OpenMode;
use crate::engine::{Row, Statement};
use crate::error::StoreError;
use crate::migrate::{self, Applied, Migration};

/// Applies what is missing. Of several nodes that start at once one does it, and the others wait.
pub(super) async fn bring_up_to_date(
    connection: &mut Object,
    mode: OpenMode,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection.batch_execute("BEGIN").await.map_err(problem)?;
    let done = steps(connection, mode, now).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.batch_execute(end).await.map_err(problem);
    done.and(ended)
}

pub(super) async fn steps(connection: &Object, mode: OpenMode, now: Timestamp) -> Result<(), StoreError> {
    connection.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await.map_err(problem)?;
    if !is_installed(connection).await? {
        if mode != OpenMode::Create {
            return Err(StoreError::NotInstalled);
        }
        connection.batch_execute(migrate::INSTALL).await.map_err(problem)?;
        let installed = "INSERT INTO jeton_install (id, installed_at) VALUES (1, $1)";
        run(connection, &Statement::new(installed, [now.into()])).await.map_err(problem)?;
    }
    let applied = applied(connection).await?;
    if mode == OpenMode::UpToDate {
        return migrate::none_pending(migrate::POSTGRES, &applied, Path::new(PLACE));
    }
    for migration in migrate::pending(migrate::POSTGRES, &applied, Path::new(PLACE))? {
        apply(connection, migration, now).await?;
    }
    Ok(())
}

pub(super) async fn is_installed(connection: &Object) -> Result<bool, StoreError> {
    let sql = "SELECT to_regclass('jeton_install') IS NOT NULL";
    let row = connection.query_one(sql, &[]).await.map_err(problem)?;
    row.try_get(0).map_err(problem)
}

pub(super) async fn applied(connection: &Object) -> Result<Vec<Applied>, StoreError> {
    let sql = "SELECT number, name, digest FROM jeton_migration ORDER BY number";
    let rows = run(connection, &Statement::new(sql, [])).await.map_err(problem)?.rows;
    let read = |mut row: Row| {
        Ok(Applied { number: row.next("number")?, name: row.next("name")?, digest: row.next("digest")? })
    };
    rows.into_iter().map(read).collect()
}

async fn apply(connection: &Object, migration: &Migration, now: Timestamp) -> Result<(), StoreError> {
    connection.batch_execute(migration.sql).await.map_err(|error| StoreError::Migration {
        number: migration.number,
        name: migration.name.to_owned(),
        reason: words(&error),
    })?;
    let remember = "INSERT INTO jeton_migration (number, name, digest, applied_at) VALUES ($1, $2, $3, $4)";
    let row = [migration.number.into(), migration.name.into(), migration.digest().into(), now.into()];
    run(connection, &Statement::new(remember, row)).await.map_err(problem)?;
    Ok(())
}

/// How messages name it.
pub(crate) const PLACE: &str = "on PostgreSQL";
/// `JETN`, for whoever looks at the server's locks.
const LOCK: i64 = 1_246_057_550;
