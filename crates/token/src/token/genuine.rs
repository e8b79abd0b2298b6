//! A token that this site signed and whose time has come and not passed, before the ledger was asked.

use serde_json::Value;

use crate::claims::Claims;
use crate::error::{Flaw, TokenError};
use crate::policy::{Policy, TokenType};

/// The claims of a token that this site signed and whose time has come and not passed. Ask the ledger about its
/// [`id`](Genuine::id), then take the token with [`into_token`](Genuine::into_token).
///
/// ```
/// # use jeton_token::{algorithm::Algorithm, claims::Claims, key::Key, token::Tokens};
/// # use jeton_token::{policy::{Policy, TokenType}, time::Timestamp};
/// # let now = Timestamp::from_seconds(1_700_000_000);
/// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
/// # let tokens = Tokens::new(key, Policy::default());
/// let text = tokens.sign(&tokens.mint(TokenType::Refresh, Some("some-id"), &Claims::new(), now));
/// let genuine = tokens.decode(text.as_bytes(), now)?;
/// assert_eq!(genuine.id()?.as_deref(), Some("some-id"));
/// assert!(genuine.into_token(Some(TokenType::Access)).is_err(), "a refresh token opens no doors");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Genuine<'a> {
    claims: Claims,
    policy: &'a Policy,
}

impl<'a> Genuine<'a> {
    pub(super) fn new(claims: Claims, policy: &'a Policy) -> Self {
        Self { claims, policy }
    }

    /// The claims, which are not yet known to be those of a complete token.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, key::Key, policy::Policy, time::Timestamp, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// # let now = Timestamp::from_seconds(1_700_000_000);
    /// let tokens = Tokens::new(key, Policy::default());
    /// let payload = br#"{"token_type": "access", "exp": 1700000300, "jti": "a"}"#;
    /// let genuine = tokens.judge(payload, now)?;
    /// assert_eq!(genuine.claims().text("jti"), Some("a"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// [`claims`](Self::claims), for keeps.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, key::Key, policy::Policy, time::Timestamp, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// # let now = Timestamp::from_seconds(1_700_000_000);
    /// let tokens = Tokens::new(key, Policy::default());
    /// let payload = br#"{"token_type": "access", "exp": 1700000300, "jti": "a"}"#;
    /// let genuine = tokens.judge(payload, now)?;
    /// assert_eq!(genuine.into_claims().text("jti"), Some("a"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_claims(self) -> Claims {
        self.claims
    }

    /// The id, under the configured name; a number counts as its digits.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, key::Key, policy::Policy, time::Timestamp, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// # let now = Timestamp::from_seconds(1_700_000_000);
    /// let tokens = Tokens::new(key, Policy::default());
    /// let payload = br#"{"token_type": "access", "exp": 1700000300, "jti": "a"}"#;
    /// let genuine = tokens.judge(payload, now)?;
    /// assert_eq!(genuine.id()?.as_deref(), Some("a"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TokenError::MissingId`] if the claim is absent, [`TokenError::Invalid`] if it cannot be an id. Nothing where
    /// tokens have no ids.
    pub fn id(&self) -> Result<Option<String>, TokenError> {
        let Some(name) = &self.policy.jti_claim else {
            return Ok(None);
        };
        match self.claims.get(name) {
            None => Err(TokenError::MissingId),
            Some(Value::String(id)) => Ok(Some(id.clone())),
            Some(Value::Number(id)) => Ok(Some(id.to_string())),
            Some(_) => Err(Flaw::Id.into()),
        }
    }

    /// Whether it is a complete token: `exp`, id and type are there, and the type is the wanted one (any, if none is
    /// wanted).
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, error::TokenError, key::Key, policy::{Policy, TokenType}, time::Timestamp, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// # let now = Timestamp::from_seconds(1_700_000_000);
    /// let tokens = Tokens::new(key, Policy::default());
    /// let payload = br#"{"token_type": "access", "exp": 1700000300, "jti": "a"}"#;
    /// let genuine = tokens.judge(payload, now)?;
    /// assert!(genuine.check_complete(None).is_ok());
    /// assert_eq!(genuine.check_complete(Some(TokenType::Refresh)), Err(TokenError::WrongType));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TokenError::MissingTime`], [`TokenError::MissingId`], [`TokenError::MissingType`], [`TokenError::WrongType`].
    pub fn check_complete(&self, wanted: Option<TokenType>) -> Result<(), TokenError> {
        if self.claims.get("exp").is_none() {
            return Err(TokenError::MissingTime("exp".to_owned()));
        }
        if self.policy.jti_claim.as_ref().is_some_and(|name| self.claims.get(name).is_none()) {
            return Err(TokenError::MissingId);
        }
        let (Some(name), Some(wanted)) = (&self.policy.type_claim, wanted) else {
            return Ok(());
        };
        match self.claims.get(name) {
            None => Err(TokenError::MissingType),
            Some(Value::String(found)) if found == wanted.as_str() => Ok(()),
            Some(_) => Err(TokenError::WrongType),
        }
    }

    /// The claims, if it [is complete](Self::check_complete).
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, key::Key, policy::{Policy, TokenType}, time::Timestamp, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// # let now = Timestamp::from_seconds(1_700_000_000);
    /// let tokens = Tokens::new(key, Policy::default());
    /// let payload = br#"{"token_type": "access", "exp": 1700000300, "jti": "a"}"#;
    /// let genuine = tokens.judge(payload, now)?;
    /// assert_eq!(genuine.into_token(Some(TokenType::Access))?.text("jti"), Some("a"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`check_complete`](Self::check_complete).
    pub fn into_token(self, wanted: Option<TokenType>) -> Result<Claims, TokenError> {
        self.check_complete(wanted)?;
        Ok(self.claims)
    }
}
