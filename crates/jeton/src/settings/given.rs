//! Values as they were given, and how they become settings.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

use toml::Value;

use super::Source;

/// A value as somebody gave it.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) value: Value,
    /// The very text of an environment variable or a flag.
    pub(super) text: Option<String>,
    pub(super) source: Source,
}

/// Why a value will not do, and what would.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    pub(super) what: String,
    pub(super) remedy: String,
}

/// A value, or everything that is wrong with it.
pub(super) type Parsed<T> = Result<T, Vec<Wrong>>;

/// A type that a setting can have.
pub(super) trait Setting: Sized {
    fn parse(given: &Given) -> Parsed<Self>;

    /// As it would be written in the file.
    fn show(&self) -> String;
}

/// A setting that is one of a few words. Several words may mean the same; the first is the one to write.
pub(super) trait Words: Copy + PartialEq + 'static {
    const WORDS: &'static [(&'static str, Self)];
}

/// A size in bytes, also written `"64KiB"` or `"1MiB"`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) struct Bytes(pub(super) usize);

impl Given {
    /// A text from outside the file: what reads as a TOML value is one, anything else is text.
    pub(super) fn from_text(text: &str, source: Source) -> Self {
        let value = text.parse().unwrap_or_else(|_| Value::String(text.to_owned()));
        Self { value, text: Some(text.to_owned()), source }
    }

    /// The text that is meant: `12` from the environment is text where text is wanted.
    pub(super) fn as_text(&self) -> Option<&str> {
        self.value.as_str().or(self.text.as_deref())
    }

    /// The same origin, another value: an item of a list, an entry of a table.
    pub(super) fn with(&self, value: Value) -> Self {
        Self { value, text: None, source: self.source.clone() }
    }

    pub(super) fn wrong<T>(&self, is_not: &str, remedy: impl Into<String>) -> Parsed<T> {
        let shown = self.text.clone().unwrap_or_else(|| self.value.to_string());
        let shown = if shown.chars().count() > 60 { shown.chars().take(60).chain(['…']).collect() } else { shown };
        Err(vec![Wrong { what: format!("{shown} is not {is_not}"), remedy: remedy.into() }])
    }
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

impl<T: Words> Setting for T {
    fn parse(given: &Given) -> Parsed<Self> {
        let text = given.as_text();
        if let Some((_, value)) = T::WORDS.iter().find(|(word, _)| Some(*word) == text) {
            return Ok(*value);
        }
        let is_path = |word: &str| word.contains('.') && word.contains(char::is_alphabetic);
        let words = T::WORDS.iter().map(|(word, _)| *word).filter(|word| !is_path(word));
        let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
        given.wrong("one of the words for this", format!("Write {}.", alternatives(&words)))
    }

