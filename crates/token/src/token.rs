//! Minting and verifying, in the order of Simple JWT's checks.

use serde_json::Value;

use crate::claims::{Claims, lenient_seconds};
use crate::error::{Flaw, TokenError};
use crate::fast::{FastPath, Payload};
use crate::jws::Jws;
use crate::key::Key;
use crate::policy::{Audience, Policy, TokenType};
use crate::scan::ScannedClaims;
use crate::time::Timestamp;

/// Mints and verifies the tokens of one site.
///
/// ```
/// use jeton_token::algorithm::Algorithm;
/// use jeton_token::claims::Claims;
/// use jeton_token::key::Key;
/// use jeton_token::policy::{Policy, TokenType};
/// use jeton_token::time::Timestamp;
/// use jeton_token::token::Tokens;
///
/// let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
/// let tokens = Tokens::new(key, Policy::default());
/// let now = Timestamp::from_seconds(1_700_000_000);
///
/// let user: Claims = [("user_id", "1")].into_iter().collect();
/// let access = tokens.mint(TokenType::Access, Some("some-id"), &user, now);
/// let claims = tokens.decode(tokens.sign(&access).as_bytes(), now)?.into_token(Some(TokenType::Access))?;
/// assert_eq!(claims.text("user_id"), Some("1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tokens {
    jws: Jws,
    policy: Policy,
    /// The short way to the same ends, if there is one.
    fast: Option<FastPath>,
}

/// The claims of a token that this site signed and whose time has come and not passed. Ask the ledger about its
/// [`id`](Genuine::id), then take the token with [`into_token`](Genuine::into_token).
///
/// ```
/// # use jeton_token::{algorithm::Algorithm, claims::Claims, key::Key, token::Tokens};
/// # use jeton_token::{policy::{Policy, TokenType}, time::Timestamp};
/// # let now = Timestamp::from_seconds(1_700_000_000);
/// # let key = Key::from_secret(Algorithm::Hs256, b"a secret of at least thirty-two bytes")?;
/// # let tokens = Tokens::new(key, Policy::default());
/// let text = tokens.sign(&tokens.mint(TokenType::Refresh, Some("some-id"), &Claims::new(), now));
/// let genuine = tokens.decode(text.as_bytes(), now)?;
/// assert_eq!(genuine.id()?.as_deref(), Some("some-id"));
/// assert!(genuine.into_token(Some(TokenType::Access)).is_err(), "a refresh token opens no doors");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Genuine<'a> {
    claims: Claims,
    policy: &'a Policy,
}

impl Tokens {
    /// Tokens of this key and policy.
    pub fn new(key: Key, policy: Policy) -> Self {
        Self { jws: Jws::new(key).with_strictness(policy.strict), policy, fast: None }
    }

    /// Takes the [short way](crate::fast) for plain HS256 tokens from now on. The secret is that of the key: one whose
    /// tokens the key does not verify is left aside, and a policy without a short way changes nothing.
    #[must_use]
    pub fn with_fast_path(mut self, secret: &[u8]) -> Self {
        let is_our_key = |fast: &FastPath| self.jws.verify(fast.sign(b"{}").as_bytes()).is_ok();
        self.fast = FastPath::new(secret, self.policy.clone()).filter(is_our_key);
        self
    }

    /// What was settled about them.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The claims of a new token: type, `exp`, `iat`, id, then whatever else it says.
    pub fn mint(&self, token_type: TokenType, id: Option<&str>, further: &Claims, now: Timestamp) -> Claims {
        let policy = &self.policy;
        let mut claims = Claims::new();
        if let Some(name) = &policy.type_claim {
            claims.set(name, token_type.as_str());
        }
        claims.set("exp", policy.expiry(token_type, now));
        claims.set("iat", now.seconds());
        if let (Some(name), Some(id)) = (&policy.jti_claim, id) {
            claims.set(name, id);
        }
        if token_type == TokenType::Sliding {
            claims.set(&policy.sliding_refresh_claim, (now + policy.sliding_refresh_lifetime).seconds());
        }
        for (name, value) in further.iter() {
            claims.set(name, value.clone());
        }
        claims
    }

    /// The claims of an access token made from a refresh token: its own type, `exp`, `iat` and id, then everything
    /// else that the refresh token says.
    pub fn access_from(&self, refresh: &Claims, id: Option<&str>, now: Timestamp) -> Claims {
        let policy = &self.policy;
        let own = ["exp", "iat", "jti"];
        let named = [&policy.type_claim, &policy.jti_claim];
        let copied = refresh
            .iter()
            .filter(|(name, _)| !own.contains(name) && !named.iter().any(|claim| claim.as_deref() == Some(name)))
            .map(|(name, value)| (name, value.clone()))
            .collect();
        self.mint(TokenType::Access, id, &copied, now)
    }

