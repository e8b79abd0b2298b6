//! Bad input gets a 4xx in DRF's words, whatever it is; nothing gets a 500.

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::site::Site;

const ENDPOINTS: [&str; 16] = [
    "/api/token/",
    "/api/token/refresh/",
    "/api/token/verify/",
    "/api/token/blacklist/",
    "/api/token/sliding/",
    "/api/token/sliding/refresh/",
    "/api/logout/",
    "/api/v1/users/login",
    "/api/token-auth/",
    "/api/v1/users/login/jwt",
    "/api/v1/users/logout",
    "/api/v1/signup/",
    "/api/v1/login/",
    "/api/v1/logout/",
    "/api/v1/token/refresh/",
    "/setup/",
];

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    let mut bodies: Vec<(&str, Vec<u8>)> = [
        "",
        " ",
        "{",
        "[",
        "\"",
        "{\"",
        "{\"a\":",
        "nul",
        "null",
        "true",
        "0",
        "1e999",
        "-",
        "[]",
        "[[]]",
        "{} {}",
        "{'a':1}",
        "{\"refresh\":\"\\ud800\"}",
        "{\"token\":\"\\u0000\"}",
        "{\"refresh\":{\"$gt\":\"\"}}",
        "{\"all\":[]}",
        "{\"username\":\"a\",\"username\":\"b\"}",
        "NaN",
        "Infinity",
        "\u{feff}{}",
        "{\"refresh\":1e400}",
    ]
    .iter()
    .map(|text| (json, text.as_bytes().to_vec()))
    .collect();
    bodies.push((json, b"\xff\xfe\x00".to_vec()));
    bodies.push((json, "[".repeat(60_000).into_bytes()));
    bodies.push((json, format!("{{\"refresh\":\"{}\"}}", "a".repeat(60_000)).into_bytes()));
    bodies.push((json, format!("{{\"refresh\":{}}}", "9".repeat(60_000)).into_bytes()));
    bodies.push((json, vec![b'a'; 200_000]));
    bodies.push(("application/json; charset=utf-16", b"{}".to_vec()));
    bodies.push(("application/json; charset=bz2", b"{}".to_vec()));
    bodies.push((form, b"username=%ff%00&password=%".to_vec()));
    bodies.push((form, "a=b&".repeat(15_000).into_bytes()));
    bodies.push((form, b"refresh=a&refresh=b".to_vec()));
    bodies.push(("multipart/form-data", b"--x".to_vec()));
    bodies.push(("multipart/form-data; boundary=", b"--x".to_vec()));
    bodies.push(("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n".to_vec()));
    bodies.push((
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name=\"refresh\"; filename=\"f\"\r\n\r\nabc\r\n--x--\r\n".to_vec(),
    ));
    bodies.push(("text/plain", b"x".to_vec()));
    bodies.push(("", b"x".to_vec()));
    bodies.push(("application/jwt; \u{7f}", b"x".to_vec()));
    bodies
}

#[tokio::test]
async fn no_body_is_answered_with_a_server_error() {
    for site in [Site::safe().await, Site::exact().await] {
        for path in ENDPOINTS {
            for (content_type, body) in bodies() {
                let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
                let Ok(value) = axum::http::HeaderValue::from_str(content_type) else { continue };
                let request = Request::post(path).header("Content-Type", value).body(Body::from(body)).unwrap();
                let reply = site.send(request).await;
                let status = reply.status.as_u16();
                assert!((400..500).contains(&status), "{path} {content_type} {shown}: {status} {}", reply.text);
                let is_refused_login = path == "/api/v1/users/login" && status == 403 && reply.text.is_empty();
                if path != "/setup/" && !is_refused_login {
                    assert!(reply.json().is_object(), "{path} {shown}");
                }
            }
        }
    }
}

