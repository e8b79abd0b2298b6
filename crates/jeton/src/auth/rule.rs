//! `USER_AUTHENTICATION_RULE`: what a user must be to obtain and refresh tokens.

use jeton_store::User;

use super::{Auth, AuthError};
use crate::settings::UserCondition;

impl Auth {
    /// Whether every condition of the rule holds. Being active is asked for elsewhere.
    pub(super) async fn satisfies_rule(&self, user: &User) -> Result<bool, AuthError> {
        for condition in &self.settings().simple_jwt.user_authentication_rule.0 {
            let holds = match condition {
                UserCondition::Staff => user.is_staff,
                UserCondition::Superuser => user.is_superuser,
                UserCondition::Group(name) => self.groups_of(user).await?.contains(name),
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
