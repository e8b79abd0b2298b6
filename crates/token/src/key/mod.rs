//! Keys: each bound to one algorithm, prepared once, tried before it is used.

#[cfg(feature = "asymmetric")]
mod generate;
mod hmac;
#[cfg(feature = "asymmetric")]
mod pair;
#[cfg(feature = "asymmetric")]
mod pem;
#[cfg(feature = "asymmetric")]
mod rsa;

#[cfg(feature = "asymmetric")]
use std::sync::Arc;

#[cfg(feature = "asymmetric")]
pub use generate::{NewKeyPair, generate};
use hmac::HmacKey;
#[cfg(feature = "asymmetric")]
use pair::KeyPair;
#[cfg(feature = "asymmetric")]
pub(crate) use pair::{Public, coordinate_length};
#[cfg(feature = "asymmetric")]
pub(crate) use rsa::Numbers;

use crate::algorithm::Algorithm;
use crate::hs256::Hs256;

/// A key that verifies and, unless it is a public key, signs. Cheap to clone.
///
/// What a key is, is settled when it is made: a secret is an HMAC key for ever, and nothing in a token can make one of
/// the public half of a key pair.
///
/// ```
/// use jeton_token::algorithm::Algorithm;
/// use jeton_token::key::Key;
///
/// let key = Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef").expect("a symmetric algorithm");
/// let signature = key.sign(b"text");
/// assert!(key.verify(b"text", &signature));
/// assert!(!key.verify(b"test", &signature));
/// ```
#[derive(Clone)]
pub struct Key(Prepared);

#[derive(Clone)]
#[cfg_attr(
    feature = "asymmetric",
    expect(clippy::large_enum_variant, reason = "the HMAC states stay beside the token that is verified with them")
)]
enum Prepared {
    Hmac(HmacKey),
    #[cfg(feature = "asymmetric")]
    Pair(Arc<KeyPair>),
}

impl Key {
    /// A key from a shared secret. Whether the secret is long enough is the caller's to judge (RFC 7518 §3.2 wants as
    /// many bytes as the hash has).
    ///
    /// # Errors
    ///
    /// [`KeyError::NotSymmetric`] if the algorithm takes a key pair, [`KeyError::Empty`] if there is no secret,
    /// [`KeyError::PemAsSecret`] if the secret is a key of another kind, which may be public.
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        HmacKey::new(algorithm, secret).map(|key| Self(Prepared::Hmac(key)))
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Prepared::Hmac(key) => key.algorithm(),
            #[cfg(feature = "asymmetric")]
            Prepared::Pair(pair) => pair.algorithm,
        }
    }

    /// Whether this key signs: a public key does not.
    pub fn can_sign(&self) -> bool {
        match &self.0 {
            Prepared::Hmac(_) => true,
            #[cfg(feature = "asymmetric")]
            Prepared::Pair(pair) => pair.can_sign(),
        }
    }

    /// Signs a text. ECDSA signatures are `r || s` (RFC 7518 §3.4), and another one each time, as with RSASSA-PSS.
    ///
    /// # Panics
    ///
    /// If the key cannot sign: ask [`can_sign`](Self::can_sign) where public keys may come along.
    pub fn sign(&self, text: &[u8]) -> Vec<u8> {
        match &self.0 {
            Prepared::Hmac(key) => key.sign(text),
            #[cfg(feature = "asymmetric")]
            Prepared::Pair(pair) => pair.sign(text).expect("a private key, which signed when it was made"),
        }
    }

    /// Whether the signature is this key's over the text.
    pub fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Prepared::Hmac(key) => key.verify(text, signature),
            #[cfg(feature = "asymmetric")]
            Prepared::Pair(pair) => pair.verify(text, signature),
        }
    }

    /// The bytes of each of its signatures.
    pub(crate) fn signature_bytes(&self) -> usize {
        match &self.0 {
            Prepared::Hmac(key) => key.algorithm().hash_bytes(),
            #[cfg(feature = "asymmetric")]
            Prepared::Pair(pair) => pair.signature_bytes(),
        }
    }

    /// The prepared pads, if this is a secret for HS256.
    pub(crate) fn hs256(&self) -> Option<&Hs256> {
        match &self.0 {
            Prepared::Hmac(HmacKey::Hs256(key)) => Some(key),
            Prepared::Hmac(HmacKey::Hs384(_) | HmacKey::Hs512(_)) => None,
            #[cfg(feature = "asymmetric")]
            Prepared::Pair(_) => None,
        }
    }
}

