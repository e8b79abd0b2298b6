//! What a user's tokens and answers say beyond the standard: the revoke claim and declared values.

use jeton_store::User;
use jeton_token::claims::Claims;
use jeton_token::time::Timestamp;
use md5::{Digest, Md5};
use serde_json::{Map, Value};

use super::Auth;
use crate::settings::{UserAttribute, ValueSource};

impl Auth {
    /// The claims that a login puts into its tokens, in Simple JWT's order.
    pub(super) fn login_claims(&self, user: &User) -> Claims {
        let simple_jwt = &self.settings().simple_jwt;
        let mut claims = Claims::new();
        claims.set(&simple_jwt.user_id_claim, self.user_id_text(user));
        if simple_jwt.check_revoke_token {
            claims.set(&simple_jwt.revoke_token_claim, revoke_claim(user));
        }
        for (name, source) in &simple_jwt.claims {
            claims.set(name, value(source, user));
        }
        claims
    }

    /// Whether the revoke claim is there and fits the user's password, where it is asked for.
    pub(super) fn is_password_unchanged(&self, claims: &Claims, user: &User) -> bool {
        let simple_jwt = &self.settings().simple_jwt;
        !simple_jwt.check_revoke_token
            || claims.text(&simple_jwt.revoke_token_claim) == Some(revoke_claim(user).as_str())
    }
}

/// Declared answer fields, in the order of their declaration.
pub(super) fn answer_fields(declared: &[(String, ValueSource)], user: &User) -> Map<String, Value> {
    declared.iter().map(|(name, source)| (name.clone(), value(source, user))).collect()
}

/// Declared answer fields where no user is at hand: literals only.
pub(super) fn literal_fields(declared: &[(String, ValueSource)]) -> Map<String, Value> {
    let literals = declared.iter().filter_map(|(name, source)| match source {
        ValueSource::Literal(value) => Some((name.clone(), value.clone())),
        ValueSource::User(_) => None,
    });
    literals.collect()
}

/// Simple JWT's digest of the stored password hash: upper-case hex of its MD5. Parity asks for it; nothing else here uses MD5.
fn revoke_claim(user: &User) -> String {
    Md5::digest(user.password.expose().as_bytes()).iter().map(|byte| format!("{byte:02X}")).collect()
}

fn value(source: &ValueSource, user: &User) -> Value {
    let attribute = match source {
        ValueSource::Literal(value) => return value.clone(),
        ValueSource::User(attribute) => attribute,
    };
    match attribute {
        UserAttribute::Id => user.id.into(),
        UserAttribute::Username => user.username.as_str().into(),
        UserAttribute::Email => user.email.as_str().into(),
        UserAttribute::FirstName => user.first_name.as_str().into(),
        UserAttribute::LastName => user.last_name.as_str().into(),
        UserAttribute::IsActive => user.is_active.into(),
        UserAttribute::IsStaff => user.is_staff.into(),
        UserAttribute::IsSuperuser => user.is_superuser.into(),
        UserAttribute::LastLogin => user.last_login.map(iso_8601).into(),
        UserAttribute::DateJoined => iso_8601(user.date_joined).into(),
    }
}

/// A moment as DRF writes it: `2026-11-20T20:26:38.123456Z`, without the fraction when it is zero.
fn iso_8601(moment: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(moment.micros()).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_drf_writes_them() {
        assert_eq!(iso_8601(Timestamp::from_micros(1_763_670_398_123_456)), "2025-11-20T20:26:38.123456Z");
        assert_eq!(iso_8601(Timestamp::from_seconds(1_763_670_398)), "2025-11-20T20:26:38Z");
    }
}
