//! The page of a view: the same answer, to look at, with a form for each method.

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::{Frame, Visit};
use crate::http::messages::Message;
use crate::http::render;
use crate::http::view::{Field, View};

/// An answer as a page.
#[derive(Template)]
#[template(path = "answer.html")]
pub(super) struct AnswerPage {
    frame: Frame,
    name: &'static str,
    description: String,
    signed_in: Option<String>,
    method: String,
    path: String,
    status: StatusCode,
    is_success: bool,
    /// The answer is what one came for; otherwise it is a form.
    is_answer_first: bool,
    headers: Vec<(String, String)>,
    /// JSON, escaped.
    data: Option<String>,
    forms: Vec<Form>,
    csrf_token: String,
}

/// A form: a method, and what it sends.
struct Form {
    id: String,
    method: &'static str,
    button: String,
    fields: Vec<Input>,
    curl: String,
}

struct Input {
    name: &'static str,
    label: String,
    /// The `type` of the input.
    kind: &'static str,
    autocomplete: &'static str,
    is_token: bool,
    help: Option<String>,
    errors: Vec<String>,
}

impl AnswerPage {
    pub(super) fn new(
        frame: Frame,
        view: &'static View,
        visit: Visit,
        status: StatusCode,
        headers: &HeaderMap,
        data: Option<&Value>,
    ) -> Self {
        let refused = data.filter(|_| status == StatusCode::BAD_REQUEST);
        let offered = FORM_METHODS.iter().filter(|method| visit.is_let_in && view.has_method(method));
        let forms = offered.map(|method| Form::new(&frame, view, method, &visit, refused)).collect();
        Self {
            name: view.name,
            description: frame.say(view.description),
            is_success: status.is_success(),
            is_answer_first: status != StatusCode::METHOD_NOT_ALLOWED,
            status,
            headers: shown(view, headers),
            data: data.map(render::coloured),
            forms,
            signed_in: visit.username.map(|username| {
                Message::new("Signed in as {username}.").with("username", username).text(frame.language)
            }),
            csrf_token: visit.csrf_token,
            method: visit.method.to_string(),
            path: visit.path,
            frame,
        }
    }
}

impl Form {
    fn new(frame: &Frame, view: &'static View, method: &'static str, visit: &Visit, refused: Option<&Value>) -> Self {
        let fields = if method == "POST" { view.body() } else { &[] };
        let fields = fields.iter().filter(|field| !field.is_read_only);
        let data: String = fields.clone().map(|field| format!(" -d '{}=…'", field.name)).collect();
        let call = if data.is_empty() { format!(" -X {method}") } else { data };
        Self {
            id: format!("form-{}", method.to_lowercase()),
            method,
            button: Message::new("Send {method}").with("method", method).text(frame.language),
            fields: fields.map(|field| Input::new(frame, field, refused)).collect(),
            curl: format!("curl{call} {}", visit.address),
        }
    }
}

impl Input {
    const fn is_described(&self) -> bool {
        self.help.is_some() || !self.errors.is_empty()
    }

    fn new(frame: &Frame, field: &'static Field, refused: Option<&Value>) -> Self {
        let errors = refused.and_then(|data| data.get(field.name)?.as_array());
        let (kind, autocomplete) = match (field.name, field.kind) {
            (_, "boolean") => ("checkbox", "off"),
            ("password", _) => ("password", "current-password"),
            ("username", _) => ("text", "username"),
            (_, "email") => ("email", "email"),
            _ => ("text", "off"),
        };
        Self {
            name: field.name,
            label: if field.is_label_translated {
                field.translated_label(frame.language)
            } else {
                frame.say(field.label)
            },
            kind,
            autocomplete,
            is_token: matches!(field.name, "token" | "refresh" | "refresh_token" | "access"),
            help: field.help_text.map(|text| frame.say(text)),
            errors: errors.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }
}

/// The headers worth a look, as they are when the answer is JSON.
fn shown(view: &View, headers: &HeaderMap) -> Vec<(String, String)> {
    let own = [
        (header::ALLOW, view.allow.to_owned()),
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::VARY, "Accept".to_owned()),
    ];
    let given = headers.iter().filter(|(name, _)| SHOWN.contains(&name.as_str()));
    let given = given.map(|(name, value)| (name.clone(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    own.into_iter().chain(given).map(|(name, value)| (title_case(name.as_str()), value)).collect()
}

/// `www-authenticate` as people write it.
fn title_case(name: &str) -> String {
    if name == "www-authenticate" {
        return "WWW-Authenticate".to_owned();
    }
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(1.min(word.len()));
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}

/// What a form without script can send.
const FORM_METHODS: [&str; 2] = ["GET", "POST"];
const SHOWN: [&str; 3] = ["www-authenticate", "retry-after", "content-language"];
