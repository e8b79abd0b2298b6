//! Headers that are not the one we write: nothing in them may change how the token is to be read.

use serde_json::Value;

use super::{Jws, MAX_TOKEN_BYTES, decode};
use crate::error::Flaw;
use crate::strict_json;

impl Jws {
    /// Reads a header that is not the one we write: `kid` may be any text, but nothing may change how the token is to be
    /// read.
    pub(super) fn check_header(&self, json: &[u8]) -> Result<(), Flaw> {
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
