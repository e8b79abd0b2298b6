//! Sliding refresh: a sliding token for itself with a later end.

use jeton_token::claims::Claims;
use jeton_token::error::TokenError;
use jeton_token::policy::TokenType;

use super::ledger::Entry;
use super::user_key::Named;
use super::{Auth, AuthError};

impl Auth {
    /// The same sliding token with `exp` and `iat` renewed.
    ///
    /// # Errors
    ///
    /// [`AuthError::Token`], [`AuthError::Store`]; where the user is looked at, [`AuthError::NoActiveAccount`] and
    /// [`AuthError::PasswordChanged`].
    pub async fn refresh_sliding(&self, token: &str) -> Result<String, AuthError> {
        let now = self.now();
        let genuine = self.decode(token.as_bytes()).await?;
        let entry = self.look_up(&genuine).await?;
        if self.is_blacklisted(&entry).await? {
            return Err(TokenError::Blacklisted.into());
        }
        let mut claims = genuine.into_token(Some(TokenType::Sliding))?;
        self.tokens().check_sliding_window(&claims, now)?;
        if self.settings().ledger.sliding_refresh_checks_user {
            self.check_sliding_user(&claims).await?;
        }
        let expires_at = self.tokens().policy().expiry(TokenType::Sliding, now);
        claims.set("exp", expires_at);
        claims.set("iat", now.seconds());
        if let Entry::Sliding(row) = entry {
            let horizon = self.horizon(expires_at);
            if horizon > row.expires_at {
                self.store().extend_family(row.key, horizon).await?;
            }
        }
        Ok(self.tokens().sign(&claims))
    }

    async fn check_sliding_user(&self, claims: &Claims) -> Result<(), AuthError> {
        match self.user_of(claims).await? {
            Named::Nobody => Ok(()),
            Named::Unknown => Err(AuthError::NoActiveAccount),
            Named::One(user) => self.check_refreshing(&user, claims),
        }
    }
}
