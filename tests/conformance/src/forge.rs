//! Makes tokens that no server would: with odd claims, other keys, other headers, and damaged ones.

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::json_text::{dense_ascii, sorted, spaced_ascii};
use crate::pattern::only_entry;
use crate::scenario::{Recipe, Tamper};
use crate::token::{self, BASE64};
use crate::variables::Scope;

/// Follows a recipe.
pub(crate) fn forge(recipe: &Recipe, scope: &Scope<'_>) -> Result<String> {
    let base = recipe.base.as_deref().map(|base| scope.fill_to_text(base)).transpose()?;
    let token = match &base {
        Some(base) if recipe.untouched => base.clone(),
        _ => signed(recipe, base.as_deref(), scope)?,
    };
    match recipe.tamper {
        None => Ok(token),
        Some(tamper) => damaged(&token, tamper, recipe, scope),
    }
}

fn signed(recipe: &Recipe, base: Option<&str>, scope: &Scope<'_>) -> Result<String> {
    let claims = match &recipe.body {
        Some(body) => body.clone(),
        None => Value::Object(claims(recipe, base, scope)?),
    };
    let profile = scope.profile;
    let algorithm = recipe.alg.as_deref().unwrap_or(profile.algorithm());
    let key = match recipe.key.as_deref() {
        None => profile.signing_key().to_owned(),
        Some("@secret") => profile.secret_key.clone(),
        Some("@verifying") => profile.verifying_key().to_owned(),
        Some(key) => scope.fill_to_text(key)?,
    };
    if recipe.manual || algorithm == "none" {
        let mut header = Map::from_iter([("alg".to_owned(), json!(algorithm)), ("typ".to_owned(), json!("JWT"))]);
        header.extend(recipe.headers.clone());
        let input = compact(&spaced_ascii(&Value::Object(header)), &spaced_ascii(&claims));
        let signature = if algorithm.starts_with("HS") { token::sign(algorithm, &key, &input)? } else { Vec::new() };
        return Ok(format!("{input}.{}", BASE64.encode(signature)));
    }
    ensure!(claims.is_object(), "claims that are no object want `manual`");
    let mut header = Map::from_iter([("typ".to_owned(), json!("JWT")), ("alg".to_owned(), json!(algorithm))]);
    header.extend(recipe.headers.clone());
    let named = header["alg"].as_str().context("a header whose alg is no text wants `manual`")?.to_owned();
    let input = compact(&dense_ascii(&sorted(&header)), &dense_ascii(&claims));
    Ok(format!("{input}.{}", BASE64.encode(token::sign(&named, &key, &input)?)))
}

fn claims(recipe: &Recipe, base: Option<&str>, scope: &Scope<'_>) -> Result<Map<String, Value>> {
    let mut claims = match base.map(token::peek).transpose()? {
        None => Map::new(),
        Some((_, Value::Object(claims))) => claims,
        Some((_, other)) => bail!("the base's claims are {other}"),
    };
    for (name, value) in &recipe.set {
        claims.insert(name.clone(), scope.fill(value)?);
    }
    for name in &recipe.drop {
        claims.shift_remove(name);
    }
    for value in claims.values_mut() {
        if let Some(moment) = moment(value) {
            *value = moment;
        }
    }
    Ok(claims)
}

/// `{"$now": 30}` is the second half a minute from now; `$nowf` keeps the fraction.
fn moment(value: &Value) -> Option<Value> {
    let (name, offset) = only_entry(value.as_object()?)?;
    match name.as_str() {
        "$now" => Some(match offset.as_i64() {
            Some(offset) => json!(clock::now_seconds() + offset),
            None => json!(clock::now().floor() + offset.as_f64()?),
        }),
        "$nowf" => Some(json!(clock::now() + offset.as_f64()?)),
        _ => None,
    }
}

fn damaged(token: &str, tamper: Tamper, recipe: &Recipe, scope: &Scope<'_>) -> Result<String> {
    let [header, payload, signature] = token::parts(token)?;
    Ok(match tamper {
        Tamper::Signature => format!("{header}.{payload}.{}", with_other_letter(signature, 0)?),
        Tamper::Payload => format!("{header}.{}.{signature}", with_other_letter(payload, 4)?),
        Tamper::Truncate => format!("{header}.{payload}.{}", &signature[..signature.len().saturating_sub(6)]),
        Tamper::NoSignature => format!("{header}.{payload}."),
        Tamper::TwoParts => format!("{header}.{payload}"),
        Tamper::FourParts => format!("{header}.{payload}.{signature}.{signature}"),
        Tamper::Padding => format!("{header}.{payload}.{signature}="),
        Tamper::LastChar => format!("{header}.{payload}.{}", with_other_last_bits(signature)?),
        Tamper::SwapPayload => {
            let other = scope.fill_to_text(recipe.other.as_deref().context("swap_payload wants an other token")?)?;
            let payload = other.split('.').nth(1).context("the other token has no payload")?.to_owned();
            format!("{header}.{payload}.{signature}")
        }
    })
}

fn compact(header: &str, claims: &str) -> String {
    format!("{}.{}", BASE64.encode(header), BASE64.encode(claims))
}

/// The text with an A at this place, or a B where an A is.
fn with_other_letter(text: &str, at: usize) -> Result<String> {
    let letter = text.get(at..=at).context("the part is too short to damage")?;
    Ok(format!("{}{}{}", &text[..at], if letter == "A" { "B" } else { "A" }, &text[at + 1..]))
}

