//! Sign-up: one name for one user, weak passwords, and what hostile strangers send.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use jeton::settings::{Compatibility, Settings};
use serde_json::{Value, json};

use crate::site::{Reply, Site, settings};

const GOOD: &str = "Str0ng-pass-77";

async fn sign_up(site: &Site, body: &Value) -> Reply {
    site.post("/api/v1/signup/", body).await
}

async fn site_with(change: impl FnOnce(&mut Settings)) -> Site {
    let mut settings = settings(Compatibility::Safe);
    change(&mut settings);
    Site::new(settings).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_thirty_two_who_want_one_name_at_once_one_gets_it() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = Arc::new(Site::new(settings(compatibility)).await);
        // All are one name in its normal form.
        let names = ["carol", "ｃａｒｏｌ", "ｃarol", "carｏl"];
        let all = (0..32).map(|at| {
            let (site, body) = (Arc::clone(&site), json!({"username": names[at % 4], "password": GOOD}));
            tokio::spawn(async move { sign_up(&site, &body).await })
        });
        let mut made = 0;
        for reply in all.collect::<Vec<_>>() {
            let reply = reply.await.unwrap();
            match reply.status {
                StatusCode::CREATED => made += 1,
                status => {
                    assert_eq!(status, StatusCode::BAD_REQUEST, "{}", reply.text);
                    assert_eq!(reply.json(), json!({"username": ["A user with that username already exists."]}));
                }
            }
        }
        assert_eq!(made, 1);
    }
}

#[tokio::test]
async fn who_signs_up_is_signed_in_and_has_no_rights() {
    let site = Site::safe().await;
    let body = json!({"username": "carol", "password": GOOD, "email": "Carol@EXAMPLE.com", "is_staff": true, "id": 1});
    let reply = sign_up(&site, &body).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
    let answer = reply.json();
    assert_eq!((&answer["code"], &answer["message"]), (&json!(201), &json!("signup success")));
    let me = site.me(answer["token"]["access"].as_str().unwrap()).await;
    assert_eq!(me.json()["username"], "carol");
    let user = site.jeton.auth().store().find_user_by_username("carol").await.unwrap().unwrap();
    assert_eq!(user.email, "Carol@example.com");
    assert!(!user.is_staff && !user.is_superuser && user.is_active && user.id != 1);
}

