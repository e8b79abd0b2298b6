//! Form and multipart bodies: any bytes under any type, and forms that must be read back as they were written.
#![no_main]

use jeton::fuzzing::body;
use jeton::settings::Compatibility;
use jeton_fuzz::block_on;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

type Fields = Option<Vec<(String, Value)>>;

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    match choice % 5 {
        0 => any_bytes("application/x-www-form-urlencoded", rest),
        1 => any_bytes("multipart/form-data; boundary=b", rest),
        2 => {
            let line = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            let (content_type, rest) = rest.split_at(line);
            any_bytes(&String::from_utf8_lossy(content_type), rest.get(1..).unwrap_or_default());
        }
        3 => urlencoded_is_read_back(rest),
        _ => multipart_is_read_back(rest),
    }
});

fn any_bytes(content_type: &str, bytes: &[u8]) {
    let exact = block_on(body(content_type, bytes, Compatibility::Exact));
    let safe = block_on(body(content_type, bytes, Compatibility::Safe));
    let Some(fields) = safe else { return };
    assert_eq!(exact.as_ref(), Some(&fields), "what is safe reads the same in exact");
    for (at, (name, _)) in fields.iter().enumerate() {
        assert!(fields[..at].iter().all(|(earlier, _)| earlier != name), "{name:?} twice");
    }
}

fn urlencoded_is_read_back(data: &[u8]) {
    let pairs: Vec<(String, String)> = texts(data).map(|text| (text.chars().take(2).collect(), text)).collect();
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    let read = block_on(body("application/x-www-form-urlencoded", form.as_bytes(), Compatibility::Exact));
    assert_eq!(read, as_fields(pairs));
}

fn multipart_is_read_back(data: &[u8]) {
    let texts = texts(data).filter(|text| !text.contains(BOUNDARY));
    let pairs: Vec<(String, String)> = texts.enumerate().map(|(at, text)| (format!("field{at}"), text)).collect();
    let parts: String = pairs
        .iter()
        .map(|(name, value)| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        })
        .collect();
    let form = format!("{parts}--{BOUNDARY}--\r\n");
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let read = block_on(body(&content_type, form.as_bytes(), Compatibility::Safe));
    assert_eq!(read, as_fields(pairs));
}

/// The pieces between zeros, as letters of ASCII where they are no UTF-8.
fn texts(data: &[u8]) -> impl Iterator<Item = String> {
    data.split(|&byte| byte == 0).take(50).map(|piece| match std::str::from_utf8(piece) {
        Ok(text) => text.to_owned(),
        Err(_) => piece.iter().map(|&byte| char::from(byte & 0x7F)).collect(),
    })
}

fn as_fields(pairs: Vec<(String, String)>) -> Fields {
    Some(pairs.into_iter().map(|(name, value)| (name, value.into())).collect())
}

const BOUNDARY: &str = "XboundaryX";