    /// Signs claims; `aud` and `iss` are written over whatever stood there.
    ///
    /// # Panics
    ///
    /// If the key cannot sign ([`Key::can_sign`]).
    pub fn sign(&self, claims: &Claims) -> String {
        if self.policy.audience.is_none() && self.policy.issuer.is_none() {
            return self.sign_payload(&claims.to_json());
        }
        let mut claims = claims.clone();
        match &self.policy.audience {
            Some(Audience::One(audience)) => claims.set("aud", audience.as_str()),
            Some(Audience::Many(audiences)) => claims.set("aud", audiences.clone()),
            None => {}
        }
        if let Some(issuer) = &self.policy.issuer {
            claims.set("iss", issuer.as_str());
        }
        self.sign_payload(&claims.to_json())
    }

    /// The claims of a plain token that [`decode`](Tokens::decode) and [`into_token`](Genuine::into_token) would take,
    /// without allocating. `None` says nothing: ask them. The ledger is not asked.
    pub fn verify_fast<'p>(
        &self,
        text: &[u8],
        wanted: Option<TokenType>,
        now: Timestamp,
        payload: &'p mut Payload,
    ) -> Option<ScannedClaims<'p>> {
        self.fast.as_ref()?.verify(text, wanted, now, payload)
    }

    /// Signature and header, then `iat`, `nbf`, `exp`, `iss`, `aud`, `sub`, `jti`.
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] or [`TokenError::Expired`].
    pub fn decode(&self, text: &[u8], now: Timestamp) -> Result<Genuine<'_>, TokenError> {
        let mut payload = Payload::new();
        match self.fast.as_ref().and_then(|fast| fast.payload(text, &mut payload)) {
            Some(payload) => self.check(payload, now),
            None => self.decode_by(&self.jws, text, now),
        }
    }

    /// As [`decode`](Self::decode), for a token that another of the site's keys signed.
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] or [`TokenError::Expired`].
    pub fn decode_by(&self, jws: &Jws, text: &[u8], now: Timestamp) -> Result<Genuine<'_>, TokenError> {
        self.check(&jws.verify(text)?, now)
    }

    fn check(&self, payload: &[u8], now: Timestamp) -> Result<Genuine<'_>, TokenError> {
        let claims = self.parse(payload)?;
        self.check_times(&claims, now)?;
        self.check_issuer(&claims)?;
        self.check_audience(&claims)?;
        if claims.get("sub").is_some_and(|subject| !subject.is_string()) {
            return Err(Flaw::Subject.into());
        }
        if claims.get("jti").is_some_and(|jti| !jti.is_string()) {
            return Err(Flaw::Id.into());
        }
        if self.policy.strict {
            self.check_strictly(&claims)?;
        }
        Ok(Genuine { claims, policy: &self.policy })
    }

    /// Whether a sliding token may still be refreshed.
    ///
    /// # Errors
    ///
    /// [`TokenError::MissingTime`], [`TokenError::TimePassed`], or [`TokenError::Invalid`] if the claim is no time.
    pub fn check_sliding_window(&self, claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
        let name = &self.policy.sliding_refresh_claim;
        let Some(value) = claims.get(name) else {
            return Err(TokenError::MissingTime(name.clone()));
        };
        let Some(until) = value.as_f64().filter(|seconds| seconds.abs() < YEAR_10000 as f64) else {
            return Err(Flaw::Expiry.into());
        };
        if Timestamp::from_micros((until * 1e6) as i64) <= now - self.policy.leeway {
            return Err(TokenError::TimePassed(name.clone()));
        }
        Ok(())
    }

    fn parse(&self, payload: &[u8]) -> Result<Claims, Flaw> {
        if self.policy.strict { Claims::parse_strict(payload) } else { Claims::parse(payload) }
    }

    fn sign_payload(&self, payload: &[u8]) -> String {
        self.fast.as_ref().map_or_else(|| self.jws.sign(payload), |fast| fast.sign(payload))
    }

    fn check_times(&self, claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
        let latest = now + self.policy.leeway;
        for (name, flaw) in [("iat", Flaw::IssuedAt), ("nbf", Flaw::NotBefore)] {
            let Some(value) = claims.get(name) else { continue };
            let begins = lenient_seconds(value).ok_or(flaw)?;
            if Timestamp::from_seconds(begins) > latest {
                return Err(flaw.into());
            }
        }
        let Some(value) = claims.get("exp") else {
            return Ok(());
        };
        let ends = lenient_seconds(value).ok_or(Flaw::Expiry)?;
        if Timestamp::from_seconds(ends) <= now - self.policy.leeway {
            return Err(TokenError::Expired);
        }
        if !value.is_number() || ends >= YEAR_10000 {
            return Err(Flaw::Expiry.into());
        }
        Ok(())
    }

    /// What Simple JWT lets pass: times that are no numbers of our calendar, ids that are no texts.
    fn check_strictly(&self, claims: &Claims) -> Result<(), Flaw> {
        for (name, flaw) in [("iat", Flaw::IssuedAt), ("nbf", Flaw::NotBefore), ("exp", Flaw::Expiry)] {
            let Some(value) = claims.get(name) else { continue };
            if !value.as_f64().is_some_and(|seconds| (0.0..YEAR_10000 as f64).contains(&seconds)) {
                return Err(flaw);
            }
        }
        let id = self.policy.jti_claim.as_ref().and_then(|name| claims.get(name));
        match id {
            None => Ok(()),
            Some(Value::String(id)) if !id.is_empty() => Ok(()),
            Some(_) => Err(Flaw::Id),
        }
    }

    fn check_issuer(&self, claims: &Claims) -> Result<(), Flaw> {
        match &self.policy.issuer {
            Some(issuer) if claims.text("iss") != Some(issuer) => Err(Flaw::Issuer),
            Some(_) | None => Ok(()),
        }
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), Flaw> {
        let Some(ours) = &self.policy.audience else {
            return Ok(());
        };
        let is_ours = |audience: &str| ours.as_slice().iter().any(|one| one == audience);
        let fits = match claims.get("aud") {
            Some(Value::String(audience)) => is_ours(audience),
            Some(Value::Array(audiences)) => {
                audiences.iter().all(Value::is_string)
                    && audiences.iter().any(|audience| audience.as_str().is_some_and(is_ours))
            }
            _ => false,
        };
        if fits { Ok(()) } else { Err(Flaw::Audience) }
    }
}

