//! The recorded hostile tokens (`data/tokens.json`), each under its profile, for each use; and mutations of good ones.
#![cfg(feature = "asymmetric")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use jeton_token::algorithm::Algorithm;
use jeton_token::jwk::Jwk;
use jeton_token::key::Key;
use jeton_token::policy::{Audience, Policy, TokenType};
use jeton_token::time::Timestamp;
use jeton_token::token::Tokens;
use serde_json::Value;

/// Verdicts hold from 2026 to 2089.
const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

fn read(name: &str) -> Value {
    let path = format!("{}/tests/data/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn profiles(strict: bool) -> BTreeMap<String, Tokens> {
    let keys = read("keys");
    let of_profile = |(name, profile): (&String, &Value)| {
        let algorithm: Algorithm = profile["ALGORITHM"].as_str().unwrap().parse().unwrap();
        let key = match profile["key"].as_str() {
            Some(key) => Jwk::parse(keys[key].to_string().as_bytes(), Some(algorithm)).unwrap().key().clone(),
            None => Key::from_secret(algorithm, keys["hs256_secret"].as_str().unwrap().as_bytes()).unwrap(),
        };
        let policy = Policy {
            issuer: profile["ISSUER"].as_str().map(str::to_owned),
            audience: profile["AUDIENCE"].as_str().map(|audience| Audience::One(audience.to_owned())),
            strict,
            ..Policy::default()
        };
        (name.clone(), Tokens::new(key, policy))
    };
    read("tokens")["profiles"].as_object().unwrap().iter().map(of_profile).collect()
}

fn text(case: &Value) -> String {
    if let Some(token) = case["token"].as_str() {
        return token.to_owned();
    }
    let pieces = case["pieces"].as_array().unwrap().iter();
    pieces.map(|piece| piece[0].as_str().unwrap().repeat(piece[1].as_u64().unwrap() as usize)).collect()
}

fn time(tokens: &Tokens, text: &str) -> Duration {
    let start = Instant::now();
    let _ = tokens.decode(text.as_bytes(), NOW);
    start.elapsed()
}

fn accepts(tokens: &Tokens, text: &str, wanted: Option<TokenType>) -> bool {
    tokens.decode(text.as_bytes(), NOW).and_then(|genuine| genuine.into_token(wanted)).is_ok()
}

#[test]
fn all_304_tokens_are_judged_as_the_policy_says() {
    let profiles = profiles(true);
    let cases = read("tokens")["cases"].as_array().unwrap().clone();
    let mut wrong = Vec::new();
    let mut slowest = (Duration::ZERO, String::new());
    for case in &cases {
        let (id, text) = (case["id"].as_str().unwrap(), text(case));
        let tokens = &profiles[case["profile"].as_str().unwrap()];
        let fastest = (0..3).map(|_| time(tokens, &text)).min().unwrap();
        slowest = slowest.max((fastest, id.to_owned()));
        for (usage, wanted) in
            [("verify", None), ("bearer", Some(TokenType::Access)), ("refresh", Some(TokenType::Refresh))]
        {
            // Whom a claim names is the site's to know: these are judged over HTTP.
            if usage == "bearer" && id.starts_with("claim-user-") {
                continue;
            }
            let accepted = accepts(tokens, &text, wanted);
            let expected = case["expect"][usage].as_str().unwrap();
            if expected != "either" && accepted != (expected == "accept") {
                wrong.push(format!("{id} as {usage}: {expected}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(cases.len(), 304);
    assert!(slowest.0 < Duration::from_millis(50), "{slowest:?}");
}

#[test]
fn what_a_lenient_policy_accepts_beyond_a_strict_one_is_what_the_reference_accepts() {
    let (strict, lenient) = (profiles(true), profiles(false));
    let observed = read("observed");
    let mut more = 0;
    for case in read("tokens")["cases"].as_array().unwrap() {
        let (id, profile, text) = (case["id"].as_str().unwrap(), case["profile"].as_str().unwrap(), text(case));
        for (usage, wanted) in [("verify", None), ("bearer", Some(TokenType::Access))] {
            let (strictly, leniently) =
                (accepts(&strict[profile], &text, wanted), accepts(&lenient[profile], &text, wanted));
            assert!(leniently || !strictly, "{id} as {usage}: strict accepts more");
            if leniently && !strictly {
                assert_eq!(observed[id][usage], 200, "{id} as {usage}");
                more += 1;
            }
        }
    }
    assert!(more > 0);
}

#[test]
fn none_of_100_000_mutations_is_accepted() {
    let profiles = profiles(true);
    let cases = read("tokens")["cases"].as_array().unwrap().clone();
    let good = |profile: &str| {
        let is_good = |case: &&Value| case["profile"] == profile && case["id"].as_str().unwrap().starts_with("ok-");
        cases.iter().filter(is_good).map(text).collect::<Vec<_>>()
    };
    let mut random = SplitMix(0x6a65_746f_6e00_0001);
    for (profile, count) in
        [("hs256", 92_000), ("hs256-iss-aud", 2_000), ("rs256", 2_000), ("es256", 2_000), ("eddsa", 2_000)]
    {
        let (tokens, good) = (&profiles[profile], good(profile));
        for _ in 0..count {
            let original = &good[random.below(good.len())];
            let mutated = mutate(original.as_bytes(), &good, &mut random);
            if good.iter().any(|token| token.as_bytes() == mutated) {
                continue;
            }
            assert!(tokens.decode(&mutated, NOW).is_err(), "{profile}: {}", String::from_utf8_lossy(&mutated));
        }
    }
}

/// One to three changes: a letter, a bit, a cut, an insertion, a swap of parts, a repetition.
fn mutate(token: &[u8], others: &[String], random: &mut SplitMix) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. ";
    let mut token = token.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(token.len().max(1)).min(token.len().saturating_sub(1));
        match random.below(8) {
            0 | 1 if !token.is_empty() => token[at] = LETTERS[random.below(LETTERS.len())],
            2 if !token.is_empty() => token[at] ^= 1 << random.below(8),
            3 => token.truncate(at),
            4 => token.insert(at, LETTERS[random.below(LETTERS.len())]),
            5 if !token.is_empty() => drop(token.remove(at)),
            6 => {
                let (mut parts, other) = (split(&token), split(others[random.below(others.len())].as_bytes()));
                let (to, from) = (random.below(parts.len()), random.below(other.len()));
                parts[to].clone_from(&other[from]);
                token = parts.join(&b'.');
            }
            _ => {
                let end = (at + random.below(40)).min(token.len());
                let repeated = token[at..end].to_vec();
                token.splice(at..at, repeated);
            }
        }
    }
    token
}

fn split(token: &[u8]) -> Vec<Vec<u8>> {
    token.split(|&byte| byte == b'.').map(<[u8]>::to_vec).collect()
}

/// SplitMix64: the same mutations in every run.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}
