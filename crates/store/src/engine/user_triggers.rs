//! Triggers on `auth_user` that write into the change log what others do to that table.

use crate::engine::{Engine, Statement};

impl Engine {
    /// What installs them, over older ones of ours.
    pub(crate) fn install_user_triggers(&self) -> Vec<Statement> {
        let mut statements = self.remove_user_triggers();
        statements.extend(match self {
            Self::Sqlite(_) => list(&ON_SQLITE),
            Self::Postgres(_) => list(&POSTGRES),
        });
        statements
    }

    /// What takes them away.
    pub(crate) fn remove_user_triggers(&self) -> Vec<Statement> {
        match self {
            Self::Sqlite(_) => {
                list(&["DROP TRIGGER IF EXISTS jeton_user_changed", "DROP TRIGGER IF EXISTS jeton_user_deleted"])
            }
            Self::Postgres(_) => list(&DROP_POSTGRES),
        }
    }

    /// A row if they are installed.
    pub(crate) fn look_for_user_triggers(&self) -> Statement {
        Statement::new(
            match self {
                Self::Sqlite(_) => "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = 'jeton_user_changed'",
                Self::Postgres(_) => {
                    "SELECT 1 FROM pg_trigger WHERE tgname = 'jeton_user_changed' AND tgrelid = 'auth_user'::regclass"
                }
            },
            [],
        )
    }
}

fn list(texts: &[&'static str]) -> Vec<Statement> {
    texts.iter().map(|text| Statement::new(text, [])).collect()
}

/// A sign-in changes `last_login`: that is nothing to tell. The entries stay for 30 days, longer than access tokens live.
pub(crate) const ON_SQLITE: [&str; 2] = [
    "CREATE TRIGGER jeton_user_changed AFTER UPDATE OF username, password, email, first_name, last_name, is_active, \
        is_staff, is_superuser ON auth_user BEGIN \
        INSERT INTO jeton_change (at, kind, user_id, expires_at) \
        SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), \
            CASE WHEN OLD.is_active = NEW.is_active THEN 'user_changed' \
                WHEN NEW.is_active THEN 'user_unlocked' ELSE 'user_locked' END, \
            NEW.id, CAST((julianday('now') - 2440587.5 + 30) * 86400000000 AS INTEGER); END",
    "CREATE TRIGGER jeton_user_deleted AFTER DELETE ON auth_user BEGIN \
        INSERT INTO jeton_change (at, kind, user_id, expires_at) \
        SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 'user_locked', OLD.id, \
            CAST((julianday('now') - 2440587.5 + 30) * 86400000000 AS INTEGER); END",
];

const POSTGRES: [&str; 2] = [
    "CREATE FUNCTION jeton_user_changed() RETURNS trigger LANGUAGE plpgsql AS $$ \
        DECLARE moment BIGINT := CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT); \
        BEGIN \
            INSERT INTO jeton_change (at, kind, user_id, expires_at) VALUES (moment, \
                CASE WHEN TG_OP = 'DELETE' THEN 'user_locked' \
                    WHEN OLD.is_active = NEW.is_active THEN 'user_changed' \
                    WHEN NEW.is_active THEN 'user_unlocked' ELSE 'user_locked' END, \
                OLD.id, moment + 2592000000000); \
            RETURN NULL; \
        END $$",
    "CREATE TRIGGER jeton_user_changed AFTER DELETE OR UPDATE OF username, password, email, first_name, last_name, \
        is_active, is_staff, is_superuser ON auth_user FOR EACH ROW EXECUTE FUNCTION jeton_user_changed()",
];

const DROP_POSTGRES: [&str; 2] =
    ["DROP TRIGGER IF EXISTS jeton_user_changed ON auth_user", "DROP FUNCTION IF EXISTS jeton_user_changed()"];

/// Over older ones of ours.
pub(crate) const ON_POSTGRES: [&str; 4] = [DROP_POSTGRES[0], DROP_POSTGRES[1], POSTGRES[0], POSTGRES[1]];

/// How many there are.
pub(crate) const LOOK_ON_POSTGRES: &str = "SELECT COUNT(*) FROM pg_trigger \
    WHERE tgname = 'jeton_user_changed' AND tgrelid = to_regclass('auth_user')";
