//! Takes tokens apart, signs them and checks their signatures; apart from the product's own code, to be a witness.

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};

use crate::pairs;

/// URL-safe base64 without padding when written, lenient when read: what is tested must not fail to be read.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Header and claims of a token, without any verification.
pub(crate) fn peek(token: &str) -> Result<(Value, Value)> {
    let [header, claims, _] = parts(token)?;
    Ok((decode(header).context("the header")?, decode(claims).context("the payload")?))
}

/// The three parts of a compact token, as they stand.
pub(crate) fn parts(token: &str) -> Result<[&str; 3]> {
    let parts: Vec<&str> = token.split('.').collect();
    <[&str; 3]>::try_from(parts)
        .map_err(|parts| anyhow::anyhow!("a token has three parts, this one has {}", parts.len()))
}

/// Whether a text has the form of a signed token.
pub(crate) fn looks_like_a_token(text: &str) -> bool {
    let url_safe = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    parts(text).is_ok_and(|[header, claims, signature]| {
        [header, claims, signature].into_iter().all(url_safe) && !header.is_empty() && !claims.is_empty()
    })
}

/// The signature of `input`, by the JOSE name of an algorithm; the key is a secret, or a private key in PEM (PKCS#8).
pub(crate) fn sign(algorithm: &str, key: &str, input: &str) -> Result<Vec<u8>> {
    fn mac<M: Mac + KeyInit>(key: &str, input: &str) -> Vec<u8> {
        let mut mac = <M as KeyInit>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
        mac.update(input.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
    match algorithm {
        "HS256" => Ok(mac::<Hmac<Sha256>>(key, input)),
        "HS384" => Ok(mac::<Hmac<Sha384>>(key, input)),
        "HS512" => Ok(mac::<Hmac<Sha512>>(key, input)),
        other => pairs::sign(other, key, input),
    }
}

/// Whether the signature of a token is its header's algorithm under this key: a secret, or a public key in PEM.
pub(crate) fn check_signature(token: &str, key: &str) -> Result<()> {
    let (header, _) = peek(token)?;
    let algorithm = header["alg"].as_str().context("the header names no algorithm")?;
    let (input, signature) = token.rsplit_once('.').context("a token has three parts")?;
    let signature = BASE64.decode(signature).context("the signature")?;
    let verifies = match algorithm {
        "HS256" | "HS384" | "HS512" => signature == sign(algorithm, key, input)?,
        other => pairs::verify(other, key, input, &signature)?,
    };
    if verifies { Ok(()) } else { bail!("signature does not verify") }
}

fn decode(part: &str) -> Result<Value> {
    let text = BASE64.decode(part).context("no base64")?;
    serde_json::from_slice(&text).context("no JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signed by PyJWT.
    const SIGNED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.F6dJL_K3e2Jm71Z8lBpZxhnkK7zJlZ8K52VI8oM-aMc";

    #[test]
    fn a_token_signed_elsewhere_verifies_and_only_with_its_key() {
        check_signature(SIGNED, "another-key-another-key-another-key-").unwrap();
        assert!(check_signature(SIGNED, "another-key-another-key-another-kez-").is_err());
        let damaged = SIGNED.replace("F6dJ", "G6dJ");
        assert!(check_signature(&damaged, "another-key-another-key-another-key-").is_err());
    }

    #[test]
    fn an_algorithm_that_cannot_be_checked_is_named() {
        let token = format!("{}.{}.AAAA", BASE64.encode(r#"{"alg":"XS256"}"#), BASE64.encode("{}"));
        let error = check_signature(&token, "k").unwrap_err();
        assert!(error.to_string().contains("cannot check XS256"), "{error}");
        let none = format!("{}.{}.", BASE64.encode(r#"{"alg":"none"}"#), BASE64.encode("{}"));
        assert!(check_signature(&none, "k").is_err());
    }

    #[test]
    fn the_form_of_a_token_is_three_url_safe_parts_of_which_the_last_may_be_empty() {
        assert!(looks_like_a_token(SIGNED));
        assert!(looks_like_a_token("a.b."));
        for text in ["", "a.b", "a.b.c.d", ".b.c", "a..c", "a.b.c=", "a b.c.d"] {
            assert!(!looks_like_a_token(text), "{text}");
        }
    }
}
