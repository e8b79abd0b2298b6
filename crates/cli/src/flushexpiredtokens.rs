//! `jeton flushexpiredtokens`: forgets at once what the sweeper of `serve` forgets little by little.

use jeton_store::OpenMode;
use jeton_token::time::Clock;
use serde_json::json;

use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

/// Forget all logins and blacklisted tokens that have expired. `serve` does the same by and by.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let store = site.load()?.open_store(OpenMode::Existing).await?;
    let now = Clock::system().now();
    let flushed = store.flush_all(now).await?;
    let mut sessions = 0;
    loop {
        match store.delete_expired_sessions(now).await? {
            0 => break,
            deleted => sessions += deleted,
        }
    }
    store.close().await?;
    if args.json {
        return output::json(&json!({"families": flushed.families, "tokens": flushed.tokens, "sessions": sessions}));
    }
    output::line(&say!(
        "{} logins, {} sessions and {} single tokens forgotten",
        flushed.families,
        sessions,
        flushed.tokens
    ))
}
