//! The same statement on SQLite itself, in one thread: one transaction each, or as many together as there are clients.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rusqlite::Connection;

use crate::cpu_time;
use crate::rotations::Slice;
use crate::rotations::families::{Chance, Families, Share, key};
use crate::rotations::store::{EXPIRES, NOW, Rate};

/// So many are written before a commit.
pub(super) fn rotate(file: &Connection, families: &Families, share: Share, batch: u32, slice: Slice) -> Result<Rate> {
    let mut chance = Chance::new(batch);
    let warm = Instant::now();
    while warm.elapsed() < slice.warm {
        commit(file, families, share, batch, &mut chance)?;
    }
    let (start, used) = (Instant::now(), cpu_time::now());
    let mut rotations = 0;
    while start.elapsed() < slice.counted {
        commit(file, families, share, batch, &mut chance)?;
        rotations += u64::from(batch);
    }
    Ok(rate(rotations, start.elapsed(), cpu_time::now() - used))
}

fn commit(file: &Connection, families: &Families, share: Share, batch: u32, chance: &mut Chance) -> Result<()> {
    file.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut update = file.prepare_cached(UPDATE)?;
    for _ in 0..batch {
        let family = share.draw(chance);
        let (key, presented) = (key(family), families.generation(family));
        let jti = key.refresh(presented).to_string();
        let micros = NOW * 1_000_000;
        let horizon = EXPIRES * 1_000_000;
        let agent: Option<Vec<u8>> = None;
        let values = rusqlite::params![key.as_bytes(), presented.0, micros, agent, true, EXPIRES, horizon, jti, 0];
        let mut rows = update.query(values)?;
        ensure!(rows.next()?.is_some(), "a rotation that nobody else wanted was refused");
        ensure!(rows.next()?.is_none(), "a key is not unique");
        families.rotated(family, jeton_token::id::Generation(presented.0 + 1));
    }
    file.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

pub(super) fn rate(rotations: u64, took: Duration, used: Duration) -> Rate {
    let cpu = if rotations == 0 { Duration::ZERO } else { used.div_f64(rotations as f64) };
    Rate { each_second: rotations as f64 / took.as_secs_f64(), cpu }
}

/// As in `crates/store/src/rotations.rs`.
const UPDATE: &str = "UPDATE jeton_family SET generation = generation + 1, \
    consumed_below = CASE WHEN ?5 THEN generation + 1 ELSE consumed_below END, \
    rotated_at = ?3, rotated_by = ?4, token_expires_at = ?6, \
    expires_at = CASE WHEN expires_at < ?7 THEN ?7 ELSE expires_at END \
    WHERE key = ?1 AND generation = ?2 AND generation < 4294967295 AND revoked_at IS NULL \
    AND kind = 0 AND created_at >= ?9 AND NOT EXISTS (SELECT 1 FROM jeton_blacklisted_token WHERE jti = ?8) RETURNING \
    key, kind, user_id, generation, consumed_below, rotated_at, rotated_by, late_generation, late_at, late_run, \
    in_use, marked, created_at, token_expires_at, expires_at, revoked_at, revoke_reason, origin_jti";
