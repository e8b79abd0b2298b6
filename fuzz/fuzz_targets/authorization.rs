//! `Authorization` headers: one token of one header, without blanks, or none.
#![no_main]

use jeton::fuzzing::{Bearer, authorization};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let headers: Vec<&[u8]> = data.split(|&byte| byte == b'\n').collect();
    if let Bearer::Token(token) = authorization(&headers) {
        assert_eq!(headers.len(), 1, "a header that came twice");
        assert!(!token.is_empty() && !token.iter().any(|byte| b" \t\r\n\x0b\x0c".contains(byte)));
        let written = headers[0].trim_ascii();
        assert!(written.starts_with(b"Bearer") && written.ends_with(&token));
    }
    let token: Vec<u8> = data.iter().copied().filter(u8::is_ascii_graphic).collect();
    if !token.is_empty() {
        let header = [b"Bearer ", token.as_slice()].concat();
        assert_eq!(authorization(&[&header]), Bearer::Token(token));
        assert_eq!(authorization(&[&header, &header]), Bearer::Refused);
    }
});
