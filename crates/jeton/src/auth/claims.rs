//! What a user's tokens and answers say beyond the standard: the user claim, the revoke claim and declared values.

use jeton_store::User;
use jeton_token::claims::Claims;
use jeton_token::time::Timestamp;
use md5::{Digest, Md5};
use serde_json::{Map, Value};

use super::hooks::UseCase;
use super::user_key::Named;
use super::{Auth, AuthError, Caller};
use crate::settings::{ClaimsAtRefresh, JsonEncoder, UserAttribute, ValueSource};

/// Names with where their values come from, in the order they are written.
type Declared = [(String, ValueSource)];

impl Auth {
    /// The claims that a login puts into its tokens, in Simple JWT's order.
    pub(super) async fn login_claims(&self, user: &User) -> Result<Claims, AuthError> {
        let simple_jwt = &self.settings().simple_jwt;
        let mut claims = Claims::new();
        claims.set(&simple_jwt.user_id_claim, self.user_id_value(user));
        if simple_jwt.check_revoke_token {
            claims.set(&simple_jwt.revoke_token_claim, revoke_claim(user));
        }
        self.set_declared_claims(&mut claims, user).await?;
        Ok(claims)
    }

    /// Reads the declared claims of a token anew, where a refresh is to do that.
    pub(super) async fn reload_claims(&self, claims: &mut Claims, user: &Named) -> Result<(), AuthError> {
        match user {
            Named::One(user) if self.settings().wire.claims_at_refresh == ClaimsAtRefresh::Reload => {
                self.set_declared_claims(claims, user).await
            }
            Named::One(_) | Named::Nobody | Named::Unknown => Ok(()),
        }
    }

    /// Declared answer fields, in the order of their declaration; without a user, those that need none.
    pub(super) async fn answer_fields(
        &self,
        declared: &Declared,
        user: Option<&User>,
    ) -> Result<Map<String, Value>, AuthError> {
        let Some(user) = user else { return Ok(literals(declared)) };
        let groups = self.groups_for(declared, user).await?;
        let field = |(name, source): &(String, ValueSource)| {
            (name.clone(), value(source, user, &groups, JsonEncoder::RestFramework))
        };
        Ok(declared.iter().map(field).collect())
    }

    /// What `[simple_jwt.response.verify]` adds, if it is the same for every token and no hook wants to see it.
    pub(super) fn fields_of_every_verified(&self) -> Option<Map<String, Value>> {
        let declared = &self.settings().simple_jwt.response.verify;
        let is_literal = declared.iter().all(|(_, source)| matches!(source, ValueSource::Literal(_)));
        (is_literal && !self.has_hooks()).then(|| literals(declared))
    }

    /// What it and a hook add for this token, where that is not the same for all.
    pub(super) async fn verified_fields(
        &self,
        mut claims: Claims,
        caller: &Caller,
    ) -> Result<Map<String, Value>, AuthError> {
        let user = self.user_of(&claims).await?;
        let mut fields = self.answer_fields(&self.settings().simple_jwt.response.verify, user.user()).await?;
        self.after(UseCase::Verify, user.user(), &mut claims, &mut fields, caller).await?;
        Ok(fields)
    }

    /// Whether the revoke claim is there and fits the user's password, where it is asked for.
    pub(super) fn is_password_unchanged(&self, claims: &Claims, user: &User) -> bool {
        let simple_jwt = &self.settings().simple_jwt;
        !simple_jwt.check_revoke_token
            || claims.text(&simple_jwt.revoke_token_claim) == Some(revoke_claim(user).as_str())
    }

    async fn set_declared_claims(&self, claims: &mut Claims, user: &User) -> Result<(), AuthError> {
        let simple_jwt = &self.settings().simple_jwt;
        let groups = self.groups_for(&simple_jwt.claims, user).await?;
        for (name, source) in &simple_jwt.claims {
            claims.set(name, value(source, user, &groups, simple_jwt.json_encoder));
        }
        Ok(())
    }

    /// The user's groups, if anything declared speaks of them.
    async fn groups_for(&self, declared: &Declared, user: &User) -> Result<Vec<String>, AuthError> {
        match declared.iter().any(|(_, source)| *source == ValueSource::User(UserAttribute::Groups)) {
            true => self.groups_of(user).await,
            false => Ok(Vec::new()),
        }
    }
}

/// Declared values where no user is at hand.
fn literals(declared: &Declared) -> Map<String, Value> {
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

fn value(source: &ValueSource, user: &User, groups: &[String], encoder: JsonEncoder) -> Value {
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
        UserAttribute::FullName => format!("{} {}", user.first_name, user.last_name).trim().into(),
        UserAttribute::IsActive => user.is_active.into(),
        UserAttribute::IsStaff => user.is_staff.into(),
        UserAttribute::IsSuperuser => user.is_superuser.into(),
        UserAttribute::LastLogin => user.last_login.map(|moment| iso_8601(moment, encoder)).into(),
        UserAttribute::DateJoined => iso_8601(user.date_joined, encoder).into(),
        UserAttribute::Groups => groups.into(),
    }
}

/// A moment in an answer.
pub(crate) fn moment(at: Timestamp) -> String {
    iso_8601(at, JsonEncoder::RestFramework)
}

/// A moment as DRF writes it: `2026-11-20T20:26:38.123400Z`, without the fraction when it is zero; Django's own encoder
/// cuts the last three digits.
fn iso_8601(moment: Timestamp, encoder: JsonEncoder) -> String {
    let moment = jiff::Timestamp::from_microsecond(moment.micros()).unwrap_or_default();
    match (moment.subsec_microsecond() + moment.subsec_millisecond() * 1000, encoder) {
        (0, _) => format!("{moment:.0}"),
        (_, JsonEncoder::RestFramework) => format!("{moment:.6}"),
        (_, JsonEncoder::Django) => format!("{moment:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_python_writes_them() {
        let written = |micros| {
            let moment = Timestamp::from_micros(micros);
            [iso_8601(moment, JsonEncoder::RestFramework), iso_8601(moment, JsonEncoder::Django)]
        };
        let whole = "2025-11-20T20:26:38Z";
        assert_eq!(written(1_763_670_398_000_000), [whole, whole]);
        assert_eq!(written(1_763_670_398_123_400), ["2025-11-20T20:26:38.123400Z", "2025-11-20T20:26:38.123Z"]);
        assert_eq!(written(1_763_670_398_000_999), ["2025-11-20T20:26:38.000999Z", "2025-11-20T20:26:38.000Z"]);
    }
}
