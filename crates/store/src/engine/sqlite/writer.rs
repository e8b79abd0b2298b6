//! The one thread that writes: it takes what is queued, has it committed as one, and tidies up when idle.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::connection::{Connection, problem};
use super::group_commit::{Answer, Job, commit};
use super::sync::{Receiver, RecvTimeoutError, Sender, channel, thread};
use crate::engine::Statement;
use crate::error::StoreError;
use crate::in_use::InUse;

/// The way to the thread. Dropping the last one lets it finish its queue and end.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Sender<Command>,
    room: Arc<Semaphore>,
}

#[derive(Debug)]
enum Command {
    Write {
        job: Job,
        /// Its place in the queue, free again as soon as the thread takes the job.
        _place: OwnedSemaphorePermit,
    },
    Close(oneshot::Sender<Result<(), StoreError>>),
}

impl Writer {
    pub(super) fn start(connection: Connection, in_use: Arc<InUse>) -> Result<Self, StoreError> {
        let (queue, commands) = channel();
        let thread = WriterThread { connection, commands, in_use, is_log_ahead: false };
        thread::Builder::new()
            .name("jeton-store".to_owned())
            .spawn(move || thread.run())
            .map_err(|error| StoreError::Disk { reason: format!("no thread to write with: {error}") })?;
        Ok(Self { queue, room: Arc::new(Semaphore::new(QUEUE)) })
    }

    pub(super) async fn write(&self, statements: Vec<Statement>) -> Answer {
        let place = Arc::clone(&self.room).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let job = Job { statements, answer: Some(answer) };
        self.queue.send(Command::Write { job, _place: place }).map_err(|_| StoreError::Closed)?;
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
    commands: Receiver<Command>,
    in_use: Arc<InUse>,
    /// Something was written since the last checkpoint.
    is_log_ahead: bool,
}

impl WriterThread {
    fn run(mut self) {
        loop {
            let mut jobs = Vec::new();
            let close = match self.commands.recv_timeout(IDLE) {
                Ok(first) => self.gather(first, &mut jobs),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return self.write(Vec::new()),
            };
            let is_idle = jobs.is_empty();
            self.write(jobs);
            if let Some(answer) = close {
                return self.close(answer);
            }
            if is_idle && self.is_log_ahead {
                self.checkpoint();
            }
        }
    }

    /// What is queued right now, up to a wish to close.
    fn gather(&self, first: Command, jobs: &mut Vec<Job>) -> Option<oneshot::Sender<Result<(), StoreError>>> {
        let mut next = Some(first);
        while let Some(command) = next {
            match command {
                Command::Write { job, .. } => jobs.push(job),
                Command::Close(answer) => return Some(answer),
            }
            next = (jobs.len() < BATCH).then(|| self.commands.try_recv().ok()).flatten();
        }
        None
    }

    /// Writes the notes that have gathered, and the jobs: notes first, as a rotation outdates them.
    fn write(&mut self, jobs: Vec<Job>) {
        let notes = self.in_use.drain().into_iter().map(|note| Job { statements: vec![note], answer: None });
        let jobs: Vec<Job> = notes.chain(jobs).collect();
        if jobs.is_empty() {
            return;
        }
        self.is_log_ahead = true;
        if commit(&self.connection, jobs).is_err() {
            self.in_use.forget();
        }
    }

    /// Moves the log into the database while nobody waits, as far as no reader needs it.
    fn checkpoint(&mut self) {
        match self.connection.raw.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            Ok(()) => self.is_log_ahead = false,
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

/// So many callers may wait for the thread; more wait for room.
const QUEUE: usize = if cfg!(test) { 2 } else { 1024 };
/// So many jobs share a commit at most.
const BATCH: usize = if cfg!(test) { 3 } else { 256 };
/// After so long without work, notes are written and the log is moved.
const IDLE: Duration = Duration::from_secs(1);
