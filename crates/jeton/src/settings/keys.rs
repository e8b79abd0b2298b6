//! `[keys]`: signing keys that come one after the other.

use std::time::Duration;

use super::given::{Wrong, between};
use super::reader::Reader;

/// How keys get around.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keys {
    /// How long a new key is known before it signs.
    pub propagation: Duration,
    /// How long the document of public keys may be kept by whoever fetched it.
    pub jwks_max_age: Duration,
}

impl Default for Keys {
    fn default() -> Self {
        Self { propagation: Duration::from_secs(600), jwks_max_age: Duration::from_secs(300) }
    }
}

impl Keys {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut section = reader.section("keys");
        let default = Self::default();
        let keys = Self {
            propagation: section.read_if(
                "propagation",
                "How long a new signing key is known to every node and published before it signs.",
                default.propagation,
                between(Duration::from_secs(1)..=Duration::from_secs(30 * 86_400)),
            ),
            jwks_max_age: section.read_if(
                "jwks_max_age",
                "How long whoever fetched the public keys may keep them (Cache-Control).",
                default.jwks_max_age,
                between(Duration::ZERO..=Duration::from_secs(7 * 86_400)),
            ),
        };
        if keys.propagation < keys.jwks_max_age + NODES {
            reader.refuse(
                "keys.propagation",
                Wrong::new(
                    "is too short: a new key would sign before everybody has heard of it",
                    "Make it at least two minutes longer than jwks_max_age in [keys].",
                ),
            );
        }
        keys
    }
}

/// Every node looks for new keys within half of this time.
const NODES: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Settings, SettingsFile, Sources};

    fn load(text: &str) -> Result<Keys, String> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789\"\n[keys]\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        let loaded = Settings::load(&Sources { file, ..Sources::default() });
        loaded.map(|loaded| loaded.settings.keys).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_key_is_known_longer_than_documents_are_kept() {
        assert_eq!(load("").unwrap(), Keys::default());
        assert!(load("propagation = \"1h\"\njwks_max_age = \"58m\"").is_ok());
        for wrong in ["propagation = \"5m\"", "jwks_max_age = \"10m\"", "jwks_max_age = \"9d\"", "propagation = 0"] {
            assert!(load(wrong).unwrap_err().contains("keys."), "{wrong}");
        }
    }
}
