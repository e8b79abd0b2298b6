//! Reads how many tests passed from what test runners print.

use std::fmt;

/// Tests of one or more runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }

    /// The counts of one line, if it is a runner's summary: of libtest, of nextest, of pytest, or of our own runners.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split([' ', ',', ';', '(', ')', '=']).filter(|word| !word.is_empty()).collect();
        let mut counts = Self::default();
        let mut found = false;
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u64>() else { continue };
            match pair[1] {
                "passed" => counts.passed += number,
                "failed" | "error" | "errors" => counts.failed += number,
                "skipped" | "ignored" => counts.skipped += number,
                _ => continue,
            }
            found = true;
        }
        let libtest = line.starts_with("test result:");
        let nextest = line.trim_start().starts_with("Summary [") && line.contains("run:");
        let pytest =
            line.contains(" in ") && words.last().is_some_and(|word| word.ends_with('s') || word.contains(':'));
        let own = matches!(words[..], [_, "passed", _, "failed"]);
        (found && (libtest || nextest || pytest || own)).then_some(counts)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// As an error: the runner that counted these ended with a non-zero status.
impl std::error::Error for Counts {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summaries_of_four_runners_are_read() {
        let of = |passed, failed, skipped| Some(Counts { passed, failed, skipped });
        let libtest =
            "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(Counts::of_line(libtest), of(12, 2, 1));
        assert_eq!(
            Counts::of_line("     Summary [   0.012s] 6 tests run: 5 passed (1 slow), 1 failed, 0 skipped"),
            of(5, 1, 0)
        );
        assert_eq!(Counts::of_line("     Summary [   0.012s] 1 test run: 1 passed, 0 skipped"), of(1, 0, 0));
        assert_eq!(Counts::of_line("1 failed, 3 passed, 1 skipped, 2 errors in 2.31s"), of(3, 3, 1));
        assert_eq!(Counts::of_line("3 passed in 62.03s (0:01:02)"), of(3, 0, 0));
        assert_eq!(Counts::of_line("402 passed, 1 failed"), of(402, 1, 0));
    }

    #[test]
    fn other_lines_are_no_summaries() {
        for line in
            ["", "test a ... ok", "rotation 17 passed 0 failed of 17", "3 passed so far", "12 skipped (not served yet)"]
        {
            assert_eq!(Counts::of_line(line), None, "{line}");
        }
    }
}
