//! Why a use case was refused.

use std::time::Duration;

use jeton_store::StoreError;
use jeton_token::error::TokenError;

use super::access::Rejection;
use super::auth_token::AuthTokenError;
use super::hand_made::HandMadeError;
use super::hooks::Refusal;
use super::own_users::UsersError;
use crate::passwords::PasswordError;

/// A use case was refused, or could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The token is not good.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A verified token is on the blacklist: at verify, a fault of the request and not of its authentication.
    #[error("Token is blacklisted")]
    VerifiedBlacklisted,
    /// Name or password is wrong, or the user may not sign in. Which of them is not told.
    #[error("No active account found with the given credentials")]
    WrongCredentials,
    /// The user of a refresh token is gone or may not sign in.
    #[error("No active account found for the given token.")]
    NoActiveAccount,
    /// Nobody authenticated.
    #[error("Authentication credentials were not provided.")]
    NotAuthenticated,
    /// The header has the scheme, but not exactly one token.
    #[error("Authorization header must contain two space-delimited values")]
    BadAuthorizationHeader,
    /// None of `AUTH_TOKEN_CLASSES` takes the token.
    #[error("Given token not valid for any token type")]
    NotValidForAnyType(Vec<Rejection>),
    /// The token has no user claim.
    #[error("Token contained no recognizable user identification")]
    NoUserIdentification,
    /// Nobody, or more than one user, has the value of the user claim.
    #[error("User not found")]
    UserNotFound,
    /// The user was deactivated.
    #[error("User is inactive")]
    UserInactive,
    /// The token was issued under another password.
    #[error("The user's password has been changed.")]
    PasswordChanged,
    /// The auth token is not good.
    #[error(transparent)]
    AuthToken(#[from] AuthTokenError),
    /// The hand-made token is not good.
    #[error(transparent)]
    HandMade(#[from] HandMadeError),
    /// The token belongs to somebody else.
    #[error("You do not have permission to perform this action.")]
    NotOwner,
    /// The user is signed in as often as may be.
    #[error("You are signed in on as many devices as you may be. Sign out on one of them first.")]
    TooManySignIns,
    /// It was tried too often.
    #[error("Request was throttled.")]
    Throttled {
        /// When to try again.
        retry_after: Duration,
    },
    /// Too many passwords are being checked.
    #[error("Too many passwords are being checked at the moment.")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// No memory for a hash, or a fault in it.
    #[error("Passwords cannot be checked at the moment.")]
    HashingUnavailable,
    /// The store did not answer. Never taken for reuse, never for an invalid token.
    #[error("The database is not available at the moment.")]
    Store(#[from] StoreError),
    /// The key that should sign cannot be opened with the site's secret.
    #[error("Tokens cannot be signed at the moment.")]
    NoSigningKey,
    /// The app's own users cannot be asked.
    #[error("Users cannot be looked up at the moment.")]
    Users(#[from] UsersError),
    /// A hook of the embedder's turned the request away.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Others kept changing the same family; nothing was lost, the request may be sent again.
    #[error("The token is in heavy use at the moment.")]
    Contended,
}

impl From<PasswordError> for AuthError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Overloaded { retry_after } => Self::Overloaded { retry_after },
            PasswordError::TooLong { .. } => Self::WrongCredentials,
            PasswordError::Unavailable => Self::HashingUnavailable,
        }
    }
}
