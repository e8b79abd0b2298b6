//! The language of an answer: chosen by the settings, or by who asks.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use super::cookies::cookie;
pub(super) use crate::languages::Language;
use crate::languages::asked_for;
use crate::settings::Languages;

/// The language for whoever sends these headers.
pub(super) fn choose(headers: &HeaderMap, settings: &Languages) -> Language {
    let asked = || {
        // Several headers are one list (RFC 9110 §5.3).
        let lists: Vec<_> = headers.get_all(header::ACCEPT_LANGUAGE).iter().map(HeaderValue::as_bytes).collect();
        asked_for(cookie(headers, COOKIE).as_deref(), &lists.join(&b','), settings.zero_excludes)
    };
    let code = if settings.negotiated { asked() } else { None };
    let fallback = settings.language_code;
    Language::new(code.unwrap_or(fallback), fallback).filling_gaps(settings.fills_gaps)
}

/// Says on an answer what language it is in, where that depends on the request.
pub(super) fn declare(language: Language, settings: &Languages, headers: &mut HeaderMap) {
    if settings.negotiated {
        headers.append(header::VARY, HeaderValue::from_static("Accept-Language"));
        let code = HeaderValue::from_static(language.tag());
        headers.entry(header::CONTENT_LANGUAGE).or_insert(code);
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_default())
    }
}

/// `LANGUAGE_COOKIE_NAME`.
const COOKIE: &str = "django_language";
