//! Why a database was not copied, in words that say what to do next.

use std::path::PathBuf;

use crate::StoreError;

/// A backup, a restoration or a move that was not carried out. Whatever was there before is there still.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it, and the fields are named in them")]
pub enum MoveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a database in memory cannot be kept or moved: name a file or a server in database.url")]
    Memory,
    #[error("there is already a file {}: name another, or add --force to write over it", path.display())]
    FileExists { path: PathBuf },
    #[error("there is no file {}: check its name", path.display())]
    NoFile { path: PathBuf },
    #[error("{} is not a backup that can be used ({problem}): take another one", path.display())]
    NotWhole { path: PathBuf, problem: String },
    #[error("the database {} is in use by another process: stop the server first, and every other process that has it open", path.display())]
    InUse { path: PathBuf },
    #[error("there is already a database {}: add --force to replace it; it is kept under another name", path.display())]
    Occupied { path: PathBuf },
    #[error(
        "the database on the server is not empty, {table} has {rows} rows: name an empty one, or restore with --force to replace all of it"
    )]
    NotEmpty { table: String, rows: u64 },
    #[error(
        "the database on the server is used over {connections} other connections of Jeton: stop every node first, or add --even-if-in-use if those belong to another site"
    )]
    Connected { connections: u64 },
    #[error("both names lead to the same database: name another one to move to")]
    Same,
    #[error(
        "{table}.{column} holds something that cannot be carried over: correct it in the old database, then try again"
    )]
    Content { table: String, column: String },
    #[error("the server refused rows of {table} ({reason}): correct them in the old database, then try again")]
    Refused { table: String, reason: String },
    #[error("{table} did not arrive as it left, so nothing was changed: try again, and report it if it happens twice")]
    Checksum { table: String },
    #[error("the file {} cannot be written or read ({reason}): check its folder and the disk", path.display())]
    File { path: PathBuf, reason: String },
}
