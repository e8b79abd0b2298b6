//! Verifying with several keys: those that a site publishes, of today and of yesterday.

use super::{Genuine, Tokens};
use crate::error::{Flaw, TokenError};
use crate::jwk::{Jwk, JwkSet};
use crate::jws::{Jws, Room, claimed_key_id};
use crate::policy::{Policy, TokenType};
use crate::scan::ScannedClaims;
use crate::time::Timestamp;

/// Verifies the tokens that any key of a set signed. The `kid` of a token says which key to look at, and nothing else:
/// each key keeps to its own algorithm.
///
#[cfg_attr(feature = "asymmetric", doc = "```")]
#[cfg_attr(not(feature = "asymmetric"), doc = "```ignore")]
/// use jeton_token::jwk::JwkSet;
/// use jeton_token::policy::{Policy, TokenType};
/// use jeton_token::time::Timestamp;
/// use jeton_token::token::Verifier;
///
/// // The document that the site serves, or the file that it gave away.
/// let document = br#"{"keys": [
///     {"kty": "OKP", "crv": "Ed25519", "kid": "2026", "x": "Iq6JkFStAFKCHtIQI2hbwSLGw4vu3-nzlYN-cPEg4Tg"},
///     {"kty": "OKP", "crv": "Ed25519", "kid": "2025", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
/// let verifier = Verifier::new(&JwkSet::parse(document)?, &Policy::default());
///
/// let now = Timestamp::from_seconds(1_795_000_000);
/// let token = concat!(
///     "eyJhbGciOiJFZERTQSIsImtpZCI6IjIwMjYiLCJ0eXAiOiJKV1QifQ.",
///     "eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjE3NjAwMDAwMDAsImp0aSI6ImEiLCJ1c2VyX2lkIjoiMSJ9.",
///     "xqxDrzC98h-p30xkPd7TNRe0katSCGp4vxUega3LmwrzbdtCVoOIpytzEI5AI57LtrQgwGQcBYa-64CGHmPaDw",
/// );
/// let claims = verifier.decode(token.as_bytes(), now)?.into_token(Some(TokenType::Access))?;
/// assert_eq!(claims.text("user_id"), Some("1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier(Vec<Candidate>);

/// One of the keys, by its name if it has one.
#[derive(Clone, Debug)]
struct Candidate {
    kid: Option<String>,
    tokens: Tokens,
}

impl Verifier {
    /// Any key of the set will do, for tokens of this policy.
    ///
    /// ```
    /// use jeton_token::jwk::JwkSet;
    /// use jeton_token::policy::Policy;
    /// use jeton_token::token::Verifier;
    ///
    /// let set = br#"{"keys": [{"kty": "oct", "alg": "HS256", "kid": "k1", "k": "-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"}]}"#;
    /// let set = JwkSet::parse(set)?;
    /// let verifier = Verifier::new(&set, &Policy::default());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(keys: &JwkSet, policy: &Policy) -> Self {
        Self(keys.keys().iter().map(|jwk| Candidate::new(jwk, policy)).collect())
    }

    /// As [`Tokens::decode`], by the key that the token names. A token that names none is taken only where there is no
    /// choice.
    ///
    /// ```
    /// use jeton_token::jwk::JwkSet;
    /// use jeton_token::jws::Jws;
    /// use jeton_token::policy::Policy;
    /// use jeton_token::time::Timestamp;
    /// use jeton_token::token::Verifier;
    ///
    /// let set = br#"{"keys": [{"kty": "oct", "alg": "HS256", "kid": "k1", "k": "-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"}]}"#;
    /// let set = JwkSet::parse(set)?;
    /// let verifier = Verifier::new(&set, &Policy::default());
    /// let jws = Jws::new(set.keys()[0].key().clone()).with_key_id("k1");
    /// let token = jws.sign(br#"{"exp":1700000300,"jti":"a"}"#);
    /// let now = Timestamp::from_seconds(1_700_000_000);
    /// assert!(verifier.decode(token.as_bytes(), now).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] or [`TokenError::Expired`].
    pub fn decode(&self, text: &[u8], now: Timestamp) -> Result<Genuine<'_>, TokenError> {
        self.find(text).ok_or(Flaw::Signature)?.decode(text, now)
    }

    /// As [`Tokens::verify_plain`], by the key that the token names. `None` says nothing: ask [`decode`](Self::decode).
    ///
    /// ```
    /// use jeton_token::jwk::JwkSet;
    /// use jeton_token::jws::{Jws, Room};
    /// use jeton_token::policy::Policy;
    /// use jeton_token::time::Timestamp;
    /// use jeton_token::token::Verifier;
    ///
    /// let set = br#"{"keys": [{"kty": "oct", "alg": "HS256", "kid": "k1", "k": "-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"}]}"#;
    /// let set = JwkSet::parse(set)?;
    /// let verifier = Verifier::new(&set, &Policy::default());
    /// let jws = Jws::new(set.keys()[0].key().clone()).with_key_id("k1");
    /// let token = jws.sign(br#"{"exp":1700000300,"jti":"a"}"#);
    /// let now = Timestamp::from_seconds(1_700_000_000);
    /// assert!(verifier.verify_plain(token.as_bytes(), None, now, &mut Room::new()).is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify_plain<'r>(
        &self,
        text: &[u8],
        wanted: Option<TokenType>,
        now: Timestamp,
        room: &'r mut Room,
    ) -> Option<ScannedClaims<'r>> {
        let known = self.0.iter().find(|candidate| candidate.tokens.jws.wrote_header_of(text))?;
        known.tokens.verify_plain(text, wanted, now, room)
    }

    fn find(&self, text: &[u8]) -> Option<&Tokens> {
        let kid = claimed_key_id(text);
        let found = match (&kid, self.0.as_slice()) {
            (Some(_), candidates) => candidates.iter().find(|candidate| candidate.kid == kid),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        found.map(|candidate| &candidate.tokens)
    }
}

