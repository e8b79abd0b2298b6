//! The project's own tasks: `cargo xtask check` and `cargo xtask test`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task runner speaks to the terminal")]

mod architecture;
mod check;
mod counts;
mod debian;
mod fuzz;
mod readme;
mod run;
mod source;
mod step;
mod test;
mod tracked;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::step::Step;
use crate::workspace::Workspace;

const USAGE: &str = "\
Usage: cargo xtask check [--only STEP]...
       cargo xtask test  [--only STEP]... [--long]

  check   formatting, lints, docs, licences, and the shape of the house
  test    check, then every test there is; installs what the tests need

  --only STEP   this step alone (may be given several times)
  --long        more rounds in the tests that repeat (JETON_TEST_LONG=1), ten minutes for each fuzz target,
                and what rotations cost at ten million families";

fn main() -> ExitCode {
    match arguments().and_then(Task::run) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

/// What was asked for on the command line.
struct Task {
    steps: Vec<Step>,
    only: Vec<String>,
    long: bool,
}

impl Task {
    fn run(self) -> Result<bool> {
        let workspace = Workspace::find(self.long)?;
        step::run(&workspace, self.steps, &self.only)
    }
}

fn arguments() -> Result<Task> {
    let mut words = std::env::args().skip(1);
    let steps = match words.next().as_deref() {
        Some("check") => check::steps(),
        Some("test") => check::steps().into_iter().chain(test::steps()).collect(),
        Some("--help" | "-h" | "help") => {
            println!("{USAGE}");
            std::process::exit(0);
        }
        Some(other) => bail!("there is no task {other:?}\n\n{USAGE}"),
        None => bail!("{USAGE}"),
    };
    let mut task = Task { steps, only: Vec::new(), long: false };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--long" => task.long = true,
            "--only" => match words.next() {
                Some(name) => task.only.push(name),
                None => bail!("--only wants the name of a step: {}", step::names(&task.steps)),
            },
            other => bail!("unknown argument {other:?}\n\n{USAGE}"),
        }
    }
    Ok(task)
}
