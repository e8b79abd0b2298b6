//! Signatures of key pairs, by aws-lc alone; keys come as PEM.

use anyhow::{Context, Result, anyhow, bail};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature as aws;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What an algorithm asks of aws-lc.
enum Scheme {
    Rsa(&'static dyn aws::RsaEncoding, &'static aws::RsaParameters),
    Ec(&'static aws::EcdsaSigningAlgorithm, &'static aws::EcdsaVerificationAlgorithm),
    Ed,
}

fn scheme(algorithm: &str) -> Option<Scheme> {
    Some(match algorithm {
        "RS256" => Scheme::Rsa(&aws::RSA_PKCS1_SHA256, &aws::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Scheme::Rsa(&aws::RSA_PKCS1_SHA384, &aws::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Scheme::Rsa(&aws::RSA_PKCS1_SHA512, &aws::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Scheme::Rsa(&aws::RSA_PSS_SHA256, &aws::RSA_PSS_2048_8192_SHA256),
        "PS384" => Scheme::Rsa(&aws::RSA_PSS_SHA384, &aws::RSA_PSS_2048_8192_SHA384),
        "PS512" => Scheme::Rsa(&aws::RSA_PSS_SHA512, &aws::RSA_PSS_2048_8192_SHA512),
        "ES256" => Scheme::Ec(&aws::ECDSA_P256_SHA256_FIXED_SIGNING, &aws::ECDSA_P256_SHA256_FIXED),
        "ES384" => Scheme::Ec(&aws::ECDSA_P384_SHA384_FIXED_SIGNING, &aws::ECDSA_P384_SHA384_FIXED),
        "ES512" => Scheme::Ec(&aws::ECDSA_P521_SHA512_FIXED_SIGNING, &aws::ECDSA_P521_SHA512_FIXED),
        "ES256K" => Scheme::Ec(&aws::ECDSA_P256K1_SHA256_FIXED_SIGNING, &aws::ECDSA_P256K1_SHA256_FIXED),
        "EdDSA" => Scheme::Ed,
        _ => return None,
    })
}

/// The signature of `input` under a private key in PKCS#8.
pub(crate) fn sign(algorithm: &str, key: &str, input: &str) -> Result<Vec<u8>> {
    let Some(scheme) = scheme(algorithm) else { bail!("this runner cannot sign with {algorithm}") };
    let (der, random) = (der(key)?, SystemRandom::new());
    let unfit = |_| anyhow!("the signing key is no key for {algorithm}");
    let failed = |_| anyhow!("signing with {algorithm} failed");
    Ok(match scheme {
        Scheme::Rsa(encoding, _) => {
            let pair = aws::RsaKeyPair::from_pkcs8(&der).map_err(unfit)?;
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &random, input.as_bytes(), &mut signature).map_err(failed)?;
            signature
        }
        Scheme::Ec(signing, _) => {
            let pair = aws::EcdsaKeyPair::from_pkcs8(signing, &der).map_err(unfit)?;
            pair.sign(&random, input.as_bytes()).map_err(failed)?.as_ref().to_vec()
        }
        Scheme::Ed => {
            let pair = aws::Ed25519KeyPair::from_pkcs8(&der).map_err(unfit)?;
            pair.sign(input.as_bytes()).as_ref().to_vec()
        }
    })
}

/// Whether the signature of `input` verifies under a public key in SPKI.
pub(crate) fn verify(algorithm: &str, key: &str, input: &str, signature: &[u8]) -> Result<bool> {
    let Some(scheme) = scheme(algorithm) else { bail!("this runner cannot check {algorithm}") };
    let verification: &'static dyn aws::VerificationAlgorithm = match scheme {
        Scheme::Rsa(_, parameters) => parameters,
        Scheme::Ec(_, verification) => verification,
        Scheme::Ed => &aws::ED25519,
    };
    let key = aws::ParsedPublicKey::new(verification, der(key)?)
        .map_err(|_| anyhow!("the verifying key is no key for {algorithm}"))?;
    Ok(key.verify_sig(input.as_bytes(), signature).is_ok())
}

fn der(pem: &str) -> Result<Vec<u8>> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    STANDARD.decode(body).context("the key is no PEM")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn every_recorded_key_pair_signs_for_itself() {
        let profiles = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
        for name in ["rs256", "rs384", "rs512", "ps256", "es256", "es384", "es512", "eddsa"] {
            let profile = Profile::read(&profiles.join(format!("{name}.json"))).unwrap();
            let (algorithm, key) = (profile.algorithm(), profile.verifying_key());
            let signature = sign(algorithm, profile.signing_key(), "text").unwrap();
            assert!(verify(algorithm, key, "text", &signature).unwrap(), "{name}");
            assert!(!verify(algorithm, key, "test", &signature).unwrap(), "{name}");
        }
    }
}
