//! `[usernames]`: which names there can be, and who is meant by one.

use super::Compatibility;
use super::reader::Reader;

/// Names of users.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usernames {
    /// Whether a new name must follow Django's rule in its normal form, too, and have no letter that nobody sees.
    pub strict: bool,
    /// Whether a name that is typed at a login is normalised, as new names are.
    pub normalise_at_login: bool,
    /// Whether case does not count: new names are kept in lower case, and found however they are typed.
    pub fold_case: bool,
}

impl Usernames {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        let safe = compatibility == Compatibility::Safe;
        Self { strict: safe, normalise_at_login: safe, fold_case: false }
    }

    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("usernames");
        let default = Self::defaults(compatibility);
        Self {
            strict: section.read(
                "strict",
                "Whether new names with letters that nobody sees are refused, and those that normalising spoils.",
                default.strict,
            ),
            normalise_at_login: section.read(
                "normalise_at_login",
                "Whether a name typed at a login is brought to the form (NFKC) in which new names are kept.",
                default.normalise_at_login,
            ),
            fold_case: section.read(
                "fold_case",
                "Whether new names are kept in lower case, and found in whatever case they are typed at a login.",
                default.fold_case,
            ),
        }
    }
}
