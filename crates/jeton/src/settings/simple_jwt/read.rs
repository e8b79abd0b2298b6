//! Reading `[simple_jwt]`.

use std::ops::RangeInclusive;
use std::time::Duration;

use jeton_token::secret::Secret;
use toml::Value;

use super::claims::{self, Responses};
use super::{Algorithm, Audience, JsonEncoder, SimpleJwt, TokenClass, UserField, python};
use crate::jwks::JwkUrl;
use crate::settings::given::{Given, Parsed, Setting, Words, Wrong, between, not_empty};
use crate::settings::reader::{Reader, Section};

impl SimpleJwt {
    /// `secret_key` signs where no `SIGNING_KEY` is given.
    pub(in crate::settings) fn read(reader: &mut Reader, secret_key: &Secret<String>) -> Self {
        let mut section = reader.section("simple_jwt");
        python::refuse_other_releases(&mut section);
        let mut settings = Self::defaults(secret_key.clone());
        settings.read_keys(&mut section);
        settings.read_lifetimes(&mut section);
        settings.read_rules(&mut section);
        settings.read_claim_names(&mut section);
        settings.read_header(&mut section);
        settings.claims = claims::read_claims(&mut section, &settings);
        settings.response = Responses::read(&mut section);
        settings
    }

    fn read_keys(&mut self, section: &mut Section<'_>) {
        self.algorithm = section.read(
            "ALGORITHM",
            "How tokens are signed: HS, RS, PS or ES with 256, 384 or 512, ES256K, or EdDSA.",
            self.algorithm,
        );
        let signing_key = section.secret(
            "SIGNING_KEY",
            "What signs tokens: for HS a secret (empty: secret_key), else a private key in PEM.",
            "SIGNING_KEY_FILE",
            "A file that holds it.",
        );
        let verifying_key = section.secret(
            "VERIFYING_KEY",
            "The public key in PEM; empty: derived from the private one.",
            "VERIFYING_KEY_FILE",
            "A file that holds it.",
        );
        self.take_keys(section, signing_key, verifying_key);
        self.jwk_url = section.read(
            "JWK_URL",
            "A JWKS document with further keys that verify, found by kid; https, or http on this machine. Empty: none.",
            None,
        );
        if self.jwk_url.is_some() && self.algorithm.is_symmetric() {
            section.warn("JWK_URL", Wrong::new("is not used: HMAC has no public keys", "Remove it."));
            self.jwk_url = None;
        }
        python::read_serializers(section);
        self.audience = section.read(
            "AUDIENCE",
            "Whom tokens are for: text or a list, written to each token; a token needs one in common. Empty: not looked at.",
            None,
        );
        self.issuer = section.read("ISSUER", "Who issues tokens; must be equal. Empty: not looked at.", None);
    }

    fn read_lifetimes(&mut self, section: &mut Section<'_>) {
        let mut lifetime = |key, about, value: &mut Duration| {
            *value = section.read_if(key, about, *value, between(LIFETIMES));
        };
        lifetime("ACCESS_TOKEN_LIFETIME", "How long an access token is good.", &mut self.access_token_lifetime);
        lifetime("REFRESH_TOKEN_LIFETIME", "How long a refresh token is good.", &mut self.refresh_token_lifetime);
        lifetime("SLIDING_TOKEN_LIFETIME", "How long a sliding token is good.", &mut self.sliding_token_lifetime);
        lifetime(
            "SLIDING_TOKEN_REFRESH_LIFETIME",
            "How long after the login a sliding token can be renewed.",
            &mut self.sliding_token_refresh_lifetime,
        );
        let leeway = "Tolerance for clocks that differ, when exp, nbf, iat and the sliding refresh claim are read.";
        self.leeway = section.read_if("LEEWAY", leeway, self.leeway, between(Duration::ZERO..=*LIFETIMES.end()));
    }

