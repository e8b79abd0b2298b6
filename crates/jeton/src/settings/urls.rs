//! `[urls]`: which paths lead where.

use std::collections::BTreeMap;

use super::given::{Words, Wrong};
use super::reader::Reader;

/// Something that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// `token`: a pair for a name and password.
    TokenObtain,
    /// `token_refresh`: a new access token.
    TokenRefresh,
    /// `token_verify`: is this token good.
    TokenVerify,
    /// `token_blacklist`: end a refresh token.
    TokenBlacklist,
    /// `token_sliding`: one sliding token.
    SlidingObtain,
    /// `token_sliding_refresh`: renew a sliding token.
    SlidingRefresh,
    /// `logout`: end one refresh token, or all.
    Logout,
    /// `me`: who am I.
    Me,
    /// `cookie_signup`: makes a user and signs them in; the refresh token goes into a cookie.
    CookieSignup,
    /// `cookie_login`: signs in; the refresh token goes into a cookie.
    CookieLogin,
    /// `cookie_logout`: ends the refresh token in the cookie.
    CookieLogout,
    /// `cookie_refresh`: a new access token for the refresh token in the cookie.
    CookieRefresh,
    /// `session_login`: signs in with a session cookie.
    SessionLogin,
    /// `session_logout`: ends the session.
    SessionLogout,
    /// `sessions`: where one is signed in; below it, each sign-in by its id.
    Sessions,
    /// `jwt_login`: a hand-made token for a name and password.
    JwtLogin,
    /// `jwt_info`: whom a hand-made token names.
    JwtInfo,
    /// `auth_token`: an opaque token (DRF's) for a name and password.
    AuthToken,
    /// `schema`: the OpenAPI description of all this.
    Schema,
    /// `swagger_ui`: swagger UI: the description, to read and try out.
    SwaggerUi,
    /// `jwks`: the public keys that verify this site's tokens.
    Jwks,
    /// `health`: the process runs.
    Health,
    /// `ready`: the process can serve.
    Ready,
}

/// What a missing or an extra final slash means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Slash {
    /// As in Django: a missing slash is a redirect, an extra one is unknown.
    #[default]
    Strict,
    /// Both spellings are the same path.
    Optional,
}

/// The URL map.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Urls {
    /// Put before every path but those of `jwks`, `health` and `ready`; already part of `paths`.
    pub prefix: String,
    /// How final slashes are taken.
    pub slash: Slash,
    /// Whole paths, prefix included. An endpoint without paths is switched off; no path leads to two endpoints.
    pub paths: BTreeMap<Endpoint, Vec<String>>,
}

impl Default for Urls {
    fn default() -> Self {
        let paths = Endpoint::ALL.iter().map(|endpoint| (*endpoint, endpoint.default_paths()));
        Self { prefix: String::new(), slash: Slash::Strict, paths: paths.collect() }
    }
}

impl Endpoint {
    /// All of them, in the order of the default file.
    pub const ALL: [Self; 23] = [
        Self::TokenObtain,
        Self::TokenRefresh,
        Self::TokenVerify,
        Self::TokenBlacklist,
        Self::SlidingObtain,
        Self::SlidingRefresh,
        Self::Logout,
        Self::Me,
        Self::CookieSignup,
        Self::CookieLogin,
        Self::CookieLogout,
        Self::CookieRefresh,
        Self::SessionLogin,
        Self::SessionLogout,
        Self::Sessions,
        Self::JwtLogin,
        Self::JwtInfo,
        Self::AuthToken,
        Self::Schema,
        Self::SwaggerUi,
        Self::Jwks,
        Self::Health,
        Self::Ready,
    ];

