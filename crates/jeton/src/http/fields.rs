//! Fields of a body, checked all at once and in DRF's order and words.

use jeton_token::secret::Secret;

use super::body::json::{Json, PythonFloat, Text};
use super::error::ApiError;
use super::messages::{self, Message};
use crate::auth::Credentials;
use crate::python;

/// Reads text fields one after the other and remembers what is wrong with each.
pub(super) struct Fields<'a> {
    data: &'a Json,
    errors: Vec<(String, Vec<Message>)>,
}

/// What happens to blanks around a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blanks {
    Trim,
    /// They stay; but a text of nothing else is blank.
    Keep,
    /// They stay, and count as letters.
    Significant,
}

impl<'a> Fields<'a> {
    /// The fields of an object; nothing else has fields.
    pub(super) fn of(data: &'a Json) -> Result<Self, ApiError> {
        match data {
            Json::Object(_) => Ok(Self { data, errors: Vec::new() }),
            Json::Null => Err(ApiError::NonField(messages::NO_DATA.into())),
            other => Err(ApiError::NonField(messages::not_a_dictionary(other.python_type()))),
        }
    }

    /// A required text. What is answered for a bad one does not matter: [`Fields::finish`] refuses it.
    pub(super) fn text(&mut self, name: &str, blanks: Blanks) -> String {
        let parse = |text, characters: Vec<_>| if characters.is_empty() { Ok(text) } else { Err(characters) };
        self.parsed(name, blanks, messages::NOT_A_STRING, parse).unwrap_or_default()
    }

    /// A required text that becomes something else. `parse` gets what DRF says of its characters, which is an error in
    /// any case, to put it where it belongs among its own; `no_text` is told of what is no text.
    pub(super) fn parsed<T>(
        &mut self,
        name: &str,
        blanks: Blanks,
        no_text: &'static str,
        parse: impl FnOnce(String, Vec<Message>) -> Result<T, Vec<Message>>,
    ) -> Option<T> {
        let read =
            read_text(self.data.member(name), blanks, no_text).and_then(|(text, characters)| parse(text, characters));
        match read {
            Ok(value) => Some(value),
            Err(errors) => {
                self.errors.push((name.to_owned(), errors));
                None
            }
        }
    }

    /// A text that may be absent or blank, trimmed, of at most so many characters.
    pub(super) fn optional_text(&mut self, name: &str, max_length: usize) -> String {
        let parse = |text: String, mut flaws: Vec<Message>| {
            if text.chars().count() > max_length {
                flaws.push(messages::too_long(max_length));
            }
            if flaws.is_empty() { Ok(text) } else { Err(flaws) }
        };
        self.optional(name, Blanks::Trim, messages::NOT_A_STRING, parse).unwrap_or_default()
    }

    /// The same for a text that may be absent or blank: then it is the empty text.
    pub(super) fn optional<T: Default>(
        &mut self,
        name: &str,
        blanks: Blanks,
        no_text: &'static str,
        parse: impl FnOnce(String, Vec<Message>) -> Result<T, Vec<Message>>,
    ) -> Option<T> {
        let is_blank = match self.data.member(name) {
            None => true,
            Some(Json::Text(text)) => is_blank(&text.text, blanks) && text.surrogate.is_none(),
            Some(_) => false,
        };
        if is_blank { Some(T::default()) } else { self.parsed(name, blanks, no_text, parse) }
    }

    /// Something else is wrong with a field.
    pub(super) fn refuse(&mut self, name: &str, message: impl Into<Message>) {
        self.errors.push((name.to_owned(), vec![message.into()]));
    }

    /// A value that is there if the fields that went into it were good; and so must be all others.
    pub(super) fn complete<T>(self, value: Option<T>) -> Result<T, ApiError> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            Some(_) | None => Err(ApiError::Fields(self.errors)),
        }
    }

    /// The value, if every field that went into it was good.
    pub(super) fn finish<T>(self, value: T) -> Result<T, ApiError> {
        if self.errors.is_empty() { Ok(value) } else { Err(ApiError::Fields(self.errors)) }
    }
}

/// A name and a password that are not checked as fields: whatever Python takes for false is malformed, all else is compared
/// as text. Nothing for what nobody has as a name or a password, such as a list.
pub(super) fn unchecked_credentials(data: &Json) -> Result<Option<Credentials>, ApiError> {
    Fields::of(data)?;
    let given = |name: &str| data.member(name).filter(|value| value.is_truthy());
    let (Some(username), Some(password)) = (given("username"), given("password")) else {
        return Err(ApiError::Parse(messages::MALFORMED_REQUEST.into()));
    };
    let texts = python_text(username).zip(python_text(password));
    Ok(texts.map(|(username, password)| Credentials { username, password: Secret::new(password) }))
}

