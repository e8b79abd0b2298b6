//! HMAC keys: states with both pads already absorbed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha384, Sha512};

use super::KeyError;
use crate::algorithm::Algorithm;
use crate::hs256::Hs256;

/// A shared secret, ready to sign.
#[derive(Clone)]
pub(super) enum HmacKey {
    Hs256(Hs256),
    Hs384(Hmac<Sha384>),
    Hs512(Hmac<Sha512>),
}

impl HmacKey {
    pub(super) fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.is_empty() {
            return Err(KeyError::Empty);
        }
        if looks_like_a_key(secret) {
            return Err(KeyError::PemAsSecret);
        }
        let any_length = "HMAC takes keys of any length";
        match algorithm {
            Algorithm::Hs256 => Ok(Self::Hs256(Hs256::new(secret))),
            Algorithm::Hs384 => Ok(Self::Hs384(Hmac::new_from_slice(secret).expect(any_length))),
            Algorithm::Hs512 => Ok(Self::Hs512(Hmac::new_from_slice(secret).expect(any_length))),
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
            | Algorithm::EdDsa => Err(KeyError::NotSymmetric(algorithm)),
        }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Hs256(_) => Algorithm::Hs256,
            Self::Hs384(_) => Algorithm::Hs384,
            Self::Hs512(_) => Algorithm::Hs512,
        }
    }

    pub(super) fn sign(&self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Hs256(key) => key.tag(text).to_vec(),
            Self::Hs384(state) => state.clone().chain_update(text).finalize().into_bytes().to_vec(),
            Self::Hs512(state) => state.clone().chain_update(text).finalize().into_bytes().to_vec(),
        }
    }

    /// Takes the same time wherever the signatures differ.
    pub(super) fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hs256(key) => signature.try_into().is_ok_and(|tag| key.verify(text, tag)),
            Self::Hs384(state) => state.clone().chain_update(text).verify_slice(signature).is_ok(),
            Self::Hs512(state) => state.clone().chain_update(text).verify_slice(signature).is_ok(),
        }
    }
}

/// Whether a text is, or contains, a key in PEM or a public key of SSH.
fn looks_like_a_key(secret: &[u8]) -> bool {
    let contains = |part: &[u8]| secret.windows(part.len()).any(|window| window == part);
    contains(b"-----BEGIN ") || ["ssh-rsa ", "ssh-ed25519 "].iter().any(|start| secret.starts_with(start.as_bytes()))
}
