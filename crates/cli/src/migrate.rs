//! `jeton migrate`: the steps of the schema that a database lacks.

use jeton_store::OpenMode;
use jeton_store::moving::{self, Plan};
use serde_json::json;

use crate::failure::Failure;
use crate::output;
use crate::site::{Site, SiteArgs};
use crate::words::say;

/// Bring the schema of the database up to date, and make the database if there is none.
///
/// `serve` does so by itself, unless database.migrate is false. A database that is newer than this version is refused;
/// there is no way back but a backup.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Show what would be done, and change nothing.
    #[arg(long)]
    plan: bool,
    /// Note from now on what other programs, such as Django, change in auth_user, so that every node learns of it at once.
    #[arg(long, conflicts_with = "plan")]
    watch_users: bool,
    /// Do not note it any more.
    #[arg(long, conflicts_with_all = ["plan", "watch_users"])]
    no_watch_users: bool,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let site = site.load()?;
    let plan = moving::plan(&site.database_url()).await?;
    let is_watched = match args.plan {
        true => None,
        false => Some(apply(&site, args).await?),
    };
    if args.json {
        let steps: Vec<_> = plan.pending.iter().map(|step| json!({"number": step.number, "name": step.name})).collect();
        return output::json(&json!({
            "schema_version": plan.schema_version,
            "pending": if args.plan { steps.clone() } else { Vec::new() },
            "applied": if args.plan { Vec::new() } else { steps },
            "watches_users": is_watched,
        }));
    }
    tell(args, &plan)
}

fn tell(args: &Args, plan: &Plan) -> Result<(), Failure> {
    let rows: Vec<_> = plan.pending.iter().map(|step| [format!("{:04}", step.number), step.name.to_owned()]).collect();
    if !rows.is_empty() {
        output::table([say!("number"), say!("step")], &rows)?;
    }
    output::note(&match (args.plan, rows.len()) {
        (_, 0) => say!("The schema is up to date."),
        (true, steps) => say!("{} steps to apply; nothing was changed.", steps),
        (false, steps) => say!("{} steps applied.", steps),
    });
    if args.watch_users {
        output::note(&say!("What others change in auth_user is noted."));
    }
    if args.no_watch_users {
        output::note(&say!("What others change in auth_user is not noted any more."));
    }
    Ok(())
}

/// Answers whether changes of others to users are noted, from now on.
async fn apply(site: &Site, args: &Args) -> Result<bool, Failure> {
    let store = site.open_as(OpenMode::Create).await?;
    if args.watch_users {
        store.install_user_triggers().await?;
    }
    if args.no_watch_users {
        store.remove_user_triggers().await?;
    }
    let is_watched = store.has_user_triggers().await?;
    store.close().await?;
    Ok(is_watched)
}
