//! The CPU time of other processes, from `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// What a process and all below it have used so far, those that have ended and were waited for included.
pub(crate) fn cpu_of_tree(root: u32) -> Result<Duration> {
    let all: Vec<Stat> = fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Stat::of)
        .collect();
    let mut members = vec![root];
    let mut ticks = Stat::of(root).context("the process has ended")?.ticks;
    let mut next = 0;
    while let Some(parent) = members.get(next).copied() {
        for child in all.iter().filter(|stat| stat.parent == parent) {
            members.push(child.process);
            ticks += child.ticks;
        }
        next += 1;
    }
    Ok(Duration::from_secs(ticks) / u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100))
}

/// The same to the nanosecond, but only of what still runs: for processes that stay.
pub(crate) fn busy_of_tree(root: u32) -> Result<Duration> {
    let all: Vec<Stat> = fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Stat::of)
        .collect();
    let members = all.iter().filter(|stat| stat.process == root || stat.parent == root);
    Ok(members.map(|stat| busy(stat.process)).sum())
}

/// Of all its threads.
fn busy(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().filter_map(Result::ok);
    let nanoseconds = threads
        .filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok());
    Duration::from_nanos(nanoseconds.sum())
}

struct Stat {
    process: u32,
    parent: u32,
    ticks: u64,
}

impl Stat {
    /// Nothing if it has ended meanwhile.
    fn of(process: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name in brackets may hold anything, so fields are counted from behind it: state, parent, …
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let parent = fields.get(1)?.parse().ok()?;
        let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
        Some(Self { process, parent, ticks })
    }
}
