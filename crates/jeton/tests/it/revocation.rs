//! What has ended is refused with its access tokens, on every node.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use jeton::Jeton;
use jeton::settings::Compatibility;
use serde_json::json;

use crate::site::{PASSWORD, Reply, Site, settings};

/// Two processes over one database, of which each follows what the other does.
struct Nodes {
    one: Site,
    other: Site,
    upkeep: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Nodes {
    fn drop(&mut self) {
        self.upkeep.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Nodes {
    async fn new(compatibility: Compatibility) -> Self {
        let one = Site::new(settings(compatibility)).await;
        let other = one.beside(settings(compatibility));
        let upkeep = [&one, &other].map(|site| {
            let jeton: Jeton = site.jeton.clone();
            tokio::spawn(async move { jeton.upkeep().await })
        });
        // Both have read the log once before anything happens.
        tokio::time::sleep(Duration::from_millis(300)).await;
        Self { one, other, upkeep: upkeep.into() }
    }

    /// Access and refresh token.
    async fn log_in(&self) -> (String, String) {
        let (refresh, access) = self.one.login("alice").await;
        (access, refresh)
    }
}

async fn log_out(site: &Site, access: &str, body: &serde_json::Value) -> Reply {
    site.post_as("/api/logout/", body, &[("Authorization", &format!("Bearer {access}"))]).await
}

async fn verify(site: &Site, token: &str) -> Reply {
    site.post("/api/token/verify/", &json!({"token": token})).await
}

async fn me(site: &Site, access: &str) -> StatusCode {
    site.me(access).await.status
}

/// How long it took until the other node refused the token too.
async fn refused_elsewhere(site: &Site, access: &str) -> Duration {
    let begun = Instant::now();
    while verify(site, access).await.status == StatusCode::OK || me(site, access).await == StatusCode::OK {
        assert!(begun.elapsed() < Duration::from_secs(5), "still taken");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_refuses_access_tokens_at_once_here_and_soon_elsewhere() {
    let nodes = Nodes::new(Compatibility::Safe).await;
    let ((access, refresh), (kept, _)) = (nodes.log_in().await, nodes.log_in().await);
    for site in [&nodes.one, &nodes.other] {
        assert_eq!((verify(site, &access).await.status, me(site, &access).await), (StatusCode::OK, StatusCode::OK));
    }
    let out = log_out(&nodes.one, &access, &json!({"refresh_token": refresh})).await;
    assert!(out.status.is_success(), "{}", out.text);
    let refused = verify(&nodes.one, &access).await;
    assert_eq!((refused.status, refused.text_of("code")), (StatusCode::UNAUTHORIZED, "token_not_valid".to_owned()));
    assert_eq!(me(&nodes.one, &access).await, StatusCode::UNAUTHORIZED);
    refused_elsewhere(&nodes.other, &access).await;
    for site in [&nodes.one, &nodes.other] {
        assert_eq!((verify(site, &kept).await.status, me(site, &kept).await), (StatusCode::OK, StatusCode::OK));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_everywhere_a_new_password_and_a_lock_refuse_all_access_tokens() {
    let nodes = Nodes::new(Compatibility::Safe).await;
    let auth = nodes.other.jeton.auth().clone();
    let (access, _) = nodes.log_in().await;
    let (another, _) = nodes.log_in().await;
    log_out(&nodes.other, &access, &json!({"all": true})).await;
    refused_elsewhere(&nodes.one, &access).await;
    refused_elsewhere(&nodes.one, &another).await;

    let (access, refresh) = nodes.log_in().await;
    let alice = auth.store().find_user_by_username("alice").await.unwrap().unwrap();
    auth.set_password(&alice, PASSWORD.into()).await.unwrap();
    refused_elsewhere(&nodes.one, &access).await;
    let reply = nodes.one.post("/api/token/refresh/", &json!({"refresh": refresh})).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);

    let (access, _) = nodes.log_in().await;
    auth.set_active(&alice, false).await.unwrap();
    refused_elsewhere(&nodes.one, &access).await;
    auth.set_active(&alice, true).await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(
        (verify(&nodes.one, &access).await.status, me(&nodes.one, &access).await),
        (StatusCode::OK, StatusCode::OK)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_follower_the_database_is_asked() {
    let site = Site::new(settings(Compatibility::Safe)).await;
    let (refresh, access) = site.login("alice").await;
    assert_eq!((verify(&site, &access).await.status, me(&site, &access).await), (StatusCode::OK, StatusCode::OK));
    log_out(&site, &access, &json!({"refresh_token": refresh})).await;
    assert_eq!(verify(&site, &access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(me(&site, &access).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_exact_access_tokens_live_on_as_in_the_reference() {
    let nodes = Nodes::new(Compatibility::Exact).await;
    let (access, refresh) = nodes.log_in().await;
    log_out(&nodes.one, &access, &json!({"refresh_token": refresh})).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    for site in [&nodes.one, &nodes.other] {
        assert_eq!((verify(site, &access).await.status, me(site, &access).await), (StatusCode::OK, StatusCode::OK));
    }
}

#[tokio::test]
async fn the_end_of_a_device_and_of_the_oldest_login_is_known_everywhere() {
    let nodes = Nodes::new(Compatibility::Safe).await;
    let (lost, _) = nodes.log_in().await;
    let (kept, _) = nodes.log_in().await;
    let bearer = format!("Bearer {kept}");
    let list = Request::get("/api/sessions/").header("Authorization", &bearer).body(Body::empty()).unwrap();
    let list = nodes.one.send(list).await.json();
    let other = list["results"].as_array().unwrap().iter().find(|it| it["current"] == false).unwrap().clone();
    let path = format!("/api/sessions/{}/", other["id"].as_str().unwrap());
    let end = Request::delete(path).header("Authorization", &bearer).body(Body::empty()).unwrap();
    assert_eq!(nodes.one.send(end).await.status, StatusCode::NO_CONTENT);
    assert_eq!(me(&nodes.one, &lost).await, StatusCode::UNAUTHORIZED);
    refused_elsewhere(&nodes.other, &lost).await;
    assert_eq!(me(&nodes.other, &kept).await, StatusCode::OK);

    let mut capped = settings(Compatibility::Safe);
    capped.devices.max_per_user = Some(1);
    nodes.one.beside(capped).login("alice").await;
    refused_elsewhere(&nodes.one, &kept).await;
    refused_elsewhere(&nodes.other, &kept).await;
}
