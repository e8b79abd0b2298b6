//! Access: from the credentials of a request to the one who sent it.

use std::sync::Arc;

use jeton_store::{SessionId, User, UserKey};
use jeton_token::claims::Claims;
use jeton_token::error::TokenError;
use jeton_token::id::{FamilyKey, Jti, Member};
use jeton_token::jws::Room;
use jeton_token::policy::TokenType;
use jeton_token::scan::{Scanned, ScannedClaims};
use jeton_token::token::Genuine;
use serde_json::Value;

use super::live::{Locks, Seen, may_be_access};
use super::token_claims::TokenClaims;
use super::user_key::{Named, user_key};
use super::{Auth, AuthError};
use crate::settings::TokenClass;

/// The authenticated caller of a request.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Who it is.
    pub identity: Identity,
    /// What the token says; nothing for a caller who showed none.
    pub claims: TokenClaims,
    /// The session that was shown, where one was.
    pub session: Option<SessionId>,
}

/// What a token says that was taken.
struct Bearer {
    user_claim: Value,
    claims: TokenClaims,
    is_revoked: bool,
}

/// How a principal is known.
#[derive(Clone, Debug)]
pub enum Identity {
    /// A user who was looked up.
    User(Arc<User>),
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
        Self { identity: Identity::User(Arc::new(user)), claims: TokenClaims::default(), session: None }
    }

    /// The user's id; nothing where a token was believed without a look, which may call its user by something else.
    pub fn user_id(&self) -> Option<i64> {
        match &self.identity {
            Identity::User(user) => Some(user.id),
            Identity::Claims { .. } => None,
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
        let Bearer { user_claim: id, claims, is_revoked } = self.bearer(token, Locks::Count).await?;
        if is_revoked {
            return Err(TokenError::Blacklisted.into());
        }
        let username = claims.get("username").cloned().unwrap_or_else(|| "".into());
        Ok(Principal { identity: Identity::Claims { id, username }, claims, session: None })
    }

    /// The bearer of a token, whose user is looked up.
    ///
    /// # Errors
    ///
    /// The one that is told, if the token is taken by no class, or its user may not come in.
    pub async fn authenticate_token(&self, token: &[u8]) -> Result<Principal, AuthError> {
        let Bearer { user_claim, claims, is_revoked } = self.bearer(token, Locks::AreLookedUp).await?;
        let user = self.bearing_user(&user_claim).await?.ok_or(AuthError::UserNotFound)?;
        if self.settings().simple_jwt.check_user_is_active && !user.is_active {
            return Err(AuthError::UserInactive);
        }
        if !self.is_password_unchanged(&claims, &user) {
            return Err(AuthError::PasswordChanged);
        }
        if is_revoked {
            return Err(TokenError::Blacklisted.into());
        }
        Ok(Principal { identity: Identity::User(user), claims, session: None })
    }

    /// Whom a user claim names, from memory where it may be.
    async fn bearing_user(&self, claim: &Value) -> Result<Option<Arc<User>>, AuthError> {
        if let Some(UserKey::Id(id)) = user_key(self.settings().simple_jwt.user_id_field, claim) {
            return self.known_user(id).await;
        }
        Ok(match self.user_of_claim(claim).await? {
            Named::One(user) => Some(Arc::from(user)),
            Named::Nobody | Named::Unknown => None,
        })
    }

    /// What a token says that one of `AUTH_TOKEN_CLASSES` takes, tried in order, and that has a user claim.
    async fn bearer(&self, token: &[u8], locks: Locks) -> Result<Bearer, AuthError> {
        let mut room = Room::new();
        let judged = match self.open(token, &mut room).await {
            Ok(payload) => match self.bearer_at_sight(&payload, locks) {
                Some(bearer) => return Ok(bearer),
                None => self.tokens().judge(&payload, self.now()),
            },
            Err(AuthError::Token(error)) => Err(error),
            Err(error) => return Err(error),
        };
        let claims = self.token_claims(judged).await?;
        let id = self.tokens().policy().jti_claim.as_deref().and_then(|name| claims.text(name));
        self.note_access(id);
        match claims.get(&self.settings().simple_jwt.user_id_claim) {
            Some(user_claim) => {
                let is_revoked = self.is_revoked(&claims, locks).await?;
                Ok(Bearer { user_claim: user_claim.clone(), claims: claims.into(), is_revoked })
            }
            None => Err(AuthError::NoUserIdentification),
        }
    }

    /// The bearer of a plain token with a plain user claim, where the class that is tried first asks no ledger. Nothing
    /// says nothing.
    fn bearer_at_sight(&self, payload: &[u8], locks: Locks) -> Option<Bearer> {
        let simple_jwt = &self.settings().simple_jwt;
        let wanted = match simple_jwt.auth_token_classes.first()? {
            TokenClass::Access => Some(TokenType::Access),
            TokenClass::Untyped => None,
            TokenClass::Refresh | TokenClass::Sliding => return None,
        };
        let claims = self.tokens().judge_plain(payload, wanted, self.now())?;
        let user_id = claims.user_id.filter(|_| simple_jwt.user_id_claim == "user_id")?;
        let is_revoked = self.is_plain_revoked(&claims, locks)?;
        let user_claim = match user_id {
            Scanned::Text(text) => text.into(),
            Scanned::Number(number) => number.into(),
        };
        self.note_access(claims.jti);
        Some(Bearer { user_claim, claims: TokenClaims::of(payload), is_revoked })
    }

    /// The claims of a token that one of `AUTH_TOKEN_CLASSES` takes, tried in order.
    async fn token_claims(&self, judged: Result<Genuine<'_>, TokenError>) -> Result<Claims, AuthError> {
        let classes = &self.settings().simple_jwt.auth_token_classes;
        let genuine = match judged {
            Ok(genuine) => genuine,
            Err(error) => {
                let rejection = |&class| Rejection { class, error: error.clone() };
                return Err(AuthError::NotValidForAnyType(classes.iter().map(rejection).collect()));
            }
        };
        let mut rejections = Vec::new();
        for &class in classes {
            match self.take(&genuine, class).await? {
                Ok(()) => return Ok(genuine.into_claims()),
                Err(error) => rejections.push(Rejection { class, error }),
            }
        }
        Err(AuthError::NotValidForAnyType(rejections))
    }

    /// Whether this class takes the token; the outer error is the store's.
    async fn take(&self, genuine: &Genuine<'_>, class: TokenClass) -> Result<Result<(), TokenError>, AuthError> {
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
        Ok(genuine.check_complete(wanted))
    }

    /// Whether a plain token is revoked, if memory alone can say.
    pub(super) fn is_plain_revoked(&self, claims: &ScannedClaims<'_>, locks: Locks) -> Option<bool> {
        if !self.settings().ledger.revoke_access_tokens || !may_be_access(claims.token_type, claims.jti) {
            return Some(false);
        }
        let user_id = match claims.user_id {
            _ if !self.names_users_by_id() => None,
            Some(Scanned::Text(text)) => text.parse().ok(),
            Some(Scanned::Number(number)) => Some(number),
            None => None,
        };
        // Whom the scan does not find, the general reader may.
        user_id?;
        let token = Seen { jti: claims.jti, user_id, issued_at: claims.iat, expires_at: claims.exp };
        self.is_revoked_at_sight(token, locks)
    }

    /// Remembers that the owner uses what the newest rotation gave out.
    fn note_access(&self, id: Option<&str>) {
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
