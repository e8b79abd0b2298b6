//! One cycle: load, kill, restart, check.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::Tally;
use crate::act::Acknowledged;
use crate::check::{self, Due};
use crate::database;
use crate::facts::User;
use crate::findings::Findings;
use crate::load::{self, End};
use crate::server::Server;
use crate::world::{Stance, World};

/// What came of a cycle.
pub(crate) struct Report {
    pub(crate) findings: Findings,
    acknowledged: Acknowledged,
    in_flight: usize,
    gave_way: u32,
    /// From the restart to the first answer that the server is ready.
    ready_after: Duration,
    checked_in: Duration,
}

/// Runs cycles in both stances by turns, each stance on a folder of its own.
pub(crate) fn run(binary: &Path, cycles: u32, tally: &mut Tally) -> Result<()> {
    let mut worlds = [World::new(binary, Stance::Exact)?, World::new(binary, Stance::Safe)?];
    let failed_before = tally.failed;
    for number in 1..=cycles {
        let world = &mut worlds[number as usize % 2];
        let is_last = number + 2 > cycles;
        let name = format!("cycle {number:>3} {}", world.stance);
        tally.add(&name, counted(world, is_last));
        if tally.failed - failed_before >= ENOUGH_FAILURES && number < cycles {
            bail!("given up after {number} of {cycles} cycles, {ENOUGH_FAILURES} of which failed");
        }
    }
    Ok(())
}

/// A cycle whose kill found enough requests in flight: one that did not is repeated, and checked all the same.
fn counted(world: &mut World, is_last: bool) -> Result<String> {
    for _ in 0..ATTEMPTS {
        let report = one(world, End::Killed, Honesty::Expected, is_last)?;
        if let Some(complaint) = report.findings.complaint() {
            bail!("{report}\n    {complaint}");
        }
        if report.in_flight >= IN_FLIGHT {
            return Ok(report.to_string());
        }
    }
    bail!("{ATTEMPTS} kills came when fewer than {IN_FLIGHT} requests were in flight");
}

/// Whether the server is believed to commit before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Honesty {
    Expected,
    /// It is known not to; what it refuses while it runs is no finding.
    Lacking,
}

/// One cycle, with every finding that there is.
pub(crate) fn one(world: &mut World, end: End, honesty: Honesty, check_all: bool) -> Result<Report> {
    world.cycle += 1;
    let mut server = Server::start(world)?;
    let loaded = load::run(world, &mut server, end, honesty == Honesty::Lacking)?;
    drop(server);

    let mut server = Server::start(world).context("after the kill")?;
    let begun = Instant::now();
    database::check(&world.database())?;
    let mut perhaps_there = loaded.perhaps_signed_up.map(User::new);
    if let Some(user) = &perhaps_there
        && !check::is_there(user, server.address)?
    {
        perhaps_there = None;
    }
    let new = loaded.signed_up.into_iter().map(User::new).chain(perhaps_there);
    let clients = world.shares.len();
    new.enumerate().for_each(|(number, user)| world.shares[number % clients].users.push(user));
    let due = Due { cycle: world.cycle, stride: if check_all { 1 } else { stride(world) } };
    let findings = check::run(world, server.address, due)?;
    let report = Report {
        findings,
        acknowledged: loaded.acknowledged,
        in_flight: loaded.in_flight,
        gave_way: loaded.gave_way,
        ready_after: server.ready_after,
        checked_in: begun.elapsed(),
    };
    // What the check itself was told has to outlive this one as well; the next cycle looks.
    server.kill()?;
    Ok(report)
}

/// So that about `EARLIER` families of earlier cycles are checked.
fn stride(world: &World) -> usize {
    let families = world.shares.iter().flat_map(|share| &share.users).flat_map(|user| &user.families);
    families.filter(|family| family.heard_in < world.cycle).count() / EARLIER + 1
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { findings, acknowledged, in_flight, gave_way, ready_after, checked_in } = self;
        write!(
            f,
            "{} writes acknowledged ({acknowledged}), {in_flight} in flight, ready again after {} ms, \
             {} facts checked and {} doubts resolved in {:.1} s, {} lost",
            acknowledged.total(),
            ready_after.as_millis(),
            findings.checked,
            findings.resolved,
            checked_in.as_secs_f64(),
            findings.losses.len(),
        )?;
        if *gave_way > 0 {
            write!(f, ", {gave_way} sign-ups gave up waiting for the server to let them write")?;
        }
        Ok(())
    }
}

const IN_FLIGHT: usize = 8;
const ATTEMPTS: usize = 4;
const ENOUGH_FAILURES: u32 = 3;
const EARLIER: usize = 800;
