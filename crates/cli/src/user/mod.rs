//! `jeton user`: makes, shows, locks and deletes users.

mod add;
mod delete;
mod group;
mod import;
mod list;
mod lock;
mod passwd;
mod show;

use clap::Subcommand;
pub(crate) use import::read;
use jeton::auth::Auth;
use jeton_store::User;

use crate::failure::Failure;
use crate::output::printable;
use crate::site::SiteArgs;
use crate::words::say;

/// Make, show, lock and delete users.
#[derive(Subcommand)]
pub(crate) enum Command {
    Add(add::Args),
    List(list::Args),
    Show(show::Args),
    Passwd(passwd::Args),
    /// Keep a user out; their tokens are refused wherever users are looked up.
    Lock(lock::Args),
    /// Let a user in again.
    Unlock(lock::Args),
    Delete(delete::Args),
    Import(import::Args),
    #[command(subcommand)]
    Group(group::Command),
}

pub(crate) async fn run(site: &SiteArgs, command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add::run(site, args).await,
        Command::List(args) => list::run(site, &args).await,
        Command::Show(args) => show::run(site, &args).await,
        Command::Passwd(args) => passwd::run(site, &args).await,
        Command::Lock(args) => lock::run(site, &args, false).await,
        Command::Unlock(args) => lock::run(site, &args, true).await,
        Command::Delete(args) => delete::run(site, &args).await,
        Command::Import(args) => import::run(site, &args).await,
        Command::Group(command) => group::run(site, command).await,
    }
}

/// The user of that name, who must be there.
pub(crate) async fn named(auth: &Auth, username: &str) -> Result<User, Failure> {
    auth.store().find_user_by_username(username).await?.ok_or_else(|| gone(username))
}

/// There is no such user, or not any more.
fn gone(username: &str) -> Failure {
    Failure::refused(
        say!("there is no user {}", printable(username)),
        say!("Names are exact, upper and lower case too; `jeton user list` shows who is there."),
    )
}
