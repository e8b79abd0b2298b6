//! What operators do with keys: look, plan, rotate, retire. And what a node does by itself as time goes by.

use std::time::Duration;

use jeton_store::{NewSigningKey, SETTINGS_KEY, SignedLogins, SigningKey};
use jeton_token::algorithm::Algorithm;
use jeton_token::time::Timestamp;

use super::content::{self, Made};
use super::dates::{Dates, is_withdrawn};
use super::{KeyState, KeysError};
use crate::auth::{Auth, AuthError};

/// A key as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// Its `kid`; `settings` for the key of the settings, whose tokens name none.
    pub name: String,
    /// The name of its algorithm.
    pub algorithm: String,
    /// What it is good for now.
    pub state: KeyState,
    /// From when on it signs; nothing if it always did, or never will.
    pub signs_from: Option<Timestamp>,
    /// From when on another one signs, if that is known.
    pub signs_until: Option<Timestamp>,
    /// From when on nothing that it signed is good, if that is known.
    pub verifies_until: Option<Timestamp>,
}

/// When a new key begins to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStart {
    /// After `keys.propagation`: then every node knows it, and so does everybody who caches the document.
    WhenKnown,
    /// After a time of one's own.
    After(Duration),
    /// At once: whoever has not heard of it refuses its tokens until then.
    Now,
}

/// A rotation, made or planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRotation {
    /// The new key's name; nothing of a plan.
    pub kid: Option<String>,
    /// The new key's algorithm.
    pub algorithm: Algorithm,
    /// The key before it.
    pub before: String,
    /// The algorithm of that.
    pub before_algorithm: String,
    /// What happens when, in order.
    pub steps: Vec<(Timestamp, KeyStep)>,
    /// Whether the new key signs before everybody can have heard of it.
    pub is_hasty: bool,
}

/// A step of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStep {
    /// The new key is published and accepted.
    Published,
    /// It signs; the one before signs no more.
    Signs,
    /// The last access token of the one before has expired: services that only verify may forget it.
    AccessExpired,
    /// The last token of the one before has expired: it is refused.
    Retired,
}

impl Auth {
    /// Every key that there is or was, the settings' own first.
    ///
    /// # Errors
    ///
    /// [`KeysError::Store`].
    pub async fn signing_keys(&self) -> Result<Vec<KeyReport>, KeysError> {
        let rows = self.key_rows().await?;
        let (lives, now) = (self.lives(), self.now());
        let report = |(at, row): (usize, &SigningKey)| {
            let dates = Dates::of(&rows, at, lives, now);
            let signed = !is_withdrawn(row) && row.kid != SETTINGS_KEY;
            KeyReport {
                name: row.kid.clone(),
                algorithm: row.algorithm.clone(),
                state: dates.state(now),
                signs_from: signed.then_some(dates.activates_at),
                signs_until: if is_withdrawn(row) { None } else { dates.superseded_at },
                verifies_until: dates.retired_at.or(dates.verifies_until),
            }
        };
        Ok(rows.iter().enumerate().map(report).collect())
    }

    /// What a rotation would do and when. Nothing is changed.
    ///
    /// # Errors
    ///
    /// [`KeysError::Waiting`], [`KeysError::Store`].
    pub async fn plan_rotation(&self, algorithm: Algorithm, start: KeyStart) -> Result<KeyRotation, KeysError> {
        let rows = self.key_rows().await?;
        self.planned(&rows, algorithm, start)
    }

    /// Makes a key, publishes it, and lets it sign in its time.
    ///
    /// # Errors
    ///
    /// [`KeysError::Waiting`], [`KeysError::Raced`], [`KeysError::Key`], [`KeysError::Store`].
    pub async fn rotate_keys(&self, algorithm: Algorithm, start: KeyStart) -> Result<KeyRotation, KeysError> {
        let entropy = self.entropy().clone();
        // RSA takes its time to find primes.
        let made = tokio::task::spawn_blocking(move || Made::new(algorithm, &entropy)).await;
        let made = made.map_err(|_| jeton_token::key::KeyError::Generator)??;
        let rows = self.key_rows().await?;
        let rotation = self.planned(&rows, algorithm, start)?;
        let now = self.now();
        let place = content::place(&made.kid, made.algorithm.as_str(), made.public.as_deref());
        let key = SigningKey {
            number: rows.last().map_or(1, |last| last.number + 1),
            kid: made.kid.clone(),
            algorithm: algorithm.to_string(),
            public: made.public,
            sealed: Some(self.0.keys.seal.close(&made.private, &place, self.entropy())),
            created_at: now,
            activates_at: now + self.delay(start),
            longest_life: self.lives().longest,
            retired_at: None,
        };
        let new = NewSigningKey { key, settings: self.settings_row() };
        if !self.store().create_signing_key(&new, now).await? {
            return Err(KeysError::Raced);
        }
        self.learn().await?;
        Ok(KeyRotation { kid: Some(made.kid), ..rotation })
    }