#[tokio::test]
async fn all_that_is_wrong_with_fields_is_told_before_the_password_is_judged() {
    let site = Site::exact().await;
    let name = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";
    let long = "Ensure this field has no more than 150 characters.";
    let nul = "Null characters are not allowed.";
    let surrogate = "Surrogate characters are not allowed: U+D800.";
    let email = "Enter a valid email address.";
    for (body, expected) in [
        (json!({"username": " ".repeat(3) + &"a b".repeat(51), "password": "1"}), json!({"username": [name, long]})),
        (json!({"username": "a\0", "password": "1", "email": "x"}), json!({"username": [name, nul], "email": [email]})),
        (
            json!({"username": "alice", "password": ""}),
            json!({"username": ["A user with that username already exists."], "password": ["This field may not be blank."]}),
        ),
        (json!({"username": "x", "password": GOOD, "email": null}), json!({"email": ["This field may not be null."]})),
        (json!({"username": "x", "password": GOOD, "email": ["a@b.co"]}), json!({"email": [email]})),
        (
            json!({"username": "x", "password": GOOD, "email": "x".repeat(255)}),
            json!({"email": ["Ensure this field has no more than 254 characters.", email]}),
        ),
        (
            json!({"username": "carol12345", "password": "12345"}),
            json!({"password": ["This password is too short. It must contain at least 8 characters.", "This password is too common.", "This password is entirely numeric."]}),
        ),
        (json!([]), json!({"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]})),
    ] {
        let reply = sign_up(&site, &body).await;
        assert_eq!((reply.status, reply.json()), (StatusCode::BAD_REQUEST, expected), "{body}");
    }
    let body = br#"{"username": "a\ud800", "password": "1"}"#.to_vec();
    let reply = site.raw(Method::POST, "/api/v1/signup/", "application/json", body).await;
    assert_eq!(reply.json(), json!({"username": [name, surrogate]}));
}

#[tokio::test]
async fn blanks_in_a_password_count_and_those_around_a_name_or_an_address_do_not() {
    let site = Site::exact().await;
    let body = json!({"username": " carol ", "password": "         ", "email": "  "});
    assert_eq!(sign_up(&site, &body).await.status, StatusCode::CREATED);
    let login = json!({"username": "carol", "password": "         "});
    let refused = site.post("/api/token/", &login).await;
    assert_eq!(refused.json(), json!({"password": ["This field may not be blank."]}), "there they are trimmed");
}

#[tokio::test]
async fn the_switch_the_required_address_and_the_validators_are_settings() {
    let body = json!({"username": "carol", "password": "12345"});
    let closed = site_with(|settings| settings.signup.enabled = false).await;
    let reply = sign_up(&closed, &body).await;
    assert_eq!((reply.status, reply.json()), (StatusCode::FORBIDDEN, json!({"detail": "Sign-up is closed."})));
    assert!(closed.jeton.auth().store().find_user_by_username("carol").await.unwrap().is_none());

    let strict = site_with(|settings| settings.signup.email_required = true).await;
    assert_eq!(sign_up(&strict, &body).await.json(), json!({"email": ["This field is required."]}));
    let blank = json!({"username": "carol", "password": GOOD, "email": " "});
    assert_eq!(sign_up(&strict, &blank).await.json(), json!({"email": ["This field may not be blank."]}));

    let lax = site_with(|settings| settings.passwords.validators.clear()).await;
    assert_eq!(sign_up(&lax, &body).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn in_safe_names_are_seen_and_found_in_every_spelling() {
    let site = Site::safe().await;
    for name in ["admin\u{3164}", "\u{fdfa}", "a\u{200b}lice", "al\u{ad}ice"] {
        assert_eq!(sign_up(&site, &json!({"username": name, "password": GOOD})).await.status, 400, "{name:?}");
    }
    assert_eq!(sign_up(&site, &json!({"username": "ｗｉｄｅ", "password": GOOD})).await.status, StatusCode::CREATED);
    for name in ["wide", "ｗｉｄｅ"] {
        let reply = site.post("/api/token/", &json!({"username": name, "password": GOOD})).await;
        assert_eq!(reply.status, StatusCode::OK, "{name}");
    }
    let exact = Site::exact().await;
    let reply = exact.post("/api/token/", &json!({"username": "ａｌｉｃｅ", "password": crate::site::PASSWORD})).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "Django does not normalise there");
}

#[tokio::test]
async fn where_case_does_not_count_a_name_is_taken_in_every_case() {
    let site = site_with(|settings| settings.usernames.fold_case = true).await;
    assert_eq!(sign_up(&site, &json!({"username": "Straße", "password": GOOD})).await.status, StatusCode::CREATED);
    for name in ["STRASSE", "strasse", "straße", "ＳＴＲＡＳＳＥ", "ALICE"] {
        let reply = sign_up(&site, &json!({"username": name, "password": GOOD})).await;
        assert_eq!(reply.json(), json!({"username": ["A user with that username already exists."]}), "{name}");
    }
    let reply = site.post("/api/token/", &json!({"username": "STRASSE", "password": GOOD})).await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn hostile_bodies_are_refused_and_make_nobody() {
    let site = Site::safe().await;
    let many = format!("{{{}\"username\": \"x\"}}", "\"a\": 1, ".repeat(2000));
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let long = json!({"username": "carol", "password": "x".repeat(5000)}).to_string();
    for body in
        ["{", "null", "\"x\"", "7", "{\"username\": {}}", "\u{feff}{}", "{\"username\": 1e400}", &many, &deep, &long]
    {
        let reply = site.raw(Method::POST, "/api/v1/signup/", "application/json", body.as_bytes().to_vec()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{:.60}: {:.200}", body, reply.text);
    }
    let reply = sign_up(&site, &serde_json::from_str(&long).unwrap()).await;
    assert_eq!(reply.json(), json!({"password": ["This password is too long. It may have at most 4096 bytes."]}));
    let reply = site.raw(Method::POST, "/api/v1/signup/", "text/plain", b"x".to_vec()).await;
    assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let users = site.jeton.auth().store().list_users(None, 10).await.unwrap();
    assert_eq!(users.len(), 2, "Alice and Bob");
}
