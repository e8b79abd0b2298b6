//! Settings of Simple JWT that name Python classes, and names that it has dropped or only gets later.

use crate::settings::given::Wrong;
use crate::settings::reader::Section;

/// A setting that names a serializer.
struct Serializer {
    key: &'static str,
    /// The one that Simple JWT ships for it, which is what Jeton does.
    own: &'static str,
    /// What a service can do of what people put into a serializer of their own.
    instead: &'static str,
}

/// Names that Simple JWT refuses to start with, and those of later releases.
pub(super) fn refuse_other_releases(section: &mut Section<'_>) {
    for (key, remedy) in REMOVED {
        if section.given(key).is_some() {
            section.refuse(key, Wrong::new("Simple JWT has removed this setting", remedy));
        }
    }
    for key in LATER {
        if section.given(key).is_some_and(|given| given.as_text() != Some("")) {
            let what = "Simple JWT 5.5 has no such setting, and Jeton cannot run Python code";
            let remedy = "Remove it; logins are in the event log, and UPDATE_LAST_LOGIN sets last_login.";
            section.refuse(key, Wrong::new(what, remedy));
        }
    }
}

/// Serializers: Simple JWT's own are what Jeton does, others would be Python code.
pub(super) fn read_serializers(section: &mut Section<'_>) {
    for serializer in &SERIALIZERS {
        let Some(given) = section.given(serializer.key) else { continue };
        let name = given.as_text().and_then(|text| text.strip_prefix(MODULE)).unwrap_or_default();
        if given.as_text() == Some("") || name == serializer.own {
            continue;
        }
        let wrong = match SERIALIZERS.iter().find(|other| other.own == name) {
            Some(_) => {
                let what = format!("{name} belongs to another endpoint");
                Wrong::new(what, "Remove it, and in [urls] give that endpoint the path that clients use.")
            }
            None => Wrong::new("Jeton cannot run Python code", format!("Remove it; {}", serializer.instead)),
        };
        section.refuse(serializer.key, wrong);
    }
}

/// The class that `TOKEN_USER_CLASS` names, where it is not Simple JWT's own. Only the stateless class would use it.
pub(in crate::settings) fn foreign_token_user_class(section: &mut Section<'_>) -> bool {
    let given = section.given("TOKEN_USER_CLASS");
    given.is_some_and(|given| !matches!(given.as_text(), Some("" | "rest_framework_simplejwt.models.TokenUser")))
}

const REMOVED: [(&str, &str); 4] = [
    ("AUTH_HEADER_TYPE", "Write AUTH_HEADER_TYPES, a list such as [\"Bearer\"]."),
    ("AUTH_TOKEN_CLASS", "Write AUTH_TOKEN_CLASSES, a list such as [\"AccessToken\"]."),
    ("SECRET_KEY", "Write SIGNING_KEY here, or secret_key above all sections."),
    ("TOKEN_BACKEND_CLASS", "Remove it; ALGORITHM and SIGNING_KEY say how tokens are signed."),
];

const LATER: [&str; 2] = ["ON_LOGIN_SUCCESS", "ON_LOGIN_FAILED"];

const MODULE: &str = "rest_framework_simplejwt.serializers.";

const CLAIMS_AND_ANSWERS: &str = "what its get_token adds to a token is written in [simple_jwt.claims], what its validate \
    adds to the answer in [simple_jwt.response], and whom it turns away in USER_AUTHENTICATION_RULE.";

const REFRESHED: &str = "what its validate adds to the answer is written in [simple_jwt.response.refresh]; \
    claims_at_refresh in [wire] reads claims anew, and USER_AUTHENTICATION_RULE says who may refresh.";

const SERIALIZERS: [Serializer; 6] = [
    Serializer { key: "TOKEN_OBTAIN_SERIALIZER", own: "TokenObtainPairSerializer", instead: CLAIMS_AND_ANSWERS },
    Serializer { key: "TOKEN_REFRESH_SERIALIZER", own: "TokenRefreshSerializer", instead: REFRESHED },
    Serializer {
        key: "TOKEN_VERIFY_SERIALIZER",
        own: "TokenVerifySerializer",
        instead: "what its validate adds to the answer is written in [simple_jwt.response.verify].",
    },
    Serializer {
        key: "TOKEN_BLACKLIST_SERIALIZER",
        own: "TokenBlacklistSerializer",
        instead: "ENDING_WINS in [ledger] says whether tokens that ended before are taken.",
    },
    Serializer {
        key: "SLIDING_TOKEN_OBTAIN_SERIALIZER",
        own: "TokenObtainSlidingSerializer",
        instead: CLAIMS_AND_ANSWERS,
    },
    Serializer { key: "SLIDING_TOKEN_REFRESH_SERIALIZER", own: "TokenRefreshSlidingSerializer", instead: REFRESHED },
];

#[cfg(test)]
mod tests {
    use crate::settings::{Loaded, Problem, Problems, Settings, SettingsFile, Sources};

