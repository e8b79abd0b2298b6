//! One SQLite connection: its settings, and how a statement runs on it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, ErrorCode, OpenFlags};

use crate::django_time;
use crate::engine::{Effect, Kind, Row, Statement, Value};
use crate::error::StoreError;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Writer,
    Reader,
    Memory,
}

pub(super) struct Connection {
    pub(super) raw: rusqlite::Connection,
    /// The texts as SQLite takes them, by the address of ours.
    texts: RefCell<HashMap<(usize, usize), String>>,
}

impl Connection {
    /// Opens a file that exists; writes nothing yet.
    pub(super) fn open(path: &Path, role: Role) -> Result<Self, StoreError> {
        // Named flags replace the default ones, so NO_MUTEX has to be among them; each connection has one user at a time.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let raw = match role {
            Role::Writer | Role::Reader => rusqlite::Connection::open_with_flags(path, flags),
            Role::Memory => rusqlite::Connection::open_in_memory_with_flags(flags | OpenFlags::SQLITE_OPEN_CREATE),
        };
        let mut raw = raw.map_err(|error| StoreError::Open { path: path.to_owned(), reason: words(&error) })?;
        let patience = if role == Role::Reader { READER_PATIENCE } else { WRITER_PATIENCE };
        raw.busy_handler(Some(wait_for_turn(patience))).map_err(problem)?;
        raw.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self { raw, texts: RefCell::default() })
    }

    /// Sets what durability and integrity rest on, and looks that it took.
    pub(super) fn configure(&self, role: Role) -> Result<(), StoreError> {
        let journal = if role == Role::Memory { "memory" } else { "wal" };
        for (name, wanted) in [
            ("journal_mode", journal),
            ("synchronous", "2"),
            ("fullfsync", "1"),
            ("checkpoint_fullfsync", "1"),
            ("foreign_keys", "1"),
            ("trusted_schema", "0"),
            ("cell_size_check", "1"),
            ("temp_store", "2"),
            ("wal_autocheckpoint", AUTOCHECKPOINT_PAGES),
            ("query_only", if role == Role::Reader { "1" } else { "0" }),
        ] {
            // A reader meets the journal as the writer left it.
            if !(role == Role::Reader && name == "journal_mode") {
                self.raw.pragma_update(None, name, wanted).map_err(problem)?;
            }
            let found = self.pragma(name)?;
            if found != wanted {
                return Err(StoreError::Pragma { name, wanted: wanted.to_owned(), found });
            }
        }
        Ok(())
    }

    pub(super) fn pragma(&self, name: &str) -> Result<String, StoreError> {
        let read = |row: &rusqlite::Row<'_>| match row.get_ref(0)? {
            ValueRef::Integer(integer) => Ok(integer.to_string()),
            ValueRef::Text(text) => Ok(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Ok(String::new()),
        };
        self.raw.pragma_query_value(None, name, read).map_err(problem)
    }

    /// Runs one statement to its end.
    pub(super) fn run(&self, statement: &Statement) -> Result<Effect, StoreError> {
        let mut prepared = self.prepare(statement.sql).map_err(problem)?;
        let params = rusqlite::params_from_iter(&statement.params);
        let columns = prepared.column_count();
        if columns == 0 {
            let changed = prepared.execute(params).map_err(problem)?;
            return Ok(Effect { changed: changed as u64, rows: Vec::new() });
        }
        let mut found = prepared.query(params).map_err(problem)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(problem)? {
            let values = (0..columns).map(|column| value(row.get_ref(column)?)).collect::<Result<_, _>>();
            rows.push(Row::new(values.map_err(problem)?));
        }
        Ok(Effect { changed: rows.len() as u64, rows })
    }

    /// `BEGIN`, `COMMIT` and their like.
    pub(super) fn control(&self, sql: &'static str) -> Result<(), StoreError> {
        self.raw.prepare_cached(sql).and_then(|mut prepared| prepared.execute([])).map_err(problem)?;
        Ok(())
    }

    fn prepare(&self, sql: &'static str) -> rusqlite::Result<CachedStatement<'_>> {
        let mut texts = self.texts.borrow_mut();
        let text = texts.entry((sql.as_ptr().addr(), sql.len())).or_insert_with(|| number(sql));
        self.raw.prepare_cached(text)
    }
}

/// SQLite takes `$1` for a name and counts names as they come; `?1` it takes for the first.
fn number(sql: &str) -> String {
    sql.replace('$', "?")
}

