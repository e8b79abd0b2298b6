//! `jeton user group add` and `remove`.

use jeton_store::OpenMode;

use crate::failure::Failure;
use crate::output::{self, printable};
use crate::site::SiteArgs;
use crate::user::named;
use crate::words::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The exact name.
    username: String,
    /// The exact name of the group.
    #[arg(value_parser = group_name)]
    group: String,
}

pub(crate) async fn add(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let user = named(&auth, &args.username).await?;
    let is_new = auth.store().add_user_to_group(user.id, &args.group, auth.now()).await?;
    auth.store().close().await?;
    let (name, group) = (printable(&user.username), printable(&args.group));
    output::line(&match is_new {
        true => say!("{} is in the group {}", name, group),
        false => say!("{} was in the group {} before", name, group),
    })
}

pub(crate) async fn remove(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let user = named(&auth, &args.username).await?;
    let was_in = auth.store().remove_user_from_group(user.id, &args.group, auth.now()).await?;
    auth.store().close().await?;
    let (name, group) = (printable(&user.username), printable(&args.group));
    match was_in {
        true => output::line(&say!("{} is no longer in the group {}", name, group)),
        false => Err(Failure::refused(
            say!("{} is not in a group {}", name, group),
            say!("Names are exact; `jeton user group list` shows the groups and who is in them."),
        )),
    }
}

fn group_name(text: &str) -> Result<String, String> {
    match text.trim().is_empty() || text.chars().count() > 150 || text.chars().any(char::is_control) {
        true => Err(say!("a group's name has 1 to 150 characters")),
        false => Ok(text.to_owned()),
    }
}
