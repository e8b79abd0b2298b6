//! Ending everything that a backup would bring back to life.

use jeton_token::rotation::EndReason;
use jeton_token::time::Timestamp;

use super::{Portable, problem};
use crate::changes::{ChangeKind, tell_families_ended};
use crate::events::EventKind;
use crate::moving::{Ended, MoveError};

impl Portable {
    /// Ends every login, session and opaque token, each with its event. Tokens of others that are not known yet are
    /// refused if they were made before now; `made_at` is when the backup was.
    pub(crate) fn end_everything(&self, made_at: Option<Timestamp>, now: Timestamp) -> Result<Ended, MoveError> {
        self.connection.control("BEGIN IMMEDIATE")?;
        let raw = &self.connection.raw;
        let (at, reason) = (now.micros(), EndReason::Restored.as_str());
        let log = |kind: EventKind, rows: &str| {
            let sql = format!("INSERT INTO jeton_event (at, kind, user_id, family, detail) SELECT ?1, ?2, {rows}");
            raw.execute(&sql, (at, kind.as_str(), reason)).map_err(problem)
        };
        let tell = |kind: ChangeKind, sql: &str| {
            raw.execute(sql, (at, kind.as_str(), at.saturating_add(TOLD))).map_err(problem)
        };
        log(EventKind::FamilyEnded, "user_id, key, ?3 FROM jeton_family WHERE revoked_at IS NULL")?;
        log(EventKind::SignedOut, "user_id, NULL, ?3 FROM jeton_session")?;
        log(EventKind::AuthTokenEnded, "user_id, NULL, ?3 FROM jeton_auth_token")?;
        let elapsed = made_at.map_or(0, |made_at| at.saturating_sub(made_at.micros()).max(0));
        raw.execute(FLUSHED_THROUGH, [elapsed]).map_err(problem)?;
        tell(ChangeKind::FamilyEnded, FAMILIES)?;
        tell(ChangeKind::UserTokensEnded, USERS)?;
        let families = raw
            .execute(
                "UPDATE jeton_family SET revoked_at = ?1, revoke_reason = ?2 WHERE revoked_at IS NULL",
                (at, reason),
            )
            .map_err(problem)?;
        let sessions = raw.execute("DELETE FROM jeton_session", []).map_err(problem)?;
        let auth_tokens = raw.execute("DELETE FROM jeton_auth_token", []).map_err(problem)?;
        self.connection.control("COMMIT")?;
        Ok(Ended { families: families as u64, sessions: sessions as u64, auth_tokens: auth_tokens as u64 })
    }
}

/// The expiry that a foreign token of today at most has: the highest known at the time of the backup, and what has
/// passed since.
const FLUSHED_THROUGH: &str = "UPDATE jeton_flush SET flushed_through = MAX(COALESCE(flushed_through, 0), ?1 + MAX( \
    COALESCE((SELECT MAX(token_expires_at) * 1000000 FROM jeton_family WHERE origin_jti IS NOT NULL), 0), \
    COALESCE((SELECT MAX(expires_at) FROM jeton_blacklisted_token WHERE generation IS NULL), 0))) \
    WHERE id = 1 AND (EXISTS (SELECT 1 FROM jeton_family WHERE origin_jti IS NOT NULL) \
    OR EXISTS (SELECT 1 FROM jeton_blacklisted_token WHERE generation IS NULL))";

const FAMILIES: &str = tell_families_ended!("?1", "?2", "?3", "revoked_at IS NULL AND expires_at > ?1");
const USERS: &str = "INSERT INTO jeton_change (at, kind, user_id, expires_at) SELECT ?1, ?2, id, ?3 FROM auth_user";

/// How long access tokens of what ended are refused: 30 days, longer than they live.
const TOLD: i64 = 30 * 86_400 * 1_000_000;
