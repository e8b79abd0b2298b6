//! What can go wrong between Jeton and its database, in words that say what to do next.

use std::path::PathBuf;

/// A failure of the store. "Not found" is none: that is `None`, and a lost race is `false`.
///
/// While Jeton serves, each of these is a 503: never "invalid", never "reuse". No message contains a secret, or the
/// values of a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it, and the fields are named in them")]
pub enum StoreError {
    #[error(
        "the database URL is not understood; write `sqlite://jeton.db`, `sqlite:///var/lib/jeton/jeton.db`, \
         `sqlite::memory:` or `postgres://user:password@host/database`"
    )]
    Url,
    #[error("the database server does not answer ({reason}): check that it runs, and database.url")]
    Unreachable { reason: String },
    #[error(
        "the database server did not prove who it is ({reason}): name it in the database URL as its certificate does, and \
         the file of the authority that signed it with sslrootcert, if the system does not trust that"
    )]
    Untrusted { reason: String },
    #[error(
        "the certificates of the database server's authority, {}, cannot be used ({reason}): name a PEM file with \
         sslrootcert in the database URL",
        path.display()
    )]
    Authority { path: PathBuf, reason: String },
    #[error(
        "a transaction-mode pooler takes no options for a session: remove `options` from the database URL, and set them \
         for the role with ALTER ROLE"
    )]
    PoolerOptions,
    #[error(
        "somebody shares our sessions with the database server ({reason}): behind a transaction-mode pooler set \
         database.pooler = true"
    )]
    Pooler { reason: String },
    #[error(
        "the database server answers before its commits are on disk ({setting} = off): set it to on, for the server or \
         for the role"
    )]
    NotDurable { setting: &'static str },
    #[error("the database on the server is not Jeton's yet: start `jeton serve` once to make its tables")]
    NotInstalled,
    #[error("there is no folder {}: make it, or name another in the database URL", path.display())]
    FolderMissing { path: PathBuf },
    #[error(
        "there is no database {}: check the database URL, or start `jeton serve` once to make a new one",
        path.display()
    )]
    Missing { path: PathBuf },
    #[error(
        "{} is gone but its log {} is still there, so a database has been lost: restore it from a backup, or move the \
         log away to begin with no users at all",
        path.display(), log.display()
    )]
    Vanished { path: PathBuf, log: PathBuf },
    #[error(
        "the database {} is empty: restore it from a backup, or remove it to begin with no users at all",
        path.display()
    )]
    Empty { path: PathBuf },
    #[error("the database {} is damaged ({problem}): stop every process that uses it, then restore a backup", path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error(
        "{} is a SQLite database of Django's, not Jeton's: this version cannot share one yet, so name another file in \
         the database URL",
        path.display()
    )]
    Django { path: PathBuf },
    #[error(
        "{} is a SQLite database of another program, not Jeton's: name another file in the database URL",
        path.display()
    )]
    NotOurs { path: PathBuf },
    #[error(
        "the database {} was written by a newer Jeton (its schema has number {found}, this version knows {known}): \
         install that version or a later one",
        path.display()
    )]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("the database was made by an older Jeton and is {steps} steps behind: run `jeton migrate`")]
    Behind { steps: usize },
    #[error(
        "migration {number:04}_{name} was applied to this database with another text than this version has: install \
         the version that made the database"
    )]
    EditedMigration { number: u32, name: String },
    #[error("migration {number:04}_{name} failed ({reason}); the database is as it was before")]
    Migration { number: u32, name: String, reason: String },
    #[error(
        "SQLite would not set {name} to {wanted} (it is {found}): put the database on a local disk that allows locks \
         and shared memory"
    )]
    Pragma { name: &'static str, wanted: String, found: String },
    #[error("cannot open the database {} ({reason}): check that its folder and file may be written", path.display())]
    Open { path: PathBuf, reason: String },
    #[error("the database was locked by another process for too long: end that process, or try again")]
    Busy,
    #[error("the disk of the database is full: make room; writing goes on by itself once there is some")]
    Full,
    #[error("the database may not be written: check the rights of its file and its folder")]
    ReadOnly,
    #[error("the disk of the database failed ({reason}): check the disk and the system log")]
    Disk { reason: String },
    #[error("the database answered that it is damaged ({reason}): stop, and restore a backup")]
    Corrupt { reason: String },
    #[error("the database holds something in {column} that Jeton did not write: correct it, or restore a backup")]
    Content { column: &'static str },
    #[error("the database refused a statement ({reason}): this is a defect of Jeton, please report it")]
    Statement { reason: String },
    #[error("the store is closed: the server is stopping")]
    Closed,
}
