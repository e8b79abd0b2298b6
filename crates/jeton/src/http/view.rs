//! What all views share: negotiation, challenge, `Allow`, OPTIONS, 405, and the form of the answer.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, header};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::MethodRouter;
use serde_json::{Map, Value, json};

use super::App;
use super::answer::Answer;
use super::error::{ApiError, Challenged};
use super::negotiation::Format;
use super::principal::Caller;
use super::render;
use crate::auth::Principal;

/// A view: what OPTIONS tells of it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) allow: &'static str,
    pub(super) fields: &'static [Field],
}

/// A field of a view's body.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) read_only: bool,
}

impl Field {
    pub(super) const fn required(name: &'static str, label: &'static str) -> Self {
        Self { name, label, read_only: false }
    }

    pub(super) const fn read_only(name: &'static str, label: &'static str) -> Self {
        Self { name, label, read_only: true }
    }
}

impl View {
    /// A view that anybody may call.
    pub(super) fn open(&'static self, app: &App, methods: MethodRouter<App>) -> MethodRouter<App> {
        let options = move || async move { self.metadata() };
        self.present(app, methods.options(options).fallback(method_not_allowed))
    }

    /// A view that wants an authenticated caller, whatever the method.
    pub(super) fn protected(&'static self, app: &App, methods: MethodRouter<App>) -> MethodRouter<App> {
        let options = move |_: Caller<Principal>| async move { self.metadata() };
        let refused = |_: Caller<Principal>, method: Method| method_not_allowed(method);
        self.present(app, methods.options(options).fallback(refused))
    }

    fn present(&'static self, app: &App, methods: MethodRouter<App>) -> MethodRouter<App> {
        methods.layer(middleware::from_fn_with_state((app.clone(), self), present))
    }

    fn metadata(&self) -> Answer {
        let mut metadata = json!({
            "name": self.name,
            "description": self.description,
            "renders": ["application/json", "text/html"],
            "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
        });
        if !self.fields.is_empty() {
            let fields: Map<String, Value> = self.fields.iter().map(describe).collect();
            metadata["actions"] = json!({"POST": fields});
        }
        Answer::ok(metadata)
    }
}

fn describe(field: &Field) -> (String, Value) {
    let description = json!({
        "type": "string",
        "required": !field.read_only,
        "read_only": field.read_only,
        "label": field.label,
    });
    (field.name.to_owned(), description)
}

async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::MethodNotAllowed(method.to_string())
}

/// Negotiates, calls the view, and writes what it answered.
async fn present(State((app, view)): State<(App, &'static View)>, request: Request, next: Next) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let negotiated = Format::negotiate(&parts);
    let page = PageOf::new(view, &parts, negotiated.as_ref().ok());
    let (format, mut response) = match negotiated {
        Ok(format) => (format, next.run(Request::from_parts(parts, body)).await),
        Err(error) => (Format::COMPACT, error.into_response()),
    };
    if response.extensions_mut().remove::<Challenged>().is_some() {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, app.challenge());
    }
    if let Some(answer) = response.extensions_mut().remove::<Answer>() {
        write(&mut response, answer, format, page.as_ref());
    }
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(view.allow));
    headers.append(header::VARY, vary(format));
    response
}

/// What a page tells of its request.
struct PageOf {
    view: &'static View,
    request_line: String,
}

impl PageOf {
    fn new(view: &'static View, parts: &Parts, format: Option<&Format>) -> Option<Self> {
        let request_line = || format!("{} {}", parts.method, parts.uri.path());
        (format == Some(&Format::Html)).then(|| Self { view, request_line: request_line() })
    }
}

fn write(response: &mut Response<Body>, answer: Answer, format: Format, page: Option<&PageOf>) {
    let Answer { status, data, headers } = answer;
    extend(response.headers_mut(), headers);
    let Some(data) = data else { return };
    let (content_type, text) = match (format, page) {
        (Format::Html, Some(page)) => {
            let text = render::answer_page(page.view.name, page.view.description, &page.request_line, status, &data);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, render::page_policy());
            ("text/html; charset=utf-8", text.into_bytes())
        }
        (Format::Json { indent }, _) => ("application/json", render::json(&data, indent)),
        (Format::Html, None) => ("application/json", render::json(&data, None)),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    *response.body_mut() = Body::from(text);
}

fn extend(headers: &mut HeaderMap, more: HeaderMap) {
    let mut name = None;
    for (next, value) in more {
        name = next.or(name);
        if let Some(name) = &name {
            headers.append(name, value);
        }
    }
}

fn vary(format: Format) -> HeaderValue {
    HeaderValue::from_static(match format {
        Format::Json { .. } => "Accept",
        Format::Html => "Accept, Cookie",
    })
}
