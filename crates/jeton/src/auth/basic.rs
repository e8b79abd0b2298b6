//! Basic: a name and a password with each request.

use super::{Auth, AuthError, Caller, Credentials, Principal};

impl Auth {
    /// The user of these credentials. Nothing is opened: the next request has to bring them again.
    ///
    /// # Errors
    ///
    /// [`AuthError::WrongCredentials`] whatever is wrong with them, [`AuthError::Overloaded`], [`AuthError::Store`].
    pub async fn authenticate_basic(&self, credentials: Credentials, caller: &Caller) -> Result<Principal, AuthError> {
        Ok(Principal::of_user(self.sign_in(credentials, caller).await?))
    }
}
