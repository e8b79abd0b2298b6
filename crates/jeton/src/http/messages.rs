//! What clients are told, in the reference's words. Each is known by its English text, as in Django's catalogues.

use std::borrow::Cow;

use jeton_token::error::TokenError;

use super::language::Language;
use crate::passwords::Weakness;

/// A text for clients, with the values of its placeholders: `{name}` in the English text and in every translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    english: Cow<'static, str>,
    values: Vec<(&'static str, Value)>,
}

/// What stands in for a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// Inserted as it is.
    Text(String),
    /// A word of ours, said in the language of the message.
    Term(&'static str),
}

pub(super) const FIELD_REQUIRED: &str = "This field is required.";
pub(super) const FIELD_NULL: &str = "This field may not be null.";
pub(super) const FIELD_BLANK: &str = "This field may not be blank.";
pub(super) const NOT_A_STRING: &str = "Not a valid string.";
pub(super) const NULL_CHARACTERS: &str = "Null characters are not allowed.";
pub(super) const BAD_USERNAME: &str =
    "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";
pub(super) const USERNAME_TAKEN: &str = "A user with that username already exists.";
pub(super) const BAD_EMAIL: &str = "Enter a valid email address.";
pub(super) const NO_DATA: &str = "No data provided";
pub(super) const CANNOT_LOG_IN: &str = "Unable to log in with provided credentials.";
pub(super) const NOT_FOUND: &str = "Not found.";
pub(super) const NOT_ACCEPTABLE: &str = "Could not satisfy the request Accept header.";
pub(super) const MALFORMED_REQUEST: &str = "Malformed request.";
pub(super) const BASIC_WITHOUT_CREDENTIALS: &str = "Invalid basic header. No credentials provided.";
pub(super) const BASIC_WITH_SPACES: &str = "Invalid basic header. Credentials string should not contain spaces.";
pub(super) const BASIC_NOT_BASE64: &str = "Invalid basic header. Credentials not correctly base64 encoded.";
pub(super) const WRONG_USERNAME_OR_PASSWORD: &str = "Invalid username/password.";
pub(super) const GOODBYE: &str = "OK, goodbye";
pub(super) const GOODBYE_ALL: &str = "OK, goodbye, all refresh tokens blacklisted";

impl Message {
    /// A text of our own.
    pub(super) const fn new(english: &'static str) -> Self {
        Self { english: Cow::Borrowed(english), values: Vec::new() }
    }

    /// A text that was put together elsewhere: translated if it happens to be known.
    pub(super) const fn of(english: String) -> Self {
        Self { english: Cow::Owned(english), values: Vec::new() }
    }

    /// The value of a placeholder. It is inserted as it is: braces in it stay braces.
    pub(super) fn with(mut self, placeholder: &'static str, value: impl Into<String>) -> Self {
        self.values.push((placeholder, Value::Text(value.into())));
        self
    }

    /// The value of a placeholder that is a word to be translated, too.
    pub(super) fn with_term(mut self, placeholder: &'static str, english: &'static str) -> Self {
        self.values.push((placeholder, Value::Term(english)));
        self
    }

    /// The text, in that language as far as it is known there.
    pub(super) fn text(&self, language: Language) -> String {
        let number = self.values.iter().find_map(|(_, value)| match value {
            Value::Text(text) => text.parse().ok(),
            Value::Term(_) => None,
        });
        let mut rest = language.translate_counted(&self.english, number);
        let mut text = String::with_capacity(rest.len());
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let value = self.values.iter().find_map(|(name, value)| {
                let after = after.strip_prefix(name)?.strip_prefix('}')?;
                Some((value, after))
            });
            match value {
                Some((value, after)) => {
                    text.push_str(match value {
                        Value::Text(text) => text,
                        Value::Term(english) => language.translate(english),
                    });
                    rest = after;
                }
                None => {
                    text.push('{');
                    rest = after;
                }
            }
        }
        text.push_str(rest);
        text
    }
}

impl From<&'static str> for Message {
    fn from(english: &'static str) -> Self {
        Self::new(english)
    }
}

pub(super) fn max_length(max_length: usize) -> Message {
    Message::new("Ensure this field has no more than {max_length} characters.")
        .with("max_length", max_length.to_string())
}

pub(super) fn surrogate(surrogate: u16) -> Message {
    Message::new("Surrogate characters are not allowed: U+{code_point}.").with("code_point", format!("{surrogate:X}"))
}

pub(super) fn not_a_dictionary(python_type: &str) -> Message {
    Message::new("Invalid data. Expected a dictionary, but got {datatype}.").with("datatype", python_type)
}

pub(super) fn too_long(max_length: usize) -> Message {
    Message::new("Ensure this field has no more than {max_length} characters.")
        .with("max_length", max_length.to_string())
}

