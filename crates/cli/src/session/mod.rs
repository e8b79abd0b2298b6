//! `jeton session`: shows and ends the sign-ins of users, those with tokens and those of browsers.

mod end;
mod list;

use clap::Subcommand;
use jeton::auth::device_name;
use jeton_store::SignIn;

use crate::failure::Failure;
use crate::site::SiteArgs;

/// Show and end where users are signed in: logins with tokens, and browser sessions.
#[derive(Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    End(end::Args),
}

pub(crate) async fn run(site: &SiteArgs, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(site, &args).await,
        Command::End(args) => end::run(site, &args).await,
    }
}

/// What the device is called, as far as its user agent tells.
fn device(sign_in: &SignIn) -> String {
    sign_in.user_agent.as_deref().map(device_name).unwrap_or_default()
}

/// More sign-ins than a command looks at, or a user has.
const ALL: u32 = 1_000_000;
