//! Tokens whose signature was checked before: the payload is kept, and nothing else is believed.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use jeton_token::cache::{Looked, VerifiedTokens};
use jeton_token::error::{Flaw, TokenError};
use jeton_token::jws::{Jws, Room, claimed_key_id};

use super::keys::Holder;
use super::{Auth, AuthError};
use crate::entropy::Entropy;

/// A bounded memory of payloads, for the keys whose check costs more than a look-up.
pub(super) struct Verified(VerifiedTokens<Known>);

/// A payload, and the key that was found to have signed it.
#[derive(Clone)]
struct Known {
    payload: Arc<[u8]>,
    by: Signer,
}

/// Keys with a name come and go: what one of them signed is known for as long as this very key is in use.
#[derive(Clone)]
enum Signer {
    Settings,
    Named(Arc<Jws>),
}

/// The payload of a token that was signed by a key of today.
pub(super) enum Opened<'r> {
    Read(Cow<'r, [u8]>),
    Remembered(Arc<[u8]>),
}

impl Deref for Opened<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Read(payload) => payload,
            Self::Remembered(payload) => payload,
        }
    }
}

impl Verified {
    pub(super) fn new(entropy: &Entropy) -> Self {
        let seeds = [u64::from_le_bytes(entropy.bytes()), u64::from_le_bytes(entropy.bytes())];
        Self(VerifiedTokens::new(MAX_TOKENS, seeds))
    }

    /// The payload of a token, from memory if this signer's signature was checked before. Expiry, the ledger and all
    /// else that may change is the caller's to check, each time.
    fn open<'r>(
        &self,
        token: &[u8],
        by: Signer,
        open: impl FnOnce() -> Result<Cow<'r, [u8]>, TokenError>,
    ) -> Result<Opened<'r>, TokenError> {
        if token.len() > MAX_LENGTH {
            return open().map(Opened::Read);
        }
        match self.0.look_if(token, |known| known.by == by) {
            Looked::Hit(known) => Ok(Opened::Remembered(known.payload)),
            Looked::Miss(miss) => {
                let payload = open()?;
                miss.keep(Known { payload: Arc::from(&*payload), by });
                Ok(Opened::Read(payload))
            }
        }
    }
}

impl PartialEq for Signer {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Settings, Self::Settings) => true,
            (Self::Named(one), Self::Named(other)) => Arc::ptr_eq(one, other),
            (Self::Settings, Self::Named(_)) | (Self::Named(_), Self::Settings) => false,
        }
    }
}

impl Auth {
    /// The payload of a token that this site signed, or the holder of one of the keys at `JWK_URL`: its `kid` says
    /// which, and a token without one is of the settings' key. Nothing of the payload is looked at.
    pub(super) async fn open<'r>(&self, token: &[u8], room: &'r mut Room) -> Result<Opened<'r>, AuthError> {
        match self.has_settings_key_only().await {
            Ok(true) => return self.open_by_settings(token, room).await,
            Ok(false) => {}
            Err(error) => return Err(self.refused_anyway(token).unwrap_or(error)),
        }
        let holder = match self.holder(token) {
            Holder::Unknown(_) => {
                self.look_for_new_keys().await;
                self.holder(token)
            }
            holder @ (Holder::Settings | Holder::Own(_) | Holder::Ended) => holder,
        };
        match holder {
            Holder::Settings => self.open_by_settings_key(token, room),
            Holder::Own(jws) => self.open_by(&jws, token, room),
            Holder::Ended => Err(unknown_key()),
            Holder::Unknown(kid) => {
                let remote = self.0.remote_keys.as_ref().ok_or_else(unknown_key)?;
                let jws = remote.find(&kid, self.now()).await.ok_or_else(unknown_key)?;
                self.open_by(&jws, token, room)
            }
        }
    }

    /// Why a token that names no key is refused, whatever keys there are: the settings' key has not signed it.
    fn refused_anyway(&self, token: &[u8]) -> Option<AuthError> {
        match claimed_key_id(token) {
            Some(_) => None,
            None => self.open_by_settings_key(token, &mut Room::new()).err(),
        }
    }

    /// Where no other key is known, the settings' key takes its tokens whatever `kid` they claim; but what it refuses may
    /// be of a key that was made a moment ago.
    async fn open_by_settings<'r>(&self, token: &[u8], room: &'r mut Room) -> Result<Opened<'r>, AuthError> {
        if let Some(remote) = &self.0.remote_keys
            && let Some(kid) = claimed_key_id(token)
        {
            if let Some(jws) = self.newly_known(token).await {
                return self.open_by(&jws, token, room);
            }
            let jws = remote.find(&kid, self.now()).await.ok_or_else(unknown_key)?;
            return self.open_by(&jws, token, room);
        }
        if !self.tokens().jws().wrote_header_of(token)
            && claimed_key_id(token).is_some()
            && let Some(jws) = self.newly_known(token).await
        {
            return self.open_by(&jws, token, room);
        }
        self.open_by_settings_key(token, room)
    }

    /// The key of this token, if it is one that this node had not heard of.
    async fn newly_known(&self, token: &[u8]) -> Option<Arc<Jws>> {
        self.look_for_new_keys().await;
        match self.holder(token) {
            Holder::Own(jws) => Some(jws),
            Holder::Settings | Holder::Unknown(_) | Holder::Ended => None,
        }
    }

    fn open_by_settings_key<'r>(&self, token: &[u8], room: &'r mut Room) -> Result<Opened<'r>, AuthError> {
        let tokens = self.tokens();
        if tokens.algorithm().is_symmetric() {
            return Ok(Opened::Read(tokens.open(token, room)?));
        }
        Ok(self.0.verified.open(token, Signer::Settings, || tokens.open(token, room))?)
    }

    fn open_by<'r>(&self, jws: &Arc<Jws>, token: &[u8], room: &'r mut Room) -> Result<Opened<'r>, AuthError> {
        if jws.algorithm().is_symmetric() {
            return Ok(Opened::Read(jws.read(token, room).map_err(TokenError::from)?));
        }
        let signer = Signer::Named(Arc::clone(jws));
        Ok(self.0.verified.open(token, signer, || Ok(jws.read(token, room)?))?)
    }
}

fn unknown_key() -> AuthError {
    TokenError::Invalid(Flaw::Signature).into()
}

/// What is remembered: at most 4096 tokens of at most 2 KiB each, 14 MiB with their payloads.
const MAX_TOKENS: usize = 4096;
const MAX_LENGTH: usize = 2048;
