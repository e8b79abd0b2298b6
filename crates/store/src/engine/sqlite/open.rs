//! Opening a database: what is refused, and how a new or older one gets the schema.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use jeton_token::time::Timestamp;

use super::OpenMode;
use super::connection::{Connection, Role, problem, words};
use super::lock::FileLock;
use crate::engine::{Statement, Value};
use crate::error::StoreError;
use crate::migrate::{self, Applied, Migration};

/// An empty database in memory.
pub(super) fn memory(now: Timestamp) -> Result<Connection, StoreError> {
    let connection = Connection::open(Path::new(":memory:"), Role::Memory)?;
    connection.configure(Role::Memory)?;
    migrate(&connection, Path::new(":memory:"), now)?;
    Ok(connection)
}

/// The database in a file: ours, whole, and not newer than we are; or a new one.
pub(super) fn file(path: &Path, mode: OpenMode, now: Timestamp) -> Result<(Connection, FileLock), StoreError> {
    let is_there = is_there(path)?;
    if !is_there && mode != OpenMode::Create {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    let lock = FileLock::shared(path)?;
    if !is_there {
        create(path, now)?;
    }
    Ok((existing(path, mode, now)?, lock))
}

fn existing(path: &Path, mode: OpenMode, now: Timestamp) -> Result<Connection, StoreError> {
    look_at_header(path)?;
    let connection = Connection::open(path, Role::Writer)?;
    let damaged = |error| match error {
        StoreError::Corrupt { reason } => StoreError::Damaged { path: path.to_owned(), problem: reason },
        other => other,
    };
    look_at_owner(&connection, path).map_err(damaged)?;
    look_at_pages(&connection, path).map_err(damaged)?;
    connection.configure(Role::Writer).map_err(damaged)?;
    match mode {
        OpenMode::Create | OpenMode::Existing => migrate(&connection, path, now).map_err(damaged)?,
        OpenMode::UpToDate => migrate::none_pending(migrate::SQLITE, &applied(&connection)?, path).map_err(damaged)?,
    }
    Ok(connection)
}

/// What an existing database remembers, without a change to it.
pub(crate) fn remembered(path: &Path) -> Result<Option<Vec<Applied>>, StoreError> {
    if !is_there(path)? {
        return Ok(None);
    }
    look_at_header(path)?;
    let connection = Connection::open(path, Role::Writer)?;
    look_at_owner(&connection, path)?;
    applied(&connection).map(Some)
}

pub(crate) fn is_there(path: &Path) -> Result<bool, StoreError> {
    let unreadable = |error: std::io::Error| StoreError::Open { path: path.to_owned(), reason: error.to_string() };
    if path.try_exists().map_err(unreadable)? {
        return Ok(true);
    }
    if !folder(path).is_dir() {
        return Err(StoreError::FolderMissing { path: folder(path).to_owned() });
    }
    let log = with_ending(path, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(StoreError::Vanished { path: path.to_owned(), log });
    }
    Ok(false)
}

/// Makes it under another name and gives it its own once it is whole: an unfinished database is never found later.
fn create(path: &Path, now: Timestamp) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| StoreError::Open { path: path.to_owned(), reason: error.to_string() };
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let unfinished = with_ending(path, &format!(".new-{}-{number}", std::process::id()));
    // One of that name is left of a process that was killed in the middle.
    remove(&unfinished);
    let made = private_file(&unfinished)
        .map_err(failed)
        .and_then(|()| fill(&unfinished, migrate::SQLITE, now))
        .and_then(|()| give_name(&unfinished, path).map_err(failed));
    remove(&unfinished);
    made
}

/// With its log, as far as they are there.
pub(super) fn remove(unfinished: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(with_ending(unfinished, ending));
    }
}

