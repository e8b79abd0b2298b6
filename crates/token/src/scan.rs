//! One pass over the claims of a token as Jeton and Simple JWT write them: flat, plain texts, whole numbers.
//!
//! Only for payloads whose signature has been checked. Whatever is not of that shape is left to
//! [`Claims::parse`](crate::claims::Claims::parse), which decides.

/// The registered claims of a token and those of Simple JWT, borrowed from its payload. The token may have said more,
/// under other names.
///
/// ```
/// use jeton_token::scan::{Scanned, ScannedClaims, scan};
///
/// let expected = ScannedClaims { exp: Some(5), user_id: Some(Scanned::Text("1")), ..ScannedClaims::default() };
/// assert_eq!(scan(br#"{"exp":5,"user_id":"1","plan":"pro"}"#), Some(expected));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScannedClaims<'p> {
    /// The kind of token, under Simple JWT's default name.
    pub token_type: Option<&'p str>,
    /// When it expires, in seconds since 1970.
    pub exp: Option<i64>,
    /// When it was issued, in seconds since 1970.
    pub iat: Option<i64>,
    /// When it begins to be good, in seconds since 1970.
    pub nbf: Option<i64>,
    /// Its id.
    pub jti: Option<&'p str>,
    /// Whose it is: text as Simple JWT writes it today, a number as older releases did.
    pub user_id: Option<Scanned<'p>>,
    /// Its subject.
    pub sub: Option<&'p str>,
    /// Who issued it.
    pub iss: Option<&'p str>,
    /// The one audience it is for; a list is not plain.
    pub aud: Option<&'p str>,
    /// Until when a sliding token may be refreshed, in seconds since 1970.
    pub refresh_exp: Option<i64>,
}

/// A plain value.
///
/// ```
/// use jeton_token::scan::{Scanned, scan};
///
/// let claims = scan(br#"{"user_id":7}"#).expect("plain");
/// assert_eq!(claims.user_id, Some(Scanned::Number(7)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned<'p> {
    /// A text without escapes.
    Text(&'p str),
    /// A whole number that is not negative and has at most 15 digits.
    Number(i64),
}

/// The claims, if the payload has the plain shape: one object without blanks, whose names are plain texts and whose
/// values are plain texts, whole numbers, `true`, `false` or `null`, that says nothing twice and not much beyond
/// [`ScannedClaims`]. `None` says nothing about the token.
///
/// ```
/// use jeton_token::scan::scan;
///
/// let claims = scan(br#"{"token_type":"access","exp":1700000300,"jti":"a1","user_id":"7"}"#).expect("plain");
/// assert_eq!((claims.token_type, claims.exp), (Some("access"), Some(1_700_000_300)));
/// assert_eq!(scan(br#"{"exp":1.7e9}"#), None);
/// ```
pub fn scan(payload: &[u8]) -> Option<ScannedClaims<'_>> {
    let mut cursor = Cursor { text: std::str::from_utf8(payload).ok()?, at: 0 };
    let mut claims = ScannedClaims::default();
    let mut others = Others { names: [""; MAX_OTHERS], count: 0 };
    cursor.take(b'{')?;
    loop {
        let name = cursor.text()?;
        cursor.take(b':')?;
        match name {
            "token_type" => once(&mut claims.token_type, cursor.text()?)?,
            "exp" => once(&mut claims.exp, cursor.number()?)?,
            "iat" => once(&mut claims.iat, cursor.number()?)?,
            "jti" => once(&mut claims.jti, cursor.text()?)?,
            "user_id" => once(&mut claims.user_id, cursor.text_or_number()?)?,
            "nbf" => once(&mut claims.nbf, cursor.number()?)?,
            "sub" => once(&mut claims.sub, cursor.text()?)?,
            "iss" => once(&mut claims.iss, cursor.text()?)?,
            "aud" => once(&mut claims.aud, cursor.text()?)?,
            "refresh_exp" => once(&mut claims.refresh_exp, cursor.number()?)?,
            _ => {
                others.add(name)?;
                cursor.skip_value()?;
            }
        }
        match cursor.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    (cursor.at == payload.len()).then_some(claims)
}

/// Readers differ on which of two equal names counts; the strict path settles it.
fn once<T>(claim: &mut Option<T>, value: T) -> Option<()> {
    claim.replace(value).is_none().then_some(())
}

