//! What one section alone cannot tell.

use super::given::Wrong;
use super::reader::Reader;
use super::simple_jwt::python;
use super::{AuthenticationClass, Settings};

impl Settings {
    pub(super) fn check_together(&self, reader: &mut Reader, allow_short_signing_key: bool) {
        self.check_signing_key(reader, allow_short_signing_key);
        self.check_rotation(reader);
        self.check_claims(reader);
        self.check_devices(reader);
    }

    /// RFC 7518 §3.2: a key of the hash's size or larger; and 32 bytes is where guessing ends. The site's secret is a
    /// signing secret too, of hand-made tokens.
    fn check_signing_key(&self, reader: &mut Reader, allow_short: bool) {
        let (signing_key, secret_key) = (self.simple_jwt.signing_key.expose(), self.secret_key.expose());
        check_length(reader, "secret_key", secret_key.len(), allow_short);
        if signing_key != secret_key {
            check_length(reader, "simple_jwt.SIGNING_KEY", signing_key.len(), allow_short);
        }
    }

    fn check_rotation(&self, reader: &mut Reader) {
        let (rotate, blacklist) = (self.simple_jwt.rotate_refresh_tokens, self.simple_jwt.blacklist_after_rotation);
        if blacklist && !self.ledger.blacklist {
            reader.warn(
                "simple_jwt.BLACKLIST_AFTER_ROTATION",
                Wrong::new(
                    "has no effect while BLACKLIST in [ledger] is false: refresh tokens that were rotated still work",
                    "Set BLACKLIST = true in [ledger], or remove this.",
                ),
            );
        } else if blacklist && !rotate {
            reader.warn(
                "simple_jwt.BLACKLIST_AFTER_ROTATION",
                Wrong::new(
                    "nothing is rotated, so nothing is blacklisted by it; it still makes verify consult the blacklist",
                    "Set ROTATE_REFRESH_TOKENS = true, or remove this.",
                ),
            );
        } else if rotate && !blacklist && self.ledger.reuse_detection {
            reader.warn(
                "simple_jwt.ROTATE_REFRESH_TOKENS",
                Wrong::new(
                    "refresh tokens that were rotated still work, and a stolen one is not noticed",
                    "Set BLACKLIST_AFTER_ROTATION = true, or REUSE_DETECTION = false in [ledger] if this is meant.",
                ),
            );
        }
        if self.simple_jwt.access_token_lifetime > self.simple_jwt.refresh_token_lifetime {
            reader.warn(
                "simple_jwt.ACCESS_TOKEN_LIFETIME",
                Wrong::new(
                    "access tokens outlive the refresh tokens they come from",
                    "Make REFRESH_TOKEN_LIFETIME the longer one.",
                ),
            );
        }
    }

    fn check_devices(&self, reader: &mut Reader) {
        if self.devices.max_per_user.is_some() && !self.ledger.blacklist {
            reader.warn(
                "devices.max_per_user",
                Wrong::new(
                    "counts sessions alone while BLACKLIST in [ledger] is false: logins with tokens are not recorded",
                    "Set BLACKLIST = true in [ledger], or remove this.",
                ),
            );
        }
    }

    fn check_claims(&self, reader: &mut Reader) {
        if self.simple_jwt.jti_claim.is_none() && self.ledger.blacklist {
            reader.refuse(
                "simple_jwt.JTI_CLAIM",
                Wrong::new(
                    "the blacklist knows tokens by their id, and there would be none",
                    "Name the claim, or set BLACKLIST = false in [ledger].",
                ),
            );
        }
        let stateless = self.authentication.classes.contains(&AuthenticationClass::JwtStateless);
        if python::foreign_token_user_class(&mut reader.section("simple_jwt")) {
            let path = "simple_jwt.TOKEN_USER_CLASS";
            let remedy = "Remove it; a caller without a look-up has the id and the username of the token.";
            if stateless {
                reader.refuse(path, Wrong::new("Jeton cannot run Python code", remedy));
            } else {
                reader.warn(path, Wrong::new("is not used: no caller is made from a token alone", "Remove it."));
            }
        }
    }
}

