//! `[database]`: where users and token families are kept.

use std::path::PathBuf;

/// The database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Database {
    /// The address to show to people; a file's path is resolved against the folder of the settings file.
    pub url: String,
    /// The same, taken apart.
    pub location: Location,
}

/// What a database URL leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// `sqlite://:memory:`: gone when the process ends.
    Memory,
    /// `sqlite://PATH`.
    File(PathBuf),
}

impl Default for Database {
    /// `jeton-data/jeton.db` in the current folder.
    fn default() -> Self {
        Self::file(PathBuf::from(DEFAULT_FILE))
    }
}

impl Database {
    /// A SQLite file.
    pub fn file(path: PathBuf) -> Self {
        Self { url: format!("sqlite://{}", path.display()), location: Location::File(path) }
    }

    /// A SQLite database that lives as long as the process.
    pub fn memory() -> Self {
        Self { url: "sqlite://:memory:".to_owned(), location: Location::Memory }
    }
}

pub(super) const DEFAULT_FILE: &str = "jeton-data/jeton.db";
