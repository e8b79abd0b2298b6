//! Declared claims and answer fields, the user claim, and who may have tokens.

use axum::http::StatusCode;
use jeton::settings::{
    ClaimsAtRefresh, Compatibility, ErrorTexts, UserAttribute, UserCondition, UserIdForm, UserRule, ValueSource,
};
use serde_json::{Value, json};

use crate::site::{PASSWORD, Site, settings};

fn user(attribute: UserAttribute) -> ValueSource {
    ValueSource::User(attribute)
}

fn claims(token: &str) -> Value {
    jeton::auth::read_unverified(token).unwrap().1
}

async fn join(site: &Site, username: &str, group: &str) {
    let store = site.jeton.auth().store();
    let user = store.find_user_by_username(username).await.unwrap().unwrap();
    assert!(store.add_user_to_group(user.id, group, site.jeton.auth().now()).await.unwrap());
}

#[tokio::test]
async fn groups_and_literals_go_into_tokens_and_answers() {
    let mut settings = settings(Compatibility::Exact);
    settings.simple_jwt.claims = vec![
        ("groups".to_owned(), user(UserAttribute::Groups)),
        ("tenant".to_owned(), ValueSource::Literal(json!({"id": 7}))),
    ];
    settings.simple_jwt.response.obtain = vec![("groups".to_owned(), user(UserAttribute::Groups))];
    settings.simple_jwt.response.refresh = vec![("username".to_owned(), user(UserAttribute::Username))];
    let site = Site::new(settings).await;
    join(&site, "alice", "writers").await;
    join(&site, "alice", "editors").await;
    let login = json!({"username": "alice", "password": PASSWORD});
    let reply = site.post("/api/token/", &login).await;
    assert_eq!(reply.json()["groups"], json!(["editors", "writers"]));
    for name in ["refresh", "access"] {
        let claims = claims(&reply.text_of(name));
        assert_eq!((&claims["groups"], &claims["tenant"]), (&json!(["editors", "writers"]), &json!({"id": 7})));
    }
    assert_eq!(site.refresh(&reply.text_of("refresh")).await.json()["username"], "alice");

    let reply = site.post("/api/token/sliding/", &login).await;
    assert_eq!(reply.json()["groups"], json!(["editors", "writers"]));
    let renewed = site.post("/api/token/sliding/refresh/", &json!({"token": reply.text_of("token")})).await;
    assert_eq!(renewed.json()["username"], "alice");
}

#[tokio::test]
async fn verify_tells_of_the_user_what_is_declared_and_nothing_of_nobody() {
    let mut settings = settings(Compatibility::Exact);
    settings.simple_jwt.response.verify = vec![
        ("username".to_owned(), user(UserAttribute::Username)),
        ("kind".to_owned(), ValueSource::Literal("jwt".into())),
    ];
    let site = Site::new(settings).await;
    let (_, access) = site.login("alice").await;
    let verify = async |token: &str| site.post("/api/token/verify/", &json!({"token": token})).await;
    assert_eq!(verify(&access).await.json(), json!({"username": "alice", "kind": "jwt"}));
    let alice = site.jeton.auth().store().find_user_by_username("alice").await.unwrap().unwrap();
    site.jeton.auth().delete_user(&alice).await.unwrap();
    let reply = verify(&access).await;
    assert_eq!((reply.status, reply.json()), (StatusCode::OK, json!({"kind": "jwt"})));
}

#[tokio::test]
async fn claims_are_copied_at_a_refresh_or_read_anew() {
    for (reload, expected) in [(ClaimsAtRefresh::Copy, json!([])), (ClaimsAtRefresh::Reload, json!(["editors"]))] {
        let mut settings = settings(Compatibility::Safe);
        settings.simple_jwt.claims = vec![("groups".to_owned(), user(UserAttribute::Groups))];
        settings.wire.claims_at_refresh = reload;
        let site = Site::new(settings).await;
        let (refresh, _) = site.login("alice").await;
        let sliding = site.post("/api/token/sliding/", &json!({"username": "alice", "password": PASSWORD})).await;
        join(&site, "alice", "editors").await;
        let reply = site.refresh(&refresh).await;
        for name in ["refresh", "access"] {
            assert_eq!(claims(&reply.text_of(name))["groups"], expected);
        }
        let renewed = site.post("/api/token/sliding/refresh/", &json!({"token": sliding.text_of("token")})).await;
        assert_eq!(claims(&renewed.text_of("token"))["groups"], expected);
    }
}

#[tokio::test]
async fn the_user_claim_is_a_number_for_older_clients_and_works_as_before() {
    let mut settings = settings(Compatibility::Exact);
    settings.wire.user_id = UserIdForm::Number;
    let site = Site::new(settings).await;
    let (refresh, access) = site.login("alice").await;
    assert_eq!(claims(&refresh)["user_id"], json!(1));
    assert_eq!(claims(&access)["user_id"], json!(1));
    assert_eq!(site.me(&access).await.json()["username"], "alice");
    let reply = site.refresh(&refresh).await;
    assert_eq!(claims(&reply.text_of("access"))["user_id"], json!(1));
}

#[tokio::test]
async fn the_texts_of_5_3_do_not_tell_expired_from_invalid() {
    let mut settings = settings(Compatibility::Exact);
    settings.wire.error_texts = ErrorTexts::V5_3;
    let site = Site::new(settings).await;
    let (refresh, access) = site.login("alice").await;
    site.pass(301);
    let message = "Token is invalid or expired";
    let reply = site.me(&access).await.json();
    assert_eq!(reply["detail"], "Given token not valid for any token type");
    assert_eq!(reply["messages"], json!([{"token_class": "AccessToken", "token_type": "access", "message": message}]));
    for token in [access.as_str(), "nonsense"] {
        let reply = site.refresh(token).await;
        assert_eq!(reply.json(), json!({"detail": message, "code": "token_not_valid"}));
    }
    site.rotate(&refresh).await;
    assert_eq!(site.refresh(&refresh).await.json()["detail"], "Token is blacklisted");
}

#[tokio::test]
async fn the_rule_is_asked_at_obtain_and_at_refresh() {
    let mut settings = settings(Compatibility::Safe);
    settings.simple_jwt.user_authentication_rule = UserRule(vec![UserCondition::Group("members".to_owned())]);
    let site = Site::new(settings).await;
    join(&site, "alice", "members").await;
    let refused = site.post("/api/token/", &json!({"username": "bob", "password": PASSWORD})).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.text_of("detail"), "No active account found with the given credentials");
    let (refresh, _) = site.login("alice").await;
    let next = site.rotate(&refresh).await;
    let store = site.jeton.auth().store();
    assert!(store.remove_user_from_group(1, "members", site.jeton.auth().now()).await.unwrap());
    let refused = site.refresh(&next).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.text_of("detail"), "No active account found for the given token.");
    join(&site, "alice", "members").await;
    assert_eq!(site.refresh(&next).await.status, StatusCode::OK, "the refusal burnt nothing");
}
