//! `jeton backup`: the database in one file, while the server goes on.

use std::path::PathBuf;

use jeton_store::moving;
use jeton_token::time::Clock;
use serde_json::json;

use crate::failure::Failure;
use crate::output;
use crate::progress::{self, Line};
use crate::site::SiteArgs;
use crate::words::say;

/// Write the database into one file, whole and of one moment, while the server goes on.
///
/// The file is a SQLite database, whichever engine the site runs on; `jeton restore` takes it on either. It holds
/// password hashes: only its owner may read it. Settings and secret keys are not in it; keep them as well. For a big
/// database on PostgreSQL, pg_dump and its point-in-time recovery are faster.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file to write.
    file: PathBuf,
    /// Write over a file that is there already.
    #[arg(long)]
    force: bool,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let url = site.load()?.database_url();
    let mut line = Line::new();
    let made = moving::backup(&url, &args.file, args.force, Clock::system().now(), &mut |at| line.tell(at)).await;
    line.end();
    let made = made?;
    if args.json {
        return output::json(&json!({
            "file": args.file.display().to_string(),
            "bytes": made.size,
            "schema_version": made.schema_version,
            "tables": progress::tables_json(&made.tables),
            "left": made.left,
        }));
    }
    progress::tables(&made.tables)?;
    progress::left(&made.left);
    output::note(&say!("{} holds all of it, in {} bytes.", args.file.display(), made.size));
    Ok(())
}
