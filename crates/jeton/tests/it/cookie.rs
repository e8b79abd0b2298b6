//! The cookie flow: what the cookie is like, that it rotates and converges, and when it goes.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jeton::settings::{Compatibility, SameSite, SecureCookie};
use serde_json::json;

use crate::site::{PASSWORD, Reply, Site, settings};

/// A cookie of an answer: its value, and its attributes in order, without the date.
fn set(reply: &Reply, name: &str) -> Option<(String, Vec<String>)> {
    let all = reply.headers.get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let mut own = all.filter_map(|cookie| cookie.strip_prefix(&format!("{name}=")));
    let (value, attributes) = own.next()?.split_once("; ")?;
    assert!(own.next().is_none(), "{name} is set twice");
    let attributes = attributes.split("; ").filter(|attribute| !attribute.starts_with("expires="));
    Some((value.to_owned(), attributes.map(str::to_owned).collect()))
}

fn attributes(reply: &Reply, name: &str) -> String {
    set(reply, name).map(|(_, attributes)| attributes.join("; ")).unwrap_or_default()
}

async fn log_in(site: &Site, host: &str) -> Reply {
    let reply =
        site.post_as("/api/v1/login/", &json!({"username": "alice", "password": PASSWORD}), &[("Host", host)]).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply
}

/// The refresh token in the cookie.
async fn token(site: &Site) -> String {
    set(&log_in(site, "app.example").await, "refresh").unwrap().0
}

async fn send(site: &Site, path: &str, cookie: &str) -> Reply {
    let request = Request::post(path).header("Host", "app.example").header("Cookie", cookie);
    site.send(request.header("User-Agent", "tab").body(Body::empty()).unwrap()).await
}

async fn refresh(site: &Site, token: &str) -> Reply {
    send(site, "/api/v1/token/refresh/", &format!("refresh={token}")).await
}

#[tokio::test]
async fn in_exact_the_cookie_is_django_s() {
    let site = Site::exact().await;
    let reply = log_in(&site, "app.example").await;
    assert_eq!(attributes(&reply, "refresh"), "HttpOnly; Max-Age=86400; Path=/; SameSite=Lax");
    let reply = send(&site, "/api/v1/logout/", &format!("refresh={}", set(&reply, "refresh").unwrap().0)).await;
    assert_eq!(reply.json(), json!({"code": 200, "message": "logout success"}));
    assert_eq!(attributes(&reply, "refresh"), "Max-Age=0; Path=/; SameSite=Lax");
}

#[tokio::test]
async fn in_safe_it_goes_by_tls_to_the_cookie_endpoints_alone_and_is_deleted_as_it_was_set() {
    let site = Site::safe().await;
    let reply = log_in(&site, "app.example").await;
    assert_eq!(attributes(&reply, "refresh"), "HttpOnly; Max-Age=86400; Path=/api/v1/; SameSite=Lax; Secure");
    let reply = send(&site, "/api/v1/logout/", &format!("refresh={}", set(&reply, "refresh").unwrap().0)).await;
    let (value, _) = set(&reply, "refresh").unwrap();
    assert_eq!(value, "\"\"");
    assert_eq!(attributes(&reply, "refresh"), "HttpOnly; Max-Age=0; Path=/api/v1/; SameSite=Lax; Secure");
}

#[tokio::test]
async fn on_localhost_it_works_without_tls() {
    let site = Site::safe().await;
    for host in ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"] {
        assert!(!attributes(&log_in(&site, host).await, "refresh").contains("Secure"), "{host}");
    }
    for host in ["localhost.example", "10.0.0.1", "127.0.0.1.example", ""] {
        assert!(attributes(&log_in(&site, host).await, "refresh").contains("Secure"), "{host}");
    }
}

