//! `[log]`: what the server says about itself.

use super::given::{Words, Wrong};
use super::reader::Reader;

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Log lines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Log {
    /// How a line is written.
    pub format: LogFormat,
    /// A level (`info`), or levels for single parts (`info,jeton=debug`).
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

impl Log {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut section = reader.section("log");
        let default = Self::default();
        Self {
            format: section.read("format", "text for people, or json: one object a line.", default.format),
            level: section.read_if(
                "level",
                "error, warn, info, debug, trace or off; or levels of single parts: info,jeton=debug.",
                default.level,
                |text| is_level(text),
            ),
        }
    }
}

impl Words for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

fn is_level(text: &str) -> Result<(), Wrong> {
    let is_directive = |directive: &str| {
        let (part, level) = directive.split_once('=').unwrap_or(("jeton", directive));
        let part_is_a_path = !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':');
        part_is_a_path && LEVELS.iter().any(|known| level.eq_ignore_ascii_case(known))
    };
    if text.split(',').all(|directive| is_directive(directive.trim())) {
        return Ok(());
    }
    Err(Wrong::new(
        format!("\"{text}\" is not a level"),
        format!("Write one of {}, or \"info,jeton=debug\".", LEVELS.join(", ")),
    ))
}

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
