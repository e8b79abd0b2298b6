//! `[hand_made]`: the JWT of `id` and `username` in a header of its own.

use std::time::Duration;

use axum::http::HeaderName;

use super::Compatibility;
use super::given::{Words, Wrong};
use super::reader::Reader;

/// What hand-made tokens are signed with, by HS256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandMadeKey {
    /// `secret_key` itself, as the guides do. With it, any HS256 token that it signs and that has an `id` opens doors.
    SecretKey,
    /// A key derived from it for these tokens alone.
    Own,
}

/// Where hand-made tokens are, and what they are held to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandMade {
    /// The header that holds the token, in lower case.
    pub header: String,
    /// What signs them.
    pub signed_with: HandMadeKey,
    /// How long they are good; `None` is for ever.
    pub lifetime: Option<Duration>,
    /// Whether a new password ends those that the old one got.
    pub end_with_password: bool,
}

impl HandMade {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        let safe = compatibility == Compatibility::Safe;
        Self {
            header: "jwt-auth".to_owned(),
            signed_with: if safe { HandMadeKey::Own } else { HandMadeKey::SecretKey },
            lifetime: safe.then_some(Duration::from_secs(3600)),
            end_with_password: safe,
        }
    }
}

impl HandMade {
    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("hand_made");
        let default = Self::defaults(compatibility);
        let header: String =
            section.read_if("header", "The header that holds a hand-made token.", default.header, |header| {
                is_header(header)
            });
        Self {
            header: header.to_ascii_lowercase(),
            signed_with: section.read(
                "signed_with",
                "secret_key, or own: a key derived from it for these tokens alone.",
                default.signed_with,
            ),
            lifetime: section.read_if(
                "lifetime",
                "How long a hand-made token is good. Empty: for ever.",
                default.lifetime,
                |lifetime| match lifetime {
                    Some(Duration::ZERO) => Err(Wrong::new("no token would be good", "Write \"\" for no end at all.")),
                    _ => Ok(()),
                },
            ),
            end_with_password: section.read(
                "end_with_password",
                "Whether a new password ends the user's hand-made tokens.",
                default.end_with_password,
            ),
        }
    }
}

impl Words for HandMadeKey {
    const WORDS: &'static [(&'static str, Self)] = &[("own", Self::Own), ("secret_key", Self::SecretKey)];
}

fn is_header(name: &str) -> Result<(), Wrong> {
    if HeaderName::from_bytes(name.as_bytes()).is_ok() && !TAKEN.contains(&name.to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    Err(Wrong::new(format!("\"{name}\" is no header for a token"), "Write a name such as \"jwt-auth\"."))
}

/// These say something else already.
const TAKEN: [&str; 6] = ["accept", "content-length", "content-type", "cookie", "host", "user-agent"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Settings, SettingsFile, Sources};

    fn load(text: &str) -> Result<HandMade, usize> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789\"\n[hand_made]\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        let loaded = Settings::load(&Sources { file, ..Sources::default() });
        loaded.map(|loaded| loaded.settings.hand_made).map_err(|problems| problems.errors.len())
    }

    #[test]
    fn the_guides_token_is_a_few_lines() {
        let text = "header = \"Jwt\"\nsigned_with = \"secret_key\"\nlifetime = \"\"\nend_with_password = false\n";
        let mut guide = HandMade::defaults(Compatibility::Exact);
        guide.header = "jwt".to_owned();
        assert_eq!(load(text), Ok(guide));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["header = \"\"", "header = \"a b\"", "header = \"Cookie\"", "signed_with = \"x\"", "lifetime = 0"]
        {
            assert_eq!(load(text), Err(1), "{text}");
        }
    }
}
