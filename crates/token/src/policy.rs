//! What a site has settled about its tokens: lifetimes, tolerance, names of claims.

use std::time::Duration;

use crate::time::Timestamp;

/// The settings of Simple JWT that shape tokens and their checks. [`Policy::default`] has Simple JWT's defaults, and is
/// strict.
///
/// ```
/// use std::time::Duration;
///
/// use jeton_token::policy::{Audience, Policy};
///
/// let policy = Policy {
///     access_lifetime: Duration::from_secs(600),
///     audience: Some(Audience::One("api".to_owned())),
///     ..Policy::default()
/// };
/// assert!(policy.strict);
/// assert_eq!(policy.user_id_claim, "user_id");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `ACCESS_TOKEN_LIFETIME`.
    pub access_lifetime: Duration,
    /// `REFRESH_TOKEN_LIFETIME`.
    pub refresh_lifetime: Duration,
    /// `SLIDING_TOKEN_LIFETIME`.
    pub sliding_lifetime: Duration,
    /// `SLIDING_TOKEN_REFRESH_LIFETIME`.
    pub sliding_refresh_lifetime: Duration,
    /// `LEEWAY`: tolerance for `exp`, `nbf`, `iat` and the sliding refresh claim.
    pub leeway: Duration,
    /// `AUDIENCE`: written into every token as it stands; a token needs one in common.
    pub audience: Option<Audience>,
    /// `ISSUER`.
    pub issuer: Option<String>,
    /// `TOKEN_TYPE_CLAIM`; without it any token passes as any kind.
    pub type_claim: Option<String>,
    /// `JTI_CLAIM`; without it tokens need no id.
    pub jti_claim: Option<String>,
    /// `USER_ID_CLAIM`.
    pub user_id_claim: String,
    /// `SLIDING_TOKEN_REFRESH_EXP_CLAIM`.
    pub sliding_refresh_claim: String,
    /// Whether tokens are held to the letter of the standards: times are numbers of our calendar, ids texts, no member
    /// comes twice, nothing nests deeper than 32 levels, and `typ` is that of an access token or none. Otherwise what
    /// Simple JWT tolerates passes. No token that Simple JWT itself issues tells the two apart.
    pub strict: bool,
}

/// One audience or several; what was given as a list is written as a list.
///
/// ```
/// use jeton_token::policy::Audience;
///
/// let audience = Audience::Many(vec!["web".to_owned(), "app".to_owned()]);
/// assert_eq!(audience.as_slice().len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// A text.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl Audience {
    /// The audiences that a token may be meant for.
    ///
    /// ```
    /// use jeton_token::policy::Audience;
    ///
    /// assert_eq!(Audience::One("web".to_owned()).as_slice(), ["web"]);
    /// ```
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(audience) => std::slice::from_ref(audience),
            Self::Many(audiences) => audiences,
        }
    }
}

/// The kinds of token, as `token_type` names them.
///
/// ```
/// use jeton_token::policy::TokenType;
///
/// assert_eq!(TokenType::Sliding.as_str(), "sliding");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenType {
    /// Opens doors for minutes.
    Access,
    /// Gets new access tokens.
    Refresh,
    /// Both in one.
    Sliding,
}

impl TokenType {
    /// The value of the type claim.
    ///
    /// ```
    /// use jeton_token::policy::TokenType;
    ///
    /// assert_eq!(TokenType::Access.as_str(), "access");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Sliding => "sliding",
        }
    }
}

impl Policy {
    /// The `exp` of a token of this type that counts from `from`, in seconds since 1970.
    ///
    /// ```
    /// use jeton_token::policy::{Policy, TokenType};
    /// use jeton_token::time::Timestamp;
    ///
    /// let now = Timestamp::from_seconds(1_700_000_000);
    /// assert_eq!(Policy::default().expiry(TokenType::Access, now), 1_700_000_300);
    /// ```
    pub fn expiry(&self, token_type: TokenType, from: Timestamp) -> i64 {
        let lifetime = match token_type {
            TokenType::Access => self.access_lifetime,
            TokenType::Refresh => self.refresh_lifetime,
            TokenType::Sliding => self.sliding_lifetime,
        };
        (from + lifetime).seconds()
    }
}

impl Default for Policy {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);
        Self {
            access_lifetime: FIVE_MINUTES,
            refresh_lifetime: DAY,
            sliding_lifetime: FIVE_MINUTES,
            sliding_refresh_lifetime: DAY,
            leeway: Duration::ZERO,
            audience: None,
            issuer: None,
            type_claim: Some("token_type".to_owned()),
            jti_claim: Some("jti".to_owned()),
            user_id_claim: "user_id".to_owned(),
            sliding_refresh_claim: "refresh_exp".to_owned(),
            strict: true,
        }
    }
}
