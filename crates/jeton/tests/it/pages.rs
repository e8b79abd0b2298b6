//! Pages: the same answer as JSON, with forms, from whatever path the settings give.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use jeton::settings::{Compatibility, Endpoint};
use serde_json::json;

use crate::site::{PASSWORD, Reply, Site, settings};

async fn page(site: &Site, method: Method, path: &str, headers: &[(&str, &str)], form: &str) -> Reply {
    let mut request = Request::builder().method(method).uri(path).header("Accept", "text/html");
    request = request.header("Content-Type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_page_has_the_status_and_the_headers_of_its_answer() {
    let site = Site::exact().await;
    for (method, path, form, status) in [
        (Method::GET, "/api/token/", "", 405),
        (Method::POST, "/api/token/", "username=alice", 400),
        (Method::POST, "/api/token/", "username=alice&password=x", 401),
        (Method::POST, "/api/token/", "username=alice&password=Pa55-word!", 200),
        (Method::OPTIONS, "/api/token/", "", 200),
        (Method::GET, "/api/me/", "", 401),
    ] {
        let reply = page(&site, method.clone(), path, &[], form).await;
        assert_eq!(reply.status.as_u16(), status, "{method} {path} {form}");
        assert_eq!(reply.header("Content-Type"), Some("text/html; charset=utf-8"));
        assert_eq!(reply.header("Vary"), Some("Accept, Cookie"));
        assert_eq!(reply.header("WWW-Authenticate").is_some(), status == 401);
        assert!(reply.text.contains(&format!("HTTP {status} ")) && reply.text.contains(path), "{}", reply.text);
        assert!(!reply.text.contains("<script"));
    }
}

#[tokio::test]
async fn the_cookie_of_forms_keeps_its_secret_and_begins_its_time_anew() {
    let site = Site::exact().await;
    let first = page(&site, Method::GET, "/api/token/", &[], "").await;
    let cookie = first.header("Set-Cookie").unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("csrftoken=") && cookie.len() == "csrftoken=".len() + 32, "{cookie}");
    let field = |reply: &Reply| {
        let (_, rest) = reply.text.split_once("name=\"csrfmiddlewaretoken\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let again = page(&site, Method::GET, "/api/token/", &[("Cookie", &cookie)], "").await;
    assert!(again.header("Set-Cookie").unwrap().starts_with(&cookie));
    assert!(field(&first).len() == 64 && field(&first) != field(&again));
    let json = site.post("/api/token/", &json!({})).await;
    assert_eq!(json.header("Set-Cookie"), None);
}

#[tokio::test]
async fn callers_see_the_forms_of_what_they_may_do() {
    let site = Site::exact().await;
    assert!(!page(&site, Method::GET, "/api/me/", &[], "").await.text.contains("<form"));
    let (_, access) = site.login("alice").await;
    let bearer = format!("Bearer {access}");
    let me = page(&site, Method::GET, "/api/me/", &[("Authorization", bearer.as_str())], "").await;
    assert!(me.text.contains("<form method=\"get\"") && me.text.contains("<form method=\"post\""), "{}", me.text);
    let logout = page(&site, Method::GET, "/api/logout/", &[("Authorization", bearer.as_str())], "").await;
    assert!(logout.text.contains("name=\"refresh_token\"") && logout.text.contains("name=\"all\""));
    assert!(!logout.text.contains("<form method=\"get\""));
}

#[tokio::test]
async fn what_a_stranger_sends_is_shown_as_text() {
    let site = Site::exact().await;
    let host = "\"><script>alert(1)</script>";
    let reply = page(&site, Method::GET, "/api/token/", &[("Host", host)], "").await;
    assert!(reply.text.contains("script&#62;alert(1)") && !reply.text.contains("<script"), "{}", reply.text);
    let request = Request::post("/api/token/").header("Accept", "text/html").header("Content-Type", "text/<script>");
    let reply = site.send(request.body(Body::from("x")).unwrap()).await;
    assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(reply.text.contains("text/&lt;script&gt;") && !reply.text.contains("<script"), "{}", reply.text);
}

#[tokio::test]
async fn swagger_ui_lies_beside_its_files_wherever_it_is() {
    let mut settings = settings(Compatibility::Exact);
    settings.urls.paths.insert(Endpoint::SwaggerUi, vec!["/docs".to_owned(), "/a/b/".to_owned()]);
    let site = Site::new(settings).await;
    for (path, folder) in [("/docs", "/docs/"), ("/a/b/", "/a/b/")] {
        let reply = page(&site, Method::GET, path, &[], "").await;
        assert_eq!(reply.status, StatusCode::OK);
        assert!(reply.header("Content-Security-Policy").unwrap().contains("script-src 'self';"));
        for file in ["swagger-ui.css", "swagger-ui-bundle.js", "start.js", "page.css"] {
            assert!(reply.text.contains(&format!("\"{folder}{file}?v=")), "{}", reply.text);
            let reply = page(&site, Method::GET, &format!("{folder}{file}"), &[], "").await;
            assert_eq!(reply.status, StatusCode::OK, "{file}");
        }
    }
    let refused = page(&site, Method::POST, "/docs", &[], "").await;
    assert_eq!((refused.status, refused.text.as_str()), (StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed"));
    assert_eq!(page(&site, Method::GET, "/docs?format=json", &[], "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_a_schema_there_is_nothing_to_show() {
    let mut settings = settings(Compatibility::Exact);
    settings.urls.paths.insert(Endpoint::Schema, Vec::new());
    let site = Site::new(settings).await;
    let reply = page(&site, Method::GET, "/api/schema/swagger-ui/", &[], "").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let reply = site.post("/api/token/", &json!({"username": "alice", "password": PASSWORD})).await;
    assert_eq!(reply.status, StatusCode::OK);
}
