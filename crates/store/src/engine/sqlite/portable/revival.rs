//! What a backup brings back that has ended since, as far as the database that it replaces can tell.

use std::path::Path;

use jeton_token::time::Timestamp;

use super::{Portable, problem};
use crate::moving::{MoveError, Revival};

impl Portable {
    /// Compares this backup with the database of today. Nothing if that cannot be read.
    pub(crate) fn revival(&self, today: &Path, now: Timestamp) -> Result<Option<Revival>, MoveError> {
        let raw = &self.connection.raw;
        let attached = raw.execute("ATTACH DATABASE ?1 AS today", [today.to_string_lossy()]);
        if attached.is_err() {
            return Ok(None);
        }
        let count = |sql: &str| {
            let count: rusqlite::Result<i64> = raw.query_row(sql, [now.micros()], |row| row.get(0));
            count.map(i64::unsigned_abs)
        };
        let counted = || -> rusqlite::Result<Revival> {
            Ok(Revival {
                families: count(FAMILIES)?,
                rotated: count(ROTATED)?,
                sessions: count(SESSIONS)?,
                auth_tokens: count(AUTH_TOKENS)?,
                blacklisted: count(BLACKLISTED)?,
                unlocked: count(UNLOCKED)?,
                passwords: count(PASSWORDS)?,
                deleted: count(DELETED)?,
                lost_users: count(LOST_USERS)?,
                lost_families: count(LOST_FAMILIES)?,
            })
        };
        let revival = counted().ok();
        raw.execute("DETACH DATABASE today", []).map_err(problem)?;
        Ok(revival)
    }
}

const FAMILIES: &str = "SELECT COUNT(*) FROM main.jeton_family b LEFT JOIN today.jeton_family t ON t.key = b.key \
    WHERE b.revoked_at IS NULL AND b.expires_at > ?1 AND (t.key IS NULL OR t.revoked_at IS NOT NULL)";
const ROTATED: &str = "SELECT COUNT(*) FROM main.jeton_family b JOIN today.jeton_family t ON t.key = b.key \
    WHERE b.revoked_at IS NULL AND b.expires_at > ?1 AND t.revoked_at IS NULL AND t.generation > b.generation";
const SESSIONS: &str = "SELECT COUNT(*) FROM main.jeton_session b WHERE b.expires_at > ?1 \
    AND NOT EXISTS (SELECT 1 FROM today.jeton_session t WHERE t.digest = b.digest)";
const AUTH_TOKENS: &str = "SELECT COUNT(*) FROM main.jeton_auth_token b \
    WHERE COALESCE(b.expires_at > ?1, TRUE) \
    AND NOT EXISTS (SELECT 1 FROM today.jeton_auth_token t WHERE t.digest = b.digest)";
const BLACKLISTED: &str = "SELECT COUNT(*) FROM today.jeton_blacklisted_token t WHERE t.expires_at > ?1 \
    AND NOT EXISTS (SELECT 1 FROM main.jeton_blacklisted_token b WHERE b.jti = t.jti)";
const UNLOCKED: &str = "SELECT COUNT(*) FROM main.auth_user b JOIN today.auth_user t ON t.id = b.id \
    WHERE b.is_active AND NOT t.is_active AND ?1 IS NOT NULL";
const PASSWORDS: &str = "SELECT COUNT(*) FROM main.auth_user b JOIN today.auth_user t ON t.id = b.id \
    WHERE b.password <> t.password AND ?1 IS NOT NULL";
const DELETED: &str = "SELECT COUNT(*) FROM main.auth_user b WHERE ?1 IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM today.auth_user t WHERE t.id = b.id)";
const LOST_USERS: &str = "SELECT COUNT(*) FROM today.auth_user t WHERE ?1 IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM main.auth_user b WHERE b.id = t.id)";
const LOST_FAMILIES: &str = "SELECT COUNT(*) FROM today.jeton_family t \
    WHERE t.revoked_at IS NULL AND t.expires_at > ?1 \
    AND NOT EXISTS (SELECT 1 FROM main.jeton_family b WHERE b.key = t.key)";
