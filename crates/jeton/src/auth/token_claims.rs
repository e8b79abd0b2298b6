//! The claims of a token that was let in, read no further than anybody asks.

use std::ops::Deref;
use std::sync::OnceLock;

use jeton_token::claims::Claims;

/// What a token says. Most requests never ask: the map of claims is made for the first who does.
///
/// ```
/// use jeton::auth::TokenClaims;
/// use jeton_token::claims::Claims;
///
/// let claims: Claims = [("plan", "pro")].into_iter().collect();
/// let claims = TokenClaims::from(claims);
/// assert_eq!(claims.text("plan"), Some("pro"));
/// ```
#[derive(Clone, Default)]
pub struct TokenClaims {
    payload: Box<[u8]>,
    read: OnceLock<Claims>,
}

impl TokenClaims {
    /// Those of a payload that was found to be a JSON object.
    pub(super) fn of(payload: &[u8]) -> Self {
        Self { payload: payload.into(), read: OnceLock::new() }
    }
}

impl From<Claims> for TokenClaims {
    fn from(claims: Claims) -> Self {
        Self { payload: Box::default(), read: claims.into() }
    }
}

impl Deref for TokenClaims {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        self.read.get_or_init(|| Claims::parse(&self.payload).unwrap_or_default())
    }
}

impl std::fmt::Debug for TokenClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Claims::fmt(self, f)
    }
}
