//! The languages of answers: which there are, which one a request asks for, and what a message says in it.

mod accept;
mod catalogue;
mod code;
#[cfg(test)]
mod completeness;
mod korean;
mod korean_pages;

pub(crate) use accept::asked_for;
#[cfg(feature = "fuzzing")]
pub(crate) use accept::parse as parse_accept_language;
pub use code::{LanguageCode, UnknownLanguage};

/// A language to answer in, and what stands in where it has no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Language {
    code: LanguageCode,
    fallback: LanguageCode,
    fills_gaps: bool,
}

impl Language {
    pub(crate) const ENGLISH: Self = Self::new(LanguageCode::ENGLISH, LanguageCode::ENGLISH);

    /// What has no text in the language is said in the fallback, except to who asked for English, and else in English.
    pub(crate) const fn new(code: LanguageCode, fallback: LanguageCode) -> Self {
        Self { code, fallback, fills_gaps: false }
    }

    /// The same; with Korean where the reference has none, if that is wanted.
    pub(crate) const fn filling_gaps(self, fills_gaps: bool) -> Self {
        Self { fills_gaps, ..self }
    }

    /// Whether Koreans are told in Korean what the reference tells them in English.
    pub(crate) fn is_filling_gaps(self) -> bool {
        self.fills_gaps
    }

    /// As HTML and `Content-Language` write it.
    pub(crate) fn tag(self) -> &'static str {
        self.code.as_str()
    }

    /// An English message in this language, placeholders and all; itself where there is no translation.
    pub(crate) fn translate(self, english: &str) -> &str {
        self.translate_counted(english, None)
    }

    /// The same of a message with a number in it: languages have forms for numbers that English does not tell apart.
    pub(crate) fn translate_counted(self, english: &str, number: Option<u64>) -> &str {
        let form = |code| catalogue::form(code, english, number?);
        let text = |code| form(code).or_else(|| catalogue::text(code, english)).or_else(|| self.korean(code, english));
        self.codes().find_map(text).unwrap_or(english)
    }

    fn codes(self) -> impl Iterator<Item = LanguageCode> {
        let is_english = self.code.as_str().starts_with("en");
        [self.code].into_iter().chain((!is_english).then_some(self.fallback))
    }

    fn korean(self, code: LanguageCode, english: &str) -> Option<&'static str> {
        if code != LanguageCode::KOREAN {
            return None;
        }
        korean::of_own(english).or_else(|| korean::of_gap(english).filter(|_| self.fills_gaps))
    }
}

impl Default for Language {
    fn default() -> Self {
        Self::ENGLISH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: &str = "This field is required.";
    const INVALID: &str = "Token is invalid";

    fn language(code: &str, fallback: &str) -> Language {
        Language::new(code.parse().unwrap(), fallback.parse().unwrap())
    }

    #[test]
    fn what_a_language_cannot_say_the_default_language_says_but_not_to_english_readers() {
        assert_eq!(language("ko", "en").translate(REQUIRED), "이 필드는 필수 항목입니다.");
        assert_eq!(language("ja", "ko").translate("User not found"), "찾을 수 없는 사용자입니다");
        assert_eq!(language("en", "ko").translate("User not found"), "User not found");
        assert_eq!(language("en-gb", "ko").translate("User not found"), "User not found");
        assert_eq!(language("fr", "en").translate("no such message"), "no such message");
    }

    #[test]
    fn gaps_of_the_reference_are_filled_where_that_is_wanted() {
        let korean = language("ko", "en");
        assert_eq!(korean.translate(INVALID), INVALID);
        assert_eq!(korean.filling_gaps(true).translate(INVALID), "유효하지 않은 토큰입니다");
        assert_eq!(language("fr", "en").filling_gaps(true).translate(INVALID), INVALID);
    }

    #[test]
    fn numbers_take_their_form() {
        let many = "This password is too short. It must contain at least {min_length} characters.";
        let polish = |number| language("pl", "en").translate_counted(many, Some(number)).to_owned();
        assert!(polish(3).ends_with("{min_length} znaki.") && polish(8).ends_with("{min_length} znaków."));
        assert!(language("ko", "en").translate_counted(many, Some(8)).contains("최소 {min_length}자"));
        assert_eq!(language("en", "ko").translate_counted(many, Some(8)), many);
        assert_eq!(language("ko", "en").translate_counted(REQUIRED, Some(8)), "이 필드는 필수 항목입니다.");
    }
}
