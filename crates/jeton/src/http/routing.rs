//! From paths to endpoints, as Django resolves them: escapes are decoded first, a missing final slash is redirected.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tower::Service;

use super::App;
use super::pages::{Frame, NotFound, html};

/// A path in the one spelling that routes are known by.
pub(super) fn canonical(path: &str) -> String {
    utf8_percent_encode(&percent_decode_str(path).decode_utf8_lossy(), KEEP).to_string()
}

/// What no route takes: redirected if only the final slash is missing, else not found.
pub(super) async fn fallback(State(app): State<App>, OriginalUri(original): OriginalUri, uri: Uri) -> Response {
    if !app.has(&canonical(&format!("{}/", uri.path()))) {
        return not_found();
    }
    // Where the router is nested, the path has lost its beginning.
    let uri = if original.path().ends_with(uri.path()) { original } else { uri };
    let with_slash = format!("{}/", uri.path());
    let location = uri.query().map_or(with_slash.clone(), |query| format!("{with_slash}?{query}"));
    let Ok(location) = HeaderValue::from_str(&location) else {
        return not_found();
    };
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(HTML)), (header::LOCATION, location)];
    (StatusCode::MOVED_PERMANENTLY, headers).into_response()
}

pub(super) fn not_found() -> Response {
    html(StatusCode::NOT_FOUND, &NotFound { frame: Frame::default() })
}

/// A router that sees every path in its canonical spelling, and methods in capitals.
#[derive(Clone)]
pub(super) struct Decoded(pub(super) Router);

impl Service<Request> for Decoded {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.0, context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        if request.uri().path().contains('%')
            && let Some(uri) = canonical_uri(request.uri())
        {
            *request.uri_mut() = uri;
        }
        if request.method().as_str().bytes().any(|byte| byte.is_ascii_lowercase())
            && let Ok(method) = Method::from_bytes(request.method().as_str().to_ascii_uppercase().as_bytes())
        {
            *request.method_mut() = method;
        }
        Box::pin(self.0.call(request))
    }
}

fn canonical_uri(uri: &Uri) -> Option<Uri> {
    let path = canonical(uri.path());
    let path_and_query = uri.query().map_or(path.clone(), |query| format!("{path}?{query}"));
    Uri::builder().path_and_query(path_and_query).build().ok()
}

const HTML: &str = "text/html; charset=utf-8";

/// Everything but what a path may hold unescaped.
const KEEP: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_path_is_one_path() {
        for spelling in ["/api/token/", "/api/%74oken/", "/api%2Ftoken/", "/%61%70%69/token/"] {
            assert_eq!(canonical(spelling), "/api/token/");
        }
        assert_eq!(canonical("/토큰/"), canonical("/%ED%86%A0%ED%81%B0/"));
        assert_ne!(canonical("/api//token/"), "/api/token/");
    }
}
