//! What is in the row of a key: made, sealed, opened again.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_store::SigningKey;
use jeton_token::algorithm::Algorithm;
use jeton_token::jwk::Jwk;
use jeton_token::key::{Key, KeyError, generate};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::auth::seal::Seal;
use crate::entropy::Entropy;

/// A new key, before it has a place.
pub(super) struct Made {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pub(super) public: Option<String>,
    pub(super) private: Zeroizing<Vec<u8>>,
}

/// What a row was found to hold.
pub(super) struct Content {
    pub(super) key: Key,
    /// Whether the private part is there still.
    pub(super) signs: bool,
}

impl Made {
    /// A key pair, or a secret as long as the hash. A pair is called by its thumbprint (RFC 7638); a secret has a random
    /// name, which tells nothing of it.
    pub(super) fn new(algorithm: Algorithm, entropy: &Entropy) -> Result<Self, KeyError> {
        if algorithm.is_symmetric() {
            let secret: Zeroizing<[u8; 64]> = Zeroizing::new(entropy.bytes());
            let private = Zeroizing::new(secret[..algorithm.hash_bytes()].to_vec());
            let name: [u8; 32] = entropy.bytes();
            return Ok(Self { kid: URL_SAFE_NO_PAD.encode(name), algorithm, public: None, private });
        }
        let pair = generate(algorithm)?;
        let key = Key::from_pem_pair(algorithm, pair.private_pem.expose(), &pair.public_pem)?;
        let kid = key.thumbprint().ok_or(KeyError::SelfTest)?;
        let public = key.to_public_jwk(Some(&kid)).map(|jwk| Value::Object(jwk).to_string());
        let private = Zeroizing::new(pair.private_pem.expose().as_bytes().to_vec());
        Ok(Self { kid, algorithm, public, private })
    }
}

/// Where sealed content belongs: to this name, this algorithm and this public half. A row that somebody else wrote, or
/// changed, does not open.
pub(super) fn place(kid: &str, algorithm: &str, public: Option<&str>) -> Vec<u8> {
    [kid, algorithm, public.unwrap_or_default()].join("\0").into_bytes()
}

/// The key in a row; nothing if the site's secret is another one, or the row is not what was written.
pub(super) fn open(row: &SigningKey, seal: &Seal) -> Option<Content> {
    let algorithm: Algorithm = row.algorithm.parse().ok()?;
    let place = place(&row.kid, &row.algorithm, row.public.as_deref());
    let private = seal.open(row.sealed.as_deref()?, &place)?;
    if algorithm.is_symmetric() {
        return Key::from_secret(algorithm, &private).ok().map(|key| Content { key, signs: true });
    }
    let key = match private.is_empty() {
        true => Jwk::parse(row.public.as_deref()?.as_bytes(), Some(algorithm)).ok()?.key().clone(),
        false => Key::from_private_pem(algorithm, std::str::from_utf8(&private).ok()?).ok()?,
    };
    (key.thumbprint().as_deref() == Some(&row.kid)).then(|| Content { signs: key.can_sign(), key })
}

/// The same row's seal without the private part of its key pair; nothing if that is gone already, or never was there.
pub(super) fn stripped(row: &SigningKey, seal: &Seal, entropy: &Entropy) -> Option<Vec<u8>> {
    let place = place(&row.kid, &row.algorithm, row.public.as_deref());
    let private = seal.open(row.sealed.as_deref()?, &place)?;
    (row.public.is_some() && !private.is_empty()).then(|| seal.close(&[], &place, entropy))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jeton_token::time::Timestamp;

    use super::*;
    use crate::auth::derived_key::Purpose;

    fn row(algorithm: Algorithm, seal: &Seal) -> SigningKey {
        let entropy = Entropy::seeded(1);
        let made = Made::new(algorithm, &entropy).unwrap();
        let place = place(&made.kid, algorithm.as_str(), made.public.as_deref());
        SigningKey {
            number: 1,
            sealed: Some(seal.close(&made.private, &place, &entropy)),
            kid: made.kid,
            algorithm: algorithm.to_string(),
            public: made.public,
            created_at: Timestamp::EPOCH,
            activates_at: Timestamp::EPOCH,
            longest_life: Duration::ZERO,
            retired_at: None,
        }
    }

    fn seal(secret: &str) -> Seal {
        Seal::new(Purpose::SigningKeySeal, &secret.into())
    }

    #[test]
    fn a_key_opens_in_its_own_row_with_the_site_s_secret() {
        let (ours, theirs) = (seal("one"), seal("other"));
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Hs256, Algorithm::Hs512] {
            let row = row(algorithm, &ours);
            let content = open(&row, &ours).unwrap();
            assert!(content.signs && content.key.verify(b"x", &content.key.sign(b"x")), "{algorithm}");
            assert!(open(&row, &theirs).is_none());
            for other in [
                SigningKey { kid: "another".to_owned(), ..row.clone() },
                SigningKey { algorithm: "HS384".to_owned(), ..row.clone() },
                SigningKey { public: Some("{}".to_owned()), ..row.clone() },
                SigningKey { sealed: None, ..row.clone() },
                SigningKey { sealed: Some(Vec::new()), ..row.clone() },
            ] {
                assert!(open(&other, &ours).is_none(), "{other:?}");
            }
        }
    }

    #[test]
    fn what_is_left_of_a_pair_verifies_and_signs_no_more() {
        let (seal, entropy) = (seal("one"), Entropy::seeded(2));
        let before = row(Algorithm::EdDsa, &seal);
        let signature = open(&before, &seal).unwrap().key.sign(b"x");
        let after = SigningKey { sealed: stripped(&before, &seal, &entropy), ..before };
        let content = open(&after, &seal).unwrap();
        assert!(!content.signs && !content.key.can_sign() && content.key.verify(b"x", &signature));
        assert!(stripped(&after, &seal, &entropy).is_none(), "once is enough");
        assert!(stripped(&row(Algorithm::Hs256, &seal), &seal, &entropy).is_none(), "a secret verifies, too");
    }
}
