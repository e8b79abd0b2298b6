//! The compact form of a JWS (RFC 7515 §7.1): header, payload and signature, nothing else.

mod header;
mod plain;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use header::claimed_key_id;
pub use plain::Room;
use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::error::Flaw;
use crate::hs256::Beginning;
use crate::key::Key;
use crate::policy::TokenType;

/// The longest token that is looked at, in bytes.
///
/// ```
/// use jeton_token::algorithm::Algorithm;
/// use jeton_token::error::Flaw;
/// use jeton_token::jws::{Jws, MAX_TOKEN_BYTES};
/// use jeton_token::key::Key;
///
/// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?);
/// assert_eq!(jws.verify(&[b'a'; MAX_TOKEN_BYTES + 1]), Err(Flaw::TooLong));
/// # Ok::<(), jeton_token::key::KeyError>(())
/// ```
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

impl Jws {
    /// Signs and verifies with this key, strictly.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::jws::Jws;
    /// use jeton_token::key::Key;
    ///
    /// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?);
    /// assert!(jws.sign(b"{}").starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    pub fn new(key: Key) -> Self {
        let header = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, key.algorithm());
        Self::with_header(key, &header, true)
    }

    /// The same key, whose name its headers tell from now on, so that a verifier of several keys need not try them all.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::jws::{Jws, claimed_key_id};
    /// use jeton_token::key::Key;
    ///
    /// let key = Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?;
    /// let token = Jws::new(key).with_key_id("2026").sign(b"any bytes");
    /// assert_eq!(claimed_key_id(token.as_bytes()).as_deref(), Some("2026"));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    #[must_use]
    pub fn with_key_id(self, kid: &str) -> Self {
        let header = format!(r#"{{"alg":"{}","kid":{},"typ":"JWT"}}"#, self.key.algorithm(), Value::from(kid));
        Self::with_header(self.key, &header, self.strict)
    }

    fn with_header(key: Key, json: &str, strict: bool) -> Self {
        let header = URL_SAFE_NO_PAD.encode(json) + ".";
        let types = [TokenType::Access, TokenType::Refresh, TokenType::Sliding];
        let prepare = |token_type| key.hs256()?.beginning(beginning(&header, token_type).as_bytes());
        Self {
            beginnings: types.into_iter().filter_map(prepare).collect(),
            signature: (key.signature_bytes() * 4).div_ceil(3),
            header: header.into(),
            key,
            strict,
        }
    }

    /// The key.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::jws::Jws;
    /// use jeton_token::key::Key;
    ///
    /// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?);
    /// assert!(jws.key().can_sign());
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The algorithm of the key.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::jws::Jws;
    /// use jeton_token::key::Key;
    ///
    /// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?);
    /// assert_eq!(jws.algorithm(), Algorithm::Hs256);
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
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
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::jws::Jws;
    /// use jeton_token::key::Key;
    ///
    /// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?);
    /// assert_eq!(jws.sign(b"{}").split('.').count(), 3);
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
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

    /// The payload, if this key signed it.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::error::Flaw;
    /// use jeton_token::jws::Jws;
    /// use jeton_token::key::Key;
    ///
    /// let jws = Jws::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")?);
    /// let token = jws.sign(b"{}");
    /// assert_eq!(jws.verify(token.as_bytes()), Ok(b"{}".to_vec()));
    /// assert_eq!(jws.verify(token.replace("e30", "e31").as_bytes()), Err(Flaw::Signature));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
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
}
