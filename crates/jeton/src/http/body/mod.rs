//! Request bodies: JSON, urlencoded and multipart, all read into one kind of value.

pub(super) mod json;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use self::json::{Json, JsonError, Limits, Text};
use super::App;
use super::error::ApiError;
use super::media_type::MediaType;
use super::messages::{self, Message};
use crate::settings::Server;

/// The data of a request. No body is an empty object.
pub(super) struct Data(pub(super) Json);

impl FromRequest<App> for Data {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let server = &app.settings().server;
        let content_type = content_type(request.headers());
        let body = read(request.into_body(), server).await?;
        Self::parse(content_type, body, server).await
    }
}

impl Data {
    /// The data of a body that was read whole, by the type that it has.
    pub(super) async fn parse(content_type: String, body: Vec<u8>, server: &Server) -> Result<Self, ApiError> {
        if body.is_empty() {
            return Ok(Self(Json::Object(Vec::new())));
        }
        let media_type = MediaType::parse(&content_type);
        if media_type.covers("application/json") {
            let text = decode(&body, &media_type)?;
            let limits = Limits { max_depth: server.max_json_depth, refuse_duplicates: server.refuse_duplicate_fields };
            return Json::parse(&text, limits).map(Self).map_err(ApiError::from);
        }
        if media_type.covers("application/x-www-form-urlencoded") {
            let text = decode(&body, &media_type)?;
            return Fields::urlencoded(&text)?.into_data(server);
        }
        if media_type.covers("multipart/form-data") {
            return Fields::multipart(body, media_type.parameter("boundary")).await?.into_data(server);
        }
        Err(ApiError::UnsupportedMediaType(content_type))
    }
}

/// A field of a form, the last one of that name; nothing if the body is no form. The body is parsed whatever it is, as
/// DRF does before it looks for a field, and stays as it was.
pub(super) async fn form_field(
    headers: &HeaderMap,
    body: &mut Body,
    name: &str,
    server: &Server,
) -> Result<Option<String>, ApiError> {
    let content_type = content_type(headers);
    let media_type = MediaType::parse(&content_type);
    let is_form = media_type.covers("application/x-www-form-urlencoded") || media_type.covers("multipart/form-data");
    let bytes = read(std::mem::take(body), server).await?;
    *body = Body::from(bytes.clone());
    let data = Data::parse(content_type, bytes, server).await?.0;
    Ok(match data.member(name).filter(|_| is_form) {
        Some(Json::Text(text)) => Some(text.text.clone()),
        Some(Json::Null | Json::Bool(_) | Json::Integer(_) | Json::Float(_) | Json::Array(_) | Json::Object(_))
        | None => None,
    })
}

fn content_type(headers: &HeaderMap) -> String {
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.unwrap_or_default().iter().map(|&byte| char::from(byte)).collect()
}

impl From<JsonError> for ApiError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax(message) => Self::Parse(Message::of(format!("JSON parse error - {message}"))),
            JsonError::Duplicate(name) => Self::Duplicate(name),
        }
    }
}

async fn read(body: Body, server: &Server) -> Result<Vec<u8>, ApiError> {
    let limited = Limited::new(body, server.max_body_bytes).collect();
    match tokio::time::timeout(server.body_timeout, limited).await {
        Err(_) => Err(ApiError::BodyTimeout),
        Ok(Ok(collected)) => Ok(collected.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(ApiError::TooLarge { max_bytes: server.max_body_bytes })
        }
        Ok(Err(_)) => Err(ApiError::BodyBroken),
    }
}

/// A body in UTF-8, whatever of the usual encodings it came in.
fn decode<'a>(body: &'a [u8], media_type: &MediaType) -> Result<std::borrow::Cow<'a, [u8]>, ApiError> {
    let charset = media_type.parameter("charset").unwrap_or("utf-8");
    match charset.to_ascii_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Ok(body.into()),
        "iso-8859-1" | "latin-1" | "latin1" => {
            Ok(body.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes().into())
        }
        _ => Err(ApiError::Parse(messages::unsupported_charset(charset))),
    }
}

/// The fields of a form. A file is no text, and fails as a field that is none.
struct Fields(Vec<(String, Json)>);

impl Fields {
    fn urlencoded(body: &[u8]) -> Result<Self, ApiError> {
        if body.iter().filter(|&&byte| byte == b'&').count() >= MAX_FIELDS {
            return Err(too_many_fields());
        }
        Ok(Self(form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), text(value.into()))).collect()))
    }

    /// An end that is missing is put there: Django does without.
    async fn multipart(mut body: Vec<u8>, boundary: Option<&str>) -> Result<Self, ApiError> {
        let refused =
            |why: &dyn std::fmt::Display| ApiError::Parse(Message::of(format!("Multipart form parse error - {why}")));
        let Some(boundary) = boundary.filter(|boundary| is_boundary(boundary)) else {
            return Err(refused(&format!("Invalid boundary in multipart: {}", boundary.unwrap_or("None"))));
        };
        let end = format!("--{boundary}--");
        if !body.trim_ascii_end().ends_with(end.as_bytes()) {
            body.extend_from_slice(format!("\r\n{end}\r\n").as_bytes());
        }
        let stream = http_body_util::Full::new(bytes::Bytes::from(body)).into_data_stream();
        let mut parts = multer::Multipart::new(stream, boundary);
        let mut fields = Vec::new();
        while let Some(part) = parts.next_field().await.map_err(|error| refused(&error))? {
            if fields.len() == MAX_FIELDS {
                return Err(too_many_fields());
            }
            let (name, is_file) = (part.name().unwrap_or_default().to_owned(), part.file_name().is_some());
            let bytes = part.bytes().await.map_err(|error| refused(&error))?;
            let value = match is_file {
                true => Json::Array(Vec::new()),
                false => text(String::from_utf8_lossy(&bytes).into_owned()),
            };
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    fn into_data(self, server: &Server) -> Result<Data, ApiError> {
        let repeated = self.0.iter().enumerate().find(|(at, (name, _))| {
            server.refuse_duplicate_fields && self.0[..*at].iter().any(|(earlier, _)| earlier == name)
        });
        match repeated {
            Some((_, (name, _))) => Err(ApiError::Duplicate(name.clone())),
            None => Ok(Data(Json::Object(self.0))),
        }
    }
}

/// What RFC 2046 lets stand in a boundary, and Django with it.
fn is_boundary(boundary: &str) -> bool {
    (1..=200).contains(&boundary.len())
        && boundary.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !boundary.ends_with(' ')
}

fn too_many_fields() -> ApiError {
    ApiError::Parse(Message::new("The form has more than {count} fields.").with("count", MAX_FIELDS.to_string()))
}

fn text(text: String) -> Json {
    Json::Text(Text { text, surrogate: None })
}

/// As in Django.
const MAX_FIELDS: usize = 1000;
