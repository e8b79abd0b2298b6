//! Writes the `jeton.toml` that makes Jeton behave as a profile says.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value as Json;
use toml::{Table, Value};

use crate::differences::Turned;
use crate::profile::{Compatibility, Profile};

/// The settings of a profile, on this port, with this database, in this stance, with some settings turned.
pub(crate) fn settings_file(
    profile: &Profile,
    port: u16,
    database: &str,
    compatibility: Compatibility,
    turned: &Turned,
) -> Result<String> {
    let mut settings = Table::new();
    set(&mut settings, "compatibility", compatibility.name())?;
    set(&mut settings, "secret_key", profile.secret_key.as_str())?;
    set(&mut settings, "server.listen", format!("127.0.0.1:{port}"))?;
    set(&mut settings, "database.url", database)?;
    set(&mut settings, "log.level", "debug")?;
    set(&mut settings, "ledger.BLACKLIST", profile.blacklist_app)?;
    set(&mut settings, "authentication.classes", profile.auth_classes.clone())?;
    if let Some(is_secure) = profile.custom.refresh_cookie_secure {
        set(&mut settings, "cookies.secure", is_secure)?;
    }
    set(&mut settings, "languages.LANGUAGE_CODE", profile.language_code.as_str())?;
    set(&mut settings, "languages.negotiated", profile.locale_middleware)?;
    limits(&mut settings, &profile.rate_limits)?;
    let simple_jwt = table(&mut settings, "simple_jwt")?;
    for (name, value) in &profile.simple_jwt {
        simple_jwt.insert(name.clone(), toml_value(value).with_context(|| format!("simple_jwt.{name}"))?);
    }
    // Keys with dots in them are not split: a claim may be named by a URL.
    for (section, attributes) in
        [("claims", &profile.custom.token_claims), ("response", &profile.custom.response_fields)]
    {
        for attribute in attributes {
            table(simple_jwt, section)?.insert(attribute.clone(), format!("user.{attribute}").into());
        }
    }
    if !profile.csrf_trusted_origins.is_empty() {
        set(&mut settings, "csrf.trusted_origins", profile.csrf_trusted_origins.clone())?;
    }
    if let Some(body) = &profile.custom.session_login_body {
        set(&mut settings, "sessions.login_body", body.to_string())?;
    }
    for (path, value) in turned {
        set(&mut settings, path, toml_value(value)?)?;
    }
    toml::to_string(&settings).context("the settings cannot be written")
}

/// A profile names limits as Jeton does; those it does not name are off, whatever the stance. `true` stands for the
/// defaults of the safe one.
fn limits(settings: &mut Table, given: &Json) -> Result<()> {
    let all_on = *given == Json::Bool(true) || given == "on";
    for (name, default) in LIMITS {
        set(settings, &format!("limits.{name}"), if all_on { default } else { "off" })?;
    }
    match given {
        Json::Null | Json::Bool(_) => {}
        Json::String(word) if word == "on" || word == "off" => {}
        Json::Object(given) => {
            for (name, value) in given {
                set(settings, &format!("limits.{name}"), toml_value(value)?)?;
            }
        }
        other => bail!("rate_limits cannot be {other}"),
    }
    Ok(())
}

fn set(settings: &mut Table, path: &str, value: impl Into<Value>) -> Result<()> {
    let (sections, key) = path.rsplit_once('.').map_or((None, path), |(sections, key)| (Some(sections), key));
    let mut place = settings;
    for section in sections.iter().flat_map(|sections| sections.split('.')) {
        place = table(place, section)?;
    }
    place.insert(key.to_owned(), value.into());
    Ok(())
}

fn table<'a>(settings: &'a mut Table, name: &str) -> Result<&'a mut Table> {
    let entry = settings.entry(name.to_owned()).or_insert_with(|| Table::new().into());
    entry.as_table_mut().with_context(|| format!("{name} is both a value and a section"))
}

/// TOML has no null: an empty text says the same.
fn toml_value(value: &Json) -> Result<Value> {
    Ok(match value {
        Json::Null => "".into(),
        Json::Bool(truth) => (*truth).into(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(fraction)) => fraction.into(),
            (None, None) => bail!("{number} is too large"),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => items.iter().map(toml_value).collect::<Result<Vec<_>>>()?.into(),
        Json::Object(object) => {
            ensure!(!object.is_empty(), "an empty table says nothing");
            let entries = object.iter().map(|(key, value)| Ok((key.clone(), toml_value(value)?)));
            entries.collect::<Result<Table>>()?.into()
        }
    })
}

const LIMITS: [(&str, &str); 4] = [
    ("login_failures_per_account", "10/15m"),
    ("login_failures_per_address", "100/1h"),
    ("signups_per_address", "20/1h"),
    ("requests_per_address", "off"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_profile_becomes_settings() {
        let mut profile = Profile::for_tests();
        profile.simple_jwt = json!({"ACCESS_TOKEN_LIFETIME": 600, "JTI_CLAIM": null, "AUDIENCE": ["web", "mobile"],
            "USER_ID_CLAIM": "https://claims.example/email"})
        .as_object()
        .unwrap()
        .clone();
        profile.custom.token_claims = vec!["username".into(), "is_staff".into()];
        profile.custom.response_fields = vec!["email".into()];
        profile.custom.refresh_cookie_secure = Some(true);
        profile.rate_limits = json!({"login_failures_per_account": "5/1m"});
        let turned = json!({"ledger.reuse_detection": false, "passwords.trim": true}).as_object().unwrap().clone();
        let text = settings_file(&profile, 8001, "sqlite://jeton.db", Compatibility::Safe, &turned).unwrap();
        let read: Table = toml::from_str(&text).unwrap();
        assert_eq!(
            serde_json::to_value(&read).unwrap(),
            json!({
                "compatibility": "safe", "secret_key": profile.secret_key,
                "server": {"listen": "127.0.0.1:8001"}, "database": {"url": "sqlite://jeton.db"}, "log": {"level": "debug"},
                "ledger": {"BLACKLIST": true, "reuse_detection": false},
                "authentication": {"classes": ["jwt"]},
                "cookies": {"secure": true},
                "languages": {"LANGUAGE_CODE": "en-us", "negotiated": false},
                "limits": {"login_failures_per_account": "5/1m", "login_failures_per_address": "off",
                    "signups_per_address": "off", "requests_per_address": "off"},
                "simple_jwt": {
                    "ACCESS_TOKEN_LIFETIME": 600, "JTI_CLAIM": "", "AUDIENCE": ["web", "mobile"],
                    "USER_ID_CLAIM": "https://claims.example/email",
                    "claims": {"username": "user.username", "is_staff": "user.is_staff"},
                    "response": {"email": "user.email"},
                },
                "passwords": {"trim": true},
            })
        );
    }
}
