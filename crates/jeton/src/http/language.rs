//! The language of an answer.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

/// A language that answers are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Language {
    /// What the messages are written in.
    #[default]
    English,
}

impl Language {
    /// The language for whoever sends these headers.
    pub(super) fn of(_: &HeaderMap) -> Self {
        Self::English
    }

    /// Its tag, as HTML and `Content-Language` write it.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
        }
    }

    /// An English message in this language, placeholders and all; itself where there is no translation.
    pub(super) fn translate(self, english: &str) -> &str {
        match self {
            Self::English => english,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_default())
    }
}
