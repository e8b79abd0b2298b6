//! Fills a new database with families that were rotated once, quickly and without users: two logins for each of them.

use std::path::Path;

use anyhow::{Result, ensure};
use rusqlite::Connection;
use tokio_postgres::Client;

use crate::rotations::families::{START_TICKS, key};
use crate::rotations::results::progress;
use crate::rotations::store::{EXPIRES, NOW};

pub(super) fn sqlite(path: &Path, count: u32) -> Result<()> {
    const INSERT: &str = "INSERT INTO jeton_family (key, kind, user_id, generation, consumed_below, rotated_at, marked, \
        created_at, token_expires_at, expires_at) VALUES (?1, 0, ?2, 0, 0, ?3, 0, ?3, ?4, ?5)";
    let mut file = Connection::open(path)?;
    file.pragma_update(None, "synchronous", 0)?;
    file.pragma_update(None, "foreign_keys", false)?;
    file.pragma_update(None, "cache_size", -262_144)?;
    for first in (0..count).step_by(PORTION as usize) {
        let end = (first + PORTION).min(count);
        let transaction = file.transaction()?;
        {
            let mut insert = transaction.prepare_cached(INSERT)?;
            for family in first..end {
                insert.execute(rusqlite::params![
                    key(family).as_bytes(),
                    family / 2 + 1,
                    NOW * 1_000_000,
                    EXPIRES,
                    EXPIRES * 1_000_000
                ])?;
            }
        }
        transaction.commit()?;
        told("SQLite", end, count)?;
    }
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

pub(super) async fn postgres(client: &Client, count: u32) -> Result<()> {
    // The bytes behind the time are those of `families::key`: version and variant, and no randomness.
    const INSERT: &str = "INSERT INTO jeton_family (key, kind, user_id, generation, consumed_below, rotated_at, marked, \
        created_at, token_expires_at, expires_at) \
        SELECT decode(lpad(to_hex($1::bigint + family), 10, '0') || '0080008000', 'hex'), 0, family / 2 + 1, 0, 0, \
        $4::bigint, FALSE, $4::bigint, $5::bigint, $5::bigint * 1000000 \
        FROM generate_series($2::bigint, $3::bigint) AS family";
    // Without this each user would have to be there.
    client.batch_execute("SET session_replication_role = replica; SET synchronous_commit = off").await?;
    for first in (0..count).step_by(PORTION as usize) {
        let last = (first + PORTION).min(count) - 1;
        let (start, end) = (i64::from(first), i64::from(last));
        client.execute(INSERT, &[&START_TICKS, &start, &end, &(NOW * 1_000_000), &EXPIRES]).await?;
        told("PostgreSQL", last + 1, count)?;
    }
    client.batch_execute("VACUUM ANALYZE jeton_family").await?;
    client.batch_execute("CHECKPOINT").await?;
    let mine = key(count - 1).as_bytes().to_vec();
    let found = client.query("SELECT 1 FROM jeton_family WHERE key = $1", &[&mine]).await?;
    ensure!(found.len() == 1, "the keys that SQL makes are not ours");
    Ok(())
}

fn told(engine: &str, done: u32, count: u32) -> Result<()> {
    if done.is_multiple_of(1_000_000) {
        progress(&format!("filling {engine}: {done} of {count} families"))?;
    }
    Ok(())
}

/// Of one transaction.
const PORTION: u32 = 100_000;
