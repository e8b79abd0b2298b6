//! A database that several nodes of a simulation share: the real statements and the real transactions on one connection in
//! memory, but each call waits for its turn and meets the fate that it is given.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jeton_token::time::Timestamp;
use tokio::sync::oneshot;

use super::connection::{Connection, problem};
use super::group_commit::{Answer, Job, commit};
use super::{Sqlite, Writer, open};
use crate::engine::{Row, Statement};
use crate::error::StoreError;
use crate::in_use::InUse;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It is carried out and answered.
    #[default]
    Answered,
    /// The database fails before anything is done.
    Fails,
    /// It is carried out, and the answer is an error: the outcome is unknown.
    Unknown,
}

/// One database, played by hand.
#[derive(Clone, Debug)]
pub struct Stage(Arc<Shared>);

struct Shared {
    connection: Mutex<Connection>,
    fate: Mutex<Fate>,
}

/// One node's way to it.
#[derive(Debug)]
pub(super) struct Staged {
    shared: Arc<Shared>,
    in_use: Arc<InUse>,
}

impl Stage {
    /// An empty database in memory.
    pub fn new(now: Timestamp) -> Result<Self, StoreError> {
        Ok(Self(Arc::new(Shared { connection: Mutex::new(open::memory(now)?), fate: Mutex::default() })))
    }

    /// What becomes of the next call to the ledger; those after it are answered.
    pub fn decide(&self, fate: Fate) {
        *lock(&self.0.fate) = fate;
    }

    /// Forgets all but the users.
    pub fn clear(&self) -> Result<(), StoreError> {
        let connection = lock(&self.0.connection);
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'jeton%' \
            AND name NOT IN ('jeton_install', 'jeton_migration', 'jeton_flush')";
        let named =
            connection.run(&Statement::new(tables, []))?.rows.into_iter().map(|mut row| row.next::<String>("name"));
        let mut batch = String::from("BEGIN; PRAGMA defer_foreign_keys = ON; ");
        for name in named.collect::<Result<Vec<_>, _>>()? {
            batch += &format!("DELETE FROM {name}; ");
        }
        batch += "UPDATE jeton_flush SET flushed_through = NULL, family_cursor = NULL, token_cursor = NULL; COMMIT";
        connection.raw.execute_batch(&batch).map_err(problem)
    }

    pub(crate) fn engine(&self, in_use: Arc<InUse>) -> Result<Sqlite, StoreError> {
        let stage = Some(Staged { shared: Arc::clone(&self.0), in_use: Arc::clone(&in_use) });
        let aside = Connection::open("".as_ref(), super::connection::Role::Memory)?;
        Ok(Sqlite { writer: Writer::start(aside, in_use)?, readers: None, lock: Mutex::new(None), stage })
    }
}

impl Staged {
    pub(super) async fn read(&self, statement: &Statement) -> Result<Vec<Row>, StoreError> {
        if is_of_the_ledger(statement) && self.turn().await != Fate::Answered {
            return Err(gone());
        }
        lock(&self.shared.connection).run(statement).map(|effect| effect.rows)
    }

    /// As the writer does it: notes first, and forgotten where they may not have been written.
    pub(super) async fn write(&self, statements: Vec<Statement>) -> Answer {
        if !statements.iter().any(is_of_the_ledger) {
            return self.commit(Vec::new(), statements);
        }
        let fate = self.turn().await;
        let notes = self.in_use.drain();
        if fate == Fate::Fails {
            self.in_use.forget();
            return Err(gone());
        }
        let answer = self.commit(notes, statements);
        if fate == Fate::Unknown {
            self.in_use.forget();
            return Err(gone());
        }
        answer
    }

    fn commit(&self, notes: Vec<Statement>, statements: Vec<Statement>) -> Answer {
        let (answer, mut answered) = oneshot::channel();
        let mut jobs: Vec<Job> = notes.into_iter().map(|note| Job { statements: vec![note], answer: None }).collect();
        jobs.push(Job { statements, answer: Some(answer) });
        commit(&lock(&self.shared.connection), jobs)?;
        answered.try_recv().map_err(|_| StoreError::Closed)?
    }

    /// Comes back when the future is polled again: until then, others may act.
    async fn turn(&self) -> Fate {
        let mut has_waited = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut has_waited, true) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        std::mem::take(&mut *lock(&self.shared.fate))
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stage")
    }
}

/// Whether others may come in between before it: everything else concerns one request alone.
fn is_of_the_ledger(statement: &Statement) -> bool {
    TABLES.iter().any(|table| statement.sql.contains(table))
}

fn gone() -> StoreError {
    StoreError::Disk { reason: "as the simulation has it".to_owned() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const TABLES: [&str; 3] = ["jeton_family", "jeton_blacklisted_token", "jeton_flush"];
