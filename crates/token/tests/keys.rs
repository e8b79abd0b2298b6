//! Keys in every form, for every algorithm: what is read, what is refused, and what others signed.
#![cfg(feature = "asymmetric")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use jeton_token::algorithm::Algorithm;
use jeton_token::jwk::{Jwk, JwkError, JwkSet};
use jeton_token::jws::Jws;
use jeton_token::key::{Key, KeyError};
use serde_json::Value;

/// Each algorithm with the name of its test key; the private keys stand in `data/pem`, and protect nothing.
const PAIRS: [(Algorithm, &str); 11] = [
    (Algorithm::Rs256, "rsa"),
    (Algorithm::Rs384, "rsa"),
    (Algorithm::Rs512, "rsa"),
    (Algorithm::Ps256, "rsa"),
    (Algorithm::Ps384, "rsa"),
    (Algorithm::Ps512, "rsa"),
    (Algorithm::Es256, "p256"),
    (Algorithm::Es384, "p384"),
    (Algorithm::Es512, "p521"),
    (Algorithm::Es256k, "secp256k1"),
    (Algorithm::EdDsa, "ed25519"),
];

fn pem(name: &str) -> String {
    fs::read_to_string(format!("{}/tests/data/pem/{name}.pem", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn signer(algorithm: Algorithm, name: &str) -> Key {
    Key::from_private_pem(algorithm, &pem(&format!("{name}.pkcs8"))).unwrap()
}

#[test]
fn every_form_of_a_key_is_the_same_key() {
    for (algorithm, name) in PAIRS {
        let traditional = match name {
            "rsa" => Some("rsa.pkcs1".to_owned()),
            "ed25519" => None,
            _ => Some(format!("{name}.sec1")),
        };
        let signers = std::iter::once(format!("{name}.pkcs8")).chain(traditional);
        let verifiers: &[&str] = if name == "rsa" { &["spki", "pkcs1-public"] } else { &["spki"] };
        for private in signers {
            let private = pem(&private);
            let key = Key::from_private_pem(algorithm, &private).unwrap();
            assert!(key.can_sign());
            assert_eq!(key.algorithm(), algorithm);
            let signature = key.sign(b"text");
            for form in verifiers {
                let public = pem(&format!("{name}.{form}"));
                let verifier = Key::from_public_pem(algorithm, &public).unwrap();
                assert!(!verifier.can_sign());
                assert!(verifier.verify(b"text", &signature), "{algorithm} {form}");
                assert!(!verifier.verify(b"test", &signature), "{algorithm} {form}");
                assert!(Key::from_pem_pair(algorithm, &private, &public).is_ok(), "{algorithm} {form}");
            }
        }
    }
}

#[test]
fn signatures_have_the_length_of_their_algorithm() {
    for (algorithm, name) in PAIRS {
        let length = match algorithm {
            Algorithm::Es384 => 96,
            Algorithm::Es512 => 132,
            Algorithm::Es256 | Algorithm::Es256k | Algorithm::EdDsa => 64,
            _ => 256,
        };
        assert_eq!(signer(algorithm, name).sign(b"text").len(), length, "{algorithm}");
    }
}

#[test]
fn what_pyjwt_signed_verifies_and_under_no_other_algorithm_of_the_same_key() {
    let path = format!("{}/tests/data/pyjwt.json", env!("CARGO_MANIFEST_DIR"));
    let tokens: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    for (algorithm, name) in PAIRS {
        let verifier = Jws::new(Key::from_public_pem(algorithm, &pem(&format!("{name}.spki"))).unwrap());
        for (other, token) in tokens.as_object().unwrap() {
            let payload = verifier.verify(token["token"].as_str().unwrap().as_bytes());
            assert_eq!(payload.is_ok(), other == algorithm.as_str(), "{other} under {algorithm}");
        }
    }
}

#[test]
fn pyjwt_writes_the_same_public_jwk() {
    let path = format!("{}/tests/data/pyjwt.json", env!("CARGO_MANIFEST_DIR"));
    let theirs: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    for (algorithm, name) in PAIRS {
        let ours = signer(algorithm, name).to_public_jwk(None).unwrap();
        for (member, value) in theirs[algorithm.as_str()]["jwk"].as_object().unwrap() {
            assert_eq!(ours.get(member), Some(value), "{algorithm} {member}");
        }
    }
}

#[test]
fn a_key_of_another_kind_is_no_key_for_an_algorithm() {
    for (algorithm, own) in PAIRS {
        for name in ["rsa", "p256", "p384", "p521", "secp256k1", "ed25519"] {
            let (private, public) = (pem(&format!("{name}.pkcs8")), pem(&format!("{name}.spki")));
            let fits = name == own;
            assert_eq!(Key::from_private_pem(algorithm, &private).is_ok(), fits, "{algorithm} {name}");
            assert_eq!(Key::from_public_pem(algorithm, &public).is_ok(), fits, "{algorithm} {name}");
            for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
                for text in [&private, &public] {
                    assert_eq!(Key::from_secret(algorithm, text.as_bytes()).unwrap_err(), KeyError::PemAsSecret);
                    assert_eq!(Key::from_private_pem(algorithm, text).unwrap_err(), KeyError::Symmetric(algorithm));
                }
            }
        }
    }
}

#[test]
fn what_is_wrong_with_a_key_is_named_and_the_key_is_not_shown() {
    let private = |name: &str| Key::from_private_pem(Algorithm::Rs256, &pem(name)).unwrap_err();
    let public = |name: &str| Key::from_public_pem(Algorithm::Rs256, &pem(name)).unwrap_err();
    assert_eq!(private("rsa.spki"), KeyError::NotPrivate);
    assert_eq!(public("rsa.pkcs8"), KeyError::NotPublic);
    assert_eq!(private("rsa.encrypted"), KeyError::Encrypted);
    assert_eq!(public("rsa.certificate"), KeyError::UnknownPem);
    assert_eq!(private("p256.pkcs8"), KeyError::Unreadable(Algorithm::Rs256));
    assert_eq!(
        Key::from_pem_pair(Algorithm::EdDsa, &pem("ed25519.pkcs8"), &pem("hostile-ed25519.spki")).unwrap_err(),
        KeyError::Mismatch
    );
    for text in
        ["", "secret", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----"]
    {
        assert_eq!(Key::from_private_pem(Algorithm::Rs256, text).unwrap_err(), KeyError::NotPem, "{text}");
    }
    let small = private("rsa1024.pkcs8");
    assert!(matches!(small, KeyError::RsaSize(1024) | KeyError::Unreadable(Algorithm::Rs256)), "{small:?}");
    let key = signer(Algorithm::Es256, "p256");
    assert_eq!(format!("{key:?}"), "Key(ES256)");
}

#[test]
fn public_jwks_are_read_back_and_hold_nothing_private() {
    for (algorithm, name) in PAIRS {
        let key = signer(algorithm, name);
        let jwk = key.to_public_jwk(Some("k1")).unwrap();
        assert_eq!(jwk["alg"], algorithm.as_str());
        assert!(["d", "p", "q", "k"].iter().all(|&member| !jwk.contains_key(member)));
        let read = Jwk::parse(&serde_json::to_vec(&jwk).unwrap(), None).unwrap();
        assert_eq!(read.kid(), Some("k1"));
        assert!(read.key().verify(b"text", &key.sign(b"text")) && !read.key().can_sign(), "{algorithm}");
        let other = if algorithm == Algorithm::Es256 { Algorithm::Es384 } else { Algorithm::Es256 };
        let wanted_otherwise = Jwk::parse(&serde_json::to_vec(&jwk).unwrap(), Some(other));
        assert_eq!(wanted_otherwise.unwrap_err(), JwkError::Algorithm);
    }
    let secret = Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef").unwrap();
    assert_eq!(secret.to_public_jwk(None), None);
}

#[test]
fn a_set_finds_keys_by_name_alone() {
    let jwk = |name: &str, kid: &str| Value::Object(signer(Algorithm::EdDsa, name).to_public_jwk(Some(kid)).unwrap());
    let set = serde_json::json!({"keys": [jwk("ed25519", "a"), jwk("hostile-ed25519", "b")]});
    let set = JwkSet::parse(set.to_string().as_bytes()).unwrap();
    assert_eq!(set.keys().len(), 2);
    let signature = signer(Algorithm::EdDsa, "hostile-ed25519").sign(b"text");
    assert!(set.find(Some("b")).unwrap().key().verify(b"text", &signature));
    assert!(!set.find(Some("a")).unwrap().key().verify(b"text", &signature));
    assert!(set.find(None).is_none() && set.find(Some("c")).is_none());
}
