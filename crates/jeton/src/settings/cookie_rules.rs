//! What the settings of every cookie have in common: name, path, domain, SameSite, Secure.

use super::Compatibility;
use super::given::{Given, Parsed, Setting, Words, Wrong};
use super::reader::Section;

/// How a cookie is set, and deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CookieRules {
    /// Its name.
    pub name: String,
    /// The paths it is sent to.
    pub path: String,
    /// The domain whose hosts it is sent to; none is the host that set it, and no other.
    pub domain: Option<String>,
    /// Whether it comes along from other sites.
    pub same_site: SameSite,
    /// Whether it travels by HTTPS alone.
    pub secure: SecureCookie,
}

/// Which requests of other sites a cookie comes along with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// None.
    Strict,
    /// Links that are followed.
    Lax,
    /// All.
    None,
}

/// Whether a cookie has the attribute `Secure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecureCookie {
    /// `true`.
    Always,
    /// `false`.
    Never,
    /// `"unless_localhost"`: unless the browser asked this very machine, where some of them drop such cookies.
    UnlessLocalhost,
}

impl CookieRules {
    /// For the whole host and no other, as Django sets cookies; in safe by HTTPS alone, but for localhost.
    pub fn defaults(name: &str, compatibility: Compatibility) -> Self {
        let secure = match compatibility {
            Compatibility::Safe => SecureCookie::UnlessLocalhost,
            Compatibility::Exact => SecureCookie::Never,
        };
        let (name, path) = (name.to_owned(), "/".to_owned());
        Self { name, path, domain: None, same_site: SameSite::Lax, secure }
    }

    /// The keys are `name`, `path`, `domain`, `samesite` and `secure`, with a prefix where the section has other subjects.
    pub(super) fn read(section: &mut Section<'_>, prefix: &str, default: Self) -> Self {
        let key = |name: &str| format!("{prefix}{name}");
        let rules = Self {
            name: section.read_if(&key("name"), "The name of the cookie.", default.name, |name| is_cookie_name(name)),
            path: section.read_if(&key("path"), "The paths it is sent to.", default.path, |path| is_cookie_path(path)),
            domain: section.read_if(
                &key("domain"),
                "The domain whose hosts it is sent to. Empty: only the host that set it.",
                default.domain,
                is_cookie_domain,
            ),
            same_site: section.read(
                &key("samesite"),
                "Strict, Lax, or None: whether it comes along from other sites.",
                default.same_site,
            ),
            secure: section.read(
                &key("secure"),
                "true: by HTTPS alone; false; or unless_localhost: by HTTPS alone, but for localhost.",
                default.secure,
            ),
        };
        rules.check_together(section, prefix, &key("name"));
        if rules.same_site == SameSite::None && rules.secure == SecureCookie::Never {
            let what = "browsers drop a cookie with SameSite=None unless it is Secure";
            section.warn(&key("samesite"), Wrong::new(what, format!("Set {prefix}secure = true.")));
        }
        rules
    }

    /// What browsers ask of a cookie for its name (RFC 6265bis §4.1.3).
    pub(super) fn check_together(&self, section: &mut Section<'_>, prefix: &str, key: &str) {
        let is_secure = self.secure == SecureCookie::Always;
        if self.has_prefix("__Host-") && !(is_secure && self.path == "/" && self.domain.is_none()) {
            let what = "browsers drop a cookie of this name unless it is Secure, for the path / and without a domain";
            let remedy = format!("Set {prefix}secure = true, {prefix}path = \"/\", {prefix}domain = \"\".");
            section.refuse(key, Wrong::new(what, remedy));
        } else if self.has_prefix("__Secure-") && !is_secure {
            let what = "browsers drop a cookie of this name unless it is Secure";
            section.refuse(key, Wrong::new(what, format!("Set {prefix}secure = true, or choose another name.")));
        }
    }

    /// Whether its name promises something, in whatever case.
    fn has_prefix(&self, prefix: &str) -> bool {
        self.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }
}

