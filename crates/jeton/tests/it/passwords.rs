//! Logging in: what it changes and what it does not tell.

use axum::http::StatusCode;
use jeton::settings::Compatibility;
use serde_json::json;

use crate::site::{PASSWORD, Site, settings};

#[tokio::test]
async fn a_login_brings_the_hash_up_to_date_and_only_a_good_one_does() {
    let site = Site::safe().await;
    let store = site.jeton.auth().store();
    let alice = store.find_user_by_username("alice").await.unwrap().unwrap();
    let hash = {
        let mut exact = settings(Compatibility::Exact);
        exact.passwords.pbkdf2_iterations = 2;
        let other = Site::new(exact).await;
        other.jeton.auth().store().find_user_by_username("alice").await.unwrap().unwrap().password
    };
    assert!(hash.expose().starts_with("pbkdf2_sha256$2$"));
    store.update_password(alice.id, &hash, None, site.jeton.auth().now()).await.unwrap();
    let wrong = site.post("/api/token/", &json!({"username": "alice", "password": "nope"})).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let stored = store.find_user(alice.id).await.unwrap().unwrap().password;
    assert_eq!(stored.expose(), hash.expose());
    site.login("alice").await;
    let stored = store.find_user(alice.id).await.unwrap().unwrap().password;
    assert!(stored.expose().starts_with("argon2$argon2id$v=19$m=8,t=1,p=1$"));
    site.login("alice").await;
}

#[tokio::test]
async fn every_failed_login_gets_the_same_answer() {
    let site = Site::safe().await;
    let auth = site.jeton.auth();
    let bob = auth.store().find_user_by_username("bob").await.unwrap().unwrap();
    auth.set_active(&bob, false).await.unwrap();
    let mut answers = Vec::new();
    for (username, password) in
        [("alice", "nope"), ("nobody", PASSWORD), ("bob", PASSWORD), ("bob", "nope"), ("alice", &"x".repeat(5000))]
    {
        let reply = site.post("/api/token/", &json!({"username": username, "password": password})).await;
        let mut headers: Vec<_> = reply.headers.keys().map(|name| name.as_str().to_owned()).collect();
        headers.sort();
        answers.push((reply.status, reply.text, headers));
    }
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn a_full_queue_is_503_and_says_when_to_come_back() {
    let mut settings = settings(Compatibility::Exact);
    settings.passwords.pbkdf2_iterations = 200_000;
    settings.passwords.threads = 1;
    settings.passwords.queue = 1;
    let site = std::sync::Arc::new(Site::new(settings).await);
    let mut tasks = Vec::new();
    for _ in 0..12 {
        let site = std::sync::Arc::clone(&site);
        tasks.push(tokio::spawn(async move {
            site.post("/api/token/", &json!({"username": "alice", "password": PASSWORD})).await
        }));
    }
    let (mut served, mut shed) = (0, 0);
    for task in tasks {
        let reply = task.await.unwrap();
        match reply.status.as_u16() {
            200 => served += 1,
            503 => {
                assert!(reply.header("Retry-After").unwrap().parse::<u64>().unwrap() >= 1);
                shed += 1;
            }
            other => panic!("{other} {}", reply.text),
        }
    }
    assert!(served >= 1 && shed >= 1, "{served} served, {shed} shed");
}

#[tokio::test]
async fn the_first_administrator_is_made_once_with_the_code() {
    let site = Site::safe().await;
    let code = site.jeton.auth().issue_setup_code().await.unwrap().expect("there is no administrator yet");
    let form =
        |code: &str, username: &str| format!("code={code}&username={username}&password=Adm1n-secret").into_bytes();
    let submit = async |body: Vec<u8>| {
        site.raw(axum::http::Method::POST, "/setup/", "application/x-www-form-urlencoded", body).await.status.as_u16()
    };
    assert_eq!(submit(form("wrong", "admin")).await, 403);
    assert_eq!(submit(b"code=x".to_vec()).await, 400);
    assert_eq!(submit(form(code.expose(), "alice")).await, 400, "the name is taken");
    assert_eq!(submit(form(code.expose(), "admin")).await, 201);
    assert_eq!(submit(form(code.expose(), "admin2")).await, 403);
    assert!(site.jeton.auth().issue_setup_code().await.unwrap().is_none());
    let reply = site.post("/api/token/", &json!({"username": "admin", "password": "Adm1n-secret"})).await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn every_form_that_django_stores_is_let_in_once_and_then_stored_anew() {
    for (compatibility, preferred) in [(Compatibility::Exact, "pbkdf2_sha256$1$"), (Compatibility::Safe, "argon2$")] {
        let site = Site::new(settings(compatibility)).await;
        let store = site.jeton.auth().store();
        let alice = store.find_user_by_username("alice").await.unwrap().unwrap();
        let log_in = async |password: &str| {
            let reply = site.post("/api/token/", &json!({"username": "alice", "password": password})).await;
            reply.status.as_u16()
        };
        for stored in [
            "pbkdf2_sha1$60$abcdefghijKLMNOPQRS019$W/iz6Z/MoFc/ieYzmh8Y0DgoIAc=",
            "bcrypt_sha256$$2b$04$abcdefghijKLMNOPQRS01ujotkNdMNGXA9nmdKKYKgzYjcEc1Awq6",
            "bcrypt$$2b$04$abcdefghijKLMNOPQRS01uO2zDT.pzD4tqBwILexevj0wLOJP05Wq",
            "scrypt$16$abcdefghijKLMNOPQRS019$8$1$xReAN6u7ENhuIyTcRCMxgqQEB4vi+OzIUNQRpUmkqTCNafSGK9kwdEb3XQ50yEkHr4fsOMVXqKOpLmshM2S/ow==",
        ] {
            store.update_password(alice.id, &stored.into(), None, site.jeton.auth().now()).await.unwrap();
            assert_eq!(log_in("correct hors").await, 401, "{stored}");
            assert_eq!(store.find_user(alice.id).await.unwrap().unwrap().password.expose(), stored);
            assert_eq!(log_in("correct horse").await, 200, "{stored}");
            let after = store.find_user(alice.id).await.unwrap().unwrap().password;
            assert!(after.expose().starts_with(preferred), "{stored}");
            assert_eq!(log_in("correct horse").await, 200, "{stored}");
            assert_eq!(store.find_user(alice.id).await.unwrap().unwrap().password.expose(), after.expose());
        }
    }
}
