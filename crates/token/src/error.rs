//! Why a token is refused, in the words its bearer is told.

use std::fmt;

/// A token is refused. [`Display`](std::fmt::Display) is the text for the client; [`TokenError::Invalid`] keeps to itself what exactly
/// is wrong, as every detail would help a forger.
///
/// ```
/// use jeton_token::error::{Flaw, TokenError};
///
/// assert_eq!(TokenError::Expired.to_string(), "Token is expired");
/// assert_eq!(TokenError::from(Flaw::Signature).to_string(), "Token is invalid");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Form, signature, algorithm, a claim of the wrong type, `iat`, `nbf`, `aud` or `iss`.
    Invalid(Flaw),
    /// `exp` has passed.
    Expired,
    /// The ledger says that it was used up, logged out or blacklisted.
    Blacklisted,
    /// A time claim is missing.
    MissingTime(String),
    /// A time claim other than `exp` has passed.
    TimePassed(String),
    /// The id claim is missing.
    MissingId,
    /// The type claim is missing.
    MissingType,
    /// The type claim names another kind of token.
    WrongType,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(_) => f.write_str("Token is invalid"),
            Self::Expired => f.write_str("Token is expired"),
            Self::Blacklisted => f.write_str("Token is blacklisted"),
            Self::MissingTime(name) => write!(f, "Token has no '{name}' claim"),
            Self::TimePassed(name) => write!(f, "Token '{name}' claim has expired"),
            Self::MissingId => f.write_str("Token has no id"),
            Self::MissingType => f.write_str("Token has no type"),
            Self::WrongType => f.write_str("Token has wrong type"),
        }
    }
}

impl std::error::Error for TokenError {}

/// What is wrong with an invalid token: for tests and logs, never for clients.
///
/// ```
/// use jeton_token::error::{Flaw, TokenError};
///
/// let error = TokenError::from(Flaw::Audience);
/// assert_eq!(format!("{error} ({error:?})"), "Token is invalid (Invalid(Audience))");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Longer than any token that is read.
    TooLong,
    /// Not three non-empty parts of base64url.
    Form,
    /// The header is not an object, or asks for what is not understood (`crit`, `b64`, `zip`).
    Header,
    /// `alg` is not the algorithm of the key.
    Algorithm,
    /// The signature does not belong to the text.
    Signature,
    /// The payload is not a JSON object.
    Payload,
    /// `iat` lies in the future or is no number.
    IssuedAt,
    /// `nbf` lies in the future or is no number.
    NotBefore,
    /// `exp` is no number, or beyond the year 9999.
    Expiry,
    /// `iss` is missing or another.
    Issuer,
    /// `aud` is missing or has nothing in common.
    Audience,
    /// `sub` is not a text.
    Subject,
    /// `jti` is not a text.
    Id,
}

impl From<Flaw> for TokenError {
    fn from(flaw: Flaw) -> Self {
        Self::Invalid(flaw)
    }
}