#[cfg(feature = "asymmetric")]
impl Key {
    /// A key from a private key in PEM: PKCS#8, PKCS#1 (`RSA PRIVATE KEY`) or SEC 1 (`EC PRIVATE KEY`), not encrypted.
    /// The public half is derived from it.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::key::Key;
    ///
    /// let private = "-----BEGIN PRIVATE KEY-----
    /// MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
    /// -----END PRIVATE KEY-----";
    /// let public = "-----BEGIN PUBLIC KEY-----
    /// MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
    /// -----END PUBLIC KEY-----";
    /// let signer = Key::from_private_pem(Algorithm::EdDsa, private)?;
    /// let verifier = Key::from_public_pem(Algorithm::EdDsa, public)?;
    /// assert!(verifier.verify(b"text", &signer.sign(b"text")));
    /// assert!(!verifier.can_sign());
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the text is no such key, or the key does not fit the algorithm or is too weak for it.
    pub fn from_private_pem(algorithm: Algorithm, private: &str) -> Result<Self, KeyError> {
        pair::Scheme::of(algorithm)?;
        Self::from_pair(KeyPair::from_private(algorithm, pem::read(private)?, None))
    }

    /// A key from both halves in PEM.
    ///
    /// # Errors
    ///
    /// As [`from_private_pem`](Self::from_private_pem), and [`KeyError::Mismatch`] if the halves are not of one key.
    pub fn from_pem_pair(algorithm: Algorithm, private: &str, public: &str) -> Result<Self, KeyError> {
        pair::Scheme::of(algorithm)?;
        Self::from_pair(KeyPair::from_private(algorithm, pem::read(private)?, Some(pem::read(public)?)))
    }

    /// A key that only verifies, from a public key in PEM: SPKI, or PKCS#1 (`RSA PUBLIC KEY`).
    ///
    /// # Errors
    ///
    /// As [`from_private_pem`](Self::from_private_pem).
    pub fn from_public_pem(algorithm: Algorithm, public: &str) -> Result<Self, KeyError> {
        pair::Scheme::of(algorithm)?;
        Self::from_pair(KeyPair::from_public(algorithm, &pem::read(public)?))
    }

    /// What everybody may know of this key; nothing of a secret.
    pub(crate) fn public(&self) -> Option<&Public> {
        match &self.0 {
            Prepared::Hmac(_) => None,
            Prepared::Pair(pair) => Some(pair.public()),
        }
    }

    /// An RSA key from its numbers; `private` is d, p, q, dp, dq and qi.
    pub(crate) fn from_rsa_numbers(
        algorithm: Algorithm,
        public: &Numbers,
        private: Option<[&[u8]; 6]>,
    ) -> Result<Self, KeyError> {
        Self::from_pair(KeyPair::from_rsa_numbers(algorithm, public, private))
    }

    /// A key from an uncompressed point, or the 32 bytes of Ed25519, and its private scalar or seed.
    pub(crate) fn from_point(algorithm: Algorithm, point: &[u8], private: Option<&[u8]>) -> Result<Self, KeyError> {
        Self::from_pair(KeyPair::from_point(algorithm, point, private))
    }

    fn from_pair(pair: Result<KeyPair, KeyError>) -> Result<Self, KeyError> {
        pair.map(|pair| Self(Prepared::Pair(Arc::new(pair))))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.algorithm())
    }
}

/// Why a key cannot be made. No variant holds, and no message shows, anything of the key.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hs256_agrees_with_rfc_7515_appendix_a1() {
        let secret = [
            3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6, 101, 119, 123, 166, 143, 90, 179, 40, 230, 240, 84, 201, 40,
            169, 15, 132, 178, 210, 80, 46, 191, 211, 251, 90, 146, 210, 6, 71, 239, 150, 138, 180, 195, 119, 98, 61,
            34, 61, 46, 33, 114, 5, 46, 79, 8, 192, 205, 154, 245, 103, 208, 128, 163,
        ];
        let text = concat!(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        );
        let signature = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
            240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let key = Key::from_secret(Algorithm::Hs256, &secret).unwrap();
        assert_eq!(key.sign(text.as_bytes()), signature);
        assert!(key.verify(text.as_bytes(), &signature));
        assert!(!key.verify(text.as_bytes(), &signature[..16]), "a truncated tag is no tag");
    }

    #[test]
    fn a_key_pair_algorithm_takes_no_secret() {
        assert_eq!(Key::from_secret(Algorithm::EdDsa, b"x").unwrap_err(), KeyError::NotSymmetric(Algorithm::EdDsa));
        assert_eq!(Key::from_secret(Algorithm::Hs256, b"").unwrap_err(), KeyError::Empty);
    }
}
