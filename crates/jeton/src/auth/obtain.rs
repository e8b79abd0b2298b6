//! Obtain: a name and a password for a pair of tokens, or for one sliding token.

use jeton_store::{EventKind, FamilyKind, NewEvent, NewFamily, Opened, User};
use jeton_token::claims::Claims;
use jeton_token::id::{FamilyKey, Generation};
use jeton_token::policy::TokenType;
use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;
use serde_json::{Map, Value};

use super::hooks::UseCase;
use super::{Auth, AuthError, Caller};
use crate::passwords::Verdict;

/// What a user types to sign in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Case matters.
    pub username: String,
    /// As it is to be compared.
    pub password: Secret<String>,
}

/// The answer to a login.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Gets new access tokens.
    pub refresh: String,
    /// Opens doors for minutes.
    pub access: String,
    /// What `[simple_jwt.response]` adds.
    pub fields: Map<String, Value>,
}

/// A sliding token, new or renewed.
#[derive(Clone, Debug)]
pub struct Sliding {
    /// Opens doors, and renews itself.
    pub token: String,
    /// What `[simple_jwt.response]`, at a renewal `[simple_jwt.response.refresh]`, adds.
    pub fields: Map<String, Value>,
}

impl Auth {
    /// A pair of refresh and access token. The answer speaks of what is committed.
    ///
    /// # Errors
    ///
    /// [`AuthError::WrongCredentials`] whatever is wrong with them, [`AuthError::TooManySignIns`] where that is the rule,
    /// [`AuthError::Overloaded`], [`AuthError::Store`].
    pub async fn obtain_pair(&self, credentials: Credentials, caller: &Caller) -> Result<Pair, AuthError> {
        let user = self.sign_in_for(TokenType::Refresh, credentials, caller).await?;
        self.pair_of(&user, caller).await
    }

    /// One sliding token.
    ///
    /// # Errors
    ///
    /// As [`Auth::obtain_pair`].
    pub async fn obtain_sliding(&self, credentials: Credentials, caller: &Caller) -> Result<Sliding, AuthError> {
        let user = self.sign_in_for(TokenType::Sliding, credentials, caller).await?;
        self.sliding_of(&user, caller).await
    }

    /// The pair of a user who has signed in.
    pub(super) async fn pair_of(&self, user: &User, caller: &Caller) -> Result<Pair, AuthError> {
        let signing = self.active_key().await?;
        let (now, policy) = (self.now(), self.tokens().policy());
        let (further, fields) = self.login_extras(user, caller).await?;
        let mut refresh = self.tokens().mint(TokenType::Refresh, None, &Claims::new(), now);
        let expires_at = self.bound_refresh_expiry(&mut refresh, now);
        let horizon = expires_at.max(policy.expiry(TokenType::Access, now));
        let key = self.open_family(FamilyKind::Refresh, user, caller, now, expires_at, horizon).await?;
        let id = key.map(|key| key.refresh(Generation(0)).to_string());
        self.name_token(&mut refresh, id);
        further.iter().for_each(|(name, value)| refresh.set(name, value.clone()));
        let access = self.tokens().access_from(&refresh, self.access_id(key, Generation(0)).as_deref(), now);
        Ok(Pair { refresh: signing.sign(&refresh), access: signing.sign(&access), fields })
    }

    /// The sliding token of a user who has signed in.
    pub(super) async fn sliding_of(&self, user: &User, caller: &Caller) -> Result<Sliding, AuthError> {
        let signing = self.active_key().await?;
        let (now, policy) = (self.now(), self.tokens().policy());
        let (further, fields) = self.login_extras(user, caller).await?;
        let expires_at = policy.expiry(TokenType::Sliding, now);
        let horizon = expires_at.max((now + policy.sliding_refresh_lifetime).seconds());
        let key = self.open_family(FamilyKind::Sliding, user, caller, now, expires_at, horizon).await?;
        let id = key.map(|key| key.sliding().to_string()).or_else(|| self.foreign_id());
        let claims = self.tokens().mint(TokenType::Sliding, id.as_deref(), &further, now);
        Ok(Sliding { token: signing.sign(&claims), fields })
    }

