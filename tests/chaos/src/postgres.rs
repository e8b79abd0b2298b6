//! The data on a PostgreSQL of our own, which really writes to its disk: the server is killed, or PostgreSQL is.

use anyhow::{Result, bail};
use jeton_test_postgres::Cluster;

use crate::check::{self, Due};
use crate::outage::{self, Fault, Severity};
use crate::server::Server;
use crate::sums::Outages;
use crate::world::{Stance, World};
use crate::{Run, Tally, cycle, database::Place};

/// The server is killed, again and again.
pub(crate) fn kill_the_server(run: &Run, tally: &mut Tally) -> Result<()> {
    let cluster = Cluster::start_with(&[])?;
    cycle::run(sites(run, &cluster)?, run.repeat(5, 50), tally)
}

/// PostgreSQL is killed and comes back; the server is not restarted.
pub(crate) fn kill_postgres(run: &Run, tally: &mut Tally) -> Result<()> {
    let rounds = run.repeat(3, 20);
    let mut cluster = Cluster::start_with(&[])?;
    let mut worlds = sites(run, &cluster)?;
    let mut servers = [Server::start(&worlds[0])?, Server::start(&worlds[1])?];
    let mut sum = Outages::default();
    for number in 1..=rounds {
        let at = number as usize % 2;
        let way = WAYS[number as usize % WAYS.len()];
        let name = format!("PostgreSQL {way} {number:>2} {}", worlds[at].stance);
        let mut fault = Killed { cluster: &mut cluster, way };
        let outcome = outage::round(&mut worlds[at], &mut servers[at], &mut fault, number + 2 > rounds);
        tally.add(&name, outcome.inspect(|report| sum.add(report)).map(|report| report.to_string()));
        if tally.failed > 0 && cluster.takes_connections().is_ok_and(|takes| !takes) {
            bail!("PostgreSQL did not come back: {}", cluster.last_words());
        }
    }
    for (world, server) in worlds.iter_mut().zip(&mut servers) {
        let name = format!("PostgreSQL killed, and then the server {}", world.stance);
        tally.add(&name, after_all(world, server));
    }
    println!("PostgreSQL killed: {sum}");
    Ok(())
}

/// What was acknowledged by a server that outlived all those kills outlives the server.
fn after_all(world: &mut World, server: &mut Server) -> Result<String> {
    server.kill()?;
    world.place.wait_for_the_last_words()?;
    world.cycle += 1;
    let server = Server::start(world)?;
    let findings = check::run(world, server.address, Due { cycle: world.cycle, stride: 1 })?;
    match findings.complaint() {
        Some(complaint) => bail!("{complaint}"),
        None => Ok(format!("{} facts checked, 0 lost", findings.checked)),
    }
}

pub(crate) fn sites(run: &Run, cluster: &Cluster) -> Result<[World; 2]> {
    let site = |stance: Stance| {
        let database = cluster.create_database(&stance.to_string(), None)?;
        World::at(&run.binary, stance, Place::Server(database))
    };
    Ok([site(Stance::Exact)?, site(Stance::Safe)?])
}

/// How PostgreSQL goes away.
#[derive(Clone, Copy)]
enum Way {
    /// Every process of it is killed.
    Whole,
    /// It is told to stop at once.
    AtOnce,
    /// One of its processes is killed; it throws everyone out and recovers by itself.
    OneProcess,
}

struct Killed<'a> {
    cluster: &'a mut Cluster,
    way: Way,
}

impl Fault for Killed<'_> {
    fn begin(&mut self) -> Result<()> {
        match self.way {
            Way::Whole => self.cluster.kill(),
            Way::AtOnce => self.cluster.stop_at_once(),
            Way::OneProcess => self.cluster.kill_backend_of("jeton"),
        }
    }

    fn end(&mut self) -> Result<()> {
        match self.way {
            Way::Whole | Way::AtOnce => self.cluster.restart(),
            Way::OneProcess => self.cluster.wait_until_it_takes_connections(),
        }
    }

    fn severity(&self) -> Severity {
        match self.way {
            Way::Whole | Way::AtOnce => Severity::Away,
            Way::OneProcess => Severity::Brief,
        }
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Whole => "killed -9",
            Self::AtOnce => "stopped at once",
            Self::OneProcess => "with one process killed",
        })
    }
}

const WAYS: [Way; 3] = [Way::OneProcess, Way::Whole, Way::AtOnce];
