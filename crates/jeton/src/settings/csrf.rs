//! `[csrf]`: which sites may act for a signed-in user.

use std::time::Duration;

use super::given::{Given, Parsed, Setting, Wrong, between};
use super::reader::Reader;
use super::{Compatibility, CookieRules};

/// The defence against requests that other sites make in a user's name. Django's names, without their `CSRF_`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Csrf {
    /// Origins beside the site's own: `https://app.example`, or `https://*.example.com` for every subdomain.
    pub trusted_origins: Vec<String>,
    /// The cookie that holds the token; scripts can read it.
    pub cookie: CookieRules,
    /// How long browsers keep it.
    pub cookie_age: Duration,
    /// The header that sends it back, in lower case.
    pub header_name: String,
    /// Whether a token is good for the session it was issued for, and no other.
    pub bind_to_session: bool,
    /// Whether session requests that a browser calls cross-site are refused.
    pub check_fetch_site: bool,
    /// Whether login and cookie endpoints look at where a request comes from.
    pub check_origin: bool,
}

/// A header in WSGI spelling or in its own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HeaderName(String);

impl Csrf {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        let safe = compatibility == Compatibility::Safe;
        Self {
            trusted_origins: Vec::new(),
            cookie: CookieRules::defaults("csrftoken", compatibility),
            cookie_age: Duration::from_secs(364 * 86_400),
            header_name: "x-csrftoken".to_owned(),
            bind_to_session: safe,
            check_fetch_site: safe,
            check_origin: safe,
        }
    }

    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("csrf");
        let mut csrf = Self::defaults(compatibility);
        csrf.trusted_origins = section.read_if(
            "trusted_origins",
            "Origins that may act for users beside this site: [\"https://app.example\", \"https://*.example.com\"].",
            csrf.trusted_origins,
            |origins| are_origins(origins),
        );
        let HeaderName(name) = section.read(
            "header_name",
            "The header that sends the token back; Django's CSRF_HEADER_NAME is understood.",
            HeaderName(csrf.header_name),
        );
        csrf.header_name = name;
        csrf.bind_to_session = section.read(
            "bind_to_session",
            "Whether a token is good for the session it was issued for, and no other.",
            csrf.bind_to_session,
        );
        csrf.check_fetch_site = section.read(
            "check_fetch_site",
            "Whether session requests that the browser calls cross-site are refused.",
            csrf.check_fetch_site,
        );
        csrf.check_origin = section.read(
            "check_origin",
            "Whether login and cookie endpoints take requests from this site and trusted origins alone.",
            csrf.check_origin,
        );
        csrf.cookie_age = section.read_if(
            "cookie_age",
            "How long browsers keep the cookie.",
            csrf.cookie_age,
            between(Duration::from_secs(1)..=Duration::from_secs(400 * 86_400)),
        );
        csrf.cookie = CookieRules::read(&mut section, "cookie_", csrf.cookie);
        csrf
    }
}

impl Setting for HeaderName {
    fn parse(given: &Given) -> Parsed<Self> {
        let name = given.as_text().map(|text| text.strip_prefix("HTTP_").unwrap_or(text).replace('_', "-"));
        match name.filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')) {
            Some(name) => Ok(Self(name.to_ascii_lowercase())),
            None => {
                given.wrong("the name of a header", "Write \"X-CSRFToken\", or as Django does \"HTTP_X_CSRFTOKEN\".")
            }
        }
    }

    fn show(&self) -> String {
        format!("\"HTTP_{}\"", self.0.to_ascii_uppercase().replace('-', "_"))
    }
}

/// Django compares texts: what no browser sends would never match.
fn are_origins(origins: &[String]) -> Result<(), Wrong> {
    let is_host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c);
    let is_origin = |origin: &&String| {
        let Some((scheme, host)) = origin.split_once("://") else { return false };
        let host = host.strip_prefix("*.").unwrap_or(host);
        matches!(scheme, "http" | "https") && !host.is_empty() && host.chars().all(is_host)
    };
    match origins.iter().find(|origin| !is_origin(origin)) {
        None => Ok(()),
        Some(origin) => Err(Wrong::new(
            format!("\"{origin}\" is not an origin"),
            "Write scheme, host and port as browsers send them: \"https://app.example\"; a * stands for subdomains: \"https://*.example.com\".",
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::{Settings, SettingsFile, Sources};

    fn load(text: &str) -> Result<Settings, String> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789\"\n[csrf]\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        let loaded = Settings::load(&Sources { file, ..Sources::default() });
        loaded.map(|loaded| loaded.settings).map_err(|problems| problems.to_string())
    }

    #[test]
    fn origins_have_a_scheme_and_perhaps_a_star_in_front() {
        for good in ["https://app.example", "http://localhost:3000", "https://*.example.com", "http://[::1]:8000"] {
            assert!(load(&format!("trusted_origins = [\"{good}\"]")).is_ok(), "{good}");
        }
        for bad in ["app.example", "*", "https://", "https://App.example", "https://a.example/", "https://*", "ftp://a"]
        {
            let problem = load(&format!("trusted_origins = [\"{bad}\"]")).unwrap_err();
            assert!(problem.contains("csrf.trusted_origins"), "{bad}: {problem}");
        }
    }

    #[test]
    fn the_header_is_taken_in_either_spelling() {
        for name in ["X-XSRF-Token", "HTTP_X_XSRF_TOKEN"] {
            assert_eq!(load(&format!("header_name = \"{name}\"")).unwrap().csrf.header_name, "x-xsrf-token");
        }
        assert!(load("header_name = \"X CSRF\"").is_err());
    }
}
