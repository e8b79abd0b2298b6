//! Auth tokens: `/api/token-auth/` and `Authorization: Token …`.

use std::collections::HashSet;

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode};
use jeton::auth::{Caller, Credentials};
use jeton::settings::{AuthenticationClass, Compatibility, Settings};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::site::{PASSWORD, Reply, Site, settings};

const PATH: &str = "/api/token-auth/";

fn with_tokens(compatibility: Compatibility) -> Settings {
    let mut settings = settings(compatibility);
    settings.authentication.classes = vec![AuthenticationClass::Token, AuthenticationClass::Jwt];
    settings
}

fn alice() -> Value {
    json!({"username": "alice", "password": PASSWORD})
}

impl Site {
    async fn key(&self, body: &Value) -> String {
        let reply = self.post(PATH, body).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        reply.text_of("token")
    }

    async fn me_with(&self, header: impl TryInto<HeaderValue, Error: std::fmt::Debug>) -> Reply {
        let header: HeaderValue = header.try_into().unwrap();
        self.send(Request::get("/api/me/").header("Authorization", header).body(Body::empty()).unwrap()).await
    }

    async fn opens(&self, key: &str) -> bool {
        self.me_with(format!("Token {key}")).await.status == StatusCode::OK
    }
}

#[tokio::test]
async fn first_logins_at_once_get_one_key() {
    let site = Site::new(with_tokens(Compatibility::Exact)).await;
    let mut logins = JoinSet::new();
    for _ in 0..16 {
        let auth = site.jeton.auth().clone();
        let credentials = Credentials { username: "alice".to_owned(), password: PASSWORD.into() };
        let caller = Caller { at: auth.now(), address: None, user_agent: None };
        logins.spawn(async move { auth.obtain_auth_token(credentials, "", &caller).await.unwrap() });
    }
    let keys: HashSet<String> = logins.join_all().await.into_iter().map(|key| key.expose().clone()).collect();
    assert_eq!(keys.len(), 1);
    assert!(site.opens(keys.iter().next().unwrap()).await);
}

#[tokio::test]
async fn in_safe_each_login_gets_a_key_of_its_own_up_to_a_number() {
    let mut settings = with_tokens(Compatibility::Safe);
    settings.auth_tokens.max_per_user = 3;
    let site = Site::new(settings).await;
    let mut keys = Vec::new();
    for name in ["phone", "laptop", "phone", ""] {
        keys.push(site.key(&json!({"username": "alice", "password": PASSWORD, "name": name})).await);
        site.pass(1);
    }
    let bobs = site.key(&json!({"username": "bob", "password": PASSWORD})).await;
    assert!(!site.opens(&keys[0]).await, "the oldest made room");
    for key in keys[1..].iter().chain([&bobs]) {
        assert!(site.opens(key).await);
    }
    let tokens = site.jeton.auth().store().list_auth_tokens(Some(1), None, 10).await.unwrap();
    let mut names: Vec<&str> = tokens.iter().map(|token| token.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["", "laptop", "phone"]);
}

#[tokio::test]
async fn a_name_is_a_text_of_a_hundred_letters_at_most() {
    let site = Site::new(with_tokens(Compatibility::Safe)).await;
    let named =
        async |name: Value| site.post(PATH, &json!({"username": "alice", "password": PASSWORD, "name": name})).await;
    assert_eq!(named("나".repeat(100).into()).await.status, StatusCode::OK);
    assert_eq!(named("  ".into()).await.status, StatusCode::OK);
    for (name, message) in [
        (json!("x".repeat(101)), "Ensure this field has no more than 100 characters."),
        (json!(null), "This field may not be null."),
        (json!([]), "Not a valid string."),
        (json!("a\u{0}"), "Null characters are not allowed."),
    ] {
        let reply = named(name).await;
        assert_eq!((reply.status, reply.json()), (StatusCode::BAD_REQUEST, json!({"name": [message]})));
    }
    let exact = Site::new(with_tokens(Compatibility::Exact)).await;
    let reply = exact.post(PATH, &json!({"username": "alice", "password": PASSWORD, "name": []})).await;
    assert_eq!(reply.status, StatusCode::OK, "the reference knows no names");
}

#[tokio::test]
async fn no_key_is_in_the_database() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = Site::new(with_tokens(compatibility)).await;
        let key = site.key(&alice()).await;
        assert!(site.opens(&key).await);
        let raw: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&key[2 * at..2 * at + 2], 16).unwrap()).collect();
        for bytes in site.database_files() {
            for secret in [key.as_bytes(), &raw, key.to_uppercase().as_bytes()] {
                assert!(!bytes.windows(secret.len()).any(|window| window == secret));
            }
        }
    }
}

