//! The public keys as a document (RFC 7517 §5), for whoever verifies this site's tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::auth::{Auth, AuthError};

/// A JWK set and its entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDocument {
    /// The set, as JSON.
    pub text: String,
    /// With its quotes. Another text has another tag.
    pub etag: String,
}

impl Auth {
    /// The public keys that tokens may be signed with now or soon, or still are. No secret is among them, nor is there a
    /// trace of it.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn key_document(&self) -> Result<KeyDocument, AuthError> {
        self.has_settings_key_only().await?;
        let (ring, now) = (self.0.keys.ring(), self.now());
        let settings = ring.settings_verifies(now).then(|| self.settings_jwk()).flatten();
        let keys: Vec<&str> = settings.as_deref().into_iter().chain(ring.published(now)).collect();
        let text = format!("{{\"keys\":[{}]}}", keys.join(","));
        let digest = Sha256::digest(text.as_bytes());
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..18]));
        Ok(KeyDocument { text, etag })
    }

    /// The public half of the settings' key, if it is a pair. Its tokens name no key, but readers want one.
    fn settings_jwk(&self) -> Option<String> {
        let key = self.tokens().jws().key();
        let kid = key.thumbprint()?;
        Some(Value::Object(key.to_public_jwk(Some(&kid))?).to_string())
    }
}
