//! A site after its database was moved or restored: everybody is who they were.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use jeton::settings::{AuthenticationClass, Compatibility, Settings};
use jeton_store::moving::{self, Moving, Restore, Sessions};
use serde_json::json;

use crate::browser::Browser;
use crate::site::{PASSWORD, Reply, Site, settings};

/// What people hold.
struct Held {
    access: String,
    /// Rotated thrice: from the oldest to the newest.
    rotated: [String; 4],
    /// The same, for an old one to be presented.
    stolen: [String; 4],
    /// Rotated, but the answer got lost; and once more, of which a late replay is on record.
    lost: String,
    late: String,
    blacklisted: String,
    foreign: String,
    cookies: std::collections::BTreeMap<String, String>,
    key: String,
}

fn with_everything(compatibility: Compatibility) -> Settings {
    let mut settings = settings(compatibility);
    let classes = [AuthenticationClass::Session, AuthenticationClass::Token, AuthenticationClass::Jwt];
    settings.authentication.classes = classes.to_vec();
    settings
}

async fn chain(site: &Site) -> [String; 4] {
    let first = site.login("alice").await.0;
    let second = site.rotate(&first).await;
    let third = site.rotate(&second).await;
    let fourth = site.rotate(&third).await;
    [first, second, third, fourth]
}

async fn hand_out(site: &Site) -> Held {
    let (rotated, stolen) = (chain(site).await, chain(site).await);
    let blacklisted = site.login("bob").await.0;
    let listed = site.post("/api/token/blacklist/", &json!({"refresh": blacklisted})).await;
    assert_eq!(listed.status, StatusCode::OK);
    // What another process made does not matter here, but that it is listed singly does: an older generation.
    let foreign = site.login("bob").await.0;
    let (lost, late) = (site.login("alice").await.0, site.login("alice").await.0);
    site.rotate(&lost).await;
    site.rotate(&late).await;
    site.pass(3600);
    site.refresh(&late).await;
    site.pass(2);
    let access = site.login("alice").await.1;
    let cookies = Browser::signed_in(site, "alice").await.cookies;
    let key = site.post("/api/token-auth/", &json!({"username": "alice", "password": PASSWORD})).await.text_of("token");
    Held { access, rotated, stolen, lost, late, blacklisted, foreign, cookies, key }
}

/// What a site answers to all of it, in this order; access tokens aside, which are made anew.
async fn answers(site: &Site, held: &Held) -> Vec<(&'static str, StatusCode, String)> {
    let told = |what: &'static str, reply: Reply| {
        let text = match reply.json().get("refresh") {
            Some(refresh) => refresh.to_string(),
            None => reply.text.clone(),
        };
        (what, reply.status, text)
    };
    let mut told_all = vec![
        told("an access token", site.me(&held.access).await),
        told("a lost answer, late", site.refresh(&held.lost).await),
        told("the same in a second tab", site.refresh(&held.late).await),
        told("the newest generation", site.refresh(&held.rotated[3]).await),
        told("one that was used up", site.refresh(&held.stolen[0]).await),
        told("the newest after that", site.refresh(&held.stolen[3]).await),
        told("a blacklisted one", site.refresh(&held.blacklisted).await),
        told("one never used", site.refresh(&held.foreign).await),
    ];
    let mut browser = Browser { site, cookies: held.cookies.clone() };
    told_all.push(told("a session", browser.me().await));
    let request = Request::get("/api/me/").header("Authorization", format!("Token {}", held.key));
    told_all.push(told("an opaque token", site.send(request.body(Body::empty()).unwrap()).await));
    told_all
}