#[tokio::test]
async fn another_secret_ends_all_keys_and_the_next_login_gets_a_new_one() {
    let site = Site::new(with_tokens(Compatibility::Exact)).await;
    let before = site.key(&alice()).await;
    let mut settings = with_tokens(Compatibility::Exact);
    settings.secret_key = "another secret of at least thirty-two bytes".into();
    let other = site.beside(settings);
    let reply = other.me_with(format!("Token {before}")).await;
    assert_eq!((reply.status, reply.json()), (StatusCode::UNAUTHORIZED, json!({"detail": "Invalid token."})));
    let after = other.key(&alice()).await;
    assert!(after != before && other.opens(&after).await);
    assert_eq!(other.key(&alice()).await, after);
    assert_eq!(other.jeton.auth().store().list_auth_tokens(None, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_ends_with_its_user_and_in_safe_with_the_password() {
    for (compatibility, survives) in [(Compatibility::Exact, true), (Compatibility::Safe, false)] {
        let site = Site::new(with_tokens(compatibility)).await;
        let auth = site.jeton.auth();
        let (hers, his) = (site.key(&alice()).await, site.key(&json!({"username": "bob", "password": PASSWORD})).await);
        let user = auth.store().find_user_by_username("alice").await.unwrap().unwrap();
        auth.set_password(&user, "an0ther-word".into()).await.unwrap();
        assert_eq!(site.opens(&hers).await, survives, "{compatibility:?}");
        assert!(site.opens(&his).await);

        let bob = auth.store().find_user_by_username("bob").await.unwrap().unwrap();
        auth.set_active(&bob, false).await.unwrap();
        let reply = site.me_with(format!("Token {his}")).await;
        let inactive = json!({"detail": "User inactive or deleted."});
        assert_eq!(
            (reply.status, reply.json(), reply.header("WWW-Authenticate")),
            (StatusCode::UNAUTHORIZED, inactive, Some("Token"))
        );
        auth.delete_user(&bob).await.unwrap();
        assert_eq!(site.me_with(format!("Token {his}")).await.json(), json!({"detail": "Invalid token."}));
    }
}

#[tokio::test]
async fn a_key_may_have_an_end_and_the_next_login_begins_anew() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let mut settings = with_tokens(compatibility);
        settings.auth_tokens.lifetime = Some(std::time::Duration::from_secs(60));
        let site = Site::new(settings).await;
        let first = site.key(&alice()).await;
        site.pass(59);
        assert!(site.opens(&first).await);
        site.pass(1);
        assert_eq!(site.me_with(format!("Token {first}")).await.json(), json!({"detail": "Invalid token."}));
        let second = site.key(&alice()).await;
        assert!(second != first && site.opens(&second).await && !site.opens(&first).await);
        assert_eq!(site.jeton.auth().store().list_auth_tokens(None, None, 10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_site_may_have_a_keyword_of_its_own() {
    let mut settings = with_tokens(Compatibility::Exact);
    settings.auth_tokens.keyword = "Api-Key".to_owned();
    let site = Site::new(settings).await;
    let key = site.key(&alice()).await;
    assert_eq!(site.me_with(format!("api-key {key}")).await.status, StatusCode::OK);
    let reply = site.me_with(format!("Token {key}")).await;
    assert_eq!((reply.status, reply.header("WWW-Authenticate")), (StatusCode::UNAUTHORIZED, Some("Api-Key")));
}

#[tokio::test]
async fn odd_headers_are_refused_in_words_and_never_with_an_error() {
    let site = Site::new(with_tokens(Compatibility::Exact)).await;
    let key = site.key(&alice()).await;
    let long = [b"Token ".as_slice(), &[b'a'; 60_000]].concat();
    for header in [
        b"Token \xff\xfe".as_slice(),
        b"Token \xc3\x28",
        b"Token ' OR 1=1 --",
        b"Token %00",
        "Token 🦀".as_bytes(),
        format!("Token {}", key.to_uppercase()).as_bytes(),
        format!("Token {key}=").as_bytes(),
        format!("Token {}", &key[..39]).as_bytes(),
        format!("Token  {key} {key}").as_bytes(),
        &long,
    ] {
        let reply = site.me_with(HeaderValue::from_bytes(header).unwrap()).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{}", String::from_utf8_lossy(header));
        assert!(reply.text_of("detail").starts_with("Invalid token"), "{}", reply.text);
    }
    let twice = Request::get("/api/me/").header("Authorization", format!("Token {key}"));
    let twice = twice.header("Authorization", format!("Token {key}")).body(Body::empty()).unwrap();
    assert_eq!(site.send(twice).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_bad_key_breaks_even_the_view_that_gives_keys() {
    let site = Site::new(with_tokens(Compatibility::Exact)).await;
    let reply = site.post_as(PATH, &alice(), &[("Authorization", "Token bad")]).await;
    assert_eq!((reply.status, reply.json()), (StatusCode::UNAUTHORIZED, json!({"detail": "Invalid token."})));
}

#[tokio::test]
async fn a_password_of_blanks_is_a_password_here() {
    let site = Site::new(with_tokens(Compatibility::Exact)).await;
    let reply = site.post(PATH, &json!({"username": "alice", "password": "   "})).await;
    let refused = json!({"non_field_errors": ["Unable to log in with provided credentials."]});
    assert_eq!((reply.status, reply.json()), (StatusCode::BAD_REQUEST, refused));
    let reply = site.post(PATH, &json!({"username": "  ", "password": ""})).await;
    let blank = json!(["This field may not be blank."]);
    assert_eq!(reply.json(), json!({"username": blank, "password": blank}));
}
