//! Hand-made tokens: a JWT that says `id` and `username`, in a header of its own, as guides to DRF make it.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use jeton_store::{EventKind, NewEvent, User, UserField};
use jeton_token::algorithm::Algorithm;
use jeton_token::claims::Claims;
use jeton_token::error::{Flaw, TokenError};
use jeton_token::key::{Key, KeyError};
use jeton_token::policy::Policy;
use jeton_token::token::Tokens;

use super::derived_key::Purpose;
use super::user_key::{is_truthy, user_key};
use super::{Auth, AuthError, Caller, Credentials, Principal};
use crate::settings::{HandMadeKey, Settings};

/// Why a hand-made token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandMadeError {
    /// `exp` has passed.
    #[error("Token has expired")]
    Expired,
    /// It is none of ours, or not for us, or not yet good.
    #[error("Error decoding token")]
    Undecodable(Flaw),
    /// It names nobody.
    #[error("Invalid Token")]
    NamesNobody,
    /// It names a user who is not there.
    #[error("User not found")]
    UserNotFound,
    /// Its user was deactivated.
    #[error("User is inactive")]
    UserInactive,
    /// It was made under another password.
    #[error("The user's password has been changed.")]
    PasswordChanged,
}

/// What hand-made tokens are signed and checked with.
pub(super) struct HandMade {
    tokens: Tokens,
    password_key: hmac::Key,
}

impl HandMade {
    pub(super) fn new(settings: &Settings) -> Result<Self, KeyError> {
        let key = match settings.hand_made.signed_with {
            HandMadeKey::SecretKey => Key::from_secret(Algorithm::Hs256, settings.secret_key.expose().as_bytes()),
            HandMadeKey::Own => {
                Key::from_secret(Algorithm::Hs256, Purpose::HandMadeToken.key(&settings.secret_key).expose())
            }
        };
        let policy = Policy { type_claim: None, jti_claim: None, strict: settings.strict_tokens, ..Policy::default() };
        let password_key = Purpose::HandMadePassword.key(&settings.secret_key);
        Ok(Self { tokens: Tokens::new(key?, policy), password_key: hmac::Key::new(HMAC_SHA256, password_key.expose()) })
    }

    /// What a token remembers of the password that got it.
    fn password_mark(&self, user: &User) -> String {
        let tag = hmac::sign(&self.password_key, user.password.expose().as_bytes());
        tag.as_ref().iter().take(MARK_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Auth {
    /// The token of a user who signs in.
    ///
    /// # Errors
    ///
    /// [`AuthError::WrongCredentials`] whatever is wrong with them, [`AuthError::Overloaded`], [`AuthError::Store`].
    pub async fn obtain_hand_made(&self, credentials: Credentials, caller: &Caller) -> Result<String, AuthError> {
        let user = self.sign_in(credentials, caller).await?;
        let (settings, now) = (&self.settings().hand_made, self.now());
        let mut claims = Claims::new();
        claims.set("id", user.id);
        claims.set("username", user.username.as_str());
        if let Some(lifetime) = settings.lifetime {
            claims.set("iat", now.seconds());
            claims.set("exp", (now + lifetime).seconds());
        }
        if settings.end_with_password {
            claims.set(PASSWORD_CLAIM, self.0.hand_made.password_mark(&user));
        }
        let event = NewEvent {
            at: now,
            kind: EventKind::SignedIn,
            user_id: Some(user.id),
            family: None,
            address: caller.address(),
            detail: Some("hand-made token".to_owned()),
        };
        self.store().append_event(&event).await?;
        Ok(self.0.hand_made.tokens.sign(&claims))
    }

    /// The user whom a token names.
    ///
    /// # Errors
    ///
    /// [`HandMadeError`], [`AuthError::Store`].
    pub async fn authenticate_hand_made(&self, token: &[u8]) -> Result<Principal, AuthError> {
        let genuine = self.0.hand_made.tokens.decode(token, self.now()).map_err(HandMadeError::from)?;
        let claims = genuine.claims();
        if claims.get("aud").is_some_and(is_truthy) {
            return Err(HandMadeError::Undecodable(Flaw::Audience).into());
        }
        let Some(id) = claims.get("id").filter(|id| is_truthy(id)) else {
            return Err(HandMadeError::NamesNobody.into());
        };
        let key = user_key(UserField::Id, id).ok_or(HandMadeError::UserNotFound)?;
        let user = self.find_user_by(UserField::Id, &key).await?.ok_or(HandMadeError::UserNotFound)?;
        self.check_hand_made(claims, &user)?;
        Ok(Principal::of_user(user))
    }

    /// What the guides do not look at, or only where the settings ask for it.
    fn check_hand_made(&self, claims: &Claims, user: &User) -> Result<(), HandMadeError> {
        let settings = &self.settings().hand_made;
        if settings.lifetime.is_some() && claims.get("exp").is_none() {
            return Err(HandMadeError::Undecodable(Flaw::Expiry));
        }
        if !user.is_active {
            return Err(HandMadeError::UserInactive);
        }
        let mark = settings.end_with_password.then(|| self.0.hand_made.password_mark(user));
        if mark.is_some_and(|mark| claims.text(PASSWORD_CLAIM) != Some(&mark)) {
            return Err(HandMadeError::PasswordChanged);
        }
        Ok(())
    }
}

impl From<TokenError> for HandMadeError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Expired => Self::Expired,
            TokenError::Invalid(flaw) => Self::Undecodable(flaw),
            TokenError::Blacklisted
            | TokenError::MissingTime(_)
            | TokenError::TimePassed(_)
            | TokenError::MissingId
            | TokenError::MissingType
            | TokenError::WrongType => Self::Undecodable(Flaw::Payload),
        }
    }
}

/// Where a token remembers the password that got it.
const PASSWORD_CLAIM: &str = "password_mark";
const MARK_BYTES: usize = 16;
