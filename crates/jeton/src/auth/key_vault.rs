//! Keys of auth tokens, as the database sees them: a digest to find one by, and the one that is told again under seal.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use jeton_token::secret::Secret;

use super::derived_key::Purpose;
use super::seal::Seal;
use crate::entropy::Entropy;

/// What the site's secret makes of keys.
pub(super) struct KeyVault {
    digest: hmac::Key,
    seal: Seal,
}

impl KeyVault {
    pub(super) fn new(secret_key: &Secret<String>) -> Self {
        Self {
            digest: hmac::Key::new(HMAC_SHA256, Purpose::AuthTokenDigest.key(secret_key).expose()),
            seal: Seal::new(Purpose::AuthTokenSeal, secret_key),
        }
    }

    /// What a key is found by: without the site's secret it tells nothing, not even of a key that can be guessed.
    pub(super) fn digest(&self, key: &str) -> [u8; 32] {
        let tag = hmac::sign(&self.digest, key.as_bytes());
        tag.as_ref().try_into().expect("an HMAC-SHA-256 has 32 bytes")
    }

    /// The key under seal. It opens for this row of this user alone.
    pub(super) fn seal(&self, key: &Secret<String>, id: &str, user_id: i64, entropy: &Entropy) -> Vec<u8> {
        self.seal.close(key.expose().as_bytes(), &place(id, user_id), entropy)
    }

    /// The key; nothing if it was sealed under another secret, for another row, or not by us.
    pub(super) fn open(&self, sealed: &[u8], id: &str, user_id: i64) -> Option<Secret<String>> {
        let key = self.seal.open(sealed, &place(id, user_id))?;
        std::str::from_utf8(&key).ok().map(Secret::from)
    }
}

/// Where a sealed key belongs.
fn place(id: &str, user_id: i64) -> Vec<u8> {
    [&user_id.to_be_bytes(), id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(secret: &str) -> KeyVault {
        KeyVault::new(&Secret::from(secret))
    }

    #[test]
    fn a_sealed_key_opens_at_its_place_and_nowhere_else() {
        let (vault, vault_of_another_site, entropy) = (vault("one"), vault("other"), Entropy::seeded(1));
        let key = Secret::from("0123456789abcdef0123456789abcdef01234567");
        let sealed = vault.seal(&key, "row", 7, &entropy);
        assert_eq!(vault.open(&sealed, "row", 7).unwrap().expose(), key.expose());
        assert!(vault.open(&sealed, "row", 8).is_none() && vault.open(&sealed, "rov", 7).is_none());
        assert!(vault_of_another_site.open(&sealed, "row", 7).is_none());
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(vault.open(&damaged, "row", 7).is_none(), "byte {at}");
            assert!(vault.open(&sealed[..at], "row", 7).is_none(), "the first {at} bytes");
        }
        assert_ne!(vault.seal(&key, "row", 7, &entropy), sealed, "each seal has a nonce of its own");
    }

    #[test]
    fn a_digest_depends_on_the_secret_and_on_every_letter() {
        let (one, other) = (vault("one"), vault("other"));
        assert_eq!(one.digest("key"), one.digest("key"));
        assert_ne!(one.digest("key"), one.digest("Key"));
        assert_ne!(one.digest("key"), other.digest("key"));
        assert_ne!(one.digest(""), other.digest(""));
    }
}
