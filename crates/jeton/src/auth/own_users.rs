//! The app's own users: where an embedder keeps them, and how Jeton finds them there.

use std::future::Future;
use std::pin::Pin;

use jeton_store::{User, UserField, UserKey};
use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;

use super::{Auth, AuthError};

/// The users of an app that has a table of its own. Jeton keeps their logins, and nothing else of them but what the
/// ledger needs: the id and the name of those who signed in.
///
/// ```
/// use jeton::auth::{User, Users, UsersError};
///
/// struct One;
///
/// impl Users for One {
///     async fn find(&self, id: i64) -> Result<Option<User>, UsersError> {
///         Ok((id == 1).then(|| User::new(1, "ada", "pbkdf2_sha256$1$salt$wsSsssssssssssssssssssssssssssssssssssssss0=")))
///     }
///
///     async fn find_by_username(&self, username: &str) -> Result<Option<User>, UsersError> {
///         if username == "ada" { self.find(1).await } else { Ok(None) }
///     }
/// }
/// ```
pub trait Users: Send + Sync + 'static {
    /// The user of this id, active or not.
    fn find(&self, id: i64) -> impl Future<Output = Result<Option<User>, UsersError>> + Send;

    /// The user of this exact name, active or not.
    fn find_by_username(&self, username: &str) -> impl Future<Output = Result<Option<User>, UsersError>> + Send;

    /// The names of a user's groups, for claims and rules that speak of them. None unless implemented.
    fn groups(&self, _id: i64) -> impl Future<Output = Result<Vec<String>, UsersError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Keeps a better hash of the same password, if the old one is still there; whether it was kept. Not kept unless
    /// implemented.
    fn update_password(
        &self,
        _id: i64,
        _old: &Secret<String>,
        _new: &Secret<String>,
    ) -> impl Future<Output = Result<bool, UsersError>> + Send {
        async { Ok(false) }
    }

    /// Keeps the time of a login, where `UPDATE_LAST_LOGIN` is on. Not kept unless implemented.
    fn update_last_login(&self, _id: i64, _now: Timestamp) -> impl Future<Output = Result<(), UsersError>> + Send {
        async { Ok(()) }
    }
}

/// The app's users cannot be asked at the moment. The text is for the log; clients are told to try again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsersError(pub String);

type Answer<'f, T> = Pin<Box<dyn Future<Output = Result<T, UsersError>> + Send + 'f>>;

/// What [`Users`] has, for any of its kinds.
pub(super) trait DynUsers: Send + Sync {
    fn find(&self, id: i64) -> Answer<'_, Option<User>>;
    fn find_by_username<'f>(&'f self, username: &'f str) -> Answer<'f, Option<User>>;
    fn groups(&self, id: i64) -> Answer<'_, Vec<String>>;
    fn update_password<'f>(&'f self, id: i64, old: &'f Secret<String>, new: &'f Secret<String>) -> Answer<'f, bool>;
    fn update_last_login(&self, id: i64, now: Timestamp) -> Answer<'_, ()>;
}

impl<T: Users> DynUsers for T {
    fn find(&self, id: i64) -> Answer<'_, Option<User>> {
        Box::pin(Users::find(self, id))
    }

    fn find_by_username<'f>(&'f self, username: &'f str) -> Answer<'f, Option<User>> {
        Box::pin(Users::find_by_username(self, username))
    }

    fn groups(&self, id: i64) -> Answer<'_, Vec<String>> {
        Box::pin(Users::groups(self, id))
    }

    fn update_password<'f>(&'f self, id: i64, old: &'f Secret<String>, new: &'f Secret<String>) -> Answer<'f, bool> {
        Box::pin(Users::update_password(self, id, old, new))
    }

    fn update_last_login(&self, id: i64, now: Timestamp) -> Answer<'_, ()> {
        Box::pin(Users::update_last_login(self, id, now))
    }
}

impl Auth {
    /// The user of this id, wherever users are kept.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`], [`AuthError::Users`].
    pub async fn find_user(&self, id: i64) -> Result<Option<User>, AuthError> {
        match self.own_users() {
            Some(users) => Ok(users.find(id).await?),
            None => Ok(self.store().find_user(id).await?),
        }
    }

    /// The user of this exact name, wherever users are kept.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`], [`AuthError::Users`].
    pub async fn find_user_by_username(&self, username: &str) -> Result<Option<User>, AuthError> {
        match self.own_users() {
            Some(users) => Ok(users.find_by_username(username).await?),
            None => Ok(self.store().find_user_by_username(username).await?),
        }
    }

    /// The one user with that value in the column of `USER_ID_FIELD`; nobody if several share it.
    pub(super) async fn find_user_by(&self, field: UserField, key: &UserKey) -> Result<Option<User>, AuthError> {
        let Some(users) = self.own_users() else {
            let mut users = self.store().list_users_by(field, key, 2).await?;
            return Ok(users.pop().filter(|_| users.is_empty()));
        };
        Ok(match (field, key) {
            (UserField::Id, UserKey::Id(id)) => users.find(*id).await?,
            (UserField::Username, UserKey::Text(name)) => users.find_by_username(name).await?,
            (UserField::Id | UserField::Username, UserKey::Id(_) | UserKey::Text(_)) => None,
            // Refused when the service was put together.
            (UserField::Email | UserField::FirstName | UserField::LastName, _) => None,
        })
    }

    /// The names of a user's groups, wherever users are kept.
    pub(super) async fn groups_of(&self, user: &User) -> Result<Vec<String>, AuthError> {
        match self.own_users() {
            Some(users) => Ok(users.groups(user.id).await?),
            None => Ok(self.store().list_groups_of_user(user.id).await?),
        }
    }

    /// Replaces the hash of a password that was just checked, unless the password was changed meanwhile.
    pub(super) async fn keep_better_hash(&self, user: &User, hash: &Secret<String>) -> Result<bool, AuthError> {
        match self.own_users() {
            Some(users) => Ok(users.update_password(user.id, &user.password, hash).await?),
            None => Ok(self.store().update_password(user.id, hash, Some(&user.password), self.now()).await?),
        }
    }

    /// `UPDATE_LAST_LOGIN`.
    pub(super) async fn keep_last_login(&self, user: &User, now: Timestamp) -> Result<(), AuthError> {
        match self.own_users() {
            Some(users) => Ok(users.update_last_login(user.id, now).await?),
            None => Ok(self.store().update_last_login(user.id, now).await.map(drop)?),
        }
    }

    /// Sees to it that the ledger can name a user whom the app keeps.
    pub(super) async fn know_user(&self, user: &User) -> Result<(), AuthError> {
        if self.own_users().is_none() {
            return Ok(());
        }
        let known = self.store().find_user(user.id).await?;
        if known.is_none_or(|known| known.username != user.username || known.is_active != user.is_active) {
            self.store().mirror_user(user).await?;
        }
        Ok(())
    }
}