/// The databases that take the place of a site's: what they are called, and where they are.
async fn places(site: &Site) -> Vec<(&'static str, String)> {
    let file = site.beside_database("backup");
    let scratch = file.parent().unwrap();
    let (from, now) = (site.database_url(), site.clock.now());
    moving::backup(&from, &file, false, now, &mut |_| {}).await.unwrap();
    let keep = Restore { sessions: Sessions::Keep, force: false, despite_connections: true, dry_run: false, scratch };
    let restored = site.url_beside("restored.db");
    moving::restore(&file, &restored, keep, now, &mut |_| {}).await.unwrap();
    let mut places = vec![("restored", restored)];
    if let Ok(server) = std::env::var("JETON_TEST_POSTGRES") {
        let how = Moving { despite_connections: true, dry_run: false, scratch };
        let (moved, kept) = (schema(&server).await, schema(&server).await);
        moving::carry(&from, &moved, how, now, &mut |_| {}).await.unwrap();
        moving::restore(&file, &kept, keep, now, &mut |_| {}).await.unwrap();
        let back = site.url_beside("back.db");
        moving::carry(&moved, &back, how, now, &mut |_| {}).await.unwrap();
        places.extend([("moved to PostgreSQL", moved), ("restored on PostgreSQL", kept), ("moved back", back)]);
    }
    places
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_the_database_goes_everybody_is_who_they_were() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = Site::new(with_everything(compatibility)).await;
        let held = hand_out(&site).await;
        let settings = site.jeton.auth().settings().clone();
        site.jeton.auth().store().close().await.unwrap();
        let mut sites = Vec::new();
        for (name, url) in places(&site).await {
            sites.push((name, site.at(&url, settings.clone()).await));
        }
        // Where it was, last: until here nobody has written there.
        let expected = answers(&site.at(&site.database_url(), settings).await, &held).await;
        assert_eq!(expected[3].1, StatusCode::OK, "{expected:?}");
        assert_eq!((expected[4].1, expected[6].1), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
        assert_eq!((expected[8].1, expected[9].1), (StatusCode::OK, StatusCode::OK), "{expected:?}");
        if compatibility == Compatibility::Safe {
            let ok = [expected[1].1, expected[2].1, expected[5].1];
            assert_eq!(ok, [StatusCode::OK, StatusCode::OK, StatusCode::UNAUTHORIZED], "{expected:?}");
        }
        for (name, site) in sites {
            assert_eq!(answers(&site, &held).await, expected, "{name}, {compatibility:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restoration_that_ends_sessions_nobody_is_let_in_without_a_password() {
    let site = Site::new(with_everything(Compatibility::Safe)).await;
    let held = hand_out(&site).await;
    let settings = site.jeton.auth().settings().clone();
    let file = site.beside_database("backup");
    moving::backup(&site.database_url(), &file, false, site.clock.now(), &mut |_| {}).await.unwrap();
    // Refreshed and signed in after the backup: a ledger that is older than its tokens.
    let newer = site.rotate(&held.rotated[3]).await;
    let stranger = site.login("bob").await.0;
    site.jeton.auth().store().close().await.unwrap();
    let end = Restore {
        sessions: Sessions::End,
        force: true,
        despite_connections: true,
        dry_run: false,
        scratch: file.parent().unwrap(),
    };
    site.pass(5);
    moving::restore(&file, &site.database_url(), end, site.clock.now(), &mut |_| {}).await.unwrap();
    let restored = site.at(&site.database_url(), settings).await;
    // Whoever follows the change log refuses access tokens, too.
    let following = restored.jeton.clone();
    let following = tokio::spawn(async move { following.upkeep().await });
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    for (what, status, text) in answers(&restored, &held).await {
        let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
        assert!(refused.contains(&status), "{what}: {status} {text}");
    }
    following.abort();
    for token in [newer, stranger] {
        assert_eq!(restored.refresh(&token).await.status, StatusCode::UNAUTHORIZED);
    }
    restored.login("alice").await;
}

/// A schema of its own on the server of the tests. It goes with the server.
async fn schema(server: &str) -> String {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let number = MADE.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("moving_{}_{number}", std::process::id());
    client.batch_execute(&format!("CREATE SCHEMA {name}")).await.unwrap();
    let separator = if server.contains('?') { '&' } else { '?' };
    format!("{server}{separator}options=-c%20search_path%3D{name}")
}

static MADE: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
