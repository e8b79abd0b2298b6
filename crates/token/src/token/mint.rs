//! Minting: which claims a new token has, and in which order.

use super::Tokens;
use crate::claims::Claims;
use crate::jws::Jws;
use crate::policy::{Audience, TokenType};
use crate::time::Timestamp;

impl Tokens {
    /// The claims of a new token: type, `exp`, `iat`, id, then whatever else it says.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, claims::Claims, key::Key, policy::{Policy, TokenType}, time::Timestamp, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// # let now = Timestamp::from_seconds(1_700_000_000);
    /// let tokens = Tokens::new(key, Policy::default());
    /// let user: Claims = [("user_id", "1")].into_iter().collect();
    /// let claims = tokens.mint(TokenType::Access, Some("a"), &user, now);
    /// let expected = br#"{"token_type":"access","exp":1700000300,"iat":1700000000,"jti":"a","user_id":"1"}"#;
    /// assert_eq!(claims.to_json(), expected);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mint(&self, token_type: TokenType, id: Option<&str>, further: &Claims, now: Timestamp) -> Claims {
        let policy = &self.policy;
        let mut claims = Claims::new();
        if let Some(name) = &policy.type_claim {
            claims.set(name, token_type.as_str());
        }
        claims.set("exp", policy.expiry(token_type, now));
        claims.set("iat", now.seconds());
        if let (Some(name), Some(id)) = (&policy.jti_claim, id) {
            claims.set(name, id);
        }
        if token_type == TokenType::Sliding {
            claims.set(&policy.sliding_refresh_claim, (now + policy.sliding_refresh_lifetime).seconds());
        }
        for (name, value) in further.iter() {
            claims.set(name, value.clone());
        }
        claims
    }

    /// The claims of an access token made from a refresh token: its own type, `exp`, `iat` and id, then everything
    /// else that the refresh token says.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, claims::Claims, key::Key, policy::{Policy, TokenType}, time::Timestamp, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// # let now = Timestamp::from_seconds(1_700_000_000);
    /// let tokens = Tokens::new(key, Policy::default());
    /// let user: Claims = [("user_id", "1")].into_iter().collect();
    /// let refresh = tokens.mint(TokenType::Refresh, Some("r"), &user, now);
    /// let access = tokens.access_from(&refresh, Some("a"), now);
    /// assert_eq!((access.text("token_type"), access.text("jti")), (Some("access"), Some("a")));
    /// assert_eq!(access.text("user_id"), Some("1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn access_from(&self, refresh: &Claims, id: Option<&str>, now: Timestamp) -> Claims {
        let policy = &self.policy;
        let own = ["exp", "iat", "jti"];
        let named = [&policy.type_claim, &policy.jti_claim];
        let copied = refresh
            .iter()
            .filter(|(name, _)| !own.contains(name) && !named.iter().any(|claim| claim.as_deref() == Some(name)))
            .map(|(name, value)| (name, value.clone()))
            .collect();
        self.mint(TokenType::Access, id, &copied, now)
    }

    /// Signs claims; `aud` and `iss` are written over whatever stood there.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, jws::Room, key::Key, policy::Policy, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// let policy = Policy { issuer: Some("https://login.example".to_owned()), ..Policy::default() };
    /// let tokens = Tokens::new(key, policy);
    /// let token = tokens.sign(&[("iss", "somebody")].into_iter().collect());
    /// let payload = tokens.open(token.as_bytes(), &mut Room::new())?.into_owned();
    /// assert_eq!(payload, br#"{"iss":"https://login.example"}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the key cannot sign ([`Key::can_sign`](crate::key::Key::can_sign)).
    pub fn sign(&self, claims: &Claims) -> String {
        self.sign_by(&self.jws, claims)
    }

    /// As [`sign`](Self::sign), with another of the site's keys.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, jws::{Jws, claimed_key_id}, key::Key, policy::Policy, token::Tokens};
    /// let key = |secret: &str| Key::from_secret(Algorithm::Hs256, secret.as_bytes());
    /// let tokens = Tokens::new(key("the secret of yesterday 32 bytes")?, Policy::default());
    /// let of_today = Jws::new(key("the secret of today, 32 bytes ..")?).with_key_id("2026");
    /// let token = tokens.sign_by(&of_today, &[("user_id", "1")].into_iter().collect());
    /// assert_eq!(claimed_key_id(token.as_bytes()).as_deref(), Some("2026"));
    /// assert!(of_today.verify(token.as_bytes()).is_ok());
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If that key cannot sign.
    pub fn sign_by(&self, jws: &Jws, claims: &Claims) -> String {
        if self.policy.audience.is_none() && self.policy.issuer.is_none() {
            return jws.sign(&claims.to_json());
        }
        let mut claims = claims.clone();
        match &self.policy.audience {
            Some(Audience::One(audience)) => claims.set("aud", audience.as_str()),
            Some(Audience::Many(audiences)) => claims.set("aud", audiences.clone()),
            None => {}
        }
        if let Some(issuer) = &self.policy.issuer {
            claims.set("iss", issuer.as_str());
        }
        jws.sign(&claims.to_json())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::algorithm::Algorithm;
    use crate::key::Key;
    use crate::policy::Policy;

    const NOW: Timestamp = Timestamp::from_micros(1_763_676_000_500_000);

    fn tokens(policy: Policy) -> Tokens {
        Tokens::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef").unwrap(), policy)
    }

    #[test]
    fn a_pair_has_the_claims_of_simple_jwt_in_their_order() {
        let tokens = tokens(Policy::default());
        let user: Claims = [("user_id", "1"), ("plan", "pro")].into_iter().collect();
        let refresh = tokens.mint(TokenType::Refresh, Some("r"), &user, NOW);
        let access = tokens.access_from(&refresh, Some("a"), NOW);
        assert_eq!(
            String::from_utf8(refresh.to_json()).unwrap(),
            r#"{"token_type":"refresh","exp":1763762400,"iat":1763676000,"jti":"r","user_id":"1","plan":"pro"}"#
        );
        assert_eq!(
            String::from_utf8(access.to_json()).unwrap(),
            r#"{"token_type":"access","exp":1763676300,"iat":1763676000,"jti":"a","user_id":"1","plan":"pro"}"#
        );
    }

    #[test]
    fn aud_and_iss_are_written_over_foreign_ones() {
        let policy = Policy { audience: Some(Audience::One("app".to_owned())), ..Policy::default() };
        let tokens = tokens(policy);
        let claims: Claims = [("exp", json!(NOW.seconds() + 9)), ("jti", json!("a")), ("aud", json!(["x", "app"]))]
            .into_iter()
            .collect();
        let text = tokens.sign(&claims);
        let read = tokens.decode(text.as_bytes(), NOW).unwrap();
        assert_eq!(read.claims().get("aud"), Some(&json!("app")));
    }
}
