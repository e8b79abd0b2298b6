//! Rotations that come at the same time are one statement and one commit. While it is under way the next ones gather;
//! where nothing is under way, one does not wait for others. A batch that takes long, for a row that somebody holds or on
//! a line that is dead, lets the next ones pass on another connection.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::problem::Failure;
use super::server::Server;
use super::session::Session;
use crate::engine::{Outcome, Statement};
use crate::error::StoreError;
use crate::in_use::InUse;

type Answer = Result<Outcome, StoreError>;

/// The way to the task that writes them. It ends once nobody has it any more.
#[derive(Clone, Debug)]
pub(super) struct Together {
    queue: mpsc::Sender<Command>,
}

enum Command {
    Write(Waiting),
    Close(oneshot::Sender<()>),
}

/// A guarded statement, and everybody who waits for it.
struct Waiting {
    statement: Statement,
    answer: oneshot::Sender<Answer>,
    /// Who asked for the same: they have lost, whatever becomes of the first.
    twins: Vec<oneshot::Sender<Answer>>,
}

impl Together {
    /// Rotations go through connections of `server`, of which there are so many.
    pub(super) fn start(server: Server, connections: usize, in_use: Weak<InUse>) -> Self {
        let (queue, commands) = mpsc::channel(QUEUE);
        let writer = Writer { server, in_use, lanes: Arc::new(Semaphore::new(connections)), connections };
        tokio::spawn(writer.run(commands));
        Self { queue }
    }

    /// Comes back once it is durable. Goes through even if the caller stops waiting.
    pub(super) async fn write(&self, statement: Statement) -> Answer {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { statement, answer, twins: Vec::new() };
        self.queue.send(Command::Write(waiting)).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Waits for what was queued before.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.queue.send(Command::Close(done)).await.is_ok() {
            // An error says that it has closed.
            let _ = closed.await;
        }
    }
}

/// Whoever gathers rotations and sends them.
struct Writer {
    server: Server,
    in_use: Weak<InUse>,
    /// One for each connection that is free.
    lanes: Arc<Semaphore>,
    connections: usize,
}

impl Writer {
    async fn run(self, mut commands: mpsc::Receiver<Command>) {
        let mut later = Vec::new();
        while let Ok(lane) = Arc::clone(&self.lanes).acquire_owned().await {
            let mut closing = None;
            let mut taken = std::mem::take(&mut later);
            if taken.is_empty() {
                let Some(command) = commands.recv().await else { return };
                closing = take(command, &mut taken);
            }
            while closing.is_none()
                && taken.len() < BATCH
                && let Ok(command) = commands.try_recv()
            {
                closing = take(command, &mut taken);
            }
            let (batch, rest) = sort(taken);
            later = rest;
            self.write(lane, batch).await;
            if let Some(done) = closing {
                self.write_the_rest(later).await;
                commands.close();
                let _ = done.send(());
                return;
            }
        }
    }

    /// Comes back when it is written, or takes long.
    async fn write(&self, lane: OwnedSemaphorePermit, batch: Vec<Waiting>) {
        let (server, in_use) = (self.server.clone(), Weak::clone(&self.in_use));
        let mut writing = Box::pin(async move {
            write(&server, &in_use, batch).await;
            drop(lane);
        });
        if timeout(LONG, &mut writing).await.is_err() {
            tokio::spawn(writing);
        }
    }

    /// Comes back when nothing is under way any more.
    async fn write_the_rest(&self, mut later: Vec<Waiting>) {
        while !later.is_empty()
            && let Ok(lane) = Arc::clone(&self.lanes).acquire_owned().await
        {
            let (batch, rest) = sort(later);
            later = rest;
            self.write(lane, batch).await;
        }
        // An error says that there are none.
        let _ = self.lanes.acquire_many(u32::try_from(self.connections).unwrap_or(u32::MAX)).await;
    }
}

fn take(command: Command, taken: &mut Vec<Waiting>) -> Option<oneshot::Sender<()>> {
    match command {
        Command::Write(waiting) => {
            taken.push(waiting);
            None
        }
        Command::Close(done) => Some(done),
    }
}

/// What can be one statement, in the order of its rows, and what has to wait for the next one: other statements, and a
/// row that is in it already with another expectation.
fn sort(taken: Vec<Waiting>) -> (Vec<Waiting>, Vec<Waiting>) {
    let mut batch: Vec<Waiting> = Vec::with_capacity(taken.len());
    let mut later = Vec::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::with_capacity(taken.len());
    for waiting in taken {
        let Some((row, expected)) = waiting.statement.claim() else { continue };
        if batch.first().is_some_and(|first| first.statement.sql != waiting.statement.sql) {
            later.push(waiting);
            continue;
        }
        match places.entry(row.to_vec()) {
            Entry::Vacant(place) => {
                place.insert(batch.len());
                batch.push(waiting);
            }
            Entry::Occupied(place) => {
                let first = &mut batch[*place.get()];
                if first.statement.claim().is_some_and(|(_, found)| found == expected) {
                    first.twins.push(waiting.answer);
                    first.twins.extend(waiting.twins);
                } else {
                    later.push(waiting);
                }
            }
        }
    }
    batch.sort_by(|one, other| one.statement.claim().cmp(&other.statement.claim()));
    (batch, later)
}

async fn write(server: &Server, in_use: &Weak<InUse>, batch: Vec<Waiting>) {
    if batch.is_empty() {
        return;
    }
    let (statements, waiting): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|one| (one.statement, (one.answer, one.twins))).unzip();
    match carry_out(server, in_use, statements).await {
        Ok(outcomes) => {
            for ((answer, twins), outcome) in waiting.into_iter().zip(outcomes) {
                // Whoever asked may have gone.
                let _ = answer.send(Ok(outcome));
                twins.into_iter().for_each(|twin| drop(twin.send(Ok(Outcome::Guarded))));
            }
        }
        Err(error) => {
            for (answer, twins) in waiting {
                let _ = answer.send(Err(error.clone()));
                twins.into_iter().for_each(|twin| drop(twin.send(Err(error.clone()))));
            }
        }
    }
}

/// What became of each. One alone is written as any other statement is.
async fn carry_out(
    server: &Server,
    in_use: &Weak<InUse>,
    statements: Vec<Statement>,
) -> Result<Vec<Outcome>, StoreError> {
    let session = server.last_session().await?;
    let in_use = in_use.upgrade();
    let notes = in_use.as_ref().map(|in_use| in_use.drain()).unwrap_or_default();
    let done = timeout(session.patience(), write_in(&session, &notes, &statements)).await;
    server.settle(session, done).map_err(|failure| {
        if let Some(in_use) = in_use {
            in_use.forget();
        }
        server.told(failure)
    })
}

async fn write_in(session: &Session, notes: &[Statement], statements: &[Statement]) -> Result<Vec<Outcome>, Failure> {
    match statements.first().and_then(|first| first.many) {
        Some(many) if statements.len() > 1 => session.write_together(notes, many, statements).await,
        _ => Ok(vec![session.write(notes, statements).await?]),
    }
}

/// So many callers may wait for the task; more wait for room.
const QUEUE: usize = 1024;
/// So many share a commit at most.
const BATCH: usize = 256;
/// Others do not wait longer for a batch, as long as there is a connection.
const LONG: Duration = Duration::from_millis(250);
