//! What the reference says in each language, from the generated file.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::code::LanguageCode;

/// The text of an English message in that language, placeholders and all, if the reference has one.
pub(super) fn text(language: LanguageCode, english: &str) -> Option<&'static str> {
    CATALOGUE.texts.get(english)?.get(&language).copied()
}

/// The form that fits a number, of a message that has several; English has two, and either names the message.
pub(super) fn form(language: LanguageCode, english: &str, number: u64) -> Option<&'static str> {
    let (rule, forms) = CATALOGUE.form_of(english)?.get(&language)?.split_once('|')?;
    let rule = CATALOGUE.plurals.get(rule)?;
    // No rule looks beyond the last two digits of what is not small.
    let index = if number < 200 { number } else { 100 + number % 100 };
    let chosen = rule.as_bytes().get(usize::try_from(index).ok()?)?;
    forms.split('|').nth(usize::from(chosen - b'0'))
}

/// Every English message that the reference has texts for or could have, in the order of the file.
#[cfg(test)]
pub(super) fn messages() -> impl Iterator<Item = &'static str> {
    FILE.lines().filter_map(|line| line.strip_prefix("= ")).filter(|message| *message != PLURALS)
}

#[derive(Default)]
struct Catalogue {
    texts: Texts,
    /// Of messages with a number, by their singular: the rule, and the forms it chooses from.
    forms: Texts,
    /// The singular of each plural.
    singulars: HashMap<&'static str, &'static str>,
    plurals: HashMap<&'static str, &'static str>,
}

impl Catalogue {
    fn form_of(&self, english: &str) -> Option<&HashMap<LanguageCode, &'static str>> {
        self.forms.get(self.singulars.get(english).copied().unwrap_or(english))
    }
}

type Texts = HashMap<&'static str, HashMap<LanguageCode, &'static str>>;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut catalogue = Catalogue::default();
    let (mut message, mut is_numbered) = ("", false);
    for (key, text) in FILE.lines().filter_map(|line| line.split_once(' ')) {
        match LanguageCode::exactly(key) {
            Some(language) => {
                let texts = if is_numbered { &mut catalogue.forms } else { &mut catalogue.texts };
                texts.entry(message).or_default().insert(language, text);
            }
            None if key == "=" => (message, is_numbered) = (text, false),
            None if key == "+" => {
                catalogue.singulars.insert(text, message);
                is_numbered = true;
            }
            None if message == PLURALS => _ = catalogue.plurals.insert(key, text),
            None => {}
        }
    }
    catalogue
});

const FILE: &str = include_str!("reference.txt");

/// The block of the rules for numbers.
const PLURALS: &str = "plurals";

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: &str = "This password is too short. It must contain at least {min_length} character.";

    fn code(text: &str) -> LanguageCode {
        LanguageCode::exactly(text).unwrap()
    }

    #[test]
    fn every_line_of_the_file_is_taken_in() {
        let lines = FILE.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '=', '+'])).count();
        let count = |texts: &Texts| texts.values().map(HashMap::len).sum::<usize>();
        assert_eq!(count(&CATALOGUE.texts) + count(&CATALOGUE.forms) + CATALOGUE.plurals.len(), lines);
        assert!(CATALOGUE.plurals.values().all(|rule| rule.len() == 200));
    }

    #[test]
    fn texts_are_those_of_the_language() {
        let required = "This field is required.";
        assert_eq!(text(code("fr"), required), Some("Ce champ est obligatoire."));
        assert_eq!(text(code("zh-hans"), required), Some("该字段是必填项。"));
        assert_eq!(text(code("en"), required), None);
        assert_eq!(text(code("fr"), "no such message"), None);
    }

    #[test]
    fn numbers_choose_their_form_by_the_rule_of_the_language() {
        let polish = |number| form(code("pl"), SHORT, number).unwrap().replace("{min_length}", &number.to_string());
        assert!(polish(1).contains("co najmniej 1 znak."), "{}", polish(1));
        assert!(polish(3).contains("3 znaki."), "{}", polish(3));
        assert!(polish(8).contains("8 znaków."), "{}", polish(8));
        assert!(polish(1022).contains("1022 znaki."), "{}", polish(1022));
        assert_eq!(form(code("en"), SHORT, 8), None);
    }
}
