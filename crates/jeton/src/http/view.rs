//! What all views share: negotiation, authentication, challenge, `Allow`, OPTIONS, 405, and the form of the answer.

use std::sync::Arc;

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
use super::authentication::{Callers, authenticate};
use super::error::{ApiError, Refused};
use super::language::Language;
use super::negotiation::{Format, Renderers};
use super::principal::Known;
use super::render;

/// A view: who may call it, and what OPTIONS tells of it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) allow: &'static str,
    pub(super) callers: Callers,
    pub(super) renderers: Renderers,
    pub(super) parsers: Parsers,
    pub(super) fields: &'static [Field],
}

/// The order in which a view names the bodies that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parsers {
    JsonFirst,
    FormsFirst,
}

/// A field of a view's body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) kind: &'static str,
    pub(super) is_required: bool,
    pub(super) is_read_only: bool,
    pub(super) is_label_translated: bool,
    pub(super) max_length: Option<u16>,
    pub(super) help_text: Option<&'static str>,
}

impl View {
    /// A view that anybody may call, in the forms most views have.
    pub(super) const fn open(name: &'static str, description: &'static str, fields: &'static [Field]) -> Self {
        Self {
            name,
            description,
            allow: "POST, OPTIONS",
            callers: Callers::Anybody,
            renderers: Renderers::JsonAndHtml,
            parsers: Parsers::JsonFirst,
            fields,
        }
    }

    /// The same for other callers.
    pub(super) const fn callers(self, callers: Callers) -> Self {
        Self { callers, ..self }
    }

    /// The same with other methods.
    pub(super) const fn allow(self, allow: &'static str) -> Self {
        Self { allow, ..self }
    }

    /// Routes the methods of this view, OPTIONS and 405 included.
    pub(super) fn serve(&'static self, app: &App, methods: MethodRouter<App>) -> MethodRouter<App> {
        let options = move |language: Language| async move { self.metadata(language) };
        let methods = methods.options(options).fallback(method_not_allowed);
        methods.layer(middleware::from_fn_with_state((app.clone(), self), present))
    }

    fn metadata(&self, language: Language) -> Answer {
        let mut metadata = json!({
            "name": self.name,
            "description": self.description,
            "renders": self.renderers.media_types(),
            "parses": self.parsers.media_types(),
        });
        if !self.fields.is_empty() {
            let fields: Map<String, Value> = self.fields.iter().map(|field| field.metadata(language)).collect();
            metadata["actions"] = json!({"POST": fields});
        }
        Answer::ok(metadata)
    }
}

impl Field {
    /// A text that has to be there.
    pub(super) const fn required(name: &'static str, label: &'static str) -> Self {
        let kind = "string";
        Self {
            name,
            label,
            kind,
            is_required: true,
            is_read_only: false,
            is_label_translated: false,
            max_length: None,
            help_text: None,
        }
    }

    /// A text that may be left out.
    pub(super) const fn optional(name: &'static str, label: &'static str) -> Self {
        Self { is_required: false, ..Self::required(name, label) }
    }

    /// A text that the answer has, and the body does not need.
    pub(super) const fn read_only(name: &'static str, label: &'static str) -> Self {
        Self { is_required: false, is_read_only: true, ..Self::required(name, label) }
    }

    /// The same of another kind of text.
    pub(super) const fn kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// The same with a greatest length, in characters.
    pub(super) const fn max_length(self, max_length: u16) -> Self {
        Self { max_length: Some(max_length), ..self }
    }

    /// The same with a word of help.
    pub(super) const fn help(self, help_text: &'static str) -> Self {
        Self { help_text: Some(help_text), ..self }
    }

    /// The same with a label that is said in the language of the answer, as those of Django's own columns are.
    pub(super) const fn translated(self) -> Self {
        Self { is_label_translated: true, ..self }
    }

    fn metadata(&self, language: Language) -> (String, Value) {
        let label = if self.is_label_translated { language.translate(self.label) } else { self.label };
        let mut metadata = json!({
            "type": self.kind,
            "required": self.is_required,
            "read_only": self.is_read_only,
            "label": label,
        });
        if let Some(help_text) = self.help_text {
            metadata["help_text"] = language.translate(help_text).into();
        }
        if let Some(max_length) = self.max_length {
            metadata["max_length"] = max_length.into();
        }
        (self.name.to_owned(), metadata)
    }
}

impl Parsers {
    const fn media_types(self) -> [&'static str; 3] {
        match self {
            Self::JsonFirst => ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
            Self::FormsFirst => ["application/x-www-form-urlencoded", "multipart/form-data", "application/json"],
        }
    }
}

async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::MethodNotAllowed(method.to_string())
}

/// Negotiates, authenticates, calls the view, and writes what it answered.
async fn present(State((app, view)): State<(App, &'static View)>, mut request: Request, next: Next) -> Response<Body> {
    let language = request.extensions().get::<Language>().copied().unwrap_or_default();
    let (parts, body) = request.into_parts();
    let negotiated = Format::negotiate(&parts, view.renderers);
    let page = PageOf::new(view, &parts, negotiated.as_ref().ok());
    request = Request::from_parts(parts, body);
    let (mut looked_at_session, mut cookies) = (false, Vec::new());
    let (format, mut response) = match negotiated {
        Err(error) => (Format::COMPACT, error.into_response()),
        Ok(format) => {
            let authentication = authenticate(&app, view.callers, &mut request).await;
            (looked_at_session, cookies) = (authentication.looked_at_session, authentication.cookies);
            match authentication.principal {
                Err(error) => (format, error.into_response()),
                Ok(principal) => {
                    request.extensions_mut().insert(Known(principal.map(Arc::new)));
                    (format, next.run(request).await)
                }
            }
        }
    };
    if let Some(refused) = response.extensions_mut().remove::<Refused>() {
        let challenge = view.callers.challenge(app.settings());
        response = refused.answer(language, challenge).into_response();
    }
    if let Some(answer) = response.extensions_mut().remove::<Answer>() {
        write(&mut response, answer, format, page.as_ref());
    }
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(view.allow));
    if let Some(vary) = vary(view, format, looked_at_session) {
        headers.append(header::VARY, HeaderValue::from_static(vary));
    }
    cookies.into_iter().for_each(|cookie| _ = headers.append(header::SET_COOKIE, cookie));
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
    *response.status_mut() = status;
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

/// What the answer depends on. Pages have forms, and those a token of the caller's.
fn vary(view: &View, format: Format, looked_at_session: bool) -> Option<&'static str> {
    let has_cookie = looked_at_session || format == Format::Html;
    match (view.renderers, has_cookie) {
        (Renderers::JsonAndHtml, true) => Some("Accept, Cookie"),
        (Renderers::JsonAndHtml, false) => Some("Accept"),
        (Renderers::JsonOnly, true) => Some("Cookie"),
        (Renderers::JsonOnly, false) => None,
    }
}
