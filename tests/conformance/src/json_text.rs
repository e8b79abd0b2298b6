//! Writes JSON the way the recorded clients did, so that a server meets both dense and spaced text.

use std::io;

use serde_json::ser::{CharEscape, Formatter, Serializer};
use serde_json::{Map, Value};

/// `{"a": 1, "b": "é"}`: spaces after `,` and `:`, other scripts as they are.
pub(crate) fn spaced(value: &Value) -> String {
    write(value, Style { spaces: true, ascii: false })
}

/// `{"a": 1, "b": "\u00e9"}`.
pub(crate) fn spaced_ascii(value: &Value) -> String {
    write(value, Style { spaces: true, ascii: true })
}

/// `{"a":1,"b":"\u00e9"}`.
pub(crate) fn dense_ascii(value: &Value) -> String {
    write(value, Style { spaces: false, ascii: true })
}

/// The same object with its keys in alphabetical order.
pub(crate) fn sorted(object: &Map<String, Value>) -> Value {
    let mut entries: Vec<_> = object.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Object(entries.into_iter().collect())
}

fn write(value: &Value, style: Style) -> String {
    let mut text = Vec::new();
    serde::Serialize::serialize(value, &mut Serializer::with_formatter(&mut text, style))
        .expect("a JSON value can always be written to memory");
    String::from_utf8(text).expect("JSON text is UTF-8")
}

#[derive(Clone, Copy)]
struct Style {
    spaces: bool,
    ascii: bool,
}

impl Style {
    fn separate<W: ?Sized + io::Write>(self, writer: &mut W, sign: &[u8]) -> io::Result<()> {
        writer.write_all(sign)?;
        if self.spaces { writer.write_all(b" ") } else { Ok(()) }
    }
}

impl Formatter for Style {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { self.separate(writer, b",") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { self.separate(writer, b",") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.separate(writer, b":")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if !self.ascii {
            return writer.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            if c.is_ascii() {
                writer.write_all(&[c as u8])?;
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(writer, escape)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_written_as_the_recorded_clients_wrote_it() {
        let value = json!({"a": [1, 2.0, true, null], "b": {"é": "\n\"𝄞"}});
        assert_eq!(spaced(&value), r#"{"a": [1, 2.0, true, null], "b": {"é": "\n\"𝄞"}}"#);
        assert_eq!(spaced_ascii(&value), r#"{"a": [1, 2.0, true, null], "b": {"\u00e9": "\n\"\ud834\udd1e"}}"#);
        assert_eq!(dense_ascii(&value), r#"{"a":[1,2.0,true,null],"b":{"\u00e9":"\n\"\ud834\udd1e"}}"#);
    }

    #[test]
    fn keys_can_be_sorted() {
        let Value::Object(object) = json!({"typ": "JWT", "alg": "HS256"}) else { unreachable!() };
        assert_eq!(dense_ascii(&sorted(&object)), r#"{"alg":"HS256","typ":"JWT"}"#);
    }
}
