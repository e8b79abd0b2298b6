//! The migrations, and which of them a database still needs.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::StoreError;

/// One step of the schema. A step that was released is never edited: its digest is in every database.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// A step as a database remembers it.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) digest: String,
}

/// In the order of their numbers.
pub(crate) const SQLITE: &[Migration] = &[
    Migration { number: 1, name: "users", sql: include_str!("../migrations/sqlite/0001_users.sql") },
    Migration { number: 2, name: "families", sql: include_str!("../migrations/sqlite/0002_families.sql") },
    Migration { number: 3, name: "blacklist", sql: include_str!("../migrations/sqlite/0003_blacklist.sql") },
    Migration { number: 4, name: "events", sql: include_str!("../migrations/sqlite/0004_events.sql") },
    Migration { number: 5, name: "flush", sql: include_str!("../migrations/sqlite/0005_flush.sql") },
    Migration { number: 6, name: "session", sql: include_str!("../migrations/sqlite/0006_session.sql") },
    Migration { number: 7, name: "auth_token", sql: include_str!("../migrations/sqlite/0007_auth_token.sql") },
    Migration { number: 8, name: "limit", sql: include_str!("../migrations/sqlite/0008_limit.sql") },
    Migration { number: 9, name: "group", sql: include_str!("../migrations/sqlite/0009_group.sql") },
    Migration { number: 10, name: "change", sql: include_str!("../migrations/sqlite/0010_change.sql") },
    Migration { number: 11, name: "signing_key", sql: include_str!("../migrations/sqlite/0011_signing_key.sql") },
    Migration { number: 12, name: "devices", sql: include_str!("../migrations/sqlite/0012_devices.sql") },
    Migration { number: 13, name: "limit_nodes", sql: include_str!("../migrations/sqlite/0013_limit_nodes.sql") },
];

/// The same steps for PostgreSQL: same numbers, same names.
pub(crate) const POSTGRES: &[Migration] = &[
    Migration { number: 1, name: "users", sql: include_str!("../migrations/postgres/0001_users.sql") },
    Migration { number: 2, name: "families", sql: include_str!("../migrations/postgres/0002_families.sql") },
    Migration { number: 3, name: "blacklist", sql: include_str!("../migrations/postgres/0003_blacklist.sql") },
    Migration { number: 4, name: "events", sql: include_str!("../migrations/postgres/0004_events.sql") },
    Migration { number: 5, name: "flush", sql: include_str!("../migrations/postgres/0005_flush.sql") },
    Migration { number: 6, name: "session", sql: include_str!("../migrations/postgres/0006_session.sql") },
    Migration { number: 7, name: "auth_token", sql: include_str!("../migrations/postgres/0007_auth_token.sql") },
    Migration { number: 8, name: "limit", sql: include_str!("../migrations/postgres/0008_limit.sql") },
    Migration { number: 9, name: "group", sql: include_str!("../migrations/postgres/0009_group.sql") },
    Migration { number: 10, name: "change", sql: include_str!("../migrations/postgres/0010_change.sql") },
    Migration { number: 11, name: "signing_key", sql: include_str!("../migrations/postgres/0011_signing_key.sql") },
    Migration { number: 12, name: "devices", sql: include_str!("../migrations/postgres/0012_devices.sql") },
    Migration { number: 13, name: "limit_nodes", sql: include_str!("../migrations/postgres/0013_limit_nodes.sql") },
];

/// What comes before all of them, on both engines.
pub(crate) const INSTALL: &str = "
    CREATE TABLE jeton_install (
        id SMALLINT NOT NULL PRIMARY KEY,
        installed_at BIGINT NOT NULL
    );
    CREATE TABLE jeton_migration (
        number INTEGER NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        digest TEXT NOT NULL,
        applied_at BIGINT NOT NULL
    );
";

impl Migration {
    /// SHA-256 of its text, in hex.
    pub(crate) fn digest(&self) -> String {
        Sha256::digest(self.sql).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What has to be applied to a database that remembers `applied`, in order of number.
pub(crate) fn pending<'a>(
    known: &'a [Migration],
    applied: &[Applied],
    path: &Path,
) -> Result<&'a [Migration], StoreError> {
    let newest = known.last().map_or(0, |migration| migration.number);
    if let Some(newer) = applied.last().filter(|last| last.number > newest) {
        return Err(StoreError::Newer { path: path.to_owned(), found: newer.number, known: newest });
    }
    for (migration, applied) in known.iter().zip(applied) {
        if migration.number != applied.number || migration.digest() != applied.digest {
            return Err(StoreError::EditedMigration { number: applied.number, name: applied.name.clone() });
        }
    }
    Ok(&known[applied.len()..])
}

/// Refuses a database that something would have to be applied to.
pub(crate) fn none_pending(known: &[Migration], applied: &[Applied], path: &Path) -> Result<(), StoreError> {
    match pending(known, applied, path)?.len() {
        0 => Ok(()),
        steps => Err(StoreError::Behind { steps }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(migration: &Migration) -> Applied {
        Applied { number: migration.number, name: migration.name.to_owned(), digest: migration.digest() }
    }

    fn check(applied: &[Applied]) -> Result<Vec<u32>, StoreError> {
        let pending = pending(SQLITE, applied, Path::new("jeton.db"))?;
        Ok(pending.iter().map(|migration| migration.number).collect())
    }

    #[test]
    fn both_engines_take_the_same_steps() {
        let steps = |all: &[Migration]| all.iter().map(|step| (step.number, step.name)).collect::<Vec<_>>();
        assert_eq!(steps(SQLITE), steps(POSTGRES));
    }

    #[test]
    fn numbers_go_up() {
        assert!(SQLITE.is_sorted_by_key(|migration| migration.number));
        assert_eq!(SQLITE.first().map(|migration| migration.number), Some(1));
    }

    #[test]
    fn what_is_missing_is_applied() {
        let numbers: Vec<u32> = SQLITE.iter().map(|migration| migration.number).collect();
        assert_eq!(check(&[]).unwrap(), numbers);
        assert_eq!(check(&[applied(&SQLITE[0]), applied(&SQLITE[1])]).unwrap(), numbers[2..]);
        assert_eq!(check(&SQLITE.iter().map(applied).collect::<Vec<_>>()).unwrap(), [] as [u32; 0]);
    }

    #[test]
    fn a_newer_database_is_refused() {
        let mut all: Vec<_> = SQLITE.iter().map(applied).collect();
        all.push(Applied { number: 9999, name: "future".to_owned(), digest: "0".repeat(64) });
        let newest = SQLITE.last().map_or(0, |migration| migration.number);
        assert!(matches!(check(&all), Err(StoreError::Newer { found: 9999, known, .. }) if known == newest));
    }

    #[test]
    fn an_edited_or_missing_step_is_refused() {
        let edited = Applied { digest: "0".repeat(64), ..applied(&SQLITE[1]) };
        assert!(matches!(check(&[applied(&SQLITE[0]), edited]), Err(StoreError::EditedMigration { number: 2, .. })));
        assert!(matches!(check(&[applied(&SQLITE[1])]), Err(StoreError::EditedMigration { number: 2, .. })));
    }
}