impl Genuine<'_> {
    /// The claims, which are not yet known to be those of a complete token.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The id, under the configured name; a number counts as its digits.
    ///
    /// # Errors
    ///
    /// [`TokenError::MissingId`] if the claim is absent, [`TokenError::Invalid`] if it cannot be an id. Nothing where
    /// tokens have no ids.
    pub fn id(&self) -> Result<Option<String>, TokenError> {
        let Some(name) = &self.policy.jti_claim else {
            return Ok(None);
        };
        match self.claims.get(name) {
            None => Err(TokenError::MissingId),
            Some(Value::String(id)) => Ok(Some(id.clone())),
            Some(Value::Number(id)) => Ok(Some(id.to_string())),
            Some(_) => Err(Flaw::Id.into()),
        }
    }

    /// The claims of a complete token: `exp`, id and type are there, and the type is the wanted one (any, if none is
    /// wanted).
    ///
    /// # Errors
    ///
    /// [`TokenError::MissingTime`], [`TokenError::MissingId`], [`TokenError::MissingType`], [`TokenError::WrongType`].
    pub fn into_token(self, wanted: Option<TokenType>) -> Result<Claims, TokenError> {
        if self.claims.get("exp").is_none() {
            return Err(TokenError::MissingTime("exp".to_owned()));
        }
        if self.policy.jti_claim.as_ref().is_some_and(|name| self.claims.get(name).is_none()) {
            return Err(TokenError::MissingId);
        }
        let (Some(name), Some(wanted)) = (&self.policy.type_claim, wanted) else {
            return Ok(self.claims);
        };
        match self.claims.get(name) {
            None => Err(TokenError::MissingType),
            Some(Value::String(found)) if found == wanted.as_str() => Ok(self.claims),
            Some(_) => Err(TokenError::WrongType),
        }
    }
}