    fn read_rules(&mut self, section: &mut Section<'_>) {
        let mut rule = |key, about, value: &mut bool| *value = section.read(key, about, *value);
        rule(
            "ROTATE_REFRESH_TOKENS",
            "Whether a refresh also gives a new refresh token.",
            &mut self.rotate_refresh_tokens,
        );
        rule(
            "BLACKLIST_AFTER_ROTATION",
            "Whether the refresh token that was rotated no longer works.",
            &mut self.blacklist_after_rotation,
        );
        rule("UPDATE_LAST_LOGIN", "Whether obtaining a token sets last_login.", &mut self.update_last_login);
        rule("CHECK_USER_IS_ACTIVE", "Whether inactive users are turned away.", &mut self.check_user_is_active);
        rule(
            "CHECK_REVOKE_TOKEN",
            "Whether tokens carry a digest of the password hash, so that a new password ends them.",
            &mut self.check_revoke_token,
        );
        self.user_authentication_rule = section.read(
            "USER_AUTHENTICATION_RULE",
            "What a user must be beside active: \"user.is_staff\", \"user.is_superuser\", \"group:NAME\", or a list; all must hold.",
            std::mem::take(&mut self.user_authentication_rule),
        );
        self.json_encoder = section.read(
            "JSON_ENCODER",
            "How moments are written into tokens: to the microsecond, or by Django's encoder to the millisecond.",
            self.json_encoder,
        );
    }

    fn read_claim_names(&mut self, section: &mut Section<'_>) {
        self.user_id_field = section.read(
            "USER_ID_FIELD",
            "The column that identifies the user: id, username, email, first_name or last_name.",
            self.user_id_field,
        );
        let mut name = |key, about, value: &mut String| {
            *value = section.read_if(key, about, std::mem::take(value), |text| not_empty(text));
        };
        name("USER_ID_CLAIM", "The claim that holds it, always as text.", &mut self.user_id_claim);
        name("REVOKE_TOKEN_CLAIM", "The claim that CHECK_REVOKE_TOKEN uses.", &mut self.revoke_token_claim);
        name(
            "SLIDING_TOKEN_REFRESH_EXP_CLAIM",
            "The claim that tells until when a sliding token can be renewed.",
            &mut self.sliding_token_refresh_exp_claim,
        );
        self.token_type_claim = section.read(
            "TOKEN_TYPE_CLAIM",
            "The claim that tells the kind of a token. Empty (Python's None): no such claim, any kind passes as any kind.",
            self.token_type_claim.take(),
        );
        self.jti_claim = section.read(
            "JTI_CLAIM",
            "The claim that holds a token's id. Empty (Python's None): no such claim; needs BLACKLIST = false in [ledger].",
            self.jti_claim.take(),
        );
    }

    fn read_header(&mut self, section: &mut Section<'_>) {
        self.auth_header_types = section.read_if(
            "AUTH_HEADER_TYPES",
            "The words before the token in the header; the first is the one asked for.",
            std::mem::take(&mut self.auth_header_types),
            |list| are_header_types(list),
        );
        let WsgiName(name) = section.read(
            "AUTH_HEADER_NAME",
            "The header that carries the token, as WSGI spells it: HTTP_X_ACCESS_TOKEN is X-Access-Token.",
            WsgiName(std::mem::take(&mut self.auth_header_name)),
        );
        self.auth_header_name = name;
        self.auth_token_classes = section.read_if(
            "AUTH_TOKEN_CLASSES",
            "The kinds of token a request may carry: AccessToken, SlidingToken, RefreshToken, UntypedToken.",
            std::mem::take(&mut self.auth_token_classes),
            |classes| match classes.as_slice() {
                [] => Err(Wrong::new("the list is empty, so that no token would pass", "Write [\"AccessToken\"].")),
                _ => Ok(()),
            },
        );
    }
}

impl Setting for JwkUrl {
    fn parse(given: &Given) -> Parsed<Self> {
        let text = String::parse(given)?;
        Self::parse(&text).or_else(|error| given.wrong("a URL to fetch keys from", format!("{error}.")))
    }

