//! A server that goes on while its database cannot be written: what it says meanwhile, and how it comes back.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::chance::Chance;
use crate::check::{self, Due};
use crate::cycle::stride;
use crate::findings::Findings;
use crate::load::{self, Load, Tolerance};
use crate::server::Server;
use crate::wire;
use crate::witness::{Testimony, Witness};
use crate::world::World;

/// What befalls a database under a server that goes on.
pub(crate) trait Fault {
    /// From now on nothing can be written.
    fn begin(&mut self) -> Result<()>;

    /// From now on everything can be written again.
    fn end(&mut self) -> Result<()>;

    /// How it is between the two.
    fn severity(&self) -> Severity;
}

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Over before anyone can look.
    Brief,
    /// What needs no room can still be written, and everything can be read.
    NoRoom,
    /// Nothing can be read or written.
    Away,
}

/// What came of an outage.
pub(crate) struct Report {
    pub(crate) findings: Findings,
    pub(crate) acknowledged: u64,
    pub(crate) turned_away: u64,
    /// From the end of the fault to the first acknowledged write.
    pub(crate) writes_after: Duration,
    ready_after: Duration,
    /// From the end of the fault to the last answer of 503.
    last_refusal_after: Duration,
    /// Nothing for a brief fault.
    stopped_after: Option<Duration>,
    testimony: Option<Testimony>,
}

/// Load, fault, an end to it, more load, and a check of everything; by one server that is never restarted.
pub(crate) fn round(world: &mut World, server: &mut Server, fault: &mut dyn Fault, check_all: bool) -> Result<Report> {
    world.cycle += 1;
    let witness = Witness::sign_in(server.address, world.stance)?;
    let address = server.address;
    let chance = Chance::new(world.cycle.into());
    let (loaded, seen) =
        load::run(world, address, Tolerance::Outage, |load| Course { load, fault, witness }.run(chance))?;
    ensure!(!server.has_ended()?, "the server has ended");
    world.place.check()?;
    check::welcome(world, &loaded)?;
    let due = Due { cycle: world.cycle, stride: if check_all { 1 } else { stride(world) } };
    let findings = check::run(world, address, due)?;
    let report =
        Report { findings, acknowledged: loaded.acknowledged.total(), turned_away: loaded.turned_away, ..seen };
    match report.findings.complaint() {
        Some(complaint) => bail!("{report}\n    {complaint}"),
        None => Ok(report),
    }
}

/// The course of an outage, under load.
struct Course<'a> {
    load: &'a Load,
    fault: &'a mut dyn Fault,
    witness: Witness,
}

impl Course<'_> {
    fn run(self, mut chance: Chance) -> Result<Report> {
        self.load.wait_for_writes(&mut chance)?;
        self.load.announce_outage(true);
        self.fault.begin()?;
        let severity = self.fault.severity();
        let (mut stopped_after, mut testimony) = (None, None);
        if severity != Severity::Brief {
            stopped_after = Some(self.wait_until_writes_stop()?);
            let before = self.load.served();
            testimony = Some(self.witness.watch(HOLD, severity)?);
            let written = self.load.served() - before;
            ensure!(
                severity != Severity::Away || written == 0,
                "{written} writes were acknowledged while the database was away"
            );
        }
        self.fault.end()?;
        let healed = Instant::now();
        let (ready_after, writes_after) = self.wait_for_recovery(healed)?;
        let last_refusal_after = self.wait_for_the_last_refusal(healed)?;
        self.load.announce_outage(false);
        // From here on nobody may be turned away.
        self.load.wait_for_writes(&mut chance)?;
        Ok(Report {
            findings: Findings::default(),
            acknowledged: 0,
            turned_away: 0,
            writes_after,
            ready_after,
            last_refusal_after,
            stopped_after,
            testimony,
        })
    }

    /// How long it took until nothing was acknowledged for a while.
    fn wait_until_writes_stop(&self) -> Result<Duration> {
        let begun = Instant::now();
        let (mut written, mut last) = (self.load.served(), Duration::ZERO);
        while begun.elapsed() < last + QUIET || self.load.turned_away() == 0 {
            if self.load.served() != written {
                (written, last) = (self.load.served(), begun.elapsed());
            }
            self.load.pause(begun)?;
        }
        Ok(last)
    }

    fn wait_for_recovery(&self, healed: Instant) -> Result<(Duration, Duration)> {
        let before = self.load.served();
        let (mut ready, mut written) = (None, None);
        loop {
            if written.is_none() && self.load.served() > before {
                written = Some(healed.elapsed());
            }
            if ready.is_none() && wire::is_well(self.witness.address, "/readyz") {
                ready = Some(healed.elapsed());
            }
            if let (Some(ready), Some(written)) = (ready, written) {
                return Ok((ready, written));
            }
            ensure!(healed.elapsed() < RECOVERY, "not back {RECOVERY:?} after the fault was over");
            self.load.pause(healed)?;
        }
    }

    fn wait_for_the_last_refusal(&self, healed: Instant) -> Result<Duration> {
        let (mut refused, mut last) = (self.load.turned_away(), Duration::ZERO);
        while healed.elapsed() < last + GRACE {
            if self.load.turned_away() != refused {
                (refused, last) = (self.load.turned_away(), healed.elapsed());
            }
            ensure!(last < RECOVERY, "still turning requests away {RECOVERY:?} after the fault was over");
            thread::sleep(Duration::from_millis(1));
        }
        Ok(last)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} writes acknowledged and {} answers of 503", self.acknowledged, self.turned_away)?;
        if let Some(stopped_after) = self.stopped_after {
            write!(f, ", no write {} ms after the fault", stopped_after.as_millis())?;
        }
        if let Some(testimony) = &self.testimony {
            write!(f, "; meanwhile {testimony}")?;
        }
        write!(
            f,
            "; after it ready in {} ms, first write in {} ms, last 503 at {} ms; {} facts checked and {} doubts resolved, \
             {} lost",
            self.ready_after.as_millis(),
            self.writes_after.as_millis(),
            self.last_refusal_after.as_millis(),
            self.findings.checked,
            self.findings.resolved,
            self.findings.losses.len(),
        )
    }
}

/// How long a fault lasts after the last write.
const HOLD: Duration = Duration::from_millis(1200);
/// Nothing was acknowledged for so long: nothing will be. An end that was committed right before the fault is acknowledged
/// up to a second later: for so long its node tries to hear of it.
const QUIET: Duration = Duration::from_millis(1500);
/// A server that is not back after so long is not back by itself.
const RECOVERY: Duration = Duration::from_secs(20);
/// Nobody was turned away for so long: nobody will be.
const GRACE: Duration = Duration::from_millis(800);
