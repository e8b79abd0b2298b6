//! Who has a database file open: a lock beside it, which all of Jeton's processes share and a replacement has alone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::open::{folder, with_ending};
use crate::error::StoreError;

/// Held while the database is open. The last one takes the file away.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// For those who work with the database. While it is being replaced they wait for a while.
    pub(crate) fn shared(database: &Path) -> Result<Self, StoreError> {
        let begin = Instant::now();
        loop {
            if let Some(lock) = Self::take(database, File::try_lock_shared)? {
                return Ok(lock);
            }
            if begin.elapsed() > PATIENCE {
                return Err(StoreError::Busy);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// For whoever replaces the database, or must have it still. Nothing while another process works with it.
    pub(crate) fn exclusive(database: &Path) -> Result<Option<Self>, StoreError> {
        Self::take(database, File::try_lock)
    }

    fn take(database: &Path, try_lock: impl Fn(&File) -> Result<(), TryLockError>) -> Result<Option<Self>, StoreError> {
        let path = beside(database);
        let failed = |error: std::io::Error| StoreError::Open { path: path.clone(), reason: error.to_string() };
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(&path).map_err(failed)?;
            match try_lock(&file) {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            if is_still_there(&file, &path) {
                return Ok(Some(Self { file, path }));
            }
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if self.file.try_lock().is_ok() {
            // One that stays behind does no harm.
            _ = fs::remove_file(&self.path);
        }
    }
}

/// Two names of one database lead to one lock.
fn beside(database: &Path) -> PathBuf {
    let real = database
        .canonicalize()
        .ok()
        .or_else(|| Some(folder(database).canonicalize().ok()?.join(database.file_name()?)));
    with_ending(real.as_deref().unwrap_or(database), "-lock")
}

/// Whether the file was taken away between its opening and its locking.
#[cfg(unix)]
fn is_still_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let number = |facts: fs::Metadata| (facts.dev(), facts.ino());
    let (locked, found) = (file.metadata().map(number), fs::metadata(path).map(number));
    matches!((locked, found), (Ok(locked), Ok(found)) if locked == found)
}

#[cfg(not(unix))]
fn is_still_there(_: &File, path: &Path) -> bool {
    path.exists()
}

/// How long a process waits for a replacement to be over.
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_share_and_one_has_it_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("jeton.db");
        let (first, second) = (FileLock::shared(&database).expect("one"), FileLock::shared(&database).expect("two"));
        assert!(FileLock::exclusive(&database).expect("an answer").is_none());
        drop(first);
        assert!(FileLock::exclusive(&database).expect("an answer").is_none());
        drop(second);
        let alone = FileLock::exclusive(&database).expect("an answer").expect("nobody else");
        assert!(FileLock::exclusive(&database).expect("an answer").is_none());
        drop(alone);
        assert_eq!(fs::read_dir(folder.path()).expect("a list").count(), 0, "nothing stays behind");
    }

    #[test]
    fn a_lock_that_was_taken_away_is_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("jeton.db");
        let hundreds: Vec<_> = (0..8)
            .map(|_| {
                let database = database.clone();
                std::thread::spawn(move || {
                    for _ in 0..200 {
                        if let Some(alone) = FileLock::exclusive(&database).expect("an answer") {
                            let claim = database.with_extension("claim");
                            File::create_new(&claim).expect("never two at once");
                            fs::remove_file(&claim).expect("the claim");
                            drop(alone);
                        }
                    }
                })
            })
            .collect();
        hundreds.into_iter().for_each(|thread| thread.join().expect("no panic"));
    }
}
