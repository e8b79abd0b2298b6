//! What the claims of a genuine payload must say, in the order of Simple JWT's checks.

use serde_json::Value;

use super::{Genuine, Tokens, YEAR_10000};
use crate::claims::{Claims, lenient_seconds};
use crate::error::{Flaw, TokenError};
use crate::time::Timestamp;

impl Tokens {
    /// Judges a payload whose signature was checked before, as [`open`](Self::open) does: `iat`, `nbf`, `exp`, `iss`,
    /// `aud`, `sub`, `jti`.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, error::TokenError, key::Key, policy::Policy, time::Timestamp, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// let tokens = Tokens::new(key, Policy::default());
    /// let payload = br#"{"exp": 1700000300, "jti": "some-id"}"#;
    /// assert!(tokens.judge(payload, Timestamp::from_seconds(1_700_000_000)).is_ok());
    /// assert_eq!(tokens.judge(payload, Timestamp::from_seconds(1_700_000_300)).unwrap_err(), TokenError::Expired);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] or [`TokenError::Expired`].
    pub fn judge(&self, payload: &[u8], now: Timestamp) -> Result<Genuine<'_>, TokenError> {
        let claims = self.parse(payload)?;
        self.check_times(&claims, now)?;
        self.check_issuer(&claims)?;
        self.check_audience(&claims)?;
        if claims.get("sub").is_some_and(|subject| !subject.is_string()) {
            return Err(Flaw::Subject.into());
        }
        if claims.get("jti").is_some_and(|jti| !jti.is_string()) {
            return Err(Flaw::Id.into());
        }
        if self.policy.strict {
            self.check_strictly(&claims)?;
        }
        Ok(Genuine::new(claims, &self.policy))
    }

    /// Whether a sliding token may still be refreshed.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, claims::Claims, key::Key, policy::Policy, time::Timestamp, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// # let now = Timestamp::from_seconds(1_700_000_000);
    /// let tokens = Tokens::new(key, Policy::default());
    /// let claims: Claims = [("refresh_exp", now.seconds() + 60)].into_iter().collect();
    /// assert!(tokens.check_sliding_window(&claims, now).is_ok());
    /// assert!(tokens.check_sliding_window(&Claims::new(), now).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TokenError::MissingTime`], [`TokenError::TimePassed`], or [`TokenError::Invalid`] if the claim is no time.
    pub fn check_sliding_window(&self, claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
        let name = &self.policy.sliding_refresh_claim;
        let Some(value) = claims.get(name) else {
            return Err(TokenError::MissingTime(name.clone()));
        };
        let Some(until) = value.as_f64().filter(|seconds| seconds.abs() < YEAR_10000 as f64) else {
            return Err(Flaw::Expiry.into());
        };
        if Timestamp::from_micros((until * 1e6) as i64) <= now - self.policy.leeway {
            return Err(TokenError::TimePassed(name.clone()));
        }
        Ok(())
    }

    fn parse(&self, payload: &[u8]) -> Result<Claims, Flaw> {
        if self.policy.strict { Claims::parse_strict(payload) } else { Claims::parse(payload) }
    }

    fn check_times(&self, claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
        let latest = now + self.policy.leeway;
        for (name, flaw) in [("iat", Flaw::IssuedAt), ("nbf", Flaw::NotBefore)] {
            let Some(value) = claims.get(name) else { continue };
            let begins = lenient_seconds(value).ok_or(flaw)?;
            if Timestamp::from_seconds(begins) > latest {
                return Err(flaw.into());
            }
        }
        let Some(value) = claims.get("exp") else {
            return Ok(());
        };
        let ends = lenient_seconds(value).ok_or(Flaw::Expiry)?;
        if Timestamp::from_seconds(ends) <= now - self.policy.leeway {
            return Err(TokenError::Expired);
        }
        if !value.is_number() || ends >= YEAR_10000 {
            return Err(Flaw::Expiry.into());
        }
        Ok(())
    }

    /// What Simple JWT lets pass: times that are no numbers of our calendar, ids that are no texts.
    fn check_strictly(&self, claims: &Claims) -> Result<(), Flaw> {
        for (name, flaw) in [("iat", Flaw::IssuedAt), ("nbf", Flaw::NotBefore), ("exp", Flaw::Expiry)] {
            let Some(value) = claims.get(name) else { continue };
            if !value.as_f64().is_some_and(|seconds| (0.0..YEAR_10000 as f64).contains(&seconds)) {
                return Err(flaw);
            }
        }
        let id = self.policy.jti_claim.as_ref().and_then(|name| claims.get(name));
        match id {
            None => Ok(()),
            Some(Value::String(id)) if !id.is_empty() => Ok(()),
            Some(_) => Err(Flaw::Id),
        }
    }

    fn check_issuer(&self, claims: &Claims) -> Result<(), Flaw> {
        match &self.policy.issuer {
            Some(issuer) if claims.text("iss") != Some(issuer) => Err(Flaw::Issuer),
            Some(_) | None => Ok(()),
        }
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), Flaw> {
        let Some(ours) = &self.policy.audience else {
            return Ok(());
        };
        let is_ours = |audience: &str| ours.as_slice().iter().any(|one| one == audience);
        let fits = match claims.get("aud") {
            Some(Value::String(audience)) => is_ours(audience),
            Some(Value::Array(audiences)) => {
                audiences.iter().all(Value::is_string)
                    && audiences.iter().any(|audience| audience.as_str().is_some_and(is_ours))
            }
            _ => false,
        };
        if fits { Ok(()) } else { Err(Flaw::Audience) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::algorithm::Algorithm;
    use crate::key::Key;
    use crate::policy::{Audience, Policy, TokenType};

    const NOW: Timestamp = Timestamp::from_micros(1_763_676_000_500_000);

    fn tokens(policy: Policy) -> Tokens {
        Tokens::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef").unwrap(), policy)
    }

    fn verdict(policy: &Policy, claims: &Value, wanted: Option<TokenType>) -> Result<Claims, TokenError> {
        let tokens = tokens(policy.clone());
        let text = tokens.jws.sign(claims.to_string().as_bytes());
        tokens.decode(text.as_bytes(), NOW)?.into_token(wanted)
    }

    /// What the reference tolerates passes.
    fn lenient() -> Policy {
        Policy { strict: false, ..Policy::default() }
    }

    fn refused(claims: &Value) -> TokenError {
        verdict(&lenient(), claims, Some(TokenType::Access)).unwrap_err()
    }

    #[test]
    fn failures_come_in_the_order_of_the_checks() {
        let past = NOW.seconds() - 1;
        let next = NOW.seconds() + 60;
        for (claims, error) in [
            (json!({"iat": next, "exp": past}), Flaw::IssuedAt.into()),
            (json!({"nbf": next, "exp": past}), Flaw::NotBefore.into()),
            (json!({"exp": past, "sub": 5}), TokenError::Expired),
            (json!({"exp": NOW.seconds(), "jti": "a", "token_type": "access"}), TokenError::Expired),
            (json!({"exp": next, "sub": 5}), Flaw::Subject.into()),
            (json!({"exp": next, "sub": null}), Flaw::Subject.into()),
            (json!({"jti": null}), Flaw::Id.into()),
            (json!({"exp": null}), Flaw::Expiry.into()),
            (json!({"exp": "9999999999"}), Flaw::Expiry.into()),
            (json!({"exp": "1"}), TokenError::Expired),
            (json!({"exp": YEAR_10000}), Flaw::Expiry.into()),
            (json!({"iat": "soon"}), Flaw::IssuedAt.into()),
            (json!({}), TokenError::MissingTime("exp".to_owned())),
            (json!({"exp": next}), TokenError::MissingId),
            (json!({"exp": next, "jti": ""}), TokenError::MissingType),
            (json!({"exp": next, "jti": "", "token_type": "refresh"}), TokenError::WrongType),
            (json!({"exp": next, "jti": "", "token_type": ["access"]}), TokenError::WrongType),
        ] {
            assert_eq!(refused(&claims), error, "{claims}");
        }
        for claims in [
            json!({"exp": next, "jti": "", "token_type": "access", "iat": "5"}),
            json!({"exp": f64::from(next as i32) + 0.5, "jti": "", "token_type": "access"}),
        ] {
            assert!(verdict(&lenient(), &claims, Some(TokenType::Access)).is_ok(), "{claims}");
        }
    }

    #[test]
    fn what_the_reference_tolerates_is_refused_by_a_strict_policy() {
        let next = NOW.seconds() + 60;
        for (claims, flaw) in [
            (json!({"exp": next, "jti": "a", "iat": "5"}), Flaw::IssuedAt),
            (json!({"exp": next, "jti": "a", "nbf": true}), Flaw::NotBefore),
            (json!({"exp": next, "jti": "a", "nbf": -1}), Flaw::NotBefore),
            (json!({"exp": next, "jti": ""}), Flaw::Id),
        ] {
            assert!(verdict(&lenient(), &claims, None).is_ok(), "{claims}");
            assert_eq!(verdict(&Policy::default(), &claims, None).unwrap_err(), flaw.into(), "{claims}");
        }
    }

    #[test]
    fn audience_and_issuer_are_compared_whole() {
        let policy = Policy {
            audience: Some(Audience::Many(vec!["web".to_owned(), "mobile".to_owned()])),
            issuer: Some("https://issuer.example".to_owned()),
            ..Policy::default()
        };
        let token = |aud: &Value, iss: &Value| {
            verdict(&policy, &json!({"exp": NOW.seconds() + 60, "jti": "a", "aud": aud, "iss": iss}), None)
        };
        let issuer = json!("https://issuer.example");
        assert!(token(&json!("mobile"), &issuer).is_ok());
        assert!(token(&json!(["tv", "web"]), &issuer).is_ok());
        for aud in [json!("Web"), json!([]), json!(["tv"]), json!(["web", 5]), json!(null), json!({"web": 1})] {
            assert_eq!(token(&aud, &issuer).unwrap_err(), Flaw::Audience.into(), "{aud}");
        }
        for iss in [json!("https://issuer.example/"), json!(["https://issuer.example"]), json!(null)] {
            assert_eq!(token(&json!("web"), &iss).unwrap_err(), Flaw::Issuer.into(), "{iss}");
        }
    }

    #[test]
    fn leeway_covers_every_time() {
        let policy = Policy { leeway: Duration::from_secs(20), ..Policy::default() };
        let now = NOW.seconds();
        for claims in [
            json!({"exp": now - 10, "jti": "a"}),
            json!({"exp": now + 9, "nbf": now + 10, "jti": "a"}),
            json!({"exp": now + 9, "iat": now + 20, "jti": "a"}),
        ] {
            assert!(verdict(&policy, &claims, None).is_ok(), "{claims}");
        }
        let tokens = tokens(policy);
        let window = |value: Value| {
            let claims: Claims = [("refresh_exp", value)].into_iter().collect();
            tokens.check_sliding_window(&claims, NOW)
        };
        assert_eq!(window(json!(now - 10)), Ok(()));
        assert_eq!(window(json!(now - 30)), Err(TokenError::TimePassed("refresh_exp".to_owned())));
        assert_eq!(window(json!("9999999999")), Err(Flaw::Expiry.into()));
        let none = tokens.check_sliding_window(&Claims::new(), NOW);
        assert_eq!(none, Err(TokenError::MissingTime("refresh_exp".to_owned())));
    }

    #[test]
    fn without_a_type_claim_any_token_is_any_token() {
        let policy = Policy { type_claim: None, jti_claim: None, ..Policy::default() };
        let claims = verdict(&policy, &json!({"exp": NOW.seconds() + 9}), Some(TokenType::Refresh));
        assert!(claims.is_ok());
    }
}
