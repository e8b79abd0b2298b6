//! New key pairs, from the random generator of the cryptographic library.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroize;

use super::KeyError;
use crate::algorithm::Algorithm;
use crate::secret::Secret;

/// A new key pair, in PEM.
///
/// ```
/// use jeton_token::algorithm::Algorithm;
/// use jeton_token::key::generate;
///
/// let pair = generate(Algorithm::Es256)?;
/// assert!(pair.public_pem.starts_with("-----BEGIN PUBLIC KEY-----"));
/// assert!(!format!("{pair:?}").contains("PRIVATE"));
/// # Ok::<(), jeton_token::key::KeyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct NewKeyPair {
    /// PKCS#8.
    pub private_pem: Secret<String>,
    /// SPKI.
    pub public_pem: String,
}

/// Makes a key pair for an algorithm; RSA keys have 3072 bits.
///
/// ```
/// use jeton_token::algorithm::Algorithm;
/// use jeton_token::key::{Key, generate};
///
/// let made = generate(Algorithm::EdDsa)?;
/// let key = Key::from_pem_pair(Algorithm::EdDsa, made.private_pem.expose(), &made.public_pem)?;
/// assert!(key.can_sign());
/// # Ok::<(), jeton_token::key::KeyError>(())
/// ```
///
/// # Errors
///
/// [`KeyError::Symmetric`] for the algorithms that take a secret, [`KeyError::Generator`] if the library has no
/// randomness to give.
pub fn generate(algorithm: Algorithm) -> Result<NewKeyPair, KeyError> {
    match algorithm {
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => Err(KeyError::Symmetric(algorithm)),
        Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => rsa(),
        Algorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::Es512 => ecdsa(&ECDSA_P521_SHA512_FIXED_SIGNING),
        Algorithm::Es256k => ecdsa(&ECDSA_P256K1_SHA256_FIXED_SIGNING),
        Algorithm::EdDsa => ed25519(),
    }
}

fn rsa() -> Result<NewKeyPair, KeyError> {
    let pair = RsaKeyPair::generate(KeySize::Rsa3072).map_err(|_| KeyError::Generator)?;
    let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Generator)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| KeyError::Generator)?;
    Ok(in_pem(private.as_ref(), public.as_ref()))
}

fn ecdsa(curve: &'static EcdsaSigningAlgorithm) -> Result<NewKeyPair, KeyError> {
    let pair = EcdsaKeyPair::generate(curve).map_err(|_| KeyError::Generator)?;
    let private = pair.to_pkcs8v1().map_err(|_| KeyError::Generator)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| KeyError::Generator)?;
    Ok(in_pem(private.as_ref(), public.as_ref()))
}

fn ed25519() -> Result<NewKeyPair, KeyError> {
    let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Generator)?;
    let private = pair.to_pkcs8v1().map_err(|_| KeyError::Generator)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| KeyError::Generator)?;
    Ok(in_pem(private.as_ref(), public.as_ref()))
}

fn in_pem(private: &[u8], public: &[u8]) -> NewKeyPair {
    NewKeyPair { private_pem: Secret::new(pem("PRIVATE KEY", private)), public_pem: pem("PUBLIC KEY", public) }
}

/// RFC 7468: lines of 64 characters.
fn pem(label: &str, der: &[u8]) -> String {
    let mut encoded = STANDARD.encode(der);
    let lines: Vec<&str> = (0..encoded.len()).step_by(64).map(|at| &encoded[at..encoded.len().min(at + 64)]).collect();
    let text = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"));
    encoded.zeroize();
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    #[test]
    fn every_new_pair_signs_and_verifies() {
        for &algorithm in Algorithm::ALL.iter().filter(|algorithm| !algorithm.is_symmetric()) {
            let made = generate(algorithm).unwrap();
            let signer = Key::from_pem_pair(algorithm, made.private_pem.expose(), &made.public_pem).unwrap();
            let verifier = Key::from_public_pem(algorithm, &made.public_pem).unwrap();
            assert!(verifier.verify(b"text", &signer.sign(b"text")), "{algorithm}");
        }
        assert!(generate(Algorithm::Hs256).is_err());
    }
}