fn value(column: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match column {
        ValueRef::Null => Value::Null(Kind::Text),
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Text(real.to_string()),
        ValueRef::Text(_) => Value::Text(column.as_str()?.to_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_owned()),
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null(_) => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Bool(bool) => ToSqlOutput::Borrowed(ValueRef::Integer((*bool).into())),
            Self::Integer(integer) => ToSqlOutput::Borrowed(ValueRef::Integer(*integer)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Secret(secret) => ToSqlOutput::Borrowed(ValueRef::Text(secret.expose().as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Self::Time(moment) => ToSqlOutput::Owned(django_time::format(*moment).into()),
        })
    }
}

/// What a connection does while another process has the lock: it tries again every millisecond. SQLite's own waiting
/// pauses for up to a tenth of a second, in which a busy server takes the lock back each time.
fn wait_for_turn(patience: Duration) -> impl FnMut(i32) -> bool + Send + 'static {
    let mut since = Instant::now();
    move |tries| {
        if tries == 0 {
            since = Instant::now();
        }
        let patient = since.elapsed() < patience;
        if patient {
            std::thread::sleep(Duration::from_millis(1));
        }
        patient
    }
}

/// What rusqlite says, as what an operator can act on.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(super) fn problem(error: rusqlite::Error) -> StoreError {
    let reason = words(&error);
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            StoreError::Busy
        }
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::ReadOnly,
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory) => {
            StoreError::Disk { reason }
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt { reason },
        // All tables were there when it was opened: the file was emptied since.
        Some(ErrorCode::Unknown) if reason.starts_with("no such table") => StoreError::Corrupt { reason },
        _ => StoreError::Statement { reason },
    }
}

/// The words of an error, without the text of a statement.
pub(super) fn words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(words)) => format!("{words}, code {}", code.extended_code),
        rusqlite::Error::SqliteFailure(code, None) => format!("{code}, code {}", code.extended_code),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

/// How long a statement waits while another process writes.
const WRITER_PATIENCE: Duration = Duration::from_secs(5);
/// Readers are only ever kept waiting by a recovery or by a last connection closing.
const READER_PATIENCE: Duration = Duration::from_secs(1);
/// More than there are statements in this crate.
const STATEMENTS: usize = 128;
/// 16 MiB: a backstop, since the writer checkpoints whenever it is idle.
const AUTOCHECKPOINT_PAGES: &str = "4096";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_and_not_named() {
        let connection = Connection::open(Path::new(""), Role::Memory).expect("memory");
        let statement = Statement::new("SELECT $2, $1, $2", [Value::Integer(1), Value::Integer(2)]);
        let mut rows = connection.run(&statement).expect("a row").rows;
        let read: Vec<i64> = (0..3).map(|_| rows[0].next("n").expect("an integer")).collect();
        assert_eq!(read, [2, 1, 2]);
    }

    #[test]
    fn what_durability_rests_on_is_set() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("jeton.db");
        std::fs::File::create_new(&path).expect("a file");
        for (role, journal, query_only) in
            [(Role::Writer, "wal", "0"), (Role::Reader, "wal", "1"), (Role::Memory, "memory", "0")]
        {
            let connection = Connection::open(&path, role).expect("a connection");
            connection.configure(role).expect("its pragmas");
            let pragma = |name| connection.pragma(name).expect(name);
            assert_eq!(pragma("journal_mode"), journal);
            assert_eq!(pragma("synchronous"), "2", "FULL: every commit is synced");
            assert_eq!(pragma("fullfsync"), "1");
            assert_eq!(pragma("foreign_keys"), "1");
            assert_eq!(pragma("query_only"), query_only);
        }
    }

    #[test]
    fn a_setting_that_does_not_take_is_an_error() {
        let connection = Connection::open(Path::new(""), Role::Memory).expect("memory");
        let refused = connection.configure(Role::Writer).expect_err("no log in memory");
        assert!(matches!(refused, StoreError::Pragma { name: "journal_mode", .. }));
    }

    #[test]
    fn errors_tell_neither_values_nor_statements() {
        let connection = Connection::open(Path::new(""), Role::Memory).expect("memory");
        connection.raw.execute_batch("CREATE TABLE t (a TEXT UNIQUE)").expect("a table");
        let insert = Statement::new("INSERT INTO t (a) VALUES ($1)", [Value::from("hunter2")]);
        connection.run(&insert).expect("the first");
        let twin = connection.run(&insert).expect_err("the second");
        let wrong = connection.run(&Statement::new("SELECT nothing FROM nowhere", [])).expect_err("no such table");
        for error in [twin, wrong] {
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hunter2") && !text.contains("SELECT"), "{text}");
        }
    }
}
