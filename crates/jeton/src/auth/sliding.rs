//! Sliding refresh: a sliding token for itself with a later end.

use jeton_token::claims::Claims;
use jeton_token::error::TokenError;
use jeton_token::policy::TokenType;

use super::hooks::UseCase;
use super::ledger::Entry;
use super::user_key::Named;
use super::{Auth, AuthError, Caller, Sliding};
use crate::settings::ClaimsAtRefresh;

impl Auth {
    /// The same sliding token with `exp` and `iat` renewed.
    ///
    /// # Errors
    ///
    /// [`AuthError::Token`], [`AuthError::Store`]; where the user is looked at, [`AuthError::NoActiveAccount`] and
    /// [`AuthError::PasswordChanged`].
    pub async fn refresh_sliding(&self, token: &str, caller: &Caller) -> Result<Sliding, AuthError> {
        let now = self.now();
        let genuine = self.decode(token.as_bytes()).await?;
        let signing = self.active_key().await?;
        self.before(UseCase::Refresh, genuine.claims(), caller).await?;
        let entry = self.look_up(&genuine).await?;
        if self.is_blacklisted(&entry).await? {
            return Err(TokenError::Blacklisted.into());
        }
        let mut claims = genuine.into_token(Some(TokenType::Sliding))?;
        self.tokens().check_sliding_window(&claims, now)?;
        let user = self.sliding_user(&claims).await?;
        self.reload_claims(&mut claims, &user).await?;
        let mut fields = self.answer_fields(&self.settings().simple_jwt.response.refresh, user.user()).await?;
        self.after(UseCase::Refresh, user.user(), &mut claims, &mut fields, caller).await?;
        let expires_at = self.tokens().policy().expiry(TokenType::Sliding, now);
        claims.set("exp", expires_at);
        claims.set("iat", now.seconds());
        if let Entry::Sliding(row) = entry {
            let horizon = self.horizon(expires_at);
            if horizon > row.expires_at {
                self.store().extend_family(row.key, horizon).await?;
            }
        }
        Ok(Sliding { token: signing.sign(&claims), fields })
    }

    /// The user of a sliding token, where anything asks for them: a check, a claim to reload, a field of the answer, a hook.
    async fn sliding_user(&self, claims: &Claims) -> Result<Named, AuthError> {
        let settings = self.settings();
        let is_checked = settings.ledger.sliding_refresh_checks_user;
        let is_told = settings.wire.claims_at_refresh == ClaimsAtRefresh::Reload
            || !settings.simple_jwt.response.refresh.is_empty()
            || self.has_hooks();
        if !is_checked && !is_told {
            return Ok(Named::Nobody);
        }
        let named = self.user_of(claims).await?;
        match &named {
            Named::Unknown if is_checked => return Err(AuthError::NoActiveAccount),
            Named::One(user) if is_checked => self.check_refreshing(user, claims).await?,
            Named::One(_) | Named::Unknown | Named::Nobody => {}
        }
        Ok(named)
    }
}
