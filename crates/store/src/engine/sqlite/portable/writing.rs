//! Filling a database that was made empty, table by table, in one transaction.

use rusqlite::params_from_iter;

use super::{Portable, problem};
use crate::engine::{Value, user_triggers};
use crate::moving::{MoveError, Table};

impl Portable {
    /// Begins to fill it: what a new database starts with goes first.
    pub(crate) fn begin_filling(&self, tables: &[Table]) -> Result<(), MoveError> {
        self.connection.control("BEGIN IMMEDIATE")?;
        for table in tables.iter().rev() {
            self.connection.raw.execute(&format!("DELETE FROM \"{}\"", table.name), []).map_err(problem)?;
        }
        Ok(())
    }

    pub(crate) fn insert(&self, table: &Table, row: &[Value]) -> Result<(), MoveError> {
        let mut prepared = self.connection.raw.prepare_cached(&table.insert()).map_err(problem)?;
        prepared.execute(params_from_iter(row)).map_err(problem)?;
        Ok(())
    }

    /// The next row of a table gets a higher number than this.
    pub(crate) fn skip_numbers(&self, table: &Table, highest: i64) -> Result<(), MoveError> {
        let raw = &self.connection.raw;
        let raised = raw
            .execute("UPDATE sqlite_sequence SET seq = MAX(seq, ?2) WHERE name = ?1", (&table.name, highest))
            .map_err(problem)?;
        if raised == 0 {
            raw.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", (&table.name, highest))
                .map_err(problem)?;
        }
        Ok(())
    }

    pub(crate) fn end_filling(&self) -> Result<(), MoveError> {
        Ok(self.connection.control("COMMIT")?)
    }

    /// Whether it notes what others do to its users.
    pub(crate) fn has_user_triggers(&self) -> Result<bool, MoveError> {
        const SQL: &str =
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = 'jeton_user_changed')";
        Ok(self.connection.raw.query_row(SQL, [], |row| row.get(0)).map_err(problem)?)
    }

    pub(crate) fn install_user_triggers(&self) -> Result<(), MoveError> {
        for statement in user_triggers::ON_SQLITE {
            self.connection.raw.execute_batch(statement).map_err(problem)?;
        }
        Ok(())
    }
}
