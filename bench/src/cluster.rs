//! The PostgreSQL that is measured: a throw-away one, which waits for its disk as one in earnest does.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use jeton_test_postgres::{Cluster, is_installed};

/// Nothing where PostgreSQL is not installed.
pub(crate) fn start() -> Result<Option<Cluster>> {
    // As many servers are set up: a gigabyte of their own memory, checkpoints by time.
    is_installed().then(|| Cluster::start_with(&["shared_buffers=1GB", "max_wal_size=8GB"])).transpose()
}

/// The process whose children serve the connections.
pub(crate) fn process(cluster: &Cluster) -> Result<u32> {
    cluster.process().context("PostgreSQL does not run")
}

/// `pgbench` with the script, connected to a database: transactions a second.
pub(crate) fn pgbench(cluster: &Cluster, database: &str, script: &Path, clients: usize, seconds: u64) -> Result<f64> {
    let mut pgbench = cluster.client("pgbench");
    pgbench.args(["-n", "-M", "prepared", "-j", "2", "-c", &clients.to_string(), "-T", &seconds.to_string()]);
    let output = pgbench.arg("-f").arg(script).arg(database).output().context("pgbench could not be started")?;
    ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr).trim());
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench told no rate")?;
    line.split(' ').next().unwrap_or_default().parse().context("pgbench told a rate that is no number")
}
