//! Pages: what all of them share. Their HTML is in `web/templates`, their looks in `web/styles`.

mod answer;
mod visit;

use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use answer::AnswerPage;
pub(super) use visit::Visit;

use super::App;
use super::language::Language;
use super::messages::Message;
use crate::settings::Endpoint;

/// What stands around the content of every page.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    pub(super) language: Language,
    /// Where Swagger UI is, if it is served.
    pub(super) documentation: Option<String>,
}

impl Frame {
    pub(super) fn new(app: &App, language: Language) -> Self {
        Self { language, documentation: app.first_path(Endpoint::SwaggerUi) }
    }

    /// A text of ours in the language of the page.
    pub(super) fn say(&self, english: &'static str) -> String {
        Message::new(english).text(self.language)
    }

    #[expect(clippy::unused_self, reason = "the template knows this value alone")]
    pub(super) const fn style(&self) -> &'static str {
        STYLE
    }
}

/// A page, not to be kept, which may show itself and send forms home.
pub(super) fn html(status: StatusCode, page: &impl Template) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE)),
        (header::CONTENT_SECURITY_POLICY, policy()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, text(page)).into_response()
}

/// The HTML of a page.
pub(super) fn text(page: &impl Template) -> String {
    page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be written");
        String::new()
    })
}

/// What such a page may do: show itself, and send forms home.
pub(super) fn policy() -> HeaderValue {
    static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
        let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        HeaderValue::from_str(&policy).ok()
    });
    POLICY.clone().unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// A title and nothing else.
#[derive(Template)]
#[template(path = "notice.html")]
pub(super) struct Notice {
    pub(super) frame: Frame,
    pub(super) title: String,
}

/// There is nothing at this address.
#[derive(Template)]
#[template(path = "not_found.html")]
pub(super) struct NotFound {
    pub(super) frame: Frame,
}

pub(super) const CONTENT_TYPE: &str = "text/html; charset=utf-8";

const STYLE: &str = include_str!("../../../../../web/styles/page.css");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::openapi::views;
    use crate::languages::LanguageCode;

    #[test]
    fn what_views_say_of_themselves_has_its_korean() {
        let korean = Language::new(LanguageCode::KOREAN, LanguageCode::KOREAN);
        let labels = views().flat_map(|view| view.body().iter().filter(|field| !field.is_read_only));
        let said = views().map(|view| view.description).chain(labels.map(|field| field.label));
        let missing: Vec<_> = said.filter(|text| korean.translate(text) == *text).collect();
        assert!(missing.is_empty(), "add these to src/languages/korean_pages.rs: {missing:#?}");
    }
}
