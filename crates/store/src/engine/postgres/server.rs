//! The way to a server: connections from a pool, unless it is known to be away.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool, PoolError, TimeoutType};
use tokio::time::error::Elapsed;

use super::connect;
use super::outage::Outage;
use super::problem::Failure;
use super::session::{Manner, Session};
use crate::error::StoreError;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Server {
    pool: Pool,
    /// All that lead to this server, that one included.
    pools: Arc<[Pool]>,
    manner: Arc<Manner>,
    /// How long an answer may take before the connection is given up.
    patience: Duration,
    outage: Arc<Outage>,
    is_closed: Arc<AtomicBool>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("pool", &self.pool.status()).finish_non_exhaustive()
    }
}

impl Server {
    /// One server by the connections of two pools.
    pub(super) fn by(pools: [Pool; 2], manner: Manner, patience: Duration) -> [Self; 2] {
        let [first, second] = pools.clone();
        let pools = Arc::new(pools);
        let manner = Arc::new(manner);
        let first = Self { pool: first, pools, manner, patience, outage: Arc::default(), is_closed: Arc::default() };
        let second = Self { pool: second, ..first.clone() };
        [first, second]
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// Whoever asks for a session from now on is refused. False if that was so.
    pub(super) fn refuse(&self) -> bool {
        !self.is_closed.swap(true, Ordering::SeqCst)
    }

    /// Lets go of the connections, as they come back.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// A connection to work with, unless the store was closed.
    pub(super) async fn session(&self) -> Result<Session, StoreError> {
        if self.is_closed() {
            return Err(StoreError::Closed);
        }
        self.last_session().await
    }

    /// The same for work that was begun before.
    pub(super) async fn last_session(&self) -> Result<Session, StoreError> {
        let mut tries = 0;
        loop {
            let began = Instant::now();
            let status = self.pool.status();
            // Connections that are there are tried in any case; a new one is not, while the server is away.
            if status.available == 0 {
                self.outage.try_again(began)?;
            }
            let error = match self.pool.get().await {
                Ok(client) => {
                    if Object::metrics(&client).created >= began {
                        self.outage.ended(Instant::now());
                    }
                    return Ok(Session::new(client, Arc::clone(&self.manner), self.patience));
                }
                Err(error) => error,
            };
            let is_away = matches!(error, PoolError::Backend(_) | PoolError::Timeout(TimeoutType::Create));
            let error = connect::refused(error);
            let is_lost = is_away && !self.outage.failed(began, Instant::now(), &error);
            if !is_lost || tries == 1 {
                return Err(error);
            }
            tries += 1;
        }
    }

    /// What came of work through a session. If its connection was lost or is silent, those like it that lie idle are given
    /// up as well.
    pub(super) fn settle<T>(&self, session: Session, done: Result<Result<T, Failure>, Elapsed>) -> Result<T, Failure> {
        let began = session.began();
        let done = session.settle(done);
        if done.as_ref().is_err_and(Failure::is_end_of_connection) {
            self.forget_older_than(began);
        }
        done
    }

    /// Gives up the connections that lie idle and are older than this: one like them was found dead.
    pub(super) fn forget_older_than(&self, moment: Instant) {
        for pool in self.pools.iter() {
            pool.retain(|_, metrics| metrics.created > moment);
        }
    }

    /// The error of work that was done through a session.
    pub(super) fn told(&self, failure: Failure) -> StoreError {
        failure.told(self.patience)
    }
}
