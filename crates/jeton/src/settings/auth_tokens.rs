//! `[auth_tokens]`: the opaque keys of DRF, `Authorization: Token …`.

use std::time::Duration;

use super::Compatibility;
use super::given::{Wrong, between};
use super::reader::Reader;

/// How many keys a user has, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthTokens {
    /// The word before the key in the header; its case does not matter.
    pub keyword: String,
    /// Whether a user has one key and is told it at each login. Otherwise each login makes another, which is told once.
    pub one_per_user: bool,
    /// So many keys that are told once may a user have; a login beyond that ends the oldest.
    pub max_per_user: u32,
    /// The age at which a key ends; `None` is never.
    pub lifetime: Option<Duration>,
    /// Whether a new password ends the keys that the old one got.
    pub end_with_password: bool,
}

impl AuthTokens {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        let safe = compatibility == Compatibility::Safe;
        Self {
            keyword: "Token".to_owned(),
            one_per_user: !safe,
            max_per_user: 20,
            lifetime: None,
            end_with_password: safe,
        }
    }
}

impl AuthTokens {
    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("auth_tokens");
        let default = Self::defaults(compatibility);
        Self {
            keyword: section.read_if(
                "keyword",
                "The word before the key in the Authorization header: DRF's TokenAuthentication.keyword.",
                default.keyword,
                |keyword| is_word(keyword),
            ),
            one_per_user: section.read(
                "one_per_user",
                "Whether a user has one key and is told it at each login. Else each login makes one, which is told once.",
                default.one_per_user,
            ),
            max_per_user: section.read_if(
                "max_per_user",
                "How many keys a user may have where each login makes one; beyond that the oldest ends.",
                default.max_per_user,
                between(1..=10_000),
            ),
            lifetime: section.read_if(
                "lifetime",
                "The age at which a key ends, such as \"90d\". Empty: never.",
                default.lifetime,
                |lifetime| match lifetime {
                    Some(Duration::ZERO) => Err(Wrong::new("no key would be good", "Write \"\" for no end at all.")),
                    _ => Ok(()),
                },
            ),
            end_with_password: section.read(
                "end_with_password",
                "Whether a new password ends the user's keys.",
                default.end_with_password,
            ),
        }
    }
}

/// A scheme of RFC 9110 §11.1.
fn is_word(keyword: &str) -> Result<(), Wrong> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
    if !keyword.is_empty() && keyword.chars().all(is_letter) {
        return Ok(());
    }
    Err(Wrong::new(format!("\"{keyword}\" cannot stand before a key"), "Write one word, such as \"Token\"."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Problem, Settings, SettingsFile, Sources};

    fn load(text: &str) -> Result<AuthTokens, Vec<String>> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789\"\n[auth_tokens]\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        match Settings::load(&Sources { file, ..Sources::default() }) {
            Ok(loaded) => Ok(loaded.settings.auth_tokens),
            Err(problems) => Err(problems.errors.iter().map(Problem::to_string).collect()),
        }
    }

    #[test]
    fn a_site_names_its_own_keyword_and_number() {
        let set = load("keyword = \"Api-Key\"\nmax_per_user = 3\nlifetime = \"90d\"\none_per_user = true\n").unwrap();
        assert_eq!((set.keyword.as_str(), set.max_per_user, set.one_per_user), ("Api-Key", 3, true));
        assert_eq!(set.lifetime, Some(Duration::from_secs(90 * 86_400)));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in
            ["keyword = \"\"", "keyword = \"Api Key\"", "keyword = \"토큰\"", "max_per_user = 0", "lifetime = 0"]
        {
            assert_eq!(load(text).unwrap_err().len(), 1, "{text}");
        }
    }
}
