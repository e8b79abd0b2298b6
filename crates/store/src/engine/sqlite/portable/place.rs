//! A finished file gets the name that it was made for: all at once, or not at all.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::connection::{Connection, Role, problem};
use super::Portable;
use crate::engine::sqlite::lock::FileLock;
use crate::engine::sqlite::open;
use crate::error::StoreError;
use crate::moving::MoveError;

/// A database that no other process of Jeton's has open, or opens until this is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    database: PathBuf,
    _lock: FileLock,
}

impl Claim {
    pub(crate) fn on(database: &Path) -> Result<Self, MoveError> {
        if !open::folder(database).is_dir() {
            return Err(StoreError::FolderMissing { path: open::folder(database).to_owned() }.into());
        }
        match FileLock::exclusive(database)? {
            // A database that is reached over a link is replaced where it is.
            Some(lock) => {
                Ok(Self { database: database.canonicalize().unwrap_or_else(|_| database.to_owned()), _lock: lock })
            }
            None => Err(MoveError::InUse { path: database.to_owned() }),
        }
    }

    /// The name under which a new database grows up: in the same folder, so that it can be renamed. Only whoever has
    /// the claim uses it, so what is there was left behind.
    pub(crate) fn nursery(&self) -> PathBuf {
        open::with_ending(&self.database, ".unfinished")
    }

    /// The new database takes the name, and the one that had it is kept under the other.
    pub(crate) fn replace(&self, new: Portable, kept: &Path) -> Result<(), MoveError> {
        let database = &self.database;
        self.fold_log(kept)?;
        if database.exists() {
            fs::hard_link(database, kept).map_err(|error| file(kept, &error))?;
        }
        let unfinished = new.finish()?;
        fs::rename(&unfinished, database).map_err(|error| file(database, &error))?;
        sync_folder(database)
    }

    /// The same where there must be none yet.
    pub(crate) fn begin(&self, new: Portable) -> Result<(), MoveError> {
        new.name_first(&self.database)
    }

    /// Moves the log into the database, so that one file is all of it, and none is left to be taken for the next one's.
    fn fold_log(&self, kept: &Path) -> Result<(), MoveError> {
        let folded = open::look_at_header(&self.database).and_then(|()| {
            let connection = Connection::open(&self.database, Role::Writer)?;
            connection.raw.pragma_update(None, "journal_mode", "delete").map_err(problem)?;
            connection.pragma("journal_mode")
        });
        match folded {
            Ok(mode) if mode == "delete" => {}
            // Another program than Jeton has it open.
            Ok(_) | Err(StoreError::Busy) => return Err(MoveError::InUse { path: self.database.clone() }),
            // What is damaged or gone is kept as it was found.
            Err(_) => {}
        }
        for ending in ["-wal", "-journal"] {
            let (log, kept) = (open::with_ending(&self.database, ending), open::with_ending(kept, ending));
            if log.exists() {
                fs::rename(&log, &kept).map_err(|error| file(&log, &error))?;
            }
        }
        // An index of the log, made anew from it.
        _ = fs::remove_file(open::with_ending(&self.database, "-shm"));
        sync_folder(&self.database)
    }
}

impl Portable {
    /// The file gets a name that nothing else has.
    pub(crate) fn name_first(self, name: &Path) -> Result<(), MoveError> {
        let unfinished = self.finish()?;
        let named = match fs::hard_link(&unfinished, name) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(MoveError::FileExists { path: name.to_owned() })
            }
            Err(error) => Err(file(name, &error)),
            Ok(()) => sync_folder(name),
        };
        open::remove(&unfinished);
        named
    }

    /// The file gets a name, whatever had it before.
    pub(crate) fn name_over(self, name: &Path) -> Result<(), MoveError> {
        let unfinished = self.finish()?;
        fs::rename(&unfinished, name).map_err(|error| file(name, &error))?;
        sync_folder(name)
    }

    /// Closed, and on the disk. From here on the file stays.
    fn finish(mut self) -> Result<PathBuf, MoveError> {
        self.connection.raw.flush_prepared_statement_cache();
        let path = self.path.clone();
        self.connection.raw.cache_flush().map_err(problem)?;
        File::open(&path).and_then(|data| data.sync_all()).map_err(|error| file(&path, &error))?;
        self.is_scratch = false;
        Ok(path)
    }
}

fn file(path: &Path, error: &std::io::Error) -> MoveError {
    match error.kind() {
        ErrorKind::StorageFull => StoreError::Full.into(),
        _ => MoveError::File { path: path.to_owned(), reason: error.to_string() },
    }
}

fn sync_folder(of: &Path) -> Result<(), MoveError> {
    #[cfg(unix)]
    File::open(open::folder(of)).and_then(|folder| folder.sync_all()).map_err(|error| file(of, &error))?;
    Ok(())
}
