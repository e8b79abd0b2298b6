//! `jeton user lock` and `unlock`: who may come in.

use jeton_store::OpenMode;

use super::{gone, named};
use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The exact name.
    username: String,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args, is_active: bool) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let user = named(&auth, &args.username).await?;
    if !auth.set_active(&user, is_active).await? {
        return Err(gone(&args.username));
    }
    auth.store().close().await?;
    output::line(&match is_active {
        true => say!("{} is unlocked", user.username),
        false => say!("{} is locked", user.username),
    })
}