    fn show(&self) -> String {
        self.to_string().show()
    }
}

impl Words for Algorithm {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("HS256", Self::Hs256),
        ("HS384", Self::Hs384),
        ("HS512", Self::Hs512),
        ("RS256", Self::Rs256),
        ("RS384", Self::Rs384),
        ("RS512", Self::Rs512),
        ("PS256", Self::Ps256),
        ("PS384", Self::Ps384),
        ("PS512", Self::Ps512),
        ("ES256", Self::Es256),
        ("ES384", Self::Es384),
        ("ES512", Self::Es512),
        ("ES256K", Self::Es256k),
        ("EdDSA", Self::EdDsa),
    ];
}

impl Setting for JsonEncoder {
    fn parse(given: &Given) -> Parsed<Self> {
        match given.as_text() {
            Some("" | "rest_framework.utils.encoders.JSONEncoder") => Ok(Self::RestFramework),
            Some(DJANGO_ENCODER) => Ok(Self::Django),
            _ => given.wrong(
                "an encoder that Jeton knows, and it cannot run Python code",
                format!(
                    "Remove it, or write \"{DJANGO_ENCODER}\"; a value in [simple_jwt.claims] may be text, a number, \
                     a boolean, a list or a table."
                ),
            ),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::RestFramework => String::new().show(),
            Self::Django => DJANGO_ENCODER.to_owned().show(),
        }
    }
}

impl Words for UserField {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("id", Self::Id),
        ("pk", Self::Id),
        ("username", Self::Username),
        ("email", Self::Email),
        ("first_name", Self::FirstName),
        ("last_name", Self::LastName),
    ];
}

impl Words for TokenClass {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("AccessToken", Self::Access),
        ("SlidingToken", Self::Sliding),
        ("RefreshToken", Self::Refresh),
        ("UntypedToken", Self::Untyped),
        ("rest_framework_simplejwt.tokens.AccessToken", Self::Access),
        ("rest_framework_simplejwt.tokens.SlidingToken", Self::Sliding),
        ("rest_framework_simplejwt.tokens.RefreshToken", Self::Refresh),
        ("rest_framework_simplejwt.tokens.UntypedToken", Self::Untyped),
    ];
}

impl Setting for Audience {
    fn parse(given: &Given) -> Parsed<Self> {
        match &given.value {
            Value::Array(list) if list.is_empty() => {
                given.wrong("an audience", "Name at least one, or write \"\" to look at none.")
            }
            Value::Array(_) => Vec::parse(given).map(Self::Many),
            _ => String::parse(given).map(Self::One),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::One(audience) => audience.show(),
            Self::Many(list) => list.show(),
        }
    }
}

/// The name of a header: in lower case inside, as WSGI spells it outside.
struct WsgiName(String);

impl Setting for WsgiName {
    fn parse(given: &Given) -> Parsed<Self> {
        let name = given.as_text().and_then(|text| text.strip_prefix("HTTP_")).filter(|name| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        });
        match name {
            Some(name) => Ok(Self(name.to_ascii_lowercase().replace('_', "-"))),
            None => given.wrong(
                "a header in WSGI spelling",
                "Write HTTP_ and the name in capitals with _ for -: \"HTTP_AUTHORIZATION\" is Authorization.",
            ),
        }
    }

    fn show(&self) -> String {
        format!("\"HTTP_{}\"", self.0.to_ascii_uppercase().replace('-', "_"))
    }
}

fn are_header_types(types: &[String]) -> Result<(), Wrong> {
    let is_word = |word: &String| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
    if types.is_empty() || !types.iter().all(is_word) {
        return Err(Wrong::new(
            "a header type is one word of visible ASCII, and there is at least one",
            "Write [\"Bearer\"].",
        ));
    }
    Ok(())
}

/// A hundred years at most: no `exp` may pass the year 9999.
const LIFETIMES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(36_500 * 86_400);

const DJANGO_ENCODER: &str = "django.core.serializers.json.DjangoJSONEncoder";
