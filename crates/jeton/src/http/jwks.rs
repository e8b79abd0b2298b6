//! `/.well-known/jwks.json`: the public keys, for whoever verifies this site's tokens.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;
use crate::auth::AuthError;

pub(super) async fn jwks(State(app): State<App>, asked: HeaderMap) -> Response {
    let document = match app.auth.key_document().await {
        Ok(document) => document,
        Err(error) => return unavailable(&error),
    };
    let max_age = app.settings().keys.jwks_max_age.as_secs();
    let (status, body) = match has_it_already(&asked, &document.etag) {
        true => (StatusCode::NOT_MODIFIED, String::new()),
        false => (StatusCode::OK, document.text),
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    match status {
        StatusCode::OK => headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        _ => headers.remove(header::CONTENT_TYPE),
    };
    for (name, value) in [(header::CACHE_CONTROL, format!("public, max-age={max_age}")), (header::ETAG, document.etag)]
    {
        headers.extend(HeaderValue::try_from(value).ok().map(|value| (name, value)));
    }
    // There is nothing in it that a page of another site should not see.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// RFC 9110 §13.1.2: `If-None-Match` compares weakly.
fn has_it_already(asked: &HeaderMap, etag: &str) -> bool {
    let known = asked.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|list| list.split(',')).map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

fn unavailable(error: &AuthError) -> Response {
    tracing::error!(%error, "the public keys could not be read");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::RETRY_AFTER, HeaderValue::from_static("1")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, serde_json::json!({"detail": error.to_string()}).to_string())
        .into_response()
}
