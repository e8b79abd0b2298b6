//! `jeton user group`: who is in which group. Groups are Django's: names that claims and rules can speak of.

mod list;
mod member;

use clap::Subcommand;

use crate::failure::Failure;
use crate::site::SiteArgs;

/// Put users into groups, take them out, and show who is where.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Put a user into a group; a group that does not exist is made.
    Add(member::Args),
    /// Take a user out of a group.
    Remove(member::Args),
    List(list::Args),
}

pub(crate) async fn run(site: &SiteArgs, command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(args) => member::add(site, &args).await,
        Command::Remove(args) => member::remove(site, &args).await,
        Command::List(args) => list::run(site, &args).await,
    }
}
