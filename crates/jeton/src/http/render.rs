//! The forms of an answer: JSON, and a page that shows it.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::PrettyFormatter;
use sha2::{Digest, Sha256};

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

/// The page of a view: the same answer, to look at.
pub(super) fn answer_page(
    name: &str,
    description: &str,
    request_line: &str,
    status: StatusCode,
    data: &Value,
) -> String {
    let reason = status.canonical_reason().unwrap_or_default();
    let kind = if status.is_success() { "good" } else { "bad" };
    let body = format!(
        "<h1>{}</h1>\n<p>{}</p>\n<pre class=\"request\">{}</pre>\n\
         <p class=\"status {kind}\">HTTP {} {reason}</p>\n<pre>{}</pre>",
        escape(name),
        escape(description),
        escape(request_line),
        status.as_u16(),
        escape(&indented(data, 4)),
    );
    page(name, &body)
}

/// A complete page around a body of HTML.
pub(super) fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n",
        escape(title),
    )
}

/// What such a page may do: show itself, and send forms home.
pub(super) fn page_policy() -> HeaderValue {
    static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
        let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        HeaderValue::from_str(&policy).ok()
    });
    POLICY.clone().unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Text, safe in HTML and in its attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            control if control.is_control() && !matches!(control, '\n' | '\t') => {
                let written = write!(escaped, "&#x{:X};", u32::from(control));
                debug_assert!(written.is_ok(), "a String takes every text");
            }
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

const STYLE: &str = include_str!("../../../../web/styles/page.css");

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
    fn a_page_shows_data_and_never_runs_it() {
        let page = answer_page("Me", "d", "GET /<x>", StatusCode::OK, &json!({"a": "<script>alert(1)</script>"}));
        assert!(page.contains("&lt;script&gt;"));
        assert!(!page.contains("<script"));
    }
}
