//! `jeton user group list`: the groups there are, or those of one user.

use jeton_store::OpenMode;
use serde_json::json;

use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::user::named;
use crate::words::say;

/// Show groups and how many users are in them, or the groups of one user.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the groups of this user.
    username: Option<String>,
    /// As a JSON array.
    #[arg(long)]
    json: bool,
    /// At most so many.
    #[arg(long, default_value_t = 1000)]
    limit: u32,
    /// Only those after this name.
    #[arg(long, value_name = "GROUP")]
    after: Option<String>,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let Some(username) = &args.username else {
        let groups = auth.store().list_groups(args.after.as_deref(), args.limit).await?;
        auth.store().close().await?;
        if args.json {
            let groups = groups.iter().map(|group| json!({"group": group.name, "users": group.members}));
            return output::json(&groups.collect::<Vec<_>>());
        }
        let rows: Vec<_> = groups.into_iter().map(|group| [group.name, group.members.to_string()]).collect();
        return output::table([say!("group"), say!("users")], &rows);
    };
    let user = named(&auth, username).await?;
    let names = auth.store().list_groups_of_user(user.id).await?;
    auth.store().close().await?;
    match args.json {
        true => output::json(&names),
        false => output::table([say!("group")], &names.into_iter().map(|name| [name]).collect::<Vec<_>>()),
    }
}
