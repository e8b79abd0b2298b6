//! Kills the server under load, again and again: nothing that it had acknowledged may be lost.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a test runner speaks to the terminal")]

mod act;
mod chance;
mod check;
mod cycle;
mod database;
mod facts;
mod findings;
mod load;
mod nodes;
mod planted;
mod server;
mod sign_up;
mod sync_order;
mod trace;
mod wire;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

const USAGE: &str = "\
Usage: jeton-chaos [--expect-loss] [--cycles N]
       jeton-chaos nodes [SCENARIO]...

  --expect-loss   build a server that answers before it commits, and fail unless its losses are found
  --cycles N      so many cycles instead of 20 (100 with JETON_TEST_LONG=1)

  JETON_BIN=PATH            the server to test (target/release/jeton)
  JETON_TEST_NO_PTRACE=1    this machine does not let processes be traced: leave out the order of system calls";

fn main() -> ExitCode {
    let started = Instant::now();
    let tally = match nodes::asked() {
        Some(scenarios) => binary().and_then(|binary| nodes::run(&binary, is_long(), &scenarios)),
        None => arguments().and_then(|arguments| arguments.run()),
    };
    let tally = match tally {
        Ok(tally) => tally,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::from(2);
        }
    };
    println!("{:.1} s in all", started.elapsed().as_secs_f64());
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed == 0 && tally.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What was asked for on the command line.
struct Arguments {
    expect_loss: bool,
    cycles: Option<u32>,
}

/// What the last line says.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    fn add(&mut self, name: &str, outcome: Result<String>) {
        match outcome {
            Ok(line) => {
                println!("{name}: {line}");
                self.passed += 1;
            }
            Err(error) => {
                println!("{name}: FAILED: {error:#}");
                self.failed += 1;
            }
        }
    }
}

impl Arguments {
    fn run(&self) -> Result<Tally> {
        if self.expect_loss { planted::run(&root(), &target()) } else { self.kill_again_and_again() }
    }

    fn kill_again_and_again(&self) -> Result<Tally> {
        let binary = binary()?;
        let cycles = self.cycles.unwrap_or(if is_long() { LONG } else { SHORT });
        let mut tally = Tally::default();
        sync_order::run(&binary, &mut tally);
        cycle::run(&binary, cycles, &mut tally)?;
        Ok(tally)
    }
}

fn arguments() -> Result<Arguments> {
    let mut arguments = Arguments { expect_loss: false, cycles: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--expect-loss" => arguments.expect_loss = true,
            "--cycles" => match words.next().and_then(|number| number.parse().ok()) {
                Some(cycles) => arguments.cycles = Some(cycles),
                None => bail!("--cycles wants a number\n\n{USAGE}"),
            },
            "--help" | "-h" => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            other => bail!("unknown argument {other:?}\n\n{USAGE}"),
        }
    }
    Ok(arguments)
}

/// The server to test.
fn binary() -> Result<PathBuf> {
    let binary = std::env::var_os("JETON_BIN").map_or_else(|| target().join("release/jeton"), PathBuf::from);
    if !binary.exists() {
        bail!("there is no {}; build it with: cargo build --release -p jeton-cli", binary.display());
    }
    Ok(binary)
}

fn is_long() -> bool {
    std::env::var_os("JETON_TEST_LONG").is_some_and(|value| value == "1")
}

/// The checkout this program was built from.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or_else(|| here.to_path_buf(), Path::to_path_buf)
}

/// Where builds go.
fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

const SHORT: u32 = 20;
const LONG: u32 = 100;
