//! From bytes to a value, step by step as Python's decoder goes, so that it stops where that stops and says what that says.

use std::collections::HashSet;

use super::{Json, JsonError, Limits, Text};

/// One value, with nothing but blanks around it.
pub(super) fn parse(body: &[u8], limits: Limits) -> Result<Json, JsonError> {
    if body.starts_with("\u{feff}".as_bytes()) {
        return Err(JsonError::Syntax(
            "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)".to_owned(),
        ));
    }
    let text = decode_utf8(body)?;
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, depth: 0, limits };
    parser.skip_blanks();
    let value = parser.value()?;
    parser.skip_blanks();
    if parser.at < parser.bytes.len() {
        return Err(parser.error("Extra data", parser.at));
    }
    Ok(value)
}

/// The text of a body. A sequence that the end of the body cuts is left out, as Python's stream reader does.
fn decode_utf8(body: &[u8]) -> Result<&str, JsonError> {
    let error = match std::str::from_utf8(body) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let start = error.valid_up_to();
    let Some(length) = error.error_len() else {
        return std::str::from_utf8(&body[..start]).map_err(|error| JsonError::Syntax(error.to_string()));
    };
    let reason = match body[start] {
        0x80..=0xC1 | 0xF5..=0xFF => "invalid start byte",
        _ => "invalid continuation byte",
    };
    let place = match length {
        1 => format!("byte 0x{:02x} in position {start}", body[start]),
        _ => format!("bytes in position {start}-{}", start + length - 1),
    };
    Err(JsonError::Syntax(format!("'utf-8' codec can't decode {place}: {reason}")))
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    limits: Limits,
}

