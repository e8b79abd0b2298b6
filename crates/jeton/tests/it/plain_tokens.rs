//! Tokens that take the short way, and those that were seen before: the answers are those of the general way.

use std::time::Duration;

use axum::http::StatusCode;
use jeton::settings::{Compatibility, Settings, TokenClass};
use jeton_token::algorithm::Algorithm;
use jeton_token::jws::Jws;
use jeton_token::key::{Key, generate};
use serde_json::{Value, json};

use crate::site::{Site, settings};

/// A site of this algorithm, and its key.
async fn site(mut settings: Settings, algorithm: Algorithm) -> (Site, Jws) {
    let secret = settings.simple_jwt.signing_key.expose().clone();
    let key = if algorithm.is_symmetric() {
        Key::from_secret(algorithm, secret.as_bytes()).unwrap()
    } else {
        let pair = generate(algorithm).unwrap();
        settings.simple_jwt.signing_key = pair.private_pem;
        Key::from_private_pem(algorithm, settings.simple_jwt.signing_key.expose()).unwrap()
    };
    settings.simple_jwt.algorithm = algorithm;
    (Site::new(settings).await, Jws::new(key))
}

/// What the service says of a token, at verify and at a protected view.
async fn answers(site: &Site, token: &str) -> [(StatusCode, String); 2] {
    let verified = site.post("/api/token/verify/", &json!({"token": token})).await;
    let me = site.me(token).await;
    [(verified.status, verified.text), (me.status, me.text)]
}

/// Members of claims, so that every combination of one from each is a token.
fn members(now: i64, family: &str) -> Vec<Vec<String>> {
    let text = |name: &str, values: &[&str]| -> Vec<String> {
        values
            .iter()
            .map(|value| if value.is_empty() { String::new() } else { format!(r#""{name}":{value}"#) })
            .collect()
    };
    let (soon, past) = (format!("{}", now + 60), format!("{now}"));
    vec![
        text("token_type", &[r#""access""#, r#""refresh""#, ""]),
        text("exp", &[&soon, &past, "9e99", ""]),
        text("jti", &[family, r#""elsewhere""#, r#""""#, ""]),
        text("user_id", &[r#""1""#, "2", r#""01""#, ""]),
        text("iat", &[&past, &soon]),
    ]
}

fn combinations(members: &[Vec<String>]) -> Vec<String> {
    let Some((first, rest)) = members.split_first() else { return vec![String::new()] };
    let rest = combinations(rest);
    let join = |one: &String, other: &String| match (one.is_empty(), other.is_empty()) {
        (true, _) => other.clone(),
        (_, true) => one.clone(),
        (false, false) => format!("{one},{other}"),
    };
    first.iter().flat_map(|one| rest.iter().map(move |other| join(one, other))).collect()
}

#[tokio::test]
async fn a_blank_in_the_claims_changes_no_answer() {
    for (compatibility, algorithm, class) in [
        (Compatibility::Safe, Algorithm::Hs256, TokenClass::Access),
        (Compatibility::Exact, Algorithm::EdDsa, TokenClass::Access),
        (Compatibility::Exact, Algorithm::Hs256, TokenClass::Untyped),
    ] {
        let mut settings = settings(compatibility);
        settings.simple_jwt.auth_token_classes = vec![class, TokenClass::Refresh];
        let (site, jws) = site(settings, algorithm).await;
        let (_, access) = site.login("alice").await;
        let family: Value = serde_json::from_slice(&jws.verify(access.as_bytes()).unwrap()).unwrap();
        let tokens = combinations(&members(site.clock.now().seconds(), &family["jti"].to_string()));
        assert_eq!(tokens.len(), 3 * 4 * 4 * 4 * 2);
        let mut good = 0;
        for claims in tokens {
            // The short way leaves what has a blank to the general one.
            let plain = answers(&site, &jws.sign(format!("{{{claims}}}").as_bytes())).await;
            let general = answers(&site, &jws.sign(format!("{{ {claims}}}").as_bytes())).await;
            assert_eq!(plain, general, "{algorithm} {claims}");
            if !algorithm.is_symmetric() {
                let again = answers(&site, &jws.sign(format!("{{{claims}}}").as_bytes())).await;
                assert_eq!(again, plain, "{algorithm} {claims}, remembered");
            }
            good += usize::from(plain[1].0 == StatusCode::OK);
        }
        assert!(good > 0);
    }
}

#[tokio::test]
async fn what_was_verified_before_is_judged_anew() {
    let (site, _) = site(settings(Compatibility::Safe), Algorithm::EdDsa).await;
    let (refresh, access) = site.login("alice").await;
    let verify = async |token: &str| site.post("/api/token/verify/", &json!({"token": token})).await.status;
    for _ in 0..3 {
        assert_eq!(verify(&refresh).await, StatusCode::OK);
        assert_eq!(site.me(&access).await.status, StatusCode::OK);
    }
    assert_eq!(site.post("/api/token/blacklist/", &json!({"refresh": refresh})).await.status, StatusCode::OK);
    assert_ne!(verify(&refresh).await, StatusCode::OK, "it ended meanwhile");
    assert_eq!(site.me(&access).await.status, StatusCode::UNAUTHORIZED, "it ended with its login");
    let (_, access) = site.login("alice").await;
    let auth = site.jeton.auth();
    let alice = auth.store().find_user_by_username("alice").await.unwrap().unwrap();
    auth.set_active(&alice, false).await.unwrap();
    assert_eq!(site.me(&access).await.status, StatusCode::UNAUTHORIZED, "she was locked meanwhile");
    auth.set_active(&alice, true).await.unwrap();
    assert_eq!(site.me(&access).await.status, StatusCode::OK);
    site.clock.advance(Duration::from_secs(301));
    assert_eq!(site.me(&access).await.status, StatusCode::UNAUTHORIZED, "it expired meanwhile");
    assert_eq!(verify(&access).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_that_was_seen_opens_no_door_for_its_neighbours() {
    let (site, _) = site(settings(Compatibility::Safe), Algorithm::EdDsa).await;
    let (_, access) = site.login("alice").await;
    assert_eq!(site.me(&access).await.status, StatusCode::OK);
    for place in 0..access.len() {
        let mut token = access.clone().into_bytes();
        token[place] = if token[place] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(token).unwrap();
        assert_eq!(site.me(&token).await.status, StatusCode::UNAUTHORIZED, "{place}");
    }
}

#[tokio::test]
async fn whoever_asks_finds_all_that_a_token_says() {
    let (site, jws) = site(settings(Compatibility::Safe), Algorithm::Hs256).await;
    let soon = site.clock.now().seconds() + 60;
    let claims = format!(r#""token_type":"access","exp":{soon},"jti":"a","user_id":"1","plan":"pro","seats":[1,2]"#);
    for claims in [format!("{{{claims}}}"), format!("{{ {claims}}}"), format!("{{{}}}", claims.replace("[1,2]", "2"))] {
        let token = jws.sign(claims.as_bytes());
        let principal = site.jeton.auth().authenticate_token(token.as_bytes()).await.unwrap();
        let said: Value = serde_json::from_str(&claims).unwrap();
        assert_eq!(Some(principal.claims.as_object()), said.as_object(), "{claims}");
    }
}
