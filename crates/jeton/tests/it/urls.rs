//! Paths: the site's own map, prefixes, slashes, redirects, and who may call from elsewhere.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use jeton::settings::{Compatibility, Endpoint, Slash};
use serde_json::json;

use crate::site::{PASSWORD, Site, settings};

#[tokio::test]
async fn the_map_of_the_blacklist_guide_is_a_setting() {
    let mut settings = settings(Compatibility::Exact);
    for (endpoint, path) in [
        (Endpoint::TokenObtain, "/user/login/"),
        (Endpoint::TokenRefresh, "/user/token/refresh/"),
        (Endpoint::Logout, "/user/logout/"),
    ] {
        settings.urls.paths.insert(endpoint, vec![path.to_owned()]);
    }
    let site = Site::new(settings).await;
    let pair = site.post("/user/login/", &json!({"username": "alice", "password": PASSWORD})).await;
    let (refresh, access) = (pair.text_of("refresh"), pair.text_of("access"));
    let refreshed = site.post("/user/token/refresh/", &json!({"refresh": refresh})).await;
    let refresh = refreshed.text_of("refresh");
    let bearer = format!("Bearer {access}");
    let goodbye =
        site.post_as("/user/logout/", &json!({"refresh_token": refresh}), &[("Authorization", bearer.as_str())]).await;
    assert_eq!(goodbye.json(), json!({"status": "OK, goodbye"}));
    assert_eq!(site.post("/api/token/", &json!({})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.post("/user/login", &json!({})).await.header("Location"), Some("/user/login/"));
}

#[tokio::test]
async fn slashes_may_be_optional() {
    let mut settings = settings(Compatibility::Exact);
    settings.urls.slash = Slash::Optional;
    let site = Site::new(settings).await;
    for path in ["/api/token/", "/api/token", "/api/v1/users/login/simpleJWT/", "/api/v1/users/login/simpleJWT"] {
        assert_eq!(site.post(path, &json!({})).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_page_and_a_missing_slash_is_a_redirect() {
    let site = Site::exact().await;
    for path in ["/api/nope/", "/api//token/", "/api/TOKEN/", "/", "//api/token", "/api/token//", "/%00", "/%FF/"] {
        let reply = site.post(path, &json!({})).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
        assert!(reply.text.contains("Not Found"));
        assert_eq!(reply.header("X-Frame-Options"), Some("DENY"));
    }
    let request = Request::get("/api/token/refresh?next=/x&a=%20").body(Body::empty()).unwrap();
    let reply = site.send(request).await;
    assert_eq!((reply.status, reply.text.as_str()), (StatusCode::MOVED_PERMANENTLY, ""));
    assert_eq!(reply.header("Location"), Some("/api/token/refresh/?next=/x&a=%20"));
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_a_sane_one_is_kept() {
    let site = Site::exact().await;
    let reply = site.post_as("/api/token/", &json!({}), &[("X-Request-Id", "proxy-42")]).await;
    assert_eq!(reply.header("X-Request-Id"), Some("proxy-42"));
    for odd in ["", "a b", &"x".repeat(65), "<script>"] {
        let reply = site.post_as("/api/nope/", &json!({}), &[("X-Request-Id", odd)]).await;
        let id = reply.header("X-Request-Id").unwrap();
        assert!(id.len() == 16 && id != odd, "{id}");
    }
}

#[tokio::test]
async fn only_allowed_origins_may_read_answers() {
    let mut settings = settings(Compatibility::Safe);
    settings.cors.allowed_origins = vec!["https://front.example".to_owned()];
    let site = Site::new(settings).await;
    let preflight = async |origin: &str| {
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri("/api/token/")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "content-type");
        site.send(request.body(Body::empty()).unwrap()).await
    };
    let reply = preflight("https://front.example").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header("Access-Control-Allow-Origin"), Some("https://front.example"));
    assert_eq!(preflight("https://evil.example").await.header("Access-Control-Allow-Origin"), None);
    let other = Site::safe().await;
    let reply = other.post_as("/api/token/", &json!({}), &[("Origin", "https://front.example")]).await;
    assert_eq!(reply.header("Access-Control-Allow-Origin"), None);
}

#[tokio::test]
async fn health_and_readiness_are_told_apart_from_the_api() {
    let site = Site::safe().await;
    for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let reply = site.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!((reply.status, reply.json()), (StatusCode::OK, json!({"status": status})));
    }
    site.jeton.auth().store().close().await.unwrap();
    let reply = site.send(Request::get("/readyz").body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    let reply = site.refresh("x").await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "no store is needed to refuse garbage");
    let reply = site.post("/api/token/", &json!({"username": "alice", "password": PASSWORD})).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{}", reply.text);
    assert!(reply.header("Retry-After").is_some());
}
