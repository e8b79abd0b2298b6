//! The parsers of requests, opened for the fuzz targets by the feature `fuzzing`. No part of the API.

use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, HeaderValue, Request, header};
use jeton_store::{OpenMode, Store};
use jeton_token::secret::Secret;
use jeton_token::time::{Clock, Timestamp};
use serde_json::{Map, Value};

use super::App;
use super::authentication;
use super::body::Data;
use super::body::json::{Json, JsonError, Limits};
use super::frame;
use super::media_type::MediaType;
use super::negotiation::{Format, Renderers};
use crate::auth::Auth;
use crate::entropy::Entropy;
use crate::languages::{LanguageCode, asked_for, parse_accept_language};
use crate::settings::{Compatibility, Settings};

/// A JSON body as the value it stands for, or the words it is refused with. Of equal members the last counts.
pub fn json_body(body: &[u8], max_depth: usize, refuse_duplicates: bool) -> Result<Value, String> {
    match Json::parse(body, Limits { max_depth, refuse_duplicates }) {
        Ok(json) => Ok(value(json)),
        Err(JsonError::Syntax(message)) => Err(message),
        Err(JsonError::Duplicate(name)) => Err(format!("{name:?} twice")),
    }
}

/// The fields of a body of this type under the settings of a stance, in their order; nothing if it is refused.
///
/// It needs no runtime: the body is there, so that nothing is waited for but its parts.
pub async fn body(content_type: &str, body: &[u8], compatibility: Compatibility) -> Option<Vec<(String, Value)>> {
    let server = Settings::new(compatibility, Secret::from("")).server;
    match Data::parse(content_type.to_owned(), body.to_vec(), &server).await.ok()?.0 {
        Json::Object(members) => Some(members.into_iter().map(|(name, json)| (name, value(json))).collect()),
        Json::Null | Json::Bool(_) | Json::Integer(_) | Json::Float(_) | Json::Text(_) | Json::Array(_) => None,
    }
}

/// What a media type covers of JSON and HTML, its rank, and its `charset`.
pub fn media_type(text: &str) -> (bool, bool, u8, Option<String>) {
    let parsed = MediaType::parse(text);
    let charset = parsed.parameter("charset").map(str::to_owned);
    (parsed.covers("application/json"), parsed.covers("text/html"), parsed.precedence(), charset)
}

/// The form of an answer for these `Accept` headers: `json`, `json 2` with its indent, `html`, or nothing.
pub fn accept(headers: &[&[u8]]) -> Option<String> {
    let mut parts = Request::get("/").body(()).ok()?.into_parts().0;
    parts.headers = header_map(header::ACCEPT.as_str(), headers)?;
    match Format::negotiate(&parts, Renderers::JsonAndHtml).ok()? {
        Format::Json { indent: None, .. } => Some("json".to_owned()),
        Format::Json { indent: Some(indent), .. } => Some(format!("json {indent}")),
        Format::Html => Some("html".to_owned()),
        Format::Yaml { .. } | Format::Page => None,
    }
}

/// The ranges of an `Accept-Language` header with their weights in thousandths, and the language that is chosen.
pub fn accept_language(header: &[u8]) -> (Vec<(String, u16)>, Option<LanguageCode>) {
    let ranges = parse_accept_language(header).into_iter().map(|range| (range.tag, range.weight)).collect();
    (ranges, asked_for(None, header, true))
}

/// The `Set-Cookie` headers that these `Cookie` headers provoke; nothing if they can be no headers.
pub fn cookies(headers: &[&[u8]]) -> Option<Vec<Vec<u8>>> {
    static APP: OnceLock<Option<App>> = OnceLock::new();
    let app = APP.get_or_init(|| {
        let mut settings = Settings::new(Compatibility::Exact, Secret::from("no secret, and thirty-two bytes long"));
        settings.passwords.threads = 1;
        let store = Store::open("sqlite::memory:", OpenMode::Create, Timestamp::EPOCH).ok()?;
        let clock = Clock::manual(Timestamp::EPOCH);
        Some(App::new(Auth::new(Arc::new(settings), store, clock, Entropy::seeded(1)).ok()?))
    });
    let headers = header_map(header::COOKIE.as_str(), headers)?;
    let cookies = frame::replaced_cookies(app.as_ref()?, &headers, Timestamp::EPOCH);
    Some(cookies.into_iter().map(|cookie| cookie.as_bytes().to_vec()).collect())
}

/// What `Authorization` headers hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// No token of ours.
    Nothing,
    /// This.
    Token(Vec<u8>),
    /// Something that is refused at once, or can be no header.
    Refused,
}

/// The token in these `Authorization` headers under Simple JWT's default settings.
pub fn authorization(headers: &[&[u8]]) -> Bearer {
    let simple_jwt = Settings::new(Compatibility::Safe, Secret::from("")).simple_jwt;
    let Some(headers) = header_map(&simple_jwt.auth_header_name, headers) else {
        return Bearer::Refused;
    };
    match authentication::bearer_token(&headers, &simple_jwt) {
        Ok(None) => Bearer::Nothing,
        Ok(Some(token)) => Bearer::Token(token.to_vec()),
        Err(_) => Bearer::Refused,
    }
}

fn header_map(name: &str, values: &[&[u8]]) -> Option<HeaderMap> {
    let name: header::HeaderName = name.parse().ok()?;
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name.clone(), HeaderValue::from_bytes(value).ok()?);
    }
    Some(headers)
}

/// The value in serde's terms. Integers beyond 64 bits become floats, as they do there.
fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => truth.into(),
        Json::Integer(digits) => digits
            .parse::<i64>()
            .map(Value::from)
            .or_else(|_| digits.parse::<u64>().map(Value::from))
            .unwrap_or_else(|_| digits.parse::<f64>().map_or(Value::Null, Value::from)),
        Json::Float(number) => number.into(),
        Json::Text(text) => text.text.into(),
        Json::Array(values) => values.into_iter().map(value).collect(),
        Json::Object(members) => {
            members.into_iter().map(|(name, json)| (name, value(json))).collect::<Map<_, _>>().into()
        }
    }
}
