//! Strict base64url without padding (RFC 7515 §2), into memory that the caller owns.

/// The most bytes that `characters` characters of base64url stand for.
pub(crate) const fn decoded_length(characters: usize) -> usize {
    characters / 4 * 3 + (characters % 4) * 3 / 4
}

/// Decodes into the front of `to`: no padding, no foreign character, unused bits zero. `None` if the text is not
/// that, or stands for more bytes than there is room.
pub(crate) fn decode<'to>(text: &[u8], to: &'to mut [u8]) -> Option<&'to [u8]> {
    // The SIMD decoder panics where the destination is short: no length gets there unchecked.
    if text.len() % 4 == 1 || decoded_length(text.len()) > to.len() {
        return None;
    }
    decode_into(text, to)
}

/// Appends the text of `bytes`.
pub(crate) fn encode_append(bytes: &[u8], text: &mut String) {
    #[cfg(feature = "simd")]
    base64_simd::URL_SAFE_NO_PAD.encode_append(bytes, text);
    #[cfg(not(feature = "simd"))]
    base64::Engine::encode_string(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes, text);
}

#[cfg(feature = "simd")]
fn decode_into<'to>(text: &[u8], to: &'to mut [u8]) -> Option<&'to [u8]> {
    use base64_simd::AsOut;

    base64_simd::URL_SAFE_NO_PAD.decode(text, to.as_out()).ok().map(|bytes| &*bytes)
}

#[cfg(not(feature = "simd"))]
fn decode_into<'to>(text: &[u8], to: &'to mut [u8]) -> Option<&'to [u8]> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let length = URL_SAFE_NO_PAD.decode_slice_unchecked(text, to).ok()?;
    to.get(..length)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    #[test]
    fn a_short_destination_is_no_and_not_a_panic() {
        let text = URL_SAFE_NO_PAD.encode([7; 100]);
        for room in 0..100 {
            assert_eq!(decode(text.as_bytes(), &mut vec![0; room]), None, "{room}");
        }
        assert_eq!(decode(text.as_bytes(), &mut [0; 100]), Some(&[7; 100][..]));
    }

    #[test]
    fn the_end_of_a_text_has_one_spelling() {
        let mut to = [0; 8];
        for (text, bytes) in [("AA", Some(&[0][..])), ("AB", None), ("AAA", Some(&[0, 0][..])), ("AAB", None)] {
            assert_eq!(decode(text.as_bytes(), &mut to), bytes, "{text}");
        }
        for text in ["A", "AAAAA", "AA==", "AAA=", "AA\n", " AA", "A+", "A/", "A.", "é"] {
            assert_eq!(decode(text.as_bytes(), &mut to), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn both_decoders_agree(
            mut text in prop::collection::vec(prop::sample::select(ALPHABET), 0..300),
            wrong in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
            missing in 0..3_usize,
        ) {
            if let (Some((index, byte)), false) = (wrong, text.is_empty()) {
                let index = index.index(text.len());
                text[index] = byte;
            }
            let expected = URL_SAFE_NO_PAD.decode(&text).ok();
            let mut to = vec![0; decoded_length(text.len())];
            prop_assert_eq!(decode(&text, &mut to), expected.as_deref());
            let room = to.len().saturating_sub(missing);
            let fits = expected.as_deref().filter(|bytes| bytes.len() <= room);
            prop_assert_eq!(decode(&text, &mut to[..room]), fits);
        }

        #[test]
        fn both_encoders_agree(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut text = "head.".to_owned();
            encode_append(&bytes, &mut text);
            prop_assert_eq!(text, format!("head.{}", URL_SAFE_NO_PAD.encode(bytes)));
        }
    }
}
