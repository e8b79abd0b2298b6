//! Logout: end one refresh token of the caller's, or all of them.

use jeton_store::{EventKind, NewEvent};
use jeton_token::error::TokenError;
use jeton_token::rotation::EndReason;

use super::{Auth, AuthError, Caller, Principal};

impl Auth {
    /// Ends one refresh token. A login that is over cannot be logged out of again, in either stance.
    ///
    /// # Errors
    ///
    /// [`AuthError::Token`], [`AuthError::NotOwner`] where owners are checked, [`AuthError::Store`].
    pub async fn logout(&self, token: &str, principal: &Principal, caller: &Caller) -> Result<(), AuthError> {
        let ending = self.ending(token, caller).await?;
        if ending.is_over() {
            return Err(TokenError::Blacklisted.into());
        }
        if self.settings().ledger.check_owner_at_logout {
            let owner = self.owner(&ending).await?;
            if owner.is_some() && owner != self.user_id_behind(principal).await? {
                return Err(AuthError::NotOwner);
            }
        }
        self.end(&ending, EventKind::SignedOut, caller).await
    }

    /// Ends every family of the caller, and where the settings have it so their sessions.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn logout_all(&self, principal: &Principal, caller: &Caller) -> Result<(), AuthError> {
        let Some(user_id) = self.user_id_behind(principal).await? else {
            return Ok(());
        };
        let now = self.now();
        let event = NewEvent {
            at: now,
            kind: EventKind::SignedOutEverywhere,
            user_id: Some(user_id),
            family: None,
            address: caller.address(),
            detail: None,
        };
        let and_sessions = self.settings().sessions.end_at_logout_all;
        self.store().end_families_of_user(user_id, EndReason::LogoutAll, and_sessions, now, &event).await?;
        Ok(())
    }
}
