//! Keys as JSON (RFC 7517): one, or a set of them with a `kid` each.

mod error;
#[cfg(feature = "asymmetric")]
mod public;
mod set;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use error::JwkError;
use serde_json::{Map, Value};
pub use set::JwkSet;
use zeroize::Zeroizing;

use crate::algorithm::Algorithm;
use crate::key::Key;
#[cfg(feature = "asymmetric")]
use crate::key::{KeyError, Numbers, coordinate_length};
use crate::strict_json;

/// A key with the name under which tokens may refer to it.
///
/// ```
/// use jeton_token::jwk::Jwk;
///
/// let jwk = r#"{"kty": "oct", "alg": "HS256", "kid": "k1", "k": "-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"}"#;
/// let jwk = Jwk::parse(jwk.as_bytes(), None)?;
/// assert_eq!(jwk.kid(), Some("k1"));
/// assert!(jwk.key().can_sign());
/// # Ok::<(), jeton_token::jwk::JwkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Jwk {
    kid: Option<String>,
    key: Key,
}

impl Jwk {
    /// Reads a key. `algorithm` is for keys that do not say what they are for; it cannot change what one says.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::jwk::{Jwk, JwkError};
    ///
    /// let jwk = br#"{"kty": "oct", "alg": "HS256", "kid": "k1", "k": "-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"}"#;
    /// assert!(Jwk::parse(jwk, None).is_ok());
    /// assert_eq!(Jwk::parse(jwk, Some(Algorithm::Hs512)).unwrap_err(), JwkError::Algorithm);
    /// ```
    ///
    /// # Errors
    ///
    /// [`JwkError`] if it is no key for signatures, or one that is not safe to use.
    pub fn parse(json: &[u8], algorithm: Option<Algorithm>) -> Result<Self, JwkError> {
        match strict_json::parse(json) {
            Some(Value::Object(members)) => Self::from_members(&members, algorithm),
            Some(_) | None => Err(JwkError::NotAnObject),
        }
    }

    /// Its name, if it has one.
    ///
    /// ```
    /// use jeton_token::jwk::Jwk;
    ///
    /// let jwk = br#"{"kty": "oct", "alg": "HS256", "kid": "k1", "k": "-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"}"#;
    /// assert_eq!(Jwk::parse(jwk, None)?.kid(), Some("k1"));
    /// # Ok::<(), jeton_token::jwk::JwkError>(())
    /// ```
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key itself.
    ///
    /// ```
    /// use jeton_token::jwk::Jwk;
    ///
    /// let jwk = br#"{"kty": "oct", "alg": "HS256", "kid": "k1", "k": "-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"}"#;
    /// assert!(Jwk::parse(jwk, None)?.key().can_sign());
    /// # Ok::<(), jeton_token::jwk::JwkError>(())
    /// ```
    pub fn key(&self) -> &Key {
        &self.key
    }

    fn from_members(members: &Map<String, Value>, wanted: Option<Algorithm>) -> Result<Self, JwkError> {
        check_use(members)?;
        let kid = text(members, "kid")?.map(str::to_owned);
        let named = match text(members, "alg")? {
            Some(name) => Some(name.parse().map_err(|_| JwkError::Algorithm)?),
            None => None,
        };
        let algorithm = match (named, wanted) {
            (Some(named), Some(wanted)) if named != wanted => return Err(JwkError::Algorithm),
            (Some(algorithm), _) | (None, Some(algorithm)) => algorithm,
            (None, None) => of_curve(text(members, "crv")?).ok_or(JwkError::Algorithm)?,
        };
        let key = match text(members, "kty")? {
            Some("oct") => secret(members, algorithm)?,
            #[cfg(feature = "asymmetric")]
            Some("RSA") => rsa(members, algorithm)?,
            #[cfg(feature = "asymmetric")]
            Some(kind @ ("EC" | "OKP")) => curve(members, algorithm, kind)?,
            Some(_) | None => return Err(JwkError::Type),
        };
        Ok(Self { kid, key })
    }
}

