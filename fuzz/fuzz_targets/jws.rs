//! Compact JWS: what is accepted was signed by us, and reads in one way only.
#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_fuzz::{SECRET, signature, signed};
use jeton_token::algorithm::Algorithm;
use jeton_token::jws::{Jws, Room};
use jeton_token::key::Key;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static JWS: LazyLock<Jws> =
    LazyLock::new(|| Jws::new(Key::from_secret(Algorithm::Hs256, SECRET).expect("a symmetric algorithm")));

fuzz_target!(|data: &[u8]| {
    let mut room = Room::new();
    if let Some(payload) = JWS.open(data, &mut room) {
        assert_eq!(JWS.verify(data).as_deref(), Ok(payload));
    }
    if let Ok(payload) = JWS.verify(data) {
        let text = std::str::from_utf8(data).expect("a token is ASCII");
        let (text, mac) = text.rsplit_once('.').expect("three parts");
        let (_, encoded) = text.split_once('.').expect("three parts");
        assert_eq!(URL_SAFE_NO_PAD.encode(signature(text.as_bytes())), mac);
        assert_eq!(URL_SAFE_NO_PAD.encode(payload), encoded);
    }
    if let [first, second, rest @ ..] = data
        && !rest.is_empty()
        && rest.len() < 4096
    {
        one_changed_byte_is_refused(rest, usize::from(u16::from_be_bytes([*first, *second])));
        the_header_changes_nothing(rest);
    }
});

fn one_changed_byte_is_refused(payload: &[u8], choice: usize) {
    let mut token = JWS.sign(payload).into_bytes();
    assert_eq!(JWS.verify(&token).as_deref(), Ok(payload));
    let mut room = Room::new();
    assert_eq!(JWS.open(&token, &mut room), (payload.len() <= Room::BYTES).then_some(payload));
    let place = choice % token.len();
    token[place] ^= 1 << (choice % 8);
    assert!(JWS.verify(&token).is_err(), "byte {place} changed");
}

fn the_header_changes_nothing(header: &[u8]) {
    let token = signed(URL_SAFE_NO_PAD.encode(header).as_bytes(), URL_SAFE_NO_PAD.encode("{}").as_bytes());
    if let Ok(payload) = JWS.verify(&token) {
        assert_eq!(payload, b"{}");
        let Ok(Value::Object(header)) = serde_json::from_slice(header) else { panic!("the header is no object") };
        assert_eq!(header.get("alg"), Some(&Value::from("HS256")));
        assert!(["crit", "b64", "zip"].iter().all(|name| !header.contains_key(*name)));
        assert!(header.get("kid").is_none_or(Value::is_string));
    }
}