/// A value as Python's `str` writes it; nothing for what is no single value, or no text that a column can hold.
fn python_text(value: &Json) -> Option<String> {
    match value {
        Json::Bool(truth) => Some(if *truth { "True" } else { "False" }.to_owned()),
        Json::Integer(digits) => Some(digits.clone()),
        Json::Float(number) => Some(PythonFloat(*number).to_string()),
        Json::Text(Text { text, surrogate: None }) if !text.contains('\0') => Some(text.clone()),
        Json::Text(_) | Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A text that is there, and what is wrong with single characters of it.
fn read_text(
    value: Option<&Json>,
    blanks: Blanks,
    no_text: &'static str,
) -> Result<(String, Vec<Message>), Vec<Message>> {
    let one = |message: &'static str| Err(vec![message.into()]);
    let (text, surrogate) = match value {
        None => return one(messages::FIELD_REQUIRED),
        Some(Json::Null) => return one(messages::FIELD_NULL),
        Some(Json::Bool(_) | Json::Array(_) | Json::Object(_)) => return one(no_text),
        Some(Json::Integer(digits)) => (digits.clone(), None),
        Some(Json::Float(number)) => (PythonFloat(*number).to_string(), None),
        Some(Json::Text(Text { text, surrogate })) => (text.clone(), *surrogate),
    };
    if is_blank(&text, blanks) {
        return one(messages::FIELD_BLANK);
    }
    let text = if blanks == Blanks::Trim { strip(&text).to_owned() } else { text };
    let nul = text.contains('\0').then(|| messages::NULL_CHARACTERS.into());
    let characters = nul.into_iter().chain(surrogate.map(messages::surrogate)).collect();
    Ok((text, characters))
}

/// Where blanks are significant, they are characters as all others.
fn is_blank(text: &str, blanks: Blanks) -> bool {
    match blanks {
        Blanks::Trim | Blanks::Keep => strip(text).is_empty(),
        Blanks::Significant => text.is_empty(),
    }
}

/// Python's `str.strip()`.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(python::is_space)
}

#[cfg(test)]
mod tests {
    use super::super::body::json::Limits;
    use super::super::language::Language;
    use super::*;

    fn read(body: &str, blanks: Blanks) -> Result<String, Vec<String>> {
        let data = Json::parse(body.as_bytes(), Limits { max_depth: 9, refuse_duplicates: false }).unwrap();
        let mut fields = Fields::of(&data).unwrap();
        let text = fields.text("a", blanks);
        let in_english = |message: &Message| message.text(Language::ENGLISH);
        let errors: Vec<String> = fields.errors.iter().flat_map(|(_, all)| all).map(in_english).collect();
        if errors.is_empty() { Ok(text) } else { Err(errors) }
    }

    #[test]
    fn each_bad_value_has_its_message() {
        for (body, message) in [
            ("{}", messages::FIELD_REQUIRED),
            (r#"{"a": null}"#, messages::FIELD_NULL),
            (r#"{"a": ""}"#, messages::FIELD_BLANK),
            (r#"{"a": " \t\u001f\u00a0 "}"#, messages::FIELD_BLANK),
            (r#"{"a": false}"#, messages::NOT_A_STRING),
            (r#"{"a": []}"#, messages::NOT_A_STRING),
            (r#"{"a": {}}"#, messages::NOT_A_STRING),
            (r#"{"a": "b\u0000"}"#, messages::NULL_CHARACTERS),
            (r#"{"a": "b\ud800"}"#, "Surrogate characters are not allowed: U+D800."),
        ] {
            assert_eq!(read(body, Blanks::Trim), Err(vec![message.to_owned()]), "{body}");
        }
        let both = read(r#"{"a": "\u0000\udfff"}"#, Blanks::Trim).unwrap_err();
        assert_eq!(both.len(), 2);
    }

    #[test]
    fn numbers_are_texts_and_blanks_go_unless_kept() {
        assert_eq!(read(r#"{"a": 7}"#, Blanks::Trim), Ok("7".to_owned()));
        assert_eq!(read(r#"{"a": 1.50}"#, Blanks::Trim), Ok("1.5".to_owned()));
        assert_eq!(read(r#"{"a": " b\n"}"#, Blanks::Trim), Ok("b".to_owned()));
        assert_eq!(read(r#"{"a": " b\n"}"#, Blanks::Keep), Ok(" b\n".to_owned()));
        assert_eq!(read(r#"{"a": "  "}"#, Blanks::Keep), Err(vec![messages::FIELD_BLANK.to_owned()]));
        assert_eq!(read(r#"{"a": "  "}"#, Blanks::Significant), Ok("  ".to_owned()));
        assert_eq!(read(r#"{"a": ""}"#, Blanks::Significant), Err(vec![messages::FIELD_BLANK.to_owned()]));
    }
}
