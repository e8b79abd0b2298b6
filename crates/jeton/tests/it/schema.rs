//! The schema: it tells what is served, all of it and nothing else.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use jeton::settings::{Compatibility, Endpoint, Settings, ValueSource};
use jeton::{OpenapiVersion, openapi_json};
use serde_json::Value;

use crate::site::{Site, settings};

/// Endpoints of which the schema does not tell: probes, keys, and pages.
const NOT_API: [Endpoint; 4] = [Endpoint::Jwks, Endpoint::Health, Endpoint::Ready, Endpoint::SwaggerUi];

#[tokio::test]
async fn every_path_that_is_served_is_in_it_with_its_own_name_and_methods() {
    let settings = settings(Compatibility::Exact);
    let document = openapi_json(&settings, OpenapiVersion::V3_0);
    let site = Site::new(settings.clone()).await;
    for endpoint in Endpoint::ALL {
        for path in &settings.urls.paths[&endpoint] {
            let request = Request::builder().method(Method::OPTIONS).uri(path).header("Accept", "application/json");
            let reply = site.send(request.body(Body::empty()).unwrap()).await;
            let is_served = reply.status != StatusCode::NOT_FOUND && !NOT_API.contains(&endpoint);
            let described = document["paths"].get(path);
            assert_eq!(described.is_some(), is_served, "{path}");
            let Some(described) = described.and_then(Value::as_object) else { continue };
            let allow = reply.header("Allow").unwrap();
            let methods: Vec<_> = ["GET", "POST"].into_iter().filter(|method| allow.contains(method)).collect();
            assert_eq!(described.keys().map(|method| method.to_uppercase()).collect::<Vec<_>>(), methods, "{path}");
            if reply.status == StatusCode::OK {
                let named = described.values().all(|operation| operation["summary"] == reply.json()["name"]);
                assert!(named, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn a_path_that_is_switched_off_or_moved_is_not_told_of() {
    let mut settings = settings(Compatibility::Exact);
    settings.urls.paths.insert(Endpoint::Me, Vec::new());
    settings.urls.paths.insert(Endpoint::TokenObtain, vec!["/user/login/".to_owned()]);
    let document = openapi_json(&settings, OpenapiVersion::V3_0);
    assert!(document["paths"].get("/api/me/").is_none() && document["paths"].get("/api/token/").is_none());
    assert_eq!(document["paths"]["/user/login/"]["post"]["operationId"], "user_login_create");
    assert!(document["components"]["schemas"].get("Me").is_none());
}

#[test]
fn operations_are_named_as_by_drf_spectacular_and_never_alike() {
    let mut settings = settings(Compatibility::Exact);
    let of = |settings: &Settings| openapi_json(settings, OpenapiVersion::V3_0);
    let document = of(&settings);
    for (path, id, tag) in [
        ("/api/token/", "token_create", "token"),
        ("/api/token/refresh/", "token_refresh_create", "token"),
        ("/api/v1/users/login/simpleJWT", "v1_users_login_simpleJWT_create", "v1"),
    ] {
        let operation = &document["paths"][path]["post"];
        assert_eq!((operation["operationId"].as_str(), operation["tags"][0].as_str()), (Some(id), Some(tag)));
    }
    assert_eq!(document["paths"]["/api/me/"]["get"]["operationId"], "me_retrieve");
    settings.urls.paths.insert(Endpoint::TokenObtain, vec!["/api/a-b/".to_owned(), "/api/a/b".to_owned()]);
    let document = of(&settings);
    assert_eq!(document["paths"]["/api/a-b/"]["post"]["operationId"], "a_b_create_2");
    assert_eq!(document["paths"]["/api/a/b"]["post"]["operationId"], "a_b_create");
}

#[test]
fn what_the_settings_add_to_answers_and_headers_is_told() {
    let mut settings = settings(Compatibility::Exact);
    settings.simple_jwt.response.obtain = vec![("tier".to_owned(), ValueSource::Literal("gold".into()))];
    settings.simple_jwt.rotate_refresh_tokens = false;
    settings.simple_jwt.auth_header_name = "x-access-token".to_owned();
    let document = openapi_json(&settings, OpenapiVersion::V3_1);
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["TokenObtainPair"]["properties"]["tier"]["readOnly"], true);
    assert_eq!(schemas["TokenObtainPair"]["properties"]["password"]["writeOnly"], true);
    assert_eq!(schemas["TokenRefresh"]["properties"]["refresh"]["writeOnly"], true);
    let scheme = &document["components"]["securitySchemes"]["jwtAuth"];
    assert_eq!((scheme["type"].as_str(), scheme["name"].as_str()), (Some("apiKey"), Some("X-access-token")));
    assert_eq!(document["openapi"], "3.1.0");
}

#[tokio::test]
async fn an_unknown_version_or_form_is_not_found() {
    let site = Site::exact().await;
    for (query, status) in [("", 200), ("?version=3.1", 200), ("?version=2.0", 404), ("?format=xml", 404)] {
        let reply = site.send(Request::get(format!("/api/schema/{query}")).body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status.as_u16(), status, "{query}");
        assert_eq!(reply.header("Content-Type"), Some("application/vnd.oai.openapi; charset=utf-8"));
    }
}
