//! The Korean catalogue, a file of gettext's kind, and how sentences are found in it.

use std::collections::HashMap;
use std::sync::LazyLock;

pub(super) struct Catalogue {
    entries: HashMap<String, String>,
}

impl Catalogue {
    pub(super) fn korean() -> &'static Self {
        static KOREAN: LazyLock<Catalogue> =
            LazyLock::new(|| Catalogue { entries: entries(FILE).into_iter().collect() });
        &KOREAN
    }

    pub(super) fn exact(&self, english: &str) -> Option<&str> {
        self.entries.get(english).map(String::as_str)
    }

    /// The Korean of a sentence with values in it, and the values: of all that could have made the sentence, the one
    /// that says most of it.
    pub(super) fn by_shape<'t>(&self, sentence: &'t str) -> Option<(&str, Vec<&'t str>)> {
        if let Some(korean) = self.exact(sentence) {
            return Some((korean, Vec::new()));
        }
        let fitting = self.entries.iter().filter_map(|(english, korean)| {
            let values = values(english, sentence)?;
            let left_open: usize = values.iter().map(|value| value.len()).sum();
            Some((left_open, korean, values))
        });
        fitting.min_by_key(|(left_open, ..)| *left_open).map(|(_, korean, values)| (korean.as_str(), values))
    }
}

/// The text before the first `{name}` or `{}`, the name, and what follows.
pub(super) fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// What stands in a sentence where its shape has placeholders; nothing if it has another shape, or no placeholders.
fn values<'t>(shape: &str, sentence: &'t str) -> Option<Vec<&'t str>> {
    let (start, _, mut shape) = placeholder(shape)?;
    let (mut rest, mut values) = (sentence.strip_prefix(start)?, Vec::new());
    while let Some((between, _, after)) = placeholder(shape) {
        let (value, behind) = rest.split_once(between)?;
        values.push(value);
        (rest, shape) = (behind, after);
    }
    values.push(rest.strip_suffix(shape)?);
    Some(values)
}

/// The pairs of a `.po` file.
fn entries(file: &str) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = Vec::new();
    let mut is_translation = false;
    for line in file.lines() {
        let quoted = match (line.strip_prefix("msgid "), line.strip_prefix("msgstr ")) {
            (Some(quoted), _) => {
                entries.push(Default::default());
                is_translation = false;
                quoted
            }
            (_, Some(quoted)) => {
                is_translation = true;
                quoted
            }
            _ => line,
        };
        if let (Some(text), Some((english, korean))) = (unquoted(quoted), entries.last_mut()) {
            if is_translation { korean.push_str(&text) } else { english.push_str(&text) }
        }
    }
    entries
}

fn unquoted(quoted: &str) -> Option<String> {
    let (mut text, mut escaped) = (String::new(), false);
    for c in quoted.strip_prefix('"')?.strip_suffix('"')?.chars() {
        match (escaped, c) {
            (false, '\\') => escaped = true,
            (true, 'n') => (escaped, _) = (false, text.push('\n')),
            (true, 't') => (escaped, _) = (false, text.push('\t')),
            (_, c) => (escaped, _) = (false, text.push(c)),
        }
    }
    Some(text)
}

const FILE: &str = include_str!("ko.po");

#[cfg(test)]
#[path = "completeness.rs"]
mod completeness;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_known_by_its_shape() {
        let shape = |shape, sentence| values(shape, sentence);
        assert_eq!(shape("{} is not {}", "12 is not text"), Some(vec!["12", "text"]));
        assert_eq!(shape("there is no user {}", "there is no user "), Some(vec![""]));
        assert_eq!(shape("Write {name}.", "Write a.b."), Some(vec!["a.b"]));
        assert_eq!(shape("Write {}.", "Write"), None);
        assert_eq!(shape("no placeholder", "no placeholder"), None);
    }

    #[test]
    fn the_shape_that_says_most_wins() {
        let pairs = [("{} is {}", "가"), ("{} is not {}", "나"), ("{} is not a size", "다")];
        let entries = pairs.map(|(english, korean)| (english.to_owned(), korean.to_owned())).into();
        let catalogue = Catalogue { entries };
        assert_eq!(catalogue.by_shape("9 is not a size"), Some(("다", vec!["9"])));
        assert_eq!(catalogue.by_shape("9 is not big"), Some(("나", vec!["9", "big"])));
        assert_eq!(catalogue.by_shape("nothing of all that"), None);
    }

    #[test]
    fn the_file_is_read_as_gettext_reads_it() {
        let file =
            "# a comment\nmsgid \"\"\n\"one \\\"two\\\"\\n\"\nmsgstr \"하나\"\n\nmsgid \"b\\\\c\"\nmsgstr \"나\"\n";
        let expected = [("one \"two\"\n", "하나"), ("b\\c", "나")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(entries(file), expected);
    }
}
