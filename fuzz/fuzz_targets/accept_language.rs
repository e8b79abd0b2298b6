//! `Accept-Language`: ranges in order, no more than fit, and written plainly they are read as the same.
#![no_main]

use jeton::LanguageCode;
use jeton::fuzzing::accept_language;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| {
    let (ranges, chosen) = accept_language(header);
    assert!(ranges.len() <= LONGEST / 2 + 1);
    assert!(ranges.is_sorted_by(|one, next| one.1 >= next.1), "{ranges:?}");
    for (tag, weight) in &ranges {
        assert!(*weight <= 1000 && is_a_tag(tag), "{tag} {weight}");
    }
    assert_eq!(accept_language(&header.to_ascii_uppercase()), (ranges.clone(), chosen));
    if let Some(code) = chosen {
        assert!(!ranges.is_empty());
        assert_eq!(code.as_str().parse::<LanguageCode>(), Ok(code));
    }
    let plain: Vec<String> = ranges.iter().map(written).collect();
    let plain = plain.join(", ");
    if plain.len() < LONGEST {
        assert_eq!(accept_language(plain.as_bytes()), (ranges, chosen), "{plain}");
    }
});

fn is_a_tag(tag: &str) -> bool {
    let subtag = |text: &str| (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag == "*" || (tag.split('-').all(subtag) && tag == tag.to_ascii_lowercase())
}

fn written((tag, weight): &(String, u16)) -> String {
    match weight {
        1000 => tag.clone(),
        _ => format!("{tag};q=0.{weight:03}"),
    }
}

/// Django's `LANGUAGE_CODE_MAX_LENGTH` and `ACCEPT_LANGUAGE_HEADER_MAX_LENGTH`.
const LONGEST: usize = 500;
