//! Sealing: what the database may hold, and only the site's secret opens.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use jeton_token::secret::Secret;
use zeroize::Zeroizing;

use super::derived_key::Purpose;
use crate::entropy::Entropy;

/// AES-256-GCM under a key for one purpose.
pub(super) struct Seal(LessSafeKey);

impl Seal {
    pub(super) fn new(purpose: Purpose, secret_key: &Secret<String>) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, purpose.key(secret_key).expose());
        Self(LessSafeKey::new(key.expect("a derived key has the length of an AES-256 key")))
    }

    /// Nonce, ciphertext, tag. It opens at this place alone.
    pub(super) fn close(&self, content: &[u8], place: &[u8], entropy: &Entropy) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let mut text = content.to_vec();
        let sealed = self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut text);
        sealed.expect("a short text is sealed");
        [nonce.as_slice(), &text].concat()
    }

    /// The content; nothing if it was sealed under another secret, for another place, or not by us.
    pub(super) fn open(&self, sealed: &[u8], place: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let length =
            self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}
