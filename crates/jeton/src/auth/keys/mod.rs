//! Signing keys: several at once, each with its time.

mod content;
mod dates;
mod document;
mod error;
mod operator;
mod ring;
mod watch;

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jeton_token::claims::Claims;
use jeton_token::jws::Jws;
use jeton_token::time::Timestamp;

pub use dates::KeyState;
pub use document::KeyDocument;
pub use error::KeysError;
pub use operator::{KeyReport, KeyRotation, KeyStart, KeyStep};

use super::derived_key::Purpose;
use super::seal::Seal;
use super::{Auth, AuthError};
use crate::settings::Settings;
use dates::Lives;
use ring::{Found, Ring, Signer};

/// What this node knows of the site's keys.
pub(super) struct Keys {
    mode: AtomicU8,
    ring: RwLock<Arc<Ring>>,
    loading: tokio::sync::Mutex<()>,
    /// When the rows were last read, or tried to be: microseconds.
    asked_at: AtomicI64,
    seal: Seal,
}

/// Which key a token is to be held against.
pub(super) enum Holder {
    /// The settings' own.
    Settings,
    /// One that is kept in the database.
    Own(Arc<Jws>),
    /// None of ours: the name may be known elsewhere.
    Unknown(String),
    /// One whose time is over.
    Ended,
}

/// The key that an answer is signed with, whatever becomes of the keys meanwhile.
pub(super) struct ActiveKey<'a> {
    auth: &'a Auth,
    /// Nothing if it is the settings' own.
    own: Option<Arc<Jws>>,
}

impl ActiveKey<'_> {
    /// The text of these claims.
    pub(super) fn sign(&self, claims: &Claims) -> String {
        match &self.own {
            None => self.auth.tokens().sign(claims),
            Some(jws) => self.auth.tokens().sign_by(jws, claims),
        }
    }
}

impl Keys {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            mode: AtomicU8::new(UNKNOWN),
            ring: RwLock::default(),
            loading: tokio::sync::Mutex::default(),
            asked_at: AtomicI64::new(i64::MIN),
            seal: Seal::new(Purpose::SigningKeySeal, &settings.secret_key),
        }
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_older_than(&self, age: Duration, now: Timestamp) -> bool {
        let asked_at = self.asked_at.load(Ordering::Relaxed);
        asked_at > now.micros() || now.since(Timestamp::from_micros(asked_at)) >= age
    }
}

impl Auth {
    /// Reads the site's keys from the database. What was known before stays in force if that fails.
    ///
    /// Called at the start, and whenever keys changed anywhere.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn reload_keys(&self) -> Result<(), AuthError> {
        let _turn = self.0.keys.loading.lock().await;
        self.load_rows().await
    }

    /// Whether tokens can be signed now.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`], or [`AuthError::NoSigningKey`] if the key whose turn it is was sealed with another `secret_key`.
    pub async fn check_keys(&self) -> Result<(), AuthError> {
        self.reload_keys().await?;
        self.active_key().await.map(drop)
    }

    /// The key that is active at this moment. It is taken once for an answer, before anything is committed that only the
    /// signed answer tells of.
    ///
    /// # Errors
    ///
    /// As [`Auth::check_keys`].
    pub(super) async fn active_key(&self) -> Result<ActiveKey<'_>, AuthError> {
        Ok(ActiveKey { auth: self, own: self.own_active_key().await? })
    }

    /// Nothing if it is the settings' own.
    async fn own_active_key(&self) -> Result<Option<Arc<Jws>>, AuthError> {
        let keys = &self.0.keys;
        let now = self.now();
        if keys.mode.load(Ordering::Acquire) == UNKNOWN {
            self.first_load().await?;
        } else if keys.is_older_than(MAX_AGE, now) {
            self.reload_if_older(MAX_AGE).await;
        }
        if keys.mode.load(Ordering::Acquire) == SETTINGS_ONLY {
            return Ok(None);
        }
        match keys.ring().signer(now) {
            Signer::Settings => Ok(None),
            Signer::Own(jws) => Ok(Some(jws)),
            Signer::Sealed(kid) => {
                tracing::error!(kid, "the signing key cannot be opened: was secret_key changed?");
                Err(AuthError::NoSigningKey)
            }
        }
    }

    /// Whether the settings' key is the only one there is, as far as this node knows.
    pub(super) async fn has_settings_key_only(&self) -> Result<bool, AuthError> {
        match self.0.keys.mode.load(Ordering::Acquire) {
            SETTINGS_ONLY => Ok(true),
            MANAGED => Ok(false),
            _ => {
                self.first_load().await?;
                Ok(self.0.keys.ring().is_settings_only())
            }
        }
    }

    /// The key that a token is to be held against.
    pub(super) fn holder(&self, token: &[u8]) -> Holder {
        match self.0.keys.ring().find(token, self.tokens().jws(), self.now()) {
            Found::Settings => Holder::Settings,
            Found::Own(jws) => Holder::Own(jws),
            Found::Unknown(kid) => Holder::Unknown(kid),
            Found::Ended => Holder::Ended,
        }
    }

    /// Looks again whether there is a key that was not there before; so often at the most, whatever tokens come in.
    pub(super) async fn look_for_new_keys(&self) {
        if self.0.keys.is_older_than(COOL_DOWN, self.now()) {
            self.reload_if_older(COOL_DOWN).await;
        }
    }

    async fn first_load(&self) -> Result<(), AuthError> {
        let _turn = self.0.keys.loading.lock().await;
        if self.0.keys.mode.load(Ordering::Acquire) == UNKNOWN { self.load_rows().await } else { Ok(()) }
    }

    /// Whoever finds somebody else at it goes on with what is known.
    async fn reload_if_older(&self, age: Duration) {
        let Ok(_turn) = self.0.keys.loading.try_lock() else { return };
        if self.0.keys.is_older_than(age, self.now())
            && let Err(error) = self.load_rows().await
        {
            tracing::warn!(%error, "the signing keys could not be read; those that are known stay");
        }
    }

    async fn load_rows(&self) -> Result<(), AuthError> {
        let (keys, now) = (&self.0.keys, self.now());
        keys.asked_at.store(now.micros(), Ordering::Relaxed);
        let rows = self.store().list_signing_keys().await?;
        let ring = Ring::of(&rows, &keys.ring(), &keys.seal, self.settings().strict_tokens, self.lives(), now);
        let mode = if ring.is_settings_only() { SETTINGS_ONLY } else { MANAGED };
        *keys.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        keys.mode.store(mode, Ordering::Release);
        Ok(())
    }

    /// The longest that a token which is signed now can be good.
    fn lives(&self) -> Lives {
        let (policy, family) = (self.tokens().policy(), self.settings().ledger.refresh_family_lifetime);
        let refresh = family.map_or(policy.refresh_lifetime, |family| policy.refresh_lifetime.min(family));
        let longest = refresh.max(policy.access_lifetime).max(policy.sliding_lifetime);
        Lives { longest, leeway: policy.leeway }
    }
}

const UNKNOWN: u8 = 0;
const SETTINGS_ONLY: u8 = 1;
const MANAGED: u8 = 2;

/// Whoever signs has looked at the rows within this time, or tried to.
const MAX_AGE: Duration = Duration::from_secs(60);
/// How often unknown names make a node look again.
const COOL_DOWN: Duration = Duration::from_secs(5);