    /// Ends a key. One that tokens are in use of ends only if `even_in_use`; then their users sign in again.
    ///
    /// # Errors
    ///
    /// [`KeysError::Signs`] for the key that signs, [`KeysError::InUse`], [`KeysError::Unknown`], [`KeysError::Retired`],
    /// [`KeysError::Store`].
    pub async fn retire_key(&self, name: &str, even_in_use: bool) -> Result<SignedLogins, KeysError> {
        let rows = self.key_rows().await?;
        let at = rows.iter().position(|row| row.kid == name).ok_or_else(|| KeysError::Unknown(name.to_owned()))?;
        let (row, now) = (&rows[at], self.now());
        let dates = Dates::of(&rows, at, self.lives(), now);
        let kid = || row.kid.clone();
        let logins = match (row.retired_at, dates.state(now), dates.verifies_until) {
            (Some(_), ..) => return Err(KeysError::Retired(kid())),
            (None, KeyState::Active, _) => return Err(KeysError::Signs(kid())),
            (None, KeyState::Retiring, Some(until)) => {
                let superseded_at = dates.superseded_at.unwrap_or(now);
                let logins = self.store().count_signed_logins(row.activates_at, superseded_at, now).await?;
                if !even_in_use {
                    return Err(KeysError::InUse { kid: kid(), until, logins });
                }
                logins
            }
            (None, KeyState::Next | KeyState::Retiring | KeyState::Retired, _) => SignedLogins::default(),
        };
        if !self.store().retire_signing_key(name, "by an operator", now).await? {
            return Err(KeysError::Retired(kid()));
        }
        self.learn().await?;
        Ok(logins)
    }

    /// What time does to keys: those whose time is over are retired, private keys that sign no more are erased, and that
    /// tokens live longer by new settings is noted.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn tidy_keys(&self) -> Result<(), AuthError> {
        let rows = self.store().list_signing_keys().await?;
        let (lives, now) = (self.lives(), self.now());
        // Other nodes' clocks may be behind.
        let long_ago = |moment: Timestamp| moment + self.settings().keys.propagation <= now;
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.retired_at.is_none()) {
            let dates = Dates::of(&rows, at, lives, now);
            if dates.verifies_until.is_some_and(long_ago) {
                self.store().retire_signing_key(&row.kid, "its time was over", now).await?;
            } else if dates.superseded_at.is_some_and(long_ago) {
                let stripped = content::stripped(row, &self.0.keys.seal, self.entropy());
                if let (Some(seen), Some(stripped)) = (&row.sealed, stripped) {
                    self.store().reseal_signing_key(&row.kid, seen, &stripped).await?;
                }
            } else if dates.superseded_at.is_none_or(|end| end > now) && row.longest_life < lives.longest {
                self.store().extend_signing_key(&row.kid, lives.longest).await?;
            }
        }
        self.reload_keys().await
    }

    fn planned(&self, rows: &[SigningKey], algorithm: Algorithm, start: KeyStart) -> Result<KeyRotation, KeysError> {
        let (now, lives) = (self.now(), self.lives());
        let state = |at: usize| Dates::of(rows, at, lives, now).state(now);
        if let Some(at) = (0..rows.len()).find(|&at| state(at) == KeyState::Next) {
            return Err(KeysError::Waiting { kid: rows[at].kid.clone() });
        }
        let before = (0..rows.len()).rfind(|&at| state(at) == KeyState::Active).map_or(&rows[0], |at| &rows[at]);
        let delay = self.delay(start);
        let signs = now + delay;
        let access = self.tokens().policy().access_lifetime;
        Ok(KeyRotation {
            kid: None,
            algorithm,
            before: before.kid.clone(),
            before_algorithm: before.algorithm.clone(),
            steps: vec![
                (now, KeyStep::Published),
                (signs, KeyStep::Signs),
                (signs + access + lives.leeway, KeyStep::AccessExpired),
                (signs + before.longest_life.max(lives.longest) + lives.leeway, KeyStep::Retired),
            ],
            is_hasty: delay < self.settings().keys.propagation,
        })
    }

    fn delay(&self, start: KeyStart) -> Duration {
        match start {
            KeyStart::WhenKnown => self.settings().keys.propagation,
            KeyStart::After(delay) => delay,
            KeyStart::Now => Duration::ZERO,
        }
    }

    /// The rows; where there are none, what stands for the settings' key.
    async fn key_rows(&self) -> Result<Vec<SigningKey>, KeysError> {
        let rows = self.store().list_signing_keys().await?;
        Ok(if rows.is_empty() { vec![self.settings_row()] } else { rows })
    }

    fn settings_row(&self) -> SigningKey {
        SigningKey {
            number: 0,
            kid: SETTINGS_KEY.to_owned(),
            algorithm: self.tokens().algorithm().to_string(),
            public: None,
            sealed: None,
            created_at: self.now(),
            activates_at: Timestamp::EPOCH,
            longest_life: self.lives().longest,
            retired_at: None,
        }
    }

    /// This node at least knows at once.
    async fn learn(&self) -> Result<(), KeysError> {
        match self.reload_keys().await {
            Err(AuthError::Store(error)) => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
