//! Keys for single purposes, derived from the site's secret: whoever learns one learns nothing of the others.

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use jeton_token::secret::Secret;

/// What a key is for. No two purposes share a label, and none is ever changed: what was made under it would be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Auth tokens are looked up by their HMAC under this key.
    AuthTokenDigest,
    /// The auth token that is told again is sealed under this key.
    AuthTokenSeal,
    /// Hand-made tokens are signed with this key, where they have one of their own.
    HandMadeToken,
    /// Hand-made tokens carry an HMAC of the stored password hash under this key.
    HandMadePassword,
    /// Sessions keep an HMAC of the stored password hash under this key.
    SessionPassword,
    /// CSRF tokens carry an HMAC of their session's key under this one.
    CsrfToken,
    /// Names that failed to sign in are kept as digests with this key.
    LoginLimit,
    /// Private keys that sign tokens are sealed under this key.
    SigningKeySeal,
}

impl Purpose {
    /// HKDF-SHA-256 (RFC 5869) of the secret.
    pub(super) fn key(self, secret_key: &Secret<String>) -> Secret<[u8; 32]> {
        let mut key = [0; 32];
        let derived = Salt::new(HKDF_SHA256, SALT).extract(secret_key.expose().as_bytes());
        let label = [self.label().as_bytes()];
        let filled = derived.expand(&label, KeyLength).and_then(|okm| okm.fill(&mut key));
        filled.expect("one block of HKDF is always there");
        Secret::new(key)
    }

    const fn label(self) -> &'static str {
        match self {
            Self::AuthTokenDigest => "auth token digest",
            Self::AuthTokenSeal => "auth token seal",
            Self::HandMadeToken => "hand-made token",
            Self::HandMadePassword => "hand-made token password",
            Self::SessionPassword => "session password",
            Self::CsrfToken => "csrf token",
            Self::LoginLimit => "login limit",
            Self::SigningKeySeal => "signing key seal",
        }
    }
}

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        32
    }
}

const SALT: &[u8] = b"jeton";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_key_never_changes() {
        let key = Purpose::AuthTokenDigest.key(&"a secret of at least thirty-two bytes".into());
        let hex: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "6ac7a29db05cd157907001cc53dba8f350ccbad12b2897b71cee08d9f88d5011");
    }

    #[test]
    fn each_purpose_and_each_secret_has_its_own_key() {
        let all = [
            Purpose::AuthTokenDigest,
            Purpose::AuthTokenSeal,
            Purpose::HandMadeToken,
            Purpose::HandMadePassword,
            Purpose::SessionPassword,
            Purpose::CsrfToken,
            Purpose::LoginLimit,
            Purpose::SigningKeySeal,
        ];
        let (one, other) = (Secret::from("one"), Secret::from("other"));
        let mut keys: Vec<[u8; 32]> =
            all.iter().flat_map(|purpose| [*purpose.key(&one).expose(), *purpose.key(&other).expose()]).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 2 * all.len());
    }
}
