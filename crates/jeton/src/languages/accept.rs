//! What a request asks for: Django's `get_language_from_request`, to the letter.

use super::code::{LONGEST_TAG, LanguageCode};

/// A language range of an `Accept-Language` header, in lower case, and its weight in thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// A tag such as `ko-kr`, or `*`.
    pub(crate) tag: String,
    /// From 0 to 1000.
    pub(crate) weight: u16,
}

/// The language that the cookie `django_language` or the `Accept-Language` header asks for, the cookie first.
///
/// Django takes no notice of a weight of 0; with `zero_excludes` such a range is passed over, as RFC 9110 has it.
pub(crate) fn asked_for(cookie: Option<&str>, header: &[u8], zero_excludes: bool) -> Option<LanguageCode> {
    let from_header = || {
        let ranges = parse(header).into_iter().filter(|range| range.weight > 0 || !zero_excludes);
        ranges.take_while(|range| range.tag != "*").find_map(|range| LanguageCode::variant(&range.tag))
    };
    cookie.and_then(LanguageCode::variant).or_else(from_header)
}

/// The ranges of a header, heaviest first, equals in their order; none if anything in it is malformed. Of a header that
/// is too long only what stands before the last comma within the limit counts.
pub(crate) fn parse(header: &[u8]) -> Vec<Range> {
    let header = match header.get(..LONGEST_TAG) {
        Some(start) if header.len() > LONGEST_TAG => {
            let comma = start.iter().rposition(|byte| *byte == b',').unwrap_or_default();
            &start[..comma]
        }
        Some(_) | None => header,
    };
    let mut ranges = ranges(&header.to_ascii_lowercase()).unwrap_or_default();
    ranges.sort_by_key(|range| std::cmp::Reverse(range.weight));
    ranges
}

fn ranges(mut rest: &[u8]) -> Option<Vec<Range>> {
    let mut ranges = Vec::new();
    while !rest.is_empty() {
        let length = tag_length(rest)?;
        let (tag, after) = rest.split_at(length);
        let (weight, after) = weight(after)?;
        ranges.push(Range { tag: String::from_utf8(tag.to_vec()).ok()?, weight });
        rest = match after {
            [] => after,
            _ => trim(trim(after).strip_prefix(b",")?),
        };
    }
    Some(ranges)
}

/// The length of `*`, or of one to eight letters and then subtags of one to eight letters and digits.
fn tag_length(text: &[u8]) -> Option<usize> {
    if text.first() == Some(&b'*') {
        return Some(1);
    }
    let end = text.iter().position(|byte| !byte.is_ascii_lowercase() && !byte.is_ascii_digit() && *byte != b'-');
    let end = end.unwrap_or(text.len());
    let mut subtags = text[..end].split(|byte| *byte == b'-');
    let is_language = subtags.next()?.iter().all(u8::is_ascii_lowercase);
    let is_short = |subtag: &[u8]| (1..=8).contains(&subtag.len());
    (is_language && text[..end].split(|byte| *byte == b'-').all(is_short)).then_some(end)
}

/// The weight at the start of a text, 1 where there is none, and what follows it.
fn weight(text: &[u8]) -> Option<(u16, &[u8])> {
    let Some(after) = trim(text).strip_prefix(b";") else { return Some((1000, text)) };
    let after = trim(after).strip_prefix(b"q=")?;
    let (whole, after) = after.split_first()?;
    let (digits, after) = match after.strip_prefix(b".") {
        Some(after) => after.split_at(after.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count()),
        None => (&after[..0], after),
    };
    let thousandths = digits.iter().chain(b"000").take(3).fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match (whole, thousandths) {
        (b'0', _) => Some((thousandths, after)),
        (b'1', 0) => Some((1000, after)),
        _ => None,
    }
}

/// What follows the blanks. Python reads a header as Latin-1, and counts the blanks of that.
fn trim(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b'\t'..=b'\r' | 0x1c..=b' ' | 0x85 | 0xa0);
    &text[text.iter().take_while(|byte| is_blank(byte)).count()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(header: &str) -> String {
        let header: Vec<u8> = header.chars().map(|c| u8::try_from(c).unwrap()).collect();
        let ranges = parse(&header).into_iter().map(|range| format!("{} {}", range.tag, range.weight));
        ranges.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn headers_read_as_django_reads_them() {
        let cases = [
            ("", ""),
            ("ko", "ko 1000"),
            ("ko;q=0.5,en", "en 1000, ko 500"),
            ("en ; q=0.5 , ko;q=0.7", "ko 700, en 500"),
            ("ko;q=0", "ko 0"),
            ("*,ko", "* 1000, ko 1000"),
            ("ko,", "ko 1000"),
            ("ko, ", "ko 1000"),
            ("ko,,en", ""),
            (" ko", ""),
            ("ko ", ""),
            ("ko;q=2", ""),
            ("ko;q=0.1234", ""),
            ("ko;q=1.000", "ko 1000"),
            ("ko;q=1.001", ""),
            ("KO-kr;Q=0.3,en;q=0.2", "ko-kr 300, en 200"),
            ("en;q=0.3,fr;q=0.3,de", "de 1000, en 300, fr 300"),
            ("toolonglang,ko", ""),
            ("ko-", ""),
            ("ko--kr", ""),
            ("ko;q=.5", ""),
            ("ko;q=", ""),
            ("ko;q=0.", "ko 0"),
            ("a1,ko", ""),
            ("es-419", "es-419 1000"),
            ("ko\t,\ten", "ko 1000, en 1000"),
            ("ko;q=0.5;x,en", ""),
            ("ko\u{a0},fr;q=0.1", "ko 1000, fr 100"),
            ("\u{e9}", ""),
        ];
        for (header, ranges) in cases {
            assert_eq!(shown(header), ranges, "{header:?}");
        }
    }

    #[test]
    fn a_header_beyond_all_bounds_is_cut_at_a_comma() {
        assert_eq!(shown(&format!("ko,{}", "x".repeat(600))), "ko 1000");
        assert_eq!(shown(&"x".repeat(600)), "");
        assert_eq!(parse("xx;q=0.9,".repeat(60).as_bytes()).len(), 55);
    }

    #[test]
    fn the_cookie_wins_and_what_is_not_known_falls_through() {
        let asked =
            |cookie, header: &str| asked_for(cookie, header.as_bytes(), false).map_or("-", |code| code.as_str());
        assert_eq!(asked(Some("ko"), "en"), "ko");
        assert_eq!(asked(Some("xx"), "fr"), "fr");
        assert_eq!(asked(Some(""), "fr"), "fr");
        assert_eq!(asked(None, "xx, ko-KR;q=0.8"), "ko");
        assert_eq!(asked(None, "xx, *, ko"), "-");
        assert_eq!(asked(None, ""), "-");
    }

    #[test]
    fn a_weight_of_zero_excludes_only_where_it_is_heeded() {
        let asked = |zero_excludes| asked_for(None, b"ko;q=0", zero_excludes).map(LanguageCode::as_str);
        assert_eq!((asked(false), asked(true)), (Some("ko"), None));
    }
}
