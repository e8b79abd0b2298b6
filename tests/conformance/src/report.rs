//! What people read: failures as they happen, a table of groups, and the last line.
#![expect(clippy::print_stdout, reason = "the report is the output of this program")]

use std::collections::BTreeMap;
use std::sync::Mutex;

/// One scenario, or one check of the server itself, as it went.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) group: String,
    pub(crate) id: String,
    /// Profile, and settings that were turned.
    pub(crate) under: String,
    pub(crate) title: String,
    /// Empty when it passed.
    pub(crate) differences: Vec<String>,
}

/// Collects verdicts from several threads.
pub(crate) struct Report {
    quiet: bool,
    groups: Mutex<BTreeMap<String, Tally>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Report {
    /// A quiet report shows failures only.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, groups: Mutex::new(BTreeMap::new()) }
    }

    /// Takes in the verdicts of one server and shows them together.
    pub(crate) fn add(&self, verdicts: Vec<Verdict>) {
        let mut groups = self.groups.lock().expect("nothing panics while it holds the report");
        for verdict in verdicts {
            let passed = verdict.differences.is_empty();
            if !passed || !self.quiet {
                let word = if passed { "ok  " } else { "FAIL" };
                println!("{word} {}  [{}] {}", verdict.id, verdict.under, verdict.title);
                for difference in verdict.differences.iter().take(MOST_DIFFERENCES) {
                    println!("       {}", difference.replace('\n', "\n       "));
                }
            }
            let tally = groups.entry(verdict.group).or_default();
            if passed {
                tally.passed += 1;
            } else {
                tally.failed += 1;
            }
        }
    }

    pub(crate) fn skip(&self, group: &str) {
        let mut groups = self.groups.lock().expect("nothing panics while it holds the report");
        groups.entry(group.to_owned()).or_default().skipped += 1;
    }

    /// Shows the table and the last line, and gives the sum.
    pub(crate) fn finish(self) -> Tally {
        let groups = self.groups.into_inner().expect("nothing panics while it holds the report");
        println!("\n{:<20} {:>7} {:>7} {:>8}", "group", "passed", "failed", "skipped");
        let mut sum = Tally::default();
        for (group, tally) in groups {
            println!("{group:<20} {:>7} {:>7} {:>8}", tally.passed, tally.failed, tally.skipped);
            sum.passed += tally.passed;
            sum.failed += tally.failed;
            sum.skipped += tally.skipped;
        }
        if sum.skipped > 0 {
            println!("\nskipped: {} scenarios that are not served yet; not-yet.json says why", sum.skipped);
        }
        println!("\n{} passed, {} failed", sum.passed, sum.failed);
        sum
    }
}

const MOST_DIFFERENCES: usize = 8;
