//! Basic: name and password with each request, beside other ways in.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jeton::settings::{AuthenticationClass, Compatibility};
use serde_json::json;

use crate::browser::Browser;
use crate::site::{PASSWORD, Reply, Site, settings};

async fn site(classes: &[AuthenticationClass]) -> Site {
    let mut settings = settings(Compatibility::Safe);
    settings.authentication.classes = classes.to_vec();
    Site::new(settings).await
}

async fn me(site: &Site, authorization: &str) -> Reply {
    let request = Request::post("/api/me/").header("Authorization", authorization);
    site.send(request.body(Body::empty()).unwrap()).await
}

fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))
}

#[tokio::test]
async fn a_name_and_its_password_let_in_and_nothing_else_does() {
    let site = site(&[AuthenticationClass::Basic]).await;
    let good = me(&site, &basic("alice", PASSWORD)).await;
    assert_eq!((good.status, good.text_of("username")), (StatusCode::OK, "alice".to_owned()));
    assert_eq!(good.header("Vary"), Some("Accept"), "no session was looked for");
    for (username, password) in [("alice", "x"), ("nobody", PASSWORD), ("alice", "Pa55-word! "), ("Alice", PASSWORD)] {
        let reply = me(&site, &basic(username, password)).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert_eq!(reply.json(), json!({"detail": "Invalid username/password."}));
        assert_eq!(reply.header("WWW-Authenticate"), Some("Basic realm=\"api\""));
    }
    let store = site.jeton.auth().store();
    let alice = store.find_user_by_username("alice").await.unwrap().unwrap();
    assert_eq!(alice.last_login, None, "nothing was opened");
    site.jeton.auth().set_active(&alice, false).await.unwrap();
    assert_eq!(me(&site, &basic("alice", PASSWORD)).await.text_of("detail"), "Invalid username/password.");
}

#[tokio::test]
async fn the_first_class_that_recognises_credentials_decides() {
    use AuthenticationClass::{Basic, Jwt, Session};
    let wrong = basic("alice", "x");
    let basic_first = site(&[Basic, Session, Jwt]).await;
    let mut browser = Browser::signed_in(&basic_first, "alice").await;
    let refused = browser.send(axum::http::Method::GET, "/api/me/", &[("Authorization", &wrong)], "").await;
    assert_eq!((refused.status, refused.header("Vary")), (StatusCode::UNAUTHORIZED, Some("Accept")));
    let session_first = site(&[Session, Basic]).await;
    let mut browser = Browser::signed_in(&session_first, "alice").await;
    let hidden = browser.send(axum::http::Method::GET, "/api/me/", &[("Authorization", &wrong)], "").await;
    assert_eq!(hidden.status, StatusCode::OK, "the session was there first");
    let bad = me(&session_first, &wrong).await;
    assert_eq!((bad.status, bad.header("WWW-Authenticate")), (StatusCode::FORBIDDEN, None));
}
