//! How much a password is like something else that is known of its owner, as Python's `difflib` measures it.

use std::collections::HashMap;

use crate::python;

/// Whether a password is too much like a text, or like one of the words in it.
pub(super) fn is_similar(password: &str, text: &str) -> bool {
    let (password, text): (Vec<char>, String) = (password.to_lowercase().chars().collect(), text.to_lowercase());
    let words = text.split(|letter| !python::is_word(letter));
    words.chain([text.as_str()]).any(|part| {
        let part: Vec<char> = part.chars().collect();
        !is_much_longer(&password, &part) && quick_ratio(&password, &part) >= MAX_SIMILARITY
    })
}

/// Whether the two are of so different lengths that they cannot be similar.
fn is_much_longer(password: &[char], part: &[char]) -> bool {
    password.len() >= 10 * part.len() && (part.len() as f64) < MAX_SIMILARITY / 2.0 * password.len() as f64
}

/// `SequenceMatcher.quick_ratio`: how many letters both have, wherever they stand.
fn quick_ratio(password: &[char], part: &[char]) -> f64 {
    let length = password.len() + part.len();
    if length == 0 {
        return 1.0;
    }
    let mut available: HashMap<char, usize> = HashMap::new();
    part.iter().for_each(|&letter| *available.entry(letter).or_default() += 1);
    let take = |letter: &&char| match available.get_mut(*letter) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        Some(_) | None => false,
    };
    2.0 * password.iter().filter(take).count() as f64 / length as f64
}

const MAX_SIMILARITY: f64 = 0.7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted_wherever_they_stand() {
        let ratio = |password: &str, part: &str| {
            quick_ratio(&password.chars().collect::<Vec<_>>(), &part.chars().collect::<Vec<_>>())
        };
        assert_eq!(ratio("abcd", "dcba").to_bits(), 1.0f64.to_bits());
        assert_eq!(ratio("", "").to_bits(), 1.0f64.to_bits());
        assert_eq!(ratio("aab", "abb").to_bits(), (2.0f64 * 2.0 / 6.0).to_bits());
    }

    #[test]
    fn words_of_an_address_count_by_themselves() {
        assert!(is_similar("JaneDoe99", "janedoe99"));
        assert!(is_similar("example1", "someone@example.com"));
        assert!(!is_similar("Str0ng-pass-77", "alice@example.com"));
        assert!(!is_similar(&"a".repeat(1000), "a"));
    }
}