/// Flips the lowest bit of the last character, which 32 bytes of signature do not use.
fn with_other_last_bits(text: &str) -> Result<String> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = text.bytes().last().context("there is no last character")?;
    let at = ALPHABET.iter().position(|&letter| letter == last).context("the last character is not base64")?;
    Ok(format!("{}{}", &text[..text.len() - 1], char::from(ALPHABET[at ^ 1])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    fn recipe(value: Value) -> Recipe {
        serde_json::from_value(value).unwrap()
    }

    fn with_scope<T>(body: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let profile = Profile::for_tests();
        body(&mut Scope::new(&profile, String::new()))
    }

    #[test]
    fn claims_are_set_dropped_and_dated() {
        with_scope(|scope| {
            let base = forge(&recipe(json!({"set": {"a": 1, "b": 2, "exp": {"$now": 60}}})), scope).unwrap();
            scope.set("base", json!(base));
            scope.set("who", json!("alice"));
            let made = json!({"base": "${base}", "set": {"c": "${who}", "f": {"$nowf": 0.5}}, "drop": ["b", "z"]});
            let token = forge(&recipe(made), scope).unwrap();
            let (header, claims) = token::peek(&token).unwrap();
            assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
            assert_eq!((&claims["a"], &claims["c"], claims.get("b")), (&json!(1), &json!("alice"), None));
            assert!((claims["exp"].as_i64().unwrap() - clock::now_seconds() - 60).abs() <= 2);
            assert!(claims["f"].is_f64());
            token::check_signature(&token, &scope.profile.secret_key).unwrap();
        });
    }

    /// Each made by PyJWT, or by the recorded scenarios' own code where it is `manual`.
    #[test]
    fn tokens_are_byte_for_byte_those_of_the_recording() {
        with_scope(|scope| {
            for (made, wanted) in [
                (json!({"set": {"n": 1, "t": "é"}, "key": "k"}), PLAIN),
                (json!({"set": {"n": 1}, "key": "k", "headers": {"kid": "x", "typ": "at+jwt"}}), HEADERS),
                (json!({"set": {"n": 1}, "key": "k", "alg": "HS512", "manual": true}), MANUAL),
                (json!({"set": {"n": 1}, "alg": "none"}), NONE),
                (json!({"body": [1, 2], "key": "k", "alg": "HS256", "manual": true}), ARRAY),
            ] {
                assert_eq!(forge(&recipe(made.clone()), scope).unwrap(), wanted, "{made}");
            }
        });
    }

    #[test]
    fn every_way_to_damage_a_token_shows() {
        with_scope(|scope| {
            scope.set("a", json!("aaaa.AAAAAA.Axxxxxxxxx8"));
            scope.set("b", json!("bbbb.BBBBBB.Byyyyyyyyyy"));
            for (tamper, wanted) in [
                ("signature", "aaaa.AAAAAA.Bxxxxxxxxx8"),
                ("payload", "aaaa.AAAABA.Axxxxxxxxx8"),
                ("truncate", "aaaa.AAAAAA.Axxxx"),
                ("nosig", "aaaa.AAAAAA."),
                ("twoparts", "aaaa.AAAAAA"),
                ("fourparts", "aaaa.AAAAAA.Axxxxxxxxx8.Axxxxxxxxx8"),
                ("swap_payload", "aaaa.BBBBBB.Axxxxxxxxx8"),
                ("padding", "aaaa.AAAAAA.Axxxxxxxxx8="),
                ("last_char", "aaaa.AAAAAA.Axxxxxxxxx9"),
            ] {
                let made = recipe(json!({"base": "${a}", "untouched": true, "tamper": tamper, "other": "${b}"}));
                assert_eq!(forge(&made, scope).unwrap(), wanted, "{tamper}");
            }
        });
    }

    #[test]
    fn a_key_may_be_the_sites_secret() {
        let mut profile = Profile::for_tests();
        profile.simple_jwt.insert("SIGNING_KEY".into(), json!("the signing key"));
        let scope = Scope::new(&profile, String::new());
        let plain = forge(&recipe(json!({"set": {"n": 1}})), &scope).unwrap();
        token::check_signature(&plain, "the signing key").unwrap();
        let secret = forge(&recipe(json!({"set": {"n": 1}, "key": "@secret"})), &scope).unwrap();
        token::check_signature(&secret, &profile.secret_key).unwrap();
    }

    #[test]
    fn what_cannot_be_signed_is_said() {
        with_scope(|scope| {
            let error = forge(&recipe(json!({"set": {}, "alg": "XS256"})), scope).unwrap_err();
            assert!(error.to_string().contains("cannot sign with XS256"), "{error}");
        });
    }

    const PLAIN: &str =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuIjoxLCJ0IjoiXHUwMGU5In0.EC1v1mvO0y3EoLGGJELLodFIsYiJIEbWQC_OjzdgYvY";
    const HEADERS: &str =
        "eyJhbGciOiJIUzI1NiIsImtpZCI6IngiLCJ0eXAiOiJhdCtqd3QifQ.eyJuIjoxfQ.Wfp-53CJfFTXWcDmRxZboOCTcKBKaN_BTwGWnxP9DOU";
    const MANUAL: &str = "eyJhbGciOiAiSFM1MTIiLCAidHlwIjogIkpXVCJ9.eyJuIjogMX0.9zPRpyVCgMZlyQS4mWWTx8aZR2yLxkhrTrQWQHvxqJBYdHPCGRDCpBhzKZc3KBTvSoWC2bTzIbrikK6RUoxDIA";
    const NONE: &str = "eyJhbGciOiAibm9uZSIsICJ0eXAiOiAiSldUIn0.eyJuIjogMX0.";
    const ARRAY: &str = "eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.WzEsIDJd._s8VSeMrPewdK-LSjHP5pN97CREYXrUfrFtQzxP75WU";
}
