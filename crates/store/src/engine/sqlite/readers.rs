//! Connections that only read: as many as there are threads reading at once.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::connection::{Connection, Role};
use crate::engine::{Row, Statement};
use crate::error::StoreError;

/// A read runs on the caller's own thread: with a warm cache it takes two microseconds, less than a change of thread.
pub(super) struct Readers {
    path: PathBuf,
    /// Nothing once they are closed.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::new(Some(Vec::new())) }
    }

    pub(super) fn read(&self, statement: &Statement) -> Result<Vec<Row>, StoreError> {
        let connection = self.take()?;
        let effect = connection.run(statement);
        self.put_back(connection);
        effect.map(|effect| effect.rows)
    }

    pub(super) fn close(&self) {
        let connections = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(connections);
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(Vec::pop);
        match idle {
            None => Err(StoreError::Closed),
            Some(Some(connection)) => Ok(connection),
            Some(None) => {
                let connection = Connection::open(&self.path, Role::Reader)?;
                connection.configure(Role::Reader)?;
                Ok(connection)
            }
        }
    }

    fn put_back(&self, connection: Connection) {
        if let Some(idle) = &mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner)
            && idle.len() < KEPT
        {
            idle.push(connection);
        }
    }
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").field("path", &self.path).finish_non_exhaustive()
    }
}

/// More than this are closed again after use.
const KEPT: usize = 32;
