//! Project Wycheproof's vectors (`data/wycheproof`), judged by this crate's keys, sets of keys and JWS.
#![cfg(feature = "asymmetric")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_token::algorithm::Algorithm;
use jeton_token::jwk::{Jwk, JwkSet};
use jeton_token::jws::Jws;
use jeton_token::key::Key;
use serde_json::{Value, json};

/// One vector and the group it belongs to.
struct Case {
    group: Value,
    id: u64,
    test: Value,
}

fn read(name: &str) -> Value {
    let path = format!("{}/tests/data/wycheproof/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn cases(name: &str) -> Vec<Case> {
    let groups = read(name)["testGroups"].as_array().unwrap().clone();
    let of_group = |group: Value| {
        let tests = group["tests"].as_array().unwrap().clone();
        tests.into_iter().map(move |test| Case { group: group.clone(), id: test["tcId"].as_u64().unwrap(), test })
    };
    groups.into_iter().flat_map(of_group).collect()
}

/// Judges every vector, and reports all that were judged wrong.
fn judge(name: &str, wanted: usize, mut accepts: impl FnMut(&Case) -> bool) {
    let overrides = &read("overrides")[name];
    let cases = cases(name);
    let wrong: Vec<_> = cases
        .iter()
        .filter(|case| {
            let overridden = &overrides[case.id.to_string()]["result"];
            let label = if overridden.is_null() { &case.test["result"] } else { overridden };
            accepts(case) != (label == "valid")
        })
        .map(|case| (case.id, &case.test["comment"], &case.test["result"]))
        .collect();
    assert!(wrong.is_empty(), "{name}: {} judged wrong: {wrong:?}", wrong.len());
    assert_eq!(cases.len(), wanted);
}

/// Some key files spell ES512 as ES521.
fn spelled(key: &Value) -> Vec<u8> {
    key.to_string().replace("\"ES521\"", "\"ES512\"").into_bytes()
}

/// The side that verifies: the public key, or the secret.
fn verifying(group: &Value) -> &Value {
    if group["public"].is_null() { &group["private"] } else { &group["public"] }
}

#[test]
fn all_401_signatures_are_judged_right() {
    judge("json_web_signature_test", 401, |case| {
        let Ok(jwk) = Jwk::parse(&spelled(verifying(&case.group)), None) else {
            return false;
        };
        Jws::new(jwk.key().clone()).verify(case.test["jws"].as_str().unwrap_or_default().as_bytes()).is_ok()
    });
}

#[test]
fn all_26_sets_of_keys_are_judged_right() {
    judge("json_web_key_test", 26, |case| {
        let Ok(set) = JwkSet::parse(&spelled(verifying(&case.group))) else {
            return false;
        };
        let text = case.test["jws"].as_str().unwrap();
        let header = URL_SAFE_NO_PAD.decode(text.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        let Some(jwk) = set.find(header["kid"].as_str()) else {
            return false;
        };
        Jws::new(jwk.key().clone()).verify(text.as_bytes()).is_ok()
    });
}

#[test]
fn private_keys_of_the_vectors_sign_for_their_public_keys() {
    let mut pairs = 0;
    for group in read("json_web_signature_test")["testGroups"].as_array().unwrap() {
        let (Ok(private), Ok(public)) =
            (Jwk::parse(&spelled(&group["private"]), None), Jwk::parse(&spelled(&group["public"]), None))
        else {
            continue;
        };
        assert!(public.key().verify(b"text", &private.key().sign(b"text")));
        assert!(!public.key().can_sign());
        let written = private.key().to_public_jwk(None).unwrap();
        let read = Jwk::parse(&serde_json::to_vec(&written).unwrap(), None).unwrap();
        assert!(read.key().verify(b"text", &private.key().sign(b"text")));
        pairs += 1;
    }
    assert!(pairs >= 10, "{pairs}");
}

#[test]
fn all_151_ed25519_signatures_are_judged_right() {
    judge("ed25519_test", 151, |case| primitive(Algorithm::EdDsa, case));
}

#[test]
fn all_262_p256_signatures_are_judged_right() {
    judge("ecdsa_secp256r1_sha256_p1363_test", 262, |case| primitive(Algorithm::Es256, case));
}

#[test]
fn all_174_hmac_tags_are_judged_right() {
    judge("hmac_sha256_test", 174, |case| {
        let key = Key::from_secret(Algorithm::Hs256, &hex(&case.test["key"])).unwrap();
        let (text, tag) = (hex(&case.test["msg"]), hex(&case.test["tag"]));
        if case.group["tagSize"] == 128 {
            // JWS takes full tags only: of a truncated one, the bytes are right or wrong, and the tag is refused.
            assert!(!key.verify(&text, &tag), "{}", case.id);
            return key.sign(&text)[..16] == tag;
        }
        key.verify(&text, &tag)
    });
}

/// The key of a group, from PEM and from JWK, which must agree.
fn primitive(algorithm: Algorithm, case: &Case) -> bool {
    let pem = Key::from_public_pem(algorithm, case.group["publicKeyPem"].as_str().unwrap()).unwrap();
    let (text, signature) = (hex(&case.test["msg"]), hex(&case.test["sig"]));
    let accepted = pem.verify(&text, &signature);
    if case.group["publicKeyJwk"] != json!(null) {
        let jwk = Jwk::parse(case.group["publicKeyJwk"].to_string().as_bytes(), Some(algorithm)).unwrap();
        assert_eq!(jwk.key().verify(&text, &signature), accepted, "{}", case.id);
    }
    accepted
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
