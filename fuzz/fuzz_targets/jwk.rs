//! JWKs and sets of them: what is read is one key for one algorithm, as its members say, and reads back to itself.
#![no_main]

use jeton_token::algorithm::Algorithm;
use jeton_token::jwk::{Jwk, JwkSet};
use jeton_token::jws::Jws;
use jeton_token::key::Key;
use jeton_token::policy::Policy;
use jeton_token::time::Timestamp;
use jeton_token::token::Verifier;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|data: &[u8]| {
    let Some((choice, json)) = data.split_first() else { return };
    let wanted = Algorithm::ALL.get(usize::from(*choice)).copied();
    if let Ok(jwk) = Jwk::parse(json, wanted) {
        let Ok(Value::Object(members)) = serde_json::from_slice(json) else { panic!("read, but no object") };
        is_what_it_says(&jwk, &members, wanted);
        reads_back(jwk.key());
    }
    if let Ok(set) = JwkSet::parse(json) {
        let Ok(Value::Object(members)) = serde_json::from_slice(json) else { panic!("read, but no object") };
        holds_what_it_lists(&set, &members);
    }
});

fn is_what_it_says(jwk: &Jwk, members: &Map<String, Value>, wanted: Option<Algorithm>) {
    let algorithm = jwk.key().algorithm();
    assert!(wanted.is_none_or(|wanted| wanted == algorithm));
    assert!(members.get("alg").is_none_or(|name| name == algorithm.as_str()));
    assert_eq!(members.get("kid").and_then(Value::as_str), jwk.kid());
    assert!(members.get("use").is_none_or(|usage| usage == "sig"));
    let kind = if algorithm.is_symmetric() { "k" } else { "d" };
    assert_eq!(jwk.key().can_sign(), members.contains_key(kind));
    assert_eq!(algorithm.is_symmetric(), members.get("kty").is_some_and(|kind| kind == "oct"));
}

/// Nothing of a secret is written; of a key pair, what is written is the same key, and verifies what the pair signs.
fn reads_back(key: &Key) {
    let Some(public) = key.to_public_jwk(Some("name")) else {
        assert!(key.algorithm().is_symmetric() && key.thumbprint().is_none());
        return;
    };
    assert!(["d", "p", "q", "dp", "dq", "qi", "k"].iter().all(|name| !public.contains_key(*name)));
    let again = Jwk::parse(Value::Object(public).to_string().as_bytes(), None).expect("what we write we read");
    assert_eq!((again.kid(), again.key().algorithm()), (Some("name"), key.algorithm()));
    assert_eq!(again.key().thumbprint(), key.thumbprint());
    assert!(!again.key().can_sign());
    if key.can_sign() {
        let token = Jws::new(key.clone()).sign(b"payload");
        assert_eq!(Jws::new(again.key().clone()).verify(token.as_bytes()).as_deref(), Ok(&b"payload"[..]));
    }
}

/// Keys of one kind, each found by its name and by no other, each good by itself.
fn holds_what_it_lists(set: &JwkSet, members: &Map<String, Value>) {
    let Some(Value::Array(listed)) = members.get("keys") else { panic!("read, but no list") };
    assert_eq!(listed.len(), set.keys().len());
    let kind = |jwk: &Jwk| (jwk.key().algorithm().is_symmetric(), jwk.key().can_sign());
    for (jwk, listed) in set.keys().iter().zip(listed) {
        assert_eq!(kind(jwk), kind(&set.keys()[0]));
        assert!(Jwk::parse(listed.to_string().as_bytes(), None).is_ok());
        if let Some(kid) = jwk.kid() {
            assert_eq!(set.find(Some(kid)).map(|found| found.key().thumbprint()), Some(jwk.key().thumbprint()));
        }
    }
    let verifier = Verifier::new(set, &Policy::default());
    if let [first, second, ..] = set.keys()
        && second.key().can_sign()
        && let Some(kid) = second.kid()
    {
        let token = Jws::new(second.key().clone()).with_key_id(kid).sign(br#"{"exp":1700000300,"jti":"a"}"#);
        assert!(verifier.decode(token.as_bytes(), Timestamp::from_seconds(1_700_000_000)).is_ok());
        assert_ne!(first.kid(), Some(kid));
    }
}
