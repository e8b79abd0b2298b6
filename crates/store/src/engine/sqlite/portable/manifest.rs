//! What a backup says of itself, so that a restoration can tell whether it is still what was written.

use jeton_token::time::Timestamp;
use rusqlite::OptionalExtension as _;

use super::{Portable, problem};
use crate::moving::MoveError;

/// The tables of a backup that are not the site's.
pub(super) const MANIFEST: [&str; 2] = ["jeton_backup", "jeton_backup_table"];

/// When a backup was made, and what each of its tables came to.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) made_at: Timestamp,
    /// Names and checksums.
    pub(crate) tables: Vec<(String, String)>,
}

impl Portable {
    pub(crate) fn write_manifest(&self, manifest: &Manifest) -> Result<(), MoveError> {
        const TABLES: &str = "DROP TABLE IF EXISTS jeton_backup; DROP TABLE IF EXISTS jeton_backup_table; \
            CREATE TABLE jeton_backup (made_at BIGINT NOT NULL); \
            CREATE TABLE jeton_backup_table (name TEXT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL);";
        let raw = &self.connection.raw;
        self.connection.control("BEGIN IMMEDIATE")?;
        raw.execute_batch(TABLES).map_err(problem)?;
        raw.execute("INSERT INTO jeton_backup (made_at) VALUES (?1)", [manifest.made_at.micros()]).map_err(problem)?;
        for (name, checksum) in &manifest.tables {
            raw.execute("INSERT INTO jeton_backup_table (name, checksum) VALUES (?1, ?2)", (name, checksum))
                .map_err(problem)?;
        }
        Ok(self.connection.control("COMMIT")?)
    }

    /// Takes it out. Nothing where a database file was copied by other means than `jeton backup`.
    pub(crate) fn take_manifest(&self) -> Result<Option<Manifest>, MoveError> {
        let raw = &self.connection.raw;
        let has = "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('jeton_backup', 'jeton_backup_table')";
        let tables: i64 = raw.query_row(has, [], |row| row.get(0)).map_err(problem)?;
        if tables < 2 {
            return Ok(None);
        }
        let made_at =
            raw.query_row("SELECT made_at FROM jeton_backup", [], |row| row.get(0)).optional().map_err(problem)?;
        let mut prepared =
            raw.prepare("SELECT name, checksum FROM jeton_backup_table ORDER BY name").map_err(problem)?;
        let tables = prepared.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(problem)?;
        let tables = tables.collect::<Result<_, _>>().map_err(problem)?;
        drop(prepared);
        raw.execute_batch("DROP TABLE jeton_backup; DROP TABLE jeton_backup_table;").map_err(problem)?;
        Ok(made_at.map(|made_at| Manifest { made_at: Timestamp::from_micros(made_at), tables }))
    }
}
