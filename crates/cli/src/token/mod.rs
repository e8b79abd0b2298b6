//! `jeton token`: looks into tokens, mints and ends them.

mod decode;
mod mint;
mod revoke;
mod show;
mod verify;

use std::io::{self, Read};
use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::Failure;
use crate::site::SiteArgs;
use crate::words::say;

/// Look into tokens, mint and end them.
#[derive(Subcommand)]
pub(crate) enum Command {
    Decode(decode::Args),
    Verify(verify::Args),
    Mint(mint::Args),
    Revoke(revoke::Args),
    Show(show::Args),
}

pub(crate) async fn run(site: &SiteArgs, command: Command) -> Result<ExitCode, Failure> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        Command::Decode(args) => decode::run(&args).map(done),
        Command::Verify(args) => verify::run(site, &args).await,
        Command::Mint(args) => mint::run(site, &args).await.map(done),
        Command::Revoke(args) => revoke::run(site, &args).await.map(done),
        Command::Show(args) => show::run(site, &args).await.map(done),
    }
}

/// A token or an id from the command line, or from stdin for `-`, so that it stays out of the shell's history.
pub(crate) fn given(argument: &str) -> Result<String, Failure> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::io(say!("stdin could not be read: {}", error), say!("Pipe the token in as text.")))?;
    match text.trim() {
        "" => Err(Failure::usage(say!("nothing came by stdin"), say!("Pipe the token in."))),
        text => Ok(text.to_owned()),
    }
}
