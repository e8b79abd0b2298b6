//! Why a key was not made or ended.

use jeton_store::{SignedLogins, StoreError};
use jeton_token::key::KeyError;
use jeton_token::time::Timestamp;

/// The operator asked for something that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No key could be made.
    #[error("no key could be made: {0}")]
    Key(#[from] KeyError),
    /// One change at a time: a key waits for its turn.
    #[error("the key {kid} waits for its turn already")]
    Waiting {
        /// Its name.
        kid: String,
    },
    /// Another rotation came first.
    #[error("another rotation was faster")]
    Raced,
    /// No key has this name.
    #[error("there is no signing key {0}")]
    Unknown(String),
    /// It has ended.
    #[error("the key {0} is retired already")]
    Retired(String),
    /// Without it nothing could be signed.
    #[error("the key {0} signs the tokens of now")]
    Signs(String),
    /// Tokens of it are in use.
    #[error("tokens of the key {kid} are good until they expire")]
    InUse {
        /// Its name.
        kid: String,
        /// When the last of them has expired.
        until: Timestamp,
        /// Who would be logged out.
        logins: SignedLogins,
    },
}
