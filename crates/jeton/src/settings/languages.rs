//! `[languages]`: what language answers are in.

use super::Compatibility;
use super::given::{Given, Parsed, Setting};
use super::reader::Reader;
use crate::languages::LanguageCode;

/// The language of answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Languages {
    /// The language for everybody, or where `negotiated` finds no other: Django's `LANGUAGE_CODE`.
    pub language_code: LanguageCode,
    /// Whether each request chooses its language, as with Django's `LocaleMiddleware`.
    pub negotiated: bool,
    /// Whether a range of `Accept-Language` with the weight 0 excludes its language, which Django overlooks.
    pub zero_excludes: bool,
    /// Whether Korean that the reference lacks is filled in.
    pub fills_gaps: bool,
}

impl Languages {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        let safe = compatibility == Compatibility::Safe;
        Self { language_code: LanguageCode::ENGLISH, negotiated: false, zero_excludes: safe, fills_gaps: safe }
    }

    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("languages");
        let default = Self::defaults(compatibility);
        Self {
            language_code: section.read(
                "LANGUAGE_CODE",
                "The language of messages: en, ko, or another of Django's.",
                default.language_code,
            ),
            negotiated: section.read(
                "negotiated",
                "Whether the cookie django_language and Accept-Language choose the language: Django's LocaleMiddleware.",
                default.negotiated,
            ),
            zero_excludes: section.read(
                "zero_excludes",
                "Whether q=0 in Accept-Language excludes a language. Django overlooks it.",
                default.zero_excludes,
            ),
            fills_gaps: section.read(
                "fills_gaps",
                "Whether messages that Django and Simple JWT leave in English are Korean all the same.",
                default.fills_gaps,
            ),
        }
    }
}

impl Setting for LanguageCode {
    fn parse(given: &Given) -> Parsed<Self> {
        match given.as_text().map(str::parse) {
            Some(Ok(code)) => Ok(code),
            _ => given.wrong("a language of Django's", "Write a code such as \"en\", \"ko\" or \"zh-hans\"."),
        }
    }

    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}
