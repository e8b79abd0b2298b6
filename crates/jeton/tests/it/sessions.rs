//! Sessions: how they begin, whom they let in, and what ends them.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use jeton::settings::{AuthenticationClass, Compatibility, Settings};
use serde_json::{Value, json};

use crate::browser::{Browser, LOGIN, set_cookies};
use crate::site::{PASSWORD, Reply, Site, settings};

fn with_sessions(compatibility: Compatibility) -> Settings {
    let mut settings = settings(compatibility);
    settings.authentication.classes = vec![AuthenticationClass::Session, AuthenticationClass::Jwt];
    settings
}

async fn site(compatibility: Compatibility) -> Site {
    Site::new(with_sessions(compatibility)).await
}

async fn both() -> [Site; 2] {
    [site(Compatibility::Exact).await, site(Compatibility::Safe).await]
}

fn is_deleted(reply: &Reply) -> bool {
    set_cookies(reply) == [("sessionid".to_owned(), "\"\"".to_owned())]
}

async fn user(site: &Site, username: &str) -> jeton_store::User {
    site.jeton.auth().store().find_user_by_username(username).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_login_is_known_by_its_cookie_and_a_logout_ends_it() {
    for site in both().await {
        let mut browser = Browser::new(&site);
        let login = browser.login("alice").await;
        assert_eq!((login.status, login.text.as_str()), (StatusCode::OK, ""));
        assert_eq!(login.header("Vary"), Some("Accept, Cookie"));
        assert_eq!(login.header("Content-Type"), None);
        let names: Vec<String> = set_cookies(&login).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["csrftoken", "sessionid"]);
        assert_eq!(browser.me().await.text_of("username"), "alice");
        assert!(user(&site, "alice").await.last_login.is_some());
        let stolen = browser.clone();
        let logout = browser.logout().await;
        assert_eq!((logout.status, logout.text.as_str()), (StatusCode::OK, ""));
        assert!(is_deleted(&logout));
        let mut thief = stolen;
        assert_eq!(thief.me().await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn cookies_have_django_s_attributes_and_in_safe_secure() {
    for (site, secure) in both().await.into_iter().zip(["", "; Secure"]) {
        let reply = Browser::new(&site).login("alice").await;
        let set: Vec<&str> =
            reply.headers.get_all(header::SET_COOKIE).iter().map(|set| set.to_str().unwrap()).collect();
        let attributes = |cookie: &str| cookie.split_once("; ").unwrap().1.to_owned();
        assert_eq!(
            attributes(set[0]),
            format!("expires=Wed, 17 Nov 2027 11:06:40 GMT; Max-Age=31449600; Path=/; SameSite=Lax{secure}")
        );
        assert_eq!(
            attributes(set[1]),
            format!("expires=Wed, 02 Dec 2026 11:06:40 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax{secure}")
        );
        let request = Request::post(LOGIN).header("Host", "localhost:8000").header("Content-Type", "application/json");
        let body = json!({"username": "alice", "password": PASSWORD}).to_string();
        let reply = site.send(request.body(Body::from(body)).unwrap()).await;
        assert!(reply.headers.get_all(header::SET_COOKIE).iter().all(|set| !set.to_str().unwrap().contains("Secure")));
    }
}

#[tokio::test]
async fn nobody_signs_in_under_a_key_that_somebody_else_chose() {
    for site in both().await {
        let mut victim = Browser::new(&site);
        let planted = "a".repeat(32);
        victim.cookies.insert("sessionid".to_owned(), planted.clone());
        assert_eq!(victim.login("alice").await.status, StatusCode::OK);
        assert_ne!(victim.cookie("sessionid"), planted);
        let mut attacker = Browser::new(&site);
        attacker.cookies.insert("sessionid".to_owned(), planted);
        let reply = attacker.me().await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN);
        assert!(is_deleted(&reply));
    }
}

#[tokio::test]
async fn nobody_signs_in_within_the_session_of_somebody_else() {
    for site in both().await {
        let mut browser = Browser::signed_in(&site, "alice").await;
        let mut alice = browser.clone();
        assert_eq!(browser.login("bob").await.status, StatusCode::OK);
        assert_eq!(browser.me().await.text_of("username"), "bob");
        assert_eq!(alice.me().await.status, StatusCode::FORBIDDEN, "her session has ended");
    }
}

#[tokio::test]
async fn the_same_user_goes_on_under_the_same_key_in_exact_and_gets_a_new_one_in_safe() {
    for (site, is_new) in both().await.into_iter().zip([false, true]) {
        let mut browser = Browser::signed_in(&site, "alice").await;
        let mut before = browser.clone();
        site.pass(60);
        assert_eq!(browser.login("alice").await.status, StatusCode::OK);
        assert_ne!(browser.cookie("csrftoken"), before.cookie("csrftoken"));
        assert_eq!(browser.cookie("sessionid") != before.cookie("sessionid"), is_new);
        assert_eq!(before.me().await.status == StatusCode::FORBIDDEN, is_new, "the one before has ended");
        assert_eq!(browser.me().await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_new_password_ends_sessions_at_once() {
    for site in both().await {
        let mut browser = Browser::signed_in(&site, "alice").await;
        let mut bob = Browser::signed_in(&site, "bob").await;
        site.jeton.auth().set_password(&user(&site, "alice").await, "An0ther-one".into()).await.unwrap();
        let reply = browser.me().await;
        assert_eq!((reply.status, is_deleted(&reply)), (StatusCode::FORBIDDEN, true));
        assert_eq!(bob.me().await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_locked_user_is_kept_out_while_locked_and_a_deleted_one_for_good() {
    for site in both().await {
        let mut browser = Browser::signed_in(&site, "alice").await;
        let (auth, alice) = (site.jeton.auth(), user(&site, "alice").await);
        auth.set_active(&alice, false).await.unwrap();
        let reply = browser.me().await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN);
        assert_eq!(set_cookies(&reply), [], "the cookie may become good again");
        auth.set_active(&alice, true).await.unwrap();
        assert_eq!(browser.me().await.status, StatusCode::OK);
        auth.delete_user(&alice).await.unwrap();
        assert_eq!(browser.me().await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_session_ends_two_weeks_after_its_login_however_much_it_is_used() {
    for site in both().await {
        let mut browser = Browser::signed_in(&site, "alice").await;
        site.pass(14 * 86_400 - 1);
        assert_eq!(browser.me().await.status, StatusCode::OK);
        site.pass(1);
        let reply = browser.me().await;
        assert_eq!((reply.status, is_deleted(&reply)), (StatusCode::FORBIDDEN, true));
    }
}

#[tokio::test]
async fn logout_with_all_ends_sessions_in_safe() {
    for (site, status) in both().await.into_iter().zip([StatusCode::OK, StatusCode::FORBIDDEN]) {
        let mut browser = Browser::signed_in(&site, "alice").await;
        let mut bob = Browser::signed_in(&site, "bob").await;
        let bearer = format!("Bearer {}", site.login("alice").await.1);
        let reply = site.post_as("/api/logout/", &json!({"all": true}), &[("Authorization", bearer.as_str())]).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        assert_eq!(browser.me().await.status, status);
        assert_eq!(bob.me().await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn logins_at_once_are_sessions_of_their_own() {
    for site in both().await {
        let logins = (0..16).map(|_| Browser::signed_in(&site, "alice"));
        let mut browsers = futures_join(logins).await;
        let keys: std::collections::BTreeSet<String> =
            browsers.iter().map(|browser| browser.cookie("sessionid")).collect();
        assert_eq!(keys.len(), 16);
        for browser in &mut browsers {
            assert_eq!(browser.me().await.status, StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn logins_at_once_in_one_session_leave_each_its_own_good_key() {
    for site in both().await {
        let browser = Browser::signed_in(&site, "alice").await;
        let logins = (0..8).map(|_| {
            let mut tab = browser.clone();
            async move {
                let reply = tab.login("alice").await;
                (reply.status, tab)
            }
        });
        for (status, mut tab) in futures_join(logins).await {
            // In safe a tab may come when the session has been replaced already: then it is a stranger's login.
            assert_eq!(status, StatusCode::OK);
            assert_eq!(tab.me().await.status, StatusCode::OK);
        }
    }
}

async fn futures_join<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in pending.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(output) = future.as_mut().poll(context) {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().map(Option::unwrap).collect()
}

#[tokio::test]
async fn a_login_takes_what_the_reference_takes_and_no_more() {
    for site in both().await {
        let login = async |body: Value| site.post(LOGIN, &body).await;
        let malformed = json!({"detail": "Malformed request."});
        for missing in [
            json!({}),
            json!({"username": "alice"}),
            json!({"username": null, "password": "x"}),
            json!({"username": "alice", "password": 0}),
            json!({"username": [], "password": false}),
        ] {
            let reply = login(missing.clone()).await;
            assert_eq!((reply.status, reply.json()), (StatusCode::BAD_REQUEST, malformed.clone()), "{missing}");
        }
        for wrong in [
            json!({"username": "alice", "password": 5}),
            json!({"username": ["alice"], "password": "x"}),
            json!({"username": "alice", "password": {"$ne": 1}}),
            json!({"username": "nobody", "password": PASSWORD}),
            json!({"username": "alice", "password": format!(" {PASSWORD}")}),
            json!({"username": "al\u{0}ice", "password": "x"}),
        ] {
            let reply = login(wrong.clone()).await;
            assert_eq!((reply.status, reply.text.as_str()), (StatusCode::FORBIDDEN, ""), "{wrong}");
            assert_eq!(set_cookies(&reply), []);
        }
        assert_eq!(login(json!([1])).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(login(json!(null)).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_login_without_a_session_class_looks_at_the_session_only_if_it_succeeds() {
    let site = Site::new(settings(Compatibility::Exact)).await;
    let wrong = site.post(LOGIN, &json!({"username": "alice", "password": "x"})).await;
    assert_eq!((wrong.status, wrong.header("Vary")), (StatusCode::FORBIDDEN, Some("Accept")));
    let good = site.post(LOGIN, &json!({"username": "alice", "password": PASSWORD})).await;
    assert_eq!((good.status, good.header("Vary")), (StatusCode::OK, Some("Accept, Cookie")));
    let bearer = format!("Bearer {}", site.login("alice").await.1);
    let reply = site.post_as("/api/v1/users/logout", &json!({}), &[("Authorization", bearer.as_str())]).await;
    assert_eq!((reply.status, reply.header("Vary")), (StatusCode::OK, Some("Accept, Cookie")));
    assert_eq!(set_cookies(&reply), []);
}

#[tokio::test]
async fn a_login_sets_each_cookie_once_whatever_came() {
    for site in both().await {
        let mut browser = Browser::new(&site);
        for session in ["short", &*"x".repeat(32)] {
            browser.cookies = [("csrftoken", "odd"), ("sessionid", session)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
            let reply = browser.login("alice").await;
            let names: Vec<String> = set_cookies(&reply).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["csrftoken", "sessionid"], "{session}");
            assert_eq!(browser.me().await.status, StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn cookies_that_cannot_be_are_put_right_on_any_path() {
    for site in both().await {
        for path in ["/api/token/", "/api/nope/", "/api/me/"] {
            let mut browser = Browser::new(&site);
            browser.cookies.insert("csrftoken".to_owned(), "odd".to_owned());
            browser.cookies.insert("sessionid".to_owned(), "odd".to_owned());
            let reply = browser.send(Method::GET, path, &[], "").await;
            assert_eq!(set_cookies(&reply).len(), 2, "{path}");
            assert_eq!(browser.cookie("csrftoken").len(), 32);
            assert!(!browser.cookies.contains_key("sessionid"));
            let vary: Vec<&str> =
                reply.headers.get_all("Vary").iter().flat_map(|v| v.to_str().unwrap().split(", ")).collect();
            assert_eq!(vary.iter().filter(|name| **name == "Cookie").count(), 1, "{path} {vary:?}");
            let again = browser.send(Method::GET, path, &[], "").await;
            assert_eq!(set_cookies(&again), [], "{path}");
        }
    }
}

#[tokio::test]
async fn the_body_of_a_login_and_the_names_of_cookies_are_settings() {
    let mut settings = with_sessions(Compatibility::Exact);
    settings.sessions.login_body = Some(json!({"message": "success"}));
    settings.sessions.cookie.name = "sid".to_owned();
    settings.csrf.cookie.name = "xsrf".to_owned();
    settings.csrf.header_name = "x-xsrf".to_owned();
    let site = Site::new(settings).await;
    let mut browser = Browser::new(&site);
    let reply = browser.login("alice").await;
    assert_eq!(reply.json(), json!({"message": "success"}));
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["sid", "xsrf"]);
    let token = browser.cookie("xsrf");
    let post = browser.send(Method::POST, "/api/me/", &[("X-XSRF", &token)], "").await;
    assert_eq!(post.status, StatusCode::OK, "{}", post.text);
    let refused = browser.send(Method::POST, "/api/me/", &[("X-XSRF", "x")], "").await;
    let reason = "CSRF Failed: CSRF token from the 'X-Xsrf' HTTP header has incorrect length.";
    assert_eq!(refused.json(), json!({"detail": reason}));
}

#[tokio::test]
async fn the_database_knows_no_key_of_a_session() {
    let site = site(Compatibility::Safe).await;
    let browser = Browser::signed_in(&site, "alice").await;
    site.jeton.auth().store().close().await.unwrap();
    let (key, token) = (browser.cookie("sessionid"), browser.cookie("csrftoken"));
    for (name, bytes) in site.files() {
        for secret in [&key, &token] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{name}");
        }
    }
}
