//! What there is to say about a database as a whole.

use jeton_token::time::Timestamp;

use crate::engine::Statement;
use crate::{Store, StoreError};

/// For `jeton info`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// The number of its newest migration.
    pub schema_version: u32,
    /// When it was made.
    pub installed_at: Timestamp,
    /// In bytes, without its log.
    pub size: u64,
    /// Rows of `auth_user`.
    pub users: u64,
    /// Logins, ended ones included.
    pub families: u64,
    /// Single blacklisted tokens.
    pub blacklisted: u64,
    /// Rows of the event log.
    pub events: u64,
    /// The horizon of the family that can be flushed first.
    pub oldest_family_expiry: Option<Timestamp>,
}

impl Store {
    /// Counts rows, so it takes a while where there are millions of them.
    pub async fn facts(&self) -> Result<DatabaseFacts, StoreError> {
        const SQL: &str = "SELECT (SELECT MAX(number) FROM jeton_migration), \
            (SELECT installed_at FROM jeton_install WHERE id = 1), \
            (SELECT COUNT(*) FROM auth_user), \
            (SELECT COUNT(*) FROM jeton_family), \
            (SELECT COUNT(*) FROM jeton_blacklisted_token), \
            (SELECT COUNT(*) FROM jeton_event), \
            (SELECT MIN(expires_at) FROM jeton_family)";
        let row = self.engine.read_one(Statement::new(SQL, [])).await?;
        let mut row = row.ok_or(StoreError::Content { column: "jeton_install.installed_at" })?;
        Ok(DatabaseFacts {
            schema_version: row.next("jeton_migration.number")?,
            installed_at: row.next("jeton_install.installed_at")?,
            users: row.next("COUNT(auth_user)")?,
            families: row.next("COUNT(jeton_family)")?,
            blacklisted: row.next("COUNT(jeton_blacklisted_token)")?,
            events: row.next("COUNT(jeton_event)")?,
            oldest_family_expiry: row.next("jeton_family.expires_at")?,
            size: self.engine.size().await?,
        })
    }
}
