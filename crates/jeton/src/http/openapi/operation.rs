//! One operation: a method of a view at a path.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::components;
use crate::http::authentication::Callers;
use crate::http::contract::Refusal;
use crate::http::negotiation::Renderers;
use crate::http::view::View;
use crate::settings::Settings;

/// Where an operation is.
pub(super) struct Route<'a> {
    /// The path within the folder that all paths share.
    pub(super) inner: &'a str,
    pub(super) method: &'static str,
}

/// The names that are given already.
#[derive(Default)]
pub(super) struct Ids(HashMap<String, usize>);

pub(super) fn operation(view: &View, route: &Route<'_>, ids: &mut Ids, settings: &Settings) -> Value {
    let has_body = route.method == "POST" && !view.body().is_empty();
    let mut operation = Map::new();
    operation.insert("operationId".to_owned(), ids.name(route).into());
    operation.insert("summary".to_owned(), view.name.into());
    operation.insert("description".to_owned(), view.description.into());
    operation.insert("tags".to_owned(), json!([tag(route)]));
    if view.renderers == Renderers::Schema {
        operation.insert("parameters".to_owned(), schema_parameters());
    }
    if has_body {
        let schema = components::reference(view);
        let content = view.parsers.media_types().map(|media_type| (media_type.to_owned(), json!({"schema": schema})));
        let body = json!({
            "content": content.into_iter().collect::<Map<_, _>>(),
            "required": view.body().iter().any(|field| field.is_required),
        });
        operation.insert("requestBody".to_owned(), body);
    }
    if let Some(security) = components::security(view.callers, settings) {
        operation.insert("security".to_owned(), security);
    }
    operation.insert("responses".to_owned(), responses(view, has_body, settings));
    operation.into()
}

impl Ids {
    /// As drf-spectacular names operations: the path, and what the method does. A name that comes again has a number.
    fn name(&mut self, route: &Route<'_>) -> String {
        let action = if route.method == "GET" { "retrieve" } else { "create" };
        let words = route.inner.split('/').filter(|word| !word.is_empty()).map(|word| word.replace('-', "_"));
        let words: Vec<String> = words.collect();
        let name = if words.is_empty() { format!("root_{action}") } else { format!("{}_{action}", words.join("_")) };
        let count = self.0.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name}_{count}") }
    }
}

fn tag<'a>(route: &Route<'a>) -> &'a str {
    route.inner.split('/').find(|word| !word.is_empty()).unwrap_or("root")
}

fn schema_parameters() -> Value {
    json!([
        {"in": "query", "name": "format", "schema": {"type": "string", "enum": ["json", "yaml"]}},
        {"in": "query", "name": "version", "schema": {"type": "string", "enum": ["3.0", "3.0.3", "3.1", "3.1.0"]},
         "description": "The version of OpenAPI."},
    ])
}

fn responses(view: &View, has_body: bool, settings: &Settings) -> Value {
    let mut responses = Map::new();
    let success = match (view.success.members)(settings) {
        Some(_) => Some(match view.renderers {
            Renderers::Schema => json!({"type": "object", "additionalProperties": {}}),
            Renderers::JsonAndHtml | Renderers::JsonOnly | Renderers::PageOnly => components::answer(view, settings),
        }),
        None => None,
    };
    let described = response(view, "Done.", success.as_ref(), &[]);
    responses.insert(view.success.status.to_string(), described);
    for Refusal { status, description, has_body } in refusals(view, has_body, settings) {
        let headers: &[&str] = match status {
            401 => &["WWW-Authenticate"],
            429 | 503 => &["Retry-After"],
            _ => &[],
        };
        let name = if status == 400 { "BadRequest" } else { "Refusal" };
        let schema = has_body.then(|| json!({"$ref": format!("#/components/schemas/{name}")}));
        responses.insert(status.to_string(), response(view, description, schema.as_ref(), headers));
    }
    responses.sort_keys();
    responses.into()
}

/// The view's own refusals, and those of every view like it; of one status the view's own counts.
fn refusals(view: &View, has_body: bool, settings: &Settings) -> Vec<Refusal> {
    let mut all = view.refusals.to_vec();
    let mut and = |status, description| {
        if all.iter().all(|refusal| refusal.status != status) {
            all.push(Refusal::new(status, description));
        }
    };
    if has_body {
        and(400, "The body, or a field of it, is not as it should be.");
        and(408, "The body did not arrive in time.");
        and(413, "The body is too long.");
        and(415, "Bodies of this type are not read.");
    }
    match view.callers {
        Callers::Anybody => {}
        Callers::Tried | Callers::Known | Callers::HandMade => {
            let challenged = view.callers.challenge(settings).is_some();
            and(if challenged { 401 } else { 403 }, "The credentials are missing or not good.");
        }
    }
    if components::is_session_tried(view.callers, settings) {
        and(403, "The CSRF token is missing or wrong.");
    }
    and(404, "There is no such form of the answer.");
    and(406, "No form of the answer is acceptable.");
    and(429, "Too many requests.");
    and(503, "The service has too much to do, or its database does not answer.");
    all
}

fn response(view: &View, description: &str, schema: Option<&Value>, headers: &[&str]) -> Value {
    let mut response = json!({"description": description});
    let headers = ["Allow"].iter().chain(headers);
    let headers = headers.map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")})));
    response["headers"] = headers.collect::<Map<_, _>>().into();
    if let Some(schema) = schema {
        let content = view.renderers.media_types().into_iter().map(|media_type| {
            let schema = if media_type == "text/html" { json!({"type": "string"}) } else { schema.clone() };
            (media_type.to_owned(), json!({"schema": schema}))
        });
        response["content"] = content.collect::<Map<_, _>>().into();
    }
    response
}
