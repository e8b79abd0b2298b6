//! The one thread that writes: it drains its queue, commits once for all, and only then answers.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::connection::{Connection, problem};
use crate::engine::{Effect, Outcome, Statement};
use crate::error::StoreError;
use crate::in_use::InUse;

/// The way to the thread. Dropping the last one lets it finish its queue and end.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Sender<Command>,
    room: Arc<Semaphore>,
}

enum Command {
    Write(Job),
    Close(oneshot::Sender<Result<(), StoreError>>),
}

struct Job {
    statements: Vec<Statement>,
    /// Nobody waits for notes.
    answer: Option<oneshot::Sender<Answer>>,
    /// Its place in the queue.
    _permit: Option<OwnedSemaphorePermit>,
}

type Answer = Result<Outcome, StoreError>;

impl Writer {
    pub(super) fn start(connection: Connection, in_use: Arc<InUse>) -> Result<Self, StoreError> {
        let (queue, jobs) = channel();
        let thread = WriterThread { connection, jobs, in_use, unchecked: false };
        thread::Builder::new()
            .name("jeton-store".to_owned())
            .spawn(move || thread.run())
            .map_err(|error| StoreError::Disk { reason: format!("no thread to write with: {error}") })?;
        Ok(Self { queue, room: Arc::new(Semaphore::new(QUEUE)) })
    }

    pub(super) async fn write(&self, statements: Vec<Statement>) -> Answer {
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let job = Job { statements, answer: Some(answer), _permit: Some(permit) };
        self.queue.send(Command::Write(job)).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Whatever was queued before is written; whatever comes after is refused.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        self.room.close();
        let (answer, answered) = oneshot::channel();
        self.queue.send(Command::Close(answer)).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

struct WriterThread {
    connection: Connection,
    jobs: Receiver<Command>,
    in_use: Arc<InUse>,
    /// Something was written since the last checkpoint.
    unchecked: bool,
}

impl WriterThread {
    fn run(mut self) {
        loop {
            let mut jobs = Vec::new();
            let close = match self.jobs.recv_timeout(IDLE) {
                Ok(first) => self.gather(first, &mut jobs),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return self.commit(Vec::new()),
            };
            let idle = jobs.is_empty();
            self.commit(jobs);
            if let Some(answer) = close {
                return self.close(answer);
            }
            if idle && self.unchecked {
                self.checkpoint();
            }
        }
    }

    /// What is queued right now; the answer to a wish to close ends it.
    fn gather(&self, first: Command, jobs: &mut Vec<Job>) -> Option<oneshot::Sender<Result<(), StoreError>>> {
        let mut next = Some(first);
        while let Some(command) = next {
            match command {
                Command::Write(job) => jobs.push(job),
                Command::Close(answer) => return Some(answer),
            }
            next = (jobs.len() < BATCH).then(|| self.jobs.try_recv().ok()).flatten();
        }
        None
    }

    /// Runs the notes that have gathered and the jobs in one transaction: notes first, as a rotation outdates them.
    fn commit(&mut self, jobs: Vec<Job>) {
        let notes =
            self.in_use.drain().into_iter().map(|note| Job { statements: vec![note], answer: None, _permit: None });
        let mut jobs: Vec<Job> = notes.chain(jobs).collect();
        while !jobs.is_empty() {
            jobs = self.transaction(jobs);
        }
    }

    /// One transaction. Comes back with the jobs that it did not get to, because one before them broke it.
    fn transaction(&mut self, jobs: Vec<Job>) -> Vec<Job> {
        if let Err(error) = self.connection.control("BEGIN IMMEDIATE") {
            self.abandon();
            jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
            return Vec::new();
        }
        let mut jobs = jobs.into_iter();
        let mut done = Vec::with_capacity(jobs.len());
        while let Some(job) = jobs.next() {
            let result = self.job(&job.statements);
            let broken = result.as_ref().err().cloned().filter(|_| self.is_broken());
            done.push((job, result));
            if let Some(error) = broken {
                self.abandon();
                done.into_iter().for_each(|(job, _)| job.answer(Err(error.clone())));
                return jobs.collect();
            }
        }
        self.unchecked = true;
        if cfg!(feature = "answer-before-commit") {
            done.into_iter().for_each(|(job, result)| job.answer(result));
            thread::sleep(DAWDLE);
            if self.connection.control("COMMIT").is_err() {
                self.abandon();
            }
            return Vec::new();
        }
        match self.connection.control("COMMIT") {
            Ok(()) => done.into_iter().for_each(|(job, result)| job.answer(result)),
            Err(error) => {
                self.abandon();
                done.into_iter().for_each(|(job, _)| job.answer(Err(error.clone())));
            }
        }
        Vec::new()
    }

    /// One job, whole or not at all. A single statement is atomic by itself; a list stands in a savepoint.
    fn job(&self, statements: &[Statement]) -> Answer {
        if let [only] = statements {
            let effect = self.connection.run(only)?;
            return Ok(if only.guard && effect.changed == 0 { Outcome::Guarded } else { Outcome::Done(vec![effect]) });
        }
        self.connection.control("SAVEPOINT job")?;
        let outcome = self.list(statements);
        if !matches!(outcome, Ok(Outcome::Done(_))) {
            self.connection.control("ROLLBACK TO job")?;
        }
        self.connection.control("RELEASE job")?;
        outcome
    }

    fn list(&self, statements: &[Statement]) -> Answer {
        let mut effects: Vec<Effect> = Vec::with_capacity(statements.len());
        for statement in statements {
            let effect = self.connection.run(statement)?;
            if statement.guard && effect.changed == 0 {
                return Ok(Outcome::Guarded);
            }
            effects.push(effect);
        }
        Ok(Outcome::Done(effects))
    }

    /// Whether an error took the transaction with it (a full disk does), or left a job half done.
    fn is_broken(&self) -> bool {
        // Naming a savepoint that nobody set fails, so a release that works means that one was left behind.
        self.connection.raw.is_autocommit() || self.connection.control("RELEASE job").is_ok()
    }

    /// Leaves the transaction, if SQLite has not done so.
    fn abandon(&self) {
        if !self.connection.raw.is_autocommit()
            && let Err(error) = self.connection.control("ROLLBACK")
        {
            tracing::error!(%error, "the database would not roll back");
        }
        self.in_use.forget();
    }

    /// Moves the log into the database while nobody waits; what others still read stays.
    fn checkpoint(&mut self) {
        match self.connection.raw.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            Ok(()) => self.unchecked = false,
            Err(error) => tracing::warn!(%error, "the database log could not be moved into the database"),
        }
    }

    fn close(self, answer: oneshot::Sender<Result<(), StoreError>>) {
        let checkpoint = self.connection.raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let closed = self.connection.raw.close().map_err(|(_, error)| error);
        // Whoever asked may have gone.
        let _ = answer.send(checkpoint.and(closed).map_err(problem));
    }
}

impl Job {
    fn answer(self, result: Answer) {
        if let Some(answer) = self.answer {
            // The caller may have gone; what was written stays written.
            let _ = answer.send(result);
        }
    }
}

/// So many callers may wait for the thread; more wait for room.
const QUEUE: usize = 1024;
/// So many jobs share a commit at most.
const BATCH: usize = 256;
/// After so long without work, notes are written and the log is moved.
const IDLE: Duration = Duration::from_secs(1);
/// How long a build that answers before the commit waits with the commit.
const DAWDLE: Duration = Duration::from_millis(20);
