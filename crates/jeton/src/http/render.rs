//! JSON: as DRF writes it, and coloured for a page.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::PrettyFormatter;

/// JSON as DRF writes it: compact or indented, letters unescaped but for the two line separators of JavaScript.
pub(super) fn json(data: &Value, indent: Option<usize>) -> Vec<u8> {
    let text = match indent {
        None => data.to_string(),
        Some(indent) => indented(data, indent),
    };
    if text.contains(['\u{2028}', '\u{2029}']) {
        return text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029").into_bytes();
    }
    text.into_bytes()
}

/// The same indented text as HTML, with names, texts and other values told apart.
pub(super) fn coloured(data: &Value) -> String {
    let mut html = String::new();
    colour(&mut html, data, 0);
    html
}

fn colour(html: &mut String, data: &Value, depth: usize) {
    match data {
        Value::Object(members) if !members.is_empty() => {
            html.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                line(html, index, depth + 1);
                span(html, "key", &Value::from(name.as_str()));
                html.push_str(": ");
                colour(html, value, depth + 1);
            }
            line(html, 0, depth);
            html.push('}');
        }
        Value::Array(items) if !items.is_empty() => {
            html.push('[');
            for (index, item) in items.iter().enumerate() {
                line(html, index, depth + 1);
                colour(html, item, depth + 1);
            }
            line(html, 0, depth);
            html.push(']');
        }
        Value::String(_) => span(html, "text", data),
        Value::Null | Value::Bool(_) | Value::Number(_) => span(html, "number", data),
        Value::Array(_) | Value::Object(_) => html.push_str(&data.to_string()),
    }
}

fn line(html: &mut String, index: usize, depth: usize) {
    html.push_str(if index > 0 { ",\n" } else { "\n" });
    html.extend(std::iter::repeat_n("    ", depth));
}

fn span(html: &mut String, class: &str, data: &Value) {
    let written = write!(html, "<span class=\"{class}\">{}</span>", escape(&data.to_string()));
    debug_assert!(written.is_ok(), "a String takes every text");
}

/// Text, safe in HTML and in its attributes, as Django escapes it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            plain => escaped.push(plain),
        }
    }
    escaped
}

fn indented(data: &Value, indent: usize) -> String {
    let blanks = " ".repeat(indent);
    let mut text = Vec::new();
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(blanks.as_bytes()));
    match data.serialize(&mut serializer) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => data.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_compact_and_leaves_letters_alone() {
        let data = json!({"detail": "토큰 \u{2028}", "list": [1, 2]});
        assert_eq!(json(&data, None), "{\"detail\":\"토큰 \\u2028\",\"list\":[1,2]}".as_bytes());
        assert_eq!(json(&json!({"a": [1]}), Some(2)), b"{\n  \"a\": [\n    1\n  ]\n}");
    }

    #[test]
    fn a_page_shows_the_very_json_and_never_runs_it() {
        let data = json!({"a": "<script>alert('&')</script>", "b": [1, null, {}], "c": {"d": []}});
        let html = coloured(&data);
        assert!(html.contains("&lt;script&gt;alert(&#x27;&amp;&#x27;)") && !html.contains("<script"));
        let mut text = html.replace("</span>", "");
        for class in ["key", "text", "number"] {
            text = text.replace(&format!("<span class=\"{class}\">"), "");
        }
        let text = text.replace("&quot;", "\"").replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">");
        assert_eq!(text.replace("&amp;", "&"), indented(&data, 4));
    }
}
