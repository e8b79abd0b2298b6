//! The keys that a node knows, as of one look at the database: which of them signs, and which a token is held against.

use std::sync::Arc;

use jeton_store::{SETTINGS_KEY, SigningKey};
use jeton_token::jws::{Jws, claimed_key_id};
use jeton_token::time::Timestamp;

use super::content;
use super::dates::{Dates, KeyState, Lives};
use crate::auth::seal::Seal;

/// All keys of the site. Empty, the settings' key is the only one.
#[derive(Default)]
pub(super) struct Ring {
    /// Whether any key but the settings' own was ever made.
    settings: Option<Dates>,
    keys: Vec<RingKey>,
}

struct RingKey {
    kid: String,
    public: Option<String>,
    dates: Dates,
    /// Nothing of a key that is retired, or that the site's secret does not open.
    jws: Option<Arc<Jws>>,
    signs: bool,
}

/// Which key signs at a moment.
#[derive(Clone, Debug)]
pub(super) enum Signer {
    Settings,
    Own(Arc<Jws>),
    /// The one whose turn it is cannot be used.
    Sealed(String),
}

/// Which key a token is held against.
pub(super) enum Found {
    Settings,
    Own(Arc<Jws>),
    /// One whose time is over.
    Ended,
    /// None of ours has this name.
    Unknown(String),
}

impl Ring {
    /// The keys of these rows. What was prepared for the ring before is taken over, so that nothing is tried twice and
    /// what is remembered of a key stays with it.
    pub(super) fn of(
        rows: &[SigningKey],
        before: &Self,
        seal: &Seal,
        strict: bool,
        lives: Lives,
        now: Timestamp,
    ) -> Self {
        let mut ring = Self { settings: None, keys: Vec::new() };
        for (at, row) in rows.iter().enumerate() {
            let dates = Dates::of(rows, at, lives, now);
            if row.kid == SETTINGS_KEY {
                ring.settings = Some(dates);
                continue;
            }
            let content = match dates.state(now) {
                KeyState::Retired => None,
                KeyState::Next | KeyState::Active | KeyState::Retiring => content::open(row, seal),
            };
            if content.is_none() && dates.state(now) != KeyState::Retired {
                tracing::error!(kid = row.kid, "a signing key was sealed with another secret_key; it cannot be used");
            }
            let known = before.keys.iter().find(|known| known.kid == row.kid).and_then(|known| known.jws.clone());
            let signs = content.as_ref().is_some_and(|content| content.signs);
            let jws = content.map(|content| {
                known.unwrap_or_else(|| Arc::new(Jws::new(content.key).with_key_id(&row.kid).with_strictness(strict)))
            });
            ring.keys.push(RingKey { kid: row.kid.clone(), public: row.public.clone(), dates, jws, signs });
        }
        ring
    }

    /// Whether there never was another key than the settings' own.
    pub(super) fn is_settings_only(&self) -> bool {
        self.settings.is_none()
    }

    pub(super) fn signer(&self, now: Timestamp) -> Signer {
        let standing: Vec<&RingKey> = self.keys.iter().filter(|key| key.dates.retired_at.is_none()).collect();
        let Some(active) = standing.iter().rposition(|key| key.dates.activates_at <= now) else {
            return Signer::Settings;
        };
        // A node whose clock is late may find that what it would sign with is gone: the next one is known everywhere.
        match standing[active..].iter().find_map(|key| key.jws.clone().filter(|_| key.signs)) {
            Some(jws) => Signer::Own(jws),
            None => Signer::Sealed(standing[active].kid.clone()),
        }
    }

    pub(super) fn find(&self, token: &[u8], settings: &Jws, now: Timestamp) -> Found {
        let wrote = |key: &&RingKey| key.jws.as_ref().is_some_and(|jws| jws.wrote_header_of(token));
        if let Some(key) = self.keys.iter().find(wrote) {
            return key.found(now);
        }
        let kid = if settings.wrote_header_of(token) { None } else { claimed_key_id(token) };
        match kid {
            Some(kid) => match self.keys.iter().find(|key| key.kid == kid) {
                Some(key) => key.found(now),
                None => Found::Unknown(kid),
            },
            None if self.settings_verifies(now) => Found::Settings,
            None => Found::Ended,
        }
    }

    pub(super) fn settings_verifies(&self, now: Timestamp) -> bool {
        self.settings.is_none_or(|dates| dates.state(now) != KeyState::Retired)
    }

    /// The public keys that are to be known at a moment: those to come, the one that signs, those that signed.
    pub(super) fn published(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let known = self.keys.iter().filter(move |key| key.jws.is_some() && key.dates.state(now) != KeyState::Retired);
        known.filter_map(|key| key.public.as_deref())
    }
}

impl RingKey {
    fn found(&self, now: Timestamp) -> Found {
        match &self.jws {
            Some(jws) if self.dates.state(now) != KeyState::Retired => Found::Own(Arc::clone(jws)),
            Some(_) | None => Found::Ended,
        }
    }
}
