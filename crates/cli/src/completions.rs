//! `jeton completions`: what a shell needs to complete the command.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::Failure;

/// Print what a shell needs to complete this command, such as: jeton completions bash > /etc/bash_completion.d/jeton
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    // Written at once, as a reader that has gone must not end the command in the middle of a script.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "jeton", &mut script);
    Ok(io::stdout().write_all(&script)?)
}
