//! Out of a server: everything as it is at one moment, into one file.

use std::path::Path;

use jeton_token::time::Timestamp;

use super::{PLACE, Transaction, migrate, problem};
use crate::engine::sqlite::portable::{Portable, Tables};
use crate::engine::user_triggers;
use crate::error::StoreError;
use crate::migrate as steps;
use crate::moving::{Checksum, MoveError, Progress, Table};

/// Whether others may write meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// They may: what they write is not in the copy.
    Snapshot,
    /// They wait until the transaction has ended. The schema has to be up to date.
    Still {
        /// Even if there are connections of other nodes.
        despite_connections: bool,
    },
}

pub(crate) struct Dumped {
    pub(crate) portable: Portable,
    pub(crate) tables: Tables,
    /// Holds still what was to be held, until it is dropped.
    pub(crate) held: Transaction,
}

pub(crate) async fn dump(
    url: &str,
    at: &Path,
    hold: Hold,
    now: Timestamp,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Dumped, MoveError> {
    let applied = super::remembered(url).await?.ok_or(StoreError::NotInstalled)?;
    if hold != Hold::Snapshot {
        steps::none_pending(steps::POSTGRES, &applied, Path::new(PLACE))?;
    }
    let held = Transaction::begin(url, "BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    if let Hold::Still { despite_connections } = hold {
        // Before the first look at anything, which is what the transaction goes on seeing.
        let names: Vec<_> = Tables::of_schema()?.ours.iter().map(|table| format!("\"{}\"", table.name)).collect();
        held.execute(&format!("LOCK TABLE {} IN SHARE MODE", names.join(", "))).await?;
        let connections = held.neighbours().await?;
        if connections > 0 && !despite_connections {
            return Err(MoveError::Connected { connections });
        }
    }
    let applied = migrate::applied(&held.session).await?;
    steps::pending(steps::POSTGRES, &applied, Path::new(PLACE))?;
    let portable = Portable::empty(at, applied.len(), now)?;
    let mut tables = portable.tables()?;
    tables.left = left(&held, &tables.ours).await?;
    portable.begin_filling(&tables.ours)?;
    let mut checksums = Vec::with_capacity(tables.ours.len());
    for table in &tables.ours {
        checksums.push(copy(&held, &portable, table, watch).await?);
    }
    portable.end_filling()?;
    if held.number(user_triggers::LOOK_ON_POSTGRES).await? > 0 {
        portable.install_user_triggers()?;
    }
    for (table, checksum) in tables.ours.iter().zip(checksums) {
        if portable.checksum(table)? != checksum {
            return Err(MoveError::Checksum { table: table.name.clone() });
        }
    }
    Ok(Dumped { portable, tables, held })
}

async fn copy(
    from: &Transaction,
    to: &Portable,
    table: &Table,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Checksum, MoveError> {
    let of = from.count(table).await?;
    let mut done = 0;
    let checksum = from
        .each_row(table, |row| {
            to.insert(table, row)?;
            done += 1;
            if done % 1000 == 0 {
                watch(Progress::Rows { table: &table.name, done, of });
            }
            Ok(())
        })
        .await?;
    watch(Progress::Rows { table: &table.name, done, of });
    if table.is_numbered {
        for (_, sequence) in from.sequences(table).await? {
            let sql = "SELECT pg_sequence_last_value($1::text::regclass)";
            let row = from.connection().query_one(sql, &[&sequence]).await.map_err(problem)?;
            if let Some(highest) = row.try_get::<_, Option<i64>>(0).map_err(problem)? {
                to.skip_numbers(table, highest)?;
            }
        }
    }
    Ok(checksum)
}

/// Tables beside ours, and columns in ours that we do not know.
async fn left(from: &Transaction, ours: &[Table]) -> Result<Vec<String>, MoveError> {
    const TABLES: &str = "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relname <> 'jeton_migration' \
        AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('jeton_install')) ORDER BY relname";
    const COLUMNS: &str = "SELECT attname::text FROM pg_attribute \
        WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
    let mut left = Vec::new();
    for row in from.connection().query(TABLES, &[]).await.map_err(problem)? {
        let name: String = row.try_get(0).map_err(problem)?;
        if !ours.iter().any(|table| table.name == name) {
            left.push(name);
        }
    }
    for table in ours {
        for row in from.connection().query(COLUMNS, &[&table.name]).await.map_err(problem)? {
            let column: String = row.try_get(0).map_err(problem)?;
            if !table.columns.iter().any(|known| known.name == column) {
                left.push(format!("{}.{column}", table.name));
            }
        }
    }
    Ok(left)
}
