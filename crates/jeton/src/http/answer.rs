//! What a handler answers, before it has a form.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// A status and data; the view gives it the form that was negotiated.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) data: Option<Value>,
    pub(super) headers: HeaderMap,
}

impl Answer {
    /// 200 with data.
    pub(super) fn ok(data: impl Into<Value>) -> Self {
        Self::new(StatusCode::OK, data)
    }

    /// A status without a body.
    pub(super) fn empty(status: StatusCode) -> Self {
        Self { status, data: None, headers: HeaderMap::new() }
    }

    pub(super) fn new(status: StatusCode, data: impl Into<Value>) -> Self {
        Self { status, data: Some(data.into()), headers: HeaderMap::new() }
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }
}

impl IntoResponse for Answer {
    /// An empty response that carries the answer: the view takes it out and writes it.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}
