//! RS256, ES256 and EdDSA: the bare primitive with parsed keys, Jeton, and `jsonwebtoken` with the same library behind it.

use std::hint::black_box;

use anyhow::Result;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jeton_token::claims::Claims;
use jeton_token::key::Key;
use jeton_token::policy::{Policy, TokenType};
use jeton_token::time::Timestamp;
use jeton_token::token::Tokens;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};

use crate::case::Case;
use crate::hs256::{Declared, cache_hit};

pub(crate) fn cases() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for signer in [rsa()?, ecdsa()?, ed25519()?] {
        cases.extend(signer.cases()?);
    }
    Ok(cases)
}

type Sign = dyn Fn(&[u8]) -> Vec<u8>;

/// A fresh key pair and all that is needed to compare its users.
struct Signer {
    algorithm: Algorithm,
    sign: Box<Sign>,
    verification: &'static dyn VerificationAlgorithm,
    public: Vec<u8>,
    pkcs8: Vec<u8>,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Signer {
    fn cases(self) -> Result<Vec<Case>> {
        let (verify, mint) = (format!("{:?} verify", self.algorithm), format!("{:?} mint", self.algorithm));
        let header = Header::new(self.algorithm);
        let validation = Validation::new(self.algorithm);
        let token = jsonwebtoken::encode(&header, &claims(), &self.encoding)?;
        let text = token.rsplit_once('.').map_or("", |(text, _)| text).as_bytes().to_vec();
        let signature = (self.sign)(&text);
        let parsed = ParsedPublicKey::new(self.verification, &self.public)?;
        let (encoding, decoding, sign, signed) = (self.encoding, self.decoding, self.sign, text.clone());
        let verified = token.clone();
        let pem = pem(&self.pkcs8);
        let key = Key::from_private_pem(format!("{:?}", self.algorithm).parse()?, &pem)?;
        let (jeton, ours) = (Tokens::new(key, Policy::default()), token.clone());
        let (minting, now) = (jeton.clone(), Timestamp::from_seconds(1_700_000_000));
        let user: Claims = [("user_id", "1")].into_iter().collect();
        Ok(vec![
            Case::here(&verify, "bare aws-lc-rs, key parsed", move || {
                assert!(black_box(parsed.verify_sig(black_box(&text), &signature)).is_ok());
            }),
            Case::here(&verify, "Jeton", move || {
                let claims = jeton.decode(black_box(ours.as_bytes()), now);
                assert!(black_box(claims.and_then(|genuine| genuine.into_token(Some(TokenType::Access)))).is_ok());
            }),
            cache_hit(&verify, vec![token]),
            Case::here(&verify, "jsonwebtoken 11.1, aws_lc_rs", move || {
                let claims = jsonwebtoken::decode::<Declared>(black_box(&verified), &decoding, &validation);
                assert!(black_box(&claims).is_ok());
            }),
            Case::here(&mint, "bare aws-lc-rs, key parsed", move || {
                black_box(sign(black_box(&signed)));
            }),
            Case::here(&mint, "Jeton", move || {
                let claims = minting.mint(TokenType::Access, Some("0123456789abcdef0123456789abcdef"), &user, now);
                black_box(minting.sign(&claims));
            }),
            Case::here(&mint, "jsonwebtoken 11.1, aws_lc_rs", move || {
                assert!(black_box(jsonwebtoken::encode(&header, &claims(), &encoding)).is_ok());
            }),
        ])
    }
}

fn rsa() -> Result<Signer> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let document = pair.as_der()?;
    let pkcs8 = document.as_ref().to_vec();
    let pkcs1 = &pkcs8[PKCS8_HEAD..];
    let public = pair.public_key().as_ref().to_vec();
    let (encoding, decoding) = (EncodingKey::from_rsa_der(pkcs1), DecodingKey::from_rsa_der(&public));
    let sign = move |text: &[u8]| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).expect("a good key signs");
        signature
    };
    let verification = &RSA_PKCS1_2048_8192_SHA256;
    Ok(Signer { algorithm: Algorithm::RS256, sign: Box::new(sign), verification, public, pkcs8, encoding, decoding })
}

fn ecdsa() -> Result<Signer> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())?;
    let (public, pkcs8) = (pair.public_key().as_ref().to_vec(), document.as_ref().to_vec());
    let (encoding, decoding) = (EncodingKey::from_ec_der(document.as_ref()), DecodingKey::from_ec_der(&public));
    let sign = move |text: &[u8]| pair.sign(&SystemRandom::new(), text).expect("a good key signs").as_ref().to_vec();
    let verification = &ECDSA_P256_SHA256_FIXED;
    Ok(Signer { algorithm: Algorithm::ES256, sign: Box::new(sign), verification, public, pkcs8, encoding, decoding })
}

fn ed25519() -> Result<Signer> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())?;
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref())?;
    let (public, pkcs8) = (pair.public_key().as_ref().to_vec(), document.as_ref().to_vec());
    let (encoding, decoding) = (EncodingKey::from_ed_der(document.as_ref()), DecodingKey::from_ed_der(&public));
    let sign = move |text: &[u8]| pair.sign(text).as_ref().to_vec();
    Ok(Signer {
        algorithm: Algorithm::EdDSA,
        sign: Box::new(sign),
        verification: &ED25519,
        public,
        pkcs8,
        encoding,
        decoding,
    })
}

fn claims() -> Declared {
    Declared {
        token_type: "access".to_owned(),
        exp: 4_000_000_000,
        iat: 1_700_000_000,
        jti: "0123456789abcdef0123456789abcdef".to_owned(),
        user_id: "1".to_owned(),
    }
}

fn pem(pkcs8: &[u8]) -> String {
    let text = STANDARD.encode(pkcs8);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

/// What PKCS#8 puts in front of the PKCS#1 form of an RSA key of 2048 bits, which is the one `jsonwebtoken` takes.
const PKCS8_HEAD: usize = 26;