    /// Its key in `[urls]`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::TokenObtain => "token",
            Self::TokenRefresh => "token_refresh",
            Self::TokenVerify => "token_verify",
            Self::TokenBlacklist => "token_blacklist",
            Self::SlidingObtain => "token_sliding",
            Self::SlidingRefresh => "token_sliding_refresh",
            Self::Logout => "logout",
            Self::Me => "me",
            Self::CookieSignup => "cookie_signup",
            Self::CookieLogin => "cookie_login",
            Self::CookieLogout => "cookie_logout",
            Self::CookieRefresh => "cookie_refresh",
            Self::SessionLogin => "session_login",
            Self::SessionLogout => "session_logout",
            Self::Sessions => "sessions",
            Self::JwtLogin => "jwt_login",
            Self::JwtInfo => "jwt_info",
            Self::AuthToken => "auth_token",
            Self::Schema => "schema",
            Self::SwaggerUi => "swagger_ui",
            Self::Jwks => "jwks",
            Self::Health => "health",
            Self::Ready => "ready",
        }
    }

    /// Where it is found unless the settings say otherwise; the first path is the one to show.
    pub fn default_paths(self) -> Vec<String> {
        let paths: &[&str] = match self {
            Self::TokenObtain => &["/api/token/", "/api/v1/users/login/simpleJWT"],
            Self::TokenRefresh => &["/api/token/refresh/", "/api/v1/users/login/simpleJWT/refresh"],
            Self::TokenVerify => &["/api/token/verify/", "/api/v1/users/login/simpleJWT/verify"],
            Self::TokenBlacklist => &["/api/token/blacklist/"],
            Self::SlidingObtain => &["/api/token/sliding/"],
            Self::SlidingRefresh => &["/api/token/sliding/refresh/"],
            Self::Logout => &["/api/logout/"],
            Self::Me => &["/api/me/"],
            Self::CookieSignup => &["/api/v1/signup/"],
            Self::CookieLogin => &["/api/v1/login/"],
            Self::CookieLogout => &["/api/v1/logout/"],
            Self::CookieRefresh => &["/api/v1/token/refresh/"],
            Self::SessionLogin => &["/api/v1/users/login"],
            Self::SessionLogout => &["/api/v1/users/logout"],
            Self::Sessions => &["/api/sessions/"],
            Self::JwtLogin => &["/api/v1/users/login/jwt"],
            Self::JwtInfo => &["/api/v1/users/login/jwt/info"],
            Self::AuthToken => &["/api/token-auth/"],
            Self::Schema => &["/api/schema/"],
            Self::SwaggerUi => &["/api/v1/schema/swagger-ui/", "/api/schema/swagger-ui/"],
            Self::Jwks => &["/.well-known/jwks.json"],
            Self::Health => &["/healthz"],
            Self::Ready => &["/readyz"],
        };
        paths.iter().map(|path| (*path).to_owned()).collect()
    }
}

impl Urls {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut section = reader.section("urls");
        let prefix = section.read_if(
            "prefix",
            "Put before every path but those of jwks, health and ready, such as \"/auth\".",
            String::new(),
            |text| is_prefix(text),
        );
        let slash = section.read(
            "slash",
            "strict: a path without its final slash is redirected, as in Django. optional: both are the same.",
            Slash::Strict,
        );
        let mut urls = Self { prefix, slash, paths: BTreeMap::new() };
        for endpoint in Endpoint::ALL {
            let paths =
                section.read_if(endpoint.key(), endpoint.about(), endpoint.default_paths(), |list| are_paths(list));
            let paths: Vec<String> = paths.iter().map(|path| urls.whole(endpoint, path)).collect();
            for path in &paths {
                if let Some(other) = urls.leads_to(path) {
                    let what = format!("{path} leads to {} already", other.key());
                    section.refuse(endpoint.key(), Wrong::new(what, "Give each endpoint a path of its own."));
                }
            }
            urls.paths.insert(endpoint, paths);
        }
        urls
    }

    fn whole(&self, endpoint: Endpoint, path: &str) -> String {
        match endpoint {
            Endpoint::Jwks | Endpoint::Health | Endpoint::Ready => path.to_owned(),
            Endpoint::TokenObtain
            | Endpoint::TokenRefresh
            | Endpoint::TokenVerify
            | Endpoint::TokenBlacklist
            | Endpoint::SlidingObtain
            | Endpoint::SlidingRefresh
            | Endpoint::Logout
            | Endpoint::Me
            | Endpoint::CookieSignup
            | Endpoint::CookieLogin
            | Endpoint::CookieLogout
            | Endpoint::CookieRefresh
            | Endpoint::SessionLogin
            | Endpoint::SessionLogout
            | Endpoint::Sessions
            | Endpoint::JwtLogin
            | Endpoint::JwtInfo
            | Endpoint::AuthToken
            | Endpoint::Schema
            | Endpoint::SwaggerUi => format!("{}{path}", self.prefix),
        }
    }

    fn leads_to(&self, path: &str) -> Option<Endpoint> {
        let same = |left: &str, right: &str| match self.slash {
            Slash::Strict => left == right,
            Slash::Optional => left.trim_end_matches('/') == right.trim_end_matches('/'),
        };
        let mut all = self.paths.iter().flat_map(|(endpoint, paths)| paths.iter().map(move |known| (*endpoint, known)));
        all.find(|(_, known)| same(known, path)).map(|(endpoint, _)| endpoint)
    }
}

