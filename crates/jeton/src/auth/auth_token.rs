//! Auth tokens: a name and a password for an opaque key, and from a key to its user.

use jeton_store::{AuthToken, AuthTokenTerms, NewAuthToken, User};
use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;

use super::{Auth, AuthError, Caller, Credentials, Principal};

/// Why an `Authorization: Token …` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthTokenError {
    /// The keyword and nothing else.
    #[error("Invalid token header. No credentials provided.")]
    NoCredentials,
    /// More than one word after the keyword.
    #[error("Invalid token header. Token string should not contain spaces.")]
    Spaces,
    /// No UTF-8.
    #[error("Invalid token header. Token string should not contain invalid characters.")]
    InvalidCharacters,
    /// No such key, or one that has expired.
    #[error("Invalid token.")]
    Unknown,
    /// Its user was deactivated.
    #[error("User inactive or deleted.")]
    UserInactive,
}

impl Auth {
    /// The key of a user who signs in: the one they always get, or with `one_per_user` off a new one of this name.
    ///
    /// # Errors
    ///
    /// [`AuthError::WrongCredentials`] whatever is wrong with them, [`AuthError::Overloaded`], [`AuthError::Store`].
    pub async fn obtain_auth_token(
        &self,
        credentials: Credentials,
        name: &str,
        caller: &Caller,
    ) -> Result<Secret<String>, AuthError> {
        for _ in 0..ATTEMPTS {
            let user = self.sign_in(credentials.clone(), caller).await?;
            // A password that is changed at this very moment gets no key that the change would have ended.
            let if_password = self.settings().auth_tokens.end_with_password.then_some(&user.password);
            let key = match self.settings().auth_tokens.one_per_user {
                true => self.kept_key(&user, name, if_password, caller).await?,
                false => self.new_key(&user, name, if_password, caller).await?,
            };
            if let Some(key) = key {
                return Ok(key);
            }
        }
        Err(AuthError::Contended)
    }

    /// A key for a user who did not sign in, by the same rules; with `renew` all that the user has end first.
    ///
    /// # Errors
    ///
    /// [`AuthError::Contended`] if the user is gone, [`AuthError::Store`].
    pub async fn create_auth_token(
        &self,
        user: &User,
        name: &str,
        renew: bool,
        caller: &Caller,
    ) -> Result<Secret<String>, AuthError> {
        if renew {
            self.store().delete_auth_tokens_of(user.id, self.now()).await?;
        }
        let key = match self.settings().auth_tokens.one_per_user {
            true => self.kept_key(user, name, None, caller).await?,
            false => self.new_key(user, name, None, caller).await?,
        };
        key.ok_or(AuthError::Contended)
    }

    /// A key that was made elsewhere, for this user: `false` if somebody has it already, or the user has another that is
    /// told at each login. Where keys are told once it cannot be read again here either.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn adopt_auth_token(
        &self,
        user: &User,
        key: &Secret<String>,
        created_at: Option<Timestamp>,
    ) -> Result<bool, AuthError> {
        let now = self.now();
        let mut new = self.new_row(user, "", key, now, self.settings().auth_tokens.one_per_user);
        new.token.created_at = created_at.unwrap_or(now);
        Ok(self.store().create_auth_token(&new, AuthTokenTerms::default(), None).await?)
    }

    /// The row of a key, expired or not.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn find_auth_token(&self, key: &str) -> Result<Option<AuthToken>, AuthError> {
        Ok(self.store().find_auth_token(&self.0.key_vault.digest(key)).await?)
    }

    /// The user of a key.
    ///
    /// # Errors
    ///
    /// [`AuthTokenError::Unknown`], [`AuthTokenError::UserInactive`], [`AuthError::Store`].
    pub async fn authenticate_auth_token(&self, key: &str) -> Result<Principal, AuthError> {
        let Some(token) = self.find_auth_token(key).await?.filter(|token| !is_over(token, self.now())) else {
            return Err(AuthTokenError::Unknown.into());
        };
        let user = self.find_user(token.user_id).await?.ok_or(AuthTokenError::Unknown)?;
        if !user.is_active {
            return Err(AuthTokenError::UserInactive.into());
        }
        Ok(Principal::of_user(user))
    }

    /// The key that this user always gets. It is made at the first login, and again if it has expired or the site's
    /// secret is another one: then nobody can read it any more, and it opens nothing.
    async fn kept_key(
        &self,
        user: &User,
        name: &str,
        if_password: Option<&Secret<String>>,
        caller: &Caller,
    ) -> Result<Option<Secret<String>>, AuthError> {
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let kept = self.store().find_kept_auth_token(user.id).await?;
            let living = kept.as_ref().filter(|token| !is_over(token, now));
            if let Some(key) = living.and_then(|token| self.open_key(token)) {
                return Ok(Some(key));
            }
            let terms =
                AuthTokenTerms { if_password, replaces: kept.as_ref().map(|token| token.id.as_str()), at_most: None };
            let (new, key) = self.draw_key(user, name, now, true);
            if self.store().create_auth_token(&new, terms, caller.address()).await? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// A key that is told once.
    async fn new_key(
        &self,
        user: &User,
        name: &str,
        if_password: Option<&Secret<String>>,
        caller: &Caller,
    ) -> Result<Option<Secret<String>>, AuthError> {
        let terms =
            AuthTokenTerms { if_password, replaces: None, at_most: Some(self.settings().auth_tokens.max_per_user) };
        let (new, key) = self.draw_key(user, name, self.now(), false);
        let made = self.store().create_auth_token(&new, terms, caller.address()).await?;
        Ok(made.then_some(key))
    }

    fn draw_key(&self, user: &User, name: &str, now: Timestamp, keep: bool) -> (NewAuthToken, Secret<String>) {
        let key = Secret::new(self.entropy().text(KEY_LENGTH, HEX));
        (self.new_row(user, name, &key, now, keep), key)
    }

    /// The row for a key; with `keep` the key can be read from it again.
    fn new_row(&self, user: &User, name: &str, key: &Secret<String>, now: Timestamp, keep: bool) -> NewAuthToken {
        let id = self.entropy().text(ID_LENGTH, HEX);
        let token = AuthToken {
            user_id: user.id,
            name: name.to_owned(),
            sealed: keep.then(|| self.0.key_vault.seal(key, &id, user.id, self.entropy())),
            created_at: now,
            expires_at: self.settings().auth_tokens.lifetime.map(|lifetime| now + lifetime),
            id,
        };
        NewAuthToken { token, digest: self.0.key_vault.digest(key.expose()) }
    }

    fn open_key(&self, token: &AuthToken) -> Option<Secret<String>> {
        self.0.key_vault.open(token.sealed.as_deref()?, &token.id, token.user_id)
    }
}

fn is_over(token: &AuthToken, now: Timestamp) -> bool {
    token.expires_at.is_some_and(|end| end <= now)
}

/// DRF's: 160 bits.
const KEY_LENGTH: usize = 40;
/// Enough that a user's ids never meet; a list of them is still read by people.
const ID_LENGTH: usize = 16;
const HEX: &str = "0123456789abcdef";
/// Others may make or end the same user's tokens in between; they do not go on doing so.
const ATTEMPTS: usize = 4;
