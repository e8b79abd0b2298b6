//! Seeing what others do to `auth_user`, on request.

use crate::{Store, StoreError};

impl Store {
    /// From now on what anybody else changes in `auth_user` is in the change log, but for `last_login`. A changed hash is
    /// told as a change like others: nobody can see whether the password is another, or only its hash.
    pub async fn install_user_triggers(&self) -> Result<(), StoreError> {
        self.engine.write(self.engine.install_user_triggers()).await.map(drop)
    }

    /// From now on it is not.
    pub async fn remove_user_triggers(&self) -> Result<(), StoreError> {
        self.engine.write(self.engine.remove_user_triggers()).await.map(drop)
    }

    /// Whether it is.
    pub async fn has_user_triggers(&self) -> Result<bool, StoreError> {
        Ok(self.engine.read_one(self.engine.look_for_user_triggers()).await?.is_some())
    }
}
