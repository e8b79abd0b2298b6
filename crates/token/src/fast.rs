//! The short way through an HS256 token of the plain shape: one look at each byte, no allocation.
//!
//! It says yes or nothing. [`Tokens::decode`](crate::token::Tokens::decode) stands behind it, decides about every
//! token that is not taken here, and finds the words for those that are refused.

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::hs256::{Beginning, Hs256};
use crate::key::Key;
use crate::policy::{Policy, TokenType};
use crate::scan::{ScannedClaims, scan};
use crate::time::Timestamp;

/// Verifies the HS256 tokens of one secret and one policy.
///
/// ```
/// use jeton_token::algorithm::Algorithm;
/// use jeton_token::claims::Claims;
/// use jeton_token::fast::{FastPath, Payload};
/// use jeton_token::key::Key;
/// use jeton_token::policy::{Policy, TokenType};
/// use jeton_token::time::Timestamp;
/// use jeton_token::token::Tokens;
///
/// let secret = b"a secret of at least thirty-two bytes";
/// let tokens = Tokens::new(Key::from_secret(Algorithm::Hs256, secret)?, Policy::default());
/// let now = Timestamp::from_seconds(1_700_000_000);
/// let user: Claims = [("user_id", "1")].into_iter().collect();
/// let token = tokens.sign(&tokens.mint(TokenType::Access, Some("some-id"), &user, now));
///
/// let fast = FastPath::new(secret, Policy::default()).expect("the default policy is plain");
/// let mut payload = Payload::new();
/// let claims = fast.verify(token.as_bytes(), Some(TokenType::Access), now, &mut payload).expect("a good plain token");
/// assert_eq!(claims.jti, Some("some-id"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FastPath {
    key: Hs256,
    /// How the tokens of each type begin, as far as it is the same for all of them.
    beginnings: Box<[Beginning]>,
    policy: Policy,
}

/// Room for the payload of a plain token. One can serve any number of tokens, one after the other.
#[derive(Clone, Debug)]
pub struct Payload([u8; MAX_PAYLOAD]);

impl FastPath {
    /// Prepares a secret. `None` if [`Key::from_secret`] refuses it, or if the policy renames the type claim or the id claim, or does
    /// without them: such tokens are not plain.
    pub fn new(secret: &[u8], policy: Policy) -> Option<Self> {
        let plain = policy.type_claim.as_deref() == Some("token_type") && policy.jti_claim.as_deref() == Some("jti");
        if !plain || Key::from_secret(Algorithm::Hs256, secret).is_err() {
            return None;
        }
        let key = Hs256::new(secret);
        let types = [TokenType::Access, TokenType::Refresh, TokenType::Sliding];
        let beginnings =
            types.iter().filter_map(|token_type| key.beginning(beginning(*token_type).as_bytes())).collect();
        Some(Self { key, beginnings, policy })
    }

    /// The claims of a token that is genuine, in time, complete and of the wanted type (any, if none is wanted).
    /// `None` says nothing: ask the general path. The ledger is not asked.
    pub fn verify<'p>(
        &self,
        text: &[u8],
        wanted: Option<TokenType>,
        now: Timestamp,
        payload: &'p mut Payload,
    ) -> Option<ScannedClaims<'p>> {
        let claims = scan(self.payload(text, payload)?)?;
        (self.is_in_time(&claims, now) && self.is_ours(&claims) && is_complete(&claims, wanted)).then_some(claims)
    }

    /// The signed text of a payload: what [`Jws::sign`](crate::jws::Jws::sign) writes under the same secret.
    pub fn sign(&self, payload: &[u8]) -> String {
        let mut text = String::with_capacity(HEADER.len() + payload.len() * 4 / 3 + 2 + SIGNATURE);
        text.push_str(HEADER);
        base64url::encode_append(payload, &mut text);
        let tag = self.key.tag_from(&self.beginnings, text.as_bytes());
        text.push('.');
        base64url::encode_append(&tag, &mut text);
        text
    }

    /// The payload of a token with the header that we write and a signature of this key.
    pub(crate) fn payload<'p>(&self, text: &[u8], payload: &'p mut Payload) -> Option<&'p [u8]> {
        let (signed, rest) = text.split_at_checked(text.len().checked_sub(1 + SIGNATURE)?)?;
        let [b'.', signature @ ..] = rest else { return None };
        let encoded = signed.strip_prefix(HEADER.as_bytes())?;
        if encoded.len() > MAX_ENCODED {
            return None;
        }
        let mut tag = [0; 32];
        base64url::decode(signature, &mut tag)?;
        if !self.key.verify_from(&self.beginnings, signed, &tag) {
            return None;
        }
        base64url::decode(encoded, &mut payload.0)
    }

    fn is_in_time(&self, claims: &ScannedClaims<'_>, now: Timestamp) -> bool {
        let begun = |claim: Option<i64>| {
            claim.is_none_or(|seconds| Timestamp::from_seconds(seconds) <= now + self.policy.leeway)
        };
        let ends =
            claims.exp.is_some_and(|exp| exp < YEAR_10000 && Timestamp::from_seconds(exp) > now - self.policy.leeway);
        ends && begun(claims.iat) && begun(claims.nbf)
    }

    fn is_ours(&self, claims: &ScannedClaims<'_>) -> bool {
        let issuer = self.policy.issuer.is_none() || claims.iss == self.policy.issuer.as_deref();
        let audience =
            self.policy.audience.as_ref().is_none_or(|ours| {
                claims.aud.is_some_and(|audience| ours.as_slice().iter().any(|one| one == audience))
            });
        issuer && audience
    }
}

