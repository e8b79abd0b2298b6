//! The settings that guides to Simple JWT print, value for value: each starts a server in the exact stance.

use std::time::Duration;

use super::AuthenticationClass::{Basic, Jwt, Session, Token};
use super::{Compatibility, Loaded, Problems, Settings, SettingsFile, Sources, UserAttribute, ValueSource};

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

fn load(compatibility: &str, text: &str) -> Result<Loaded, Problems> {
    let secret = "0123456789-0123456789-0123456789-0123456789";
    let text = format!("compatibility = \"{compatibility}\"\nsecret_key = \"{secret}\"\n{text}");
    let file = Some(SettingsFile { path: "jeton.toml".into(), text });
    Settings::load(&Sources { file, ..Sources::default() })
}

fn exact(text: &str) -> Settings {
    let settings = load("exact", text).unwrap_or_else(|problems| panic!("{problems}")).settings;
    assert_eq!(settings.compatibility, Compatibility::Exact);
    settings
}

fn lifetimes(settings: &Settings) -> (Duration, Duration) {
    (settings.simple_jwt.access_token_lifetime, settings.simple_jwt.refresh_token_lifetime)
}

fn seconds(access: u64, refresh: u64) -> (Duration, Duration) {
    (Duration::from_secs(access), Duration::from_secs(refresh))
}

const COOKIES: &str = include_str!("../../../../tests/guides/cookies.toml");

#[test]
fn the_cookie_guide_loads() {
    assert_eq!(lifetimes(&exact(COOKIES)), seconds(10 * MINUTE, HOUR));
    let testing = COOKIES.replace("10m", "1m").replace("1h", "5m");
    assert_eq!(lifetimes(&exact(&testing)), seconds(MINUTE, 5 * MINUTE));
    assert!(load("safe", COOKIES).is_ok());
}

const THREE_WAYS: &str = include_str!("../../../../tests/guides/three-ways.toml");

#[test]
fn the_guide_to_session_hand_made_and_simple_jwt_loads() {
    let settings = exact(THREE_WAYS);
    assert_eq!(lifetimes(&settings), seconds(5 * MINUTE, DAY));
    assert_eq!(settings.authentication.classes, [Basic, Session, Token, Jwt]);
    let safe = load("safe", THREE_WAYS).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(safe.warnings[0].what.contains("it still makes verify consult the blacklist"));
}

const SHORT_FORM: &str = include_str!("../../../../tests/guides/short.toml");

#[test]
fn the_six_letter_secret_loads_with_a_warning_and_safe_refuses_it() {
    let loaded = load("exact", SHORT_FORM).unwrap();
    assert_eq!(lifetimes(&loaded.settings), seconds(HOUR, 14 * DAY));
    assert_eq!(loaded.warnings[0].path, "simple_jwt.SIGNING_KEY");
    let refused = load("safe", SHORT_FORM).unwrap_err();
    assert_eq!(refused.errors.len(), 1);
    assert!(refused.to_string().contains("allow_short_signing_key"));
}

const BLACKLIST: &str = include_str!("../../../../tests/guides/blacklist.toml");

#[test]
fn the_blacklist_guide_loads_with_its_urls() {
    let loaded = load("exact", BLACKLIST).unwrap();
    assert_eq!(lifetimes(&loaded.settings), seconds(2 * HOUR, 7 * DAY));
    assert!(loaded.settings.simple_jwt.rotate_refresh_tokens && loaded.settings.simple_jwt.blacklist_after_rotation);
    assert_eq!(loaded.warnings[0].path, "simple_jwt.TOKEN_USER_CLASS");
    assert!(load("safe", BLACKLIST).is_ok());
}

const CONCEPTS: &str = include_str!("../../../../tests/guides/concepts.toml");

#[test]
fn the_concepts_guide_loads_in_both_stances() {
    let settings = exact(CONCEPTS);
    assert_eq!(lifetimes(&settings), seconds(30 * MINUTE, 7 * DAY));
    assert_eq!(settings.simple_jwt.claims, [("username".to_owned(), ValueSource::User(UserAttribute::Username))]);
    assert_eq!(load("exact", CONCEPTS).unwrap().warnings, []);
    assert!(load("safe", CONCEPTS).is_ok());
    let second = CONCEPTS.replace("\"7d\"", "\"90d\"").replace("AFTER_ROTATION = false", "AFTER_ROTATION = true");
    let settings = exact(&second);
    assert_eq!(lifetimes(&settings), seconds(30 * MINUTE, 90 * DAY));
    assert!(settings.simple_jwt.blacklist_after_rotation);
}

const REFRESH: &str = include_str!("../../../../tests/guides/refresh.toml");

#[test]
fn the_refresh_guide_loads_with_its_missing_comma() {
    let settings = exact(REFRESH);
    assert_eq!(lifetimes(&settings), seconds(5 * MINUTE, DAY));
    assert_eq!(settings.simple_jwt.auth_header_types, ["Bearer"]);
    assert_eq!(
        settings.simple_jwt.response.obtain,
        [("username".to_owned(), ValueSource::User(UserAttribute::Username))]
    );
    assert!(load("safe", REFRESH).is_ok());
}
