//! The tables of a database in a file, its rows, and what they come to.

use std::collections::HashMap;
use std::path::Path;

use jeton_token::time::Timestamp;
use rusqlite::types::ValueRef;

use super::manifest::MANIFEST;
use super::{Connection, Portable, open, problem};
use crate::engine::{Kind, Value};
use crate::error::StoreError;
use crate::moving::{Checksum, Column, MoveError, STEPS, Table, in_order, kind_of};

/// What of a database can be carried, and what cannot.
#[derive(Debug)]
pub(crate) struct Tables {
    /// Each after those that it refers to.
    pub(crate) ours: Vec<Table>,
    /// Tables and columns of others.
    pub(crate) left: Vec<String>,
}

impl Tables {
    /// All that a new database has: the one place that says what is carried.
    pub(crate) fn of_schema() -> Result<Self, MoveError> {
        Self::read(&open::memory(Timestamp::EPOCH)?, None)
    }

    fn read(connection: &Connection, known: Option<&Self>) -> Result<Self, MoveError> {
        const NAMES: &str = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
        let mut prepared = connection.raw.prepare(NAMES).map_err(problem)?;
        let names = prepared.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(problem)?;
        let (mut ours, mut left) = (Vec::new(), Vec::new());
        for name in names {
            let (name, sql): (String, String) = name.map_err(problem)?;
            let known_table = known.map(|known| known.ours.iter().find(|table| table.name == name));
            match known_table {
                _ if name == STEPS || MANIFEST.contains(&name.as_str()) => {}
                Some(None) if !name.starts_with("jeton_") => left.push(name),
                None | Some(None | Some(_)) => {
                    let table = table(connection, name, &sql, known_table.flatten(), &mut left)?;
                    ours.push(table);
                }
            }
        }
        Ok(Self { ours: in_order(ours), left })
    }
}

fn table(
    connection: &Connection,
    name: String,
    sql: &str,
    known: Option<&Table>,
    left: &mut Vec<String>,
) -> Result<Table, MoveError> {
    let mut columns = Vec::new();
    for (column, declared) in pairs(connection, "SELECT name, type FROM pragma_table_info(?1) ORDER BY cid", &name)? {
        match (known.map(|known| known.columns.iter().any(|known| known.name == column)), kind_of(&declared)) {
            // A column that Jeton does not know of stays behind, and so does one that it cannot carry in a table of Django's.
            (Some(false), _) if !name.starts_with("jeton_") => left.push(format!("{name}.{column}")),
            (_, Some(kind)) => columns.push(Column { name: column, kind }),
            (_, None) => return Err(MoveError::Content { table: name, column }),
        }
    }
    let parents = pairs(connection, "SELECT \"table\", \"from\" FROM pragma_foreign_key_list(?1)", &name)?;
    let seeds = match known {
        Some(known) => known.seeds,
        None => count(connection, &name)?,
    };
    Ok(Table {
        name,
        columns,
        parents: parents.into_iter().map(|(parent, _)| parent).collect(),
        is_numbered: sql.to_ascii_uppercase().contains("AUTOINCREMENT"),
        seeds,
    })
}

fn count(connection: &Connection, table: &str) -> Result<u64, StoreError> {
    let sql = format!("SELECT COUNT(*) FROM \"{table}\"");
    let count: i64 = connection.raw.query_row(&sql, [], |row| row.get(0)).map_err(problem)?;
    Ok(count.unsigned_abs())
}

fn pairs(connection: &Connection, sql: &str, table: &str) -> Result<Vec<(String, String)>, StoreError> {
    let mut prepared = connection.raw.prepare(sql).map_err(problem)?;
    let found = prepared.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).map_err(problem)?;
    found.collect::<Result<_, _>>().map_err(problem)
}

impl Portable {
    /// What is in here: all of it, if the schema is that of this version, and less if it is an older one.
    pub(crate) fn tables(&self) -> Result<Tables, MoveError> {
        Tables::read(&self.connection, Some(&Tables::of_schema()?))
    }

    /// The rows of a table.
    pub(crate) fn rows<'p>(&'p self, table: &'p Table) -> Result<Reading<'p>, MoveError> {
        let statement = self.connection.raw.prepare(&table.select()).map_err(problem)?;
        Ok(Reading { statement, table })
    }

    pub(crate) fn count(&self, table: &Table) -> Result<u64, MoveError> {
        Ok(count(&self.connection, &table.name)?)
    }

    pub(crate) fn checksum(&self, table: &Table) -> Result<Checksum, MoveError> {
        let mut checksum = Checksum::default();
        let mut reading = self.rows(table)?;
        let mut rows = reading.begin()?;
        while let Some(row) = rows.next()? {
            checksum.add(&row);
        }
        Ok(checksum)
    }

    /// The highest number that each table ever gave to a row of its own.
    pub(crate) fn numbers(&self) -> Result<HashMap<String, i64>, MoveError> {
        let mut prepared = self.connection.raw.prepare("SELECT name, seq FROM sqlite_sequence").map_err(problem)?;
        let found = prepared.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(problem)?;
        Ok(found.collect::<Result<_, _>>().map_err(problem)?)
    }

    /// Reads everything: pages, and all that refers to something else.
    pub(crate) fn look_through(&self, name: &Path) -> Result<(), MoveError> {
        let not_whole = |problem: String| MoveError::NotWhole { path: name.to_owned(), problem };
        let verdict = self.connection.raw.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
        match verdict {
            Ok(verdict) if verdict == "ok" => {}
            Ok(verdict) => return Err(not_whole(verdict)),
            Err(error) => return Err(not_whole(super::super::connection::words(&error))),
        }
        let mut prepared = self.connection.raw.prepare("PRAGMA foreign_key_check").map_err(problem)?;
        let astray = prepared.query([]).map_err(problem)?.next().map_err(problem)?.map(|row| row.get::<_, String>(0));
        match astray {
            None => Ok(()),
            Some(table) => Err(not_whole(format!("rows of {} refer to nothing", table.map_err(problem)?))),
        }
    }
}

/// A table that is about to be read.
pub(crate) struct Reading<'p> {
    statement: rusqlite::Statement<'p>,
    table: &'p Table,
}

/// Its rows, one after the other.
pub(crate) struct Rows<'r> {
    rows: rusqlite::Rows<'r>,
    table: &'r Table,
}

impl Reading<'_> {
    pub(crate) fn begin(&mut self) -> Result<Rows<'_>, MoveError> {
        Ok(Rows { rows: self.statement.query([]).map_err(problem)?, table: self.table })
    }
}

impl Rows<'_> {
    pub(crate) fn next(&mut self) -> Result<Option<Vec<Value>>, MoveError> {
        let Some(row) = self.rows.next().map_err(problem)? else { return Ok(None) };
        let value = |column: usize| {
            let raw = row.get_ref(column).map_err(problem)?;
            let value = match raw {
                ValueRef::Null => Value::Null(Kind::Text),
                ValueRef::Integer(integer) => Value::Integer(integer),
                ValueRef::Real(real) => Value::Text(real.to_string()),
                // What is no text is bytes in a column of text, and refused as such.
                ValueRef::Text(text) => match std::str::from_utf8(text) {
                    Ok(text) => Value::Text(text.to_owned()),
                    Err(_) => Value::Bytes(text.to_vec()),
                },
                ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
            };
            self.table.settle(column, value)
        };
        (0..self.table.columns.len()).map(value).collect::<Result<_, _>>().map(Some)
    }
}