/// 10000-01-01T00:00:00Z: no calendar of the reference goes that far.
const YEAR_10000: i64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::algorithm::Algorithm;

    const NOW: Timestamp = Timestamp::from_micros(1_763_676_000_500_000);

    fn tokens(policy: Policy) -> Tokens {
        Tokens::new(Key::from_secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef").unwrap(), policy)
    }

    fn verdict(policy: &Policy, claims: &Value, wanted: Option<TokenType>) -> Result<Claims, TokenError> {
        let tokens = tokens(policy.clone());
        let text = tokens.jws.sign(claims.to_string().as_bytes());
        tokens.decode(text.as_bytes(), NOW)?.into_token(wanted)
    }

    /// What the reference tolerates passes.
    fn lenient() -> Policy {
        Policy { strict: false, ..Policy::default() }
    }

    fn refused(claims: &Value) -> TokenError {
        verdict(&lenient(), claims, Some(TokenType::Access)).unwrap_err()
    }

    #[test]
    fn a_pair_has_the_claims_of_simple_jwt_in_their_order() {
        let tokens = tokens(Policy::default());
        let user: Claims = [("user_id", "1"), ("plan", "pro")].into_iter().collect();
        let refresh = tokens.mint(TokenType::Refresh, Some("r"), &user, NOW);
        let access = tokens.access_from(&refresh, Some("a"), NOW);
        assert_eq!(
            String::from_utf8(refresh.to_json()).unwrap(),
            r#"{"token_type":"refresh","exp":1763762400,"iat":1763676000,"jti":"r","user_id":"1","plan":"pro"}"#
        );
        assert_eq!(
            String::from_utf8(access.to_json()).unwrap(),
            r#"{"token_type":"access","exp":1763676300,"iat":1763676000,"jti":"a","user_id":"1","plan":"pro"}"#
        );
    }

    #[test]
    fn failures_come_in_the_order_of_the_checks() {
        let past = NOW.seconds() - 1;
        let next = NOW.seconds() + 60;
        for (claims, error) in [
            (json!({"iat": next, "exp": past}), Flaw::IssuedAt.into()),
            (json!({"nbf": next, "exp": past}), Flaw::NotBefore.into()),
            (json!({"exp": past, "sub": 5}), TokenError::Expired),
            (json!({"exp": NOW.seconds(), "jti": "a", "token_type": "access"}), TokenError::Expired),
            (json!({"exp": next, "sub": 5}), Flaw::Subject.into()),
            (json!({"exp": next, "sub": null}), Flaw::Subject.into()),
            (json!({"jti": null}), Flaw::Id.into()),
            (json!({"exp": null}), Flaw::Expiry.into()),
            (json!({"exp": "9999999999"}), Flaw::Expiry.into()),
            (json!({"exp": "1"}), TokenError::Expired),
            (json!({"exp": YEAR_10000}), Flaw::Expiry.into()),
            (json!({"iat": "soon"}), Flaw::IssuedAt.into()),
            (json!({}), TokenError::MissingTime("exp".to_owned())),
            (json!({"exp": next}), TokenError::MissingId),
            (json!({"exp": next, "jti": ""}), TokenError::MissingType),
            (json!({"exp": next, "jti": "", "token_type": "refresh"}), TokenError::WrongType),
            (json!({"exp": next, "jti": "", "token_type": ["access"]}), TokenError::WrongType),
        ] {
            assert_eq!(refused(&claims), error, "{claims}");
        }
        for claims in [
            json!({"exp": next, "jti": "", "token_type": "access", "iat": "5"}),
            json!({"exp": f64::from(next as i32) + 0.5, "jti": "", "token_type": "access"}),
        ] {
            assert!(verdict(&lenient(), &claims, Some(TokenType::Access)).is_ok(), "{claims}");
        }
    }

    #[test]
    fn what_the_reference_tolerates_is_refused_by_a_strict_policy() {
        let next = NOW.seconds() + 60;
        for (claims, flaw) in [
            (json!({"exp": next, "jti": "a", "iat": "5"}), Flaw::IssuedAt),
            (json!({"exp": next, "jti": "a", "nbf": true}), Flaw::NotBefore),
            (json!({"exp": next, "jti": "a", "nbf": -1}), Flaw::NotBefore),
            (json!({"exp": next, "jti": ""}), Flaw::Id),
        ] {
            assert!(verdict(&lenient(), &claims, None).is_ok(), "{claims}");
            assert_eq!(verdict(&Policy::default(), &claims, None).unwrap_err(), flaw.into(), "{claims}");
        }
    }

    #[test]
    fn audience_and_issuer_are_compared_whole() {
        let policy = Policy {
            audience: Some(Audience::Many(vec!["web".to_owned(), "mobile".to_owned()])),
            issuer: Some("https://issuer.example".to_owned()),
            ..Policy::default()
        };
        let token = |aud: &Value, iss: &Value| {
            verdict(&policy, &json!({"exp": NOW.seconds() + 60, "jti": "a", "aud": aud, "iss": iss}), None)
        };
        let issuer = json!("https://issuer.example");
        assert!(token(&json!("mobile"), &issuer).is_ok());
        assert!(token(&json!(["tv", "web"]), &issuer).is_ok());
        for aud in [json!("Web"), json!([]), json!(["tv"]), json!(["web", 5]), json!(null), json!({"web": 1})] {
            assert_eq!(token(&aud, &issuer).unwrap_err(), Flaw::Audience.into(), "{aud}");
        }
        for iss in [json!("https://issuer.example/"), json!(["https://issuer.example"]), json!(null)] {
            assert_eq!(token(&json!("web"), &iss).unwrap_err(), Flaw::Issuer.into(), "{iss}");
        }
    }

    #[test]
    fn the_short_way_changes_no_token_and_no_verdict() {
        const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
        let (slow, fast) = (tokens(Policy::default()), tokens(Policy::default()).with_fast_path(SECRET));
        assert!(fast.fast.is_some());
        let user: Claims = [("user_id", "1")].into_iter().collect();
        let claims = fast.mint(TokenType::Access, Some("a"), &user, NOW);
        let token = fast.sign(&claims);
        assert_eq!(token, slow.sign(&claims));
        let later = NOW + Duration::from_secs(301);
        for (token, now) in [(&*token, NOW), (&token, later), (&token[1..], NOW), (&token[..token.len() - 1], NOW)] {
            let verdict =
                |tokens: &Tokens| tokens.decode(token.as_bytes(), now).map(|genuine| genuine.claims().clone());
            assert_eq!(verdict(&fast), verdict(&slow));
        }
        let mut payload = Payload::new();
        let mut verify = |tokens: &Tokens| tokens.verify_fast(token.as_bytes(), None, NOW, &mut payload).is_some();
        assert_eq!((verify(&fast), verify(&slow)), (true, false));
    }

    #[test]
    fn another_secret_or_algorithm_is_no_short_way() {
        for (algorithm, secret, other) in [
            (Algorithm::Hs256, "0123456789abcdef0123456789abcdef", "another"),
            (Algorithm::Hs384, "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"),
        ] {
            let key = Key::from_secret(algorithm, secret.as_bytes()).unwrap();
            assert!(Tokens::new(key, Policy::default()).with_fast_path(other.as_bytes()).fast.is_none());
        }
    }

    #[test]
    fn aud_and_iss_are_written_over_foreign_ones() {
        let policy = Policy { audience: Some(Audience::One("app".to_owned())), ..Policy::default() };
        let tokens = tokens(policy);
        let claims: Claims = [("exp", json!(NOW.seconds() + 9)), ("jti", json!("a")), ("aud", json!(["x", "app"]))]
            .into_iter()
            .collect();
        let text = tokens.sign(&claims);
        let read = tokens.decode(text.as_bytes(), NOW).unwrap();
        assert_eq!(read.claims().get("aud"), Some(&json!("app")));
    }

    #[test]
    fn leeway_covers_every_time() {
        let policy = Policy { leeway: Duration::from_secs(20), ..Policy::default() };
        let now = NOW.seconds();
        for claims in [
            json!({"exp": now - 10, "jti": "a"}),
            json!({"exp": now + 9, "nbf": now + 10, "jti": "a"}),
            json!({"exp": now + 9, "iat": now + 20, "jti": "a"}),
        ] {
            assert!(verdict(&policy, &claims, None).is_ok(), "{claims}");
        }
        let tokens = tokens(policy);
        let window = |value: Value| {
            let claims: Claims = [("refresh_exp", value)].into_iter().collect();
            tokens.check_sliding_window(&claims, NOW)
        };
        assert_eq!(window(json!(now - 10)), Ok(()));
        assert_eq!(window(json!(now - 30)), Err(TokenError::TimePassed("refresh_exp".to_owned())));
        assert_eq!(window(json!("9999999999")), Err(Flaw::Expiry.into()));
        let none = tokens.check_sliding_window(&Claims::new(), NOW);
        assert_eq!(none, Err(TokenError::MissingTime("refresh_exp".to_owned())));
    }

    #[test]
    fn without_a_type_claim_any_token_is_any_token() {
        let policy = Policy { type_claim: None, jti_claim: None, ..Policy::default() };
        let claims = verdict(&policy, &json!({"exp": NOW.seconds() + 9}), Some(TokenType::Refresh));
        assert!(claims.is_ok());
    }
}
