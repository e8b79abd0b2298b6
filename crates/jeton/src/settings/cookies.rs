//! `[cookies]`: the cookies of the cookie flow, their names and attributes.

use super::given::{Words, Wrong};
use super::reader::{Reader, Section};
use super::{Compatibility, Endpoint, Urls};

/// The cookie of the refresh token, and that of the access token if there is to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cookies {
    /// Holds the refresh token.
    pub refresh_name: String,
    /// Holds the access token, where scripts shall not have it; none: it is in the answer alone.
    pub access_name: Option<String>,
    /// Where the refresh token is sent; none: to the folder of the cookie endpoints.
    pub path: Option<String>,
    /// The hosts they are sent to; none: this host alone.
    pub domain: Option<String>,
    /// Whether other sites' requests carry them.
    pub same_site: SameSite,
    /// Whether they are sent over TLS alone.
    pub secure: Secure,
    /// Whether a cookie is deleted without `HttpOnly` and `Secure`, as Django does it; else with the very attributes it
    /// was set with.
    pub plain_deletion: bool,
}

/// `SameSite`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Also when a link of another site is followed.
    Lax,
    /// Never.
    Strict,
    /// Always; needs `Secure`.
    None,
}

/// `Secure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secure {
    /// But for plain HTTP on this very machine: browsers differ in whether they keep such a cookie there.
    UnlessLocal,
    /// Whatever comes.
    Always,
    /// Not even over TLS.
    Never,
}

impl Cookies {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        let exact = compatibility == Compatibility::Exact;
        Self {
            refresh_name: "refresh".to_owned(),
            access_name: None,
            path: exact.then(|| "/".to_owned()),
            domain: None,
            same_site: SameSite::Lax,
            secure: if exact { Secure::Never } else { Secure::UnlessLocal },
            plain_deletion: exact,
        }
    }

    /// Where the refresh token is sent: as set, or to the innermost folder that has all cookie endpoints in it.
    pub fn refresh_path(&self, urls: &Urls) -> String {
        let whole = || "/".to_owned();
        match &self.path {
            Some(path) => path.clone(),
            None if self.refresh_name.starts_with("__Host-") => whole(),
            None => folder_of_all(urls).unwrap_or_else(whole),
        }
    }

    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("cookies");
        let default = Self::defaults(compatibility);
        let cookies = Self {
            refresh_name: section.read_if(
                "refresh_name",
                "The cookie that holds the refresh token; __Host-refresh ties it to this host, over TLS alone.",
                default.refresh_name,
                |name| is_name(name),
            ),
            access_name: section.read_if(
                "access_name",
                "A cookie for the access token, too: then it counts like the Authorization header. Empty: none.",
                default.access_name,
                |name| name.as_deref().map_or(Ok(()), is_name),
            ),
            path: section.read_if(
                "path",
                "Where the refresh token is sent. Empty: to the folder of the cookie endpoints.",
                default.path,
                |path| path.as_deref().map_or(Ok(()), is_path),
            ),
            domain: section.read_if(
                "domain",
                "The domain whose hosts get the cookies, such as example.com. Empty: this host alone.",
                default.domain,
                |domain| domain.as_deref().map_or(Ok(()), is_domain),
            ),
            same_site: section.read(
                "same_site",
                "Whether requests that other sites cause carry the cookies: Lax, Strict or None.",
                default.same_site,
            ),
            secure: section.read(
                "secure",
                "Whether the cookies travel over TLS alone: auto (yes, but for plain HTTP on localhost), always or never.",
                default.secure,
            ),
            plain_deletion: section.read(
                "plain_deletion",
                "Whether cookies are deleted without HttpOnly and Secure, as Django does it.",
                default.plain_deletion,
            ),
        };
        cookies.check(&mut section);
        cookies
    }

    /// What browsers would not keep is refused here.
    fn check(&self, section: &mut Section<'_>) {
        if self.access_name.as_ref() == Some(&self.refresh_name) {
            let wrong = Wrong::new("is the name of the refresh token's cookie", "Choose another name.");
            section.refuse("access_name", wrong);
        }
        if self.same_site == SameSite::None && self.secure == Secure::Never {
            let wrong = Wrong::new("browsers drop a cookie with SameSite=None that is not Secure", "Write \"auto\".");
            section.refuse("secure", wrong);
        }
        let names = [("refresh_name", Some(&self.refresh_name)), ("access_name", self.access_name.as_ref())];
        for (key, name) in names.into_iter().filter_map(|(key, name)| Some((key, name?))) {
            let is_host = name.starts_with("__Host-");
            if (is_host || name.starts_with("__Secure-")) && self.secure == Secure::Never {
                section.refuse(key, Wrong::new("browsers drop a cookie of that name that is not Secure", SECURE));
            }
            if is_host && self.domain.is_some() {
                section.refuse(key, Wrong::new("browsers drop a __Host- cookie that has a domain", DOMAIN));
            }
            if is_host && key == "refresh_name" && self.path.as_deref().is_some_and(|path| path != "/") {
                section.refuse(key, Wrong::new("browsers drop a __Host- cookie of another path than /", PATH));
            }
        }
    }
}

