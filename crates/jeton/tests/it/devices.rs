//! Devices: where one is signed in, how to end it there, and how many sign-ins there may be.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jeton::settings::{AuthenticationClass, Compatibility, Endpoint, Settings, WhenFull};
use jeton::{OpenapiVersion, openapi_json};
use jeton_store::UserField;
use jeton_token::claims::Claims;
use jeton_token::policy::TokenType;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::site::{PASSWORD, Reply, Site, settings};

const SESSIONS: &str = "/api/sessions/";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn with_sessions(compatibility: Compatibility) -> Settings {
    let mut settings = settings(compatibility);
    settings.authentication.classes = vec![AuthenticationClass::Session, AuthenticationClass::Jwt];
    settings
}

fn capped(compatibility: Compatibility, max_per_user: u32, when_full: WhenFull) -> Settings {
    let mut settings = with_sessions(compatibility);
    settings.devices.max_per_user = Some(max_per_user);
    settings.devices.when_full = when_full;
    settings
}

async fn send(site: &Site, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.send(request.body(Body::empty()).unwrap()).await
}

async fn as_bearer(site: &Site, method: Method, path: &str, access: &str) -> Reply {
    send(site, method, path, &[("Authorization", &format!("Bearer {access}"))]).await
}

async fn list(site: &Site, access: &str) -> Vec<Value> {
    let reply = as_bearer(site, Method::GET, SESSIONS, access).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert!(reply.json().get("next").is_none());
    reply.json()["results"].as_array().unwrap().clone()
}

async fn end(site: &Site, access: &str, id: &str) -> Reply {
    as_bearer(site, Method::DELETE, &format!("{SESSIONS}{id}/"), access).await
}

async fn log_in(site: &Site, path: &str) -> Reply {
    site.post(path, &json!({"username": "alice", "password": PASSWORD})).await
}

fn id(entry: &Value) -> String {
    entry["id"].as_str().unwrap().to_owned()
}

fn is_ended(reply: &Reply) -> bool {
    reply.status == StatusCode::UNAUTHORIZED && reply.json()["code"] == "token_not_valid"
}

#[tokio::test]
async fn a_caller_sees_where_they_are_signed_in_and_which_of_it_they_use() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = Site::new(with_sessions(compatibility)).await;
        let body = json!({"username": "alice", "password": PASSWORD});
        let first = site.post_as("/api/token/", &body, &[("User-Agent", FIREFOX)]).await;
        let access = first.text_of("access");
        site.pass(5);
        Browser::signed_in(&site, "alice").await;
        site.pass(5);
        assert_eq!(log_in(&site, "/api/token/sliding/").await.status, StatusCode::OK);
        let (bobs, _) = site.login("bob").await;
        site.pass(5);
        site.rotate(&first.text_of("refresh")).await;
        let found = list(&site, &access).await;
        let facts = |name: &str| found.iter().map(|it| it[name].clone()).collect::<Vec<_>>();
        assert_eq!(facts("kind"), ["sliding", "session", "refresh"]);
        assert_eq!(facts("current"), [false, false, true]);
        let mut oldest = found[2].clone();
        oldest.as_object_mut().unwrap().remove("id").unwrap();
        let expires_at = oldest.as_object_mut().unwrap().remove("expires_at").unwrap();
        assert_eq!(expires_at, "2026-11-19T11:06:55Z");
        assert_eq!(
            oldest,
            json!({
                "kind": "refresh", "created_at": "2026-11-18T11:06:40Z", "last_used_at": "2026-11-18T11:06:55Z",
                "device": "Firefox, Linux", "user_agent": FIREFOX, "address": "", "current": true,
            })
        );
        assert_eq!((facts("device")[0].as_str(), facts("device")[1].as_str()), (Some("tab"), Some("")));
        // Nothing in it opens anything.
        let text = format!("{found:?}");
        assert!(!text.contains(&access) && !text.contains(&bobs));
    }
}

