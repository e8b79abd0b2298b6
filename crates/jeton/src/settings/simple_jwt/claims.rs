//! Declared values: what `[simple_jwt.claims]` puts into tokens and `[simple_jwt.response]` into answers.

use serde_json::Value as Json;
use toml::Value;

use super::SimpleJwt;
use crate::settings::given::{Given, Parsed, Setting, Wrong, alternatives};
use crate::settings::reader::Section;

/// Where a declared claim or answer field takes its value from.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueSource {
    /// `"user.username"`: a column of the user's row.
    User(UserAttribute),
    /// Anything else, as it stands.
    Literal(Json),
}

/// Something known of a user: a column of `auth_user`, or made of others; the password is none of anybody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAttribute {
    /// A number.
    Id,
    /// Text.
    Username,
    /// Text, may be empty.
    Email,
    /// Text, may be empty.
    FirstName,
    /// Text, may be empty.
    LastName,
    /// A boolean.
    IsActive,
    /// A boolean.
    IsStaff,
    /// A boolean.
    IsSuperuser,
    /// A moment, or null.
    LastLogin,
    /// A moment.
    DateJoined,
    /// First and last name with a blank between.
    FullName,
    /// The names of the user's groups.
    Groups,
}

/// Fields added to answers, in the order they are written.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Responses {
    /// `[simple_jwt.response]`: of obtain, pair and sliding.
    pub obtain: Vec<(String, ValueSource)>,
    /// `[simple_jwt.response.refresh]`.
    pub refresh: Vec<(String, ValueSource)>,
    /// `[simple_jwt.response.verify]`.
    pub verify: Vec<(String, ValueSource)>,
}

impl Responses {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            obtain: read_table(
                section,
                "response",
                "A field of the answer to a login.",
                &["refresh", "verify"],
                TOKENS,
            ),
            refresh: read_table(section, "response.refresh", "A field of the answer to a refresh.", &[], TOKENS),
            verify: read_table(section, "response.verify", "A field of the answer to verify.", &[], &[]),
        }
    }
}

impl SimpleJwt {
    /// The names of the claims that Jeton writes itself.
    pub(crate) fn reserved_claims(&self) -> Vec<&str> {
        let mut reserved = vec!["exp", "iat", "jti", &self.user_id_claim, &self.sliding_token_refresh_exp_claim];
        reserved.extend(self.token_type_claim.as_deref());
        reserved.extend(self.jti_claim.as_deref());
        reserved.extend(self.check_revoke_token.then_some(self.revoke_token_claim.as_str()));
        reserved.extend(self.audience.is_some().then_some("aud"));
        reserved.extend(self.issuer.is_some().then_some("iss"));
        reserved
    }
}

/// `[simple_jwt.claims]`. Claims that Jeton writes itself are not for declaring.
pub(super) fn read_claims(section: &mut Section<'_>, settings: &SimpleJwt) -> Vec<(String, ValueSource)> {
    let reserved = settings.reserved_claims();
    let claims = read_table(section, "claims", "A claim of every token of a login.", &[], &reserved);
    for (name, source) in &claims {
        if name == "sub" && !source.is_text() {
            let what = "the claim sub must be text, or no token would pass".to_owned();
            section.refuse("claims.sub", Wrong::new(what, "Choose a column that holds text, or another name."));
        }
    }
    claims
}

/// A table of declared values. Sub-tables named in `sections` are read elsewhere.
fn read_table(
    section: &mut Section<'_>,
    table: &str,
    about: &'static str,
    sections: &[&str],
    reserved: &[&str],
) -> Vec<(String, ValueSource)> {
    let mut values = Vec::new();
    for (name, given) in section.table(table) {
        if sections.contains(&name.as_str()) && given.value.is_table() {
            continue;
        }
        let key = format!("{table}.{name}");
        if reserved.contains(&name.as_str()) {
            section.refuse(&key, Wrong::new(format!("{name} is written by Jeton itself"), "Choose another name."));
            continue;
        }
        match ValueSource::parse(&given) {
            Ok(value) => {
                section.show_entry(&key, value.show(), given.source, about);
                values.push((name, value));
            }
            Err(wrong) => wrong.into_iter().for_each(|wrong| section.refuse(&key, wrong)),
        }
    }
    values
}

impl ValueSource {
    fn is_text(&self) -> bool {
        match self {
            Self::Literal(value) => value.is_string(),
            Self::User(attribute) => match attribute {
                UserAttribute::Username
                | UserAttribute::Email
                | UserAttribute::FirstName
                | UserAttribute::LastName
                | UserAttribute::FullName => true,
                UserAttribute::Id
                | UserAttribute::IsActive
                | UserAttribute::IsStaff
                | UserAttribute::IsSuperuser
                | UserAttribute::LastLogin
                | UserAttribute::DateJoined
                | UserAttribute::Groups => false,
            },
        }
    }
}

impl Setting for ValueSource {
    fn parse(given: &Given) -> Parsed<Self> {
        let Some(column) = given.value.as_str().and_then(|text| text.strip_prefix("user.")) else {
            return match to_json(&given.value) {
                Some(value) => Ok(Self::Literal(value)),
                None => given.wrong("a value that JSON has", "JSON has no nan and no inf; write a number."),
            };
        };
        if column == "password" {
            return given.wrong("for others to see", "Choose another column.");
        }
        match UserAttribute::COLUMNS.iter().find(|(name, _)| *name == column) {
            Some((_, attribute)) => Ok(Self::User(*attribute)),
            None => {
                let columns = UserAttribute::COLUMNS.map(|(name, _)| format!("user.{name}"));
                given.wrong("a column of the user", format!("Write {}.", alternatives(&columns)))
            }
        }
    }

    fn show(&self) -> String {
        match self {
            Self::User(attribute) => format!("\"user.{}\"", attribute.column()),
            Self::Literal(value) => value.to_string(),
        }
    }
}

impl UserAttribute {
    /// Its name after `user.`.
    pub fn column(self) -> &'static str {
        Self::COLUMNS.iter().find(|(_, attribute)| *attribute == self).map_or("", |(name, _)| name)
    }

    const COLUMNS: [(&'static str, Self); 12] = [
        ("id", Self::Id),
        ("username", Self::Username),
        ("email", Self::Email),
        ("first_name", Self::FirstName),
        ("last_name", Self::LastName),
        ("is_active", Self::IsActive),
        ("is_staff", Self::IsStaff),
        ("is_superuser", Self::IsSuperuser),
        ("last_login", Self::LastLogin),
        ("date_joined", Self::DateJoined),
        ("full_name", Self::FullName),
        ("groups", Self::Groups),
    ];
}

/// `None` where TOML has a number that JSON has not.
fn to_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::String(text) => Json::from(text.as_str()),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::Number(serde_json::Number::from_f64(*number)?),
        Value::Boolean(value) => Json::from(*value),
        Value::Datetime(moment) => Json::from(moment.to_string()),
        Value::Array(items) => Json::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        Value::Table(table) => {
            let entries = table.iter().map(|(name, value)| Some((name.clone(), to_json(value)?)));
            Json::Object(entries.collect::<Option<_>>()?)
        }
    })
}

const TOKENS: &[&str] = &["refresh", "access", "token"];
