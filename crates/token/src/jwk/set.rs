//! A set of keys, each found by its name.

use serde_json::Value;

use super::{Jwk, JwkError};
use crate::strict_json;

/// A set of keys: all secrets, all private or all public, no two of one name.
///
/// ```
/// use jeton_token::jwk::JwkSet;
///
/// let set = r#"{"keys": [
///     {"kty": "oct", "alg": "HS256", "kid": "old", "k": "-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"},
///     {"kty": "oct", "alg": "HS256", "kid": "new", "k": "-xbuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"}]}"#;
/// let set = JwkSet::parse(set.as_bytes())?;
/// assert!(set.find(Some("new")).is_some());
/// assert!(set.find(Some("other")).is_none() && set.find(None).is_none());
/// # Ok::<(), jeton_token::jwk::JwkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// Reads a set.
    ///
    /// ```
    /// use jeton_token::jwk::{JwkError, JwkSet};
    ///
    /// assert_eq!(JwkSet::parse(br#"{"keys": [{"kty": "dsa"}]}"#).unwrap_err(), JwkError::Algorithm);
    /// assert!(JwkSet::parse(br#"{"keys": []}"#)?.keys().is_empty());
    /// # Ok::<(), jeton_token::jwk::JwkError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`JwkError`] if any of its keys is unsound, two share a name, or kinds are mixed: who publishes secrets beside
    /// public keys has made a mistake that no key of the set should profit from.
    pub fn parse(json: &[u8]) -> Result<Self, JwkError> {
        let Some(Value::Object(members)) = strict_json::parse(json) else {
            return Err(JwkError::NotAnObject);
        };
        let Some(Value::Array(keys)) = members.get("keys") else {
            return Err(JwkError::Member("keys"));
        };
        let mut set: Vec<Jwk> = Vec::new();
        for key in keys {
            let jwk = Jwk::from_members(key.as_object().ok_or(JwkError::NotAnObject)?, None)?;
            let kind = |jwk: &Jwk| (jwk.key.algorithm().is_symmetric(), jwk.key.can_sign());
            if set.iter().any(|other| kind(other) != kind(&jwk)) {
                return Err(JwkError::Mixed);
            }
            if set.iter().any(|other| other.kid == jwk.kid) {
                return Err(JwkError::DuplicateKid);
            }
            set.push(jwk);
        }
        Ok(Self(set))
    }

    /// The key of this name. A token without a `kid` means the only key there is.
    ///
    /// ```
    /// use jeton_token::jwk::JwkSet;
    ///
    /// let set = br#"{"keys": [{"kty": "oct", "alg": "HS256", "kid": "k1", "k": "-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"}]}"#;
    /// let set = JwkSet::parse(set)?;
    /// assert!(set.find(Some("k1")).is_some() && set.find(None).is_some() && set.find(Some("k2")).is_none());
    /// # Ok::<(), jeton_token::jwk::JwkError>(())
    /// ```
    pub fn find(&self, kid: Option<&str>) -> Option<&Jwk> {
        match (kid, self.0.as_slice()) {
            (Some(kid), keys) => keys.iter().find(|jwk| jwk.kid() == Some(kid)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// All of them, in the order they were written.
    ///
    /// ```
    /// use jeton_token::jwk::JwkSet;
    ///
    /// let set = br#"{"keys": [{"kty": "oct", "alg": "HS256", "kid": "k1", "k": "-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"}]}"#;
    /// let set = JwkSet::parse(set)?;
    /// assert_eq!(set.keys().len(), 1);
    /// # Ok::<(), jeton_token::jwk::JwkError>(())
    /// ```
    pub fn keys(&self) -> &[Jwk] {
        &self.0
    }
}
