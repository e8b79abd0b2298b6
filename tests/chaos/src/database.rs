//! The database file as SQLite itself sees it, while the server has it open.

use std::path::Path;

use anyhow::{Result, bail};
use rusqlite::{Connection, OpenFlags};

/// Fails unless the file is whole and still has its log.
pub(crate) fn check(path: &Path) -> Result<()> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if verdict != "ok" {
        bail!("integrity_check says: {verdict}");
    }
    if connection.prepare("PRAGMA foreign_key_check")?.exists([])? {
        bail!("foreign_key_check found rows without their parents");
    }
    let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if journal != "wal" {
        bail!("journal_mode is {journal} and not wal");
    }
    Ok(())
}