#[tokio::test]
async fn every_attribute_is_a_setting() {
    let mut settings = settings(Compatibility::Exact);
    settings.cookies.refresh.name = "__Secure-r".to_owned();
    settings.cookies.refresh.path = "/auth/".to_owned();
    settings.cookies.refresh.domain = Some("example.com".to_owned());
    settings.cookies.refresh.same_site = SameSite::Strict;
    settings.cookies.refresh.secure = SecureCookie::Always;
    let site = Site::new(settings).await;
    let reply = log_in(&site, "localhost").await;
    assert_eq!(
        attributes(&reply, "__Secure-r"),
        "Domain=example.com; HttpOnly; Max-Age=86400; Path=/auth/; SameSite=Strict; Secure"
    );
    let token = set(&reply, "__Secure-r").unwrap().0;
    let reply = send(&site, "/api/v1/logout/", &format!("__Secure-r={token}")).await;
    let deleted = "Domain=example.com; Max-Age=0; Path=/auth/; SameSite=Strict; Secure";
    assert_eq!(attributes(&reply, "__Secure-r"), deleted, "a prefix keeps its promise to the end");
}

#[tokio::test]
async fn a_rotation_sets_the_successor_in_both_stances() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = Site::new(settings(compatibility)).await;
        let mut current = token(&site).await;
        for _ in 0..3 {
            let reply = refresh(&site, &current).await;
            assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
            assert_eq!(reply.json()["message"], "new accessToken");
            assert!(reply.json()["token"].get("refresh").is_none(), "the body has the access token alone");
            let (next, _) = set(&reply, "refresh").unwrap();
            assert_ne!(next, current);
            current = next;
        }
    }
}

#[tokio::test]
async fn tabs_that_refresh_at_once_get_one_cookie() {
    let site = Site::safe().await;
    let current = token(&site).await;
    let (one, other) = tokio::join!(refresh(&site, &current), refresh(&site, &current));
    assert_eq!(set(&one, "refresh").unwrap().0, set(&other, "refresh").unwrap().0);
}

#[tokio::test]
async fn without_rotation_a_refresh_sets_nothing() {
    let mut settings = settings(Compatibility::Safe);
    settings.simple_jwt.rotate_refresh_tokens = false;
    settings.simple_jwt.blacklist_after_rotation = false;
    let site = Site::new(settings).await;
    let reply = refresh(&site, &token(&site).await).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(set(&reply, "refresh"), None);
}

#[tokio::test]
async fn a_refusal_leaves_the_cookie_alone() {
    let site = Site::safe().await;
    for path in ["/api/v1/token/refresh/", "/api/v1/logout/"] {
        for (cookie, status) in [("refresh=nonsense", 401), ("refresh=", 400), ("refresh=\" \"", 400), ("other=x", 400)]
        {
            let reply = send(&site, path, cookie).await;
            assert_eq!(reply.status, status, "{path} {cookie}");
            assert_eq!(set(&reply, "refresh"), None, "{path} {cookie}");
        }
    }
}

