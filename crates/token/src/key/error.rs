//! Why a key is refused, and what to do about it.

use std::fmt;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The secret has no bytes.
    Empty,
    /// The algorithm needs a key pair.
    NotSymmetric(Algorithm),
    /// The algorithm needs a secret.
    Symmetric(Algorithm),
    /// A PEM or SSH key was given as a secret for HMAC: whoever knows a public key could sign with it.
    PemAsSecret,
    /// The library had no randomness to give.
    Generator,
    /// The text holds no PEM block, or a damaged one.
    NotPem,
    /// The block is a certificate, or something else that is no key.
    UnknownPem,
    /// The private key is under a passphrase.
    Encrypted,
    /// A public key was given where a private one is needed.
    NotPrivate,
    /// A private key was given where a public one is needed.
    NotPublic,
    /// Another kind of key, another curve, or damaged.
    Unreadable(Algorithm),
    /// An RSA modulus that is too short to be safe or too long to be served.
    RsaSize(usize),
    /// An RSA exponent below 3, even, or beyond 33 bits.
    RsaExponent,
    /// CVE-2017-15361: the private key can be computed from the public one.
    Roca,
    /// The public key belongs to another private key.
    Mismatch,
    /// The key did not take back what it signed.
    SelfTest,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the secret is empty"),
            Self::NotSymmetric(algorithm) => {
                write!(f, "{algorithm} takes a key pair, not a secret: give a private key in PEM")
            }
            Self::Symmetric(algorithm) => write!(f, "{algorithm} takes a secret, not a key pair"),
            Self::PemAsSecret => {
                f.write_str("a PEM key is no secret for HMAC: choose the algorithm of that key, such as RS256 or ES256")
            }
            Self::Generator => f.write_str("no key could be made: the random generator failed"),
            Self::NotPem => {
                f.write_str("no key in PEM: give the whole text, from -----BEGIN to the end of the -----END line")
            }
            Self::UnknownPem => f.write_str("the PEM block is no key: give a PRIVATE KEY or a PUBLIC KEY block"),
            Self::Encrypted => f.write_str(
                "the private key is encrypted: decrypt it first, as with `openssl pkey -in key.pem -out plain.pem`",
            ),
            Self::NotPrivate => f.write_str("this is a public key: signing needs the private one"),
            Self::NotPublic => {
                f.write_str("this is a private key: give the public one, as from `openssl pkey -in key.pem -pubout`")
            }
            Self::Unreadable(algorithm) => {
                write!(f, "this is no key for {algorithm}: it is of another type or curve, or damaged")
            }
            Self::RsaSize(bits) => write!(f, "the RSA key has {bits} bits: use 2048 to 8192"),
            Self::RsaExponent => {
                f.write_str("the RSA key has an unsound public exponent: make a new key, whose exponent is 65537")
            }
            Self::Roca => {
                f.write_str("the RSA key was made by defective hardware (ROCA, CVE-2017-15361): make a new key")
            }
            Self::Mismatch => f.write_str(
                "the public key does not belong to the private key: give both of one pair, or leave the public one out",
            ),
            Self::SelfTest => f.write_str("the key failed its self test: make a new one"),
        }
    }
}

impl std::error::Error for KeyError {}
