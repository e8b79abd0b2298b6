//! Putting the service together piece by piece.

use std::sync::Arc;

use jeton_store::Store;
use jeton_token::time::Clock;

use crate::Jeton;
use crate::auth::{Auth, BuildError, Embedded, Hooks, Users};
use crate::entropy::Entropy;
use crate::http::App;
use crate::settings::Settings;

/// A service in the making; see [`Jeton::builder`].
#[must_use]
pub struct Builder {
    settings: Settings,
    store: Store,
    clock: Clock,
    entropy: Entropy,
    embedded: Embedded,
}

impl Builder {
    pub(crate) fn new(settings: Settings, store: Store) -> Self {
        let (clock, entropy) = (Clock::system(), Entropy::system());
        Self { settings, store, clock, entropy, embedded: Embedded::default() }
    }

    /// What runs before and after each use case of tokens. The last ones count.
    pub fn hooks(mut self, hooks: impl Hooks) -> Self {
        self.embedded.hooks(hooks);
        self
    }

    /// The app's own users, instead of those in the store. `USER_ID_FIELD` must be `id` or `username` then.
    pub fn users(mut self, users: impl Users) -> Self {
        self.embedded.users(users);
        self
    }

    /// Another clock than the system's.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Another source of randomness than the system's.
    pub fn entropy(self, entropy: Entropy) -> Self {
        Self { entropy, ..self }
    }

    /// The service.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the settings do not fit together, or not with the app's own users.
    pub fn build(self) -> Result<Jeton, BuildError> {
        let settings = Arc::new(self.settings);
        let auth = Auth::embedded(settings, self.store, self.clock, self.entropy, self.embedded)?;
        Ok(Jeton(App::new(auth)))
    }
}
