//! One operation: a method of a view at a path.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::components;
use crate::http::contract::{Parameter, Place, Refusal};
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
    if !view.parameters.is_empty() {
        operation.insert("parameters".to_owned(), view.parameters.iter().map(parameter).collect());
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
        let action = match route.method {
            "GET" => "retrieve",
            "DELETE" => "destroy",
            _ => "create",
        };
        let is_word = |word: &&str| !word.is_empty() && !word.starts_with('{');
        let words = route.inner.split('/').filter(is_word).map(|word| word.replace('-', "_"));
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

fn parameter(parameter: &Parameter) -> Value {
    let mut value = json!({
        "in": match parameter.place {
            Place::Path => "path",
            Place::Query => "query",
        },
        "name": parameter.name,
        "description": parameter.description,
        "schema": {"type": "string"},
    });
    if parameter.place == Place::Path {
        value["required"] = true.into();
    }
    value
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
    let success = (view.success.members)(settings).map(|_| match view.renderers {
        Renderers::Schema => json!({"type": "object", "additionalProperties": {}}),
        Renderers::JsonAndHtml | Renderers::JsonOnly | Renderers::PageOnly => components::answer(view, settings),
    });
    let described = response(view.renderers, "Done.", success.as_ref(), &[]);
    responses.insert(view.success.status.to_string(), described);
    for refusal in view.refusals {
        responses.insert(refusal.status.to_string(), refused(view.renderers, refusal));
    }
    for shared in shared(view, has_body, settings) {
        let response = match view.renderers {
            Renderers::JsonAndHtml => json!({"$ref": format!("#/components/responses/{}", shared.name)}),
            Renderers::JsonOnly | Renderers::Schema | Renderers::PageOnly => refused(view.renderers, &shared.refusal),
        };
        responses.entry(shared.refusal.status.to_string()).or_insert(response);
    }
    responses.sort_keys();
    responses.into()
}

/// What all views like this one refuse.
fn shared(view: &View, has_body: bool, settings: &Settings) -> impl Iterator<Item = &'static Shared> {
    let asks = !view.callers.classes(settings).is_empty();
    let is_challenged = view.callers.challenge(settings).is_some();
    let is_session_tried = components::is_session_tried(view.callers, settings);
    SHARED.iter().filter(move |shared| match shared.refusal.status {
        400 | 408 | 413 | 415 => has_body,
        401 => asks && is_challenged,
        403 => asks && (!is_challenged || is_session_tried),
        _ => true,
    })
}

/// The responses that operations refer to.
pub(super) fn shared_responses() -> Value {
    let shared =
        SHARED.iter().map(|Shared { name, refusal }| ((*name).to_owned(), refused(Renderers::JsonAndHtml, refusal)));
    shared.collect::<Map<_, _>>().into()
}

fn refused(renderers: Renderers, refusal: &Refusal) -> Value {
    let headers: &[&str] = match refusal.status {
        401 => &["WWW-Authenticate"],
        429 | 503 => &["Retry-After"],
        _ => &[],
    };
    let name = if refusal.status == 400 { "BadRequest" } else { "Refusal" };
    let schema = refusal.has_body.then(|| json!({"$ref": format!("#/components/schemas/{name}")}));
    response(renderers, refusal.description, schema.as_ref(), headers)
}

fn response(renderers: Renderers, description: &str, schema: Option<&Value>, headers: &[&str]) -> Value {
    let mut response = json!({"description": description});
    let headers = ["Allow"].iter().chain(headers);
    let headers = headers.map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")})));
    response["headers"] = headers.collect::<Map<_, _>>().into();
    if let Some(schema) = schema {
        let content = renderers.media_types().into_iter().map(|media_type| {
            let schema = if media_type == "text/html" { json!({"type": "string"}) } else { schema.clone() };
            (media_type.to_owned(), json!({"schema": schema}))
        });
        response["content"] = content.collect::<Map<_, _>>().into();
    }
    response
}

/// A refusal that many views have.
struct Shared {
    name: &'static str,
    refusal: Refusal,
}

impl Shared {
    const fn new(name: &'static str, status: u16, description: &'static str) -> Self {
        Self { name, refusal: Refusal::new(status, description) }
    }
}

static SHARED: [Shared; 10] = [
    Shared::new("BadRequest", 400, "The body, or a field of it, is not as it should be."),
    Shared::new("Unauthorized", 401, "The credentials are missing or not good."),
    Shared::new("Forbidden", 403, "The credentials are missing or not good, or the CSRF token is."),
    Shared::new("NotFound", 404, "There is no such form of the answer."),
    Shared::new("NotAcceptable", 406, "No form of the answer is acceptable."),
    Shared::new("RequestTimeout", 408, "The body did not arrive in time."),
    Shared::new("ContentTooLarge", 413, "The body is too long."),
    Shared::new("UnsupportedMediaType", 415, "Bodies of this type are not read."),
    Shared::new("TooManyRequests", 429, "Too many requests."),
    Shared::new("ServiceUnavailable", 503, "The service has too much to do, or its database does not answer."),
];
