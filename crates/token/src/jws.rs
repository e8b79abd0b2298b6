//! The compact form of a JWS (RFC 7515 §7.1): header, payload and signature, nothing else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::error::Flaw;
use crate::hs256::Beginning;
use crate::key::Key;
use crate::policy::TokenType;
use crate::strict_json;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A key together with the header of everything it signs.
///
/// ```
/// use jeton_token::algorithm::Algorithm;
/// use jeton_token::jws::Jws;
/// use jeton_token::key::Key;
///
/// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?);
/// let token = jws.sign(b"any bytes");
/// assert_eq!(jws.verify(token.as_bytes()), Ok(b"any bytes".to_vec()));
/// assert!(jws.verify(token.trim_end_matches(char::is_alphanumeric).as_bytes()).is_err());
/// # Ok::<(), jeton_token::key::KeyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Jws {
    key: Key,
    /// The encoded header that this key writes, and the dot: tokens that carry it need no parsing.
    header: Box<str>,
    /// How the tokens of each type begin, as far as it is the same for all of them: nothing of that is hashed twice.
    beginnings: Box<[Beginning]>,
    /// The characters of each of the key's signatures.
    signature: usize,
    /// Whether headers of others are held to the policy, or to what the reference holds them to.
    strict: bool,
}

/// Room for the payload of a token of the usual length. One can serve any number of tokens, one after the other.
///
/// ```
/// use jeton_token::jws::Room;
///
/// let room = Room::new();
/// assert_eq!(format!("{room:?}"), "Room(768 bytes)");
/// ```
#[derive(Clone)]
pub struct Room([u8; Room::BYTES]);

impl Jws {
    /// Signs and verifies with this key, strictly.
    pub fn new(key: Key) -> Self {
        let json = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, key.algorithm());
        let header = URL_SAFE_NO_PAD.encode(json) + ".";
        let types = [TokenType::Access, TokenType::Refresh, TokenType::Sliding];
        let prepare = |token_type| key.hs256()?.beginning(beginning(&header, token_type).as_bytes());
        Self {
            beginnings: types.into_iter().filter_map(prepare).collect(),
            signature: (key.signature_bytes() * 4).div_ceil(3),
            header: header.into(),
            key,
            strict: true,
        }
    }

    /// The algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// Strict, a header names no member twice, and its `typ` is absent, `JWT` or `at+jwt`. Otherwise the last of two
    /// counts and `typ` may be anything, as in PyJWT.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::jws::Jws;
    /// use jeton_token::key::Key;
    ///
    /// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?);
    /// let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImRwb3Arand0In0.e30.KAtTq8f-hXe1aRzrcjGyVsfdnCwE_jm8uvLD0bF-qM8";
    /// assert!(jws.verify(token.as_bytes()).is_err(), "its typ is dpop+jwt");
    /// assert_eq!(jws.with_strictness(false).verify(token.as_bytes()), Ok(b"{}".to_vec()));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    #[must_use]
    pub fn with_strictness(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// The signed text of a payload.
    ///
    /// # Panics
    ///
    /// If the key cannot sign ([`Key::can_sign`]).
    pub fn sign(&self, payload: &[u8]) -> String {
        let mut text = String::with_capacity(self.header.len() + payload.len() * 4 / 3 + 3 + self.signature);
        text.push_str(&self.header);
        base64url::encode_append(payload, &mut text);
        match self.key.hs256() {
            Some(key) => {
                let tag = key.tag_from(&self.beginnings, text.as_bytes());
                text.push('.');
                base64url::encode_append(&tag, &mut text);
            }
            None => {
                let signature = self.key.sign(text.as_bytes());
                text.push('.');
                base64url::encode_append(&signature, &mut text);
            }
        }
        text
    }

    /// The payload of a plain token: one with the header that this key writes, its signature, and no more to say than
    /// there is room for. One look at each byte, no allocation. `None` says nothing: [`verify`](Self::verify) decides.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::jws::{Jws, Room};
    /// use jeton_token::key::Key;
    ///
    /// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?);
    /// let token = jws.sign(b"any bytes");
    /// assert_eq!(jws.open(token.as_bytes(), &mut Room::new()), Some(&b"any bytes"[..]));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    pub fn open<'r>(&self, text: &[u8], room: &'r mut Room) -> Option<&'r [u8]> {
        let (signed, rest) = text.split_at_checked(text.len().checked_sub(1 + self.signature)?)?;
        let [b'.', signature @ ..] = rest else { return None };
        let encoded = signed.strip_prefix(self.header.as_bytes())?;
        if encoded.len() > MAX_ENCODED || !self.is_signed(signed, signature) {
            return None;
        }
        base64url::decode(encoded, &mut room.0)
    }

    #[inline(always)]
    fn is_signed(&self, signed: &[u8], signature: &[u8]) -> bool {
        if let Some(key) = self.key.hs256() {
            let mut tag = [0; 32];
            return base64url::decode(signature, &mut tag).is_some() && key.verify_from(&self.beginnings, signed, &tag);
        }
        let mut bytes = [0; MAX_SIGNATURE];
        base64url::decode(signature, &mut bytes).is_some_and(|signature| self.key.verify(signed, signature))
    }

    /// The payload, if this key signed it.
    ///
    /// # Errors
    ///
    /// The flaw that was found first: form, header, algorithm, signature.
    pub fn verify(&self, text: &[u8]) -> Result<Vec<u8>, Flaw> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Flaw::TooLong);
        }
        let mut parts = text.split(|&byte| byte == b'.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Flaw::Form);
        };
        if self.header.strip_suffix('.').map(str::as_bytes) != Some(header) {
            self.check_header(&decode(header)?)?;
        }
        let signature = decode(signature)?;
        let signed = &text[..header.len() + 1 + payload.len()];
        if !self.key.verify(signed, &signature) {
            return Err(Flaw::Signature);
        }
        URL_SAFE_NO_PAD.decode(payload).map_err(|_| Flaw::Form)
    }

    /// Reads a header that is not the one we write: `kid` may be any text, but nothing may change how the token is to be
    /// read.
    fn check_header(&self, json: &[u8]) -> Result<(), Flaw> {
        let header = if self.strict { strict_json::parse(json) } else { serde_json::from_slice(json).ok() };
        let Some(Value::Object(header)) = header else {
            return Err(Flaw::Header);
        };
        let understood = ["crit", "b64", "zip"].iter().all(|&name| !header.contains_key(name));
        let typ_fits = !self.strict || header.get("typ").is_none_or(is_a_token_type);
        if !understood || !typ_fits || header.get("kid").is_some_and(|kid| !kid.is_string()) {
            return Err(Flaw::Header);
        }
        match header.get("alg") {
            Some(Value::String(name)) if name == self.key.algorithm().as_str() => Ok(()),
            _ => Err(Flaw::Algorithm),
        }
    }
}

