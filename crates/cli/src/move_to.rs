//! `jeton move`: the site's database to another place or another engine.

use std::io;

use jeton::settings::Database;
use jeton_store::moving::{self, Moving};
use jeton_token::secret::Secret;
use jeton_token::time::Clock;
use serde_json::json;

use crate::failure::Failure;
use crate::output;
use crate::progress::{self, Line};
use crate::site::{Site, SiteArgs};
use crate::words::say;

/// Carry the database to another place or engine, tokens and sessions included. The server must not be running.
///
/// Every table is copied in one transaction, read back and compared. The new database must be empty, or not be there
/// yet; the old one is left as it is.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The new database, as in database.url: sqlite://PATH or postgres://user:password@host/database; - reads it from standard input, so that no other user of the machine sees the password.
    #[arg(long, value_name = "URL")]
    to: String,
    /// Look at both databases, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Go on even if there are connections of Jeton to the database of a PostgreSQL server.
    #[arg(long)]
    even_if_in_use: bool,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let site = site.load()?;
    let from = site.database_url();
    let (to, shown) = target(&site, &args.to)?;
    let scratch = std::env::temp_dir();
    let how = Moving { despite_connections: args.even_if_in_use, dry_run: args.dry_run, scratch: &scratch };
    let mut line = Line::new();
    let moved = moving::carry(&from, to.expose(), how, Clock::system().now(), &mut |at| line.tell(at)).await;
    line.end();
    let moved = moved?;
    if args.json {
        return output::json(&json!({
            "from": site.settings().database.url,
            "to": shown,
            "dry_run": args.dry_run,
            "tables": progress::tables_json(&moved.tables),
            "left": moved.left,
        }));
    }
    progress::tables(&moved.tables)?;
    progress::left(&moved.left);
    match args.dry_run {
        true => output::note(&say!("All of it can be moved. Nothing was changed.")),
        false => {
            output::note(&say!("All of it is in {}, read back and compared.", shown));
            output::note(&say!("Now set database.url to it in {}, and start the server.", site.config.display()));
            output::note(&say!("The old database is left as it was; what is written to it now is not moved."));
        }
    }
    Ok(())
}

/// Where to, and the same as it may be shown. A relative path counts from the folder of the settings file, as there.
fn target(site: &Site, given: &str) -> Result<(Secret<String>, String), Failure> {
    let url = match given {
        "-" => {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map_err(|error| {
                Failure::io(say!("the standard input could not be read: {}", error), say!("Try again."))
            })?;
            line.trim().to_owned()
        }
        url => url.to_owned(),
    };
    let database = match url.strip_prefix("sqlite://") {
        Some(path) if path != ":memory:" && !path.is_empty() => {
            let file = Database::file(site.folder().join(path));
            return Ok((Secret::new(file.url.clone()), file.url));
        }
        Some(_) => return Err(Failure::refused(say!("there is nowhere to move to in {}", url), said())),
        None if ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) => {
            Database::server(Secret::new(url.clone()))
        }
        // What it is may hold a password.
        None => return Err(Failure::usage(say!("--to is not the URL of a database"), said())),
    };
    Ok((Secret::new(url), database.url))
}

fn said() -> String {
    say!("Write sqlite://PATH or postgres://user:password@host/database.")
}
