//! Where a site keeps its data, as the engine itself sees it while the server runs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use jeton_test_postgres::Database;
use rusqlite::{Connection, OpenFlags};

/// What the database URL leads to.
pub(crate) enum Place {
    File(PathBuf),
    Server(Database),
}

impl Place {
    /// As the settings have it.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::File(path) => format!("sqlite://{}", path.display()),
            Self::Server(database) => database.url.clone(),
        }
    }

    /// Fails unless everything is whole, and rows that belong together are there together.
    pub(crate) fn check(&self) -> Result<()> {
        self.check_pages()?;
        for (what, statement) in NEVER {
            let found = self.count(statement)?;
            ensure!(found == 0, "the database holds {found} {what}");
        }
        Ok(())
    }

    /// Fails unless all tables and indexes are whole.
    pub(crate) fn check_pages(&self) -> Result<()> {
        match self {
            Self::File(path) => check_file(path),
            Self::Server(database) => database.check_pages(),
        }
    }

    /// The one number that a statement finds.
    pub(crate) fn count(&self, statement: &str) -> Result<i64> {
        Ok(match self {
            Self::File(path) => open(path)?.query_row(statement, [], |row| row.get(0))?,
            Self::Server(database) => database.sql(statement)?.trim().parse()?,
        })
    }

    /// A server goes on with what a process that was killed had asked for; comes back when it has done with it.
    pub(crate) fn wait_for_the_last_words(&self) -> Result<()> {
        const CONNECTED: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'jeton%'";
        let Self::Server(database) = self else { return Ok(()) };
        let begun = Instant::now();
        while database.sql(CONNECTED)?.trim() != "0" {
            ensure!(begun.elapsed() < PATIENCE, "PostgreSQL still serves a process that was killed");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File(_) => "SQLite",
            Self::Server(_) => "PostgreSQL",
        })
    }
}

/// The file is whole and still has its log.
fn check_file(path: &Path) -> Result<()> {
    let connection = open(path)?;
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

fn open(path: &Path) -> Result<Connection> {
    Ok(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

/// What no transaction that is whole leaves behind, in sites that rotate with blacklisting.
const NEVER: [(&str, &str); 7] = [
    (
        "families with live tokens beside their newest, or used up beyond it",
        "SELECT count(*) FROM jeton_family WHERE consumed_below <> generation",
    ),
    (
        "families that have rotated at no time, or have not and yet at some",
        "SELECT count(*) FROM jeton_family WHERE (generation = 0) <> (rotated_at IS NULL)",
    ),
    (
        "families that ended at a time without a reason, or for a reason at no time",
        "SELECT count(*) FROM jeton_family WHERE (revoked_at IS NULL) <> (revoke_reason IS NULL)",
    ),
    (
        "families that are forgotten before their newest token expires",
        "SELECT count(*) FROM jeton_family WHERE expires_at < token_expires_at * 1000000",
    ),
    (
        "families that ended without a word in the change log",
        "SELECT count(*) FROM (SELECT key FROM jeton_family WHERE revoked_at IS NOT NULL \
         EXCEPT SELECT family FROM jeton_change WHERE kind = 'family_ended') AS torn",
    ),
    (
        "families without the event of their login",
        "SELECT count(*) FROM (SELECT key FROM jeton_family \
         EXCEPT SELECT family FROM jeton_event WHERE kind = 'signed_in') AS torn",
    ),
    (
        "events of logins without their family",
        "SELECT count(*) FROM (SELECT family FROM jeton_event WHERE kind = 'signed_in' AND family IS NOT NULL \
         EXCEPT SELECT key FROM jeton_family) AS torn",
    ),
];
const PATIENCE: Duration = Duration::from_secs(30);