impl Room {
    /// What fits into it.
    pub const BYTES: usize = 768;

    /// Empty room.
    pub const fn new() -> Self {
        Self([0; Self::BYTES])
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Room({} bytes)", Self::BYTES)
    }
}

/// The `kid` of a token, as its header claims: an index into keys that are known already, and nothing else.
///
/// ```
/// use jeton_token::jws::claimed_key_id;
///
/// // {"alg":"ES256","kid":"2026"}
/// assert_eq!(claimed_key_id(b"eyJhbGciOiJFUzI1NiIsImtpZCI6IjIwMjYifQ.e30.AA").as_deref(), Some("2026"));
/// assert_eq!(claimed_key_id(b"no token"), None);
/// ```
pub fn claimed_key_id(text: &[u8]) -> Option<String> {
    let header = text.split(|&byte| byte == b'.').next().filter(|_| text.len() <= MAX_TOKEN_BYTES)?;
    let header: Value = serde_json::from_slice(&decode(header).ok()?).ok()?;
    header.get("kid")?.as_str().map(str::to_owned)
}

/// Whether `typ` says that this is a JWT, and no special kind of it that is meant for somebody else (RFC 8725 §3.11).
fn is_a_token_type(typ: &Value) -> bool {
    typ.as_str().is_some_and(|typ| ["JWT", "at+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known)))
}

/// Strict base64url: no padding, no foreign character, unused bits zero, never empty.
fn decode(part: &[u8]) -> Result<Vec<u8>, Flaw> {
    match URL_SAFE_NO_PAD.decode(part) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        Ok(_) | Err(_) => Err(Flaw::Form),
    }
}

/// How every token of this type begins that names its claims as Simple JWT does: the header, and the payload as far as
/// the first digit of `exp`.
fn beginning(header: &str, token_type: TokenType) -> String {
    let payload = format!(r#"{{"token_type":"{}","exp":"#, token_type.as_str());
    let whole = payload.len() / 3 * 3;
    let mut text = header.to_owned();
    base64url::encode_append(&payload.as_bytes()[..whole], &mut text);
    text
}

const MAX_ENCODED: usize = Room::BYTES / 3 * 4;

/// The signature of an RSA key of 8192 bits, the longest that is served.
const MAX_SIGNATURE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn jws() -> Jws {
        Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef").unwrap())
    }

    /// A token with any header, signed as it should be.
    fn with_header(header: &str) -> String {
        let jws = jws();
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"));
        let signature = jws.key.sign(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn what_was_signed_is_read_back() {
        let token = jws().sign(br#"{"a":1}"#);
        assert_eq!(jws().verify(token.as_bytes()).unwrap(), br#"{"a":1}"#);
    }

    #[test]
    fn the_header_cannot_choose_how_the_token_is_read() {
        for (header, flaw) in [
            (r#"{"alg":"none"}"#, Flaw::Algorithm),
            (r#"{"alg":"hs256"}"#, Flaw::Algorithm),
            (r#"{"alg":"HS512","typ":"JWT"}"#, Flaw::Algorithm),
            (r#"{"alg":null}"#, Flaw::Algorithm),
            (r#"{"typ":"JWT"}"#, Flaw::Algorithm),
            (r#"{"alg":"HS256","crit":["x"],"x":1}"#, Flaw::Header),
            (r#"{"alg":"HS256","b64":false}"#, Flaw::Header),
            (r#"{"alg":"HS256","zip":"DEF"}"#, Flaw::Header),
            (r#"{"alg":"HS256","kid":5}"#, Flaw::Header),
            (r#"["HS256"]"#, Flaw::Header),
            ("HS256", Flaw::Header),
        ] {
            assert_eq!(jws().verify(with_header(header).as_bytes()), Err(flaw), "{header}");
        }
        for header in [r#"{"alg":"none","alg":"HS256"}"#, r#"{"alg":"HS256","typ":"dpop+jwt"}"#] {
            assert_eq!(jws().verify(with_header(header).as_bytes()), Err(Flaw::Header), "{header}");
            assert!(jws().with_strictness(false).verify(with_header(header).as_bytes()).is_ok(), "{header}");
        }
        for header in [r#"{"typ":"at+jwt","alg":"HS256"}"#, r#"{"alg":"HS256","kid":"k1","jku":"http://x"}"#] {
            assert!(jws().verify(with_header(header).as_bytes()).is_ok(), "{header}");
        }
    }

    #[test]
    fn only_three_clean_parts_are_a_token() {
        let token = jws().sign(b"{}");
        let (text, signature) = token.rsplit_once('.').unwrap();
        let last = if signature.ends_with('A') { 'B' } else { 'A' };
        for wrong in [
            String::new(),
            "..".to_owned(),
            text.to_owned(),
            format!("{text}."),
            format!("{token}.{signature}"),
            format!("{token}="),
            format!("{token}\n"),
            format!("{}{last}", &token[..token.len() - 1]),
            format!("{text}.토큰"),
        ] {
            assert!(jws().verify(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert_eq!(jws().verify(&[b'a'; MAX_TOKEN_BYTES + 1]), Err(Flaw::TooLong));
    }
    #[test]
    fn the_first_block_of_every_type_is_known() {
        assert_eq!(jws().beginnings.len(), 3);
    }

    #[test]
    fn a_payload_of_any_length_is_opened_or_left() {
        for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
            let jws = Jws::new(Key::from_secret(algorithm, b"0123456789abcdef0123456789abcdef").unwrap());
            let mut room = Room::new();
            for length in 1..Room::BYTES + 20 {
                let payload = vec![b'x'; length];
                let token = jws.sign(&payload);
                assert_eq!(jws.verify(token.as_bytes()).as_ref(), Ok(&payload), "{algorithm} {length}");
                let expected = (length <= Room::BYTES).then_some(&payload[..]);
                assert_eq!(jws.open(token.as_bytes(), &mut room), expected, "{algorithm} {length}");
            }
        }
    }

    #[test]
    fn the_shortest_texts_are_left() {
        let (jws, mut room) = (jws(), Room::new());
        for length in 0..120 {
            assert_eq!(jws.open(&vec![b'.'; length], &mut room), None);
            assert_eq!(jws.open(&jws.header.repeat(4).as_bytes()[..length], &mut room), None);
        }
    }
}
