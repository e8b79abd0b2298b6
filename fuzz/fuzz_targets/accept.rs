//! `Accept` headers and media types: always an answer, always the same one, and only from what is offered.
#![no_main]

use jeton::fuzzing::{accept, media_type};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let headers: Vec<&[u8]> = data.split(|&byte| byte == b'\n').collect();
    let form = accept(&headers);
    assert_eq!(form, accept(&headers));
    match form.as_deref() {
        None | Some("html" | "json") => {}
        Some(other) => assert!(matches!(other.strip_prefix("json ").map(str::parse), Some(Ok(1..=8_u8))), "{other}"),
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (json, html, precedence, charset) = media_type(text);
    assert!(precedence <= 3);
    // Outer blanks and the case of names mean nothing.
    assert_eq!(media_type(&format!(" {text}\t")), (json, html, precedence, charset));
    let one_range = !text.contains([',', '\n']) && headers.len() == 1 && text.len() <= 200;
    if one_range && !json && !html {
        assert_eq!(accept(&headers), None, "{text:?}");
    }
});