#[tokio::test]
async fn no_header_is_answered_with_a_server_error() {
    let site = Site::safe().await;
    let long = "x".repeat(20_000);
    for (name, value) in [
        ("Authorization", b"Bearer \xff\xfe".as_slice()),
        ("Authorization", b"Bearer"),
        ("Authorization", b"Bearer a.b.c"),
        ("Authorization", b"Bearer ..."),
        ("Authorization", long.as_bytes()),
        ("Accept", b"\xff/\xff"),
        ("Accept", b";;;,,,=;q=x"),
        ("Accept", long.as_bytes()),
        ("Cookie", b"csrftoken=\xff; sessionid"),
        ("Cookie", long.as_bytes()),
        ("Authorization", b"Basic \xff\xfe"),
        ("Authorization", b"Basic 4pyTOuKckw==="),
        ("Origin", b"\xff\xfe"),
        ("Referer", b"https://\xff"),
        ("Host", b"\xff"),
        ("Content-Type", b"\xff"),
        ("X-Request-Id", b"\xff"),
        ("User-Agent", b"\xff\xfe"),
        ("Origin", b"null"),
    ] {
        for path in ["/api/me/", "/api/token/", "/api/nope/"] {
            let value = axum::http::HeaderValue::from_bytes(value).unwrap();
            let request = Request::get(path).header(name, value).body(Body::empty()).unwrap();
            let status = site.send(request).await.status.as_u16();
            assert!((400..500).contains(&status), "{path} {name}: {status}");
        }
    }
}

#[tokio::test]
async fn no_genuine_token_with_odd_claims_is_answered_with_a_server_error() {
    let odd = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(""),
        json!("x"),
        json!(" 1 "),
        json!("99999999999999999999999"),
        json!([]),
        json!(["1"]),
        json!({}),
        json!({"a": 1}),
        json!("x".repeat(5000)),
        json!(i64::MAX),
        json!(u64::MAX),
        json!("\u{0}"),
    ];
    for site in [Site::safe().await, Site::exact().await] {
        let (refresh, access) = site.login("alice").await;
        for token in [refresh, access] {
            let claims = claims_of(&token);
            for name in ["exp", "iat", "nbf", "jti", "user_id", "token_type", "sub", "aud", "iss", "refresh_exp"] {
                for value in &odd {
                    let mut forged = claims.clone();
                    forged[name] = value.clone();
                    present(&site, &sign(&site, &forged), name, value).await;
                }
                let mut forged = claims.clone();
                forged.as_object_mut().unwrap().remove(name);
                present(&site, &sign(&site, &forged), name, &json!("absent")).await;
            }
        }
    }
}

async fn present(site: &Site, token: &str, name: &str, value: &Value) {
    for (path, field) in [
        ("/api/token/verify/", "token"),
        ("/api/token/refresh/", "refresh"),
        ("/api/token/sliding/refresh/", "token"),
        ("/api/token/blacklist/", "refresh"),
    ] {
        let reply = site.post(path, &json!({field: token})).await;
        assert!(reply.status.as_u16() < 500, "{path} {name}={value}: {}", reply.text);
    }
    let status = site.me(token).await.status.as_u16();
    assert!(status < 500, "me {name}={value}: {status}");
}

fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn sign(site: &Site, claims: &Value) -> String {
    let claims = jeton_token::claims::Claims::parse(claims.to_string().as_bytes()).unwrap();
    site.jeton.auth().tokens().sign(&claims)
}

#[tokio::test]
async fn methods_that_are_not_there_are_405_after_authentication() {
    let site = Site::safe().await;
    for method in ["GET", "PUT", "PATCH", "DELETE", "TRACE", "FROB"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let reply = site.raw(method.clone(), "/api/token/", "application/json", b"{".to_vec()).await;
        assert_eq!(reply.json(), json!({"detail": format!("Method \"{method}\" not allowed.")}));
        assert_eq!(reply.header("Allow"), Some("POST, OPTIONS"));
        let reply = site.raw(method, "/api/logout/", "application/json", b"{".to_vec()).await;
        assert_eq!(reply.status.as_u16(), 401);
    }
}
