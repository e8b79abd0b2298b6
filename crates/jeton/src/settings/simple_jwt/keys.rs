//! `SIGNING_KEY` and `VERIFYING_KEY`: a secret, or the two halves of a key pair.

use jeton_token::key::{Key, KeyError};
use jeton_token::secret::Secret;

use super::SimpleJwt;
use crate::settings::given::Wrong;
use crate::settings::reader::Section;

impl SimpleJwt {
    /// The key that signs and verifies this site's tokens.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the keys do not fit `ALGORITHM` or each other.
    pub fn key(&self) -> Result<Key, KeyError> {
        let signing_key = self.signing_key.expose();
        match &self.verifying_key {
            _ if self.algorithm.is_symmetric() => Key::from_secret(self.algorithm, signing_key.as_bytes()),
            Some(verifying_key) => Key::from_pem_pair(self.algorithm, signing_key, verifying_key),
            None => Key::from_private_pem(self.algorithm, signing_key),
        }
    }

    /// Takes the keys that were given, and says what is wrong with them.
    pub(super) fn take_keys(
        &mut self,
        section: &mut Section<'_>,
        signing_key: Option<Secret<String>>,
        verifying_key: Option<Secret<String>>,
    ) {
        let has_signing_key = signing_key.is_some();
        if let Some(key) = signing_key {
            self.signing_key = key;
        }
        self.verifying_key = verifying_key.map(|key| key.expose().clone());
        if self.algorithm.is_symmetric() {
            self.check_secret(section, has_signing_key);
        } else {
            self.check_pair(section, has_signing_key);
        }
    }

    fn check_secret(&mut self, section: &mut Section<'_>, has_signing_key: bool) {
        if self.verifying_key.take().is_some() {
            section.warn("VERIFYING_KEY", Wrong::new("is not used: HMAC verifies with the signing key", "Remove it."));
        }
        if has_signing_key && let Err(error) = self.key() {
            section.refuse("SIGNING_KEY", Wrong::new(error.to_string(), "Set ALGORITHM and SIGNING_KEY to fit."));
        }
    }

    fn check_pair(&self, section: &mut Section<'_>, has_signing_key: bool) {
        if !has_signing_key {
            let what = format!("{} signs with a private key, and there is none", self.algorithm);
            let remedy = "Put a private key in PEM here, or name its file in SIGNING_KEY_FILE.";
            section.refuse("SIGNING_KEY", Wrong::new(what, remedy));
        } else if let Err(error) = Key::from_private_pem(self.algorithm, self.signing_key.expose()) {
            let remedy = "Give a private key in PEM that fits ALGORITHM.";
            section.refuse("SIGNING_KEY", Wrong::new(error.to_string(), remedy));
        } else if let Err(error) = self.key() {
            let remedy = "Give the public key of SIGNING_KEY, or leave it out: it is derived.";
            section.refuse("VERIFYING_KEY", Wrong::new(error.to_string(), remedy));
        }
    }
}

#[cfg(test)]
mod tests {
    use jeton_token::algorithm::Algorithm;

    use crate::settings::{Loaded, Problem, Problems, Settings, SettingsFile, Sources};

    fn try_load(simple_jwt: &str) -> Result<Loaded, Problems> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789-0123456789\"\n[simple_jwt]\n{simple_jwt}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        Settings::load(&Sources { file, ..Sources::default() })
    }

    fn error(simple_jwt: &str) -> String {
        let errors = try_load(simple_jwt).expect_err("settings that are wrong").errors;
        assert_eq!(errors.len(), 1, "{errors:?}");
        let error = errors.first().map(Problem::to_string).unwrap();
        assert!(!error.contains("MC4CAQ") && !error.contains("INTuct"), "a key in a message: {error}");
        error
    }

    #[test]
    fn a_private_key_is_enough_and_its_public_key_may_stand_beside_it() {
        for verifying_key in ["", PUBLIC] {
            let settings = format!(
                "ALGORITHM = \"EdDSA\"\nSIGNING_KEY = '''{PRIVATE}'''\nVERIFYING_KEY = '''{verifying_key}'''\n"
            );
            let loaded = try_load(&settings).unwrap_or_else(|problems| panic!("{problems}"));
            assert_eq!(loaded.warnings, []);
            let key = loaded.settings.simple_jwt.key().unwrap();
            assert_eq!((key.algorithm(), key.can_sign()), (Algorithm::EdDsa, true));
        }
    }

    #[test]
    fn keys_that_do_not_fit_stop_the_start_and_are_never_shown() {
        let private = format!("SIGNING_KEY = '''{PRIVATE}'''\n");
        for (settings, start) in [
            ("ALGORITHM = \"RS256\"\n".to_owned(), "simple_jwt.SIGNING_KEY: RS256 signs with a private key"),
            (format!("ALGORITHM = \"RS256\"\n{private}"), "simple_jwt.SIGNING_KEY (line 4): this is no key for RS256"),
            (format!("ALGORITHM = \"HS256\"\n{private}"), "simple_jwt.SIGNING_KEY (line 4): a PEM key is no secret"),
            (
                format!("ALGORITHM = \"EdDSA\"\n{private}VERIFYING_KEY = '''{OTHER_PUBLIC}'''\n"),
                "simple_jwt.VERIFYING_KEY (line 7): the public key does not belong to the private key",
            ),
            (
                format!("ALGORITHM = \"EdDSA\"\n{private}VERIFYING_KEY = '''{PRIVATE}'''\n"),
                "simple_jwt.VERIFYING_KEY (line 7): this is a private key",
            ),
            (
                format!("ALGORITHM = \"EdDSA\"\nSIGNING_KEY = '''{PUBLIC}'''\n"),
                "simple_jwt.SIGNING_KEY (line 4): this is a public key",
            ),
        ] {
            let error = error(&settings);
            assert!(error.starts_with(start), "{error}");
        }
    }

    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----";
    const OTHER_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAfU0Of2FTpptiQrUiq77mhf2kQg+INLEIw72uNp71Sfo=
-----END PUBLIC KEY-----";
}
