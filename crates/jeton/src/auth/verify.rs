//! Verify: is this token, of whatever kind, good at this moment.

use jeton_token::claims::Claims;
use jeton_token::error::TokenError;
use jeton_token::id::{Jti, Member};
use jeton_token::jws::Room;
use jeton_token::time::Timestamp;
use jeton_token::token::Genuine;
use serde_json::{Map, Value};

use super::hooks::UseCase;
use super::ledger::Entry;
use super::live::Locks;
use super::{Auth, AuthError, Caller};
use crate::settings::VerifyBlacklist;

impl Auth {
    /// Answers with what `[simple_jwt.response.verify]` adds, which is nothing by default.
    ///
    /// # Errors
    ///
    /// [`AuthError::Token`], [`AuthError::VerifiedBlacklisted`], [`AuthError::Store`].
    pub async fn verify(&self, token: &str, caller: &Caller) -> Result<Map<String, Value>, AuthError> {
        let mut room = Room::new();
        let payload = self.open(token.as_bytes(), &mut room).await?;
        let now = self.now();
        let Some(fields) = self.fields_of_every_verified() else {
            let claims = self.judge_verified(&payload, now, caller).await?;
            return self.verified_fields(claims, caller).await;
        };
        if !self.is_good_at_sight(&payload, now) {
            self.judge_verified(&payload, now, caller).await?;
        }
        Ok(fields)
    }

    /// What a good token says, of whatever form; hooks and the ledger are asked.
    async fn judge_verified(&self, payload: &[u8], now: Timestamp, caller: &Caller) -> Result<Claims, AuthError> {
        let genuine = self.tokens().judge(payload, now)?;
        self.before(UseCase::Verify, genuine.claims(), caller).await?;
        genuine.check_complete(None)?;
        if self.verify_consults_blacklist() {
            self.check_verified(&genuine).await?;
        }
        if self.is_revoked(genuine.claims(), Locks::Count).await? {
            return Err(TokenError::Blacklisted.into());
        }
        Ok(genuine.into_claims())
    }

    /// Whether nothing more is to be asked about a plain token: no list is consulted, or it stands on none.
    fn is_good_at_sight(&self, payload: &[u8], now: Timestamp) -> bool {
        let Some(claims) = self.tokens().judge_plain(payload, None, now) else {
            return false;
        };
        let is_listed_nowhere = !self.verify_consults_blacklist() || claims.jti.is_some_and(is_own_access_token);
        is_listed_nowhere && self.is_plain_revoked(&claims, Locks::Count) == Some(false)
    }

    async fn check_verified(&self, genuine: &Genuine<'_>) -> Result<(), AuthError> {
        let typed = self.tokens().policy().type_claim.is_some();
        if typed && genuine.id()?.as_deref().is_some_and(is_own_access_token) {
            return Ok(());
        }
        let entry = self.look_up(genuine).await?;
        if self.is_blacklisted(&entry).await? {
            return Err(AuthError::VerifiedBlacklisted);
        }
        if let Entry::Refresh(row, generation) = &entry {
            self.note_in_use(row.key, generation.low_bits());
        }
        Ok(())
    }

    fn verify_consults_blacklist(&self) -> bool {
        let settings = self.settings();
        settings.ledger.blacklist
            && match settings.ledger.verify_consults_blacklist {
                VerifyBlacklist::Always => true,
                VerifyBlacklist::WhenBlacklistAfterRotation => settings.simple_jwt.blacklist_after_rotation,
            }
    }
}

/// An access token of ours is on no list by itself; no query is spent on it.
fn is_own_access_token(id: &str) -> bool {
    Jti::parse(id).is_some_and(|jti| matches!(jti.member(), Member::Access(_)))
}
