//! YAML, as far as a schema needs it: block style, as PyYAML writes it.

use std::fmt::Write as _;

use serde_json::Value;

/// The data as a YAML 1.1 and 1.2 document; both read it the same.
pub(super) fn yaml(data: &Value) -> String {
    let mut text = String::new();
    block(&mut text, data, 0);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A value where a line begins, or is about to.
fn block(text: &mut String, data: &Value, depth: usize) {
    match data {
        Value::Object(members) if !members.is_empty() => {
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    indent(text, depth);
                }
                text.push_str(&scalar(name));
                text.push(':');
                // A list in a mapping is not indented any further.
                let deeper = if value.is_array() { depth } else { depth + 1 };
                nested(text, value, deeper);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    indent(text, depth);
                }
                text.push_str("- ");
                block(text, item, depth + 1);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            text.push_str(&flow(data));
            text.push('\n');
        }
    }
}

/// The value of a key: on the same line if it fits there.
fn nested(text: &mut String, value: &Value, depth: usize) {
    if is_block(value) {
        text.push('\n');
        indent(text, depth);
        block(text, value, depth);
    } else {
        text.push(' ');
        text.push_str(&flow(value));
        text.push('\n');
    }
}

fn is_block(value: &Value) -> bool {
    value.as_object().is_some_and(|members| !members.is_empty())
        || value.as_array().is_some_and(|items| !items.is_empty())
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Plain where nobody could take it for something else; else quoted, as JSON does where single quotes do not suffice.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let awkward = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}');
    if !text.contains(awkward) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            awkward_one if awkward(awkward_one) => {
                let written = write!(quoted, "\\u{:04X}", u32::from(awkward_one));
                debug_assert!(written.is_ok(), "a String takes every text");
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

fn is_plain(text: &str) -> bool {
    let begins_well = text.starts_with(|first: char| first.is_alphabetic() || matches!(first, '/' | '$' | '_'));
    // With two dots it is no number: 3.0.3.
    let is_version = text.matches('.').count() == 2 && text.split('.').all(|part| part.parse::<u16>().is_ok());
    let is_read_as_such = !text.contains(": ") && !text.contains(" #") && !text.ends_with([':', ' ']);
    let is_printable =
        text.chars().all(|letter| !letter.is_control() && !matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}'));
    is_version || begins_well && is_read_as_such && is_printable && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// What YAML 1.1 reads as a truth, as nothing, or in a sense of its own.
const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_looks_as_pyyaml_writes_it() {
        let data = json!({
            "openapi": "3.0.3",
            "paths": {"/api/me/": {"get": {"tags": ["me"], "security": [{"jwtAuth": []}, {}], "responses": {"200": {}}}}},
            "list": [[1, 2], {"a": null, "b": true}],
        });
        let text = "openapi: 3.0.3\npaths:\n  /api/me/:\n    get:\n      tags:\n      - me\n      security:\n      - jwtAuth: []\n      - {}\n      responses:\n        '200': {}\nlist:\n- - 1\n  - 2\n- a: null\n  b: true\n";
        assert_eq!(yaml(&data), text);
    }

    #[test]
    fn texts_are_read_back_as_texts() {
        for (text, written) in [
            ("plain words", "plain words"),
            ("그냥", "그냥"),
            ("/a:b", "/a:b"),
            ("yes", "'yes'"),
            ("Null", "'Null'"),
            ("", "''"),
            ("1.5", "'1.5'"),
            ("- x", "'- x'"),
            ("it's: so", "'it''s: so'"),
            ("a #b", "'a #b'"),
            ("a:", "'a:'"),
            ("two\nlines", "\"two\\nlines\""),
            ("\u{7}\"\\", "\"\\u0007\\\"\\\\\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }
}
