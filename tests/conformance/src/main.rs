//! `jeton-conformance`: plays the recorded scenarios against the jeton binary.

mod answer;
mod catalogue;
mod clock;
mod cookies;
mod database;
mod differences;
mod forge;
mod json_text;
mod launcher;
mod matching;
mod pairs;
mod pattern;
mod player;
mod profile;
mod report;
mod runner;
mod scenario;
mod settings_file;
mod site;
mod token;
mod variables;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

use crate::catalogue::{Catalogue, Wanted};
use crate::launcher::Launcher;
use crate::profile::Compatibility;
use crate::report::Report;
use crate::runner::Runner;
use crate::site::find_binary;

/// Plays the recorded scenarios against the jeton binary
#[derive(Debug, Parser)]
#[command(name = "jeton-conformance", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Play this group only (may be given several times)
    #[arg(long)]
    group: Vec<String>,

    /// Play scenarios whose id fits, such as 'refresh/*' (may be given several times)
    #[arg(long, value_name = "PATTERN")]
    select: Vec<String>,

    /// Play scenarios of this profile only (may be given several times)
    #[arg(long)]
    profile: Vec<String>,

    /// Play what this stage of the project serves
    #[arg(long)]
    stage: Option<u32>,

    /// Play what is listed as not served yet, too
    #[arg(long)]
    not_yet: bool,

    /// The stance to start servers in; in safe, the differences of safe-differences.json hold
    #[arg(long, value_enum, default_value = "exact")]
    compatibility: Compatibility,

    /// The jeton binary [default: JETON_BIN, or the one beside this program]
    #[arg(long, value_name = "PATH", global = true)]
    bin: Option<PathBuf>,

    /// The folder of scenarios, profiles and lists
    #[arg(long, value_name = "FOLDER", default_value = env!("CARGO_MANIFEST_DIR"))]
    data: PathBuf,

    /// Show failures only
    #[arg(long)]
    quiet: bool,

    /// List the scenarios that would be played
    #[arg(long)]
    list: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Start and stop single servers for other programs that play scenarios
    Launcher {
        #[command(subcommand)]
        launcher: Launcher,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&error);
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<bool> {
    if let Some(Command::Launcher { launcher }) = arguments.command {
        launcher.run(arguments.bin)?;
        return Ok(true);
    }
    let catalogue = Catalogue::read(&arguments.data)?;
    let wanted = Wanted {
        groups: arguments.group,
        ids: arguments.select,
        profiles: arguments.profile,
        stage: arguments.stage,
        not_yet: arguments.not_yet || arguments.list,
    };
    let selection = catalogue.select(&wanted)?;
    if arguments.list {
        list(&selection.played);
        return Ok(true);
    }
    ensure!(
        !selection.played.is_empty(),
        "no scenario fits ({} that would are listed in not-yet.json; --not-yet plays them)",
        selection.skipped.len()
    );
    let binary = find_binary(arguments.bin)?;
    let report = Report::new(arguments.quiet);
    Runner { binary, catalogue: &catalogue, compatibility: arguments.compatibility }.run(&selection, &report);
    Ok(report.finish().failed == 0)
}

#[expect(clippy::print_stdout, reason = "the list is what was asked for")]
fn list(scenarios: &[&scenario::Scenario]) {
    for scenario in scenarios {
        println!("{:<48} {:<16} {}", scenario.id, scenario.profile, scenario.title);
    }
}

#[expect(clippy::print_stderr, reason = "the last words of a program that cannot do its work")]
fn complain(error: &anyhow::Error) {
    eprintln!("{error:#}");
}
