//! `[urls]`: which paths lead where.

use std::collections::BTreeMap;

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
    /// Put before every path but those of `health` and `ready`; already part of `paths`.
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
    pub const ALL: [Self; 10] = [
        Self::TokenObtain,
        Self::TokenRefresh,
        Self::TokenVerify,
        Self::TokenBlacklist,
        Self::SlidingObtain,
        Self::SlidingRefresh,
        Self::Logout,
        Self::Me,
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
            Self::Health => &["/healthz"],
            Self::Ready => &["/readyz"],
        };
        paths.iter().map(|path| (*path).to_owned()).collect()
    }
}
