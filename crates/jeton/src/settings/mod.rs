//! The settings, parsed once into types that cannot be wrong.

mod auth_tokens;
mod authentication;
mod compatibility;
mod cookie_rules;
mod cookies;
mod cors;
mod csrf;
mod database;
mod default_file;
mod devices;
mod duration;
mod file;
mod given;
#[cfg(test)]
mod guides;
mod hand_made;
mod keys;
mod languages;
mod ledger;
mod limits;
mod load;
mod log;
mod nodes;
mod passwords;
mod problem;
mod proxies;
mod reader;
mod redis;
mod rules;
mod secrets;
mod server;
mod sessions;
mod signup;
mod simple_jwt;
mod source;
mod suggestion;
mod urls;
mod usernames;
mod wire;

use jeton_token::secret::Secret;

pub use self::redis::Redis;
pub use auth_tokens::AuthTokens;
pub use authentication::{Authentication, AuthenticationClass};
pub use compatibility::Compatibility;
pub use cookie_rules::{CookieRules, SameSite, SecureCookie};
pub use cookies::Cookies;
pub use cors::Cors;
pub use csrf::Csrf;
pub use database::{Database, Location};
pub use default_file::default_file;
pub use devices::{Devices, WhenFull};
pub use duration::from_words as duration_from_words;
pub use hand_made::{HandMade, HandMadeKey};
pub use keys::Keys;
pub use languages::Languages;
pub use ledger::{Ledger, VerifyBlacklist};
pub use limits::{Limit, Limits, Rate};
pub use load::Loaded;
pub use log::{Log, LogFormat};
pub use nodes::Nodes;
pub use passwords::{Passwords, PreferredHash};
pub use problem::{Problem, Problems};
pub use proxies::ForwardedHeader;
pub use server::Server;
pub use sessions::Sessions;
pub use signup::Signup;
pub use simple_jwt::{
    Algorithm, Audience, JsonEncoder, Responses, SimpleJwt, TokenClass, UserAttribute, UserCondition, UserField,
    UserRule, ValueSource,
};
pub use source::{Origin, SettingsFile, Source, Sources};
pub use urls::{Endpoint, Slash, Urls};
pub use usernames::Usernames;
pub use wire::{ClaimsAtRefresh, ErrorTexts, UserIdForm, Wire};

/// Everything that can be set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The stance the defaults come from.
    pub compatibility: Compatibility,
    /// The site's secret; signs tokens unless `SIGNING_KEY` does.
    pub secret_key: Secret<String>,
    /// Whether tokens are held to the letter of the standards, beyond what Simple JWT looks at.
    pub strict_tokens: bool,
    /// `[server]`.
    pub server: Server,
    /// `[database]`.
    pub database: Database,
    /// `[simple_jwt]`.
    pub simple_jwt: SimpleJwt,
    /// `[wire]`.
    pub wire: Wire,
    /// `[ledger]`.
    pub ledger: Ledger,
    /// `[nodes]`.
    pub nodes: Nodes,
    /// `[authentication]`.
    pub authentication: Authentication,
    /// `[sessions]`.
    pub sessions: Sessions,
    /// `[csrf]`.
    pub csrf: Csrf,
    /// `[auth_tokens]`.
    pub auth_tokens: AuthTokens,
    /// `[devices]`.
    pub devices: Devices,
    /// `[hand_made]`.
    pub hand_made: HandMade,
    /// `[passwords]`.
    pub passwords: Passwords,
    /// `[usernames]`.
    pub usernames: Usernames,
    /// `[signup]`.
    pub signup: Signup,
    /// `[cookies]`.
    pub cookies: Cookies,
    /// `[limits]`.
    pub limits: Limits,
    /// `[keys]`.
    pub keys: Keys,
    /// `[redis]`.
    pub redis: Redis,
    /// `[urls]`.
    pub urls: Urls,
    /// `[cors]`.
    pub cors: Cors,
    /// `[languages]`.
    pub languages: Languages,
    /// `[log]`.
    pub log: Log,
}

impl Settings {
    /// The defaults of a stance. The secret signs the tokens; it should have 32 bytes or more.
    pub fn new(compatibility: Compatibility, secret_key: Secret<String>) -> Self {
        let simple_jwt = SimpleJwt::defaults(secret_key.clone());
        let hand_made = HandMade::defaults(compatibility);
        let csrf = Csrf::defaults(compatibility);
        Self {
            compatibility,
            secret_key,
            strict_tokens: compatibility == Compatibility::Safe,
            server: Server::defaults(compatibility),
            database: Database::default(),
            wire: Wire::default(),
            ledger: Ledger::defaults(compatibility),
            nodes: Nodes::defaults(compatibility),
            authentication: Authentication::default(),
            sessions: Sessions::defaults(compatibility),
            auth_tokens: AuthTokens::defaults(compatibility),
            devices: Devices::default(),
            passwords: Passwords::defaults(compatibility),
            usernames: Usernames::defaults(compatibility),
            signup: Signup::default(),
            cookies: Cookies::defaults(compatibility, &Urls::default()),
            limits: Limits::defaults(compatibility),
            keys: Keys::default(),
            redis: Redis::default(),
            urls: Urls::default(),
            cors: Cors::defaults(&[&simple_jwt.auth_header_name, &hand_made.header, &csrf.header_name]),
            csrf,
            hand_made,
            languages: Languages::defaults(compatibility),
            log: Log::default(),
            simple_jwt,
        }
    }
}
