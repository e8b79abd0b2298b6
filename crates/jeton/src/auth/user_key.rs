//! From the user claim of a token to the user.

use jeton_store::{User, UserField, UserKey};
use jeton_token::claims::Claims;
use serde_json::Value;

use super::{Auth, AuthError, Identity, Principal};
use crate::settings::UserIdForm;

/// Who a user claim names.
pub(super) enum Named {
    /// There is no claim, or one that Python takes for false (`0`, `""`, `null`).
    Nobody,
    /// A claim that no user has, that several share, or that cannot be a key.
    Unknown,
    /// Exactly one user.
    One(Box<User>),
}

impl Auth {
    /// The user that the claims name, if they name anybody: what refreshing asks.
    pub(super) async fn user_of(&self, claims: &Claims) -> Result<Named, AuthError> {
        match claims.get(&self.settings().simple_jwt.user_id_claim) {
            Some(claim) if is_truthy(claim) => self.user_of_claim(claim).await,
            Some(_) | None => Ok(Named::Nobody),
        }
    }

    /// The user whose key is this user claim, whatever it is: what authentication asks.
    pub(super) async fn user_of_claim(&self, claim: &Value) -> Result<Named, AuthError> {
        let field = self.settings().simple_jwt.user_id_field;
        let Some(key) = user_key(field, claim) else {
            return Ok(Named::Unknown);
        };
        Ok(match self.find_user_by(field, &key).await? {
            Some(user) => Named::One(Box::new(user)),
            None => Named::Unknown,
        })
    }

    /// The id of a caller's user. A token that was believed without a look may call its user by something else.
    pub(super) async fn user_id_behind(&self, principal: &Principal) -> Result<Option<i64>, AuthError> {
        let claim = match &principal.identity {
            Identity::User(user) => return Ok(Some(user.id)),
            Identity::Claims { id, .. } => id,
        };
        match user_key(self.settings().simple_jwt.user_id_field, claim) {
            Some(UserKey::Id(id)) => Ok(Some(id)),
            Some(UserKey::Text(_)) => Ok(self.user_of_claim(claim).await?.id()),
            None => Ok(None),
        }
    }

    /// What `USER_ID_CLAIM` says of a user: a text, but for older clients.
    pub(super) fn user_id_value(&self, user: &User) -> Value {
        match (self.settings().simple_jwt.user_id_field, self.settings().wire.user_id) {
            (UserField::Id, UserIdForm::Text) => user.id.to_string().into(),
            (UserField::Id, UserIdForm::Number) => user.id.into(),
            (UserField::Username, _) => user.username.as_str().into(),
            (UserField::Email, _) => user.email.as_str().into(),
            (UserField::FirstName, _) => user.first_name.as_str().into(),
            (UserField::LastName, _) => user.last_name.as_str().into(),
        }
    }
}

impl Named {
    /// The id of the one user, if there is one.
    pub(super) fn id(&self) -> Option<i64> {
        self.user().map(|user| user.id)
    }

    /// The one user, if there is one.
    pub(super) fn user(&self) -> Option<&User> {
        match self {
            Self::One(user) => Some(user),
            Self::Nobody | Self::Unknown => None,
        }
    }
}

/// Whether Python takes a claim for true.
pub(super) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// A claim as a key of its column: a whole number or its canonical spelling for ids, text for all else.
pub(super) fn user_key(field: UserField, claim: &Value) -> Option<UserKey> {
    match (field, claim) {
        (UserField::Id, Value::Number(number)) => number.as_i64().map(UserKey::Id),
        (UserField::Id, Value::String(text)) => {
            let id: i64 = text.parse().ok()?;
            (id.to_string() == *text).then_some(UserKey::Id(id))
        }
        (_, Value::String(text)) => Some(UserKey::Text(text.clone())),
        (_, Value::Number(number)) => Some(UserKey::Text(number.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_is_a_whole_number_or_its_canonical_spelling() {
        let id = |claim: Value| match user_key(UserField::Id, &claim) {
            Some(UserKey::Id(id)) => Some(id),
            _ => None,
        };
        assert_eq!(id(json!(2)), Some(2));
        assert_eq!(id(json!("2")), Some(2));
        for claim in [json!(" 1 "), json!("01"), json!("+1"), json!(2.5), json!(["1"]), json!("alice"), json!(true)] {
            assert_eq!(id(claim.clone()), None, "{claim}");
        }
        assert_eq!(id(json!("99999999999999999999999")), None);
    }
}
