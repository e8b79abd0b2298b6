//! Sign-in for people: what a Django REST Framework site with Simple JWT does for signing in, on the same wire.
//!
//! [`Jeton`] is the whole service over one store. Mount its [router](Jeton::router) in an axum app, whose
//! handlers then ask who is calling by [`extract::Authenticated`]; or let [`serve()`] run it by itself. The rules are in [`auth`], which knows nothing of HTTP.

pub mod auth;
mod builder;
mod census;
pub mod entropy;
mod http;
pub mod jwks;
mod languages;
mod limits;
pub mod passwords;
mod python;
pub mod settings;
mod sweeper;

use axum::Router;
use jeton_store::Store;
use jeton_token::time::Clock;

pub use builder::Builder;
pub use http::extract;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use http::fuzzing;
pub use http::{OpenapiVersion, SETUP_PATH, Stopped, openapi_json, openapi_yaml, serve};
pub use languages::{LanguageCode, UnknownLanguage};

use auth::{Auth, BuildError};
use entropy::Entropy;
use http::App;
use settings::Settings;

/// The service: one store, one set of settings, every endpoint. Cheap to clone.
#[derive(Clone)]
pub struct Jeton(App);

impl Jeton {
    /// Puts the service together over an open store.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the settings do not fit together.
    pub fn new(settings: Settings, store: Store) -> Result<Self, BuildError> {
        Self::builder(settings, store).build()
    }

    /// The service with hooks, the app's own users, another clock or other randomness.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use jeton::auth::Hooks;
    /// use jeton::Jeton;
    /// use jeton::settings::{Compatibility, Settings};
    /// use jeton_store::{OpenMode, Store};
    /// use jeton_token::time::Clock;
    /// # struct Mine;
    /// # impl Hooks for Mine {}
    ///
    /// let settings = Settings::new(Compatibility::Safe, "a secret of at least thirty-two bytes".into());
    /// let store = Store::open("sqlite::memory:", OpenMode::Create, Clock::system().now())?;
    /// let jeton = Jeton::builder(settings, store).hooks(Mine).build()?;
    /// # drop(jeton);
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(settings: Settings, store: Store) -> Builder {
        Builder::new(settings, store)
    }

    /// As [`Jeton::new`], with a clock and a source of randomness of one's own.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the settings do not fit together.
    pub fn with(settings: Settings, store: Store, clock: Clock, entropy: Entropy) -> Result<Self, BuildError> {
        Self::builder(settings, store).clock(clock).entropy(entropy).build()
    }

    /// Every endpoint at the paths of `[urls]`, and nothing else: merge it into an app, or nest it.
    ///
    /// A path that only lacks its final slash is redirected, as Django does. Paths with needless percent-escapes, which
    /// [`Jeton::site`] understands, are the app's to decode.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{Router, routing::get};
    /// # use jeton::{Jeton, settings::{Compatibility, Settings}};
    /// # use jeton_store::{OpenMode, Store};
    /// # use jeton_token::time::Clock;
    /// # let settings = Settings::new(Compatibility::Safe, "a secret of at least thirty-two bytes".into());
    /// # let store = Store::open("sqlite::memory:", OpenMode::Create, Clock::system().now())?;
    /// # let jeton = Jeton::new(settings, store)?;
    /// let app: Router = Router::new().route("/", get(async || "hello")).merge(jeton.router());
    /// # Ok(())
    /// # }
    /// ```
    pub fn router(&self) -> Router {
        self.0.routes()
    }

    /// The whole site: what [`Jeton::router`] has, the page for the first administrator, and a 404 for all other paths.
    pub fn site(&self) -> Router {
        self.0.router()
    }

    /// The use cases, for callers that do not speak HTTP.
    pub fn auth(&self) -> &Auth {
        &self.0.auth
    }

    /// What a running service does beside answering: it hears of what others do to its database, signing keys included,
    /// forgets expired tokens, and learns what passwords cost. Never ends; spawn it and drop it at the stop. Without it
    /// everything that may change is asked of the database each time.
    pub async fn upkeep(&self) {
        let auth = self.auth();
        let sweeping = sweeper::sweep(auth.store(), auth.clock());
        tokio::join!(auth.follow(), auth.watch_keys(), sweeping, census::repeat(auth));
    }

    pub(crate) fn app(&self) -> &App {
        &self.0
    }
}
