//! Why a JWK is refused.

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
