//! PostgreSQL: a pool of connections, each write one statement or one transaction; rotations together.

mod connect;
mod migrate;
pub(crate) mod moving;
mod outage;
mod problem;
mod server;
mod session;
mod tls;
mod together;
mod value;
mod watch;

use std::sync::{Arc, Weak};
use std::time::Duration;

use jeton_token::time::Timestamp;
use tokio::time::timeout;

use self::connect::Target;
pub(crate) use self::migrate::PLACE;
use self::problem::{Failure, problem};
use self::server::Server;
use self::session::Manner;
use self::together::Together;
pub(crate) use self::watch::Watch;
use crate::connect_options::ConnectOptions;
use crate::engine::sqlite::OpenMode;
use crate::engine::{Effect, Outcome, Row, Statement};
use crate::error::StoreError;
use crate::in_use::InUse;

/// A database on a server. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    server: Server,
    rotations: Server,
    together: Together,
    target: Arc<Target>,
    is_pooled: bool,
    in_use: Arc<InUse>,
}

/// Whether a server could be found by that URL, and asked for what the options want.
pub(crate) fn check(url: &str, options: &ConnectOptions) -> Result<(), StoreError> {
    connect::check(url, options)
}

impl Postgres {
    /// Connects, and brings the schema up to date. Several nodes may do so at once.
    pub(crate) async fn open(
        url: &str,
        options: &ConnectOptions,
        mode: OpenMode,
        now: Timestamp,
        in_use: Arc<InUse>,
    ) -> Result<Self, StoreError> {
        let target = connect::target(url, options)?;
        let for_rotations = ROTATIONS.min(options.max_connections.saturating_sub(1)).max(1);
        let others = options.max_connections.saturating_sub(for_rotations).max(1);
        let pool = target.clone().pool(others, options)?;
        let patience = options.statement_timeout + GRACE;
        let pools = [pool, target.for_rotations(options).pool(for_rotations, options)?];
        let [server, rotations] = Server::by(pools, Manner::new(options), patience);
        let session = server.session().await?;
        migrate::bring_up_to_date(&session, mode, now).await?;
        migrate::look_at_durability(&session).await?;
        drop(session);
        let together = Together::start(rotations.clone(), for_rotations, Arc::downgrade(&in_use));
        let postgres =
            Self { server, rotations, together, target: Arc::new(target), is_pooled: options.pooler, in_use };
        tokio::spawn(write_notes(Arc::downgrade(&postgres.in_use), postgres.server.clone()));
        Ok(postgres)
    }

    /// Again on a fresh connection, once, if the one that lay there was dead.
    pub(crate) async fn read(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let mut found = self.read_once(&statement).await?;
        if matches!(&found, Err(failure @ Failure::Said(_)) if failure.is_end_of_connection()) {
            found = self.read_once(&statement).await?;
        }
        found.map(|effect| effect.rows).map_err(|failure| self.server.told(failure))
    }

    async fn read_once(&self, statement: &Statement) -> Result<Result<Effect, Failure>, StoreError> {
        let session = self.server.session().await?;
        let found = timeout(session.patience(), session.read(statement)).await;
        Ok(self.server.settle(session, found))
    }

    /// In a task of its own, so that it goes through even if its caller stops waiting. Never again after a connection was
    /// lost: it may have gone through.
    pub(crate) async fn write(&self, statements: Vec<Statement>) -> Result<Outcome, StoreError> {
        if self.server.is_closed() {
            return Err(StoreError::Closed);
        }
        if let [only] = &statements[..]
            && only.guard
            && only.many.is_some()
            && only.claim().is_some()
        {
            let only = only.clone();
            return self.together.write(only).await;
        }
        let (server, in_use) = (self.server.clone(), Arc::clone(&self.in_use));
        let writing = tokio::spawn(async move { write_to_the_end(&server, &in_use, &statements).await });
        writing.await.map_err(|_| StoreError::Closed)?
    }

    /// A reader beside the pool.
    pub(crate) fn watch(&self) -> Watch {
        Watch::new(Arc::clone(&self.target), self.server.clone(), self.is_pooled)
    }

    /// Wakes every node that listens. Nobody waits for it in vain: they look by themselves, too.
    pub(crate) async fn wake_others(&self) {
        let woken = match self.server.session().await {
            Ok(session) => session.batch_execute(watch::WAKE).await.map_err(problem),
            Err(error) => Err(error),
        };
        if let Err(error) = woken {
            tracing::debug!(%error, "the other nodes could not be woken; they look by themselves");
        }
    }

    pub(crate) async fn size(&self) -> Result<u64, StoreError> {
        let rows = self.read(Statement::new("SELECT pg_database_size(current_database())", [])).await?;
        rows.into_iter().next().map_or(Ok(0), |mut row| row.next("pg_database_size"))
    }

    /// Writes the rotations that are queued and the notes that have gathered, and lets go of the server.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        if !self.server.refuse() {
            return Err(StoreError::Closed);
        }
        self.together.close().await;
        let written = write_to_the_end(&self.server, &self.in_use, &[]).await;
        self.server.close();
        self.rotations.close();
        written.map(drop)
    }
}

/// Notes of tokens in use are written with the next write, and at the latest now and then; until nobody has the store.
async fn write_notes(in_use: Weak<InUse>, server: Server) {
    while !server.is_closed() {
        tokio::time::sleep(IDLE).await;
        let Some(in_use) = in_use.upgrade() else { return };
        if in_use.is_any_pending()
            && let Err(error) = write_to_the_end(&server, &in_use, &[]).await
        {
            tracing::warn!(%error, "it could not be noted which tokens are in use");
        }
    }
}

async fn write_to_the_end(server: &Server, in_use: &InUse, statements: &[Statement]) -> Result<Outcome, StoreError> {
    let session = server.last_session().await?;
    let notes = in_use.drain();
    let done = timeout(session.patience(), session.write(&notes, statements)).await;
    server.settle(session, done).map_err(|failure| {
        in_use.forget();
        server.told(failure)
    })
}

/// Connections for rotations alone, where there are enough: while all is well one of them is used.
const ROTATIONS: usize = 2;
/// How long notes wait for a write that takes them along.
const IDLE: Duration = Duration::from_secs(1);
/// So much longer than a statement may run the answer may take.
const GRACE: Duration = Duration::from_secs(2);
