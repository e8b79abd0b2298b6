//! Keys: each bound to one algorithm, prepared once.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};

use crate::algorithm::Algorithm;

/// A key that signs and verifies.
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

/// HMAC states with both pads already absorbed.
#[derive(Clone)]
enum Prepared {
    Hs256(Hmac<Sha256>),
    Hs384(Hmac<Sha384>),
    Hs512(Hmac<Sha512>),
}

impl Key {
    /// A key from a shared secret.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotSymmetric`] if the algorithm takes a key pair, [`KeyError::Empty`] if there is no secret.
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.is_empty() {
            return Err(KeyError::Empty);
        }
        let any_length = "HMAC takes keys of any length";
        Ok(Self(match algorithm {
            Algorithm::Hs256 => Prepared::Hs256(Hmac::new_from_slice(secret).expect(any_length)),
            Algorithm::Hs384 => Prepared::Hs384(Hmac::new_from_slice(secret).expect(any_length)),
            Algorithm::Hs512 => Prepared::Hs512(Hmac::new_from_slice(secret).expect(any_length)),
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512
            | Algorithm::Es256
            | Algorithm::Es384
            | Algorithm::Es512
            | Algorithm::Es256k
            | Algorithm::EdDsa => return Err(KeyError::NotSymmetric(algorithm)),
        }))
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Prepared::Hs256(_) => Algorithm::Hs256,
            Prepared::Hs384(_) => Algorithm::Hs384,
            Prepared::Hs512(_) => Algorithm::Hs512,
        }
    }

    /// Signs a text.
    pub fn sign(&self, text: &[u8]) -> Vec<u8> {
        match &self.0 {
            Prepared::Hs256(state) => state.clone().chain_update(text).finalize().into_bytes().to_vec(),
            Prepared::Hs384(state) => state.clone().chain_update(text).finalize().into_bytes().to_vec(),
            Prepared::Hs512(state) => state.clone().chain_update(text).finalize().into_bytes().to_vec(),
        }
    }

    /// Whether the signature is this key's over the text. Takes the same time wherever they differ.
    pub fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Prepared::Hs256(state) => state.clone().chain_update(text).verify_slice(signature).is_ok(),
            Prepared::Hs384(state) => state.clone().chain_update(text).verify_slice(signature).is_ok(),
            Prepared::Hs512(state) => state.clone().chain_update(text).verify_slice(signature).is_ok(),
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.algorithm())
    }
}

/// Why a key cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The secret has no bytes.
    #[error("the secret is empty")]
    Empty,
    /// The algorithm needs a key pair.
    #[error("{0} takes a key pair, not a secret")]
    NotSymmetric(Algorithm),
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
