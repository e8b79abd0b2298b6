//! What operations share: schemas, headers, and the ways to show who one is.

use serde_json::{Map, Value, json};

use super::operation;
use crate::http::authentication::Callers;
use crate::http::contract::{Kind, Member};
use crate::http::negotiation::Renderers;
use crate::http::view::{Field, View};
use crate::settings::{AuthenticationClass, Settings};

pub(super) fn components(served: &[(String, &'static View)], settings: &Settings) -> Value {
    let mut schemas = Map::new();
    for (_, view) in served.iter().filter(|(_, view)| view.renderers != Renderers::Schema) {
        let members = (view.success.members)(settings);
        if !view.body().is_empty() || members.as_ref().is_some_and(|members| !members.is_empty()) {
            schemas.insert(name(view), both_ways(view.body(), &members.unwrap_or_default()));
        }
    }
    schemas.insert("BadRequest".to_owned(), bad_request());
    schemas.insert("Refusal".to_owned(), refusal());
    schemas.sort_keys();
    let mut schemes = Map::new();
    for (_, view) in served {
        for &class in view.callers.classes(settings) {
            let (name, scheme) = scheme(class, settings);
            schemes.insert(name.to_owned(), scheme);
        }
    }
    schemes.sort_keys();
    let responses = operation::shared_responses();
    json!({"schemas": schemas, "responses": responses, "headers": headers(), "securitySchemes": schemes})
}

/// The schema of a view's body.
pub(super) fn reference(view: &View) -> Value {
    json!({"$ref": format!("#/components/schemas/{}", name(view))})
}

/// The schema of what a view answers if all is well.
pub(super) fn answer(view: &View, settings: &Settings) -> Value {
    match (view.success.members)(settings) {
        Some(members) if !members.is_empty() => reference(view),
        Some(_) | None => json!({"type": "object"}),
    }
}

/// Which of the schemes a caller may or must use; nothing where nobody is asked.
pub(super) fn security(callers: Callers, settings: &Settings) -> Option<Value> {
    let mut names: Vec<&str> = Vec::new();
    for &class in callers.classes(settings) {
        let (name, _) = scheme(class, settings);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut ways: Vec<Value> = names.iter().map(|name| json!({ *name: [] })).collect();
    match callers {
        Callers::Anybody => return None,
        Callers::Tried => ways.push(json!({})),
        Callers::Known | Callers::HandMade => {}
    }
    Some(ways.into())
}

pub(super) fn is_session_tried(callers: Callers, settings: &Settings) -> bool {
    callers.classes(settings).contains(&AuthenticationClass::Session)
}

/// The name of a view's schema: `Token Obtain Pair` is `TokenObtainPair`.
fn name(view: &View) -> String {
    view.name.split(' ').collect()
}

/// As drf-spectacular does it: one schema for what goes in and what comes out, with what goes one way only marked.
fn both_ways(fields: &[Field], members: &[Member]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let comes_out = field.is_read_only || members.iter().any(|member| member.name == field.name);
        let mut property = field_schema(field);
        if field.is_read_only {
            property["readOnly"] = true.into();
        } else if !comes_out {
            property["writeOnly"] = true.into();
        }
        properties.insert(field.name.to_owned(), property);
        if field.is_required || field.is_read_only {
            required.push(field.name.to_owned());
        }
    }
    for member in members.iter().filter(|member| fields.iter().all(|field| field.name != member.name)) {
        let mut property = member_schema(&member.kind);
        property["readOnly"] = true.into();
        properties.insert(member.name.clone().into_owned(), property);
        if member.is_always_there {
            required.push(member.name.clone().into_owned());
        }
    }
    required.sort_unstable();
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

fn field_schema(field: &Field) -> Value {
    let mut schema = match field.kind {
        "boolean" => json!({"type": "boolean"}),
        "email" => json!({"type": "string", "format": "email"}),
        _ => json!({"type": "string"}),
    };
    if let Some(max_length) = field.max_length {
        schema["maxLength"] = max_length.into();
    }
    schema
}

fn member_schema(kind: &Kind) -> Value {
    match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Integer => json!({"type": "integer"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Moment => json!({"type": "string", "format": "date-time"}),
        Kind::Any => json!({}),
        Kind::Object(members) => object_schema(members),
        Kind::List(members) => json!({"type": "array", "items": object_schema(members)}),
    }
}

fn object_schema(members: &[Member]) -> Value {
    let properties = members.iter().map(|member| (member.name.to_string(), member_schema(&member.kind)));
    let required = members.iter().filter(|member| member.is_always_there).map(|member| member.name.to_string());
    json!({
        "type": "object",
        "properties": properties.collect::<Map<_, _>>(),
        "required": required.collect::<Vec<_>>(),
    })
}

fn bad_request() -> Value {
    json!({
        "description": "What is wrong: as a whole in `detail`, or field by field, or in `non_field_errors`.",
        "type": "object",
        "properties": {"detail": {"type": "string"}},
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
        "minProperties": 1,
    })
}

fn refusal() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "properties": {
            "detail": text,
            "code": text,
            "messages": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"token_class": text, "token_type": text, "message": text},
                    "required": ["message", "token_class", "token_type"],
                },
            },
        },
        "required": ["detail"],
    })
}

fn headers() -> Value {
    let text = |description: &str| json!({"description": description, "required": true, "schema": {"type": "string"}});
    json!({
        "Allow": text("The methods of this path."),
        "Retry-After": {
            "description": "When to try again, in seconds.",
            "required": true,
            "schema": {"type": "integer"},
        },
        "WWW-Authenticate": text("How to show who one is."),
    })
}

/// The name and the definition of a way in, as drf-spectacular has them.
fn scheme(class: AuthenticationClass, settings: &Settings) -> (&'static str, Value) {
    let in_header = |header: &str, prefix: &str| {
        let description = format!("Token-based authentication with required prefix \"{prefix}\"");
        json!({"type": "apiKey", "in": "header", "name": header, "description": description})
    };
    match class {
        AuthenticationClass::Jwt | AuthenticationClass::JwtStateless => {
            let header = settings.simple_jwt.auth_header_name.as_str();
            let prefix = settings.simple_jwt.auth_header_types.first().map_or("Bearer", String::as_str);
            let scheme = match (header, prefix) {
                ("authorization", "Bearer") => json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
                _ => in_header(&capitalised(header), prefix),
            };
            ("jwtAuth", scheme)
        }
        AuthenticationClass::Session => {
            ("cookieAuth", json!({"type": "apiKey", "in": "cookie", "name": settings.sessions.cookie.name}))
        }
        AuthenticationClass::Basic => ("basicAuth", json!({"type": "http", "scheme": "basic"})),
        AuthenticationClass::Token => ("tokenAuth", in_header("Authorization", &settings.auth_tokens.keyword)),
        AuthenticationClass::JwtHeader => {
            ("jwtHeaderAuth", json!({"type": "apiKey", "in": "header", "name": settings.hand_made.header}))
        }
    }
}

fn capitalised(header: &str) -> String {
    let (first, rest) = header.split_at(1.min(header.len()));
    first.to_uppercase() + rest
}