impl Candidate {
    fn new(jwk: &Jwk, policy: &Policy) -> Self {
        let jws = Jws::new(jwk.key().clone());
        let jws = match jwk.kid() {
            Some(kid) => jws.with_key_id(kid),
            None => jws,
        };
        Self { kid: jwk.kid().map(str::to_owned), tokens: Tokens::signed_by(jws, policy.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::algorithm::Algorithm;
    use crate::key::Key;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const PAYLOAD: &[u8] = br#"{"token_type":"access","exp":1700000300,"jti":"a"}"#;

    /// A set of these keys: a name, or none, and a secret.
    fn set(keys: &[(Option<&str>, &[u8; 32])]) -> JwkSet {
        let jwk = |(kid, secret): &(Option<&str>, &[u8; 32])| {
            let kid = kid.map_or(String::new(), |kid| format!(r#""kid":"{kid}","#));
            format!(r#"{{{kid}"kty":"oct","alg":"HS256","k":"{}"}}"#, URL_SAFE_NO_PAD.encode(secret))
        };
        let keys: Vec<String> = keys.iter().map(jwk).collect();
        JwkSet::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap()
    }

    fn token(secret: &[u8; 32], kid: Option<&str>) -> String {
        let jws = Jws::new(Key::from_secret(Algorithm::Hs256, secret).unwrap());
        kid.map_or(jws.clone(), |kid| jws.with_key_id(kid)).sign(PAYLOAD)
    }

    #[test]
    fn a_token_is_held_against_the_key_it_names_and_no_other() {
        let keys = set(&[(Some("old"), &[1; 32]), (Some("new"), &[2; 32])]);
        let verifier = Verifier::new(&keys, &Policy::default());
        let mut room = Room::new();
        for (token, good) in [
            (token(&[1; 32], Some("old")), true),
            (token(&[2; 32], Some("new")), true),
            (token(&[2; 32], Some("old")), false),
            (token(&[1; 32], Some("elder")), false),
            (token(&[1; 32], Some("")), false),
            (token(&[1; 32], None), false),
            (token(&[3; 32], Some("new")), false),
        ] {
            assert_eq!(verifier.decode(token.as_bytes(), NOW).is_ok(), good, "{token}");
            assert_eq!(verifier.verify_plain(token.as_bytes(), None, NOW, &mut room).is_some(), good, "{token}");
        }
    }

    #[test]
    fn a_token_without_a_name_is_for_the_only_key() {
        let named = Verifier::new(&set(&[(Some("only"), &[1; 32])]), &Policy::default());
        let nameless = Verifier::new(&set(&[(None, &[1; 32])]), &Policy::default());
        let plain = token(&[1; 32], None);
        assert!(named.decode(plain.as_bytes(), NOW).is_ok() && nameless.decode(plain.as_bytes(), NOW).is_ok());
        assert!(nameless.decode(token(&[1; 32], Some("other")).as_bytes(), NOW).is_err());
        assert!(Verifier::new(&set(&[]), &Policy::default()).decode(plain.as_bytes(), NOW).is_err());
    }

    #[test]
    fn headers_of_other_spellings_name_keys_too() {
        let verifier = Verifier::new(&set(&[(Some("a"), &[1; 32]), (Some("b"), &[2; 32])]), &Policy::default());
        let key = Key::from_secret(Algorithm::Hs256, &[2; 32]).unwrap();
        let part = |json: &[u8]| URL_SAFE_NO_PAD.encode(json);
        let signed = format!("{}.{}", part(br#"{"kid": "\u0062", "alg": "HS256"}"#), part(PAYLOAD));
        let token = format!("{signed}.{}", part(&key.sign(signed.as_bytes())));
        assert!(verifier.decode(token.as_bytes(), NOW).is_ok());
    }
}