    /// The claims of a login beyond the standard ones, and what its answer says beside the tokens.
    async fn login_extras(&self, user: &User, caller: &Caller) -> Result<(Claims, Map<String, Value>), AuthError> {
        let mut claims = self.login_claims(user).await?;
        let mut fields = self.answer_fields(&self.settings().simple_jwt.response.obtain, Some(user)).await?;
        self.after(UseCase::Obtain, Some(user), &mut claims, &mut fields, caller).await?;
        Ok((claims, fields))
    }

    /// The user of these credentials: the one way in for names and passwords, whatever comes of it. It is here that they
    /// count against `[limits]`.
    pub(super) async fn sign_in(&self, credentials: Credentials, caller: &Caller) -> Result<User, AuthError> {
        let attempt = self.begin_attempt(&credentials.username, caller).await?;
        let checked = self.check_credentials(credentials).await;
        self.end_attempt(attempt, checked.as_ref()).await;
        checked
    }

    /// Whose credentials these are. Their hash is brought up to date on the way.
    async fn check_credentials(&self, credentials: Credentials) -> Result<User, AuthError> {
        let mut user = self.find_user_by_typed_name(&credentials.username).await?;
        let stored = user.as_ref().map(|user| &user.password);
        let verdict = self.0.hasher.verify(credentials.password, stored).await?;
        let (Some(mut user), Verdict::Match { rehash }) = (user.take(), verdict) else {
            return Err(AuthError::WrongCredentials);
        };
        if let Some(hash) = rehash
            && self.keep_better_hash(&user, &hash).await?
        {
            user.password = hash;
        }
        if !user.is_active {
            return Err(AuthError::WrongCredentials);
        }
        self.know_user(&user).await?;
        Ok(user)
    }

    /// The same, for a user who may have tokens.
    async fn sign_in_for(&self, kind: TokenType, credentials: Credentials, caller: &Caller) -> Result<User, AuthError> {
        self.before_obtain(&credentials.username, kind, caller).await?;
        let user = self.sign_in(credentials, caller).await?;
        if self.satisfies_rule(&user).await? { Ok(user) } else { Err(AuthError::WrongCredentials) }
    }

    /// Commits a family for a login, or nothing where there is no blacklist: then tokens have ids of no family.
    async fn open_family(
        &self,
        kind: FamilyKind,
        user: &User,
        caller: &Caller,
        now: Timestamp,
        token_expires_at: i64,
        horizon: i64,
    ) -> Result<Option<FamilyKey>, AuthError> {
        let last_login = async {
            match self.settings().simple_jwt.update_last_login {
                true => self.keep_last_login(user, now).await,
                false => Ok(()),
            }
        };
        if !self.settings().ledger.blacklist {
            last_login.await?;
            return Ok(None);
        }
        let cap = self.sign_in_cap(user);
        let open = async {
            loop {
                let key = FamilyKey::new(now, self.entropy().bytes());
                let family = NewFamily {
                    key,
                    kind,
                    user_id: Some(user.id),
                    created_at: now,
                    token_expires_at,
                    expires_at: self.horizon(horizon),
                    agent: caller.agent(),
                    user_agent: caller.user_agent.clone(),
                    address: caller.address(),
                };
                let event = NewEvent {
                    at: now,
                    kind: EventKind::SignedIn,
                    user_id: Some(user.id),
                    family: Some(key),
                    address: caller.address(),
                    detail: None,
                };
                match self.store().create_family_within(&family, cap.as_ref(), &event).await? {
                    Opened::Done => return Ok(key),
                    Opened::Taken => {}
                    Opened::Full => return Err(AuthError::TooManySignIns),
                }
            }
        };
        if cap.is_none() {
            let (key, ()) = tokio::try_join!(open, last_login)?;
            return Ok(Some(key));
        }
        // Who is refused has not signed in.
        let key = open.await?;
        last_login.await?;
        Ok(Some(key))
    }
}
