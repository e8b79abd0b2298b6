//! How an engine tells that something was written elsewhere.

use std::sync::Arc;

use crate::engine::{Engine, Row, Statement, postgres};
use crate::error::StoreError;

/// A reader of its own, which an engine may wake.
#[derive(Debug)]
pub(crate) enum Watch {
    /// Looking costs microseconds there: nobody is woken.
    Sqlite(Arc<Engine>),
    Postgres(Box<postgres::Watch>),
}

impl Engine {
    pub(crate) fn watch(self: &Arc<Self>) -> Watch {
        match &**self {
            Self::Sqlite(_) => Watch::Sqlite(Arc::clone(self)),
            Self::Postgres(postgres) => Watch::Postgres(Box::new(postgres.watch())),
        }
    }

    /// Makes the processes that watch look at once.
    pub(crate) async fn wake_others(&self) {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(postgres) => postgres.wake_others().await,
        }
    }
}

impl Watch {
    pub(crate) async fn read(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(engine) => engine.read(statement).await,
            Self::Postgres(watch) => watch.read(statement).await,
        }
    }

    /// Comes back when somebody has called [`Engine::wake_others`]; never, where the engine does not say.
    pub(crate) async fn woken(&mut self) {
        match self {
            Self::Sqlite(_) => std::future::pending().await,
            Self::Postgres(watch) => watch.woken().await,
        }
    }

    pub(crate) async fn wake_others(&mut self) {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(watch) => watch.wake_others().await,
        }
    }

    /// Whatever it had of the database is to be made anew.
    pub(crate) fn forget(&mut self) {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(watch) => watch.forget(),
        }
    }

    /// Whether the database is another machine, with a clock of its own.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}
