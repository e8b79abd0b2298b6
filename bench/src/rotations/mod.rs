//! Rotations a second of Jeton's own path, beside the bare engines doing the same statement, over tables of several sizes.
//!
//! Everything takes turns: each round has a slice of every contender at every size, so that a busy moment of the machine
//! and of its disk falls on all of them. Ratios are made within a round.

mod bare;
mod families;
mod fill;
mod postgres;
mod results;
mod sqlite;
mod store;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::cluster;
use crate::rotations::families::Families;
use crate::rotations::results::Results;

/// Each is done in one run, for so long.
struct Plan {
    sizes: Vec<u32>,
    rounds: usize,
    slice: Slice,
}

/// A contender's turn: first it makes itself at home, uncounted.
#[derive(Clone, Copy)]
struct Slice {
    warm: Duration,
    counted: Duration,
}

/// Which families are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Random,
    Recent,
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut plan = Plan { sizes: vec![1_000, 1_000_000], rounds: 5, slice: Slice::of(400, 1000) };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => plan = Plan { sizes: vec![1_000, 50_000], rounds: 1, slice: Slice::of(200, 1000) },
            "--long" => plan = Plan { sizes: vec![1_000, 1_000_000, 10_000_000], ..plan },
            "--sizes" => plan.sizes = numbers(arguments.next())?,
            "--rounds" => plan.rounds = numbers(arguments.next())?.first().map_or(1, |&rounds| rounds as usize),
            other => bail!("{other} is not known: give --quick, --long, --sizes N,N… or --rounds N"),
        }
    }
    let folder = tempfile::Builder::new().prefix("jeton-bench-").tempdir()?;
    // PostgreSQL runs as another user.
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
    check_space(folder.path(), &plan)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let results = runtime.block_on(measure(folder.path(), &plan))?;
    results.print(&mut std::io::stdout().lock())
}

async fn measure(folder: &Path, plan: &Plan) -> Result<Results> {
    let cluster = cluster::start()?;
    let mut results = Results::default();
    if cluster.is_none() {
        results.note("PostgreSQL is not installed: left out".to_owned());
    }
    let mut files = Vec::new();
    let mut databases = Vec::new();
    for &size in &plan.sizes {
        files.push(sqlite::Site::make(folder, Families::new(size)).await?);
        if let Some(cluster) = &cluster {
            databases.push(postgres::Site::make(cluster, folder, Families::new(size)).await?);
        }
    }
    for round in 0..plan.rounds {
        results::progress(&format!("round {} of {}", round + 1, plan.rounds))?;
        results.begin_round();
        for which in [Use::Random, Use::Recent] {
            for site in &files {
                site.round(which, plan.slice, &mut results).await?;
            }
            for site in &databases {
                site.round(which, plan.slice, &mut results).await?;
            }
        }
    }
    for site in &files {
        results.note(site.size()?);
    }
    for site in &databases {
        results.note(site.size().await?);
    }
    for site in files {
        site.close().await?;
    }
    for site in databases {
        site.close().await?;
    }
    Ok(results)
}

fn numbers(text: Option<&String>) -> Result<Vec<u32>> {
    let Some(text) = text else { bail!("a number is missing, or several with commas between them") };
    text.split(',').map(|number| Ok(number.replace('_', "").parse()?)).collect()
}

/// Both engines' tables with what they write beside them while this runs.
fn check_space(folder: &Path, plan: &Plan) -> Result<()> {
    let families: u64 = plan.sizes.iter().map(|&size| u64::from(size)).sum();
    let needed = families * BYTES_OF_FAMILY + BYTES_OF_LOGS;
    let disk = rustix::fs::statvfs(folder)?;
    let free = disk.f_bavail * disk.f_frsize;
    ensure!(
        free > needed,
        "{} has {} GB free, and {} GB are needed: set TMPDIR to a folder on a larger disk",
        folder.display(),
        free / GB,
        needed / GB
    );
    Ok(())
}

impl Slice {
    const fn of(warm: u64, counted: u64) -> Self {
        Self { warm: Duration::from_millis(warm), counted: Duration::from_millis(counted) }
    }
}

impl Use {
    fn word(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Recent => "recent",
        }
    }
}

/// Generous: 0.2 kB on SQLite and 0.5 kB on PostgreSQL were measured.
const BYTES_OF_FAMILY: u64 = 1_000;
/// WAL of PostgreSQL and of SQLite.
const BYTES_OF_LOGS: u64 = 10 * GB;
const GB: u64 = 1_000_000_000;