    fn show(&self) -> String {
        let word = T::WORDS.iter().find(|(_, value)| value == self).map_or("", |(word, _)| word);
        format!("\"{word}\"")
    }
}

impl Setting for bool {
    fn parse(given: &Given) -> Parsed<Self> {
        match (&given.value, given.as_text()) {
            (Value::Boolean(value), _) => Ok(*value),
            (_, Some(text)) if given.text.is_some() && text.eq_ignore_ascii_case("true") => Ok(true),
            (_, Some(text)) if given.text.is_some() && text.eq_ignore_ascii_case("false") => Ok(false),
            _ => given.wrong("true or false", "Write true or false, without quotes."),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for String {
    fn parse(given: &Given) -> Parsed<Self> {
        match given.as_text() {
            Some(text) => Ok(text.to_owned()),
            None => given.wrong("text", "Write text in quotes."),
        }
    }

    fn show(&self) -> String {
        Value::String(self.clone()).to_string()
    }
}

impl<T: Setting> Setting for Option<T> {
    /// The empty text is what Python writes as `None`.
    fn parse(given: &Given) -> Parsed<Self> {
        if given.as_text() == Some("") { Ok(None) } else { T::parse(given).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "\"\"".to_owned(), T::show)
    }
}

impl<T: Setting> Setting for Vec<T> {
    /// A single value is a list of one.
    fn parse(given: &Given) -> Parsed<Self> {
        let Value::Array(items) = &given.value else { return T::parse(given).map(|item| vec![item]) };
        let (mut list, mut wrong) = (Self::new(), Vec::new());
        for item in items {
            match T::parse(&given.with(item.clone())) {
                Ok(item) => list.push(item),
                Err(mut more) => wrong.append(&mut more),
            }
        }
        if wrong.is_empty() { Ok(list) } else { Err(wrong) }
    }

    fn show(&self) -> String {
        let items: Vec<String> = self.iter().map(T::show).collect();
        format!("[{}]", items.join(", "))
    }
}

impl Setting for SocketAddr {
    fn parse(given: &Given) -> Parsed<Self> {
        match given.as_text().map(str::parse) {
            Some(Ok(address)) => Ok(address),
            _ => given.wrong(
                "an address and port",
                "Write \"127.0.0.1:8000\" for this machine alone, or \"0.0.0.0:8000\" for every network it is in.",
            ),
        }
    }

    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}

macro_rules! whole_number {
    ($($number:ty),*) => {$(
        impl Setting for $number {
            fn parse(given: &Given) -> Parsed<Self> {
                match given.value.as_integer().map(Self::try_from) {
                    Some(Ok(number)) => Ok(number),
                    _ => given.wrong(
                        "a whole number that fits here",
                        format!("Write a number from 0 to {}.", Self::MAX),
                    ),
                }
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

whole_number!(u8, u32, usize);

impl Setting for Bytes {
    fn parse(given: &Given) -> Parsed<Self> {
        let remedy = "Write a number of bytes, or a number with a unit such as \"64KiB\" or \"1MiB\".";
        let bytes = match (&given.value, given.as_text()) {
            (Value::Integer(number), _) => usize::try_from(*number).ok(),
            (_, Some(text)) => {
                let (number, unit) =
                    UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit))).unwrap_or((text, 1));
                number.trim().parse::<usize>().ok().and_then(|number| number.checked_mul(unit))
            }
            _ => None,
        };
        bytes.map_or_else(|| given.wrong("a size", remedy), |bytes| Ok(Self(bytes)))
    }

    fn show(&self) -> String {
        match UNITS.iter().find(|(_, unit)| self.0 > 0 && self.0.is_multiple_of(*unit)) {
            Some((name, unit)) => format!("\"{}{name}\"", self.0 / unit),
            None => self.0.to_string(),
        }
    }
}

const UNITS: [(&str, usize); 2] = [("MiB", 1024 * 1024), ("KiB", 1024)];

/// A check: the value lies between two others, both included.
pub(super) fn between<T: Setting + PartialOrd>(range: RangeInclusive<T>) -> impl Fn(&T) -> Result<(), Wrong> {
    move |value| {
        if range.contains(value) {
            return Ok(());
        }
        let (least, most) = (range.start().show(), range.end().show());
        Err(Wrong::new(format!("{} is out of range", value.show()), format!("Write a value from {least} to {most}.")))
    }
}

/// A check: the text is not empty.
pub(super) fn not_empty(text: &str) -> Result<(), Wrong> {
    if text.is_empty() {
        return Err(Wrong::new("the name is empty", "Write a name, or leave the setting out for the default."));
    }
    Ok(())
}

/// `a, b or c`.
pub(super) fn alternatives(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_file(text: &str) -> Given {
        Given { value: text.parse().unwrap(), text: None, source: Source::File(1) }
    }

    fn from_environment(text: &str) -> Given {
        Given::from_text(text, Source::Environment("JETON_X".into()))
    }

    #[test]
    fn outside_the_file_what_reads_as_toml_is_toml_and_the_rest_is_text() {
        assert_eq!(from_environment("12").value, Value::Integer(12));
        assert_eq!(from_environment("[\"a\", \"b\"]").value.as_array().unwrap().len(), 2);
        assert_eq!(from_environment("https://issuer.example").value.as_str(), Some("https://issuer.example"));
        assert_eq!(String::parse(&from_environment("12")).unwrap(), "12");
        assert_eq!(String::parse(&from_environment("\"quoted\"")).unwrap(), "quoted");
    }

    #[test]
    fn in_the_file_a_number_is_not_text_and_true_is_not_quoted() {
        assert!(String::parse(&from_file("12")).is_err());
        assert!(bool::parse(&from_file("\"true\"")).is_err());
        assert!(bool::parse(&from_environment("True")).unwrap());
    }

    #[test]
    fn every_bad_item_of_a_list_is_reported() {
        assert_eq!(Vec::<String>::parse(&from_file("[1, \"a\", 2]")).unwrap_err().len(), 2);
        assert_eq!(Vec::<String>::parse(&from_file("\"Bearer\"")).unwrap(), ["Bearer"]);
    }

    #[test]
    fn sizes_have_units_both_ways() {
        assert_eq!(Bytes::parse(&from_file("\"64KiB\"")).unwrap(), Bytes(65_536));
        assert_eq!(Bytes::parse(&from_file("100")).unwrap(), Bytes(100));
        assert_eq!(Bytes(65_536).show(), "\"64KiB\"");
        assert_eq!(Bytes(100).show(), "100");
        assert!(Bytes::parse(&from_file("-1")).is_err());
        assert!(Bytes::parse(&from_file("\"64KB\"")).is_err());
    }

    #[test]
    fn an_empty_text_stands_for_none() {
        assert_eq!(Option::<String>::parse(&from_file("\"\"")).unwrap(), None);
        assert_eq!(Option::<String>::parse(&from_file("\"jti\"")).unwrap(), Some("jti".to_owned()));
    }
}