fn check_use(members: &Map<String, Value>) -> Result<(), JwkError> {
    match members.get("use") {
        None => {}
        Some(Value::String(usage)) if usage == "sig" => {}
        Some(_) => return Err(JwkError::Use),
    }
    match members.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) if operations.iter().any(|name| name == "sign" || name == "verify") => Ok(()),
        Some(_) => Err(JwkError::Use),
    }
}

/// The algorithm that is the only one on its curve.
fn of_curve(curve: Option<&str>) -> Option<Algorithm> {
    Algorithm::ALL.iter().copied().find(|&algorithm| curve.is_some() && curve_of(algorithm) == curve)
}

fn curve_of(algorithm: Algorithm) -> Option<&'static str> {
    match algorithm {
        Algorithm::Es256 => Some("P-256"),
        Algorithm::Es384 => Some("P-384"),
        Algorithm::Es512 => Some("P-521"),
        Algorithm::Es256k => Some("secp256k1"),
        Algorithm::EdDsa => Some("Ed25519"),
        Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512
        | Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => None,
    }
}

fn secret(members: &Map<String, Value>, algorithm: Algorithm) -> Result<Key, JwkError> {
    let secret = Zeroizing::new(number(members, "k")?.ok_or(JwkError::Member("k"))?);
    let key = Key::from_secret(algorithm, &secret)?;
    if secret.len() < algorithm.hash_bytes() { Err(JwkError::ShortSecret(algorithm)) } else { Ok(key) }
}

#[cfg(feature = "asymmetric")]
fn rsa(members: &Map<String, Value>, algorithm: Algorithm) -> Result<Key, JwkError> {
    let needed = |name| number(members, name)?.ok_or(JwkError::Member(name));
    let public = Numbers::new(&needed("n")?, &needed("e")?)?;
    if !members.contains_key("d") {
        return Ok(Key::from_rsa_numbers(algorithm, &public, None)?);
    }
    let mut private = Vec::with_capacity(6);
    for name in ["d", "p", "q", "dp", "dq", "qi"] {
        private.push(Zeroizing::new(needed(name)?));
    }
    let private = std::array::from_fn(|at| private[at].as_slice());
    Ok(Key::from_rsa_numbers(algorithm, &public, Some(private))?)
}

#[cfg(feature = "asymmetric")]
fn curve(members: &Map<String, Value>, algorithm: Algorithm, kind: &str) -> Result<Key, JwkError> {
    let is_edwards = algorithm == Algorithm::EdDsa;
    if (kind == "OKP") != is_edwards || text(members, "crv")? != curve_of(algorithm) {
        return Err(KeyError::Unreadable(algorithm).into());
    }
    let length = coordinate_length(algorithm);
    let coordinate = |name| match number(members, name)? {
        Some(bytes) if bytes.len() == length => Ok(bytes),
        Some(_) | None => Err(JwkError::Member(name)),
    };
    let mut point = Vec::with_capacity(1 + 2 * length);
    if !is_edwards {
        point.push(4);
    }
    point.extend(coordinate("x")?);
    if !is_edwards {
        point.extend(coordinate("y")?);
    }
    let private = members.contains_key("d").then(|| coordinate("d").map(Zeroizing::new)).transpose()?;
    Ok(Key::from_point(algorithm, &point, private.as_ref().map(|bytes| bytes.as_slice()))?)
}

fn text<'a>(members: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, JwkError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwkError::Member(name)),
    }
}

fn number(members: &Map<String, Value>, name: &'static str) -> Result<Option<Vec<u8>>, JwkError> {
    let Some(text) = text(members, name)? else {
        return Ok(None);
    };
    URL_SAFE_NO_PAD.decode(text).map(Some).map_err(|_| JwkError::Member(name))
}
