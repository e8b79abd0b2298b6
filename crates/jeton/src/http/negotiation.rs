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
        media_type: &'static str,
        indent: Option<usize>,
    },
    Yaml {
        media_type: &'static str,
    },
    /// A page with the answer and forms.
    Html,
    /// A page of the view's own; refusals are a line of text.
    Page,
}

/// The forms that a view has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renderers {
    JsonAndHtml,
    JsonOnly,
    Schema,
    PageOnly,
}

/// A form that is offered: its name in `?format=`, and its media type.
struct Offer {
    name: &'static str,
    media_type: &'static str,
}

impl Renderers {
    /// Their media types, the preferred one first.
    pub(super) fn media_types(self) -> Vec<&'static str> {
        self.offers().iter().map(|offer| offer.media_type).collect()
    }

    /// The preferred form: refusals that are too early for a choice have it.
    pub(super) fn first(self) -> Format {
        self.format(&self.offers()[0], &MediaType::parse("*/*"))
    }

    const fn offers(self) -> &'static [Offer] {
        match self {
            Self::JsonAndHtml => &[Offer { name: "json", media_type: JSON }, Offer { name: "api", media_type: HTML }],
            Self::JsonOnly => &[Offer { name: "json", media_type: JSON }],
            Self::Schema => &[
                Offer { name: "yaml", media_type: OPENAPI },
                Offer { name: "yaml", media_type: "application/yaml" },
                Offer { name: "json", media_type: OPENAPI_JSON },
                Offer { name: "json", media_type: JSON },
            ],
            Self::PageOnly => &[Offer { name: "html", media_type: HTML }],
        }
    }

    fn format(self, offer: &Offer, range: &MediaType) -> Format {
        let media_type = offer.media_type;
        match (self, offer.name) {
            (Self::PageOnly, _) => Format::Page,
            (Self::Schema, "json") => Format::Json { media_type, indent: Some(4) },
            (Self::Schema, _) => Format::Yaml { media_type },
            (Self::JsonAndHtml, "api") => Format::Html,
            (Self::JsonAndHtml | Self::JsonOnly, _) => {
                let indent = range.parameter("indent").and_then(|indent| indent.trim().parse::<i64>().ok());
                let indent = indent.map(|indent| indent.clamp(0, 8) as usize).filter(|&indent| indent > 0);
                Format::Json { media_type, indent }
            }
        }
    }
}

impl Format {
    pub(super) fn negotiate(parts: &Parts, renderers: Renderers) -> Result<Self, ApiError> {
        let format = requested_format(parts);
        let is_asked_for = |offer: &&Offer| format.as_ref().is_none_or(|format| format == offer.name);
        let offered: Vec<&Offer> = renderers.offers().iter().filter(is_asked_for).collect();
        if offered.is_empty() {
            return Err(ApiError::FormatNotFound);
        }
        let mut ranges = accepted(&parts.headers);
        ranges.sort_by_key(|range| std::cmp::Reverse(range.precedence()));
        // Within one rank the first offer wins that any range covers.
        for rank in ranges.chunk_by(|one, other| one.precedence() == other.precedence()) {
            for offer in &offered {
                if let Some(range) = rank.iter().find(|range| range.covers(offer.media_type)) {
                    return Ok(renderers.format(offer, range));
                }
            }
        }
        Err(ApiError::NotAcceptable)
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
const OPENAPI: &str = "application/vnd.oai.openapi";
const OPENAPI_JSON: &str = "application/vnd.oai.openapi+json";
const MAX_RANGES: usize = 64;
const MAX_RANGE_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const COMPACT: Format = Format::Json { media_type: JSON, indent: None };

    fn negotiate(uri: &str, accept: Option<&str>) -> Option<Format> {
        negotiate_of(Renderers::JsonAndHtml, uri, accept)
    }

    fn negotiate_of(renderers: Renderers, uri: &str, accept: Option<&str>) -> Option<Format> {
        let mut request = Request::get(uri);
        if let Some(accept) = accept {
            request = request.header("Accept", accept);
        }
        Format::negotiate(&request.body(()).unwrap().into_parts().0, renderers).ok()
    }

    #[test]
    fn the_most_specific_range_wins_and_json_comes_first() {
        let json = Some(COMPACT);
        let indented = |indent| Some(Format::Json { media_type: JSON, indent: Some(indent) });
        for (accept, format) in [
            (None, json),
            (Some("*/*"), json),
            (Some("application/*"), json),
            (Some("text/*"), Some(Format::Html)),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Format::Html)),
            (Some("text/html, application/json"), json),
            (Some("application/json;q=0.1, text/html;q=0.9"), json),
            (Some("application/json; indent=2"), indented(2)),
            (Some("application/json; indent=99"), indented(8)),
            (Some("application/json; indent=x"), json),
            (Some("application/xml"), None),
            (Some(""), None),
        ] {
            assert_eq!(negotiate("/", accept), format, "{accept:?}");
        }
    }

    #[test]
    fn the_query_narrows_the_offer() {
        assert_eq!(negotiate("/?format=json", Some("text/html, */*")), Some(COMPACT));
        assert_eq!(negotiate("/?format=api", None), Some(Format::Html));
        assert_eq!(negotiate("/?format=", None), Some(COMPACT));
        assert_eq!(negotiate("/?format=xml", None), None);
    }

    #[test]
    fn a_schema_is_yaml_unless_json_is_asked_for() {
        let of = |uri, accept| negotiate_of(Renderers::Schema, uri, accept);
        let json = |media_type| Some(Format::Json { media_type, indent: Some(4) });
        assert_eq!(of("/", None), Some(Format::Yaml { media_type: OPENAPI }));
        assert_eq!(of("/", Some("application/yaml")), Some(Format::Yaml { media_type: "application/yaml" }));
        assert_eq!(of("/", Some("application/json")), json(JSON));
        assert_eq!(of("/?format=json", None), json(OPENAPI_JSON));
        assert_eq!(of("/?format=api", None), None);
        assert_eq!(of("/", Some("text/html")), None);
    }
}
