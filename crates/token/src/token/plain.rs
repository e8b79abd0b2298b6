//! The short way through a token of the plain shape: one look at each byte, no allocation.
//!
//! It says yes or nothing. [`Tokens::decode`] stands behind it, decides about every token that is not taken here, and
//! finds the words for those that are refused.

use super::{Tokens, YEAR_10000};
use crate::jws::Room;
use crate::policy::{Policy, TokenType};
use crate::scan::{ScannedClaims, scan};
use crate::time::Timestamp;

impl Tokens {
    /// The claims of a plain token that [`decode`](Self::decode) and [`into_token`](super::Genuine::into_token) would
    /// take. `None` says nothing: ask them. The ledger is not asked.
    ///
    /// Plain is a token with the header that Jeton and PyJWT write and claims that [`scan`] reads, where the policy
    /// has the default names of the type claim and the id claim.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::claims::Claims;
    /// use jeton_token::jws::Room;
    /// use jeton_token::key::Key;
    /// use jeton_token::policy::{Policy, TokenType};
    /// use jeton_token::time::Timestamp;
    /// use jeton_token::token::Tokens;
    ///
    /// let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// let tokens = Tokens::new(key, Policy::default());
    /// let now = Timestamp::from_seconds(1_700_000_000);
    /// let token = tokens.sign(&tokens.mint(TokenType::Access, Some("some-id"), &Claims::new(), now));
    ///
    /// let mut room = Room::new();
    /// let claims = tokens.verify_plain(token.as_bytes(), Some(TokenType::Access), now, &mut room);
    /// assert_eq!(claims.expect("a good plain token").jti, Some("some-id"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn verify_plain<'r>(
        &self,
        text: &[u8],
        wanted: Option<TokenType>,
        now: Timestamp,
        room: &'r mut Room,
    ) -> Option<ScannedClaims<'r>> {
        self.judge_plain(self.jws.open(text, room)?, wanted, now)
    }

    /// [`verify_plain`](Self::verify_plain) for a payload whose signature was checked before: what [`judge`](Self::judge)
    /// and [`into_token`](super::Genuine::into_token) would take, or nothing.
    ///
    /// ```
    /// # use jeton_token::{algorithm::Algorithm, key::Key, policy::Policy, time::Timestamp, token::Tokens};
    /// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
    /// # let now = Timestamp::from_seconds(1_700_000_000);
    /// let tokens = Tokens::new(key, Policy::default());
    /// let claims = tokens.judge_plain(br#"{"exp":1700000300,"jti":"some-id"}"#, None, now);
    /// assert_eq!(claims.expect("plain").exp, Some(1_700_000_300));
    /// assert_eq!(tokens.judge_plain(br#"{"exp":1700000300.5,"jti":"some-id"}"#, None, now), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn judge_plain<'p>(
        &self,
        payload: &'p [u8],
        wanted: Option<TokenType>,
        now: Timestamp,
    ) -> Option<ScannedClaims<'p>> {
        if !self.plain {
            return None;
        }
        let claims = scan(payload)?;
        let good =
            is_in_time(&claims, &self.policy, now) && is_ours(&claims, &self.policy) && is_complete(&claims, wanted);
        good.then_some(claims)
    }
}

/// Whether the scan knows the names under which this policy looks for the type and the id.
pub(super) fn is_plain(policy: &Policy) -> bool {
    policy.type_claim.as_deref() == Some("token_type") && policy.jti_claim.as_deref() == Some("jti")
}

fn is_in_time(claims: &ScannedClaims<'_>, policy: &Policy, now: Timestamp) -> bool {
    let begun =
        |claim: Option<i64>| claim.is_none_or(|seconds| Timestamp::from_seconds(seconds) <= now + policy.leeway);
    let ends = claims.exp.is_some_and(|exp| exp < YEAR_10000 && Timestamp::from_seconds(exp) > now - policy.leeway);
    ends && begun(claims.iat) && begun(claims.nbf)
}

fn is_ours(claims: &ScannedClaims<'_>, policy: &Policy) -> bool {
    let issuer = policy.issuer.is_none() || claims.iss == policy.issuer.as_deref();
    let audience = policy
        .audience
        .as_ref()
        .is_none_or(|ours| claims.aud.is_some_and(|audience| ours.as_slice().iter().any(|one| one == audience)));
    issuer && audience
}

fn is_complete(claims: &ScannedClaims<'_>, wanted: Option<TokenType>) -> bool {
    let right_type = wanted.is_none_or(|wanted| claims.token_type == Some(wanted.as_str()));
    claims.jti.is_some_and(|jti| !jti.is_empty()) && right_type
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::Algorithm;
    use crate::key::Key;

    #[test]
    fn renamed_claims_have_no_short_way() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let is_taken = |policy: Policy| {
            let key = Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef").unwrap();
            let payload = br#"{"exp":1700000300,"jti":"a","id":"a","kind":"access","token_type":"access"}"#;
            Tokens::new(key, policy).judge_plain(payload, Some(TokenType::Access), now).is_some()
        };
        assert!(is_taken(Policy::default()));
        for policy in [
            Policy { type_claim: None, ..Policy::default() },
            Policy { type_claim: Some("kind".to_owned()), ..Policy::default() },
            Policy { jti_claim: None, ..Policy::default() },
            Policy { jti_claim: Some("id".to_owned()), ..Policy::default() },
        ] {
            assert!(!is_taken(policy));
        }
    }
}
