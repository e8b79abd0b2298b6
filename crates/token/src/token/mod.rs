//! The tokens of a site: minted, opened, judged.

mod check;
mod genuine;
mod mint;
mod plain;
mod verifier;

use std::borrow::Cow;

pub use genuine::Genuine;
pub use verifier::Verifier;

use crate::algorithm::Algorithm;
use crate::error::TokenError;
use crate::jws::{Jws, Room};
use crate::key::Key;
use crate::policy::Policy;
use crate::time::Timestamp;

/// Mints and verifies the tokens of one site.
///
/// ```
/// use jeton_token::algorithm::Algorithm;
/// use jeton_token::claims::Claims;
/// use jeton_token::key::Key;
/// use jeton_token::policy::{Policy, TokenType};
/// use jeton_token::time::Timestamp;
/// use jeton_token::token::Tokens;
///
/// let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
/// let tokens = Tokens::new(key, Policy::default());
/// let now = Timestamp::from_seconds(1_700_000_000);
///
/// let user: Claims = [("user_id", "1")].into_iter().collect();
/// let access = tokens.mint(TokenType::Access, Some("some-id"), &user, now);
/// let claims = tokens.decode(tokens.sign(&access).as_bytes(), now)?.into_token(Some(TokenType::Access))?;
/// assert_eq!(claims.text("user_id"), Some("1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tokens {
    jws: Jws,
    policy: Policy,
    /// Whether the claims have the names that the short way knows.
    plain: bool,
}

impl Tokens {
    /// Tokens of this key and policy.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, key::Key, policy::Policy, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// let tokens = Tokens::new(key, Policy { strict: false, ..Policy::default() });
    /// assert!(!tokens.policy().strict);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(key: Key, policy: Policy) -> Self {
        Self::signed_by(Jws::new(key), policy)
    }

    fn signed_by(jws: Jws, policy: Policy) -> Self {
        Self { jws: jws.with_strictness(policy.strict), plain: plain::is_plain(&policy), policy }
    }

    /// What was settled about them.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, key::Key, policy::Policy, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// assert_eq!(Tokens::new(key, Policy::default()).policy(), &Policy::default());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The key, with the header that it writes.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, key::Key, policy::Policy, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// let tokens = Tokens::new(key, Policy::default());
    /// let token = tokens.sign(&[("user_id", "1")].into_iter().collect());
    /// assert!(tokens.jws().wrote_header_of(token.as_bytes()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn jws(&self) -> &Jws {
        &self.jws
    }

    /// The algorithm of the site's key.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, key::Key, policy::Policy, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// assert_eq!(Tokens::new(key, Policy::default()).algorithm(), Algorithm::Hs256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn algorithm(&self) -> Algorithm {
        self.jws.algorithm()
    }

    /// Signature and header, then `iat`, `nbf`, `exp`, `iss`, `aud`, `sub`, `jti`.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, claims::Claims, error::TokenError, key::Key, policy::{Policy, TokenType}, time::Timestamp, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// # let now = Timestamp::from_seconds(1_700_000_000);
    /// let tokens = Tokens::new(key, Policy::default());
    /// let token = tokens.sign(&tokens.mint(TokenType::Access, Some("a"), &Claims::new(), now));
    /// assert!(tokens.decode(token.as_bytes(), now).is_ok());
    /// let later = Timestamp::from_seconds(1_700_000_300);
    /// assert_eq!(tokens.decode(token.as_bytes(), later).unwrap_err(), TokenError::Expired);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] or [`TokenError::Expired`].
    pub fn decode(&self, text: &[u8], now: Timestamp) -> Result<Genuine<'_>, TokenError> {
        self.judge(&self.open(text, &mut Room::new())?, now)
    }

    /// As [`decode`](Self::decode), for a token that another of the site's keys signed.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, jws::Jws, key::Key, policy::Policy, time::Timestamp, token::Tokens};
    /// let key = |secret: &str| Key::from_secret(Algorithm::Hs256, secret.as_bytes());
    /// let tokens = Tokens::new(key("the secret of today, 32 bytes ..")?, Policy::default());
    /// let retired = Jws::new(key("the secret of yesterday 32 bytes")?);
    /// let (token, now) = (retired.sign(br#"{"exp": 1700000300, "jti": "a"}"#), Timestamp::from_seconds(1_700_000_000));
    /// assert!(tokens.decode(token.as_bytes(), now).is_err());
    /// assert!(tokens.decode_by(&retired, token.as_bytes(), now).is_ok());
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] or [`TokenError::Expired`].
    pub fn decode_by(&self, jws: &Jws, text: &[u8], now: Timestamp) -> Result<Genuine<'_>, TokenError> {
        self.judge(&jws.verify(text)?, now)
    }

    /// The payload of a token that this site's key signed; of what it says nothing is looked at.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, claims::Claims, jws::Room, key::Key, policy::Policy, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// let tokens = Tokens::new(key, Policy::default());
    /// let token = tokens.sign(&[("user_id", "1")].into_iter().collect());
    /// assert_eq!(&*tokens.open(token.as_bytes(), &mut Room::new())?, br#"{"user_id":"1"}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`].
    pub fn open<'r>(&self, text: &[u8], room: &'r mut Room) -> Result<Cow<'r, [u8]>, TokenError> {
        Ok(self.jws.read(text, room)?)
    }
}

/// 10000-01-01T00:00:00Z: no calendar of the reference goes that far.
const YEAR_10000: i64 = 253_402_300_800;
