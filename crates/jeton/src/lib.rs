//! Sign-in for people: what a Django REST Framework site with Simple JWT does for signing in, on the same wire.
//!
//! [`Jeton`] is the whole service over one store. Mount its [router](Jeton::router) in an axum app, or let
//! [`serve()`] run it by itself. The rules are in [`auth`], which knows nothing of HTTP.

pub mod auth;
mod census;
pub mod entropy;
mod http;
pub mod jwks;
mod languages;
pub mod passwords;
pub mod settings;
mod sweeper;

use std::sync::Arc;

use axum::Router;
use jeton_store::Store;
use jeton_token::time::Clock;

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
        Self::with(settings, store, Clock::system(), Entropy::system())
    }

    /// As [`Jeton::new`], with a clock and a source of randomness of one's own.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the settings do not fit together.
    pub fn with(settings: Settings, store: Store, clock: Clock, entropy: Entropy) -> Result<Self, BuildError> {
        Ok(Self(App::new(Auth::new(Arc::new(settings), store, clock, entropy)?)))
    }

    /// Every endpoint, at the paths of `[urls]`. It answers 404 to all others, so mount it with
    /// `fallback_service` or on a path of its own.
    pub fn router(&self) -> Router {
        self.0.router()
    }

    /// The use cases, for callers that do not speak HTTP.
    pub fn auth(&self) -> &Auth {
        &self.0.auth
    }

    /// What a running service does beside answering: it forgets expired tokens, and learns what passwords cost. Never
    /// ends; spawn it and drop it at the stop.
    pub async fn upkeep(&self) {
        tokio::join!(sweeper::sweep(self.auth().store(), self.auth().clock()), census::repeat(self.auth()));
    }

    pub(crate) fn app(&self) -> &App {
        &self.0
    }
}
