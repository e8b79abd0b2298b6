//! The short way through a token held against the general one: what it accepts the other accepts, with the same claims.

use std::time::Duration;

use jeton_token::algorithm::Algorithm;
use jeton_token::claims::Claims;
use jeton_token::jws::{Jws, Room};
use jeton_token::key::Key;
use jeton_token::policy::{Audience, Policy, TokenType};
use jeton_token::scan::{Scanned, ScannedClaims, scan};
use jeton_token::time::Timestamp;
use jeton_token::token::Tokens;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: i64 = 1_700_000_000;

/// Both ways, for one key and one policy.
struct Both {
    tokens: Tokens,
    /// Signs, and checks signatures the general way alone.
    general: Jws,
}

impl Both {
    fn new(policy: Policy) -> Self {
        Self::of(key(), policy)
    }

    fn of(key: Key, policy: Policy) -> Self {
        let general = Jws::new(key.clone()).with_strictness(policy.strict);
        Self { tokens: Tokens::new(key, policy), general }
    }

    /// Asks both; true if the short way took the token. Fails where the general way disagrees.
    fn agree(&self, token: &[u8], wanted: Option<TokenType>) -> Result<bool, TestCaseError> {
        let now = Timestamp::from_seconds(NOW);
        let general = self.tokens.decode_by(&self.general, token, now);
        prop_assert_eq!(
            self.tokens.decode(token, now).map(|genuine| genuine.claims().clone()),
            general.clone().map(|genuine| genuine.claims().clone())
        );
        let mut room = Room::new();
        let Some(scanned) = self.tokens.verify_plain(token, wanted, now, &mut room) else {
            return Ok(false);
        };
        match general.and_then(|genuine| genuine.into_token(wanted)) {
            Ok(claims) => same(&scanned, &claims).map(|()| true),
            Err(error) => Err(TestCaseError::fail(format!("taken, but the general path says {error:?}"))),
        }
    }
}

fn key() -> Key {
    Key::from_secret(Algorithm::Hs256, SECRET).expect("a symmetric algorithm")
}

/// A key of every kind, each made once.
#[cfg(feature = "asymmetric")]
static KEYS: std::sync::LazyLock<Vec<Key>> = std::sync::LazyLock::new(|| {
    let secrets = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
    let secrets = secrets.map(|algorithm| Key::from_secret(algorithm, SECRET).expect("a symmetric algorithm"));
    let pairs = Algorithm::ALL.iter().filter(|algorithm| !algorithm.is_symmetric());
    let pairs = pairs.map(|&algorithm| {
        let pem = jeton_token::key::generate(algorithm).expect("randomness");
        Key::from_private_pem(algorithm, pem.private_pem.expose()).expect("a good key")
    });
    secrets.into_iter().chain(pairs).collect()
});

#[cfg(not(feature = "asymmetric"))]
static KEYS: std::sync::LazyLock<Vec<Key>> = std::sync::LazyLock::new(|| vec![key()]);

fn sign(payload: &[u8]) -> Vec<u8> {
    Jws::new(key()).sign(payload).into_bytes()
}

/// Every claim that the scan gives is the one that a JSON reader gives, and it leaves none of them out.
fn same(scanned: &ScannedClaims<'_>, claims: &Claims) -> Result<(), TestCaseError> {
    let text = |text: Option<&str>| text.map(Value::from);
    let number = |number: Option<i64>| number.map(Value::from);
    let user_id = scanned.user_id.map(|user_id| match user_id {
        Scanned::Text(text) => Value::from(text),
        Scanned::Number(number) => Value::from(number),
    });
    for (name, value) in [
        ("token_type", text(scanned.token_type)),
        ("exp", number(scanned.exp)),
        ("iat", number(scanned.iat)),
        ("nbf", number(scanned.nbf)),
        ("jti", text(scanned.jti)),
        ("user_id", user_id),
        ("sub", text(scanned.sub)),
        ("iss", text(scanned.iss)),
        ("aud", text(scanned.aud)),
        ("refresh_exp", number(scanned.refresh_exp)),
    ] {
        prop_assert_eq!(claims.get(name), value.as_ref(), "{}", name);
    }
    Ok(())
}

fn policy() -> impl Strategy<Value = Policy> {
    let audiences = vec![
        None,
        Some(Audience::One("web".to_owned())),
        Some(Audience::Many(vec!["app".to_owned(), "web".to_owned()])),
    ];
    let issuers = vec![None, Some("https://issuer.example".to_owned())];
    (select(audiences), select(issuers), select(vec![0, 20]), any::<bool>()).prop_map(
        |(audience, issuer, leeway, strict)| Policy {
            strict,
            audience,
            issuer,
            leeway: Duration::from_secs(leeway),
            ..Policy::default()
        },
    )
}

fn wanted() -> impl Strategy<Value = Option<TokenType>> {
    select(vec![None, Some(TokenType::Access), Some(TokenType::Refresh), Some(TokenType::Sliding)])
}