pub(super) fn method_not_allowed(method: &str) -> Message {
    Message::new("Method \"{method}\" not allowed.").with("method", method)
}

pub(super) fn csrf_failed(reason: &str) -> Message {
    Message::new("CSRF Failed: {reason}").with("reason", reason)
}

pub(super) fn foreign_origin(origin: &str) -> Message {
    Message::new(
        "Requests from {origin} are not allowed here: see csrf.trusted_origins, and behind a proxy server.trusted_proxies.",
    )
    .with("origin", origin)
}

pub(super) fn unsupported_media_type(media_type: &str) -> Message {
    Message::new("Unsupported media type \"{media_type}\" in request.").with("media_type", media_type)
}

pub(super) fn unsupported_charset(charset: &str) -> Message {
    Message::new("Unsupported charset \"{charset}\" in request Content-Type header.").with("charset", charset)
}

/// Why a new password will not do.
pub(super) fn weakness(weakness: Weakness) -> Message {
    match weakness {
        Weakness::TooSimilar(attribute) => Message::new("The password is too similar to the {verbose_name}.")
            .with_term("verbose_name", attribute.verbose_name()),
        Weakness::TooShort { min_length } => Message::new(match min_length {
            1 => "This password is too short. It must contain at least {min_length} character.",
            _ => "This password is too short. It must contain at least {min_length} characters.",
        })
        .with("min_length", min_length.to_string()),
        Weakness::TooCommon => Message::new("This password is too common."),
        Weakness::EntirelyNumeric => Message::new("This password is entirely numeric."),
        Weakness::TooLong { max_length } => {
            Message::new("This password is too long. It may have at most {max_length} bytes.")
                .with("max_length", max_length.to_string())
        }
    }
}

/// Two sentences, each of which the catalogues know.
pub(super) fn throttled(language: Language, seconds: u64) -> String {
    let wait = match seconds {
        1 => "Expected available in {wait} second.",
        _ => "Expected available in {wait} seconds.",
    };
    let wait = Message::new(wait).with("wait", seconds.to_string());
    format!("{} {}", Message::new("Request was throttled.").text(language), wait.text(language))
}

/// What the bearer of a refused token is told.
pub(super) fn of_token_error(error: &TokenError) -> Message {
    match error {
        TokenError::MissingTime(claim) => Message::new("Token has no '{claim}' claim").with("claim", claim),
        TokenError::TimePassed(claim) => Message::new("Token '{claim}' claim has expired").with("claim", claim),
        TokenError::Invalid(_)
        | TokenError::Expired
        | TokenError::Blacklisted
        | TokenError::MissingId
        | TokenError::MissingType
        | TokenError::WrongType => Message::of(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::languages::LanguageCode;
    use crate::passwords::Attribute;

    #[test]
    fn one_second_is_not_several() {
        let text = |seconds| throttled(Language::ENGLISH, seconds);
        assert_eq!(text(1), "Request was throttled. Expected available in 1 second.");
        assert_eq!(text(5), "Request was throttled. Expected available in 5 seconds.");
    }

    #[test]
    fn values_stand_where_their_placeholders_stood() {
        let text = |message: Message| message.text(Language::ENGLISH);
        assert_eq!(text(method_not_allowed("PUT")), "Method \"PUT\" not allowed.");
        assert_eq!(text(method_not_allowed("{method}")), "Method \"{method}\" not allowed.");
        assert_eq!(text(Message::new("{a} {b}{c} {").with("b", "{a}").with("a", "1")), "1 {a}{c} {");
        assert_eq!(text(Message::of("as it is".to_owned())), "as it is");
    }

    #[test]
    fn names_of_claims_stand_in_translated_messages() {
        let korean = Language::new(LanguageCode::KOREAN, LanguageCode::ENGLISH);
        let message = of_token_error(&TokenError::MissingTime("{claim}".to_owned()));
        assert_eq!(message.text(korean), "토큰에 '{claim}' 클레임이 없습니다");
        assert_eq!(message.text(Language::ENGLISH), "Token has no '{claim}' claim");
    }

    #[test]
    fn a_weakness_is_told_as_it_tells_itself_but_for_the_singular() {
        for found in [
            Weakness::TooSimilar(Attribute::Email),
            Weakness::TooShort { min_length: 8 },
            Weakness::TooCommon,
            Weakness::EntirelyNumeric,
            Weakness::TooLong { max_length: 4096 },
        ] {
            assert_eq!(weakness(found).text(Language::ENGLISH), found.to_string());
        }
        let one = weakness(Weakness::TooShort { min_length: 1 }).text(Language::ENGLISH);
        assert_eq!(one, "This password is too short. It must contain at least 1 character.");
    }
}
