//! Into a server: the schema, every row, and a look at what arrived, in one transaction.

use std::collections::HashMap;
use std::pin::pin;

use jeton_token::time::Timestamp;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;

use super::{Transaction, migrate, problem, refused, value};
use crate::engine::sqlite::OpenMode;
use crate::engine::sqlite::portable::Portable;
use crate::engine::user_triggers;
use crate::moving::{Checksum, MoveError, Progress, Table, TableSum};

/// What may be done to the database on the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// What is there goes first.
    pub(crate) replace: bool,
    /// Even if there are connections of other nodes.
    pub(crate) despite_connections: bool,
}

/// A database that is about to be filled. Dropped, it is as it was.
pub(crate) struct Load {
    target: Transaction,
}

/// Claims a server's database: whole, empty or to be emptied, and nobody else at work.
pub(crate) async fn load(url: &str, terms: Terms, tables: &[Table], now: Timestamp) -> Result<Load, MoveError> {
    let target = Transaction::begin(url, "BEGIN").await?;
    migrate::steps(&target.session, OpenMode::Create, now).await?;
    let names: Vec<_> = tables.iter().map(|table| format!("\"{}\"", table.name)).collect();
    target.execute(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", names.join(", "))).await?;
    if !terms.replace {
        for table in tables {
            let rows = target.count(table).await?;
            if rows > table.seeds {
                return Err(MoveError::NotEmpty { table: table.name.clone(), rows });
            }
        }
    }
    let connections = target.neighbours().await?;
    if connections > 0 && !terms.despite_connections {
        return Err(MoveError::Connected { connections });
    }
    Ok(Load { target })
}

impl Load {
    /// Copies everything, reads it back and commits.
    pub(crate) async fn carry(
        self,
        source: &Portable,
        tables: &[Table],
        watch: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<TableSum>, MoveError> {
        // Twice, since triggers may note in one table what is deleted from another.
        for table in tables.iter().rev().chain(tables) {
            let emptied = self.target.connection().execute(&format!("DELETE FROM \"{}\"", table.name), &[]).await;
            emptied.map_err(|error| refused(&table.name, error))?;
        }
        let mut sums = Vec::with_capacity(tables.len());
        for table in tables {
            let left = self.copy(source, table, watch).await?;
            let arrived = self.target.each_row(table, |_| Ok(())).await?;
            if left != arrived {
                return Err(MoveError::Checksum { table: table.name.clone() });
            }
            sums.push(TableSum::of(table, &arrived));
        }
        let checked = self.target.connection().batch_execute("SET CONSTRAINTS ALL IMMEDIATE").await;
        checked.map_err(|error| {
            let table = error.as_db_error().and_then(|error| error.table()).unwrap_or("a table").to_owned();
            refused(&table, error)
        })?;
        self.skip_numbers(tables, &source.numbers()?).await?;
        if source.has_user_triggers()? {
            for statement in user_triggers::ON_POSTGRES {
                self.target.execute(statement).await?;
            }
        }
        self.target.commit().await?;
        Ok(sums)
    }

    pub(crate) async fn give_up(self) -> Result<(), MoveError> {
        Ok(self.target.roll_back().await?)
    }

    async fn copy(
        &self,
        source: &Portable,
        table: &Table,
        watch: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Checksum, MoveError> {
        let refused = |error| refused(&table.name, error);
        let connection = self.target.connection();
        let described = connection.prepare(&table.select()).await.map_err(problem)?;
        let types: Vec<Type> = described.columns().iter().map(|column| column.type_().clone()).collect();
        let copy = format!("COPY \"{}\" ({}) FROM STDIN (FORMAT binary)", table.name, table.column_list());
        let mut writer = pin!(BinaryCopyInWriter::new(connection.copy_in(&copy).await.map_err(refused)?, &types));
        let of = source.count(table)?;
        let mut checksum = Checksum::default();
        let mut reading = source.rows(table)?;
        let mut rows = reading.begin()?;
        while let Some(row) = rows.next()? {
            checksum.add(&row);
            let narrow: Vec<_> = row.iter().map(value::Exact).collect();
            writer.as_mut().write_raw(&narrow).await.map_err(refused)?;
            if checksum.rows % 1000 == 0 {
                watch(Progress::Rows { table: &table.name, done: checksum.rows, of });
            }
        }
        writer.finish().await.map_err(refused)?;
        watch(Progress::Rows { table: &table.name, done: checksum.rows, of });
        Ok(checksum)
    }

    /// No number is given twice, not even one whose row is gone: a token may still name it.
    async fn skip_numbers(&self, tables: &[Table], highest: &HashMap<String, i64>) -> Result<(), MoveError> {
        for table in tables {
            for (column, sequence) in self.target.sequences(table).await? {
                let sql = format!("SELECT COALESCE(MAX(\"{column}\"), 0)::bigint FROM \"{}\"", table.name);
                let there = self.target.connection().query_one(&sql, &[]).await.map_err(problem)?;
                let there: i64 = there.try_get(0).map_err(problem)?;
                let highest = there.max(highest.get(&table.name).copied().unwrap_or_default());
                if highest > 0 {
                    let sql = "SELECT setval($1::text::regclass, $2)";
                    self.target.connection().query_one(sql, &[&sequence, &highest]).await.map_err(problem)?;
                }
            }
        }
        Ok(())
    }
}
