//! Settings of Simple JWT that name Python code or keys this version has no use for.

use crate::settings::given::Wrong;
use crate::settings::reader::Section;

/// A setting that names a class or a function.
struct Named {
    key: &'static str,
    /// What Simple JWT ships, which is what Jeton does; empty where that is `None`.
    own: &'static str,
    remedy: &'static str,
}

/// Names that Simple JWT itself refuses to start with.
pub(super) fn refuse_removed(section: &mut Section<'_>) {
    for (key, remedy) in REMOVED {
        if section.given(key).is_some() {
            section.refuse(key, Wrong::new("Simple JWT has removed this setting", remedy));
        }
    }
}

/// Everything that would load Python code.
pub(super) fn read_unused_keys(section: &mut Section<'_>) {
    for named in NAMED {
        let Some(given) = section.given(named.key) else { continue };
        if given.as_text().is_none_or(|text| !text.is_empty() && text != named.own) {
            section.refuse(named.key, Wrong::new("Jeton cannot run Python code", named.remedy));
        }
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

const OWN_CLAIMS: &str =
    "Remove it; [simple_jwt.claims] adds claims to tokens and [simple_jwt.response] adds fields to answers.";
const OWN_ANSWERS: &str = "Remove it; [simple_jwt.response] adds fields to answers.";

const NAMED: [Named; 8] = [
    Named {
        key: "TOKEN_OBTAIN_SERIALIZER",
        own: "rest_framework_simplejwt.serializers.TokenObtainPairSerializer",
        remedy: OWN_CLAIMS,
    },
    Named {
        key: "TOKEN_REFRESH_SERIALIZER",
        own: "rest_framework_simplejwt.serializers.TokenRefreshSerializer",
        remedy: OWN_ANSWERS,
    },
    Named {
        key: "TOKEN_VERIFY_SERIALIZER",
        own: "rest_framework_simplejwt.serializers.TokenVerifySerializer",
        remedy: OWN_ANSWERS,
    },
    Named {
        key: "TOKEN_BLACKLIST_SERIALIZER",
        own: "rest_framework_simplejwt.serializers.TokenBlacklistSerializer",
        remedy: "Remove it.",
    },
    Named {
        key: "SLIDING_TOKEN_OBTAIN_SERIALIZER",
        own: "rest_framework_simplejwt.serializers.TokenObtainSlidingSerializer",
        remedy: OWN_CLAIMS,
    },
    Named {
        key: "SLIDING_TOKEN_REFRESH_SERIALIZER",
        own: "rest_framework_simplejwt.serializers.TokenRefreshSlidingSerializer",
        remedy: OWN_ANSWERS,
    },
    Named {
        key: "JSON_ENCODER",
        own: "",
        remedy: "Remove it; a value in [simple_jwt.claims] may be text, a number, a boolean, a list or a table.",
    },
    Named {
        key: "USER_AUTHENTICATION_RULE",
        own: "rest_framework_simplejwt.authentication.default_user_authentication_rule",
        remedy: "Remove it; CHECK_USER_IS_ACTIVE says whether inactive users are turned away.",
    },
];
