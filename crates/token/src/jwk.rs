//! Keys as JSON (RFC 7517): one, or a set of them with a `kid` each.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
#[cfg(feature = "asymmetric")]
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::algorithm::Algorithm;
use crate::key::{Key, KeyError};
#[cfg(feature = "asymmetric")]
use crate::key::{Numbers, Public, coordinate_length};
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

#[cfg(feature = "asymmetric")]
impl Key {
    /// The public half as a JWK, for others to verify with; nothing of a secret.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::key::Key;
    ///
    /// let private = "-----BEGIN PRIVATE KEY-----
    /// MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
    /// -----END PRIVATE KEY-----";
    /// let jwk = Key::from_private_pem(Algorithm::EdDsa, private)?.to_public_jwk(Some("2026")).expect("a key pair");
    /// assert_eq!(jwk["kty"], "OKP");
    /// assert_eq!(jwk["x"], "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE");
    /// assert!(!jwk.contains_key("d"));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    pub fn to_public_jwk(&self, kid: Option<&str>) -> Option<Map<String, Value>> {
        let numbers = match self.public()? {
            Public::Rsa(numbers) => {
                vec![("kty", "RSA".to_owned()), ("n", encode(&numbers.n)), ("e", encode(&numbers.e))]
            }
            Public::Ec(point) => {
                let (x, y) = point[1..].split_at(point.len() / 2);
                let curve = curve_of(self.algorithm())?;
                vec![("kty", "EC".to_owned()), ("crv", curve.to_owned()), ("x", encode(x)), ("y", encode(y))]
            }
            Public::Ed(x) => vec![("kty", "OKP".to_owned()), ("crv", "Ed25519".to_owned()), ("x", encode(x))],
        };
        let named = kid.map(|kid| ("kid", kid.to_owned()));
        let usage = [("use", "sig".to_owned()), ("alg", self.algorithm().to_string())];
        let members = numbers.into_iter().chain(usage).chain(named);
        Some(members.map(|(name, value)| (name.to_owned(), Value::String(value))).collect())
    }

    /// The name that everybody finds for this key: the SHA-256 of its required members (RFC 7638). Nothing for a secret.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::jwk::Jwk;
    ///
    /// let jwk = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// let jwk = Jwk::parse(jwk, Some(Algorithm::EdDsa))?;
    /// assert_eq!(jwk.key().thumbprint().as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    /// # Ok::<(), jeton_token::jwk::JwkError>(())
    /// ```
    pub fn thumbprint(&self) -> Option<String> {
        let mut required = self.to_public_jwk(None)?;
        required.retain(|name, _| !["use", "alg"].contains(&name.as_str()));
        required.sort_keys();
        Some(encode(&Sha256::digest(Value::Object(required).to_string())))
    }
}

/// Why a JWK or a set of them is refused.
///
/// ```
/// use jeton_token::jwk::{Jwk, JwkError};
///
/// let encryption = br#"{"kty": "EC", "crv": "P-256", "use": "enc"}"#;
/// assert_eq!(Jwk::parse(encryption, None).unwrap_err(), JwkError::Use);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// No JSON object, or one that names a member twice.
    #[error("the text is no JSON object, or names a member twice")]
    NotAnObject,
    /// A member is missing, of the wrong type, or not base64url.
    #[error("the member {0:?} is missing or malformed")]
    Member(&'static str),
    /// `kty` is none of oct, RSA, EC, OKP.
    #[error("kty is none that is served here")]
    Type,
    /// `alg` is missing, unknown, or another than was wanted.
    #[error("alg is missing or names no signature algorithm that is expected here")]
    Algorithm,
    /// `use` or `key_ops` says that the key is for something else.
    #[error("the key is not for signatures: its use or key_ops says so")]
    Use,
    /// A secret that is shorter than the hash (RFC 7518 §3.2).
    #[error("the secret is too short for {0}: use at least as many bytes as the hash has")]
    ShortSecret(Algorithm),
    /// The numbers are no sound key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Two keys of one name.
    #[error("two keys share a kid, or have none")]
    DuplicateKid,
    /// Secrets, private keys and public keys in one set.
    #[error("the set mixes secrets, private keys and public keys")]
    Mixed,
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

#[cfg(feature = "asymmetric")]
fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
