//! Claims: read as serde reads them, written so that they read the same, and judged by their times.
#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_fuzz::{SECRET, alike, signed};
use jeton_token::algorithm::Algorithm;
use jeton_token::claims::Claims;
use jeton_token::key::Key;
use jeton_token::policy::{Policy, TokenType};
use jeton_token::time::Timestamp;
use jeton_token::token::Tokens;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
    let key = Key::from_secret(Algorithm::Hs256, SECRET).expect("a symmetric algorithm");
    Tokens::new(key, Policy::default())
});
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fuzz_target!(|data: &[u8]| {
    if let Ok(claims) = Claims::parse(data) {
        let read: Value = serde_json::from_slice(data).expect("serde reads what we read");
        let ours = Value::Object(claims.as_object().clone());
        assert!(alike(&ours, &read));
        let again = Claims::parse(&claims.to_json()).expect("what we write we read");
        assert!(alike(&Value::Object(again.as_object().clone()), &ours));
    }
    the_short_way_agrees(data);
    if !data.is_empty() && data.len() < 4096 {
        the_clock_is_obeyed(data);
    }
});

/// What is taken at sight is what the general reader takes, and says what it says.
fn the_short_way_agrees(payload: &[u8]) {
    for wanted in [None, Some(TokenType::Access)] {
        let Some(plain) = TOKENS.judge_plain(payload, wanted, NOW) else { continue };
        let genuine = TOKENS.judge(payload, NOW).expect("the general way takes what the short way takes");
        let claims = genuine.into_token(wanted).expect("the general way takes what the short way takes");
        let text = |name: &str| claims.get(name).map(|claim| claim.as_str().expect("a text"));
        let number = |name: &str| claims.get(name).map(|claim| claim.as_i64().expect("a number"));
        assert_eq!((plain.token_type, plain.jti), (text("token_type"), text("jti")));
        assert_eq!((plain.sub, plain.iss, plain.aud), (text("sub"), text("iss"), text("aud")));
        assert_eq!((plain.exp, plain.iat), (number("exp"), number("iat")));
        assert_eq!((plain.nbf, plain.refresh_exp), (number("nbf"), number("refresh_exp")));
    }
}

fn the_clock_is_obeyed(payload: &[u8]) {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let token = signed(header.as_bytes(), URL_SAFE_NO_PAD.encode(payload).as_bytes());
    let Ok(genuine) = TOKENS.decode(&token, NOW) else { return };
    let claims = genuine.claims().clone();
    if let Some(expiry) = claims.get("exp") {
        assert!(expiry.as_f64().is_some_and(|seconds| seconds > NOW.seconds() as f64), "{expiry}");
    }
    for name in ["iat", "nbf"] {
        if let Some(seconds) = claims.get(name).and_then(Value::as_i64) {
            assert!(seconds <= NOW.seconds(), "{name} {seconds}");
        }
    }
    // None of these may panic, whatever the claims are.
    let (_id, _window) = (genuine.id(), TOKENS.check_sliding_window(&claims, NOW));
    if let Ok(token) = genuine.into_token(Some(TokenType::Access)) {
        assert_eq!(token.text("token_type"), Some("access"));
        assert!(token.get("exp").is_some() && token.get("jti").is_some());
    }
}
