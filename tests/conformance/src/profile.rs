//! A server configuration that scenarios were recorded under.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A profile file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) secret_key: String,
    pub(crate) simple_jwt: Map<String, Value>,
    pub(crate) auth_classes: Vec<String>,
    pub(crate) blacklist_app: bool,
    pub(crate) language_code: String,
    pub(crate) locale_middleware: bool,
    #[serde(default)]
    pub(crate) csrf_trusted_origins: Vec<String>,
    #[serde(default)]
    pub(crate) custom: Custom,
    /// `id`, `username`, `password` or `password_hash`, and what else a user has.
    pub(crate) users: Vec<Value>,
    /// Exact if absent.
    #[serde(default)]
    pub(crate) compatibility: Compatibility,
    /// Off if absent; else what of `[limits]` is on.
    #[serde(default)]
    pub(crate) rate_limits: Value,
}

/// What a site adds to the reference.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Custom {
    #[serde(default)]
    pub(crate) token_claims: Vec<String>,
    #[serde(default)]
    pub(crate) response_fields: Vec<String>,
    pub(crate) session_login_body: Option<Value>,
    pub(crate) refresh_cookie_secure: Option<bool>,
}

/// The two stances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Compatibility {
    #[default]
    Exact,
    Safe,
}

impl Compatibility {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Safe => "safe",
        }
    }
}

impl Profile {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is no profile", path.display()))
    }

    /// The JOSE name of what tokens are signed with.
    pub(crate) fn algorithm(&self) -> &str {
        self.setting("ALGORITHM").unwrap_or("HS256")
    }

    pub(crate) fn signing_key(&self) -> &str {
        self.setting("SIGNING_KEY").unwrap_or(&self.secret_key)
    }

    pub(crate) fn verifying_key(&self) -> &str {
        if self.algorithm().starts_with("HS") {
            return self.signing_key();
        }
        self.setting("VERIFYING_KEY").unwrap_or_default()
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.simple_jwt.get(name)?.as_str()
    }

    /// Why this version of the server cannot be run with this profile; empty when it can.
    pub(crate) fn unsupported(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        let served = ["jwt", "jwt_stateless", "session", "basic", "token", "jwt_header"];
        for class in self.auth_classes.iter().filter(|class| !served.contains(&class.as_str())) {
            reasons.push(format!("authentication class {class:?}"));
        }
        for name in ["JWK_URL", "JSON_ENCODER"] {
            if self.simple_jwt.get(name).is_some_and(|value| !value.is_null()) {
                reasons.push(name.to_owned());
            }
        }
        reasons
    }
}

#[cfg(test)]
impl Profile {
    pub(crate) fn for_tests() -> Self {
        serde_json::from_value(serde_json::json!({
            "name": "default", "secret_key": "a-secret-key-for-tests-0123456789", "simple_jwt": {}, "auth_classes": ["jwt"],
            "blacklist_app": true, "language_code": "en-us", "locale_middleware": false,
            "users": [{"id": 1, "username": "alice", "password": "Pa55-word!"}],
        }))
        .unwrap()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_served_is_named() {
        let mut profile = Profile::for_tests();
        assert_eq!(profile.unsupported(), Vec::<String>::new());
        profile.auth_classes.push("remote_user".into());
        profile.simple_jwt.insert("JWK_URL".into(), json!("https://keys.example/jwks.json"));
        assert_eq!(profile.unsupported().len(), 2);
    }

    #[test]
    fn an_unknown_key_is_no_profile() {
        let text = r#"{"name": "x", "secret_key": "", "simple_jwt": {}, "auth_classes": [], "blacklist_app": true,
            "language_code": "en-us", "locale_middleware": false, "users": [], "throttle": 1}"#;
        assert!(serde_json::from_str::<Profile>(text).unwrap_err().to_string().contains("throttle"));
    }

    #[test]
    fn keys_are_the_secret_key_unless_the_profile_has_others() {
        let mut profile = Profile::for_tests();
        assert_eq!(profile.verifying_key(), profile.secret_key);
        profile.simple_jwt.insert("SIGNING_KEY".into(), json!("s"));
        assert_eq!(profile.verifying_key(), "s");
        profile.simple_jwt.insert("ALGORITHM".into(), json!("RS256"));
        profile.simple_jwt.insert("VERIFYING_KEY".into(), json!("v"));
        assert_eq!((profile.signing_key(), profile.verifying_key()), ("s", "v"));
    }
}
