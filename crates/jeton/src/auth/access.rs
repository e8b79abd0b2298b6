//! Access: from the credentials of a request to the one who sent it.

use jeton_store::User;
use jeton_token::claims::Claims;
use jeton_token::error::TokenError;
use jeton_token::id::{FamilyKey, Jti, Member};
use jeton_token::policy::TokenType;
use jeton_token::token::Genuine;
use serde_json::Value;

use super::user_key::Named;
use super::{Auth, AuthError};
use crate::settings::TokenClass;

/// The authenticated caller of a request.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Who it is.
    pub identity: Identity,
    /// What the token says; nothing for a caller who showed none.
    pub claims: Claims,
}

/// How a principal is known.
#[derive(Clone, Debug)]
pub enum Identity {
    /// A user who was looked up.
    User(Box<User>),
    /// A token of the stateless class: nobody was looked up.
    Claims {
        /// The user claim, as it stands.
        id: Value,
        /// The claim `username`, or nothing.
        username: Value,
    },
}

/// Why one of `AUTH_TOKEN_CLASSES` did not take a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The class.
    pub class: TokenClass,
    /// What it found.
    pub error: TokenError,
}

impl Principal {
    /// A user who was recognised without a token.
    pub(super) fn of_user(user: User) -> Self {
        Self { identity: Identity::User(Box::new(user)), claims: Claims::new() }
    }

    /// The user's row, or what a stateless token claims it to be.
    pub fn user_id(&self) -> Option<i64> {
        match &self.identity {
            Identity::User(user) => Some(user.id),
            Identity::Claims { id, .. } => id.as_i64().or_else(|| id.as_str()?.parse().ok()),
        }
    }
}

impl Auth {
    /// The bearer of a token, believed as it stands: nobody is looked up.
    ///
    /// # Errors
    ///
    /// The one that is told, if the token is taken by no class or names nobody.
    pub async fn authenticate_stateless(&self, token: &[u8]) -> Result<Principal, AuthError> {
        let claims = self.user_claims(token).await?;
        let id = claims.get(&self.settings().simple_jwt.user_id_claim).cloned().unwrap_or_default();
        let username = claims.get("username").cloned().unwrap_or_else(|| "".into());
        Ok(Principal { identity: Identity::Claims { id, username }, claims })
    }

    /// The bearer of a token, whose user is looked up.
    ///
    /// # Errors
    ///
    /// The one that is told, if the token is taken by no class, or its user may not come in.
    pub async fn authenticate_token(&self, token: &[u8]) -> Result<Principal, AuthError> {
        let claims = self.user_claims(token).await?;
        let Named::One(user) = self.user_of_claim(&claims).await? else {
            return Err(AuthError::UserNotFound);
        };
        if self.settings().simple_jwt.check_user_is_active && !user.is_active {
            return Err(AuthError::UserInactive);
        }
        if !self.is_password_unchanged(&claims, &user) {
            return Err(AuthError::PasswordChanged);
        }
        Ok(Principal { identity: Identity::User(user), claims })
    }

    /// The claims of a token that has a user claim.
    async fn user_claims(&self, token: &[u8]) -> Result<Claims, AuthError> {
        let claims = self.token_claims(token).await?;
        self.note_access(&claims);
        match claims.get(&self.settings().simple_jwt.user_id_claim) {
            Some(_) => Ok(claims),
            None => Err(AuthError::NoUserIdentification),
        }
    }

    /// The claims of a token that one of `AUTH_TOKEN_CLASSES` takes, tried in order.
    async fn token_claims(&self, token: &[u8]) -> Result<Claims, AuthError> {
        let decoded = match self.decode(token).await {
            Ok(genuine) => Ok(genuine),
            Err(AuthError::Token(error)) => Err(error),
            Err(error) => return Err(error),
        };
        let mut rejections = Vec::new();
        for &class in &self.settings().simple_jwt.auth_token_classes {
            let taken = match &decoded {
                Ok(genuine) => self.take(genuine, class).await?,
                Err(error) => Err(error.clone()),
            };
            match taken {
                Ok(claims) => return Ok(claims),
                Err(error) => rejections.push(Rejection { class, error }),
            }
        }
        Err(AuthError::NotValidForAnyType(rejections))
    }

    /// The token as one of this class; the outer error is the store's.
    async fn take(&self, genuine: &Genuine<'_>, class: TokenClass) -> Result<Result<Claims, TokenError>, AuthError> {
        let wanted = match class {
            TokenClass::Access => Some(TokenType::Access),
            TokenClass::Refresh => Some(TokenType::Refresh),
            TokenClass::Sliding => Some(TokenType::Sliding),
            TokenClass::Untyped => None,
        };
        if matches!(class, TokenClass::Refresh | TokenClass::Sliding) {
            let entry = match self.look_up(genuine).await {
                Ok(entry) => entry,
                Err(AuthError::Token(error)) => return Ok(Err(error)),
                Err(error) => return Err(error),
            };
            if self.is_blacklisted(&entry).await? {
                return Ok(Err(TokenError::Blacklisted));
            }
        }
        Ok(genuine.clone().into_token(wanted))
    }

    /// Remembers that the owner uses what the newest rotation gave out.
    fn note_access(&self, claims: &Claims) {
        let id = self.tokens().policy().jti_claim.as_deref().and_then(|name| claims.text(name));
        let Some(jti) = id.and_then(Jti::parse) else { return };
        match jti.member() {
            Member::Access(low_bits) => self.note_in_use(jti.family(), low_bits),
            Member::Refresh(generation) => self.note_in_use(jti.family(), generation.low_bits()),
            Member::Sliding => {}
        }
    }

    /// Tells the ledger, without waiting, that a generation is in use; only reuse detection wants to know.
    pub(super) fn note_in_use(&self, family: FamilyKey, low_bits: u16) {
        let rules = &self.0.rules;
        if rules.detect_reuse && rules.rotate && rules.blacklist && self.0.in_use.is_news(family, low_bits) {
            self.store().note_in_use(family, low_bits);
        }
    }
}