impl Parser<'_> {
    fn value(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
                    if self.take(word) {
                        return Ok(value);
                    }
                }
                for word in ["NaN", "Infinity"] {
                    if self.take(word) {
                        return Err(not_compliant(word));
                    }
                }
                Err(self.error("Expecting value", start))
            }
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, JsonError>) -> Result<Json, JsonError> {
        if self.depth == self.limits.max_depth {
            return Err(JsonError::Syntax(format!("Nested deeper than {} levels", self.limits.max_depth)));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Json, JsonError> {
        let mut members = Vec::new();
        let mut names = HashSet::new();
        self.skip_blanks();
        if self.take("}") {
            return Ok(Json::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.error("Expecting property name enclosed in double quotes", self.at));
            }
            let name = self.string()?.text;
            self.skip_blanks();
            if !self.take(":") {
                return Err(self.error("Expecting ':' delimiter", self.at));
            }
            self.skip_blanks();
            let value = self.value()?;
            if self.limits.refuse_duplicates && !names.insert(name.clone()) {
                return Err(JsonError::Duplicate(name));
            }
            members.push((name, value));
            self.skip_blanks();
            if self.take("}") {
                return Ok(Json::Object(members));
            }
            if !self.take(",") {
                return Err(self.error("Expecting ',' delimiter", self.at));
            }
            self.skip_blanks();
        }
    }

    fn array(&mut self) -> Result<Json, JsonError> {
        let mut values = Vec::new();
        self.skip_blanks();
        if self.take("]") {
            return Ok(Json::Array(values));
        }
        loop {
            values.push(self.value()?);
            self.skip_blanks();
            if self.take("]") {
                return Ok(Json::Array(values));
            }
            if !self.take(",") {
                return Err(self.error("Expecting ',' delimiter", self.at));
            }
            self.skip_blanks();
        }
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        let negative = self.take("-");
        if negative && self.take("Infinity") {
            return Err(not_compliant("-Infinity"));
        }
        match self.digits() {
            0 => return Err(self.error("Expecting value", start)),
            _ if self.bytes[start + usize::from(negative)] == b'0' => self.at = start + usize::from(negative) + 1,
            _ => {}
        }
        let integer = self.at;
        self.fraction_and_exponent();
        let digits = &self.text[start..self.at];
        if self.at == integer {
            let count = digits.len() - usize::from(negative);
            return match count {
                0..=MAX_DIGITS => Ok(Json::Integer(if digits == "-0" { "0".to_owned() } else { digits.to_owned() })),
                _ => Err(JsonError::Syntax(format!(
                    "Exceeds the limit ({MAX_DIGITS} digits) for integer string conversion: value has {count} digits; \
                     use sys.set_int_max_str_digits() to increase the limit"
                ))),
            };
        }
        digits.parse().map(Json::Float).map_err(|_| self.error("Expecting value", start))
    }

    /// Moves past `.5` and `e+5`, but not past a beginning of them.
    fn fraction_and_exponent(&mut self) {
        let integer = self.at;
        if self.take(".") && self.digits() == 0 {
            self.at = integer;
            return;
        }
        let fraction = self.at;
        if (self.take("e") || self.take("E")) && {
            let _sign = self.take("+") || self.take("-");
            self.digits() == 0
        } {
            self.at = fraction;
        }
    }

    fn string(&mut self) -> Result<Text, JsonError> {
        let start = self.at;
        self.at += 1;
        let mut read = Text::default();
        loop {
            let rest = &self.bytes[self.at..];
            let Some(plain) = rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20) else {
                return Err(self.error("Unterminated string starting at", start));
            };
            read.text.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain;
            match self.bytes[self.at] {
                b'"' => {
                    self.at += 1;
                    return Ok(read);
                }
                b'\\' => self.escape(start, &mut read)?,
                _ => return Err(self.error("Invalid control character at", self.at)),
            }
        }
    }

    fn escape(&mut self, start: usize, read: &mut Text) -> Result<(), JsonError> {
        let backslash = self.at;
        let Some(&escaped) = self.bytes.get(backslash + 1) else {
            return Err(self.error("Unterminated string starting at", start));
        };
        self.at += 2;
        read.text.push(match escaped {
            b'"' | b'\\' | b'/' => char::from(escaped),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(read),
            _ => return Err(self.error("Invalid \\escape", backslash)),
        });
        Ok(())
    }

    /// Reads the digits after `\u`, and those of a second escape that completes a surrogate pair.
    fn unicode_escape(&mut self, read: &mut Text) -> Result<(), JsonError> {
        let first = self.four_digits()?;
        if (0xD800..0xDC00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.four_digits()?;
            if (0xDC00..0xE000).contains(&second) {
                let pair = char::decode_utf16([first, second]).next();
                read.text.extend(pair.and_then(Result::ok));
                return Ok(());
            }
            self.at = before;
        }
        if let Some(letter) = char::from_u32(u32::from(first)) {
            read.text.push(letter);
        } else {
            read.text.push(char::REPLACEMENT_CHARACTER);
            read.surrogate.get_or_insert(first);
        }
        Ok(())
    }

    fn four_digits(&mut self) -> Result<u16, JsonError> {
        let start = self.at;
        let Some(digits) = self.bytes.get(start..start + 4).filter(|_| start + 4 < self.bytes.len()) else {
            return Err(self.error("Invalid \\uXXXX escape", start));
        };
        let mut number = 0;
        for &digit in digits {
            let Some(value) = char::from(digit).to_digit(16) else {
                return Err(self.error("Invalid \\uXXXX escape", start - 1));
            };
            number = number << 4 | value as u16;
        }
        self.at += 4;
        Ok(number)
    }

    fn digits(&mut self) -> usize {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.bytes[self.at..].starts_with(word.as_bytes());
        if found {
            self.at += word.len();
        }
        found
    }

    /// An error in Python's words; it counts letters, from 0, and lines and columns, from 1.
    fn error(&self, what: &str, at: usize) -> JsonError {
        let before = String::from_utf8_lossy(&self.bytes[..at.min(self.bytes.len())]);
        let line = before.matches('\n').count() + 1;
        let letters = before.chars().count();
        let column = before.chars().rev().take_while(|&letter| letter != '\n').count() + 1;
        JsonError::Syntax(format!("{what}: line {line} column {column} (char {letters})"))
    }
}

fn not_compliant(word: &str) -> JsonError {
    JsonError::Syntax(format!("Out of range float values are not JSON compliant: '{word}'"))
}

