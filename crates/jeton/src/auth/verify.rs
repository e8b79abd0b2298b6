//! Verify: is this token, of whatever kind, good at this moment.

use jeton_token::id::{Jti, Member};
use jeton_token::token::Genuine;
use serde_json::{Map, Value};

use super::hooks::UseCase;
use super::ledger::Entry;
use super::{Auth, AuthError, Caller};
use crate::settings::VerifyBlacklist;

impl Auth {
    /// Answers with what `[simple_jwt.response.verify]` adds, which is nothing by default.
    ///
    /// # Errors
    ///
    /// [`AuthError::Token`], [`AuthError::VerifiedBlacklisted`], [`AuthError::Store`].
    pub async fn verify(&self, token: &str, caller: &Caller) -> Result<Map<String, Value>, AuthError> {
        let genuine = self.decode(token.as_bytes()).await?;
        self.before(UseCase::Verify, genuine.claims(), caller).await?;
        let consulted = self.verify_consults_blacklist().then(|| genuine.clone());
        let claims = genuine.into_token(None)?;
        if let Some(genuine) = consulted {
            self.check_verified(&genuine).await?;
        }
        self.verified_fields(claims, caller).await
    }

    async fn check_verified(&self, genuine: &Genuine<'_>) -> Result<(), AuthError> {
        if self.is_own_access_token(genuine)? {
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

    /// An access token of ours is on no list by itself; no query is spent on it.
    fn is_own_access_token(&self, genuine: &Genuine<'_>) -> Result<bool, AuthError> {
        let member = genuine.id()?.as_deref().and_then(Jti::parse).map(|jti| jti.member());
        Ok(matches!(member, Some(Member::Access(_))) && self.tokens().policy().type_claim.is_some())
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
