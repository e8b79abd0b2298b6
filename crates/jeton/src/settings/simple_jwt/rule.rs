//! `USER_AUTHENTICATION_RULE`: who may have tokens, said in conditions instead of Python.

use toml::Value;

use crate::settings::given::{Given, Parsed, Setting};

/// Conditions that all hold for a user who obtains or refreshes a token, beside being active. None: Simple JWT's own rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserRule(pub Vec<UserCondition>);

/// Something that is asked of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserCondition {
    /// `user.is_staff`.
    Staff,
    /// `user.is_superuser`.
    Superuser,
    /// `group:NAME`: the user is in the group of this name.
    Group(String),
}

impl Setting for UserRule {
    fn parse(given: &Given) -> Parsed<Self> {
        match given.as_text() {
            Some("" | DEFAULT) => Ok(Self::default()),
            _ => Vec::parse(given).map(Self),
        }
    }

    fn show(&self) -> String {
        if self.0.is_empty() { format!("\"{DEFAULT}\"") } else { self.0.show() }
    }
}

impl Setting for UserCondition {
    fn parse(given: &Given) -> Parsed<Self> {
        match given.as_text() {
            Some("user.is_staff") => Ok(Self::Staff),
            Some("user.is_superuser") => Ok(Self::Superuser),
            Some(text) if text.strip_prefix("group:").is_some_and(|name| !name.trim().is_empty()) => {
                Ok(Self::Group(text["group:".len()..].to_owned()))
            }
            _ => given.wrong(
                "a rule that Jeton knows, and it cannot run Python code",
                "Write \"user.is_staff\", \"user.is_superuser\", \"group:NAME\" or a list of them, all of which must \
                 hold beside CHECK_USER_IS_ACTIVE; or remove it for Simple JWT's own rule.",
            ),
        }
    }

    fn show(&self) -> String {
        let text = match self {
            Self::Staff => "user.is_staff".to_owned(),
            Self::Superuser => "user.is_superuser".to_owned(),
            Self::Group(name) => format!("group:{name}"),
        };
        Value::String(text).to_string()
    }
}

const DEFAULT: &str = "rest_framework_simplejwt.authentication.default_user_authentication_rule";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    fn parse(text: &str) -> Parsed<UserRule> {
        UserRule::parse(&Given { value: text.parse().unwrap(), text: None, source: Source::File(1) })
    }

    #[test]
    fn the_rule_of_simple_jwt_asks_for_nothing_more() {
        for text in ["\"\"", "\"rest_framework_simplejwt.authentication.default_user_authentication_rule\""] {
            assert_eq!(parse(text).unwrap(), UserRule::default());
        }
    }

    #[test]
    fn conditions_are_written_one_by_one_or_as_a_list() {
        assert_eq!(parse("\"user.is_staff\"").unwrap().0, [UserCondition::Staff]);
        let both = parse("[\"group:back office\", \"user.is_superuser\"]").unwrap();
        assert_eq!(both.0, [UserCondition::Group("back office".to_owned()), UserCondition::Superuser]);
        assert_eq!(parse(&both.show()).unwrap(), both);
    }

    #[test]
    fn python_is_refused_with_what_to_write_instead() {
        let wrong = parse("[\"accounts.rules.staff_only\", \"group:\", 7]").unwrap_err();
        assert_eq!(wrong.len(), 3);
        assert!(wrong[0].remedy.contains("group:NAME"), "{}", wrong[0].remedy);
    }
}
