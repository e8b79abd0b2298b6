//! Tokens as Simple JWT makes them, and what stands in any.

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// A refresh token that another program signed with the same key, with this id of 32 hex digits.
pub(crate) fn refresh_token(key: &str, id: &str, user_id: &str, issued_at: i64, expires_at: i64) -> Result<String> {
    let claims = json!({"token_type": "refresh", "exp": expires_at, "iat": issued_at, "jti": id, "user_id": user_id});
    let encoded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encoded(&json!({"alg": "HS256", "typ": "JWT"})), encoded(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())?;
    mac.update(signed.as_bytes());
    Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())))
}

/// What a token says, unchecked.
pub(crate) fn claims(token: &str) -> Result<Value> {
    let payload = token.split('.').nth(1).context("a token has three parts")?;
    Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload)?)?)
}
