//! `jeton user delete`: one user less.

use jeton_store::OpenMode;

use super::{gone, named};
use crate::failure::Failure;
use crate::site::SiteArgs;
use crate::words::say;
use crate::{output, prompt};

/// Delete a user for good; in the safe stance their logins end too.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The exact name.
    username: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let user = named(&auth, &args.username).await?;
    if !args.yes {
        if !prompt::is_answered() {
            return Err(Failure::usage(
                say!("there is no terminal to ask on"),
                say!("Use --yes to delete without a question."),
            ));
        }
        if !prompt::yes(&say!("Delete {} (id {}) for good?", user.username, user.id))? {
            return Err(Failure::refused(say!("nobody was deleted"), ""));
        }
    }
    if !auth.delete_user(&user).await? {
        return Err(gone(&args.username));
    }
    auth.store().close().await?;
    output::line(&say!("{} is deleted", user.username))
}
