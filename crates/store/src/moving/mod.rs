//! Whole databases: kept in a file, brought back, carried to another engine.
//!
//! Everything goes through one shape, a database in one SQLite file. A backup is one; a server's database becomes one
//! inside one transaction; one becomes a server's database inside one transaction. Which tables and columns there are is
//! read off the migrations, so a new one is carried without a word here.

mod address;
mod backup;
mod carry;
mod checksum;
mod error;
mod restore;
mod steps;
mod table;

pub use self::backup::{Backup, backup};
pub use self::carry::{Moved, Moving, carry};
pub use self::error::MoveError;
pub use self::restore::{Ended, Restore, Restored, Revival, Sessions, restore};
pub use self::steps::{Plan, Step, plan};

pub(crate) use self::checksum::Checksum;
pub(crate) use self::table::{Column, STEPS, Table, in_order, kind_of};

/// How far a copy has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Of a file that is copied as a whole.
    Bytes {
        /// So many are written,
        done: u64,
        /// of about so many.
        of: u64,
    },
    /// Of a table that is copied row by row.
    Rows {
        /// Which.
        table: &'a str,
        /// So many are copied,
        done: u64,
        /// of so many.
        of: u64,
    },
}

/// What a table came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSum {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 over all of them, in hex: the same on every engine, in whatever order they lie.
    pub checksum: String,
}

impl TableSum {
    pub(crate) fn of(table: &Table, checksum: &Checksum) -> Self {
        Self { name: table.name.clone(), rows: checksum.rows, checksum: checksum.hex() }
    }
}
