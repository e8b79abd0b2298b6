//! Hand-made tokens: `/api/v1/users/login/jwt` and the header `jwt-auth`.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton::settings::{AuthenticationClass, Compatibility, HandMadeKey, Settings};
use jeton_token::algorithm::Algorithm;
use jeton_token::jws::Jws;
use jeton_token::key::Key;
use serde_json::{Value, json};

use crate::site::{PASSWORD, Reply, Site, settings};

const LOGIN: &str = "/api/v1/users/login/jwt";
const INFO: &str = "/api/v1/users/login/jwt/info";
const NOW: i64 = 1_795_000_000;

fn alice() -> Value {
    json!({"username": "alice", "password": PASSWORD})
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// A token that the site's secret signs.
fn forge(algorithm: Algorithm, payload: &str) -> String {
    let secret = settings(Compatibility::Exact).secret_key;
    Jws::new(Key::from_secret(algorithm, secret.expose().as_bytes()).unwrap()).sign(payload.as_bytes())
}

impl Site {
    async fn hand_made(&self) -> String {
        let reply = self.post(LOGIN, &alice()).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        reply.text_of("token")
    }

    async fn info(&self, token: &str) -> Reply {
        self.send(Request::get(INFO).header("jwt-auth", token).body(Body::empty()).unwrap()).await
    }
}

fn refusal(reply: &Reply) -> (u16, String) {
    (reply.status.as_u16(), reply.text_of("detail"))
}

#[tokio::test]
async fn exact_is_the_guides_token_and_safe_has_an_end() {
    let exact = Site::exact().await;
    let token = exact.hand_made().await;
    assert_eq!(token, forge(Algorithm::Hs256, r#"{"id":1,"username":"alice"}"#));
    exact.pass(100 * 365 * 86_400);
    assert_eq!(exact.info(&token).await.json(), json!({"id": 1, "username": "alice"}));

    let safe = Site::safe().await;
    let token = safe.hand_made().await;
    let claims = claims(&token);
    assert_eq!((&claims["id"], &claims["username"]), (&json!(1), &json!("alice")));
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW), &json!(NOW + 3600)));
    safe.pass(3599);
    assert_eq!(safe.info(&token).await.json(), json!({"id": 1, "username": "alice"}));
    safe.pass(1);
    assert_eq!(refusal(&safe.info(&token).await), (403, "Token has expired".to_owned()));
}

