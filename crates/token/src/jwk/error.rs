//! Why a JWK is refused.

use std::fmt;

use crate::algorithm::Algorithm;
use crate::key::KeyError;

/// Why a JWK or a set of them is refused.
///
/// ```
/// use jeton_token::jwk::{Jwk, JwkError};
///
/// let encryption = br#"{"kty": "EC", "crv": "P-256", "use": "enc"}"#;
/// assert_eq!(Jwk::parse(encryption, None).unwrap_err(), JwkError::Use);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwkError {
    /// No JSON object, or one that names a member twice.
    NotAnObject,
    /// A member is missing, of the wrong type, or not base64url.
    Member(&'static str),
    /// `kty` is none of oct, RSA, EC, OKP.
    Type,
    /// `alg` is missing, unknown, or another than was wanted.
    Algorithm,
    /// `use` or `key_ops` says that the key is for something else.
    Use,
    /// A secret that is shorter than the hash (RFC 7518 §3.2).
    ShortSecret(Algorithm),
    /// The numbers are no sound key.
    Key(KeyError),
    /// Two keys of one name.
    DuplicateKid,
    /// Secrets, private keys and public keys in one set.
    Mixed,
}

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("the text is no JSON object, or names a member twice"),
            Self::Member(name) => write!(f, "the member {name:?} is missing or malformed"),
            Self::Type => f.write_str("kty is none that is served here"),
            Self::Algorithm => f.write_str("alg is missing or names no signature algorithm that is expected here"),
            Self::Use => f.write_str("the key is not for signatures: its use or key_ops says so"),
            Self::ShortSecret(algorithm) => {
                write!(f, "the secret is too short for {algorithm}: use at least as many bytes as the hash has")
            }
            Self::Key(error) => error.fmt(f),
            Self::DuplicateKid => f.write_str("two keys share a kid, or have none"),
            Self::Mixed => f.write_str("the set mixes secrets, private keys and public keys"),
        }
    }
}

impl std::error::Error for JwkError {}

impl From<KeyError> for JwkError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}