/// The JSON text of a name: mostly one that means something, sometimes in disguise.
fn name() -> impl Strategy<Value = String> {
    let known: Vec<_> =
        r"token_type exp iat nbf jti user_id sub iss aud refresh_exp name Exp \u0065xp jt\u0069 토큰 ex"
            .split(' ')
            .chain(["", "exp "])
            .map(|name| format!("\"{name}\""))
            .collect();
    prop_oneof![
        9 => select(known),
        1 => "[a-z]{0,12}".prop_map(|name| format!("\"{name}\"")),
        1 => any::<String>().prop_map(|name| Value::from(name).to_string()),
    ]
}

/// The JSON text of a value, or nearly one.
fn value() -> impl Strategy<Value = String> {
    let odd: Vec<_> =
        r#"true false null tru [] {} ["web"] ["app","web"] {"exp":1} 0 00 01 -0 -1 1.0 1e9 +1 NaN Infinity
        " "" "a\"b" "\u0000" "\ud83d" "é토큰" 253402300799 253402300800 999999999999999 1000000000000000
        9223372036854775807 9223372036854775808 18446744073709551616 1700000000000000000000"#
            .split_ascii_whitespace()
            .chain(["", " 1", "1 ", "\"a\tb\"", "\"\u{7f}\""])
            .map(str::to_owned)
            .collect();
    let texts = ["access", "refresh", "sliding", "web", "https://issuer.example", "a1b2", "5"];
    prop_oneof![
        2 => select(odd),
        4 => (NOW - 40..NOW + 40).prop_map(|seconds| seconds.to_string()),
        3 => select(texts.to_vec()).prop_map(|text| format!("\"{text}\"")),
        1 => any::<String>().prop_map(|text| Value::from(text).to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| number.to_string()),
    ]
}