    fn load(simple_jwt: &str) -> Result<Loaded, Problems> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789-0123456789\"\n[simple_jwt]\n{simple_jwt}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        Settings::load(&Sources { file, ..Sources::default() })
    }

    fn errors(simple_jwt: &str) -> Vec<String> {
        load(simple_jwt).expect_err("settings that are wrong").errors.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn every_class_that_simple_jwt_ships_is_understood_in_its_place() {
        let loaded = load(
            "TOKEN_OBTAIN_SERIALIZER = \"rest_framework_simplejwt.serializers.TokenObtainPairSerializer\"\n\
             TOKEN_REFRESH_SERIALIZER = \"rest_framework_simplejwt.serializers.TokenRefreshSerializer\"\n\
             TOKEN_VERIFY_SERIALIZER = \"rest_framework_simplejwt.serializers.TokenVerifySerializer\"\n\
             TOKEN_BLACKLIST_SERIALIZER = \"rest_framework_simplejwt.serializers.TokenBlacklistSerializer\"\n\
             SLIDING_TOKEN_OBTAIN_SERIALIZER = \"rest_framework_simplejwt.serializers.TokenObtainSlidingSerializer\"\n\
             SLIDING_TOKEN_REFRESH_SERIALIZER = \"rest_framework_simplejwt.serializers.TokenRefreshSlidingSerializer\"\n\
             TOKEN_USER_CLASS = \"rest_framework_simplejwt.models.TokenUser\"\nJSON_ENCODER = \"\"\n\
             USER_AUTHENTICATION_RULE = \"rest_framework_simplejwt.authentication.default_user_authentication_rule\"\n",
        );
        assert_eq!(loaded.unwrap().warnings, []);
    }

    #[test]
    fn a_class_of_ones_own_is_refused_with_what_to_write_instead() {
        let errors = errors(
            "TOKEN_OBTAIN_SERIALIZER = \"accounts.serializers.Mine\"\nTOKEN_REFRESH_SERIALIZER = \"a.B\"\n\
             TOKEN_VERIFY_SERIALIZER = \"a.B\"\nTOKEN_BLACKLIST_SERIALIZER = \"a.B\"\n\
             SLIDING_TOKEN_OBTAIN_SERIALIZER = \"a.B\"\nSLIDING_TOKEN_REFRESH_SERIALIZER = \"a.B\"\n\
             JSON_ENCODER = \"a.B\"\nUSER_AUTHENTICATION_RULE = \"a.b\"\nAUTH_TOKEN_CLASSES = [\"a.B\"]\n",
        );
        let instead = [
            ("simple_jwt.AUTH_TOKEN_CLASSES", "AccessToken"),
            ("simple_jwt.JSON_ENCODER", "[simple_jwt.claims]"),
            ("simple_jwt.SLIDING_TOKEN_OBTAIN_SERIALIZER", "[simple_jwt.claims]"),
            ("simple_jwt.SLIDING_TOKEN_REFRESH_SERIALIZER", "[simple_jwt.response.refresh]"),
            ("simple_jwt.TOKEN_BLACKLIST_SERIALIZER", "ENDING_WINS"),
            ("simple_jwt.TOKEN_OBTAIN_SERIALIZER", "[simple_jwt.response]"),
            ("simple_jwt.TOKEN_REFRESH_SERIALIZER", "[wire]"),
            ("simple_jwt.TOKEN_VERIFY_SERIALIZER", "[simple_jwt.response.verify]"),
            ("simple_jwt.USER_AUTHENTICATION_RULE", "group:NAME"),
        ];
        assert_eq!(errors.len(), instead.len(), "{errors:#?}");
        for (path, words) in instead {
            let told = errors.iter().find(|error| error.starts_with(path)).unwrap();
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn a_class_of_another_endpoint_is_a_matter_of_urls() {
        let sliding =
            "TOKEN_OBTAIN_SERIALIZER = \"rest_framework_simplejwt.serializers.TokenObtainSlidingSerializer\"\n";
        assert!(errors(sliding)[0].contains("in [urls] give that endpoint the path"));
    }

    #[test]
    fn names_of_other_releases_stop_the_start_with_a_hint() {
        let errors = errors(
            "AUTH_HEADER_TYPE = \"Bearer\"\nAUTH_TOKEN_CLASS = \"AccessToken\"\nSECRET_KEY = \"x\"\n\
             TOKEN_BACKEND_CLASS = \"a.B\"\nON_LOGIN_SUCCESS = \"a.b\"\nON_LOGIN_FAILED = \"a.b\"\n",
        );
        assert_eq!(errors.len(), 6, "{errors:#?}");
        let hints = ["AUTH_HEADER_TYPES", "AUTH_TOKEN_CLASSES", "SIGNING_KEY", "ALGORITHM", "event log", "event log"];
        for (error, hint) in errors.iter().zip(hints) {
            assert!(error.contains(hint), "{error}");
        }
    }
}
