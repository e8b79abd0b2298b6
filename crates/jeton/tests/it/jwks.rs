//! Keys from a JWKS document: found by `kid`, asked for rarely, never lost to a failure.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton::extract::Verifier;
use jeton::jwks::JwkUrl;
use jeton::settings::{Compatibility, Settings};
use jeton_token::algorithm::Algorithm;
use jeton_token::key::{Key, generate};
use jeton_token::policy::Policy;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::site::{Site, settings};

/// A provider of keys, which counts how often it is asked.
struct Provider {
    url: String,
    asked: Arc<AtomicUsize>,
    document: Arc<Mutex<Value>>,
    task: tokio::task::JoinHandle<()>,
}

impl Provider {
    async fn serving(document: Value) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let document = Arc::new(Mutex::new(document));
        let (counter, served) = (Arc::clone(&asked), Arc::clone(&document));
        let answer = move || async move {
            counter.fetch_add(1, Ordering::SeqCst);
            served.lock().unwrap().to_string()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let router = Router::new().route("/jwks.json", get(answer));
        let task = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Self { url, asked, document, task }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn key(algorithm: Algorithm) -> Key {
    Key::from_private_pem(algorithm, generate(algorithm).unwrap().private_pem.expose()).unwrap()
}

fn settings_with(url: &str) -> Settings {
    let mut settings = settings(Compatibility::Safe);
    settings.simple_jwt.algorithm = Algorithm::EdDsa;
    settings.simple_jwt.signing_key = generate(Algorithm::EdDsa).unwrap().private_pem;
    settings.simple_jwt.jwk_url = Some(JwkUrl::parse(url).unwrap());
    settings
}

/// An access token for Alice that somebody else signed.
fn token(site: &Site, key: &Key, kid: &str) -> String {
    let header = json!({"alg": key.algorithm().as_str(), "typ": "JWT", "kid": kid});
    let now = site.clock.now().seconds();
    let claims = json!({"token_type": "access", "exp": now + 3600, "iat": now, "jti": "elsewhere", "user_id": "1"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

#[tokio::test]
async fn tokens_of_the_listed_keys_and_the_site_s_own_are_good() {
    let (theirs, stranger) = (key(Algorithm::EdDsa), key(Algorithm::EdDsa));
    let other_algorithm = key(Algorithm::Es256);
    let listed = [theirs.to_public_jwk(Some("k1")), other_algorithm.to_public_jwk(Some("k2"))];
    let provider = Provider::serving(json!({"keys": listed})).await;
    let site = Site::new(settings_with(&provider.url)).await;

    let (_, own) = site.login("alice").await;
    assert_eq!(site.me(&own).await.status, StatusCode::OK);
    assert_eq!(provider.asked(), 0, "a token without kid is the site's own");
    for _ in 0..20 {
        assert_eq!(site.me(&token(&site, &theirs, "k1")).await.status, StatusCode::OK);
    }
    assert_eq!(provider.asked(), 1);
    for (key, kid) in [(&stranger, "k1"), (&other_algorithm, "k2"), (&theirs, "k2")] {
        assert_eq!(site.me(&token(&site, key, kid)).await.status, StatusCode::UNAUTHORIZED, "{kid}");
    }
    provider.task.abort();
}

#[tokio::test]
async fn a_key_that_is_listed_no_more_takes_along_what_it_signed() {
    let (old, new) = (key(Algorithm::EdDsa), key(Algorithm::EdDsa));
    let provider = Provider::serving(json!({"keys": [old.to_public_jwk(Some("k1"))]})).await;
    let site = Site::new(settings_with(&provider.url)).await;
    let (signed_by_old, signed_by_new) = (token(&site, &old, "k1"), token(&site, &new, "k1"));
    for _ in 0..3 {
        assert_eq!(site.me(&signed_by_old).await.status, StatusCode::OK);
    }
    *provider.document.lock().unwrap() = json!({"keys": [new.to_public_jwk(Some("k1"))]});
    site.pass(301);
    for _ in 0..3 {
        assert_eq!(site.me(&signed_by_old).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(site.me(&signed_by_new).await.status, StatusCode::OK);
    }
    *provider.document.lock().unwrap() = json!({"keys": []});
    site.pass(301);
    assert_eq!(site.me(&signed_by_new).await.status, StatusCode::UNAUTHORIZED);
    provider.task.abort();
}

#[tokio::test]
async fn unknown_kids_do_not_flood_the_provider_and_a_failure_loses_no_key() {
    let theirs = key(Algorithm::EdDsa);
    let provider = Provider::serving(json!({"keys": [theirs.to_public_jwk(Some("k1"))]})).await;
    let site = Site::new(settings_with(&provider.url)).await;
    assert_eq!(site.me(&token(&site, &theirs, "k1")).await.status, StatusCode::OK);
    for number in 0..50 {
        let token = token(&site, &theirs, &format!("made-up-{number}"));
        assert_eq!(site.me(&token).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(provider.asked(), 1, "within the cool-down nobody asks again");
    site.pass(11);
    for number in 0..50 {
        site.me(&token(&site, &theirs, &format!("made-up-{number}"))).await;
    }
    assert_eq!(provider.asked(), 2);
    provider.task.abort();
    drop(provider.task.await);
    site.pass(400);
    assert_eq!(site.me(&token(&site, &theirs, "k1")).await.status, StatusCode::OK, "known keys stay");
}

#[tokio::test]
async fn a_token_cannot_lead_elsewhere() {
    let theirs = key(Algorithm::EdDsa);
    let trap = Provider::serving(json!({"keys": [theirs.to_public_jwk(Some("k1"))]})).await;
    let provider = Provider::serving(json!({"keys": []})).await;
    let site = Site::new(settings_with(&provider.url)).await;
    let header =
        json!({"alg": "EdDSA", "kid": "k1", "jku": trap.url, "x5u": trap.url, "jwk": theirs.to_public_jwk(None)});
    let good = token(&site, &theirs, "k1");
    let payload = good.split('.').nth(1).unwrap();
    let signed = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(header.to_string()));
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(theirs.sign(signed.as_bytes())));
    assert_eq!(site.me(&forged).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!((trap.asked(), provider.asked()), (0, 1));
}

#[tokio::test]
async fn an_app_without_users_takes_tokens_by_the_keys_at_a_url() {
    let (theirs, stranger) = (key(Algorithm::EdDsa), key(Algorithm::EdDsa));
    let provider = Provider::serving(json!({"keys": [theirs.to_public_jwk(Some("k1"))]})).await;
    let site = Site::safe().await;
    let url = JwkUrl::parse(&provider.url).unwrap();
    let verifier = Verifier::at(url, Algorithm::EdDsa, Policy::default()).with_clock(site.clock.clone());
    let verify = async |token: &str| verifier.verify(token.as_bytes()).await;
    assert_eq!(verify(&token(&site, &theirs, "k1")).await.unwrap().text("user_id"), Some("1"));
    for bad in [token(&site, &stranger, "k1"), token(&site, &theirs, "k2"), site.login("alice").await.1] {
        assert!(verify(&bad).await.is_err());
    }
    assert_eq!(provider.asked(), 1, "a token without kid asks nobody");
    provider.task.abort();
}
