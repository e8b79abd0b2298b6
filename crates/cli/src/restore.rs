//! `jeton restore`: a backup becomes the site's database.

use std::path::PathBuf;

use clap::ValueEnum;
use jeton_store::moving::{self, Ended, Restore, Restored, Revival};
use jeton_token::time::Clock;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output;
use crate::progress::{self, Line};
use crate::site::SiteArgs;
use crate::words::say;

/// Put a backup in the place of the site's database. The server must not be running.
///
/// The backup is looked through first: its pages, its checksums, its schema. Then all of it is there, or all of what was
/// before. A SQLite database that is replaced is kept under another name beside it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file that `jeton backup` wrote.
    file: PathBuf,
    /// What becomes of the logins, sessions and opaque tokens in it.
    #[arg(long, value_name = "WHAT", default_value = "end")]
    sessions: Sessions,
    /// Replace the database that is there.
    #[arg(long)]
    force: bool,
    /// Look through the backup, tell what it would undo, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Replace a database on PostgreSQL even if there are connections of Jeton to that server's database.
    #[arg(long)]
    even_if_in_use: bool,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Sessions {
    /// They are ended, and everybody signs in again: a backup brings back what was ended after it.
    End,
    /// They go on as they were.
    Keep,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let site = site.load()?;
    let scratch = std::env::temp_dir();
    let how = Restore {
        sessions: match args.sessions {
            Sessions::End => moving::Sessions::End,
            Sessions::Keep => moving::Sessions::Keep,
        },
        force: args.force,
        despite_connections: args.even_if_in_use,
        dry_run: args.dry_run,
        scratch: &scratch,
    };
    if !args.dry_run {
        site.make_data_folder()?;
    }
    let mut line = Line::new();
    let url = site.database_url();
    let restored = moving::restore(&args.file, &url, how, Clock::system().now(), &mut |at| line.tell(at)).await;
    line.end();
    let restored = restored?;
    if args.json {
        return output::json(&as_json(args, &restored));
    }
    progress::tables(&restored.tables)?;
    tell(args, &restored);
    Ok(())
}

fn tell(args: &Args, restored: &Restored) {
    match restored.made_at {
        Some(made_at) => output::note(&say!("The backup was made at {}.", output::moment(made_at))),
        None => output::note(&say!("The file is a plain copy of a database: it has no checksums to look at.")),
    }
    if let Some(Ended { families, sessions, auth_tokens }) = restored.ended {
        output::note(&say!("Ended: {} logins, {} sessions and {} opaque tokens.", families, sessions, auth_tokens));
    }
    match (&restored.revival, args.sessions) {
        (Some(revival), _) => undone(revival, args.sessions),
        (None, Sessions::Keep) => output::note(&say!(
            "There is no database to compare with: logins, sessions and tokens that have ended since the backup live again, \
             and tokens that were refreshed since are refused."
        )),
        (None, Sessions::End) => {}
    }
    if let Some(kept) = &restored.kept_as {
        output::note(&say!("The database that was there is kept as {}.", kept.display()));
    }
    output::note(&match args.dry_run {
        true => say!("The backup is whole. Nothing was changed."),
        false => say!("The database is restored; start the server."),
    });
}

/// What the backup takes back, as far as there is any of it.
fn undone(revival: &Revival, sessions: Sessions) {
    let Revival { families, rotated, auth_tokens, blacklisted, .. } = *revival;
    let kept = [
        (families, say!("logins have ended since the backup and live again: {}", families)),
        (rotated, say!("logins were refreshed since the backup, so their tokens of today are refused: {}", rotated)),
        (revival.sessions, say!("sessions have ended since the backup and live again: {}", revival.sessions)),
        (auth_tokens, say!("opaque tokens have ended since the backup and are good again: {}", auth_tokens)),
        (blacklisted, say!("tokens were blacklisted since the backup and are not any more: {}", blacklisted)),
        (
            revival.lost_families,
            say!("logins are younger than the backup, so their tokens are refused: {}", revival.lost_families),
        ),
    ];
    let always = [
        (revival.unlocked, say!("users were locked since the backup and may come in again: {}", revival.unlocked)),
        (
            revival.passwords,
            say!("users changed their password since the backup and have the older one: {}", revival.passwords),
        ),
        (revival.deleted, say!("users were deleted since the backup and are there again: {}", revival.deleted)),
        (revival.lost_users, say!("users are younger than the backup and are gone: {}", revival.lost_users)),
    ];
    let kept = kept.into_iter().filter(|_| matches!(sessions, Sessions::Keep));
    for (_, text) in kept.chain(always).filter(|(count, _)| *count > 0) {
        output::note(&text);
    }
}

fn as_json(args: &Args, restored: &Restored) -> Value {
    json!({
        "file": args.file.display().to_string(),
        "made_at": restored.made_at.map(output::moment),
        "dry_run": args.dry_run,
        "tables": progress::tables_json(&restored.tables),
        "ended": restored.ended.map(|ended| json!({
            "families": ended.families,
            "sessions": ended.sessions,
            "auth_tokens": ended.auth_tokens,
        })),
        "since": restored.revival.map(|since| json!({
            "ended_families": since.families,
            "rotated_families": since.rotated,
            "new_families": since.lost_families,
            "ended_sessions": since.sessions,
            "ended_auth_tokens": since.auth_tokens,
            "blacklisted_tokens": since.blacklisted,
            "locked_users": since.unlocked,
            "changed_passwords": since.passwords,
            "deleted_users": since.deleted,
            "new_users": since.lost_users,
        })),
        "kept_as": restored.kept_as.as_ref().map(|path| path.display().to_string()),
    })
}