const SECURE: &str = "Write secure = \"auto\", or a name without the prefix.";
const DOMAIN: &str = "Remove domain, or write a name without the prefix.";
const PATH: &str = "Write path = \"/\", or a name without the prefix.";

fn folder_of_all(urls: &Urls) -> Option<String> {
    let all = [Endpoint::CookieSignup, Endpoint::CookieLogin, Endpoint::CookieLogout, Endpoint::CookieRefresh];
    let paths = all.iter().filter_map(|endpoint| urls.paths.get(endpoint)).flatten();
    let folders = paths.filter_map(|path| {
        let path = path.trim_end_matches('/');
        path.rfind('/').map(|slash| path[..=slash].to_owned())
    });
    folders.reduce(|left, right| {
        let parts = left.split_inclusive('/').zip(right.split_inclusive('/'));
        parts.take_while(|(left, right)| left == right).map(|(part, _)| part).collect()
    })
}

/// A token of RFC 9110 §5.6.2.
fn is_name(name: &str) -> Result<(), Wrong> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    match !name.is_empty() && name.bytes().all(is_good) {
        true => Ok(()),
        false => Err(Wrong::new(format!("\"{name}\" is no name for a cookie"), "Use letters, digits, - and _.")),
    }
}

fn is_path(path: &str) -> Result<(), Wrong> {
    let is_good = |byte: u8| matches!(byte, b'!'..=b'~') && byte != b';';
    match path.starts_with('/') && path.bytes().all(is_good) {
        true => Ok(()),
        false => Err(Wrong::new(format!("\"{path}\" is no path"), "Begin it with a slash: \"/\" or \"/api/\".")),
    }
}

fn is_domain(domain: &str) -> Result<(), Wrong> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    match domain.bytes().all(is_good) && domain.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        true => Ok(()),
        false => Err(Wrong::new(
            format!("\"{domain}\" is no domain"),
            "Write a name without scheme or port: \"example.com\".",
        )),
    }
}

impl SameSite {
    /// As cookies write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "Lax",
            Self::Strict => "Strict",
            Self::None => "None",
        }
    }
}

impl Words for SameSite {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("Lax", Self::Lax),
        ("Strict", Self::Strict),
        ("None", Self::None),
        ("lax", Self::Lax),
        ("strict", Self::Strict),
        ("none", Self::None),
    ];
}

impl Words for Secure {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::UnlessLocal), ("always", Self::Always), ("never", Self::Never)];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Settings, SettingsFile, Sources};

    fn load(text: &str) -> Result<Settings, String> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789\"\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        let loaded = Settings::load(&Sources { file, ..Sources::default() });
        loaded.map(|loaded| loaded.settings).map_err(|problems| problems.to_string())
    }

    fn refused(text: &str) -> String {
        load(&format!("[cookies]\n{text}")).expect_err("settings that are wrong")
    }

    #[test]
    fn a_prefix_promises_what_browsers_hold_a_cookie_to() {
        let host = "refresh_name = \"__Host-refresh\"\n";
        assert!(refused(&format!("{host}secure = \"never\"")).contains("that is not Secure"));
        assert!(refused(&format!("{host}domain = \"example.com\"")).contains("that has a domain"));
        assert!(refused(&format!("{host}path = \"/api/\"")).contains("another path than /"));
        assert!(refused("access_name = \"__Secure-a\"\nsecure = \"never\"").contains("cookies.access_name (line 3)"));
        let settings = load(&format!("[cookies]\n{host}")).unwrap();
        assert_eq!(settings.cookies.refresh_path(&settings.urls), "/");
    }

    #[test]
    fn what_browsers_would_drop_or_misread_is_refused() {
        assert!(refused("same_site = \"None\"\nsecure = \"never\"").contains("SameSite=None"));
        assert!(refused("access_name = \"refresh\"").contains("Choose another name"));
        for wrong in
            ["refresh_name = \"a b\"", "refresh_name = \"\"", "path = \"api\"", "path = \"/a;b\"", "domain = \"a/b\""]
        {
            refused(wrong);
        }
    }

    #[test]
    fn in_safe_the_refresh_token_goes_where_it_is_needed() {
        let path = |text: &str| {
            let settings = load(text).unwrap();
            settings.cookies.refresh_path(&settings.urls)
        };
        assert_eq!(path(""), "/api/v1/");
        assert_eq!(path("compatibility = \"exact\""), "/");
        assert_eq!(path("[cookies]\npath = \"/\""), "/");
        assert_eq!(path("[urls]\nprefix = \"/auth\""), "/auth/api/v1/");
        let far = "[urls]\ncookie_login = \"/user/login/\"\ncookie_logout = \"/users/logout/\"\n";
        assert_eq!(path(&format!("{far}cookie_signup = []\ncookie_refresh = []")), "/");
        assert_eq!(path("[urls]\ncookie_login = []\ncookie_signup = []\ncookie_logout = []\ncookie_refresh = []"), "/");
    }
}