impl Endpoint {
    const fn about(self) -> &'static str {
        match self {
            Self::TokenObtain => {
                "A pair of tokens for a name and password. Each is a path or a list; [] switches it off."
            }
            Self::TokenRefresh => "A new access token for a refresh token.",
            Self::TokenVerify => "Is this token good?",
            Self::TokenBlacklist => "Ends a refresh token.",
            Self::SlidingObtain => "One sliding token for a name and password.",
            Self::SlidingRefresh => "Renews a sliding token.",
            Self::Logout => "Ends one refresh token, or all of the caller's.",
            Self::Me => "Who am I?",
            Self::CookieSignup => "Makes a user and signs them in; the refresh token goes into a cookie.",
            Self::CookieLogin => "Signs in; the refresh token goes into a cookie.",
            Self::CookieLogout => "Ends the refresh token in the cookie.",
            Self::CookieRefresh => "A new access token for the refresh token in the cookie.",
            Self::SessionLogin => "Signs in with a session cookie.",
            Self::SessionLogout => "Ends the session.",
            Self::Sessions => "Where the caller is signed in; each sign-in is below it, by its id, to be ended.",
            Self::JwtLogin => "A hand-made token for a name and password.",
            Self::JwtInfo => "Whom a hand-made token names.",
            Self::AuthToken => "An opaque token (DRF's) for a name and password.",
            Self::Schema => "The OpenAPI description of all this.",
            Self::SwaggerUi => "Swagger UI: the description, to read and try out.",
            Self::Jwks => "The public keys that verify this site's tokens.",
            Self::Health => "The process runs.",
            Self::Ready => "The process can serve.",
        }
    }
}

impl Words for Slash {
    const WORDS: &'static [(&'static str, Self)] = &[("strict", Self::Strict), ("optional", Self::Optional)];
}

fn is_prefix(prefix: &str) -> Result<(), Wrong> {
    if prefix.is_empty() || is_path(prefix) && !prefix.ends_with('/') {
        return Ok(());
    }
    Err(Wrong::new(format!("\"{prefix}\" is not a prefix"), "Begin it with a slash and end it without: \"/auth\"."))
}

fn are_paths(paths: &[String]) -> Result<(), Wrong> {
    if let Some(path) = paths.iter().find(|path| !is_path(path)) {
        return Err(Wrong::new(
            format!("\"{path}\" is not a path"),
            "Begin with a slash, such as \"/user/login/\"; no query, no blanks, no escapes, no double slash.",
        ));
    }
    match paths.iter().enumerate().find(|(index, path)| paths[..*index].contains(path)) {
        None => Ok(()),
        Some((_, path)) => Err(Wrong::new(format!("\"{path}\" is there twice"), "Remove one of the two.")),
    }
}

fn is_path(path: &str) -> bool {
    let is_good = |c: char| c.is_alphanumeric() || "/-._~@+,;=!$&'()".contains(c);
    path.starts_with('/') && !path.contains("//") && path.chars().all(is_good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Settings, SettingsFile, Sources};

    fn load(text: &str) -> Result<Urls, String> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789\"\n[urls]\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        let loaded = Settings::load(&Sources { file, ..Sources::default() });
        loaded.map(|loaded| loaded.settings.urls).map_err(|problems| problems.to_string())
    }

    #[test]
    fn another_sites_map_is_a_few_lines() {
        let map = "token = \"/user/login/\"\ntoken_refresh = [\"/user/token/refresh/\"]\nlogout = \"/user/logout/\"\nme = []\n";
        let urls = load(map).unwrap();
        assert_eq!(urls.paths[&Endpoint::TokenObtain], ["/user/login/"]);
        assert_eq!(urls.paths[&Endpoint::TokenRefresh], ["/user/token/refresh/"]);
        assert_eq!(urls.paths[&Endpoint::Logout], ["/user/logout/"]);
        assert!(urls.paths[&Endpoint::Me].is_empty());
        assert_eq!(urls.paths[&Endpoint::TokenVerify][0], "/api/token/verify/");
    }

    #[test]
    fn the_prefix_stands_before_all_but_the_probes_and_the_keys() {
        let urls = load("prefix = \"/auth\"").unwrap();
        assert_eq!(urls.paths[&Endpoint::Me], ["/auth/api/me/"]);
        assert_eq!(urls.paths[&Endpoint::Health], ["/healthz"]);
        assert_eq!(urls.paths[&Endpoint::Jwks], ["/.well-known/jwks.json"]);
        assert!(load("prefix = \"/auth/\"").is_err());
        assert!(load("prefix = \"auth\"").is_err());
    }

    #[test]
    fn no_path_leads_to_two_endpoints() {
        let twice = load("me = \"/api/logout/\"").unwrap_err();
        assert!(twice.contains("urls.me (line 3): /api/logout/ leads to logout already"), "{twice}");
        assert!(load("me = [\"/x\", \"/x\"]").is_err());
        assert!(load("me = \"/api/logout\"").is_ok());
        assert!(load("slash = \"optional\"\nme = \"/api/logout\"").is_err());
    }

    #[test]
    fn what_is_not_a_path_is_refused() {
        for path in ["", "x", "/a?b", "/a#b", "/a b", "/a%20b", "//a", "/a//b", "/{id}", "/*all", "/a:b", "/a\\\\b"] {
            assert!(load(&format!("me = \"{path}\"")).is_err(), "{path}");
        }
        for path in ["/", "/나/", "/a.b/~c@d"] {
            assert!(load(&format!("me = \"{path}\"")).is_ok(), "{path}");
        }
    }
}
