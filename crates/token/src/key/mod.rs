//! Keys: each bound to one algorithm, prepared once, tried before it is used.

mod error;
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

pub use error::KeyError;
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
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::key::{Key, KeyError};
    ///
    /// assert!(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef").is_ok());
    /// assert_eq!(Key::from_secret(Algorithm::EdDsa, b"secret").unwrap_err(), KeyError::NotSymmetric(Algorithm::EdDsa));
    /// assert_eq!(Key::from_secret(Algorithm::Hs256, b"-----BEGIN PUBLIC KEY-----").unwrap_err(), KeyError::PemAsSecret);
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyError::NotSymmetric`] if the algorithm takes a key pair, [`KeyError::Empty`] if there is no secret,
    /// [`KeyError::PemAsSecret`] if the secret is a key of another kind, which may be public.
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        HmacKey::new(algorithm, secret).map(|key| Self(Prepared::Hmac(key)))
    }

    /// The one algorithm of this key.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::key::Key;
    ///
    /// let key = Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?;
    /// assert_eq!(key.algorithm(), Algorithm::Hs256);
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Prepared::Hmac(key) => key.algorithm(),
            #[cfg(feature = "asymmetric")]
            Prepared::Pair(pair) => pair.algorithm,
        }
    }

    /// Whether this key signs: a public key does not.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::key::Key;
    ///
    /// let key = Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?;
    /// assert!(key.can_sign());
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    pub fn can_sign(&self) -> bool {
        match &self.0 {
            Prepared::Hmac(_) => true,
            #[cfg(feature = "asymmetric")]
            Prepared::Pair(pair) => pair.can_sign(),
        }
    }

    /// Signs a text. ECDSA signatures are `r || s` (RFC 7518 §3.4), and another one each time, as with RSASSA-PSS.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::key::Key;
    ///
    /// let key = Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?;
    /// assert_eq!(key.sign(b"text").len(), 32);
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
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
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::key::Key;
    ///
    /// let key = Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?;
    /// assert!(key.verify(b"text", &key.sign(b"text")));
    /// assert!(!key.verify(b"text", b"signature"));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
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
    /// assert!(Key::from_pem_pair(Algorithm::EdDsa, private, public).is_ok());
    /// ```
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
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::key::{Key, KeyError};
    ///
    /// let public = "-----BEGIN PUBLIC KEY-----
    /// MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
    /// -----END PUBLIC KEY-----";
    /// assert!(!Key::from_public_pem(Algorithm::EdDsa, public)?.can_sign());
    /// assert_eq!(Key::from_public_pem(Algorithm::Es256, public).unwrap_err(), KeyError::Unreadable(Algorithm::Es256));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
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