fn check_length(reader: &mut Reader, path: &str, length: usize, allow_short: bool) {
    if length == 0 || length >= 32 {
        return;
    }
    let what = format!("the signing secret has {length} bytes; whoever guesses it makes tokens for everybody");
    match allow_short {
        true => reader.warn(path, Wrong::new(what, "Use at least 32 random bytes as soon as you can.")),
        false => reader.refuse(
            path,
            Wrong::new(what, "Use at least 32 random bytes, or set allow_short_signing_key = true and take the risk."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::{Loaded, Problem, Problems, Settings, SettingsFile, Sources};

    fn try_load(text: &str) -> Result<Loaded, Problems> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789-0123456789\"\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        Settings::load(&Sources { file, ..Sources::default() })
    }

    fn load(text: &str) -> Loaded {
        try_load(text).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn errors(text: &str) -> Vec<String> {
        try_load(text).expect_err("settings that are wrong").errors.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn a_short_secret_is_refused_in_safe_and_a_warning_in_exact() {
        let key = "[simple_jwt]\nSIGNING_KEY = \"SECRET\"\n";
        assert!(errors(key)[0].starts_with("simple_jwt.SIGNING_KEY (line 3): the signing secret has 6 bytes"));
        for allowed in ["compatibility = \"exact\"\n", "allow_short_signing_key = true\n"] {
            let loaded = load(&format!("{allowed}{key}"));
            assert_eq!(loaded.warnings.len(), 1);
            assert_eq!(loaded.settings.simple_jwt.signing_key.expose(), "SECRET");
        }
        assert_eq!(errors(&format!("compatibility = \"exact\"\nallow_short_signing_key = false\n{key}")).len(), 1);
    }

    #[test]
    fn odd_pairs_of_rules_are_warnings_that_say_what_they_still_do() {
        let warning = |text: &str| {
            let warnings = load(text).warnings;
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            warnings[0].to_string()
        };
        let kept = "[simple_jwt]\nBLACKLIST_AFTER_ROTATION = true\n";
        assert!(warning(kept).contains("it still makes verify consult the blacklist"));
        assert!(warning(&format!("{kept}[ledger]\nBLACKLIST = false\n")).contains("has no effect"));
        let rotate = "[simple_jwt]\nROTATE_REFRESH_TOKENS = true\n";
        assert!(warning(rotate).contains("a stolen one is not noticed"));
        assert_eq!(load(&format!("compatibility = \"exact\"\n{rotate}")).warnings, []);
        assert!(warning("[simple_jwt]\nACCESS_TOKEN_LIFETIME = \"2d\"\n").contains("outlive"));
    }

    #[test]
    fn tokens_without_an_id_need_the_blacklist_off() {
        let null = "[simple_jwt]\nJTI_CLAIM = \"\"\nTOKEN_TYPE_CLAIM = \"\"\n";
        assert!(errors(null)[0].starts_with("simple_jwt.JTI_CLAIM (line 3): the blacklist knows tokens by their id"));
        let off = load(&format!("{null}[ledger]\nBLACKLIST = false\n")).settings;
        assert_eq!((off.simple_jwt.jti_claim, off.simple_jwt.token_type_claim), (None, None));
    }

    #[test]
    fn the_token_user_class_matters_to_the_stateless_class_alone() {
        let class = "[simple_jwt]\nTOKEN_USER_CLASS = \"accounts.User\"\n";
        assert_eq!(load(class).warnings[0].path, "simple_jwt.TOKEN_USER_CLASS");
        let own = "[simple_jwt]\nTOKEN_USER_CLASS = \"rest_framework_simplejwt.models.TokenUser\"\n";
        let stateless = "[authentication]\nclasses = [\"jwt_stateless\"]\n";
        assert_eq!(load(&format!("{own}{stateless}")).warnings, []);
        assert!(errors(&format!("{class}{stateless}"))[0].contains("Jeton cannot run Python code"));
    }
}
