//! `[wire]`: what older clients were written for, and what a refresh makes of declared claims.

use super::given::{Words, Wrong};
use super::reader::Reader;
use super::simple_jwt::{SimpleJwt, UserField};

/// How `USER_ID_CLAIM` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserIdForm {
    /// Always as text, as Simple JWT does since 5.4.
    #[default]
    Text,
    /// As a number where the column holds numbers, as Simple JWT did up to 5.3.
    Number,
}

/// Whose words a refused token is told in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorTexts {
    /// Simple JWT 5.5: "Token is invalid", "Token is expired".
    #[default]
    V5_5,
    /// Simple JWT 5.3: "Token is invalid or expired" for both.
    V5_3,
}

/// What a refresh does with the claims of `[simple_jwt.claims]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClaimsAtRefresh {
    /// They stay as they were at the login, as in Simple JWT.
    #[default]
    Copy,
    /// They are read anew from the user.
    Reload,
}

/// The shape of tokens and answers where Simple JWT has no setting for it. The same in both stances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wire {
    /// How the user claim is written.
    pub user_id: UserIdForm,
    /// The words for refused tokens.
    pub error_texts: ErrorTexts,
    /// Whether declared claims age.
    pub claims_at_refresh: ClaimsAtRefresh,
}

impl Wire {
    pub(super) fn read(reader: &mut Reader, simple_jwt: &SimpleJwt) -> Self {
        let mut section = reader.section("wire");
        let defaults = Self::default();
        let wire = Self {
            user_id: section.read(
                "user_id",
                "How USER_ID_CLAIM is written: \"text\", or \"number\" as Simple JWT up to 5.3 wrote it.",
                defaults.user_id,
            ),
            error_texts: section.read(
                "error_texts",
                "The words for refused tokens: \"5.5\", or \"5.3\" for clients that look for \"Token is invalid or expired\".",
                defaults.error_texts,
            ),
            claims_at_refresh: section.read(
                "claims_at_refresh",
                "Whether a refresh copies the claims of [simple_jwt.claims] as of the login, or reloads them: copy, reload.",
                defaults.claims_at_refresh,
            ),
        };
        if wire.user_id == UserIdForm::Number && simple_jwt.user_id_field != UserField::Id {
            let what = "has no effect: USER_ID_FIELD names a column of text";
            section.warn("user_id", Wrong::new(what, "Remove it, or set USER_ID_FIELD = \"id\"."));
        }
        wire
    }
}

impl Words for UserIdForm {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("number", Self::Number)];
}

impl Words for ErrorTexts {
    const WORDS: &'static [(&'static str, Self)] = &[("5.5", Self::V5_5), ("5.3", Self::V5_3)];
}

impl Words for ClaimsAtRefresh {
    const WORDS: &'static [(&'static str, Self)] = &[("copy", Self::Copy), ("reload", Self::Reload)];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Loaded, Settings, SettingsFile, Sources};

    fn load(text: &str) -> Loaded {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789-0123456789\"\n{text}");
        let environment = vec![("JETON_WIRE__ERROR_TEXTS".to_owned(), "5.3".to_owned())];
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        let sources = Sources { file, environment, ..Sources::default() };
        Settings::load(&sources).unwrap_or_else(|problems| panic!("{problems}"))
    }

    #[test]
    fn older_clients_are_served_by_two_settings() {
        let wire = load("[wire]\nuser_id = \"number\"\n").settings.wire;
        assert_eq!((wire.user_id, wire.error_texts), (UserIdForm::Number, ErrorTexts::V5_3));
        assert_eq!(wire.claims_at_refresh, ClaimsAtRefresh::Copy);
    }

    #[test]
    fn a_number_of_a_text_column_is_a_warning() {
        let loaded = load("[simple_jwt]\nUSER_ID_FIELD = \"email\"\n[wire]\nuser_id = \"number\"\n");
        assert_eq!(loaded.warnings[0].path, "wire.user_id");
    }
}
