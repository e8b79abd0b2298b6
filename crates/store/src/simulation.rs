//! For `tests/simulation` alone: several nodes over one database that is played by hand.

use std::sync::Arc;

pub use crate::engine::sqlite::stage::{Fate, Stage};

use crate::engine::Engine;
use crate::in_use::InUse;
use crate::{Store, StoreError};

impl Stage {
    /// A node that has just started: it knows of no use but what is written.
    pub fn node(&self) -> Result<Store, StoreError> {
        let in_use = Arc::new(InUse::default());
        let engine = Engine::Sqlite(self.engine(Arc::clone(&in_use))?);
        Ok(Store { engine: Arc::new(engine), in_use, cursor: Arc::default(), feed: Arc::default() })
    }
}