#[tokio::test]
async fn hostile_cookies_are_401_or_400_and_never_more() {
    let site = Site::safe().await;
    let long = format!("refresh={}", "a".repeat(9000));
    for cookie in [
        "refresh=..",
        "refresh=a.b.c",
        "refresh=\"\\377\\377\"",
        "refresh==",
        ";;;=;refresh",
        "refresh=%00",
        "=refresh",
        "refresh=\u{7f}",
        "refresh=eyJhbGciOiJub25lIn0.e30.",
        &long,
    ] {
        for path in ["/api/v1/token/refresh/", "/api/v1/logout/"] {
            let Ok(request) = Request::post(path).header("Cookie", cookie).body(Body::empty()) else { continue };
            let status = site.send(request).await.status;
            assert!([400, 401].contains(&status.as_u16()), "{cookie}: {status}");
        }
    }
    let request = Request::post("/api/v1/token/refresh/").header("Cookie", b"refresh=\xff\xfe".as_slice());
    assert_eq!(site.send(request.body(Body::empty()).unwrap()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn in_safe_pages_of_other_sites_cannot_use_the_endpoints_and_are_told_the_setting() {
    let safe = Site::safe().await;
    let mut trusting = settings(Compatibility::Safe);
    trusting.csrf.trusted_origins = vec!["https://shop.example".to_owned()];
    trusting.cors.allowed_origins = vec!["https://spa.example".to_owned()];
    let trusting = Site::new(trusting).await;
    let exact = Site::exact().await;
    let foreign: [&[(&str, &str)]; 5] = [
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[("Origin", "http://app.example.evil.example")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
    ];
    let own: [&[(&str, &str)]; 4] = [
        &[],
        &[("Origin", "http://app.example")],
        &[("Origin", "https://app.example"), ("Sec-Fetch-Site", "same-origin")],
        &[("Sec-Fetch-Site", "same-origin")],
    ];
    for path in ["/api/v1/login/", "/api/v1/signup/", "/api/v1/token/refresh/", "/api/v1/logout/"] {
        let ask = async |site: &Site, headers: &[(&str, &str)]| {
            let headers: Vec<_> = [("Host", "app.example")].iter().chain(headers).copied().collect();
            site.post_as(path, &json!({}), &headers).await
        };
        for headers in foreign {
            let reply = ask(&safe, headers).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(reply.text_of("detail").contains("csrf.trusted_origins"), "{}", reply.text);
            assert_eq!(ask(&exact, headers).await.status, StatusCode::BAD_REQUEST, "{path} {headers:?}");
        }
        for headers in own {
            assert_eq!(ask(&safe, headers).await.status, StatusCode::BAD_REQUEST, "{path} {headers:?}");
        }
        for origin in ["https://shop.example", "https://spa.example"] {
            let headers = [("Origin", origin), ("Sec-Fetch-Site", "cross-site")];
            assert_eq!(ask(&trusting, &headers).await.status, StatusCode::BAD_REQUEST, "{path} {origin}");
        }
    }
}

#[tokio::test]
async fn an_access_cookie_opens_doors_but_not_for_other_sites() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let mut settings = settings(compatibility);
        settings.cookies.access_name = Some("access".to_owned());
        let site = Site::new(settings).await;
        let reply = log_in(&site, "app.example").await;
        let (access, attributes) = set(&reply, "access").unwrap();
        assert_eq!(attributes[..3], ["HttpOnly", "Max-Age=300", "Path=/"]);
        let me = async |method: &str, headers: &[(&str, &str)]| {
            let mut request = Request::builder().method(method).uri("/api/me/").header("Host", "app.example");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            site.send(request.body(Body::empty()).unwrap()).await
        };
        let cookie = format!("access={access}");
        let own = [("Cookie", cookie.as_str()), ("Origin", "http://app.example")];
        let evil = [("Cookie", cookie.as_str()), ("Origin", "https://evil.example")];
        let reply = me("GET", &evil[..1]).await;
        assert_eq!((reply.status, &reply.json()["username"]), (StatusCode::OK, &json!("alice")));
        assert!(reply.header("Vary").unwrap().contains("Cookie"));
        assert_eq!(me("POST", &own).await.status, StatusCode::OK);
        assert_eq!(me("POST", &evil).await.status, StatusCode::FORBIDDEN);
        assert_eq!(me("POST", &[evil[0], ("Sec-Fetch-Site", "cross-site")]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(me("GET", &[("Cookie", "access=nonsense")]).await.json()["code"], "token_not_valid");
        assert_eq!(me("GET", &[("Cookie", "access=")]).await.status, StatusCode::UNAUTHORIZED);
        let bearer = [("Authorization", format!("Bearer {access}")), ("Origin", "https://evil.example".to_owned())];
        let bearer = bearer.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(me("POST", &bearer).await.status, StatusCode::OK, "no browser adds a header by itself");
        let gone = send(
            &site,
            "/api/v1/logout/",
            &format!("refresh={}", set(&log_in(&site, "app.example").await, "refresh").unwrap().0),
        )
        .await;
        assert_eq!(set(&gone, "access").unwrap().0, "\"\"");
    }
}