#[tokio::test]
async fn a_caller_ends_any_of_their_sign_ins_once_and_nobody_elses() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = Site::new(with_sessions(compatibility)).await;
        let (lost, _) = site.login("alice").await;
        let (_, access) = site.login("alice").await;
        let (bobs_refresh, bobs) = site.login("bob").await;
        let found = list(&site, &access).await;
        let other = id(found.iter().find(|it| it["current"] == false).unwrap());
        let current = id(found.iter().find(|it| it["current"] == true).unwrap());
        let stranger = end(&site, &bobs, &other).await;
        assert_eq!(stranger.status, StatusCode::NOT_FOUND);
        assert_eq!(stranger.json(), json!({"detail": "Not found."}));
        for unknown in ["00000000000000000000", &"0".repeat(32), "x", &other.to_uppercase(), &format!("{other}00")] {
            let reply = end(&site, &bobs, unknown).await;
            assert_eq!((reply.status, &reply.text), (StatusCode::NOT_FOUND, &stranger.text), "{unknown}");
        }
        assert_eq!(list(&site, &access).await.len(), 2, "nobody ended anything");
        let ended = end(&site, &access, &other).await;
        assert_eq!((ended.status, ended.text.as_str()), (StatusCode::NO_CONTENT, ""));
        assert!(is_ended(&site.refresh(&lost).await));
        assert_eq!(end(&site, &access, &other).await.text, stranger.text);
        assert_eq!(end(&site, &access, &current).await.status, StatusCode::NO_CONTENT);
        assert_eq!(site.refresh(&bobs_refresh).await.status, StatusCode::OK);
        assert_eq!(
            as_bearer(&site, Method::GET, SESSIONS, "x").await.status,
            as_bearer(&site, Method::GET, "/api/me/", "x").await.status
        );
    }
}