impl Payload {
    /// Empty room.
    pub const fn new() -> Self {
        Self([0; MAX_PAYLOAD])
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::new()
    }
}

fn is_complete(claims: &ScannedClaims<'_>, wanted: Option<TokenType>) -> bool {
    let right_type = wanted.is_none_or(|wanted| claims.token_type == Some(wanted.as_str()));
    claims.jti.is_some_and(|jti| !jti.is_empty()) && right_type
}

/// How every token of this type begins: the header, and the payload as far as the first digit of `exp`.
fn beginning(token_type: TokenType) -> String {
    let payload = format!(r#"{{"token_type":"{}","exp":"#, token_type.as_str());
    let whole = payload.len() / 3 * 3;
    let mut text = HEADER.to_owned();
    base64url::encode_append(&payload.as_bytes()[..whole], &mut text);
    text
}

/// `{"alg":"HS256","typ":"JWT"}` and the dot: what both Jeton and PyJWT write.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";

/// The characters of a signature of 32 bytes.
const SIGNATURE: usize = 43;

/// Payloads beyond this are left to the general path.
const MAX_PAYLOAD: usize = 768;
const MAX_ENCODED: usize = MAX_PAYLOAD / 3 * 4;

/// 10000-01-01T00:00:00Z, where the general path draws the line.
const YEAR_10000: i64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jws::Jws;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn fast() -> FastPath {
        FastPath::new(SECRET, Policy::default()).unwrap()
    }

    #[test]
    fn the_first_block_of_every_type_is_known() {
        assert_eq!(fast().beginnings.len(), 3);
    }

    #[test]
    fn renamed_claims_have_no_short_way() {
        for policy in [
            Policy { type_claim: None, ..Policy::default() },
            Policy { type_claim: Some("kind".to_owned()), ..Policy::default() },
            Policy { jti_claim: None, ..Policy::default() },
            Policy { jti_claim: Some("id".to_owned()), ..Policy::default() },
        ] {
            assert!(FastPath::new(SECRET, policy).is_none());
        }
        assert!(FastPath::new(b"", Policy::default()).is_none());
        assert!(FastPath::new(b"-----BEGIN PUBLIC KEY-----", Policy::default()).is_none());
    }

    #[test]
    fn a_payload_of_any_length_is_read_or_left() {
        let jws = Jws::new(Key::from_secret(Algorithm::Hs256, SECRET).unwrap());
        let mut room = Payload::new();
        for length in 1..MAX_PAYLOAD + 20 {
            let payload = vec![b'x'; length];
            let token = jws.sign(&payload);
            assert_eq!(fast().sign(&payload), token);
            let expected = (length <= MAX_PAYLOAD).then_some(&payload[..]);
            assert_eq!(fast().payload(token.as_bytes(), &mut room), expected, "{length}");
        }
    }

    #[test]
    fn the_shortest_texts_are_left() {
        let mut room = Payload::new();
        for length in 0..120 {
            assert_eq!(fast().payload(&vec![b'.'; length], &mut room), None);
            assert_eq!(fast().payload(&HEADER.repeat(4).as_bytes()[..length], &mut room), None);
        }
    }
}
