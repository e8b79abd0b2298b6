//! Lets the server down in every way there is, under load: nothing that it had acknowledged may be lost.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a test runner speaks to the terminal")]

mod act;
mod chance;
mod check;
mod clock;
mod cycle;
mod database;
mod disk_full;
mod facts;
mod fake_time;
mod findings;
mod foreign;
mod load;
mod nodes;
mod outage;
mod planted;
mod postgres;
mod server;
mod sign_up;
mod sums;
mod sync_order;
mod tmpfs;
mod trace;
mod wire;
mod witness;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Something that happens to a server.
struct Scenario {
    name: &'static str,
    about: &'static str,
    run: fn(&Run, &mut Tally) -> Result<()>,
    /// The same with a fault that loses something: it has to be found.
    planted: Option<fn(&Run, &mut Tally) -> Result<()>>,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "kill",
        about: "the server is killed -9, on SQLite: 20 times (100)",
        run: kill,
        planted: Some(planted::answers_before_commits),
    },
    Scenario {
        name: "kill-postgres",
        about: "the server is killed -9, on PostgreSQL: 5 times (50)",
        run: postgres::kill_the_server,
        planted: None,
    },
    Scenario {
        name: "postgres-killed",
        about: "PostgreSQL is killed under the server: 3 times (20)",
        run: postgres::kill_postgres,
        planted: None,
    },
    Scenario {
        name: "disk-full",
        about: "the disk of the database is full: 4 times (20)",
        run: disk_full::run,
        planted: None,
    },
    Scenario { name: "clock", about: "the clock goes forward and back", run: clock::run, planted: None },
];

const USAGE: &str = "\
Usage: jeton-chaos [SCENARIO…] [--expect-loss] [--cycles N]
       jeton-chaos nodes [SCENARIO]...

  --expect-loss   plant a fault that loses what was acknowledged, and fail unless the loss is found
  --cycles N      repeat N times instead of as often as said below

  JETON_BIN=PATH                    the server to test (target/release/jeton)
  JETON_TEST_LONG=1                 repeat as often as it says in brackets
  JETON_TEST_NO_PTRACE=1            this machine does not let processes be traced: leave out the order of system calls
  JETON_TEST_DISK_FULL=tmpfs|limit  how the disk is made to be full: a file system that is filled up (root alone may
                                    mount one), or a limit on the size of files

Scenarios, the first one if none is named:";

fn main() -> ExitCode {
    let started = Instant::now();
    let tally = match nodes::asked() {
        Some(scenarios) => binary().and_then(|binary| nodes::run(&binary, is_long(), &scenarios)),
        None => Arguments::read().and_then(|arguments| arguments.run()),
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

/// What a scenario works with.
struct Run {
    binary: PathBuf,
    is_long: bool,
    cycles: Option<u32>,
}

impl Run {
    /// How often to do something.
    fn repeat(&self, short: u32, long: u32) -> u32 {
        self.cycles.unwrap_or(if self.is_long { long } else { short })
    }
}

/// What was asked for on the command line.
struct Arguments {
    scenarios: Vec<&'static Scenario>,
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
    fn read() -> Result<Self> {
        let mut arguments = Self { scenarios: Vec::new(), expect_loss: false, cycles: None };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--expect-loss" => arguments.expect_loss = true,
                "--cycles" => match words.next().and_then(|number| number.parse().ok()) {
                    Some(cycles) => arguments.cycles = Some(cycles),
                    None => bail!("--cycles wants a number\n\n{}", usage()),
                },
                "--help" | "-h" => {
                    println!("{}", usage());
                    std::process::exit(0);
                }
                name => match SCENARIOS.iter().find(|scenario| scenario.name == name) {
                    Some(scenario) => arguments.scenarios.push(scenario),
                    None => bail!("there is no scenario {name:?}\n\n{}", usage()),
                },
            }
        }
        if arguments.scenarios.is_empty() {
            arguments.scenarios.extend(SCENARIOS.first());
        }
        Ok(arguments)
    }

    fn run(&self) -> Result<Tally> {
        let run = Run { binary: binary()?, is_long: is_long(), cycles: self.cycles };
        let mut tally = Tally::default();
        for scenario in &self.scenarios {
            let begun = Instant::now();
            let act = match self.expect_loss {
                true => scenario.planted.with_context(|| format!("no loss can be planted in {}", scenario.name))?,
                false => scenario.run,
            };
            act(&run, &mut tally).with_context(|| format!("the scenario {} could not go on", scenario.name))?;
            println!("{}: {:.1} s", scenario.name, begun.elapsed().as_secs_f64());
        }
        Ok(tally)
    }
}

/// The first of all scenarios: kill -9 on SQLite, and the order of the system calls.
fn kill(run: &Run, tally: &mut Tally) -> Result<()> {
    sync_order::run(&run.binary, tally);
    let site = |stance| world::World::new(&run.binary, stance);
    cycle::run([site(world::Stance::Exact)?, site(world::Stance::Safe)?], run.repeat(20, 100), tally)
}

fn usage() -> String {
    let lines: Vec<String> =
        SCENARIOS.iter().map(|scenario| format!("  {:<16}{}", scenario.name, scenario.about)).collect();
    format!("{USAGE}\n{}", lines.join("\n"))
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
