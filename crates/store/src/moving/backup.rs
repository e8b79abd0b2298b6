//! A copy of a site's database in one file, whole and of one moment, while the site goes on.

use std::path::Path;

use jeton_token::time::Timestamp;

use super::address::Address;
use super::{MoveError, Progress, TableSum};
use crate::StoreError;
use crate::engine::postgres::moving::{Dumped, Hold, dump};
use crate::engine::sqlite::lock::FileLock;
use crate::engine::sqlite::open;
use crate::engine::sqlite::portable::{Manifest, Portable};

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// What is in it.
    pub tables: Vec<TableSum>,
    /// The number of the newest step of its schema, which may be an older one.
    pub schema_version: u32,
    /// In bytes.
    pub size: u64,
    /// Tables and columns of others that are not in it.
    pub left: Vec<String>,
}

/// Writes the database at `url` into `file`, which nobody else may read. The file gets its name when it is whole and on
/// the disk. With `over`, one of that name gives way.
pub async fn backup(
    url: &str,
    file: &Path,
    over: bool,
    now: Timestamp,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Backup, MoveError> {
    if !over && file.exists() {
        return Err(MoveError::FileExists { path: file.to_owned() });
    }
    if !open::folder(file).is_dir() {
        return Err(StoreError::FolderMissing { path: open::folder(file).to_owned() }.into());
    }
    let unfinished = open::with_ending(file, &format!(".unfinished-{}", std::process::id()));
    let (portable, left) = match Address::of(url)? {
        Address::File(path) => {
            if path.canonicalize().is_ok_and(|real| file.canonicalize().is_ok_and(|file| file == real)) {
                return Err(MoveError::Same);
            }
            if !open::is_there(&path)? {
                return Err(StoreError::Missing { path }.into());
            }
            let _lock = FileLock::shared(&path)?;
            (Portable::copy_of(&path, &unfinished, &mut |done, of| watch(Progress::Bytes { done, of }))?, Vec::new())
        }
        Address::Server(url) => {
            let Dumped { portable, tables, held } = dump(url, &unfinished, Hold::Snapshot, now, watch).await?;
            held.roll_back().await?;
            (portable, tables.left)
        }
    };
    portable.look_through(file)?;
    let tables = sums(&portable)?;
    let manifest = Manifest {
        made_at: now,
        tables: tables.iter().map(|table| (table.name.clone(), table.checksum.clone())).collect(),
    };
    portable.write_manifest(&manifest)?;
    let schema_version = portable.applied()?.last().map_or(0, |last| last.number);
    let size = std::fs::metadata(portable.path()).map_or(0, |facts| facts.len());
    match over {
        true => portable.name_over(file)?,
        false => portable.name_first(file)?,
    }
    Ok(Backup { tables, schema_version, size, left })
}

/// What each table comes to.
pub(super) fn sums(portable: &Portable) -> Result<Vec<TableSum>, MoveError> {
    let tables = portable.tables()?.ours;
    tables.iter().map(|table| Ok(TableSum::of(table, &portable.checksum(table)?))).collect()
}
