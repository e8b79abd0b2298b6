//! Where the use cases meet the hooks.

use jeton_store::User;
use jeton_token::claims::Claims;
use jeton_token::policy::TokenType;
use serde_json::{Map, Value};

use super::{Added, Attempt, Grant, Shown};
use crate::auth::{Auth, AuthError, Caller};

/// A use case with hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::auth) enum UseCase {
    Obtain,
    Refresh,
    Verify,
    Blacklist,
}

impl Auth {
    /// Before credentials are looked at.
    pub(in crate::auth) async fn before_obtain(
        &self,
        username: &str,
        kind: TokenType,
        caller: &Caller,
    ) -> Result<(), AuthError> {
        match &self.0.hooks {
            Some(hooks) => Ok(hooks.before_obtain(&Attempt { username, kind, caller }).await?),
            None => Ok(()),
        }
    }

    /// Before anything but the signature and the times of a token is looked at.
    pub(in crate::auth) async fn before(
        &self,
        use_case: UseCase,
        claims: &Claims,
        caller: &Caller,
    ) -> Result<(), AuthError> {
        let Some(hooks) = &self.0.hooks else { return Ok(()) };
        let shown = Shown { claims, caller };
        match use_case {
            UseCase::Obtain => {}
            UseCase::Refresh => hooks.before_refresh(&shown).await?,
            UseCase::Verify => hooks.before_verify(&shown).await?,
            UseCase::Blacklist => hooks.before_blacklist(&shown).await?,
        }
        Ok(())
    }

    /// After all checks: what the hook adds goes into the claims and the fields.
    pub(in crate::auth) async fn after(
        &self,
        use_case: UseCase,
        user: Option<&User>,
        claims: &mut Claims,
        fields: &mut Map<String, Value>,
        caller: &Caller,
    ) -> Result<(), AuthError> {
        let Some(hooks) = &self.0.hooks else { return Ok(()) };
        let mut grant = Grant::new(user, claims, caller);
        match use_case {
            UseCase::Obtain => hooks.after_obtain(&mut grant).await?,
            UseCase::Refresh => hooks.after_refresh(&mut grant).await?,
            UseCase::Verify => hooks.after_verify(&mut grant).await?,
            UseCase::Blacklist => hooks.after_blacklist(&mut grant).await?,
        }
        let Added { claims: added, fields: more } = grant.into_added();
        let reserved = self.settings().simple_jwt.reserved_claims();
        for (name, value) in added.into_iter().filter(|(name, _)| !reserved.contains(&name.as_str())) {
            claims.set(&name, value);
        }
        fields.extend(more.into_iter().filter(|(name, _)| !["refresh", "access", "token"].contains(&name.as_str())));
        Ok(())
    }

    /// Whether anything wants to see the claims of a token that is only verified.
    pub(in crate::auth) fn has_hooks(&self) -> bool {
        self.0.hooks.is_some()
    }
}
