//! `[cookies]`: the cookies of the cookie flow.

use super::cookie_rules::is_cookie_name;
use super::given::Wrong;
use super::reader::Reader;
use super::{Compatibility, CookieRules, Endpoint, Urls};

/// The cookie of the refresh token, and that of the access token if there is to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cookies {
    /// Holds the refresh token.
    pub refresh: CookieRules,
    /// The name of a cookie for the access token, which is sent to every path; none: the answer alone has it.
    pub access_name: Option<String>,
    /// Whether a cookie is deleted without `HttpOnly` and `Secure`, as Django does it; else with the very attributes it
    /// was set with.
    pub plain_deletion: bool,
}

impl Cookies {
    /// The defaults of a stance: in exact the refresh token is sent to every path, in safe to the innermost folder that
    /// has all cookie endpoints in it.
    pub fn defaults(compatibility: Compatibility, urls: &Urls) -> Self {
        let exact = compatibility == Compatibility::Exact;
        let mut refresh = CookieRules::defaults("refresh", compatibility);
        if let Some(folder) = folder_of_all(urls).filter(|_| !exact) {
            refresh.path = folder;
        }
        Self { refresh, access_name: None, plain_deletion: exact }
    }

    /// The cookie of the access token, if there is one.
    pub fn access(&self) -> Option<CookieRules> {
        let name = self.access_name.clone()?;
        Some(CookieRules { name, path: "/".to_owned(), ..self.refresh.clone() })
    }

    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility, urls: &Urls) -> Self {
        let mut section = reader.section("cookies");
        let default = Self::defaults(compatibility, urls);
        let cookies = Self {
            refresh: CookieRules::read(&mut section, "", default.refresh),
            access_name: section.read_if(
                "access_name",
                "A cookie for the access token, too: then it counts like the Authorization header. Empty: none.",
                default.access_name,
                |name| name.as_deref().map_or(Ok(()), is_cookie_name),
            ),
            plain_deletion: section.read(
                "plain_deletion",
                "Whether cookies are deleted without HttpOnly and Secure, as Django does it.",
                default.plain_deletion,
            ),
        };
        if let Some(access) = cookies.access() {
            access.check_together(&mut section, "", "access_name");
            if access.name == cookies.refresh.name {
                let wrong = Wrong::new("is the name of the cookie for the refresh token", "Choose another name.");
                section.refuse("access_name", wrong);
            }
        }
        cookies
    }
}

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

#[cfg(test)]
mod tests {
    use crate::settings::{Settings, SettingsFile, Sources};

    fn load(text: &str) -> Result<Settings, String> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789\"\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        let loaded = Settings::load(&Sources { file, ..Sources::default() });
        loaded.map(|loaded| loaded.settings).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_name_promises_what_browsers_hold_a_cookie_to() {
        let refused = |text: &str| load(&format!("[cookies]\n{text}")).expect_err("settings that are wrong");
        assert!(refused("name = \"__Host-refresh\"").contains("Set secure = true, path = \"/\", domain = \"\"."));
        assert!(refused("name = \"__Host-refresh\"\nsecure = true").contains("cookies.name (line 3)"));
        assert!(refused("access_name = \"__Secure-a\"").contains("cookies.access_name (line 3)"));
        assert!(refused("access_name = \"refresh\"").contains("Choose another name"));
        assert!(refused("access_name = \"a b\"").contains("no name for a cookie"));
        assert!(load("[cookies]\nname = \"__Host-refresh\"\nsecure = true\npath = \"/\"").is_ok());
        let access = load("[cookies]\naccess_name = \"__Host-a\"\nsecure = true").unwrap().cookies.access().unwrap();
        assert_eq!((access.name.as_str(), access.path.as_str()), ("__Host-a", "/"));
    }

    #[test]
    fn in_safe_the_refresh_token_goes_where_it_is_needed() {
        let path = |text: &str| load(text).unwrap().cookies.refresh.path;
        assert_eq!(path(""), "/api/v1/");
        assert_eq!(path("compatibility = \"exact\""), "/");
        assert_eq!(path("[cookies]\npath = \"/\""), "/");
        assert_eq!(path("[urls]\nprefix = \"/auth\""), "/auth/api/v1/");
        let far = "[urls]\ncookie_login = \"/user/login/\"\ncookie_logout = \"/users/logout/\"\n";
        assert_eq!(path(&format!("{far}cookie_signup = []\ncookie_refresh = []")), "/");
        assert_eq!(path("[urls]\ncookie_login = []\ncookie_signup = []\ncookie_logout = []\ncookie_refresh = []"), "/");
    }
}
