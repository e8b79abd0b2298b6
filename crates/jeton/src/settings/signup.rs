//! `[signup]`: whether and how strangers become users.

use super::reader::Reader;

/// Sign-up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signup {
    /// Whether anybody may sign up.
    pub enabled: bool,
    /// Whether an e-mail address has to be given.
    pub email_required: bool,
}

impl Default for Signup {
    fn default() -> Self {
        Self { enabled: true, email_required: false }
    }
}

impl Signup {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut section = reader.section("signup");
        let default = Self::default();
        Self {
            enabled: section.read(
                "enabled",
                "Whether anybody may sign up; false answers 403, and operators make the users.",
                default.enabled,
            ),
            email_required: section.read(
                "email_required",
                "Whether who signs up has to give an e-mail address.",
                default.email_required,
            ),
        }
    }
}
