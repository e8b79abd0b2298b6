//! `jeton limits`: what failed sign-ins have made an account wait for, and how to forgive them.

use clap::Subcommand;
use jeton::auth::AccountLimit;
use jeton_store::{LimitRow, OpenMode};
use serde::Serialize;

use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

/// Show and clear what failed sign-ins count against an account.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show the failures that count against an account, and whether it has to wait.
    Show(ShowArgs),
    /// Forgive the failures of an account; a running server notices.
    Clear(ClearArgs),
}

#[derive(clap::Args)]
pub(crate) struct ShowArgs {
    /// The name, as it is typed to sign in; there may be no such user.
    account: String,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub(crate) struct ClearArgs {
    /// The name, as it is typed to sign in.
    account: String,
}

#[derive(Serialize)]
struct Shown {
    failures: u16,
    waits_until: Option<String>,
    known_devices: usize,
    waiting_devices: usize,
}

pub(crate) async fn run(site: &SiteArgs, command: &Command) -> Result<(), Failure> {
    match command {
        Command::Show(args) => show(site, args).await,
        Command::Clear(args) => clear(site, args).await,
    }
}

async fn show(site: &SiteArgs, args: &ShowArgs) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let limit = auth.account_limit(&args.account).await?;
    let now = auth.now();
    auth.store().close().await?;
    let waits = |row: &&LimitRow| row.held_until.is_some_and(|until| now < until);
    let AccountLimit { failures, strangers, devices } = &limit;
    let shown = Shown {
        failures: *failures,
        waits_until: strangers.as_ref().filter(waits).and_then(|row| row.held_until).map(output::moment),
        known_devices: devices.len(),
        waiting_devices: devices.iter().filter(waits).count(),
    };
    if args.json {
        return output::json(&shown);
    }
    output::pairs(&[
        (say!("failures of strangers"), shown.failures.to_string()),
        (say!("strangers wait until"), shown.waits_until.unwrap_or_else(|| say!("they need not wait"))),
        (say!("known devices"), shown.known_devices.to_string()),
        (say!("known devices that wait"), shown.waiting_devices.to_string()),
    ])
}

async fn clear(site: &SiteArgs, args: &ClearArgs) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let had_failures = auth.clear_account_limit(&args.account).await?;
    auth.store().close().await?;
    let name = output::printable(&args.account);
    output::line(&match had_failures {
        true => say!("the failures of {} are forgiven", name),
        false => say!("no failures count against {}", name),
    })
}
