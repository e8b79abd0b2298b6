//! `[sessions]`: sign-ins that a cookie names.

use std::time::Duration;

use serde_json::Value as Json;

use super::given::{Given, Parsed, Setting, between};
use super::reader::Reader;
use super::{Compatibility, CookieRules};

/// Browser sessions. Django's names, without their `SESSION_`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sessions {
    /// The cookie that names the session; no script can read it.
    pub cookie: CookieRules,
    /// How long a session lives after its login.
    pub cookie_age: Duration,
    /// What a login answers; nothing is an empty body.
    pub login_body: Option<Json>,
    /// Whether a login always makes a new session; else one of the same user goes on under its id.
    pub new_id_at_login: bool,
    /// Whether logout with `all` ends the user's sessions, too.
    pub end_at_logout_all: bool,
}

/// A JSON object, written as text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LoginBody(Json);

impl Sessions {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        let safe = compatibility == Compatibility::Safe;
        Self {
            cookie: CookieRules::defaults("sessionid", compatibility),
            cookie_age: Duration::from_secs(14 * 86_400),
            login_body: None,
            new_id_at_login: safe,
            end_at_logout_all: safe,
        }
    }

    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("sessions");
        let mut sessions = Self::defaults(compatibility);
        let login_body = section.read(
            "login_body",
            "What a session login answers: a JSON object as text, such as '{\"message\": \"success\"}'. Empty: nothing.",
            sessions.login_body.map(LoginBody),
        );
        sessions.login_body = login_body.map(|LoginBody(body)| body);
        sessions.new_id_at_login = section.read(
            "new_id_at_login",
            "Whether every login makes a new session; else one of the same user goes on under its id.",
            sessions.new_id_at_login,
        );
        sessions.end_at_logout_all = section.read(
            "end_at_logout_all",
            "Whether logout with \"all\" ends the user's sessions, too.",
            sessions.end_at_logout_all,
        );
        sessions.cookie_age = section.read_if(
            "cookie_age",
            "How long a session lives after its login.",
            sessions.cookie_age,
            between(Duration::from_secs(1)..=Duration::from_secs(400 * 86_400)),
        );
        sessions.cookie = CookieRules::read(&mut section, "cookie_", sessions.cookie);
        sessions
    }
}

impl Setting for LoginBody {
    fn parse(given: &Given) -> Parsed<Self> {
        // From the environment a JSON object may look like an inline table: its own text is what was meant.
        let text = given.text.as_deref().or(given.value.as_str());
        let table = || serde_json::to_value(given.value.as_table()?).ok();
        match text.and_then(|text| serde_json::from_str(text).ok()).or_else(table) {
            Some(body @ Json::Object(_)) => Ok(Self(body)),
            Some(_) | None => given.wrong("a JSON object", "Write '{\"message\": \"success\"}'."),
        }
    }

    fn show(&self) -> String {
        toml::Value::from(self.0.to_string()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::settings::{Settings, SettingsFile, Sources};

    fn load(text: &str) -> Result<Settings, String> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789\"\n[sessions]\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        let loaded = Settings::load(&Sources { file, ..Sources::default() });
        loaded.map(|loaded| loaded.settings).map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_body_of_a_login_is_an_object_or_nothing() {
        assert_eq!(load("").unwrap().sessions.login_body, None);
        assert_eq!(load("login_body = \"\"").unwrap().sessions.login_body, None);
        for body in ["'{\"message\": \"success\"}'", "{ message = \"success\" }"] {
            let read = load(&format!("login_body = {body}")).unwrap().sessions.login_body;
            assert_eq!(read, Some(json!({"message": "success"})), "{body}");
        }
        assert!(load("login_body = \"success\"").unwrap_err().contains("sessions.login_body"));
        assert!(load("login_body = \"[1]\"").is_err());
    }

    #[test]
    fn the_environment_gives_a_body_as_json() {
        let environment = vec![
            ("JETON_SECRET_KEY".to_owned(), "0123456789-0123456789-0123456789".to_owned()),
            ("JETON_SESSIONS__LOGIN_BODY".to_owned(), "{\"message\": \"success\"}".to_owned()),
        ];
        let loaded = Settings::load(&Sources { environment, ..Sources::default() }).unwrap();
        assert_eq!(loaded.settings.sessions.login_body, Some(json!({"message": "success"})));
    }
}
