//! What surrounds every answer: its request id, its log line, the headers that all answers have.

use std::any::Any;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse;
use jeton_token::time::Timestamp;
use tracing::Instrument;

use super::App;
use super::cookies::add_cookie;
use super::csrf;
use super::language;
use super::principal::{Arrived, Peer};
use super::session;

/// Outermost of all: what it adds, every answer has.
pub(super) async fn frame(State(app): State<App>, mut request: Request, next: Next) -> Response<Body> {
    let arrived = app.auth.now();
    request.extensions_mut().insert(Arrived(arrived));
    // Where another server accepted the connection, it may have told whose it is.
    if let (None, Some(&ConnectInfo(peer))) = (request.extensions().get::<Peer>(), request.extensions().get()) {
        request.extensions_mut().insert(Peer(peer));
    }
    let language = language::choose(request.headers(), &app.settings().languages);
    request.extensions_mut().insert(language);
    let id = request_id(&app, &request);
    let cookies = replaced_cookies(&app, request.headers(), arrived);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let micros = app.auth.now().since(arrived).as_micros();
    span.in_scope(|| match status {
        500.. => tracing::error!(%method, path, status, micros, "failed"),
        400.. => tracing::info!(%method, path, status, micros, "refused"),
        _ => tracing::debug!(%method, path, status, micros, "answered"),
    });
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    language::declare(language, &app.settings().languages, headers);
    for (name, value) in COMMON {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if status != 301 && !headers.contains_key(header::CACHE_CONTROL) && headers.contains_key(header::ALLOW) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    for cookie in cookies {
        add_cookie(headers, cookie);
        vary_by_cookie(headers);
    }
    response
}

/// Cookies that cannot be what they claim are put right, whatever the request is for: a CSRF token of the wrong shape is
/// replaced, a session key too short to be one is deleted.
pub(super) fn replaced_cookies(app: &App, headers: &HeaderMap, now: Timestamp) -> Vec<HeaderValue> {
    let cookies = [csrf::renewed_cookie(app, headers, now), session::deleted_if_impossible(app, headers)];
    cookies.into_iter().flatten().collect()
}

fn vary_by_cookie(headers: &mut HeaderMap) {
    let names = |value: &HeaderValue| value.to_str().is_ok_and(|names| names.split(", ").any(|name| name == "Cookie"));
    if !headers.get_all(header::VARY).iter().any(names) {
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
}

/// One request failed in a way that nobody foresaw; the others go on.
#[expect(clippy::needless_pass_by_value, reason = "tower-http hands over the payload")]
pub(super) fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let message = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(|m| &**m));
    tracing::error!(message, "a handler panicked");
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (StatusCode::INTERNAL_SERVER_ERROR, headers, "{\"detail\":\"Internal server error.\"}").into_response()
}

/// The id that the client or its proxy gave, if it is one; else a new one.
fn request_id(app: &App, request: &Request) -> HeaderValue {
    let given = request.headers().get(&REQUEST_ID).filter(|id| {
        let bytes = id.as_bytes();
        (1..=64).contains(&bytes.len())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    });
    given.cloned().unwrap_or_else(|| {
        let bytes: [u8; 8] = app.auth.entropy().bytes();
        let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown"))
    })
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const COMMON: [(HeaderName, &str); 4] = [
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];