/// Python's own limit on the length of an integer.
const MAX_DIGITS: usize = 4300;

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { max_depth: 32, refuse_duplicates: false };

    fn refused(body: &str) -> String {
        match Json::parse(body.as_bytes(), LIMITS) {
            Err(JsonError::Syntax(message)) => message,
            other => panic!("{body} gave {other:?}"),
        }
    }

    fn text(text: &str) -> Json {
        Json::Text(Text { text: text.to_owned(), surrogate: None })
    }

    #[test]
    fn errors_have_python_s_words_and_places() {
        for (body, message) in [
            ("", "Expecting value: line 1 column 1 (char 0)"),
            (" ", "Expecting value: line 1 column 2 (char 1)"),
            ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            ("{'a': 1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            ("{\"a\": 1,}", "Expecting property name enclosed in double quotes: line 1 column 9 (char 8)"),
            ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
            ("{\"a\": 1 2}", "Expecting ',' delimiter: line 1 column 9 (char 8)"),
            ("{\"a\": }", "Expecting value: line 1 column 7 (char 6)"),
            ("[1,]", "Expecting value: line 1 column 4 (char 3)"),
            ("{} {}", "Extra data: line 1 column 4 (char 3)"),
            ("01", "Extra data: line 1 column 2 (char 1)"),
            ("1.", "Extra data: line 1 column 2 (char 1)"),
            ("-", "Expecting value: line 1 column 1 (char 0)"),
            ("\"가\n\"", "Invalid control character at: line 1 column 3 (char 2)"),
            ("{\n\"a\": \"b", "Unterminated string starting at: line 2 column 6 (char 7)"),
            ("\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)"),
            ("\"\\u12g4\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
            ("\"\\u12\"", "Invalid \\uXXXX escape: line 1 column 4 (char 3)"),
            ("NaN", "Out of range float values are not JSON compliant: 'NaN'"),
            ("[-Infinity]", "Out of range float values are not JSON compliant: '-Infinity'"),
            ("\u{feff}{}", "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"),
        ] {
            assert_eq!(refused(body), message, "{body}");
        }
        assert!(refused(&"9".repeat(4301)).starts_with("Exceeds the limit (4300 digits)"));
    }

    #[test]
    fn bad_utf8_is_told_byte_by_byte() {
        let refused = |body: &[u8]| Json::parse(body, LIMITS);
        assert_eq!(
            refused(b"{\"username\": \"\xff\"}"),
            Err(JsonError::Syntax(
                "'utf-8' codec can't decode byte 0xff in position 14: invalid start byte".to_owned()
            ))
        );
        assert_eq!(
            refused(b"\"\xe3\x81x\""),
            Err(JsonError::Syntax(
                "'utf-8' codec can't decode bytes in position 1-2: invalid continuation byte".to_owned()
            ))
        );
    }

    #[test]
    fn surrogates_pair_up_or_are_remembered() {
        assert_eq!(Json::parse(br#""\ud83d\ude00""#, LIMITS), Ok(text("😀")));
        let lone = Json::Text(Text { text: "a\u{fffd}b".to_owned(), surrogate: Some(0xD800) });
        assert_eq!(Json::parse(br#""a\ud800b""#, LIMITS), Ok(lone));
        let two = Json::Text(Text { text: "\u{fffd}A".to_owned(), surrogate: Some(0xD800) });
        assert_eq!(Json::parse(br#""\ud800\u0041""#, LIMITS), Ok(two));
    }

    #[test]
    fn of_equal_members_the_last_counts_unless_they_are_refused() {
        let body = br#"{"a": 1, "b": [true, null, {}], "a": "x"}"#;
        let value = Json::parse(body, LIMITS).unwrap();
        assert_eq!(value.member("a"), Some(&text("x")));
        let strict = Limits { refuse_duplicates: true, ..LIMITS };
        assert_eq!(Json::parse(body, strict), Err(JsonError::Duplicate("a".to_owned())));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(nested(32).as_bytes(), LIMITS).is_ok());
        assert_eq!(refused(&nested(33)), "Nested deeper than 32 levels");
        assert_eq!(refused(&"[".repeat(100_000)), "Nested deeper than 32 levels");
    }
}
