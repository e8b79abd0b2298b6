//! Users, as operators see them: made, given passwords, locked, deleted.

use jeton_store::{NewUser, PasswordEnds, StoreError, User};
use jeton_token::secret::Secret;

use super::{Auth, Username};
use crate::passwords::{PasswordError, Person, Weakness, make_unusable};

/// A user to be.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Chosen by the caller, or by the database.
    pub id: Option<i64>,
    /// At most 150 letters, digits and `@ . + - _`.
    pub username: String,
    /// What to sign in with.
    pub password: NewPassword,
    /// May be empty.
    pub email: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// May not sign in.
    pub is_inactive: bool,
    /// May enter the admin pages.
    pub is_staff: bool,
    /// May do everything there.
    pub is_superuser: bool,
}

/// Where the stored hash of a new user comes from.
#[derive(Clone, Debug, Default)]
pub enum NewPassword {
    /// None: nobody can sign in with a password.
    #[default]
    Unusable,
    /// It is hashed.
    Plain(Secret<String>),
    /// It was hashed elsewhere, in Django's spelling.
    Hashed(Secret<String>),
}

/// Why a user was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The name is empty, too long, or has letters that names cannot have.
    #[error("a username has 1 to 150 letters, digits and @ . + - _ characters")]
    BadUsername,
    /// Somebody has the name, or the id.
    #[error("a user with that username or id already exists")]
    Taken,
    /// The password is easily guessed; at least one reason.
    #[error(fmt = Weakness::tell_all)]
    WeakPassword(Vec<Weakness>),
    /// The stored hash does not fit its column.
    #[error("a stored hash has at most 128 characters")]
    LongHash,
    /// It could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Auth {
    /// Makes a user and answers their id.
    ///
    /// # Errors
    ///
    /// [`UserError`].
    pub async fn create_user(&self, account: Account) -> Result<i64, UserError> {
        let user = self.prepare_user(account).await?;
        let now = self.now();
        self.store().create_user(&user, now).await?.ok_or(UserError::Taken)
    }

    /// Checks a user to be and hashes the password; the store has not seen them yet.
    ///
    /// # Errors
    ///
    /// [`UserError`].
    pub async fn prepare_user(&self, account: Account) -> Result<NewUser, UserError> {
        let username =
            Username::parse(account.username, &self.settings().usernames).map_err(|_| UserError::BadUsername)?;
        let password = match account.password {
            NewPassword::Unusable => Secret::new(make_unusable(self.entropy())),
            NewPassword::Hashed(hash) if hash.expose().chars().count() > MAX_HASH => return Err(UserError::LongHash),
            NewPassword::Hashed(hash) => hash,
            NewPassword::Plain(password) => self.0.hasher.hash(password).await?,
        };
        Ok(NewUser {
            id: account.id,
            username: username.kept().to_owned(),
            password,
            email: account.email,
            first_name: account.first_name,
            last_name: account.last_name,
            is_active: !account.is_inactive,
            is_staff: account.is_staff,
            is_superuser: account.is_superuser,
        })
    }

    /// Whether a person may choose this password.
    ///
    /// # Errors
    ///
    /// [`UserError::WeakPassword`].
    pub fn check_new_password(&self, password: &Secret<String>, person: Person<'_>) -> Result<(), UserError> {
        let weaknesses = self.weaknesses(password, person);
        if weaknesses.is_empty() { Ok(()) } else { Err(UserError::WeakPassword(weaknesses)) }
    }

    /// All that `passwords.validators` find in a new password, and whether it is too long to be hashed.
    pub fn weaknesses(&self, password: &Secret<String>, person: Person<'_>) -> Vec<Weakness> {
        let (rules, password) = (&self.settings().passwords, password.expose());
        if password.len() > rules.max_length {
            return vec![Weakness::TooLong { max_length: rules.max_length }];
        }
        let found = rules.validators.iter().filter_map(|one| one.weakness(password, person, rules.min_length));
        found.collect()
    }

    /// Gives a user a new password, which in the safe stance ends their auth tokens and families; `false` if they are gone.
    ///
    /// # Errors
    ///
    /// [`UserError`].
    pub async fn set_password(&self, user: &User, password: Secret<String>) -> Result<bool, UserError> {
        let hash = self.0.hasher.hash(password).await?;
        let ends = PasswordEnds {
            auth_tokens: self.settings().auth_tokens.end_with_password,
            families: self.settings().ledger.end_families_with_password,
        };
        Ok(self.store().change_password(user.id, &hash, ends, self.now()).await?)
    }

    /// Lets a user in or keeps them out; `false` if they are gone.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn set_active(&self, user: &User, is_active: bool) -> Result<bool, StoreError> {
        self.store().update_is_active(user.id, is_active, self.now()).await
    }

    /// Deletes a user, and in the safe stance ends their families; `false` if they were gone.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn delete_user(&self, user: &User) -> Result<bool, StoreError> {
        self.store().delete_user(user.id, self.settings().ledger.end_families_of_deleted_users, self.now()).await
    }

    /// Learns from a sample of the users what a password check usually costs here, so that a name that does not exist
    /// costs as much.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn take_census(&self) -> Result<(), StoreError> {
        let users = self.store().list_users(None, CENSUS).await?;
        self.0.hasher.take_census(users.iter().map(|user| user.password.expose().as_str()));
        Ok(())
    }
}

/// Enough for a majority to show.
const CENSUS: u32 = 1000;
/// The column is as long.
const MAX_HASH: usize = 128;
