//! `jeton auth-token`: makes, shows, ends and imports the opaque keys of users.

mod create;
mod import;
mod list;
mod revoke;

use clap::Subcommand;

use crate::failure::Failure;
use crate::site::SiteArgs;

/// Make, show, end and import auth tokens: the keys of `Authorization: Token …`.
#[derive(Subcommand)]
pub(crate) enum Command {
    Create(create::Args),
    List(list::Args),
    Revoke(revoke::Args),
    Import(import::Args),
}

pub(crate) async fn run(site: &SiteArgs, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create::run(site, &args).await,
        Command::List(args) => list::run(site, &args).await,
        Command::Revoke(args) => revoke::run(site, &args).await,
        Command::Import(args) => import::run(site, &args).await,
    }
}
