//! Signing keys that come one after the other: nobody is logged out, nothing is taken after its time.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton::auth::{KeyStart, KeyState, KeysError};
use jeton::extract::Verifier;
use jeton::settings::Compatibility;
use jeton_token::algorithm::Algorithm;
use jeton_token::jwk::JwkSet;
use jeton_token::key::{Key, generate};
use jeton_token::policy::Policy;
use serde_json::{Value, json};

use crate::site::{Reply, Site, settings};

const DAY: u64 = 86_400;

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn kid(token: &str) -> Option<String> {
    part(token, 0)["kid"].as_str().map(str::to_owned)
}

async fn rotate(site: &Site, algorithm: Algorithm) -> String {
    site.jeton.auth().rotate_keys(algorithm, KeyStart::WhenKnown).await.unwrap().kid.unwrap()
}

async fn states(site: &Site) -> Vec<KeyState> {
    site.jeton.auth().signing_keys().await.unwrap().into_iter().map(|key| key.state).collect()
}

async fn get(site: &Site, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::get("/.well-known/jwks.json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.send(request.body(Body::empty()).unwrap()).await
}

async fn published(site: &Site) -> Vec<String> {
    let keys = get(site, &[]).await.json()["keys"].as_array().unwrap().clone();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_site_moves_from_a_secret_to_key_pairs_and_nobody_is_logged_out() {
    use KeyState::{Active, Next, Retired, Retiring};
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
        let site = Site::safe().await;
        let (refresh, access) = site.login("alice").await;
        let (kept, _) = site.login("bob").await;
        assert_eq!((kid(&refresh), published(&site).await), (None, vec![]));

        let name = rotate(&site, algorithm).await;
        assert_eq!(states(&site).await, [Active, Next]);
        assert_eq!(published(&site).await, std::slice::from_ref(&name), "it is published before it signs");
        let (refresh_2, _) = site.login("alice").await;
        assert_eq!(kid(&refresh_2), None);
        site.pass(599);
        assert_eq!(kid(&site.login("alice").await.1), None);
        site.pass(1);
        assert_eq!(states(&site).await, [Retiring, Active]);

        let reply = site.refresh(&refresh).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        let (successor, fresh) = (reply.text_of("refresh"), reply.text_of("access"));
        assert_eq!(part(&successor, 0), json!({"alg": algorithm.as_str(), "typ": "JWT", "kid": name}));
        assert_eq!(kid(&fresh), Some(name.clone()));
        assert_eq!(site.me(&fresh).await.status, StatusCode::OK);
        assert_eq!(site.me(&access).await.status, StatusCode::UNAUTHORIZED, "it has expired");
        let again = site.refresh(&refresh).await.text_of("refresh");
        assert_eq!(part(&again, 1), part(&successor, 1), "the same successor, whoever signs it");

        let site = site.restarted();
        assert_eq!(site.me(&fresh).await.status, StatusCode::OK);
        site.pass(DAY - 660);
        let kept = site.rotate(&kept).await;
        assert_eq!(kid(&kept), Some(name.clone()));
        site.pass(660);
        site.jeton.auth().tidy_keys().await.unwrap();
        assert_eq!(states(&site).await, [Retired, Active]);
        let of_settings = site.jeton.auth().tokens();
        let now = site.clock.now();
        let forever = json!({"token_type": "access", "exp": now.seconds() + 60, "iat": 1, "jti": "a", "user_id": "1"});
        let forged = of_settings.sign(&forever.as_object().unwrap().clone().into_iter().collect());
        assert_eq!(site.me(&forged).await.status, StatusCode::UNAUTHORIZED, "the secret signs nothing any more");
        assert_eq!(site.refresh(&kept).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn an_access_token_of_the_key_before_is_good_until_it_expires() {
    let site = Site::safe().await;
    rotate(&site, Algorithm::EdDsa).await;
    site.pass(590);
    let (_, access) = site.login("alice").await;
    site.pass(200);
    assert_eq!((kid(&access), site.me(&access).await.status), (None, StatusCode::OK));
    let second = rotate(&site, Algorithm::Es256).await;
    let (_, of_first) = site.login("alice").await;
    site.pass(600);
    let (_, of_second) = site.login("alice").await;
    assert_eq!(kid(&of_second), Some(second));
    assert_eq!(site.me(&of_second).await.status, StatusCode::OK);
    assert_eq!(site.me(&of_first).await.status, StatusCode::UNAUTHORIZED, "five minutes are over");
    assert_eq!(published(&site).await.len(), 2);
}

#[tokio::test]
async fn a_node_that_was_not_told_learns_of_a_key_when_it_meets_its_token() {
    let site = Site::safe().await;
    let neighbour = site.beside(settings(Compatibility::Safe));
    let (_, before) = neighbour.login("bob").await;
    site.jeton.auth().rotate_keys(Algorithm::EdDsa, KeyStart::Now).await.unwrap();
    let (_, access) = site.login("alice").await;
    assert!(kid(&access).is_some());
    site.pass(6);
    assert_eq!(neighbour.me(&access).await.status, StatusCode::OK);
    assert_eq!(neighbour.me(&before).await.status, StatusCode::OK);
    assert!(kid(&neighbour.login("bob").await.1).is_some(), "and signs with it");
}

#[tokio::test]
async fn a_retired_key_takes_along_what_it_signed_even_from_memory() {
    let site = Site::safe().await;
    let first = rotate(&site, Algorithm::EdDsa).await;
    site.pass(600);
    let (refresh, _) = site.login("alice").await;
    let second = rotate(&site, Algorithm::EdDsa).await;
    site.pass(600);
    let (_, access) = site.login("bob").await;
    let auth = site.jeton.auth();
    for _ in 0..3 {
        assert_eq!(site.post("/api/token/verify/", &json!({"token": refresh})).await.status, StatusCode::OK);
    }
    assert!(matches!(auth.retire_key(&second, true).await, Err(KeysError::Signs(_))));
    assert!(matches!(auth.retire_key("nobody", true).await, Err(KeysError::Unknown(_))));
    let Err(KeysError::InUse { logins, .. }) = auth.retire_key(&first, false).await else { panic!("not in use") };
    assert_eq!((logins.logins, logins.users), (1, 1));
    assert_eq!(auth.retire_key(&first, true).await.unwrap(), logins);
    assert!(matches!(auth.retire_key(&first, true).await, Err(KeysError::Retired(_))));
    for _ in 0..3 {
        assert_eq!(site.post("/api/token/verify/", &json!({"token": refresh})).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(site.me(&access).await.status, StatusCode::OK);
    assert_eq!(published(&site).await, [second]);
}

#[tokio::test]
async fn a_key_that_waits_can_be_taken_back_and_only_one_waits() {
    let site = Site::safe().await;
    let waiting = rotate(&site, Algorithm::EdDsa).await;
    let auth = site.jeton.auth();
    assert!(matches!(auth.rotate_keys(Algorithm::Es256, KeyStart::Now).await, Err(KeysError::Waiting { .. })));
    auth.retire_key(&waiting, false).await.unwrap();
    site.pass(3600);
    assert_eq!(states(&site).await, [KeyState::Active, KeyState::Retired]);
    assert_eq!((kid(&site.login("alice").await.1), published(&site).await), (None, vec![]));
}

#[tokio::test]
async fn a_managed_secret_signs_and_is_never_published() {
    let site = Site::safe().await;
    let name = rotate(&site, Algorithm::Hs512).await;
    site.pass(600);
    let (refresh, access) = site.login("alice").await;
    assert_eq!(part(&access, 0), json!({"alg": "HS512", "typ": "JWT", "kid": name}));
    assert_eq!(site.me(&access).await.status, StatusCode::OK);
    assert_eq!(site.refresh(&refresh).await.status, StatusCode::OK);
    assert_eq!(get(&site, &[]).await.text, r#"{"keys":[]}"#);
}

#[tokio::test]
async fn a_kid_is_an_index_and_nothing_else() {
    let site = Site::safe().await;
    let name = rotate(&site, Algorithm::EdDsa).await;
    site.pass(600);
    let (_, access) = site.login("alice").await;
    let public = get(&site, &[]).await.json()["keys"][0].clone();
    let payload = access.split('.').nth(1).unwrap();
    let forge = |header: &Value, secret: &[u8]| {
        let signed = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(header.to_string()));
        let key = Key::from_secret(Algorithm::Hs256, secret).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())))
    };
    let secret = settings(Compatibility::Safe).secret_key;
    let secret = secret.expose().as_bytes();
    let x = URL_SAFE_NO_PAD.decode(public["x"].as_str().unwrap()).unwrap();
    for (header, key) in [
        (json!({"alg": "HS256", "typ": "JWT", "kid": name}), &x[..]),
        (json!({"alg": "HS256", "typ": "JWT", "kid": name}), public["x"].as_str().unwrap().as_bytes()),
        (json!({"alg": "HS256", "typ": "JWT", "kid": name}), secret),
        (json!({"alg": "HS256", "typ": "JWT", "kid": "settings"}), secret),
        (json!({"alg": "HS256", "kid": ""}), secret),
        (json!({"alg": "HS256", "kid": "../../etc/passwd\0' OR 1=1 --"}), secret),
        (json!({"alg": "HS256", "kid": "열쇠\u{1f511}"}), secret),
        (json!({"alg": "HS256", "kid": "a".repeat(4000)}), secret),
        (json!({"alg": "HS256", "kid": 5}), secret),
        (json!({"alg": "none", "kid": name}), secret),
    ] {
        let reply = site.me(&forge(&header, key)).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{header}: {}", reply.text);
    }
    assert_eq!(site.me(&forge(&json!({"alg": "HS256"}), secret)).await.status, StatusCode::OK, "its time is not over");
}

#[tokio::test]
async fn the_document_can_be_kept_and_asked_for_again() {
    let site = Site::safe().await;
    let empty = get(&site, &[]).await;
    assert_eq!((empty.status, empty.text.as_str()), (StatusCode::OK, r#"{"keys":[]}"#));
    rotate(&site, Algorithm::Es256).await;
    let full = get(&site, &[]).await;
    assert_eq!(full.header("Cache-Control"), Some("public, max-age=300"));
    assert_eq!(full.header("Content-Type"), Some("application/json"));
    assert_eq!(full.header("Access-Control-Allow-Origin"), Some("*"));
    let tag = full.header("ETag").unwrap();
    assert_ne!(Some(tag), empty.header("ETag"));
    for known in [tag, &format!("\"x\", W/{tag}"), "*"] {
        let same = get(&site, &[("If-None-Match", known)]).await;
        assert_eq!((same.status, same.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{known}");
        assert_eq!(same.header("ETag"), Some(tag));
    }
    assert_eq!(get(&site, &[("If-None-Match", "\"x\"")]).await.status, StatusCode::OK);
    let head = Request::head("/.well-known/jwks.json").body(Body::empty()).unwrap();
    let head = site.send(head).await;
    assert_eq!((head.status, head.text.as_str(), head.header("ETag")), (StatusCode::OK, "", Some(tag)));
    let set = JwkSet::parse(full.text.as_bytes()).unwrap();
    site.pass(600);
    let (_, access) = site.login("alice").await;
    let verifier = jeton_token::token::Verifier::new(&set, &Policy::default());
    let verifier = Verifier::of_set(verifier).with_clock(site.clock.clone());
    assert_eq!(verifier.verify(access.as_bytes()).await.unwrap().text("user_id"), Some("1"));
}

#[tokio::test]
async fn a_key_pair_of_the_settings_is_published_until_its_time_is_over() {
    let mut settings = settings(Compatibility::Safe);
    settings.simple_jwt.algorithm = Algorithm::Es256;
    settings.simple_jwt.signing_key = generate(Algorithm::Es256).unwrap().private_pem;
    let site = Site::new(settings).await;
    assert_eq!(published(&site).await.len(), 1);
    assert_eq!(part(&site.login("alice").await.1, 0), json!({"alg": "ES256", "typ": "JWT"}), "as the reference has it");
    let name = rotate(&site, Algorithm::EdDsa).await;
    assert_eq!(published(&site).await.len(), 2);
    site.pass(600);
    site.jeton.auth().retire_key("settings", true).await.unwrap();
    assert_eq!(published(&site).await, [name]);
}

#[tokio::test]
async fn private_keys_are_sealed_on_the_disk_and_gone_when_they_sign_no_more() {
    let site = Site::safe().await;
    rotate(&site, Algorithm::Es256).await;
    site.pass(600);
    rotate(&site, Algorithm::EdDsa).await;
    let sealed = async || -> Vec<usize> {
        let rows = site.jeton.auth().store().list_signing_keys().await.unwrap();
        rows.iter().map(|row| row.sealed.as_ref().map_or(0, Vec::len)).collect()
    };
    assert!(sealed().await[1] > 100);
    site.pass(1200);
    site.jeton.auth().tidy_keys().await.unwrap();
    assert_eq!(sealed().await[1], 28, "a nonce and a tag");
    for file in site.database_files() {
        let has = |needle: &[u8]| file.windows(needle.len()).any(|window| window == needle);
        assert!(!has(b"PRIVATE KEY"), "a private key in the clear");
    }
    site.pass(2 * DAY);
    site.jeton.auth().tidy_keys().await.unwrap();
    assert_eq!(sealed().await[1], 0);
    assert_eq!(states(&site).await, [KeyState::Retired, KeyState::Retired, KeyState::Active]);
}

#[tokio::test]
async fn with_another_secret_nothing_is_signed_until_there_is_a_new_key() {
    let site = Site::safe().await;
    rotate(&site, Algorithm::EdDsa).await;
    site.pass(600);
    let mut other = settings(Compatibility::Safe);
    other.secret_key = "another secret of more than thirty-two bytes".into();
    let site = site.beside(other);
    assert!(site.jeton.auth().check_keys().await.is_err());
    let reply = site.post("/api/token/", &json!({"username": "alice", "password": crate::site::PASSWORD})).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{}", reply.text);
    site.jeton.auth().rotate_keys(Algorithm::EdDsa, KeyStart::Now).await.unwrap();
    let (_, access) = site.login("alice").await;
    assert_eq!(site.me(&access).await.status, StatusCode::OK);
}

#[tokio::test]
async fn longer_lifetimes_keep_the_key_for_longer() {
    let site = Site::safe().await;
    let mut longer = settings(Compatibility::Safe);
    longer.simple_jwt.refresh_token_lifetime = std::time::Duration::from_secs(9 * DAY);
    rotate(&site, Algorithm::EdDsa).await;
    site.pass(600);
    let site = site.beside(longer);
    site.jeton.auth().tidy_keys().await.unwrap();
    rotate(&site, Algorithm::EdDsa).await;
    site.pass(590);
    let (refresh, _) = site.login("alice").await;
    site.pass(8 * DAY);
    let site = site.beside(settings(Compatibility::Safe));
    assert_eq!(site.refresh(&refresh).await.status, StatusCode::OK, "whatever the settings are by then");
    site.pass(DAY + 10);
    assert_eq!(states(&site).await, [KeyState::Retired, KeyState::Retired, KeyState::Active]);
}
