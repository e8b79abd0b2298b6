//! Names of users: Django's rule, and the one form in which a name is kept.

use std::borrow::Cow;

use jeton_store::User;
use unicode_normalization::{UnicodeNormalization, is_nfkc};

use super::{Auth, AuthError};
use crate::python;
use crate::settings::Usernames;

/// A name that a user may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username {
    typed: String,
    kept: String,
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFlaw {
    /// It has letters that names cannot have, or none at all.
    Letters,
    /// It has more than [`Username::MAX_LENGTH`] characters.
    Length,
}

impl Username {
    /// As many characters as the column takes.
    pub const MAX_LENGTH: usize = 150;

    /// A name as somebody typed it, or all that is wrong with it.
    ///
    /// # Errors
    ///
    /// At least one flaw.
    pub fn parse(typed: impl Into<String>, rules: &Usernames) -> Result<Self, Vec<NameFlaw>> {
        let typed = typed.into();
        let kept = normal(&typed, rules.fold_case).into_owned();
        let mut flaws = Vec::new();
        let is_visible = !kept.chars().any(is_invisible);
        if !follows_rule(&typed) || rules.strict && !(follows_rule(&kept) && is_visible) {
            flaws.push(NameFlaw::Letters);
        }
        if [&typed, &kept].iter().any(|name| name.chars().count() > Self::MAX_LENGTH) {
            flaws.push(NameFlaw::Length);
        }
        if flaws.is_empty() { Ok(Self { typed, kept }) } else { Err(flaws) }
    }

    /// As it was typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// As it is kept, and as it is unique: in NFKC, and in lower case if case does not count.
    pub fn kept(&self) -> &str {
        &self.kept
    }
}

impl Auth {
    /// Whoever is meant by a name that was typed at a login: who has the very name, or else its normal form.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn find_user_by_typed_name(&self, typed: &str) -> Result<Option<User>, AuthError> {
        let rules = &self.settings().usernames;
        let found = self.find_user_by_username(typed).await?;
        if found.is_some() || !(rules.normalise_at_login || rules.fold_case) {
            return Ok(found);
        }
        match normal(typed, rules.fold_case) {
            same if same == typed => Ok(None),
            normal => self.find_user_by_username(&normal).await,
        }
    }
}

/// Django's `UnicodeUsernameValidator`: `^[\w.@+-]+\Z`.
fn follows_rule(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| python::is_word(letter) || ".@+-".contains(letter))
}

/// The letters that follow the rule and are not seen: the fillers of Hangul (Unicode's `Default_Ignorable_Code_Point`).
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

/// NFKC, and with `fold_case` one spelling for all cases: up and down again, so that `ß` is `ss` and `ς` is `σ`.
fn normal(name: &str, fold_case: bool) -> Cow<'_, str> {
    if fold_case {
        let folded = name.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
        return folded.nfkc().collect::<String>().into();
    }
    if is_nfkc(name) { name.into() } else { name.nfkc().collect::<String>().into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Compatibility;

    fn kept(name: &str, rules: &Usernames) -> Result<String, Vec<NameFlaw>> {
        Username::parse(name, rules).map(|name| name.kept)
    }

    fn rules(compatibility: Compatibility) -> Usernames {
        Usernames::defaults(compatibility)
    }

    #[test]
    fn names_follow_django_s_rule() {
        let exact = rules(Compatibility::Exact);
        for name in ["alice", "민정", "a.b+c@d-e_f", "x", "ｗｉｄｅ", "½", &"x".repeat(150)] {
            assert!(kept(name, &exact).is_ok(), "{name}");
        }
        for name in ["", "a b", "a/b", "a\0", "<script>", "e\u{301}", "a\u{200b}", "a\n", "👋"] {
            assert_eq!(kept(name, &exact), Err(vec![NameFlaw::Letters]), "{name}");
        }
        assert_eq!(kept(&"x".repeat(151), &exact), Err(vec![NameFlaw::Length]));
        assert_eq!(kept(&" ".repeat(151), &exact), Err(vec![NameFlaw::Letters, NameFlaw::Length]));
    }

    #[test]
    fn what_is_kept_is_normal() {
        let exact = rules(Compatibility::Exact);
        assert_eq!(kept("ｗｉｄｅ", &exact).unwrap(), "wide");
        assert_eq!(kept("ﬁnn", &exact).unwrap(), "finn");
        assert_eq!(kept("ALICE", &exact).unwrap(), "ALICE");
        assert_eq!(kept(&"\u{fdfa}".repeat(9), &exact), Err(vec![NameFlaw::Length]), "18 letters come of each");
    }

    #[test]
    fn strict_names_are_seen_and_stay_good() {
        let (strict, exact) = (rules(Compatibility::Safe), rules(Compatibility::Exact));
        for name in ["\u{fdfa}", "admin\u{3164}", "\u{ffa0}", "½"] {
            assert!(kept(name, &exact).is_ok(), "{name}");
            assert_eq!(kept(name, &strict), Err(vec![NameFlaw::Letters]), "{name}");
        }
        assert_eq!(kept("ｗｉｄｅ", &strict).unwrap(), "wide");
    }

    #[test]
    fn folded_names_are_one_in_every_case() {
        let folding = Usernames { fold_case: true, ..rules(Compatibility::Safe) };
        for (one, other) in [("ALICE", "alice"), ("STRASSE", "straße"), ("ΟΔΟΣ", "οδος"), ("ᾼ", "ᾳ"), ("ＡＢ", "ab")]
        {
            assert_eq!(kept(one, &folding), kept(other, &folding), "{one}");
            assert!(kept(one, &folding).is_ok(), "{one}");
        }
        assert_ne!(kept("alice", &folding), kept("a1ice", &folding));
    }
}
