//! Letters as Python 3.11 (Unicode 14) knows them: where the reference asks Python, Rust's own tables answer otherwise.

use std::sync::LazyLock;

/// What `\w` matches in a Python pattern: letters, whatever counts, and the underscore. No combining marks.
pub(crate) fn is_word(letter: char) -> bool {
    WORD.contains(letter)
}

/// What `str.isdigit` calls a digit: of any script, superscripts among them, fractions not.
pub(crate) fn is_digit(letter: char) -> bool {
    DIGIT.contains(letter)
}

/// What `str.strip` cuts off.
pub(crate) fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\x1c'..='\x1f').contains(&letter)
}

static WORD: LazyLock<Runs> = LazyLock::new(|| Runs::parse(include_str!("../data/python-word.txt")));
static DIGIT: LazyLock<Runs> = LazyLock::new(|| Runs::parse(include_str!("../data/python-digit.txt")));

/// Bounds of runs of letters, in turns: where one begins, and where it has ended.
struct Runs(Vec<u32>);

impl Runs {
    fn parse(text: &str) -> Self {
        Self(text.split_ascii_whitespace().filter_map(|bound| u32::from_str_radix(bound, 16).ok()).collect())
    }

    fn contains(&self, letter: char) -> bool {
        self.0.partition_point(|&bound| bound <= u32::from(letter)) % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        let is_rising = |runs: &Runs| runs.0.is_sorted_by(|earlier, later| earlier < later);
        assert_eq!((WORD.0.len(), DIGIT.0.len()), (1468, 162));
        assert!(is_rising(&WORD) && is_rising(&DIGIT));
    }

    #[test]
    fn letters_and_numbers_of_any_script_are_words_and_marks_are_not() {
        assert!("aZ0_é민ßªⅫ½٣".chars().all(is_word));
        for letter in [' ', '-', '.', '\u{300}', '\u{94d}', '\u{200d}', '\u{ad}', '€', '㍂', '\u{1f600}', '\u{10ffff}']
        {
            assert!(!is_word(letter), "{letter:?}");
        }
    }

    #[test]
    fn digits_are_those_that_count_one_by_one() {
        assert!("0٣９²①".chars().all(is_digit));
        assert!(!"½Ⅻ一a".chars().any(is_digit));
    }
}