/// Members of a token that every policy takes.
fn good() -> Vec<String> {
    vec![
        format!(r#""exp":{}"#, NOW + 300),
        r#""jti":"0123456789abcdef""#.to_owned(),
        r#""token_type":"access""#.to_owned(),
        r#""aud":"web""#.to_owned(),
        r#""iss":"https://issuer.example""#.to_owned(),
    ]
}

/// The text of an object: some good members, so that not all fail alike, and some random ones, in any order.
fn object() -> impl Strategy<Value = String> {
    let good = prop_oneof![3 => Just(good()), 1 => prop::sample::subsequence(good(), 0..=5)];
    let random = prop::collection::vec((name(), value()).prop_map(|(name, value)| format!("{name}:{value}")), 0..4);
    (good, random)
        .prop_map(|(good, random)| [good, random].concat())
        .prop_shuffle()
        .prop_map(|members| format!("{{{}}}", members.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_claims_are_taken_that_the_general_path_refuses(
        claims in object(), policy in policy(), wanted in wanted(),
    ) {
        Both::new(policy).agree(&sign(claims.as_bytes()), wanted)?;
    }

    #[test]
    fn no_payload_is_scanned_to_other_claims_than_a_json_reader_finds(
        claims in object(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..3),
        end in prop::option::of(any::<Index>()),
    ) {
        let mut payload = claims.into_bytes();
        for (index, byte) in changes {
            let index = index.index(payload.len());
            payload[index] = byte;
        }
        if let Some(end) = end {
            payload.truncate(end.index(payload.len() + 1));
        }
        if let Some(scanned) = scan(&payload) {
            match Claims::parse(&payload) {
                Ok(claims) => same(&scanned, &claims)?,
                Err(flaw) => prop_assert!(false, "scanned, but the reader says {:?}", flaw),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_changed_token_is_taken(
        key in any::<Index>(),
        place in any::<Index>(),
        byte in any::<u8>(),
        insert in any::<bool>(),
        cut in prop::option::weighted(0.2, any::<Index>()),
    ) {
        let both = Both::of(KEYS[key.index(KEYS.len())].clone(), Policy::default());
        let good = both.general.sign(format!("{{{}}}", good().join(",")).as_bytes()).into_bytes();
        let mut token = good.clone();
        let index = place.index(token.len());
        if insert {
            token.insert(index, byte);
        } else {
            token[index] = byte;
        }
        if let Some(cut) = cut {
            token.truncate(cut.index(token.len()));
        }
        prop_assert_eq!(both.agree(&token, None)?, token == good);
    }

    #[test]
    fn what_we_mint_is_taken(
        token_type in select(vec![TokenType::Access, TokenType::Refresh, TokenType::Sliding]),
        jti in "[0-9a-f]{32}",
        user_id in "[A-Za-z0-9_@.é-]{1,40}",
        key in any::<Index>(),
        policy in policy(),
    ) {
        let both = Both::of(KEYS[key.index(KEYS.len())].clone(), policy);
        let user: Claims = [("user_id", user_id)].into_iter().collect();
        let claims = both.tokens.mint(token_type, Some(&jti), &user, Timestamp::from_seconds(NOW));
        let plain_audience = !matches!(both.tokens.policy().audience, Some(Audience::Many(_)));
        prop_assert_eq!(both.agree(both.tokens.sign(&claims).as_bytes(), Some(token_type))?, plain_audience);
    }
}

#[test]
fn the_last_character_of_a_signature_has_one_spelling() {
    let both = Both::new(Policy::default());
    let token = sign(format!("{{{}}}", good().join(",")).as_bytes());
    let spelt = |last| [&token[..token.len() - 1], &[last]].concat();
    let taken: Vec<u8> = (0..=255).filter(|&last| both.agree(&spelt(last), None).unwrap()).collect();
    assert_eq!(taken, [token[token.len() - 1]]);
}

#[test]
fn times_are_judged_to_the_second() {
    let both = Both::new(Policy::default());
    let taken = |claims: &str| both.agree(&sign(claims.as_bytes()), None).unwrap();
    for (claims, good) in [
        (format!(r#"{{"jti":"a","exp":{NOW}}}"#), false),
        (format!(r#"{{"jti":"a","exp":{}}}"#, NOW + 1), true),
        (r#"{"jti":"a","exp":253402300799}"#.to_owned(), true),
        (r#"{"jti":"a","exp":253402300800}"#.to_owned(), false),
        (format!(r#"{{"jti":"a","exp":{},"iat":{NOW}}}"#, NOW + 9), true),
        (format!(r#"{{"jti":"a","exp":{},"iat":{}}}"#, NOW + 9, NOW + 1), false),
        (format!(r#"{{"jti":"a","exp":{},"nbf":{NOW}}}"#, NOW + 9), true),
        (format!(r#"{{"jti":"a","exp":{},"nbf":{}}}"#, NOW + 9, NOW + 1), false),
        (format!(r#"{{"exp":{}}}"#, NOW + 9), false),
        (format!(r#"{{"jti":"","exp":{}}}"#, NOW + 9), false),
        (r#"{"jti":"a"}"#.to_owned(), false),
    ] {
        assert_eq!(taken(&claims), good, "{claims}");
    }
}

#[test]
fn tokens_of_pyjwt_and_simple_jwt_are_taken() {
    let both = Both::new(Policy::default());
    for (token, user_id) in PYTHON {
        let now = Timestamp::from_seconds(NOW);
        let mut room = Room::new();
        assert!(both.agree(token.as_bytes(), None).unwrap(), "{token}");
        let claims = both.tokens.verify_plain(token.as_bytes(), None, now, &mut room).unwrap();
        assert_eq!(claims.user_id, Some(*user_id));
        assert_eq!(claims.exp, Some(NOW + 300));
    }
}

/// Made by Simple JWT 5.5.1 (access, refresh, sliding) and by PyJWT's `encode`, at `NOW`.
const PYTHON: &[(&str, Scanned<'_>)] = &[
    (
        concat!(
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            ".eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzAwMDAwMzAwLCJpYXQiOjE3MDAwMDAwMDAsImp0aSI6IjAwMTEyMjMzNDQ1NTY2Nzc4ODk5YWFiYmNjZGRlZWZmIiwidXNlcl9pZCI6IjQyIn0",
            ".QLrAZEwBnVlkbF4OKJXLalanrDN-ER0fqESrvcQ1-lo"
        ),
        Scanned::Text("42"),
    ),
    (
        concat!(
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            ".eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6MTcwMDAwMDMwMCwiaWF0IjoxNzAwMDAwMDAwLCJqdGkiOiIwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZiIsInVzZXJfaWQiOiI0MiJ9",
            ".W--mLUJeCg1CMe_PycBbg391_pU2lPaNF7kpVRNGYUA"
        ),
        Scanned::Text("42"),
    ),
    (
        concat!(
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            ".eyJ0b2tlbl90eXBlIjoic2xpZGluZyIsImV4cCI6MTcwMDAwMDMwMCwiaWF0IjoxNzAwMDAwMDAwLCJqdGkiOiIwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZiIsInJlZnJlc2hfZXhwIjoxNzAwMDg2NDAwLCJ1c2VyX2lkIjoiNDIifQ",
            ".YSHF_fd1cU9Vst13MYKEvBW6bIjc86yTsut0kgC1nJk"
        ),
        Scanned::Text("42"),
    ),
    (
        concat!(
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            ".eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzAwMDAwMzAwLCJpYXQiOjE3MDAwMDAwMDAsImp0aSI6IjAwMTEyMjMzNDQ1NTY2Nzc4ODk5YWFiYmNjZGRlZWZmIiwidXNlcl9pZCI6NDJ9",
            ".BmzZCqbUVzGjCDUp4Vj2SeF9_qZIVUslSBClw-hBZa8"
        ),
        Scanned::Number(42),
    ),
    (
        concat!(
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            ".eyJ1c2VyX2lkIjo3LCJqdGkiOiJhIiwiZXhwIjoxNzAwMDAwMzAwLCJ1c2VybmFtZSI6ImFsaWNlIiwiaXNfc3RhZmYiOnRydWUsImdyb3VwcyI6bnVsbH0",
            ".tH2gCJCS7H9mLkRMxHHswXAXf5jUYfJd3TozYsdBC48"
        ),
        Scanned::Number(7),
    ),
];
