//! Base64url in tokens: one text for each sequence of bytes, as the `base64` crate reads it when it is strict.
#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use jeton_fuzz::{SECRET, signed};
use jeton_token::algorithm::Algorithm;
use jeton_token::jws::Jws;
use jeton_token::key::Key;
use libfuzzer_sys::fuzz_target;

static JWS: LazyLock<Jws> =
    LazyLock::new(|| Jws::new(Key::from_secret(Algorithm::Hs256, SECRET).expect("a symmetric algorithm")));
const STRICT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);
/// `{"alg":"HS256","typ":"JWT"}`
const HEADER: &[u8] = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

fuzz_target!(|part: &[u8]| {
    let strict = STRICT.decode(part).ok();
    assert_eq!(strict, by_hand(part));
    if part.len() > 6000 {
        return;
    }
    let token = signed(HEADER, part);
    let read = JWS.verify(&token).ok();
    assert_eq!(read, strict, "the payload");
    if let Some(bytes) = read {
        assert_eq!(STRICT.encode(bytes).as_bytes(), part);
    }
    // The same for a signature that is not one, and a header that holds anything.
    assert!(JWS.verify(&[HEADER, b"e30", part].join(&b'.')).is_err() || JWS.verify(&signed(HEADER, b"e30")).is_ok());
    if JWS.verify(&signed(part, b"e30")).is_ok() {
        assert!(strict.is_some_and(|bytes| !bytes.is_empty()), "the header");
    }
});

/// RFC 4648 §5, without padding, unused bits zero. A payload may be empty.
fn by_hand(part: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for &letter in part {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0 && count < 6).then_some(bytes)
}
