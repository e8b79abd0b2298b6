//! What all views share: negotiation, authentication, challenge, `Allow`, OPTIONS, 405, and the form of the answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::MethodRouter;
use serde_json::{Map, Value, json};

use super::App;
use super::answer::Answer;
use super::authentication::{Callers, LookedAtSession, authenticate};
use super::contract::{Parameter, Refusal, Success};
use super::cookies::add_cookie;
use super::error::{ApiError, Refused};
use super::language::Language;
use super::negotiation::{Format, Renderers};
use super::pages::{self, Frame, Visit};
use super::principal::Known;
use super::render;
use super::yaml;

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
    /// Fields of the body that OPTIONS keeps to itself, as the reference has no serializer there.
    pub(super) untold_fields: &'static [Field],
    /// What it reads of its address.
    pub(super) parameters: &'static [Parameter],
    /// What it answers if all is well.
    pub(super) success: Success,
    /// What it may refuse, beyond what all views refuse.
    pub(super) refusals: &'static [Refusal],
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
            untold_fields: &[],
            parameters: &[],
            success: Success::EMPTY_OBJECT,
            refusals: &[],
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

    /// The same with fields of which OPTIONS does not tell.
    pub(super) const fn untold_fields(self, untold_fields: &'static [Field]) -> Self {
        Self { untold_fields, ..self }
    }

    /// The same with what it reads of its address.
    pub(super) const fn parameters(self, parameters: &'static [Parameter]) -> Self {
        Self { parameters, ..self }
    }

    /// The same with another success.
    pub(super) const fn success(self, success: Success) -> Self {
        Self { success, ..self }
    }

    /// The same with refusals of its own.
    pub(super) const fn refusals(self, refusals: &'static [Refusal]) -> Self {
        Self { refusals, ..self }
    }

    /// The same in other forms.
    pub(super) const fn renderers(self, renderers: Renderers) -> Self {
        Self { renderers, ..self }
    }

    /// The fields that a body may have.
    pub(super) const fn body(&self) -> &'static [Field] {
        if self.fields.is_empty() { self.untold_fields } else { self.fields }
    }

    pub(super) fn has_method(&self, method: &str) -> bool {
        self.allow.split(", ").any(|allowed| allowed == method)
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

    /// A text that may be left out.
    pub(super) const fn optional(name: &'static str, label: &'static str) -> Self {
        Self { is_required: false, ..Self::required(name, label) }
    }

    /// A yes or no that may be left out.
    pub(super) const fn optional_truth(name: &'static str, label: &'static str) -> Self {
        Self { kind: "boolean", ..Self::optional(name, label) }
    }

    /// A label of Django's is the name of a column with a capital: translated as the one or as the other.
    pub(super) fn translated_label(&self, language: Language) -> String {
        let name = with_first(self.label, |letter| letter.to_ascii_lowercase());
        match (language.translate(self.label), language.translate(&name)) {
            (label, translated) if label == self.label && translated != name => {
                with_first(translated, |letter| letter.to_ascii_uppercase())
            }
            (label, _) => label.to_owned(),
        }
    }

    fn metadata(&self, language: Language) -> (String, Value) {
        let label = if self.is_label_translated { self.translated_label(language) } else { self.label.to_owned() };
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

fn with_first(text: &str, change: impl FnOnce(char) -> char) -> String {
    let mut letters = text.chars();
    letters.next().map(change).into_iter().chain(letters).collect()
}

impl Parsers {
    pub(super) const fn media_types(self) -> [&'static str; 3] {
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
    let mut page = (negotiated.as_ref().ok() == Some(&Format::Html)).then(|| Visit::new(&app, &parts));
    request = Request::from_parts(parts, body);
    let (mut looked_at_session, mut cookies) = (false, Vec::new());
    let (format, mut response) = match negotiated {
        Err(error) => (view.renderers.first(), error.into_response()),
        Ok(format) => {
            let authentication = authenticate(&app, view.callers, &mut request).await;
            (looked_at_session, cookies) = (authentication.looked_at_session, authentication.cookies);
            match authentication.principal {
                Err(error) => {
                    page.iter_mut().for_each(Visit::turn_away);
                    (format, error.into_response())
                }
                Ok(principal) => {
                    page.iter_mut().for_each(|page| page.welcome(principal.as_ref()));
                    request.extensions_mut().insert(Known(principal.map(Arc::new)));
                    (format, next.run(request).await)
                }
            }
        }
    };
    if let Some(refused) = response.extensions_mut().remove::<Refused>() {
        let challenge = view.callers.challenge(app.settings());
        let texts = app.settings().wire.error_texts;
        response = refused.answer(language, texts, challenge).into_response();
    }
    if let Some(answer) = response.extensions_mut().remove::<Answer>() {
        match page {
            // What has no content has no page.
            Some(page) if answer.status != StatusCode::NO_CONTENT => {
                page.write(&mut response, answer, Frame::new(&app, language), view);
            }
            Some(_) | None => write(&mut response, answer, format),
        }
    }
    looked_at_session |= response.extensions_mut().remove::<LookedAtSession>().is_some();
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(view.allow));
    if let Some(vary) = vary(view, looked_at_session || is_page(headers)) {
        headers.append(header::VARY, HeaderValue::from_static(vary));
    }
    cookies.into_iter().for_each(|cookie| add_cookie(headers, cookie));
    response
}

fn write(response: &mut Response<Body>, answer: Answer, format: Format) {
    let Answer { status, data, headers } = answer;
    *response.status_mut() = status;
    extend(response.headers_mut(), headers);
    let Some(data) = data else { return };
    let (content_type, text) = match format {
        Format::Json { media_type, indent } => (HeaderValue::from_static(media_type), render::json(&data, indent)),
        Format::Yaml { media_type } => {
            let content_type = HeaderValue::from_str(&format!("{media_type}; charset=utf-8"));
            let content_type = content_type.unwrap_or(HeaderValue::from_static("application/yaml"));
            (content_type, yaml::yaml(&data).into_bytes())
        }
        Format::Html | Format::Page => (HeaderValue::from_static(pages::CONTENT_TYPE), status.to_string().into_bytes()),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    *response.body_mut() = Body::from(text);
}

pub(super) fn extend(headers: &mut HeaderMap, more: HeaderMap) {
    let mut name = None;
    for (next, value) in more {
        name = next.or(name);
        if let Some(name) = &name {
            headers.append(name, value);
        }
    }
}

/// Pages have forms, and those a token of the caller's.
fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/html"))
}

/// What the answer depends on.
fn vary(view: &View, has_cookie: bool) -> Option<&'static str> {
    let is_negotiated = match view.renderers {
        Renderers::JsonAndHtml | Renderers::Schema => true,
        Renderers::JsonOnly | Renderers::PageOnly => false,
    };
    match (is_negotiated, has_cookie) {
        (true, true) => Some("Accept, Cookie"),
        (true, false) => Some("Accept"),
        (false, true) => Some("Cookie"),
        (false, false) => None,
    }
}
