//! `[database]`: where users and token families are kept.

use std::path::PathBuf;

use jeton_token::secret::Secret;

use super::given::{Given, Parsed, Setting, Wrong};
use super::reader::Reader;

/// The database.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Database {
    /// The address to show to people, without a password; a file's path is resolved against the folder of the settings
    /// file.
    pub url: String,
    /// The same, taken apart.
    pub location: Location,
    /// Whether whoever opens it brings its schema up to date; else `jeton migrate` alone does.
    pub migrate: bool,
}

/// What a database URL leads to.
#[derive(Clone, Debug)]
pub enum Location {
    /// `sqlite://:memory:`: gone when the process ends.
    Memory,
    /// `sqlite://PATH`.
    File(PathBuf),
    /// `postgres://…`: a server, with the password if the URL has one.
    Server(Secret<String>),
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
        Self { url: format!("sqlite://{}", path.display()), location: Location::File(path), migrate: true }
    }

    /// A SQLite database that lives as long as the process.
    pub fn memory() -> Self {
        Self { url: "sqlite://:memory:".to_owned(), location: Location::Memory, migrate: true }
    }

    /// A PostgreSQL server, `postgres://user:password@host:port/database`.
    pub fn server(url: Secret<String>) -> Self {
        Self { url: without_password(url.expose()), location: Location::Server(url), migrate: true }
    }
}

impl Database {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut section = reader.section("database");
        let folder = section.folder();
        let Url(location) = section.read(
            "url",
            "sqlite:// and the path of a file, a relative one counting from the folder of this file; or postgres://user:password@host/database.",
            Url(Location::File(PathBuf::from(DEFAULT_FILE))),
        );
        let migrate = section.read(
            "migrate",
            "Whether the schema is brought up to date by whatever opens the database; false: by `jeton migrate` alone, and the server stops where that has not been done.",
            true,
        );
        let database = match location {
            Location::Memory => Self::memory(),
            Location::File(path) => Self::file(folder.join(path)),
            Location::Server(url) => Self::server(url),
        };
        Self { migrate, ..database }
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
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                Ok(Self(Location::Server(Secret::new(given.as_text().unwrap_or_default().to_owned()))))
            }
            _ => Err(vec![Wrong::new(
                "is not the URL of a database",
                "Write \"sqlite://\" and the path of a file, such as \"sqlite://jeton-data/jeton.db\", or \"postgres://user:password@host/database\".",
            )]),
        }
    }

    fn show(&self) -> String {
        match &self.0 {
            Location::Memory => "\"sqlite://:memory:\"".to_owned(),
            Location::File(path) => format!("sqlite://{}", path.display()).show(),
            Location::Server(url) => without_password(url.expose()).show(),
        }
    }
}

/// A URL as it may be shown.
fn without_password(url: &str) -> String {
    let shown = url.split_once("://").and_then(|(scheme, rest)| {
        let (account, place) = rest.rsplit_once('@')?;
        let user = account.split_once(':').map_or(account, |(user, _)| user);
        Some(format!("{scheme}://{user}@{place}"))
    });
    let shown = shown.unwrap_or_else(|| url.to_owned());
    match shown.split_once('?') {
        Some((place, options)) if options.contains("password") => place.to_owned(),
        Some(_) | None => shown,
    }
}

const DEFAULT_FILE: &str = "jeton-data/jeton.db";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_server_is_not_shown() {
        for (url, shown) in [
            ("postgres://ada:secret@db.example/jeton", "postgres://ada@db.example/jeton"),
            ("postgres://ada:p@ss@db.example/jeton?sslmode=require", "postgres://ada@db.example/jeton?sslmode=require"),
            ("postgres://db.example/jeton", "postgres://db.example/jeton"),
            ("postgres://db.example/jeton?user=ada&password=secret", "postgres://db.example/jeton"),
        ] {
            let database = Database::server(Secret::from(url));
            assert_eq!(database.url, shown);
            assert!(!format!("{database:?}").contains("secret"));
        }
    }
}
