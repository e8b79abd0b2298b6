//! One cycle: load, kill, restart, check.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::Tally;
use crate::act::Acknowledged;
use crate::check::{self, Due};
use crate::findings::Findings;
use crate::load::{self, Tolerance};
use crate::server::Server;
use crate::world::World;

/// How a load ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server is killed while requests are in flight.
    Killed,
    /// The clients stop first, and the server has time to finish what it said it had finished.
    Settled,
}

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

/// Runs cycles in two sites by turns.
pub(crate) fn run(mut worlds: [World; 2], cycles: u32, tally: &mut Tally) -> Result<()> {
    let failed_before = tally.failed;
    let mut sum = Sum::default();
    for number in 1..=cycles {
        let world = &mut worlds[number as usize % 2];
        let is_last = number + 2 > cycles;
        let name = format!("{} cycle {number:>3} {}", world.place, world.stance);
        tally.add(&name, counted(world, is_last, &mut sum));
        if tally.failed - failed_before >= ENOUGH_FAILURES && number < cycles {
            bail!("given up after {number} of {cycles} cycles, {ENOUGH_FAILURES} of which failed");
        }
    }
    println!("killed -9 on {}: {sum}", worlds[0].place);
    Ok(())
}

/// What all cycles came to.
#[derive(Default)]
struct Sum {
    kills: u32,
    acknowledged: u64,
    checked: u64,
    resolved: u64,
    losses: usize,
}

/// A cycle whose kill found enough requests in flight: one that did not is repeated, and checked all the same.
fn counted(world: &mut World, is_last: bool, sum: &mut Sum) -> Result<String> {
    for _ in 0..ATTEMPTS {
        let report = one(world, End::Killed, Honesty::Expected, is_last)?;
        sum.add(&report);
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
    let tolerance = match honesty {
        Honesty::Expected => Tolerance::Nothing,
        Honesty::Lacking => Tolerance::Refusals,
    };
    let (loaded, ()) = load::run(world, server.address, tolerance, |load| {
        load.wait_for_a_moment_to_kill()?;
        load.stop();
        if end == End::Killed { server.kill() } else { Ok(()) }
    })?;
    if end == End::Settled {
        thread::sleep(SETTLING);
        server.kill()?;
    }
    drop(server);
    world.place.wait_for_the_last_words()?;

    let mut server = Server::start(world).context("after the kill")?;
    let begun = Instant::now();
    world.place.check()?;
    check::welcome(world, &loaded)?;
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
pub(crate) fn stride(world: &World) -> usize {
    let families = world.shares.iter().flat_map(|share| &share.users).flat_map(|user| &user.families);
    families.filter(|family| family.heard_in < world.cycle).count() / EARLIER + 1
}

impl Sum {
    fn add(&mut self, report: &Report) {
        self.kills += 1;
        self.acknowledged += report.acknowledged.total();
        self.checked += report.findings.checked;
        self.resolved += report.findings.resolved;
        self.losses += report.findings.losses.len();
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kills, acknowledged, checked, resolved, losses } = self;
        write!(
            f,
            "{kills} kills, {acknowledged} writes acknowledged, {checked} facts checked and {resolved} doubts resolved, \
             {losses} lost"
        )
    }
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
/// Many times what a server takes between its answer and its commit where the order of the two is wrong.
const SETTLING: Duration = Duration::from_millis(300);
