//! `[devices]`: on how many of them a user may be signed in.

use super::given::{Words, Wrong};
use super::reader::Reader;

/// How many sign-ins a user has at once: logins with tokens and browser sessions, counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Devices {
    /// So many; `None` is any number.
    pub max_per_user: Option<u32>,
    /// What becomes of one more.
    pub when_full: WhenFull,
}

/// What becomes of one sign-in too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// It gets in, and the sign-in that was not used for longest ends.
    #[default]
    NewestWins,
    /// It is refused.
    Refuse,
}

impl Default for Devices {
    fn default() -> Self {
        Self { max_per_user: None, when_full: WhenFull::NewestWins }
    }
}

impl Devices {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut section = reader.section("devices");
        let default = Self::default();
        Self {
            max_per_user: section.read_if(
                "max_per_user",
                "How many sign-ins a user may have at once, tokens and sessions together. Empty: any number.",
                default.max_per_user,
                |count| match count {
                    Some(0) => Err(Wrong::new("nobody could sign in", "Write 1 or more, or \"\" for any number.")),
                    Some(1..=10_000) | None => Ok(()),
                    Some(_) => Err(Wrong::new("that is no limit", "Write at most 10000, or \"\" for any number.")),
                },
            ),
            when_full: section.read(
                "when_full",
                "newest_wins: one more ends the one that was not used for longest. refuse: one more is a 403.",
                default.when_full,
            ),
        }
    }
}

impl Words for WhenFull {
    const WORDS: &'static [(&'static str, Self)] = &[("newest_wins", Self::NewestWins), ("refuse", Self::Refuse)];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Settings, SettingsFile, Sources};

    fn load(text: &str) -> Result<(Devices, usize), String> {
        let text = format!("secret_key = \"0123456789-0123456789-0123456789\"\n{text}");
        let file = Some(SettingsFile { path: "jeton.toml".into(), text });
        let loaded = Settings::load(&Sources { file, ..Sources::default() });
        loaded.map(|loaded| (loaded.settings.devices, loaded.warnings.len())).map_err(|problems| problems.to_string())
    }

    #[test]
    fn there_is_no_cap_unless_one_is_set_and_it_is_one_that_can_be_kept() {
        assert_eq!(load("").unwrap(), (Devices::default(), 0));
        let refuse = Devices { max_per_user: Some(3), when_full: WhenFull::Refuse };
        assert_eq!(load("[devices]\nmax_per_user = 3\nwhen_full = \"refuse\"\n").unwrap(), (refuse, 0));
        for count in ["0", "10001", "-1", "\"many\""] {
            assert!(load(&format!("[devices]\nmax_per_user = {count}\n")).is_err(), "{count}");
        }
        assert!(load("[devices]\nwhen_full = \"oldest\"\n").is_err());
    }

    #[test]
    fn a_cap_that_counts_no_tokens_is_a_warning() {
        assert_eq!(load("[devices]\nmax_per_user = 3\n[ledger]\nBLACKLIST = false\n").unwrap().1, 1);
    }
}