#[tokio::test]
async fn in_safe_no_token_of_another_kind_will_do() {
    let site = Site::safe().await;
    let (refresh, access) = site.login("alice").await;
    let endless = forge(Algorithm::Hs256, r#"{"id":1,"username":"alice"}"#);
    for token in [refresh, access, endless] {
        assert_eq!(refusal(&site.info(&token).await), (403, "Error decoding token".to_owned()));
    }
    assert_eq!(site.me(&site.hand_made().await).await.status, StatusCode::UNAUTHORIZED, "nor the other way round");
}

#[tokio::test]
async fn a_lifetime_that_comes_later_ends_the_endless_tokens() {
    let site = Site::exact().await;
    let endless = site.hand_made().await;
    let mut settings = settings(Compatibility::Exact);
    settings.hand_made.lifetime = Some(std::time::Duration::from_secs(60));
    let site = site.beside(settings);
    assert_eq!(refusal(&site.info(&endless).await), (403, "Error decoding token".to_owned()));
    assert_eq!(site.info(&site.hand_made().await).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_new_password_ends_tokens_in_safe() {
    for (compatibility, survives) in [(Compatibility::Exact, true), (Compatibility::Safe, false)] {
        let site = Site::new(settings(compatibility)).await;
        let token = site.hand_made().await;
        let user = site.jeton.auth().store().find_user(1).await.unwrap().unwrap();
        site.jeton.auth().set_password(&user, "an0ther-word".into()).await.unwrap();
        let reply = site.info(&token).await;
        match survives {
            true => assert_eq!(reply.status, StatusCode::OK),
            false => assert_eq!(refusal(&reply), (403, "The user's password has been changed.".to_owned())),
        }
    }
}

#[tokio::test]
async fn inactive_and_deleted_users_are_refused_in_both_stances() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = Site::new(settings(compatibility)).await;
        let auth = site.jeton.auth();
        let token = site.hand_made().await;
        let user = auth.store().find_user(1).await.unwrap().unwrap();
        auth.set_active(&user, false).await.unwrap();
        assert_eq!(refusal(&site.info(&token).await), (403, "User is inactive".to_owned()));
        assert_eq!(site.post(LOGIN, &alice()).await.status, StatusCode::UNAUTHORIZED);
        auth.delete_user(&user).await.unwrap();
        assert_eq!(refusal(&site.info(&token).await), (403, "User not found".to_owned()));
    }
}

#[tokio::test]
async fn odd_tokens_are_refused_in_words_and_never_with_an_error() {
    let site = Site::exact().await;
    let of = |payload: &str| forge(Algorithm::Hs256, payload);
    let (undecodable, invalid, unknown) = ("Error decoding token", "Invalid Token", "User not found");
    for (token, detail) in [
        ("x".to_owned(), undecodable),
        ("..".to_owned(), undecodable),
        ("a.b.c".to_owned(), undecodable),
        (format!("Bearer {}", of(r#"{"id":1}"#)), undecodable),
        ("a".repeat(9000), undecodable),
        (forge(Algorithm::Hs512, r#"{"id":1}"#), undecodable),
        (of("[1]"), undecodable),
        (of("null"), undecodable),
        (of(r#"{"id":1,"nbf":1895000000}"#), undecodable),
        (of(r#"{"id":1,"iat":1895000000}"#), undecodable),
        (of(r#"{"id":1,"iat":"soon"}"#), undecodable),
        (of(r#"{"id":1,"exp":"soon"}"#), undecodable),
        (of(r#"{"id":1,"exp":null}"#), undecodable),
        (of(r#"{"id":1,"exp":1e300}"#), undecodable),
        (of(r#"{"id":1,"aud":"x"}"#), undecodable),
        (of(r#"{"id":1,"aud":["x"]}"#), undecodable),
        (of(r#"{"id":1,"sub":5}"#), undecodable),
        (of(r#"{"id":1,"jti":5}"#), undecodable),
        (of(r#"{"id":1,"exp":1795000000}"#), "Token has expired"),
        (of("{}"), invalid),
        (of(r#"{"id":0}"#), invalid),
        (of(r#"{"id":null}"#), invalid),
        (of(r#"{"id":""}"#), invalid),
        (of(r#"{"id":[]}"#), invalid),
        (of(r#"{"user_id":"1"}"#), invalid),
        (of(r#"{"id":9999}"#), unknown),
        (of(r#"{"id":-1}"#), unknown),
        (of(r#"{"id":1.5}"#), unknown),
        (of(r#"{"id":1e300}"#), unknown),
        (of(r#"{"id":99999999999999999999999}"#), unknown),
        (of(r#"{"id":"alice"}"#), unknown),
        (of(r#"{"id":" 1"}"#), unknown),
        (of(r#"{"id":[1]}"#), unknown),
        (of(r#"{"id":{"$gt":0}}"#), unknown),
        (of(r#"{"id":true}"#), unknown),
    ] {
        assert_eq!(refusal(&site.info(&token).await), (403, detail.to_owned()), "{token}");
    }
    for payload in [r#"{"id":"1"}"#, r#"{"id":1,"aud":""}"#, r#"{"id":1,"exp":1795000001}"#, r#"{"id":1,"id":1}"#] {
        assert_eq!(site.info(&of(payload)).await.status, StatusCode::OK, "{payload}");
    }
    let token = of(r#"{"id":1}"#);
    let twice = Request::get(INFO).header("jwt-auth", &token).header("jwt-auth", &token).body(Body::empty()).unwrap();
    assert_eq!(refusal(&site.send(twice).await), (403, undecodable.to_owned()));
    let raw = Request::get(INFO).header("jwt-auth", b"\xff\xfe".as_slice()).body(Body::empty()).unwrap();
    assert_eq!(refusal(&site.send(raw).await), (403, undecodable.to_owned()));
    let missing = (403, "Authentication credentials were not provided.".to_owned());
    assert_eq!(refusal(&site.info("").await), missing);
}

#[tokio::test]
async fn only_what_is_false_is_malformed_and_all_else_is_a_wrong_password() {
    let site = Site::exact().await;
    for body in [
        json!({}),
        json!({"username": "alice"}),
        json!({"username": "", "password": "x"}),
        json!({"username": "alice", "password": null}),
        json!({"username": 0, "password": "x"}),
        json!({"username": [], "password": false}),
    ] {
        let reply = site.post(LOGIN, &body).await;
        assert_eq!(refusal(&reply), (400, "Malformed request.".to_owned()), "{body}");
    }
    for body in [json!([]), json!(["username"]), json!("username"), json!(null)] {
        assert_eq!(site.post(LOGIN, &body).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
    for body in [
        json!({"username": "alice", "password": "x"}),
        json!({"username": "alice", "password": format!(" {PASSWORD}")}),
        json!({"username": " alice ", "password": PASSWORD}),
        json!({"username": "nobody", "password": PASSWORD}),
        json!({"username": ["alice"], "password": PASSWORD}),
        json!({"username": "alice", "password": {"$ne": ""}}),
        json!({"username": 5, "password": 1.5}),
        json!({"username": true, "password": true}),
        json!({"username": "alice\u{0}", "password": "\u{0}"}),
    ] {
        let reply = site.post(LOGIN, &body).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{body}");
        assert_eq!(reply.header("WWW-Authenticate"), Some("Bearer realm=\"api\""));
    }
    let lone = br#"{"username": "\ud800", "password": "x"}"#.to_vec();
    let reply = site.raw(axum::http::Method::POST, LOGIN, "application/json", lone).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_header_is_a_setting_and_other_views_take_it_where_the_class_is_configured() {
    let mut settings: Settings = settings(Compatibility::Safe);
    settings.hand_made.header = "x-token".to_owned();
    settings.authentication.classes = vec![AuthenticationClass::JwtHeader, AuthenticationClass::Jwt];
    let site = Site::new(settings).await;
    let token = site.hand_made().await;
    for (path, header, status) in [
        (INFO, "X-Token", 200),
        ("/api/me/", "x-token", 200),
        (INFO, "jwt-auth", 403),
        ("/api/me/", "jwt-auth", 403),
        (INFO, "Authorization", 403),
    ] {
        let request = Request::get(path).header(header, &token).body(Body::empty()).unwrap();
        let reply = site.send(request).await;
        assert_eq!(reply.status.as_u16(), status, "{path} {header}: {}", reply.text);
        assert_eq!(reply.header("WWW-Authenticate"), None);
    }
}

#[tokio::test]
async fn a_site_that_signs_otherwise_still_signs_these_with_its_secret() {
    let mut settings = settings(Compatibility::Exact);
    settings.simple_jwt.signing_key = "quite another key of at least thirty-two bytes".into();
    assert_eq!(settings.hand_made.signed_with, HandMadeKey::SecretKey);
    let site = Site::new(settings).await;
    assert_eq!(site.hand_made().await, forge(Algorithm::Hs256, r#"{"id":1,"username":"alice"}"#));
}

#[tokio::test]
async fn koreans_are_told_in_english_as_by_the_guides_and_in_safe_in_korean() {
    for (compatibility, expected) in [
        (Compatibility::Exact, ["Error decoding token", "User not found"]),
        (Compatibility::Safe, ["토큰을 해독할 수 없습니다", "찾을 수 없는 사용자입니다"]),
    ] {
        let mut settings = settings(compatibility);
        settings.languages.language_code = "ko-kr".parse().unwrap();
        settings.hand_made.signed_with = HandMadeKey::SecretKey;
        settings.hand_made.lifetime = None;
        let site = Site::new(settings).await;
        let nobodys = forge(Algorithm::Hs256, r#"{"id":9999}"#);
        let told = [site.info("x").await.text_of("detail"), site.info(&nobodys).await.text_of("detail")];
        assert_eq!(told, expected);
    }
}
