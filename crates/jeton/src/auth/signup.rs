//! Sign-up: a stranger becomes a user, and is signed in.

use jeton_store::StoreError;
use jeton_token::secret::Secret;

use super::{Account, Auth, AuthError, Caller, Email, NewPassword, Pair, UserError, Username};
use crate::passwords::{Person, Weakness};

/// Who wants to become a user.
#[derive(Clone, Debug)]
pub struct Applicant {
    /// What they want to be called.
    pub username: Username,
    /// As they typed it.
    pub password: Secret<String>,
    /// May be none.
    pub email: Email,
}

/// Proof that [`Auth::admit_applicant`] let somebody apply, once.
#[derive(Debug)]
pub struct Admitted(());

/// Why nobody was signed up.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// `signup.enabled` is off.
    #[error("Sign-up is closed.")]
    Closed,
    /// Somebody has the name already, or had it a moment earlier.
    #[error("A user with that username already exists.")]
    Taken,
    /// The password will not do; at least one reason.
    #[error(fmt = Weakness::tell_all)]
    WeakPassword(Vec<Weakness>),
    /// It could not be carried out.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl Auth {
    /// Lets a stranger apply, and counts it against `limits.signups_per_address`, whatever comes of it.
    ///
    /// # Errors
    ///
    /// [`SignUpError::Closed`], [`AuthError::Throttled`].
    pub async fn admit_applicant(&self, caller: &Caller) -> Result<Admitted, SignUpError> {
        // Where an app brings its own users, it makes them, too.
        if !self.settings().signup.enabled || self.own_users().is_some() {
            return Err(SignUpError::Closed);
        }
        self.admit_sign_up(caller).await?;
        Ok(Admitted(()))
    }

    /// Whether somebody has that name.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn is_taken(&self, username: &Username) -> Result<bool, StoreError> {
        Ok(self.store().find_user_by_username(username.kept()).await?.is_some())
    }

    /// Makes a user and signs them in. Of many who want one name at once, one gets it.
    ///
    /// # Errors
    ///
    /// [`SignUpError`].
    pub async fn sign_up(&self, _: Admitted, applicant: Applicant, caller: &Caller) -> Result<Pair, SignUpError> {
        let Applicant { username, password, email } = applicant;
        // Before the hash: a name that is taken costs no more than a look.
        if self.is_taken(&username).await.map_err(AuthError::from)? {
            return Err(SignUpError::Taken);
        }
        let person = Person { username: username.typed(), email: email.typed(), ..Person::default() };
        let weaknesses = self.weaknesses(&password, person);
        if !weaknesses.is_empty() {
            return Err(SignUpError::WeakPassword(weaknesses));
        }
        let account = Account {
            username: username.typed().to_owned(),
            password: NewPassword::Plain(password),
            email: email.kept(),
            ..Account::default()
        };
        let id = self.create_user(account).await.map_err(SignUpError::of)?;
        let user = self.store().find_user(id).await.map_err(AuthError::from)?.ok_or(AuthError::UserNotFound)?;
        Ok(self.pair_of(&user, caller).await?)
    }
}

impl SignUpError {
    fn of(error: UserError) -> Self {
        match error {
            UserError::Taken => Self::Taken,
            UserError::WeakPassword(weaknesses) => Self::WeakPassword(weaknesses),
            UserError::Password(error) => Self::Auth(error.into()),
            UserError::Store(error) => Self::Auth(error.into()),
            // What made the applicant has refused these.
            UserError::BadUsername | UserError::LongHash => Self::Auth(AuthError::HashingUnavailable),
        }
    }
}