/// The names that are none of ours.
struct Others<'p> {
    names: [&'p str; MAX_OTHERS],
    count: usize,
}

impl<'p> Others<'p> {
    fn add(&mut self, name: &'p str) -> Option<()> {
        let (known, free) = self.names.split_at_mut(self.count);
        if known.contains(&name) {
            return None;
        }
        *free.first_mut()? = name;
        self.count += 1;
        Some(())
    }
}

struct Cursor<'p> {
    text: &'p str,
    at: usize,
}

impl<'p> Cursor<'p> {
    #[inline(always)]
    fn next(&mut self) -> Option<u8> {
        let byte = *self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    #[inline(always)]
    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    #[inline(always)]
    fn text(&mut self) -> Option<&'p str> {
        self.take(b'"')?;
        let start = self.at;
        let end = start + plain_length(self.text.as_bytes().get(start..)?)?;
        self.at = end + 1;
        self.text.get(start..end)
    }

    #[inline(always)]
    fn number(&mut self) -> Option<i64> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let (mut number, mut digits) = match rest.first_chunk().and_then(|first| eight_digits(*first)) {
            Some(number) => (number, 8),
            None => (0, 0),
        };
        while let Some(digit) = rest.get(digits).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit <= 9) {
            if digits == MAX_DIGITS {
                return None;
            }
            number = number * 10 + i64::from(digit);
            digits += 1;
        }
        self.at += digits;
        let plain = digits == 1 || rest.first() != Some(&b'0');
        (digits > 0 && plain).then_some(number)
    }

    fn text_or_number(&mut self) -> Option<Scanned<'p>> {
        match self.text.as_bytes().get(self.at)? {
            b'"' => self.text().map(Scanned::Text),
            _ => self.number().map(Scanned::Number),
        }
    }

    fn skip_value(&mut self) -> Option<()> {
        let word = match self.text.as_bytes().get(self.at)? {
            b't' => "true",
            b'f' => "false",
            b'n' => "null",
            _ => return self.text_or_number().map(drop),
        };
        let rest = self.text.get(self.at..)?;
        self.at += word.len();
        rest.starts_with(word).then_some(())
    }
}

/// The length of what comes before the closing quote, if nothing in it is escaped or must be. Looks at eight bytes at
/// a time.
#[inline(always)]
fn plain_length(text: &[u8]) -> Option<usize> {
    let (words, tail) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let special = special(u64::from_le_bytes(*word));
        if special != 0 {
            let at = index * 8 + special.trailing_zeros() as usize / 8;
            return (text[at] == b'"').then_some(at);
        }
    }
    let at = tail.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < b' ')?;
    (tail[at] == b'"').then_some(words.len() * 8 + at)
}

