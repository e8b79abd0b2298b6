//! Which form an answer takes: `?format=`, then `Accept`, ranked by how specific its ranges are.

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::error::ApiError;
use super::media_type::MediaType;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Compact, or indented by so many blanks.
    Json {
        indent: Option<usize>,
    },
    Html,
}

/// The forms that a view has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renderers {
    JsonAndHtml,
    JsonOnly,
}

impl Renderers {
    /// Their media types, the preferred one first.
    pub(super) const fn media_types(self) -> &'static [&'static str] {
        match self {
            Self::JsonAndHtml => &[JSON, HTML],
            Self::JsonOnly => &[JSON],
        }
    }
}

impl Format {
    pub(super) const COMPACT: Self = Self::Json { indent: None };

    pub(super) fn negotiate(parts: &Parts, renderers: Renderers) -> Result<Self, ApiError> {
        let offered = match (requested_format(parts).as_deref(), renderers) {
            (None, renderers) => renderers.media_types(),
            (Some("json"), _) => &[JSON],
            (Some("api"), Renderers::JsonAndHtml) => &[HTML],
            (Some(_), _) => return Err(ApiError::FormatNotFound),
        };
        let mut ranges = accepted(&parts.headers);
        ranges.sort_by_key(|range| std::cmp::Reverse(range.precedence()));
        // Within one rank the first offer wins that any range covers.
        for rank in ranges.chunk_by(|one, other| one.precedence() == other.precedence()) {
            for &offer in offered {
                if let Some(range) = rank.iter().find(|range| range.covers(offer)) {
                    return Ok(Self::of(offer, range));
                }
            }
        }
        Err(ApiError::NotAcceptable)
    }

    fn of(offer: &str, range: &MediaType) -> Self {
        if offer == HTML {
            return Self::Html;
        }
        let indent = range.parameter("indent").and_then(|indent| indent.trim().parse::<i64>().ok());
        Self::Json { indent: indent.map(|indent| indent.clamp(0, 8) as usize).filter(|&indent| indent > 0) }
    }
}

/// The last `format` of the query, unless it is empty.
fn requested_format(parts: &Parts) -> Option<String> {
    let pairs = form_urlencoded::parse(parts.uri.query()?.as_bytes());
    let format = pairs.filter(|(name, _)| name == "format").last()?.1;
    (!format.is_empty()).then(|| format.into_owned())
}

fn accepted(headers: &HeaderMap) -> Vec<MediaType> {
    let values: Vec<String> =
        headers.get_all(header::ACCEPT).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into()).collect();
    if values.is_empty() {
        return vec![MediaType::parse("*/*")];
    }
    let joined = values.join(",");
    let ranges = joined.split(',').map(str::trim).filter(|range| !range.is_empty() && range.len() <= MAX_RANGE_BYTES);
    ranges.take(MAX_RANGES).map(MediaType::parse).collect()
}

const JSON: &str = "application/json";
const HTML: &str = "text/html";
const MAX_RANGES: usize = 64;
const MAX_RANGE_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn negotiate(uri: &str, accept: Option<&str>) -> Option<Format> {
        let mut request = Request::get(uri);
        if let Some(accept) = accept {
            request = request.header("Accept", accept);
        }
        Format::negotiate(&request.body(()).unwrap().into_parts().0, Renderers::JsonAndHtml).ok()
    }

    #[test]
    fn the_most_specific_range_wins_and_json_comes_first() {
        let json = Some(Format::COMPACT);
        for (accept, format) in [
            (None, json),
            (Some("*/*"), json),
            (Some("application/*"), json),
            (Some("text/*"), Some(Format::Html)),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Format::Html)),
            (Some("text/html, application/json"), json),
            (Some("application/json;q=0.1, text/html;q=0.9"), json),
            (Some("application/json; indent=2"), Some(Format::Json { indent: Some(2) })),
            (Some("application/json; indent=99"), Some(Format::Json { indent: Some(8) })),
            (Some("application/json; indent=x"), json),
            (Some("application/xml"), None),
            (Some(""), None),
        ] {
            assert_eq!(negotiate("/", accept), format, "{accept:?}");
        }
    }

    #[test]
    fn the_query_narrows_the_offer() {
        assert_eq!(negotiate("/?format=json", Some("text/html, */*")), Some(Format::COMPACT));
        assert_eq!(negotiate("/?format=api", None), Some(Format::Html));
        assert_eq!(negotiate("/?format=", None), Some(Format::COMPACT));
        assert_eq!(negotiate("/?format=xml", None), None);
    }
}