#[tokio::test]
async fn a_session_lists_itself_and_ends_by_the_rules_of_forgery() {
    let site = Site::new(with_sessions(Compatibility::Safe)).await;
    let mut browser = Browser::signed_in(&site, "alice").await;
    let (refresh, _) = site.login("alice").await;
    let found = browser.send(Method::GET, SESSIONS, &[], "").await.json()["results"].as_array().unwrap().clone();
    assert_eq!(found.len(), 2);
    let mine = found.iter().find(|it| it["current"] == true).unwrap();
    assert_eq!(mine["kind"], "session");
    let other = id(found.iter().find(|it| it["current"] == false).unwrap());
    let path = |id: &str| format!("{SESSIONS}{id}/");
    let forged = browser.send(Method::DELETE, &path(&other), &[], "").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(site.refresh(&refresh).await.status, StatusCode::OK);
    let token = browser.cookie("csrftoken");
    let headers = [("X-CSRFToken", token.as_str()), ("Origin", "http://site.example")];
    assert_eq!(browser.send(Method::DELETE, &path(&other), &headers, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(browser.send(Method::DELETE, &path(&id(mine)), &headers, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(browser.me().await.status, StatusCode::FORBIDDEN);
    assert!(!browser.cookies.contains_key("sessionid"), "a dead cookie is taken away");
}

#[tokio::test]
async fn every_configured_way_in_leads_to_the_list() {
    let mut settings = settings(Compatibility::Safe);
    settings.authentication.classes =
        vec![AuthenticationClass::Jwt, AuthenticationClass::Basic, AuthenticationClass::Token];
    let site = Site::new(settings).await;
    site.login("alice").await;
    let key = log_in(&site, "/api/token-auth/").await.text_of("token");
    let basic = STANDARD.encode(format!("alice:{PASSWORD}"));
    for header in [format!("Basic {basic}"), format!("Token {key}")] {
        let reply = send(&site, Method::GET, SESSIONS, &[("Authorization", &header)]).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        let results = reply.json()["results"].as_array().unwrap().clone();
        assert_eq!(results.iter().map(|it| &it["current"]).collect::<Vec<_>>(), [&json!(false)]);
    }
    assert_eq!(send(&site, Method::GET, SESSIONS, &[]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(send(&site, Method::DELETE, "/api/sessions/0/", &[]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_name_in_a_stateless_token_is_never_taken_for_a_number() {
    let mut settings = settings(Compatibility::Safe);
    settings.authentication.classes = vec![AuthenticationClass::JwtStateless];
    settings.simple_jwt.user_id_field = UserField::Username;
    let site = Site::new(settings).await;
    let (bobs, _) = site.login("bob").await;
    let bob = site.jeton.auth().store().find_user_by_username("bob").await.unwrap().unwrap().id;
    let two = jeton::auth::Account {
        username: bob.to_string(),
        password: jeton::auth::NewPassword::Plain(PASSWORD.into()),
        ..jeton::auth::Account::default()
    };
    site.jeton.auth().create_user(two).await.unwrap();
    let (_, access) = site.login(&bob.to_string()).await;
    let found = list(&site, &access).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["current"], true);
    assert_eq!(end(&site, &access, &bobs[..20]).await.status, StatusCode::NOT_FOUND);
    let nobody: Claims = [("user_id", "nobody")].into_iter().collect();
    let tokens = site.jeton.auth().tokens();
    let token = tokens.sign(&tokens.mint(TokenType::Access, Some("x"), &nobody, site.clock.now()));
    let reply = as_bearer(&site, Method::GET, SESSIONS, &token).await;
    assert_eq!((reply.status, reply.text_of("code").as_str()), (StatusCode::UNAUTHORIZED, "user_not_found"));
}

#[tokio::test]
async fn the_list_is_bounded_and_goes_on() {
    let mut settings = settings(Compatibility::Exact);
    settings.limits = jeton::settings::Limits::defaults(Compatibility::Exact);
    let site = Site::new(settings).await;
    let (_, access) = site.login("alice").await;
    let alice = site.jeton.auth().store().find_user_by_username("alice").await.unwrap().unwrap();
    let caller = jeton::auth::Caller { at: site.clock.now(), address: None, user_agent: None };
    for _ in 0..104 {
        site.jeton.auth().mint_pair(&alice, &caller).await.unwrap();
    }
    let first = as_bearer(&site, Method::GET, SESSIONS, &access).await.json();
    assert_eq!(first["results"].as_array().unwrap().len(), 100);
    let next = first["next"].as_str().unwrap();
    assert!(next.starts_with("/api/sessions/?cursor="), "{next}");
    let rest = as_bearer(&site, Method::GET, next, &access).await.json();
    assert_eq!((rest["results"].as_array().unwrap().len(), rest.get("next")), (5, None));
    let ids = |page: &Value| page["results"].as_array().unwrap().iter().map(id).collect::<Vec<_>>();
    assert!(ids(&rest).iter().all(|id| !ids(&first).contains(id)));
    for cursor in ["x", "1", "1-0", "-1-00000000000000000000000000000000", "9223372036854775808-0"] {
        let reply = as_bearer(&site, Method::GET, &format!("{SESSIONS}?cursor={cursor}"), &access).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{cursor}");
        assert_eq!(reply.json(), json!({"detail": "Invalid cursor."}));
    }
    assert_eq!(as_bearer(&site, Method::GET, &format!("{SESSIONS}?cursor="), &access).await.status, StatusCode::OK);
}

#[tokio::test]
async fn where_the_newest_wins_the_longest_unused_login_ends() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = Site::new(capped(compatibility, 2, WhenFull::NewestWins)).await;
        let (first, _) = site.login("alice").await;
        site.pass(1);
        let (second, _) = site.login("alice").await;
        site.pass(1);
        let first = site.rotate(&first).await;
        site.pass(1);
        let (third, access) = site.login("alice").await;
        assert!(is_ended(&site.refresh(&second).await), "it was not used for longest");
        assert_eq!(list(&site, &access).await.len(), 2);
        site.pass(1);
        let mut browser = Browser::signed_in(&site, "alice").await;
        assert!(is_ended(&site.refresh(&first).await), "sessions and tokens are counted together");
        site.pass(1);
        let third = site.rotate(&third).await;
        site.pass(1);
        assert_eq!(log_in(&site, "/api/token/sliding/").await.status, StatusCode::OK);
        assert_eq!(browser.me().await.status, StatusCode::FORBIDDEN, "and so are sliding tokens");
        assert_eq!(site.refresh(&third).await.status, StatusCode::OK);
        assert_eq!(site.login("bob").await.0.split('.').count(), 3);
        let events = site.jeton.auth().store().list_events(None, 1000).await.unwrap();
        let ends = events.iter().filter(|it| it.event.detail.as_deref() == Some("newest_wins"));
        assert_eq!(ends.count(), 3);
    }
}

#[tokio::test]
async fn where_it_is_refused_nothing_is_burnt() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let mut settings = capped(compatibility, 1, WhenFull::Refuse);
        settings.simple_jwt.update_last_login = true;
        let site = Site::new(settings).await;
        let (refresh, access) = site.login("alice").await;
        let user = async || site.jeton.auth().store().find_user_by_username("alice").await.unwrap().unwrap();
        let before = (user().await.last_login, site.jeton.auth().store().list_events(None, 1000).await.unwrap());
        site.pass(60);
        for path in ["/api/token/", "/api/token/sliding/", "/api/v1/login/", "/api/v1/users/login"] {
            let reply = log_in(&site, path).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
            let refusal = json!({
                "detail": "You are signed in on as many devices as you may be. Sign out on one of them first.",
                "code": "too_many_sessions",
            });
            assert_eq!(reply.json(), refusal, "{path}");
            assert_eq!(reply.headers.get("Set-Cookie"), None);
        }
        let wrong = site.post("/api/token/", &json!({"username": "alice", "password": "no"})).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "who does not know the password learns nothing");
        assert_eq!((user().await.last_login, site.jeton.auth().store().list_events(None, 1000).await.unwrap()), before);
        assert_eq!(site.refresh(&refresh).await.status, StatusCode::OK);
        let current = id(&list(&site, &access).await[0]);
        assert_eq!(end(&site, &access, &current).await.status, StatusCode::NO_CONTENT);
        site.login("alice").await;
    }
}

#[tokio::test]
async fn a_full_user_is_told_in_korean() {
    let mut settings = capped(Compatibility::Safe, 1, WhenFull::Refuse);
    settings.languages.negotiated = true;
    let site = Site::new(settings).await;
    site.login("alice").await;
    let body = json!({"username": "alice", "password": PASSWORD});
    let reply = site.post_as("/api/token/", &body, &[("Accept-Language", "ko")]).await;
    assert!(reply.text_of("detail").contains("기기"), "{}", reply.text);
}

#[tokio::test]
async fn a_login_in_the_same_browser_takes_its_own_place() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = Site::new(capped(compatibility, 1, WhenFull::Refuse)).await;
        let mut browser = Browser::signed_in(&site, "alice").await;
        assert_eq!(browser.login("alice").await.status, StatusCode::OK);
        assert_eq!(browser.me().await.text_of("username"), "alice");
        assert_eq!(Browser::new(&site).login("alice").await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_foreign_token_is_taken_in_however_many_there_are_and_counts_from_then_on() {
    let site = Site::new(capped(Compatibility::Safe, 1, WhenFull::Refuse)).await;
    site.login("alice").await;
    let alice = site.jeton.auth().store().find_user_by_username("alice").await.unwrap().unwrap();
    let claims: Claims = [("user_id", alice.id.to_string())].into_iter().collect();
    let tokens = site.jeton.auth().tokens();
    let foreign = tokens.sign(&tokens.mint(TokenType::Refresh, Some("from-django"), &claims, site.clock.now()));
    let reply = site.refresh(&foreign).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!(list(&site, &reply.text_of("access")).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_logins_at_once_no_more_stay_than_may() {
    for (when_full, let_in) in [(WhenFull::NewestWins, 32), (WhenFull::Refuse, 3)] {
        let mut settings = capped(Compatibility::Exact, 3, when_full);
        settings.passwords.queue = 64;
        let site = std::sync::Arc::new(Site::new(settings).await);
        let logins = (0..32).map(|_| {
            let site = std::sync::Arc::clone(&site);
            tokio::spawn(async move { log_in(&site, "/api/token/").await })
        });
        let mut good = Vec::new();
        for login in logins.collect::<Vec<_>>() {
            let reply = login.await.unwrap();
            match reply.status {
                StatusCode::OK => good.push(reply.text_of("refresh")),
                status => assert_eq!(status, StatusCode::FORBIDDEN, "{}", reply.text),
            }
        }
        assert_eq!(good.len(), let_in, "{when_full:?}");
        let mut alive = 0;
        for refresh in good {
            alive += usize::from(site.refresh(&refresh).await.status == StatusCode::OK);
        }
        assert_eq!(alive, 3, "{when_full:?}");
    }
}

#[tokio::test]
async fn the_list_is_a_page_and_has_django_s_manners() {
    let site = Site::new(with_sessions(Compatibility::Safe)).await;
    let mut browser = Browser::signed_in(&site, "alice").await;
    let page = browser.send(Method::GET, SESSIONS, &[("Accept", "text/html")], "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("<h1>Sessions</h1>") && page.text.contains("last_used_at"), "{}", page.text);
    let (_, access) = site.login("alice").await;
    let options = as_bearer(&site, Method::OPTIONS, SESSIONS, &access).await;
    assert_eq!(options.header("Allow"), Some("GET, HEAD, OPTIONS"));
    let one = as_bearer(&site, Method::GET, "/api/sessions/0/", &access).await;
    assert_eq!((one.status, one.header("Allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("DELETE, OPTIONS")));
    for (path, location) in [
        ("/api/sessions", Some("/api/sessions/")),
        ("/api/sessions/0", Some("/api/sessions/0/")),
        ("/api/sessions/0/1", None),
        ("/api/sessions/0//", None),
    ] {
        let reply = as_bearer(&site, Method::GET, path, &access).await;
        let status = if location.is_some() { StatusCode::MOVED_PERMANENTLY } else { StatusCode::NOT_FOUND };
        assert_eq!((reply.status, reply.header("Location")), (status, location), "{path}");
    }
    let mine = id(list(&site, &access).await.iter().find(|it| it["current"] == true).unwrap());
    let accept = [("Authorization", format!("Bearer {access}")), ("Accept", "text/html".to_owned())];
    let accept = accept.each_ref().map(|(name, value)| (*name, value.as_str()));
    let gone = send(&site, Method::DELETE, &format!("{SESSIONS}{mine}/"), &accept).await;
    assert_eq!((gone.status, gone.text.as_str()), (StatusCode::NO_CONTENT, ""), "no content has no page");
    let (_, access) = site.login("alice").await;
    for path in ["/api/sessions/%FF/", "/api/sessions/%00/", "/api/sessions/%2F/"] {
        assert_eq!(as_bearer(&site, Method::DELETE, path, &access).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_paths_can_be_moved_and_switched_off() {
    let mut settings = settings(Compatibility::Exact);
    settings.urls.paths.insert(Endpoint::Sessions, vec!["/user/devices".to_owned()]);
    let document = openapi_json(&settings, OpenapiVersion::V3_0);
    assert_eq!(document["paths"]["/user/devices/{id}"]["delete"]["operationId"], "user_devices_destroy");
    assert_eq!(document["paths"]["/user/devices/{id}"]["delete"]["parameters"][0]["name"], "id");
    let site = Site::new(settings.clone()).await;
    let (_, access) = site.login("alice").await;
    let reply = as_bearer(&site, Method::GET, "/user/devices", &access).await;
    let one = id(&reply.json()["results"][0]);
    let reply = as_bearer(&site, Method::DELETE, &format!("/user/devices/{one}"), &access).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(as_bearer(&site, Method::GET, SESSIONS, &access).await.status, StatusCode::NOT_FOUND);
    settings.urls.paths.insert(Endpoint::Sessions, Vec::new());
    assert!(!openapi_json(&settings, OpenapiVersion::V3_0)["paths"].to_string().contains("devices"));
    assert_eq!(
        Site::new(settings).await.send(Request::get("/user/devices").body(Body::empty()).unwrap()).await.status,
        404
    );
}
