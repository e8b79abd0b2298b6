//! Whole databases: kept, brought back, carried from engine to engine.

#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

mod backups;
mod carrying;
mod filled;
mod server;
mod steps;

use std::path::{Path, PathBuf};

use jeton_store::moving::{MoveError, Moved, Moving, Progress, Restore, Restored, Sessions};
use jeton_store::{NewUser, OpenMode, Store};
use jeton_token::time::Timestamp;
use tempfile::TempDir;

const START: Timestamp = Timestamp::from_seconds(1_795_206_398);
const LATER: Timestamp = Timestamp::from_seconds(1_795_300_000);

/// A folder with a database in it, or for one.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn database(&self) -> PathBuf {
        self.path("jeton.db")
    }

    fn url(&self) -> String {
        url(&self.database())
    }

    fn open(&self) -> Store {
        Store::open(&self.url(), OpenMode::Create, START).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    async fn backup(&self, name: &str) -> PathBuf {
        let file = self.path(name);
        jeton_store::moving::backup(&self.url(), &file, false, LATER, &mut silent).await.unwrap();
        file
    }
}

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn silent(_: Progress<'_>) {}

async fn carry(from: &str, to: &str, dry_run: bool) -> Result<Moved, MoveError> {
    let scratch = tempfile::tempdir().unwrap();
    // The cases run beside each other on one server.
    let how = Moving { despite_connections: true, dry_run, scratch: scratch.path() };
    let moved = jeton_store::moving::carry(from, to, how, LATER, &mut silent).await;
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "nothing is left behind");
    moved
}

async fn restore(file: &Path, to: &str, sessions: Sessions, force: bool) -> Result<Restored, MoveError> {
    let scratch = tempfile::tempdir().unwrap();
    let how = Restore { sessions, force, despite_connections: true, dry_run: false, scratch: scratch.path() };
    let restored = jeton_store::moving::restore(file, to, how, LATER, &mut silent).await;
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "nothing is left behind");
    restored
}

fn new_user(username: &str) -> NewUser {
    NewUser::new(username, "!")
}
