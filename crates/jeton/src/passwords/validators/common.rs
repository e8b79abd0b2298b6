//! Django's list of common passwords, looked up where it lies in the binary.

use std::cmp::Ordering;

use crate::python;

/// Whether everybody else has it, too; case and blanks around it do not make it rarer.
pub(super) fn is_common(password: &str) -> bool {
    is_listed(password.to_lowercase().trim_matches(python::is_space))
}

/// Halves the list between line breaks until one line is left.
fn is_listed(wanted: &str) -> bool {
    let mut lines = COMMON;
    while !lines.is_empty() {
        let middle = lines.len() / 2;
        let start = lines.as_bytes()[..middle].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let Some((line, after)) = lines[start..].split_once('\n') else { return false };
        match wanted.cmp(line) {
            Ordering::Equal => return true,
            Ordering::Less => lines = &lines[..start],
            Ordering::Greater => lines = after,
        }
    }
    false
}

/// One to a line, in lower case, sorted by bytes.
const COMMON: &str = include_str!("../../../data/common-passwords.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_nothing_between_them() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert_eq!(lines.len(), 19_640);
        assert!(lines.is_sorted_by(|earlier, later| earlier < later));
        for line in lines {
            assert!(is_listed(line), "{line}");
            assert!(!is_listed(&format!("{line}\u{7f}")), "{line}");
        }
        assert!(!is_listed("") && !is_listed("\u{10ffff}") && !is_listed("a\nb"));
    }

    #[test]
    fn case_and_blanks_do_not_make_it_rare() {
        assert!(is_common(" PassWord123\n\u{a0}") && is_common("ПАРОЛЬ"));
        assert!(!is_common("pass word123") && !is_common("Str0ng-pass-77"));
    }
}
