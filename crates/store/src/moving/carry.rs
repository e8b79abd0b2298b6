//! A site's database, carried to another place or another engine.

use std::path::Path;

use jeton_token::time::Timestamp;

use super::address::Address;
use super::backup::sums;
use super::{MoveError, Progress, Table, TableSum};
use crate::engine::postgres::moving::{Dumped, Hold, Terms, Transaction, dump, load};
use crate::engine::sqlite::open;
use crate::engine::sqlite::portable::{Claim, Portable, Tables};

/// How a database is carried.
#[derive(Clone, Copy, Debug)]
pub struct Moving<'a> {
    /// Even if there are connections of other nodes to a server's database.
    pub despite_connections: bool,
    /// Everything is looked at and nothing changed.
    pub dry_run: bool,
    /// A folder for files that are of no use afterwards.
    pub scratch: &'a Path,
}

/// A database that was carried, or could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What arrived.
    pub tables: Vec<TableSum>,
    /// Tables and columns of others that stay behind.
    pub left: Vec<String>,
}

/// What holds still while it is carried.
struct Source {
    portable: Portable,
    tables: Tables,
    held: Option<Transaction>,
}

/// Carries everything from one database into another, which must be empty or not be there yet. Nobody writes to the
/// first one meanwhile, and it is not changed; the other is whole afterwards, or as it was.
pub async fn carry(
    from: &str,
    to: &str,
    how: Moving<'_>,
    now: Timestamp,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Moved, MoveError> {
    let (source_address, target) = (Address::of(from)?, Address::of(to)?);
    if from == to {
        return Err(MoveError::Same);
    }
    if let Address::File(path) = &target
        && path.exists()
    {
        return Err(MoveError::FileExists { path: path.clone() });
    }
    let source = source(&source_address, &target, how, now, watch).await?;
    let Source { portable, tables: Tables { ours, left }, held } = source;
    let tables = match target {
        Address::Server(url) => {
            let terms = Terms { replace: false, despite_connections: how.despite_connections };
            into_server(&portable, &ours, url, terms, how.dry_run, now, watch).await?
        }
        Address::File(path) => into_file(portable, &path, how, watch)?,
    };
    if let Some(held) = held {
        held.roll_back().await?;
    }
    Ok(Moved { tables, left })
}

async fn source(
    from: &Address<'_>,
    to: &Address<'_>,
    how: Moving<'_>,
    now: Timestamp,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Source, MoveError> {
    match from {
        Address::File(path) => {
            let portable = Portable::at_rest(path)?;
            let tables = portable.tables()?;
            Ok(Source { portable, tables, held: None })
        }
        Address::Server(url) => {
            let at = match to {
                // Where it can be given its name.
                Address::File(path) => open::with_ending(path, ".unfinished"),
                Address::Server(_) => how.scratch.join(format!("jeton-move-{}.db", std::process::id())),
            };
            let hold = Hold::Still { despite_connections: how.despite_connections };
            let Dumped { portable, tables, held } = dump(url, &at, hold, now, watch).await?;
            Ok(Source { portable, tables, held: Some(held) })
        }
    }
}

/// Everything of these tables, or only a look whether it could be.
pub(super) async fn into_server(
    portable: &Portable,
    tables: &[Table],
    url: &str,
    terms: Terms,
    dry_run: bool,
    now: Timestamp,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<TableSum>, MoveError> {
    let target = load(url, terms, tables, now).await?;
    if dry_run {
        target.give_up().await?;
        return sums(portable);
    }
    target.carry(portable, tables, watch).await
}

fn into_file(
    portable: Portable,
    path: &Path,
    how: Moving<'_>,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<TableSum>, MoveError> {
    let claim = Claim::on(path)?;
    let before = sums(&portable)?;
    let copy = match portable.is_scratch() {
        true => portable,
        false => {
            let mut watch = |done, of| watch(Progress::Bytes { done, of });
            Portable::copy_of(portable.path(), &claim.nursery(), &mut watch)?
        }
    };
    copy.look_through(path)?;
    let tables = sums(&copy)?;
    if let Some((table, _)) = before.iter().zip(&tables).find(|(before, after)| before != after) {
        return Err(MoveError::Checksum { table: table.name.clone() });
    }
    if !how.dry_run {
        claim.begin(copy)?;
    }
    Ok(tables)
}
