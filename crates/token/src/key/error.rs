//! Why a key is refused, and what to do about it.

use crate::algorithm::Algorithm;

/// Why a key cannot be made. No variant holds, and no message shows, anything of the key.
///
/// ```
/// use jeton_token::algorithm::Algorithm;
/// use jeton_token::key::{Key, KeyError};
///
/// let error = Key::from_secret(Algorithm::Hs256, b"").unwrap_err();
/// assert_eq!((error, error.to_string().as_str()), (KeyError::Empty, "the secret is empty"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The secret has no bytes.
    #[error("the secret is empty")]
    Empty,
    /// The algorithm needs a key pair.
    #[error("{0} takes a key pair, not a secret: give a private key in PEM")]
    NotSymmetric(Algorithm),
    /// The algorithm needs a secret.
    #[error("{0} takes a secret, not a key pair")]
    Symmetric(Algorithm),
    /// A PEM or SSH key was given as a secret for HMAC: whoever knows a public key could sign with it.
    #[error("a PEM key is no secret for HMAC: choose the algorithm of that key, such as RS256 or ES256")]
    PemAsSecret,
    /// The library had no randomness to give.
    #[error("no key could be made: the random generator failed")]
    Generator,
    /// The text holds no PEM block, or a damaged one.
    #[error("no key in PEM: give the whole text, from -----BEGIN to the end of the -----END line")]
    NotPem,
    /// The block is a certificate, or something else that is no key.
    #[error("the PEM block is no key: give a PRIVATE KEY or a PUBLIC KEY block")]
    UnknownPem,
    /// The private key is under a passphrase.
    #[error("the private key is encrypted: decrypt it first, as with `openssl pkey -in key.pem -out plain.pem`")]
    Encrypted,
    /// A public key was given where a private one is needed.
    #[error("this is a public key: signing needs the private one")]
    NotPrivate,
    /// A private key was given where a public one is needed.
    #[error("this is a private key: give the public one, as from `openssl pkey -in key.pem -pubout`")]
    NotPublic,
    /// Another kind of key, another curve, or damaged.
    #[error("this is no key for {0}: it is of another type or curve, or damaged")]
    Unreadable(Algorithm),
    /// An RSA modulus that is too short to be safe or too long to be served.
    #[error("the RSA key has {0} bits: use 2048 to 8192")]
    RsaSize(usize),
    /// An RSA exponent below 3, even, or beyond 33 bits.
    #[error("the RSA key has an unsound public exponent: make a new key, whose exponent is 65537")]
    RsaExponent,
    /// CVE-2017-15361: the private key can be computed from the public one.
    #[error("the RSA key was made by defective hardware (ROCA, CVE-2017-15361): make a new key")]
    Roca,
    /// The public key belongs to another private key.
    #[error("the public key does not belong to the private key: give both of one pair, or leave the public one out")]
    Mismatch,
    /// The key did not take back what it signed.
    #[error("the key failed its self test: make a new one")]
    SelfTest,
}
