//! One PostgreSQL database, and who takes turns on it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jeton_store::{OpenMode, Store};
use jeton_test_postgres::Cluster;
use jeton_token::time::Timestamp;
use tokio_postgres::{Client, NoTls};

use crate::cluster;
use crate::processes::cpu_of_tree;
use crate::rotations::families::{Families, START_TICKS};
use crate::rotations::results::Results;
use crate::rotations::store::{self, CLIENTS, EXPIRES, NOW, Rate};
use crate::rotations::{Slice, Use, fill};

pub(super) struct Site<'a> {
    cluster: &'a Cluster,
    folder: PathBuf,
    database: String,
    families: Families,
    client: Client,
    store: Store,
}

impl<'a> Site<'a> {
    pub(super) async fn make(cluster: &'a Cluster, folder: &Path, families: Families) -> Result<Self> {
        let database = format!("families_{}", families.count);
        connect(&cluster.url()).await?.batch_execute(&format!("CREATE DATABASE {database}")).await?;
        let url = cluster.url_of(&database);
        let store = Store::connect(&url, OpenMode::Create, Timestamp::from_seconds(NOW)).await?;
        fill::postgres(&connect(&url).await?, families.count).await?;
        let client = connect(&url).await?;
        Ok(Self { cluster, folder: folder.to_owned(), database, families, client, store })
    }

    pub(super) async fn round(&self, which: Use, slice: Slice, results: &mut Results) -> Result<()> {
        let size = self.families.count;
        let process = cluster::process(self.cluster)?;
        let log = self.log_position().await?;
        let before = self.families.rotations();
        let cpu = || cpu_of_tree(process);
        let rate = store::rotate(&self.store, &self.families, which, (0, CONTENDERS), slice, cpu).await?;
        results.add("PostgreSQL", size, which, "jeton", &rate);
        let rotations = self.families.rotations() - before;
        if rotations > 0 {
            results.add_log(size, which, (self.log_position().await? - log) as f64 / rotations as f64);
        }
        let script = self.script(which)?;
        let cpu_before = cpu()?;
        let seconds = (slice.counted.as_secs() + 1).max(2);
        let each_second = tokio::task::block_in_place(|| {
            cluster::pgbench(self.cluster, &self.database, &script, CLIENTS as usize, seconds)
        })?;
        let used = cpu()?.saturating_sub(cpu_before).div_f64((each_second * seconds as f64).max(1.0));
        results.add("PostgreSQL", size, which, "pgbench", &Rate { each_second, cpu: used });
        Ok(())
    }

    /// How large it is, and how many rotations stayed in their page.
    pub(super) async fn size(&self) -> Result<String> {
        const SQL: &str = "SELECT pg_table_size('jeton_family'), pg_indexes_size('jeton_family'), n_tup_upd, \
            n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'jeton_family'";
        tokio::time::sleep(STATISTICS).await;
        let row = self.client.query_one(SQL, &[]).await?;
        let (table, indexes): (i64, i64) = (row.get(0), row.get(1));
        let (updates, hot): (i64, i64) = (row.get(2), row.get(3));
        let count = f64::from(self.families.count);
        Ok(format!(
            "PostgreSQL, {} families: {} MiB, {:.0} bytes each in the table and {:.0} in indexes; {:.2} % of {updates} updates were HOT",
            self.families.count,
            (table + indexes) >> 20,
            table as f64 / count,
            indexes as f64 / count,
            hot as f64 * 100.0 / updates.max(1) as f64,
        ))
    }

    pub(super) async fn close(self) -> Result<()> {
        self.store.close().await.context("closing the database")
    }

    async fn log_position(&self) -> Result<i64> {
        const SQL: &str = "SELECT (pg_current_wal_lsn() - '0/0')::bigint";
        Ok(self.client.query_one(SQL, &[]).await?.get(0))
    }

    /// The statement for pgbench, which knows no generations: its guard holds for all of them, and costs the same.
    fn script(&self, which: Use) -> Result<PathBuf> {
        let sharers = CONTENDERS * CLIENTS;
        let share = self.families.share(which, 1, sharers);
        let path = self.folder.join(format!("{}-{}.sql", self.database, which.word()));
        let (members, first) = (share.members - 1, START_TICKS + i64::from(share.first));
        let (now, horizon) = (NOW * 1_000_000, EXPIRES * 1_000_000);
        let script = format!(
            "\\set family {first} + (random(0, {members}) * {CLIENTS} + :client_id) * {CONTENDERS}\n\
             UPDATE jeton_family SET generation = generation + 1, \
             consumed_below = CASE WHEN TRUE THEN generation + 1 ELSE consumed_below END, \
             rotated_at = {now}, rotated_by = NULL, token_expires_at = {EXPIRES}, \
             expires_at = CASE WHEN expires_at < {horizon} THEN {horizon} ELSE expires_at END \
             WHERE key = decode(lpad(to_hex(:family::bigint), 10, '0') || '0080008000', 'hex') \
             AND generation >= 0 AND generation < 4294967295 AND revoked_at IS NULL AND kind = 0 AND created_at >= 0 \
             AND NOT EXISTS (SELECT 1 FROM jeton_blacklisted_token WHERE jti = '653c0b0000008000800000000000') \
             RETURNING key, kind, user_id, generation, consumed_below, rotated_at, rotated_by, late_generation, late_at, \
             late_run, in_use, marked, created_at, token_expires_at, expires_at, revoked_at, revoke_reason, origin_jti;\n"
        );
        std::fs::write(&path, script)?;
        Ok(path)
    }
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

const CONTENDERS: u32 = 2;
/// Backends tell their counts now and then.
const STATISTICS: std::time::Duration = std::time::Duration::from_millis(1500);
