//! `jeton keys`: keys to sign with.

mod generate;

use clap::Subcommand;

use crate::failure::Failure;

/// Make keys to sign tokens with.
#[derive(Subcommand)]
pub(crate) enum Command {
    Generate(generate::Args),
}

pub(crate) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Generate(args) => generate::run(args),
    }
}
