//! `[database]`: where users and token families are kept.

use std::path::PathBuf;
use std::time::Duration;

use jeton_store::{ConnectOptions, StoreError};
use jeton_token::secret::Secret;

use super::given::{Given, Parsed, Setting, Wrong, between};
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
    /// How a server is connected to. A SQLite file needs none of it.
    pub connect: ConnectOptions,
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
        Self {
            url: format!("sqlite://{}", path.display()),
            location: Location::File(path),
            connect: ConnectOptions::default(),
            migrate: true,
        }
    }

    /// A SQLite database that lives as long as the process.
    pub fn memory() -> Self {
        Self {
            url: "sqlite://:memory:".to_owned(),
            location: Location::Memory,
            connect: ConnectOptions::default(),
            migrate: true,
        }
    }

    /// A PostgreSQL server, `postgres://user:password@host:port/database`.
    pub fn server(url: Secret<String>) -> Self {
        Self {
            url: without_password(url.expose()),
            location: Location::Server(url),
            connect: ConnectOptions::default(),
            migrate: true,
        }
    }
}

impl Database {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut section = reader.section("database");
        let folder = section.folder();
        let Url(location) = section.read(
            "url",
            "sqlite:// and the path of a file, a relative one counting from the folder of this file; or postgres://user:password@host/database, with ?sslmode=verify-full for TLS, and &sslrootcert=PATH for an authority that the system does not know.",
            Url(Location::File(PathBuf::from(DEFAULT_FILE))),
        );
        let migrate = section.read(
            "migrate",
            "Whether the schema is brought up to date by whatever opens the database; false: by `jeton migrate` alone, and the server stops where that has not been done.",
            true,
        );
        let mut connect = ConnectOptions::default();
        connect.max_connections = section.read_if(
            "max_connections",
            "PostgreSQL: the most connections of this process, two of them for rotations alone (of two, one). One more follows the change log.",
            connect.max_connections,
            between(2..=1000),
        );
        let mut timeout = |key, about, value: &mut Duration, most| {
            *value = section.read_if(key, about, *value, between(Duration::from_millis(100)..=most));
        };
        timeout(
            "connect_timeout",
            "PostgreSQL: how long making a connection may take.",
            &mut connect.connect_timeout,
            MINUTE,
        );
        timeout(
            "wait_timeout",
            "PostgreSQL: how long to wait for a connection to come free.",
            &mut connect.wait_timeout,
            MINUTE,
        );
        timeout(
            "statement_timeout",
            "PostgreSQL: how long a statement may run, waiting for others included; then it fails. Migrations may take as long as they do.",
            &mut connect.statement_timeout,
            10 * MINUTE,
        );
        timeout(
            "idle_in_transaction_timeout",
            "PostgreSQL: how long a transaction of a node that was cut off in the middle may hold others up.",
            &mut connect.idle_in_transaction_timeout,
            10 * MINUTE,
        );
        connect.pooler = section.read(
            "pooler",
            "PostgreSQL: whether the URL leads to a pooler in transaction mode (PgBouncer). Nothing is prepared or set in a session then, and other nodes' changes are found by looking, not by being woken.",
            connect.pooler,
        );
        let wrong = check(&location, &connect);
        wrong.into_iter().for_each(|(key, wrong)| section.refuse(key, wrong));
        let database = match location {
            Location::Memory => Self::memory(),
            Location::File(path) => Self::file(folder.join(path)),
            Location::Server(url) => Self::server(url),
        };
        if connect.pooler && !matches!(database.location, Location::Server(_)) {
            let remedy = "Remove it, or set url to the pooler: postgres://user:password@host/database.";
            reader.warn("database.pooler", Wrong::new("has no effect on SQLite", remedy));
        }
        Self { connect, migrate, ..database }
    }
}

/// What the URL and the options of a server together would not do for.
fn check(location: &Location, connect: &ConnectOptions) -> Option<(&'static str, Wrong)> {
    let Location::Server(url) = location else { return None };
    match connect.check(url.expose()) {
        Ok(()) => None,
        Err(StoreError::PoolerOptions) => Some((
            "pooler",
            Wrong::new(
                "a pooler in transaction mode takes no options for a session, and the URL has some",
                "Remove options= from url and set them for the role (ALTER ROLE), or set pooler = false.",
            ),
        )),
        Err(StoreError::Authority { path, reason }) => Some((
            "url",
            Wrong::new(
                format!("the certificates of its sslrootcert, {}, cannot be used: {reason}", path.display()),
                "Name the PEM file of the authority that signed the server's certificate, with its whole path; or leave sslrootcert out to trust whom the system trusts.",
            ),
        )),
        Err(_) => Some((
            "url",
            Wrong::new(
                "is not the URL of a PostgreSQL server that could be connected to",
                "Write \"postgres://user:password@host:port/database\", with %40 for an @ in the password; after a ? there may be sslmode=disable, prefer or verify-full, sslrootcert, application_name, connect_timeout, keepalives_idle, options and target_session_attrs.",
            ),
        )),
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
const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Loaded, Problems, Settings, SettingsFile, Sources};

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
    fn load(text: &str) -> Result<Loaded, Problems> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789-0123456789\"\n[database]\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        Settings::load(&Sources { file, ..Sources::default() })
    }

    fn error(text: &str) -> String {
        load(text).expect_err("settings that are wrong").errors[0].to_string()
    }

    #[test]
    fn a_server_is_connected_to_as_it_is_set() {
        let text =
            "url = \"postgres://db.example/jeton\"\nmax_connections = 4\nstatement_timeout = \"2s\"\npooler = true\n";
        let connect = load(text).unwrap().settings.database.connect;
        assert_eq!((connect.max_connections, connect.pooler), (4, true));
        assert_eq!(connect.statement_timeout, Duration::from_secs(2));
        assert_eq!(connect.connect_timeout, ConnectOptions::default().connect_timeout);
    }

    #[test]
    fn what_could_not_be_connected_to_is_refused_before_it_is_tried() {
        for url in ["postgres://h:port/d", "postgres://h/d?sslmode=sometimes", "postgres://h/d?unknown=1"] {
            let error = error(&format!("url = \"{url}\"\n"));
            assert!(error.starts_with("database.url (line 3): is not the URL of a PostgreSQL server"), "{error}");
        }
        let both = "url = \"postgres://h/d?options=-c%20a%3Db\"\npooler = true\n";
        assert!(error(both).starts_with("database.pooler (line 4): a pooler in transaction mode takes no options"));
        assert!(error("max_connections = 1\n").contains("Write a value from 2 to 1000."));
        assert!(error("statement_timeout = \"0s\"\n").starts_with("database.statement_timeout"));
    }

    #[test]
    fn a_pooler_before_a_file_is_odd() {
        let warnings = load("pooler = true\n").unwrap().warnings;
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].to_string().starts_with("database.pooler (line 3): has no effect on SQLite"));
    }
}
