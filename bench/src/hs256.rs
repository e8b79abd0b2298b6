//! HS256: Jeton's ways, the bare HMAC, and `jsonwebtoken` with aws-lc-rs.

use std::hint::black_box;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jeton_token::algorithm::Algorithm;
use jeton_token::cache::{Looked, VerifiedTokens};
use jeton_token::claims::Claims;
use jeton_token::hs256::Hs256;
use jeton_token::jws::{Jws, Room};
use jeton_token::key::Key;
use jeton_token::policy::TokenType;
use jeton_token::scan::scan;
use jeton_token::time::Clock;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::case::Case;
use crate::tokens::{Tokens, Turns};

pub(crate) const VERIFY: &str = "HS256 verify";
pub(crate) const MINT: &str = "HS256 mint";
const CLAIMS: &str = "Reading the claims alone";
const ID: &str = "0123456789abcdef0123456789abcdef";

/// The claims as a user of `jsonwebtoken` would declare them.
#[derive(Deserialize, Serialize)]
pub(crate) struct Declared {
    pub(crate) token_type: String,
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    pub(crate) jti: String,
    pub(crate) user_id: String,
}

pub(crate) fn cases(tokens: &Tokens) -> Vec<Case> {
    let mut cases = bare(tokens);
    cases.extend(jeton(tokens));
    cases.extend(jsonwebtoken(tokens));
    cases
}

/// A token taken apart, so that only the HMAC is left to do.
type Signed = (Vec<u8>, [u8; 32]);

fn signed(tokens: &Tokens) -> Turns<Signed> {
    let parts = tokens.texts.iter().map(|token| {
        let (text, signature) = token.rsplit_once('.').expect("a token has dots");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("we wrote it");
        (text.as_bytes().to_vec(), signature.try_into().expect("32 bytes"))
    });
    Turns::of(parts.collect())
}

fn bare(tokens: &Tokens) -> Vec<Case> {
    let (mut own, mut hmac_crate, mut aws, mut tag) = (signed(tokens), signed(tokens), signed(tokens), signed(tokens));
    let key = Hs256::new(tokens.secret);
    let state = Hmac::<Sha256>::new_from_slice(tokens.secret).expect("any length");
    let aws_key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, tokens.secret);
    let mint_key = key.clone();
    vec![
        Case::here(VERIFY, "bare HMAC, pads prepared", move || {
            let (text, signature) = own.next();
            assert!(black_box(key.verify(text, signature)));
        }),
        Case::here(VERIFY, "bare HMAC, hmac 0.13, state cloned", move || {
            let (text, signature) = hmac_crate.next();
            assert!(black_box(state.clone().chain_update(text).verify_slice(signature)).is_ok());
        }),
        Case::here(VERIFY, "bare HMAC, aws-lc-rs", move || {
            let (text, signature) = aws.next();
            assert!(black_box(aws_lc_rs::hmac::verify(&aws_key, text, signature)).is_ok());
        }),
        Case::here(MINT, "bare HMAC, pads prepared", move || {
            black_box(mint_key.tag(&tag.next().0));
        }),
    ]
}

fn jeton(tokens: &Tokens) -> Vec<Case> {
    let access = Some(TokenType::Access);
    let now = tokens.now;
    let turns = || Turns::of(tokens.texts.clone());
    let key = Key::from_secret(Algorithm::Hs256, tokens.secret).expect("a symmetric algorithm");
    let plain = jeton_token::token::Tokens::new(key.clone(), tokens.policy.clone());
    let (clocked, general, minting) = (plain.clone(), plain.clone(), plain.clone());
    let jws = Jws::new(key);
    let payloads = || Turns::of(tokens.payloads.clone());
    let (mut scanned, mut parsed, mut strict, mut declared) = (payloads(), payloads(), payloads(), payloads());
    let (mut one, mut two, mut three) = (turns(), turns(), turns());
    let (mut room, clock) = (Room::new(), Clock::system());
    let user: Claims = [("user_id", "1")].into_iter().collect();
    vec![
        Case::here(VERIFY, "Jeton, short way", move || {
            let mut room = Room::new();
            let claims = plain.verify_plain(one.next().as_bytes(), access, now, &mut room);
            assert!(black_box(&claims).is_some());
        }),
        Case::here(VERIFY, "Jeton, short way, reading the clock", move || {
            let claims = clocked.verify_plain(two.next().as_bytes(), access, clock.now(), &mut room);
            assert!(black_box(&claims).is_some());
        }),
        Case::here(VERIFY, "Jeton, general way", move || {
            let genuine = general.decode_by(&jws, three.next().as_bytes(), now);
            let claims = genuine.and_then(|genuine| genuine.into_token(access));
            assert!(black_box(&claims).is_ok());
        }),
        cache_hit(VERIFY, tokens.texts.clone()),
        Case::here(MINT, "Jeton", move || {
            let claims = minting.mint(TokenType::Access, Some(ID), &user, now);
            black_box(minting.sign(&claims));
        }),
        Case::here(CLAIMS, "Jeton, one scan", move || {
            assert!(black_box(scan(scanned.next().as_bytes())).is_some());
        }),
        Case::here(CLAIMS, "Jeton, a JSON object", move || {
            assert!(black_box(Claims::parse(parsed.next().as_bytes())).is_ok());
        }),
        Case::here(CLAIMS, "Jeton, a JSON object, read strictly", move || {
            assert!(black_box(Claims::parse_strict(strict.next().as_bytes())).is_ok());
        }),
        Case::here(CLAIMS, "serde_json, a declared type", move || {
            assert!(black_box(serde_json::from_str::<Declared>(declared.next())).is_ok());
        }),
    ]
}

/// A token that was verified before, its claims shared.
pub(crate) fn cache_hit(group: &str, tokens: Vec<String>) -> Case {
    let cache = VerifiedTokens::new(4096, [0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210]);
    for token in &tokens {
        if let Looked::Miss(miss) = cache.look(token.as_bytes()) {
            miss.keep(Arc::new(token.clone()));
        }
    }
    let mut turns = Turns::of(tokens);
    Case::here(group, "Jeton, verified before", move || {
        let looked = cache.look(turns.next().as_bytes());
        assert!(matches!(black_box(&looked), Looked::Hit(_)));
    })
}

fn jsonwebtoken(tokens: &Tokens) -> Vec<Case> {
    let decoding = DecodingKey::from_secret(tokens.secret);
    let encoding = EncodingKey::from_secret(tokens.secret);
    let validation = Validation::new(jsonwebtoken::Algorithm::HS256);
    let mut texts = Turns::of(tokens.texts.clone());
    let declared =
        tokens.payloads.iter().map(|payload| serde_json::from_str::<Declared>(payload).expect("we wrote it"));
    let mut declared = Turns::of(declared.collect());
    let header = Header::new(jsonwebtoken::Algorithm::HS256);
    vec![
        Case::here(VERIFY, "jsonwebtoken 11.1, aws_lc_rs", move || {
            let claims = jsonwebtoken::decode::<Declared>(texts.next(), &decoding, &validation);
            assert!(black_box(&claims).is_ok());
        }),
        Case::here(MINT, "jsonwebtoken 11.1, aws_lc_rs", move || {
            assert!(black_box(jsonwebtoken::encode(&header, declared.next(), &encoding)).is_ok());
        }),
    ]
}
