//! A backup becomes the site's database again.

use std::path::{Path, PathBuf};

use jeton_token::time::Timestamp;

use super::address::Address;
use super::backup::sums;
use super::carry;
use super::{MoveError, Progress, TableSum};
use crate::StoreError;
use crate::engine::postgres::moving::{Dumped, Hold, Terms, dump};
use crate::engine::sqlite::open;
use crate::engine::sqlite::portable::{Claim, Portable};
use crate::migrate;

/// What becomes of the logins, sessions and opaque tokens in a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// They are ended: everybody signs in again.
    End,
    /// They go on as they were when the backup was made, those included that have ended since.
    Keep,
}

/// How a backup is restored.
#[derive(Clone, Copy, Debug)]
pub struct Restore<'a> {
    /// What becomes of its sessions.
    pub sessions: Sessions,
    /// A database that is there gives way.
    pub force: bool,
    /// A server's database is replaced even if there are connections of other nodes.
    pub despite_connections: bool,
    /// Everything is looked through and nothing changed.
    pub dry_run: bool,
    /// A folder for files that are of no use afterwards.
    pub scratch: &'a Path,
}

/// A restored database, or one that could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made; nothing if it is a plain copy of a database, of which no checksums are known.
    pub made_at: Option<Timestamp>,
    /// What is in it.
    pub tables: Vec<TableSum>,
    /// What was ended.
    pub ended: Option<Ended>,
    /// What has changed since the backup, if there is a database that can tell.
    pub revival: Option<Revival>,
    /// Where the database is now that was there before.
    pub kept_as: Option<PathBuf>,
}

/// How many were ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names are their meaning")]
pub struct Ended {
    pub families: u64,
    pub sessions: u64,
    pub auth_tokens: u64,
}

/// What a backup undoes, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revival {
    /// Logins that live in the backup and have ended since: their tokens would be good again.
    pub families: u64,
    /// Logins that were refreshed since: their newer tokens are refused, their owners sign in again.
    pub rotated: u64,
    /// Sessions that have ended since.
    pub sessions: u64,
    /// Opaque tokens that have ended since.
    pub auth_tokens: u64,
    /// Single tokens that were blacklisted since.
    pub blacklisted: u64,
    /// Users who were locked since.
    pub unlocked: u64,
    /// Users whose older password counts again.
    pub passwords: u64,
    /// Users who were deleted since.
    pub deleted: u64,
    /// Users who are not in the backup yet.
    pub lost_users: u64,
    /// Living logins that are not in the backup yet.
    pub lost_families: u64,
}

/// Puts what `file` holds where `url` leads to. It is looked through first; and then all of it is there, or all of what
/// was.
pub async fn restore(
    file: &Path,
    url: &str,
    how: Restore<'_>,
    now: Timestamp,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Restored, MoveError> {
    if !file.exists() {
        return Err(MoveError::NoFile { path: file.to_owned() });
    }
    match Address::of(url)? {
        Address::File(database) => into_file(file, &database, how, now, watch),
        Address::Server(url) => into_server(file, url, how, now, watch).await,
    }
}

fn into_file(
    file: &Path,
    database: &Path,
    how: Restore<'_>,
    now: Timestamp,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Restored, MoveError> {
    if file.canonicalize().is_ok_and(|file| database.canonicalize().is_ok_and(|database| file == database)) {
        return Err(MoveError::Same);
    }
    let claim = Claim::on(database)?;
    let is_there = database.exists() || open::with_ending(database, "-wal").exists();
    if is_there && !how.force && !how.dry_run {
        return Err(MoveError::Occupied { path: database.to_owned() });
    }
    let (portable, made_at) = whole(file, &claim.nursery(), now, watch)?;
    let revival = match database.exists() {
        true => portable.revival(database, now)?,
        false => None,
    };
    let ended = end(&portable, how.sessions, made_at, now)?;
    let tables = sums(&portable)?;
    let kept = open::with_ending(database, &format!(".before-restore-{}", now.micros()));
    let kept_as = (is_there && !how.dry_run).then(|| kept.clone());
    if !how.dry_run {
        claim.replace(portable, &kept)?;
    }
    Ok(Restored { made_at, tables, ended, revival, kept_as })
}

async fn into_server(
    file: &Path,
    url: &str,
    how: Restore<'_>,
    now: Timestamp,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Restored, MoveError> {
    let scratch = |name: &str| how.scratch.join(format!("jeton-{name}-{}.db", std::process::id()));
    let (portable, made_at) = whole(file, &scratch("restore"), now, watch)?;
    let revival = match dump(url, &scratch("today"), Hold::Snapshot, now, &mut |_| {}).await {
        Ok(Dumped { portable: today, held, .. }) => {
            held.roll_back().await?;
            portable.revival(today.path(), now)?
        }
        Err(_) => None,
    };
    let ended = end(&portable, how.sessions, made_at, now)?;
    let tables = portable.tables()?.ours;
    let terms = Terms { replace: how.force, despite_connections: how.despite_connections };
    let tables = carry::into_server(&portable, &tables, url, terms, how.dry_run, now, watch).await?;
    Ok(Restored { made_at, tables, ended, revival, kept_as: None })
}

/// A copy that was looked through, with the schema of this version, and when the backup was made.
fn whole(
    file: &Path,
    at: &Path,
    now: Timestamp,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<(Portable, Option<Timestamp>), MoveError> {
    let portable = Portable::copy_of(file, at, &mut |done, of| watch(Progress::Bytes { done, of }));
    let portable = portable.map_err(|error| not_whole(file, error))?;
    migrate::pending(migrate::SQLITE, &portable.applied()?, file)?;
    let manifest = portable.take_manifest()?;
    portable.look_through(file)?;
    if let Some(manifest) = &manifest {
        let found: Vec<_> = sums(&portable)?.into_iter().map(|table| (table.name, table.checksum)).collect();
        let differs =
            |(name, checksum): &&(String, String)| !found.iter().any(|(found, is)| found == name && is == checksum);
        if let Some((table, _)) = manifest.tables.iter().find(differs) {
            let problem = format!("{table} is not what was written");
            return Err(MoveError::NotWhole { path: file.to_owned(), problem });
        }
    }
    portable.bring_up_to_date(now)?;
    Ok((portable, manifest.map(|manifest| manifest.made_at)))
}

fn end(
    portable: &Portable,
    sessions: Sessions,
    made_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Ended>, MoveError> {
    match sessions {
        Sessions::End => portable.end_everything(made_at, now).map(Some),
        Sessions::Keep => Ok(None),
    }
}

/// What would be advice about a site's database is none about a backup.
fn not_whole(file: &Path, error: MoveError) -> MoveError {
    let problem = match error {
        MoveError::Store(StoreError::Corrupt { reason } | StoreError::Damaged { problem: reason, .. }) => reason,
        MoveError::Store(StoreError::Empty { .. }) => "it is empty".to_owned(),
        MoveError::Store(StoreError::NotOurs { .. } | StoreError::Django { .. }) => {
            "it is a database of another program".to_owned()
        }
        other => return other,
    };
    MoveError::NotWhole { path: file.to_owned(), problem }
}
