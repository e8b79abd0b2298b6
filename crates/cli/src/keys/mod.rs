//! `jeton keys`: keys to sign with.

mod export_jwks;
mod generate;
mod list;
mod plan;
mod retire;
mod rotate;

use clap::Subcommand;
use jeton_token::algorithm::Algorithm;

use crate::failure::Failure;
use crate::site::SiteArgs;

/// Make, show, rotate and retire the keys that sign tokens.
#[derive(Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Plan(plan::Args),
    Rotate(rotate::Args),
    Retire(retire::Args),
    ExportJwks(export_jwks::Args),
    Generate(generate::Args),
}

pub(crate) async fn run(site: &SiteArgs, command: &Command) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(site, args).await,
        Command::Plan(args) => plan::run(site, args).await,
        Command::Rotate(args) => rotate::run(site, args).await,
        Command::Retire(args) => retire::run(site, args).await,
        Command::ExportJwks(args) => export_jwks::run(site, args).await,
        Command::Generate(args) => generate::run(args),
    }
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    name.parse::<Algorithm>().map_err(|error| error.to_string())
}
