//! `[database]`: where users and token families are kept.

use std::path::PathBuf;

use super::given::{Given, Parsed, Setting, Wrong};
use super::reader::Reader;

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

impl Database {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut section = reader.section("database");
        let folder = section.folder();
        let Url(location) = section.read(
            "url",
            "sqlite:// and the path of a file; a relative one counts from the folder of this file.",
            Url(Location::File(PathBuf::from(DEFAULT_FILE))),
        );
        match location {
            Location::Memory => Self::memory(),
            Location::File(path) => Self::file(folder.join(path)),
        }
    }
}

/// A database URL as it is written.
struct Url(Location);

impl Setting for Url {
    fn parse(given: &Given) -> Parsed<Self> {
        match given.as_text().and_then(|text| text.split_once("://")) {
            Some(("sqlite", ":memory:")) => Ok(Self(Location::Memory)),
            Some(("sqlite", path)) if !path.is_empty() && !path.contains(['?', '#']) => {
                Ok(Self(Location::File(PathBuf::from(path))))
            }
            Some(("postgres" | "postgresql", _)) => Err(vec![Wrong::new(
                "PostgreSQL is not served by this version",
                "Write \"sqlite://jeton-data/jeton.db\"; PostgreSQL comes later.",
            )]),
            _ => Err(vec![Wrong::new(
                "is not the URL of a database",
                "Write \"sqlite://\" and the path of a file: \"sqlite://jeton-data/jeton.db\", or \"sqlite:///var/lib/jeton/jeton.db\".",
            )]),
        }
    }

    fn show(&self) -> String {
        match &self.0 {
            Location::Memory => "\"sqlite://:memory:\"".to_owned(),
            Location::File(path) => format!("sqlite://{}", path.display()).show(),
        }
    }
}

const DEFAULT_FILE: &str = "jeton-data/jeton.db";
