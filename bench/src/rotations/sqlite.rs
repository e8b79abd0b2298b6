//! One SQLite file, and who takes turns on it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use jeton_store::{OpenMode, Store};
use jeton_token::time::Timestamp;
use rusqlite::Connection;
use rustix::time::{ClockId, clock_gettime};

use crate::rotations::families::Families;
use crate::rotations::results::Results;
use crate::rotations::store::{self, CLIENTS, NOW};
use crate::rotations::{Slice, Use, bare, fill};

pub(super) struct Site {
    families: Families,
    path: PathBuf,
    store: Store,
}

impl Site {
    pub(super) async fn make(folder: &Path, families: Families) -> Result<Self> {
        let path = folder.join(format!("{}.db", families.count));
        let url = format!("sqlite://{}", path.display());
        let now = Timestamp::from_seconds(NOW);
        Store::open(&url, OpenMode::Create, now)?.close().await?;
        fill::sqlite(&path, families.count)?;
        let store = Store::open(&url, OpenMode::Existing, now)?;
        Ok(Self { families, path, store })
    }

    pub(super) async fn round(&self, which: Use, slice: Slice, results: &mut Results) -> Result<()> {
        let size = self.families.count;
        let rate = store::rotate(&self.store, &self.families, which, (0, CONTENDERS), slice, process_cpu).await?;
        results.add("SQLite", size, which, "jeton", &rate);
        for (place, name, batch) in [(1, "grouped", CLIENTS), (2, "naive", 1)] {
            let share = self.families.share(which, place, CONTENDERS);
            let (families, path) = (self.families.clone(), self.path.clone());
            let turn =
                tokio::task::spawn_blocking(move || bare::rotate(&connection(&path)?, &families, share, batch, slice));
            results.add("SQLite", size, which, name, &turn.await??);
        }
        Ok(())
    }

    pub(super) fn size(&self) -> Result<String> {
        let bytes = std::fs::metadata(&self.path)?.len();
        let each = bytes as f64 / f64::from(self.families.count);
        Ok(format!("SQLite, {} families: {} MiB, {each:.0} bytes each", self.families.count, bytes >> 20))
    }

    pub(super) async fn close(self) -> Result<()> {
        self.store.close().await.context("closing the file")
    }
}

/// With the settings that Jeton's writer has.
fn connection(path: &Path) -> Result<Connection> {
    let file = Connection::open(path)?;
    file.busy_timeout(Duration::from_secs(10))?;
    file.set_prepared_statement_cache_capacity(16);
    for (name, value) in [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("fullfsync", "1"),
        ("checkpoint_fullfsync", "1"),
        ("foreign_keys", "1"),
        ("trusted_schema", "0"),
        ("cell_size_check", "1"),
        ("temp_store", "2"),
        ("wal_autocheckpoint", "4096"),
    ] {
        file.pragma_update(None, name, value)?;
    }
    Ok(file)
}

/// Clients and writer: all that this process does meanwhile.
#[expect(clippy::unnecessary_wraps, reason = "of PostgreSQL's processes it can fail")]
fn process_cpu() -> Result<Duration> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Ok(Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0)))
}

const CONTENDERS: u32 = 3;
