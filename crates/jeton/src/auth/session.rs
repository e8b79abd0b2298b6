//! Session: a sign-in that a cookie names. The store knows the digest of its key, never the key.

use jeton_token::hs256::Hs256;

use super::Auth;
use crate::settings::Settings;

/// The keys of sessions, each for one purpose alone.
pub(super) struct SessionKeys {
    password: Hs256,
    csrf: Hs256,
}

impl SessionKeys {
    pub(super) fn of(settings: &Settings) -> Self {
        let secret = Hs256::new(settings.secret_key.expose().as_bytes());
        let derived = |purpose: &[u8]| Hs256::new(&secret.tag(purpose));
        Self { password: derived(b"jeton.session.password"), csrf: derived(b"jeton.session.csrf") }
    }
}

impl Auth {
    /// What makes a CSRF token good for one session and no other.
    pub(crate) fn csrf_tag(&self, session_key: &str, nonce: &str) -> [u8; 32] {
        self.0.session_keys.csrf.tag(format!("{nonce}:{session_key}").as_bytes())
    }
}
