//! What each operation costs the whole server, over HTTP: CPU time of the `jeton` process and of PostgreSQL's processes.
//!
//! `cargo run --release -p jeton-bench -- operations [--quick]`, with the release binary built before (`JETON_BIN`, or
//! `target/release/jeton`). Both sites take turns, operation by operation.

mod site;
mod wire;

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cluster;
use crate::operations::site::{Cost, Operation, Site};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (rounds, slice) = match arguments {
        [] => (5, Duration::from_millis(1500)),
        [only] if only == "--quick" => (1, Duration::from_millis(500)),
        _ => bail!("operations takes --quick or nothing"),
    };
    let binary = binary()?;
    let folder = tempfile::Builder::new().prefix("jeton-bench-").tempdir()?;
    // PostgreSQL runs as another user.
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
    let cluster = cluster::start()?;
    let mut sites = vec![Site::start(&binary, folder.path(), None)?];
    if let Some(cluster) = &cluster {
        sites.push(Site::start(&binary, folder.path(), Some(cluster))?);
    }
    let mut costs: BTreeMap<(Operation, &'static str), Vec<Cost>> = BTreeMap::new();
    for _ in 0..rounds {
        for operation in Operation::ALL {
            for site in &mut sites {
                costs.entry((operation, site.engine)).or_default().push(site.slice(operation, slice)?);
            }
        }
    }
    let mut out = std::io::stdout().lock();
    if cluster.is_none() {
        writeln!(out, "PostgreSQL is not installed: left out")?;
    }
    writeln!(out, "CPU µs of one operation over HTTP; {rounds} interleaved rounds, all of them together")?;
    writeln!(out, "{:<28} {:>12} {:>10} {:>10} {:>12}", "", "engine", "jeton", "database", "operations")?;
    for ((operation, engine), costs) in &costs {
        let times: u64 = costs.iter().map(|cost| cost.times).sum();
        let each = |of: fn(&Cost) -> Duration| {
            costs.iter().map(of).sum::<Duration>().as_secs_f64() * 1_000_000.0 / times.max(1) as f64
        };
        let (jeton, database) = (each(|cost| cost.jeton), each(|cost| cost.database));
        writeln!(out, "{:<28} {engine:>12} {jeton:>10.1} {database:>10.1} {times:>12}", operation.words())?;
    }
    sites.iter().try_for_each(|site| site.rows(&mut out))
}

fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("JETON_BIN") {
        return Ok(path.into());
    }
    // It lies beside this program.
    let path = std::env::current_exe()?.with_file_name("jeton");
    if path.exists() {
        return Ok(path);
    }
    Err(anyhow::anyhow!("{} is not there", path.display()))
        .context("build it first: cargo build --release -p jeton-cli; or name one in JETON_BIN")
}