impl SameSite {
    /// As the cookie has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

impl Words for SameSite {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("Strict", Self::Strict),
        ("Lax", Self::Lax),
        ("None", Self::None),
        ("strict", Self::Strict),
        ("lax", Self::Lax),
        ("none", Self::None),
    ];
}

impl Setting for SecureCookie {
    fn parse(given: &Given) -> Parsed<Self> {
        if given.as_text() == Some(UNLESS_LOCALHOST) {
            return Ok(Self::UnlessLocalhost);
        }
        match bool::parse(given) {
            Ok(true) => Ok(Self::Always),
            Ok(false) => Ok(Self::Never),
            Err(_) => given.wrong("true, false or unless_localhost", "Write true, false, or \"unless_localhost\"."),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Always => "true".to_owned(),
            Self::Never => "false".to_owned(),
            Self::UnlessLocalhost => format!("\"{UNLESS_LOCALHOST}\""),
        }
    }
}

const UNLESS_LOCALHOST: &str = "unless_localhost";

pub(super) fn is_cookie_name(name: &str) -> Result<(), Wrong> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    match !name.is_empty() && name.bytes().all(is_token) {
        true => Ok(()),
        false => Err(Wrong::new(format!("\"{name}\" is no name for a cookie"), "Use letters, digits, - and _.")),
    }
}

fn is_cookie_path(path: &str) -> Result<(), Wrong> {
    match path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';') {
        true => Ok(()),
        false => Err(Wrong::new(format!("\"{path}\" is no path for a cookie"), "Begin it with a slash: \"/\".")),
    }
}

fn is_cookie_domain(domain: &Option<String>) -> Result<(), Wrong> {
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    match domain {
        Some(domain) if !domain.bytes().all(is_host) => Err(Wrong::new(
            format!("\"{domain}\" is no domain"),
            "Write a name without scheme and port: \"example.com\".",
        )),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::{SecureCookie, Settings, SettingsFile, Sources};

    fn load(text: &str) -> Result<(Settings, usize), String> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789\"\n[sessions]\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        let loaded = Settings::load(&Sources { file, ..Sources::default() });
        loaded.map(|loaded| (loaded.settings, loaded.warnings.len())).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_prefix_holds_what_it_promises() {
        let host = "cookie_name = \"__Host-sessionid\"\n";
        assert!(load(host).unwrap_err().contains("sessions.cookie_name"));
        assert!(load(&format!("{host}cookie_secure = true\n")).is_ok());
        assert!(load(&format!("{host}cookie_secure = true\ncookie_domain = \"example.com\"\n")).is_err());
        assert!(load(&format!("{host}cookie_secure = true\ncookie_path = \"/api/\"\n")).is_err());
        assert!(load("cookie_name = \"__Secure-sessionid\"\ncookie_secure = \"unless_localhost\"\n").is_err());
        assert!(load("cookie_name = \"__Secure-sessionid\"\ncookie_secure = true\n").is_ok());
    }

    #[test]
    fn what_no_cookie_can_have_is_refused() {
        for wrong in [
            "cookie_name = \"\"",
            "cookie_name = \"a b\"",
            "cookie_name = \"a;b\"",
            "cookie_path = \"api\"",
            "cookie_path = \"/; Secure\"",
            "cookie_domain = \"https://example.com\"",
            "cookie_samesite = \"Sometimes\"",
            "cookie_secure = \"perhaps\"",
        ] {
            assert!(load(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn secure_is_a_word_or_a_truth() {
        let secure = |text: &str| load(text).unwrap().0.sessions.cookie.secure;
        assert_eq!(secure(""), SecureCookie::UnlessLocalhost);
        assert_eq!(secure("cookie_secure = true"), SecureCookie::Always);
        assert_eq!(secure("cookie_secure = false"), SecureCookie::Never);
        assert_eq!(load("cookie_samesite = \"None\"\ncookie_secure = false").unwrap().1, 1);
    }
}
