//! Steps of a task: their headings, their outcomes, and the table at the end.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::counts::Counts;
use crate::workspace::Workspace;

/// One named piece of a task.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Workspace) -> Result<Outcome>,
}

/// How a step ended, when it ended without an error.
pub(crate) enum Outcome {
    /// It passed, and had no tests of its own to count.
    Passed,
    /// It ran tests; it passed if none failed.
    Tested(Counts),
    /// It could not run here, and why. Shown in the table, and no failure.
    NotRun(String),
}

struct Line {
    name: &'static str,
    outcome: Result<Outcome>,
    elapsed: Duration,
}

/// Runs the steps (or those named in `only`) to the end, whatever fails, and says whether all is well.
pub(crate) fn run(workspace: &Workspace, steps: Vec<Step>, only: &[String]) -> Result<bool> {
    if let Some(unknown) = only.iter().find(|name| !steps.iter().any(|step| step.name == name.as_str())) {
        bail!("there is no step {unknown:?} in this task; its steps are: {}", names(&steps));
    }
    let started = Instant::now();
    let mut lines = Vec::new();
    for step in steps.into_iter().filter(|step| only.is_empty() || only.iter().any(|name| name == step.name)) {
        println!("\n=== {} (at {})", step.name, clock(started.elapsed()));
        let before = Instant::now();
        let outcome = (step.run)(workspace);
        let elapsed = before.elapsed();
        match &outcome {
            Err(error) => println!("--- {} FAILED after {}: {error:#}", step.name, clock(elapsed)),
            Ok(Outcome::NotRun(why)) => println!("--- {} NOT RUN: {why}", step.name),
            Ok(Outcome::Passed | Outcome::Tested(_)) => println!("--- {} done in {}", step.name, clock(elapsed)),
        }
        lines.push(Line { name: step.name, outcome, elapsed });
    }
    let total = lines.iter().map(counts).fold(Counts::default(), Counts::plus);
    println!("\n{}\n{} passed, {} failed", table(&lines, started.elapsed()), total.passed, total.failed);
    Ok(total.failed == 0)
}

/// The names of the steps, for people.
pub(crate) fn names(steps: &[Step]) -> String {
    steps.iter().map(|step| step.name).collect::<Vec<_>>().join(", ")
}

/// What a step adds to the last line: its tests, or itself where it has none.
fn counts(line: &Line) -> Counts {
    match &line.outcome {
        Ok(Outcome::Tested(counts)) => *counts,
        Ok(Outcome::Passed) => Counts { passed: 1, ..Counts::default() },
        Ok(Outcome::NotRun(_)) => Counts { skipped: 1, ..Counts::default() },
        Err(error) => match error.downcast_ref::<Counts>() {
            Some(counts) if counts.failed > 0 => *counts,
            Some(counts) => Counts { failed: 1, ..*counts },
            None => Counts { failed: 1, ..Counts::default() },
        },
    }
}

fn table(lines: &[Line], elapsed: Duration) -> String {
    let mut text =
        format!("{:<22} {:<8} {:>7} {:>7} {:>8} {:>9}\n", "step", "result", "passed", "failed", "skipped", "time");
    for line in lines {
        let counts = counts(line);
        let result = match &line.outcome {
            Ok(Outcome::NotRun(_)) => "not run",
            Ok(Outcome::Passed | Outcome::Tested(_)) if counts.failed == 0 => "ok",
            Ok(Outcome::Passed | Outcome::Tested(_)) | Err(_) => "FAILED",
        };
        let Counts { passed, failed, skipped } = counts;
        let time = clock(line.elapsed);
        writeln!(text, "{:<22} {result:<8} {passed:>7} {failed:>7} {skipped:>8} {time:>9}", line.name)
            .expect("a String takes any text");
    }
    write!(text, "{:<22} {:<8} {:>7} {:>7} {:>8} {:>9}", "all", "", "", "", "", clock(elapsed))
        .expect("a String takes any text");
    text
}

fn clock(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_fails_to_start_counts_as_one_failure() {
        let line = Line { name: "x", outcome: Err(anyhow::anyhow!("no compiler")), elapsed: Duration::ZERO };
        assert_eq!(counts(&line), Counts { passed: 0, failed: 1, skipped: 0 });
    }

    #[test]
    fn a_runner_that_dies_after_passing_tests_still_counts_a_failure() {
        let error = anyhow::Error::new(Counts { passed: 7, failed: 0, skipped: 0 }).context("it died");
        let line = Line { name: "x", outcome: Err(error), elapsed: Duration::ZERO };
        assert_eq!(counts(&line), Counts { passed: 7, failed: 1, skipped: 0 });
    }

    #[test]
    fn what_was_not_run_is_no_failure_and_is_shown() {
        let line = Line { name: "x", outcome: Ok(Outcome::NotRun("no network".into())), elapsed: Duration::ZERO };
        assert_eq!(counts(&line).failed, 0);
        assert!(table(&[line], Duration::ZERO).contains("not run"));
    }
}
