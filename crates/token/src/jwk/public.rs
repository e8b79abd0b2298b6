//! The public half of a key as others read it: its JWK, and its thumbprint.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::curve_of;
use crate::key::{Key, Public};

impl Key {
    /// The public half as a JWK, for others to verify with; nothing of a secret.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::key::Key;
    ///
    /// let private = "-----BEGIN PRIVATE KEY-----
    /// MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
    /// -----END PRIVATE KEY-----";
    /// let jwk = Key::from_private_pem(Algorithm::EdDsa, private)?.to_public_jwk(Some("2026")).expect("a key pair");
    /// assert_eq!(jwk["kty"], "OKP");
    /// assert_eq!(jwk["x"], "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE");
    /// assert!(!jwk.contains_key("d"));
    /// # Ok::<(), jeton_token::key::KeyError>(())
    /// ```
    pub fn to_public_jwk(&self, kid: Option<&str>) -> Option<Map<String, Value>> {
        let numbers = match self.public()? {
            Public::Rsa(numbers) => {
                vec![("kty", "RSA".to_owned()), ("n", encode(&numbers.n)), ("e", encode(&numbers.e))]
            }
            Public::Ec(point) => {
                let (x, y) = point[1..].split_at(point.len() / 2);
                let curve = curve_of(self.algorithm())?;
                vec![("kty", "EC".to_owned()), ("crv", curve.to_owned()), ("x", encode(x)), ("y", encode(y))]
            }
            Public::Ed(x) => vec![("kty", "OKP".to_owned()), ("crv", "Ed25519".to_owned()), ("x", encode(x))],
        };
        let named = kid.map(|kid| ("kid", kid.to_owned()));
        let usage = [("use", "sig".to_owned()), ("alg", self.algorithm().to_string())];
        let members = numbers.into_iter().chain(usage).chain(named);
        Some(members.map(|(name, value)| (name.to_owned(), Value::String(value))).collect())
    }

    /// The name that everybody finds for this key: the SHA-256 of its required members (RFC 7638). Nothing for a secret.
    ///
    /// ```
    /// use jeton_token::algorithm::Algorithm;
    /// use jeton_token::jwk::Jwk;
    ///
    /// let jwk = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// let jwk = Jwk::parse(jwk, Some(Algorithm::EdDsa))?;
    /// assert_eq!(jwk.key().thumbprint().as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    /// # Ok::<(), jeton_token::jwk::JwkError>(())
    /// ```
    pub fn thumbprint(&self) -> Option<String> {
        let mut required = self.to_public_jwk(None)?;
        required.retain(|name, _| !["use", "alg"].contains(&name.as_str()));
        required.sort_keys();
        Some(encode(&Sha256::digest(Value::Object(required).to_string())))
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
