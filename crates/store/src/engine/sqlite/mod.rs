//! SQLite: one thread that writes, and as many readers as there are threads reading.
//!
//! A database in memory has one connection, the writer's, and reads queue there like writes: SQLite could share it
//! among connections only through its shared cache, which is compiled out.

mod connection;
mod group_commit;
pub(crate) mod lock;
pub(crate) mod open;
pub(crate) mod portable;
mod readers;
#[cfg(test)]
mod schedules;
#[cfg(feature = "simulation")]
pub(crate) mod stage;
mod sync;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jeton_token::time::Timestamp;

use self::lock::FileLock;
use self::readers::Readers;
use self::writer::Writer;
use crate::engine::{Outcome, Row, Statement};
use crate::error::StoreError;
use crate::in_use::InUse;

/// Whether a database that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// It is, if there is none.
    Create,
    /// It is not: it must have been made before.
    Existing,
    /// Nor is one brought up to date: it must have been before.
    UpToDate,
}

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    Memory,
    File(PathBuf),
}

#[derive(Debug)]
pub(crate) struct Sqlite {
    writer: Writer,
    readers: Option<Readers>,
    lock: Mutex<Option<FileLock>>,
    #[cfg(feature = "simulation")]
    stage: Option<stage::Staged>,
}

impl Sqlite {
    pub(crate) fn open(
        location: &Location,
        mode: OpenMode,
        now: Timestamp,
        in_use: Arc<InUse>,
    ) -> Result<Self, StoreError> {
        let (connection, readers, lock) = match location {
            Location::Memory => (open::memory(now)?, None, None),
            Location::File(path) => {
                let (connection, lock) = open::file(path, mode, now)?;
                (connection, Some(Readers::new(path.clone())), Some(lock))
            }
        };
        Ok(Self {
            writer: Writer::start(connection, in_use)?,
            readers,
            lock: Mutex::new(lock),
            #[cfg(feature = "simulation")]
            stage: None,
        })
    }

    pub(crate) async fn read(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        #[cfg(feature = "simulation")]
        if let Some(stage) = &self.stage {
            return stage.read(&statement).await;
        }
        match &self.readers {
            Some(readers) => readers.read(&statement),
            None => {
                let outcome = self.writer.write(vec![statement]).await?;
                Ok(outcome.effect(0).map_or_else(Vec::new, |effect| effect.rows))
            }
        }
    }

    pub(crate) async fn write(&self, statements: Vec<Statement>) -> Result<Outcome, StoreError> {
        #[cfg(feature = "simulation")]
        if let Some(stage) = &self.stage {
            return stage.write(statements).await;
        }
        self.writer.write(statements).await
    }

    pub(crate) async fn size(&self) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
        let rows = self.read(Statement::new(SQL, [])).await?;
        rows.into_iter().next().map_or(Ok(0), |mut row| row.next("page_count"))
    }

    /// Readers first: the last connection that closes takes the log away. The lock last.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        if let Some(readers) = &self.readers {
            readers.close();
        }
        let closed = self.writer.close().await;
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
        closed
    }
}
