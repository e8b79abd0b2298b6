//! `jeton info`: what runs where, for a report of a bug.

use jeton::settings::{Location, Source};
use jeton_store::{DatabaseFacts, OpenMode};
use serde_json::json;

use crate::check::setting;
use crate::failure::Failure;
use crate::output;
use crate::problem;
use crate::serve::stance;
use crate::site::{Site, SiteArgs};
use crate::words::say;

/// Show version, paths, database and settings, without secrets: fit for a report of a bug.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let site = site.load()?;
    let facts = facts(&site).await?;
    let settings = site.settings();
    let config = if site.has_file { site.config.display().to_string() } else { say!("none") };
    if args.json {
        return output::json(&json!({
            "version": env!("CARGO_PKG_VERSION"),
            "compatibility": stance(settings.compatibility),
            "config": site.has_file.then_some(config),
            "database": {"url": settings.database.url, "facts": facts.map(|facts| json!({
                "schema_version": facts.schema_version,
                "installed_at": output::moment(facts.installed_at),
                "size": facts.size,
                "users": facts.users,
                "families": facts.families,
                "blacklisted_tokens": facts.blacklisted,
                "events": facts.events,
                "oldest_family_expiry": facts.oldest_family_expiry.map(output::moment),
            }))},
            "settings": site.loaded.origins.iter().map(setting).collect::<Vec<_>>(),
        }));
    }
    let mut pairs = vec![
        (say!("version"), env!("CARGO_PKG_VERSION").to_owned()),
        (say!("stance"), stance(settings.compatibility).to_owned()),
        (say!("settings"), config),
        (say!("database"), settings.database.url.clone()),
    ];
    pairs.extend(facts.as_ref().map_or_else(|| vec![(String::new(), say!("not made yet"))], told));
    output::pairs(&pairs)?;
    output::line(&say!("\nSettings that differ from the defaults:"))?;
    let given = site.loaded.origins.iter().filter(|origin| origin.source != Source::Default);
    let rows: Vec<_> = given.map(|o| [o.path.clone(), o.value.clone(), problem::origin(&o.source)]).collect();
    output::table([say!("setting"), say!("value"), say!("from")], &rows)
}

/// Facts of a database that is there; nothing of one that is yet to be made.
async fn facts(site: &Site) -> Result<Option<DatabaseFacts>, Failure> {
    match &site.settings().database.location {
        Location::File(path) if !path.exists() => Ok(None),
        Location::File(_) | Location::Server(_) => {
            let store = site.open_store(OpenMode::Existing).await?;
            let facts = store.facts().await?;
            store.close().await?;
            Ok(Some(facts))
        }
        Location::Memory => Ok(None),
    }
}

fn told(facts: &DatabaseFacts) -> Vec<(String, String)> {
    vec![
        (say!("schema"), facts.schema_version.to_string()),
        (say!("made"), output::moment(facts.installed_at)),
        (say!("size"), say!("{} bytes", facts.size)),
        (say!("users"), facts.users.to_string()),
        (say!("families"), facts.families.to_string()),
        (say!("blacklisted"), facts.blacklisted.to_string()),
        (say!("events"), facts.events.to_string()),
    ]
}
