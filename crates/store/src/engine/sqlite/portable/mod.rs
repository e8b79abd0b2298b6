//! A database in one SQLite file that nobody serves from: what backups are, and what moves between engines.

mod ending;
mod manifest;
mod place;
mod reading;
mod revival;
mod writing;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jeton_token::time::Timestamp;

pub(crate) use self::manifest::Manifest;
pub(crate) use self::place::Claim;
pub(crate) use self::reading::Tables;

use super::connection::{Connection, Role, problem};
use super::open;
use crate::error::StoreError;
use crate::migrate::{self, Applied};
use crate::moving::MoveError;

/// Its file, unless it is someone's database, goes when this does.
pub(crate) struct Portable {
    connection: Connection,
    path: PathBuf,
    is_scratch: bool,
    /// Of the database that this is, if it is one.
    _claim: Option<Claim>,
}

impl Portable {
    /// A copy of a database as it is at one moment, whoever writes to it meanwhile. Its pages are written anew: what was
    /// deleted is not in it. Tells from time to time how many bytes there are, of how many at most.
    pub(crate) fn copy_of(source: &Path, at: &Path, watch: &mut dyn FnMut(u64, u64)) -> Result<Self, MoveError> {
        let connection = recognised(source)?.raw;
        let whole = fs::metadata(source).map_or(0, |facts| facts.len());
        make_private(at)?;
        let copied = std::thread::scope(|scope| {
            let copying = scope
                .spawn(move || connection.execute("VACUUM INTO ?1", [at.to_string_lossy()]).map(drop).map_err(problem));
            while !copying.is_finished() {
                std::thread::sleep(LOOK);
                watch(fs::metadata(at).map_or(0, |facts| facts.len()), whole);
            }
            copying.join().unwrap_or(Err(StoreError::Closed))
        });
        match copied {
            Ok(()) => Self::scratch(at),
            Err(error) => {
                open::remove(at);
                Err(error.into())
            }
        }
    }

    /// An empty database with the first so many steps of the schema.
    pub(crate) fn empty(at: &Path, steps: usize, now: Timestamp) -> Result<Self, MoveError> {
        make_private(at)?;
        let made = open::fill(at, &migrate::SQLITE[..steps], now);
        if let Err(error) = made {
            open::remove(at);
            return Err(error.into());
        }
        Self::scratch(at)
    }

    /// A site's own database, which nobody may write to until this is dropped.
    pub(crate) fn at_rest(database: &Path) -> Result<Self, MoveError> {
        if !open::is_there(database)? {
            return Err(StoreError::Missing { path: database.to_owned() }.into());
        }
        let claim = Claim::on(database)?;
        let connection = recognised(database)?;
        migrate::none_pending(migrate::SQLITE, &open::applied(&connection)?, database)?;
        open::look_at_pages(&connection, database)?;
        connection.control("BEGIN IMMEDIATE")?;
        Ok(Self { connection, path: database.to_owned(), is_scratch: false, _claim: Some(claim) })
    }

    fn scratch(at: &Path) -> Result<Self, MoveError> {
        let scratch = Self {
            connection: Connection::open(at, Role::Writer)?,
            path: at.to_owned(),
            is_scratch: true,
            _claim: None,
        };
        // One file alone, and no foreign key that holds up what is copied table by table.
        for (name, value) in
            [("journal_mode", "delete"), ("synchronous", "2"), ("fullfsync", "1"), ("foreign_keys", "0")]
        {
            scratch.connection.raw.pragma_update(None, name, value).map_err(problem)?;
        }
        Ok(scratch)
    }

    /// Whether its file is of no use to anybody else.
    pub(crate) fn is_scratch(&self) -> bool {
        self.is_scratch
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The steps of the schema that it has had.
    pub(crate) fn applied(&self) -> Result<Vec<Applied>, StoreError> {
        open::applied(&self.connection)
    }

    /// Gives it the steps that it lacks.
    pub(crate) fn bring_up_to_date(&self, now: Timestamp) -> Result<(), StoreError> {
        open::migrate(&self.connection, &self.path, now)
    }
}

impl Drop for Portable {
    fn drop(&mut self) {
        if self.is_scratch {
            open::remove(&self.path);
        }
    }
}

/// A connection to a file that is one of Jeton's databases, whatever its schema.
fn recognised(path: &Path) -> Result<Connection, StoreError> {
    open::look_at_header(path)?;
    let connection = Connection::open(path, Role::Writer)?;
    let damaged = |error| match error {
        StoreError::Corrupt { reason } => StoreError::Damaged { path: path.to_owned(), problem: reason },
        other => other,
    };
    open::look_at_owner(&connection, path).map_err(damaged)?;
    Ok(connection)
}

/// A new file for nobody else's eyes. One that is left of a process that was killed gives way.
fn make_private(at: &Path) -> Result<(), MoveError> {
    open::remove(at);
    open::private_file(at).map_err(|error| MoveError::File { path: at.to_owned(), reason: error.to_string() })
}

/// How often a copy is looked at.
const LOOK: Duration = Duration::from_millis(25);
