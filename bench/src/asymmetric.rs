//! RS256, ES256 and EdDSA: the bare primitive with parsed keys, Jeton, and `jsonwebtoken` with the same library behind it.

use std::hint::black_box;

use anyhow::{Context, Result};
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
use jeton_token::jws::{Jws, Room};
use jeton_token::key::Key;
use jeton_token::policy::{Policy, TokenType};
use jeton_token::time::Timestamp;
use jeton_token::token::Tokens;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

use crate::case::Case;
use crate::hs256::{Declared, cache_hit};

/// One signer for each kind of key.
pub(crate) fn signers() -> Result<Vec<Signer>> {
    Ok(vec![rsa()?, ecdsa()?, ed25519()?])
}

type Sign = dyn Fn(&[u8]) -> Vec<u8>;

/// A fresh key pair and all that is needed to compare its users.
pub(crate) struct Signer {
    algorithm: Algorithm,
    sign: Box<Sign>,
    verification: &'static dyn VerificationAlgorithm,
    public: Vec<u8>,
    pkcs8: Vec<u8>,
    /// What `jsonwebtoken` reads a private key from.
    encoding: Vec<u8>,
}

impl Signer {
    /// What a peer in another process needs.
    pub(crate) fn to_json(&self) -> Result<Value> {
        let pem = pem(&self.pkcs8);
        let key = self.key()?;
        let public = key.to_public_jwk(None).context("a key pair")?;
        Ok(json!({
            "algorithm": format!("{:?}", self.algorithm),
            "private_pem": pem,
            "public_jwk": public,
            "encoding": STANDARD.encode(&self.encoding),
            "decoding": STANDARD.encode(&self.public),
            "token": self.token()?,
            "payload": claims(),
        }))
    }

    fn key(&self) -> Result<Key> {
        Ok(Key::from_private_pem(format!("{:?}", self.algorithm).parse()?, &pem(&self.pkcs8))?)
    }

    fn token(&self) -> Result<String> {
        Ok(Jws::new(self.key()?).sign(&serde_json::to_vec(&claims())?))
    }

    pub(crate) fn cases(self) -> Result<Vec<Case>> {
        let verify = format!("{:?} verify", self.algorithm);
        let token = self.token()?;
        let text = token.rsplit_once('.').map_or("", |(text, _)| text).as_bytes().to_vec();
        let signature = (self.sign)(&text);
        let parsed = ParsedPublicKey::new(self.verification, &self.public)?;
        let plain = Tokens::new(self.key()?, Policy::default());
        let (general, jws) = (plain.clone(), Jws::new(self.key()?));
        let (ours, same, theirs, signed) = (token.clone(), token.clone(), token.clone(), text.clone());
        let (decoding, validation) = (decoding_key(self.algorithm, &self.public), Validation::new(self.algorithm));
        let mut cases = vec![
            Case::here(&verify, "bare aws-lc-rs, key parsed", move || {
                assert!(black_box(parsed.verify_sig(black_box(&text), &signature)).is_ok());
            }),
            Case::here(&verify, "Jeton, short way", move || {
                let mut room = Room::new();
                let claims = plain.verify_plain(black_box(ours.as_bytes()), Some(TokenType::Access), NOW, &mut room);
                assert!(black_box(&claims).is_some());
            }),
            Case::here(&verify, "Jeton, general way", move || {
                let genuine = general.decode_by(&jws, black_box(same.as_bytes()), NOW);
                assert!(black_box(genuine.and_then(|genuine| genuine.into_token(Some(TokenType::Access)))).is_ok());
            }),
            cache_hit(&verify, vec![token]),
            Case::here(&verify, "jsonwebtoken 11.1, aws_lc_rs", move || {
                let claims = jsonwebtoken::decode::<Declared>(black_box(&theirs), &decoding, &validation);
                assert!(black_box(&claims).is_ok());
            }),
        ];
        cases.extend(self.minting(signed)?);
        Ok(cases)
    }

    fn minting(self, text: Vec<u8>) -> Result<[Case; 3]> {
        let mint = format!("{:?} mint", self.algorithm);
        let tokens = Tokens::new(self.key()?, Policy::default());
        let user: Claims = [("user_id", "1")].into_iter().collect();
        let (header, encoding) = (Header::new(self.algorithm), encoding_key(self.algorithm, &self.encoding));
        let sign = self.sign;
        Ok([
            Case::here(&mint, "bare aws-lc-rs, key parsed", move || {
                black_box(sign(black_box(&text)));
            }),
            Case::here(&mint, "Jeton", move || {
                let claims = tokens.mint(TokenType::Access, Some("0123456789abcdef0123456789abcdef"), &user, NOW);
                black_box(tokens.sign(&claims));
            }),
            Case::here(&mint, "jsonwebtoken 11.1, aws_lc_rs", move || {
                assert!(black_box(jsonwebtoken::encode(&header, &claims(), &encoding)).is_ok());
            }),
        ])
    }
}

fn encoding_key(algorithm: Algorithm, der: &[u8]) -> EncodingKey {
    match algorithm {
        Algorithm::RS256 => EncodingKey::from_rsa_der(der),
        Algorithm::ES256 => EncodingKey::from_ec_der(der),
        _ => EncodingKey::from_ed_der(der),
    }
}

fn decoding_key(algorithm: Algorithm, public: &[u8]) -> DecodingKey {
    match algorithm {
        Algorithm::RS256 => DecodingKey::from_rsa_der(public),
        Algorithm::ES256 => DecodingKey::from_ec_der(public),
        _ => DecodingKey::from_ed_der(public),
    }
}

fn rsa() -> Result<Signer> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let document = pair.as_der()?;
    let pkcs8 = document.as_ref().to_vec();
    let (encoding, public) = (pkcs8[PKCS8_HEAD..].to_vec(), pair.public_key().as_ref().to_vec());
    let sign = move |text: &[u8]| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).expect("a good key signs");
        signature
    };
    let verification = &RSA_PKCS1_2048_8192_SHA256;
    Ok(Signer { algorithm: Algorithm::RS256, sign: Box::new(sign), verification, public, pkcs8, encoding })
}

fn ecdsa() -> Result<Signer> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())?;
    let (public, pkcs8) = (pair.public_key().as_ref().to_vec(), document.as_ref().to_vec());
    let sign = move |text: &[u8]| pair.sign(&SystemRandom::new(), text).expect("a good key signs").as_ref().to_vec();
    let verification = &ECDSA_P256_SHA256_FIXED;
    Ok(Signer {
        algorithm: Algorithm::ES256,
        sign: Box::new(sign),
        verification,
        public,
        encoding: document.as_ref().to_vec(),
        pkcs8,
    })
}

fn ed25519() -> Result<Signer> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())?;
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref())?;
    // Not all peers read the second version of PKCS#8, which holds the public key as well.
    let (public, pkcs8) = (pair.public_key().as_ref().to_vec(), pair.to_pkcs8v1()?.as_ref().to_vec());
    let sign = move |text: &[u8]| pair.sign(text).as_ref().to_vec();
    Ok(Signer {
        algorithm: Algorithm::EdDSA,
        sign: Box::new(sign),
        verification: &ED25519,
        public,
        encoding: document.as_ref().to_vec(),
        pkcs8,
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

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// What PKCS#8 puts in front of the PKCS#1 form of an RSA key of 2048 bits, which is the one `jsonwebtoken` takes.
const PKCS8_HEAD: usize = 26;