/// The number that eight digits write; they are read together, as each one alone would wait for the one before.
#[inline(always)]
fn eight_digits(text: [u8; 8]) -> Option<i64> {
    let text = u64::from_le_bytes(text);
    let high = text & (ONES * 0xf0);
    let beyond_nine = text.wrapping_add(ONES * 6) & (ONES * 0xf0);
    if high != ONES * 0x30 || beyond_nine != high {
        return None;
    }
    let ones = text & (ONES * 0x0f);
    let pairs = (ones.wrapping_mul(10).wrapping_add(ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let eight = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
    i64::try_from(eight).ok()
}

/// The high bit of each byte that is a quote, a backslash or a control character. Borrows may set bits above the
/// first, so only the lowest is to be trusted.
#[inline(always)]
fn special(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero(word ^ (ONES * b'"' as u64));
    let backslash = zero(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * b' ' as u64) & !word;
    (quote | backslash | control) & (ONES << 7)
}

/// More claims of the site's own than this are not plain.
const MAX_OTHERS: usize = 8;

/// So many digits fit any reader's numbers exactly, Python's and JavaScript's too.
const MAX_DIGITS: usize = 15;

const ONES: u64 = 0x0101_0101_0101_0101;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_as_simple_jwt_mints_it_is_plain() {
        let payload = concat!(
            r#"{"token_type":"refresh","exp":1700086400,"iat":1700000000,"#,
            r#""jti":"0123456789abcdef0123456789abcdef","user_id":"1"}"#
        );
        let expected = ScannedClaims {
            token_type: Some("refresh"),
            exp: Some(1_700_086_400),
            iat: Some(1_700_000_000),
            jti: Some("0123456789abcdef0123456789abcdef"),
            user_id: Some(Scanned::Text("1")),
            ..ScannedClaims::default()
        };
        assert_eq!(scan(payload.as_bytes()), Some(expected));
    }

    #[test]
    fn other_plain_claims_are_passed_over() {
        let payload = r#"{"name":"토큰","admin":true,"staff":false,"none":null,"age":0,"user_id":42,"":""}"#;
        let claims = scan(payload.as_bytes()).unwrap();
        assert_eq!(claims, ScannedClaims { user_id: Some(Scanned::Number(42)), ..ScannedClaims::default() });
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_strict_path() {
        for payload in [
            "",
            "{",
            "{}",
            "{}x",
            "null",
            "[]",
            r#"{"exp":1"#,
            r#"{"exp":1,}"#,
            r#"{"exp":1}}"#,
            r#"{"exp":1} "#,
            r#" {"exp":1}"#,
            r#"{"exp": 1}"#,
            r#"{"exp":}"#,
            r#"{"exp"}"#,
            r#"{exp:1}"#,
            r#"{"exp":01}"#,
            r#"{"exp":-1}"#,
            r#"{"exp":+1}"#,
            r#"{"exp":1.0}"#,
            r#"{"exp":1e9}"#,
            r#"{"exp":"1"}"#,
            r#"{"exp":true}"#,
            r#"{"exp":1234567890123456}"#,
            r#"{"exp":1,"exp":2}"#,
            r#"{"exp":1,"\u0065xp":2}"#,
            r#"{"x":1,"exp":1,"x":2}"#,
            r#"{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}"#,
            r#"{"user_id":null}"#,
            r#"{"user_id":"a","user_id":1}"#,
            r#"{"jti":"a\"b"}"#,
            r#"{"jti":"a\\"}"#,
            r#"{"jti":5}"#,
            r#"{"aud":["a"]}"#,
            r#"{"x":{}}"#,
            r#"{"x":tru}"#,
            r#"{"x":truex}"#,
            r#"{"x":nul"#,
            "{\"x\":\"a\nb\"}",
            "{\"x\":\"0123456789\u{1f}012345678\"}",
            "{'exp':1}",
        ] {
            assert_eq!(scan(payload.as_bytes()), None, "{payload}");
        }
        assert_eq!(scan(b"{\"x\":\"\xff\"}"), None, "not UTF-8");
    }

    #[test]
    fn eight_digits_are_eight_digits() {
        for number in (0..100_000_000).step_by(9_973) {
            let text: [u8; 8] = format!("{number:08}").into_bytes().try_into().unwrap();
            assert_eq!(eight_digits(text), Some(number));
        }
        for at in 0..8 {
            for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
                let mut text = *b"99999999";
                text[at] = byte;
                assert_eq!(eight_digits(text), None, "{text:?}");
            }
        }
    }

    #[test]
    fn a_number_of_any_length_is_read_or_left() {
        for digits in 1..30 {
            let text = "9".repeat(digits);
            let claims = scan(format!(r#"{{"exp":{text}}}"#).as_bytes()).map(|claims| claims.exp);
            assert_eq!(claims, (digits <= 15).then(|| text.parse().ok()), "{digits}");
            assert_eq!(scan(format!(r#"{{"exp":0{text}}}"#).as_bytes()), None, "a zero in front");
        }
    }

    #[test]
    fn a_quote_is_found_at_every_place() {
        for before in 0..20 {
            for after in 0..20 {
                let text = format!("{}\"{}", "é".repeat(before / 2) + &"a".repeat(before % 2), "\"".repeat(after));
                assert_eq!(plain_length(text.as_bytes()), Some(before / 2 * 2 + before % 2), "{text}");
                for other in ['\\', '\n', '\0', '\u{1f}'] {
                    assert_eq!(plain_length(text.replacen('"', &other.to_string(), 1).as_bytes()), None, "{text}");
                }
            }
        }
        assert_eq!(plain_length("no quote, but much text \u{7f}".as_bytes()), None);
    }
}