/// Only its owner may read it: it will hold password hashes. SQLite gives its log the same rights.
pub(super) fn private_file(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Gives a file that was made the first steps, or all of them.
pub(super) fn fill(path: &Path, steps: &[Migration], now: Timestamp) -> Result<(), StoreError> {
    let connection = Connection::open(path, Role::Writer)?;
    connection.raw.pragma_update(None, "application_id", APPLICATION_ID).map_err(problem)?;
    connection.configure(Role::Writer)?;
    apply_in_turn(&connection, steps, path, now)?;
    connection.raw.close().map_err(|(_, error)| problem(error))
}

/// A second name and not a new one: where another process was faster, its database stays.
pub(super) fn give_name(unfinished: &Path, path: &Path) -> std::io::Result<()> {
    match fs::hard_link(unfinished, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    #[cfg(unix)]
    File::open(folder(path))?.sync_all()?;
    Ok(())
}

pub(super) fn look_at_header(path: &Path) -> Result<(), StoreError> {
    let unreadable = |error: std::io::Error| StoreError::Open { path: path.to_owned(), reason: error.to_string() };
    let mut file = File::open(path).map_err(unreadable)?;
    let file_facts = file.metadata().map_err(unreadable)?;
    if !file_facts.is_file() {
        return Err(StoreError::Open { path: path.to_owned(), reason: "it is not a file".to_owned() });
    }
    if file_facts.len() == 0 {
        return Err(StoreError::Empty { path: path.to_owned() });
    }
    let mut start = [0; MAGIC.len()];
    if file.read_exact(&mut start).is_err() || start != *MAGIC {
        let problem = "it is not a SQLite database".to_owned();
        return Err(StoreError::Damaged { path: path.to_owned(), problem });
    }
    Ok(())
}

pub(super) fn look_at_owner(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let path = path.to_owned();
    if has_table(connection, "jeton_install")? {
        if connection.pragma("application_id")? == APPLICATION_ID {
            return Ok(());
        }
        let problem = "it has Jeton's tables but not Jeton's application_id".to_owned();
        return Err(StoreError::Damaged { path, problem });
    }
    if has_table(connection, "auth_user")? {
        return Err(StoreError::Django { path });
    }
    if has_table(connection, "%")? {
        return Err(StoreError::NotOurs { path });
    }
    Err(StoreError::Empty { path })
}

/// Reads every page once: two seconds for each gigabyte, if the system has it in its cache.
pub(super) fn look_at_pages(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let verdict: String = connection.raw.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(problem)?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(StoreError::Damaged { path: path.to_owned(), problem: verdict })
}

fn has_table(connection: &Connection, like: &'static str) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name LIKE $1 LIMIT 1";
    Ok(!connection.run(&Statement::new(SQL, [Value::from(like)]))?.rows.is_empty())
}

/// Applies what is missing, in one transaction, so that two processes that start at once do it once.
pub(super) fn migrate(connection: &Connection, path: &Path, now: Timestamp) -> Result<(), StoreError> {
    apply_in_turn(connection, migrate::SQLITE, path, now)
}

fn apply_in_turn(connection: &Connection, known: &[Migration], path: &Path, now: Timestamp) -> Result<(), StoreError> {
    connection.control("BEGIN IMMEDIATE")?;
    let done = steps(connection, known, path, now).and_then(|()| connection.control("COMMIT"));
    if done.is_err() && !connection.raw.is_autocommit() {
        connection.control("ROLLBACK")?;
    }
    done
}

fn steps(connection: &Connection, known: &[Migration], path: &Path, now: Timestamp) -> Result<(), StoreError> {
    if !has_table(connection, "jeton_install")? {
        connection.raw.execute_batch(migrate::INSTALL).map_err(problem)?;
        let installed = "INSERT INTO jeton_install (id, installed_at) VALUES (1, $1)";
        connection.run(&Statement::new(installed, [now.into()]))?;
    }
    let applied = applied(connection)?;
    for migration in migrate::pending(known, &applied, path)? {
        apply(connection, migration, now)?;
    }
    Ok(())
}

pub(super) fn applied(connection: &Connection) -> Result<Vec<Applied>, StoreError> {
    let rows = connection.run(&Statement::new("SELECT number, name, digest FROM jeton_migration ORDER BY number", []));
    let read = |mut row: crate::engine::Row| {
        Ok(Applied { number: row.next("number")?, name: row.next("name")?, digest: row.next("digest")? })
    };
    rows?.rows.into_iter().map(read).collect()
}

fn apply(connection: &Connection, migration: &Migration, now: Timestamp) -> Result<(), StoreError> {
    connection.raw.execute_batch(migration.sql).map_err(|error| StoreError::Migration {
        number: migration.number,
        name: migration.name.to_owned(),
        reason: words(&error),
    })?;
    let remember = "INSERT INTO jeton_migration (number, name, digest, applied_at) VALUES ($1, $2, $3, $4)";
    let row = [migration.number.into(), migration.name.into(), migration.digest().into(), now.into()];
    connection.run(&Statement::new(remember, row))?;
    Ok(())
}

pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// How many databases this process has begun to make.
static MADE: AtomicU64 = AtomicU64::new(0);
/// `JETN`.
const APPLICATION_ID: &str = "1246057550";
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
