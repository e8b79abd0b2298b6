//! The disk of the database is full, and then it has room again.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use jeton_test_postgres::Cluster;

use crate::check::{self, Due};
use crate::database::Place;
use crate::outage::{self, Fault, Severity};
use crate::server::{Server, command};
use crate::sums::Outages;
use crate::tmpfs::Tmpfs;
use crate::world::{Stance, World};
use crate::{Run, Tally};

/// Which way a disk is made to be full.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Tmpfs,
    Limit,
}

pub(crate) fn run(run: &Run, tally: &mut Tally) -> Result<()> {
    match way()? {
        Way::Tmpfs => {
            println!("disk full: by filling up a tmpfs that holds the database, its log and the server's own log");
            on_tmpfs(run, tally)?;
            on_postgres(run, tally)
        }
        Way::Limit => {
            println!("disk full: NO TMPFS can be mounted here, so by RLIMIT_FSIZE: no file of the server may grow");
            println!("disk full: PostgreSQL NOT RUN, it takes a tmpfs");
            with_limit(run, tally)
        }
    }
}

fn way() -> Result<Way> {
    match std::env::var("JETON_TEST_DISK_FULL").as_deref() {
        Ok("tmpfs") => Ok(Way::Tmpfs),
        Ok("limit") => Ok(Way::Limit),
        Ok(other) => bail!("JETON_TEST_DISK_FULL={other:?}: write tmpfs or limit"),
        Err(_) if Tmpfs::mount(1).is_ok() => Ok(Way::Tmpfs),
        Err(_) => Ok(Way::Limit),
    }
}

fn on_tmpfs(run: &Run, tally: &mut Tally) -> Result<()> {
    let mut sum = Outages::default();
    let rounds = run.repeat(4, 20);
    for (stance, rounds) in [(Stance::Exact, rounds / 2), (Stance::Safe, rounds - rounds / 2)] {
        let disk = Tmpfs::mount(DISK)?;
        let mut world = World::at(&run.binary, stance, Place::File(disk.path().join("jeton.db")))?;
        let mut server = serve_on(&world, &disk)?;
        for number in 1..=rounds {
            let outcome = outage::round(&mut world, &mut server, &mut Ballast { disk: &disk }, number == rounds);
            let outcome = outcome.inspect(|report| sum.add(report)).map(|report| report.to_string());
            tally.add(&format!("disk full on SQLite {number:>2} {stance}"), outcome);
        }
        tally.add(&format!("disk full on SQLite, killed -9 {stance}"), kill_while_full(&mut world, server, &disk));
    }
    println!("disk full on SQLite: {sum}");
    Ok(())
}

/// The log of the server lies on the same disk, as it does on small machines.
fn serve_on(world: &World, disk: &Tmpfs) -> Result<Server> {
    let mut serve = Command::new(&world.binary);
    Server::spawn(command(&mut serve, &world.config()).arg("serve"), disk.path())
}

/// A server that is killed while there is no room says so when it is started again, or serves; it damages nothing.
fn kill_while_full(world: &mut World, mut server: Server, disk: &Tmpfs) -> Result<String> {
    world.cycle += 1;
    disk.fill()?;
    server.kill()?;
    disk.fill()?;
    let started = match start_in_vain(world)? {
        None => "served again at once".to_owned(),
        Some(words) => format!("said {words:?} when it was started"),
    };
    disk.make_room()?;
    let server = serve_on(world, disk).context("with room again")?;
    world.place.check()?;
    let findings = check::run(world, server.address, Due { cycle: world.cycle, stride: 1 })?;
    match findings.complaint() {
        Some(complaint) => bail!("{complaint}"),
        None => Ok(format!("{started}; with room again {} facts checked, 0 lost", findings.checked)),
    }
}

/// What a server says that cannot start; nothing if it can.
fn start_in_vain(world: &World) -> Result<Option<String>> {
    let error = match Server::start(world) {
        Ok(mut server) => return server.kill().map(|()| None),
        Err(error) => error.to_string(),
    };
    let Some((status, words)) = error.split_once(" before it was ready: ") else { bail!("{error}") };
    ensure!(
        status.contains("exit status: 3") && !words.contains("panicked") && words.contains("full"),
        "started on a full disk, {error}"
    );
    Ok(Some(words.lines().next().unwrap_or_default().to_owned()))
}

/// Its tables are on the small disk, its log is not: without room for its log PostgreSQL stops as a whole.
fn on_postgres(run: &Run, tally: &mut Tally) -> Result<()> {
    let mut sum = Outages::default();
    let disk = Tmpfs::mount(DISK)?;
    let folder = disk.path().join("tables");
    std::fs::create_dir(&folder)?;
    let cluster = Cluster::start_with(&["autovacuum=off"])?;
    let database = cluster.create_database("small", Some(&folder))?;
    let mut world = World::at(&run.binary, Stance::Safe, Place::Server(database))?;
    let mut server = Server::start(&world)?;
    for number in 1..=run.repeat(2, 10) {
        let outcome = outage::round(&mut world, &mut server, &mut Ballast { disk: &disk }, true);
        let outcome = outcome.inspect(|report| sum.add(report)).map(|report| report.to_string());
        tally.add(&format!("disk full on PostgreSQL {number:>2} {}", world.stance), outcome);
    }
    println!("disk full on PostgreSQL: {sum}");
    Ok(())
}

fn with_limit(run: &Run, tally: &mut Tally) -> Result<()> {
    let mut sum = Outages::default();
    let rounds = run.repeat(4, 20);
    for (stance, rounds) in [(Stance::Exact, rounds / 2), (Stance::Safe, rounds - rounds / 2)] {
        let mut world = World::new(&run.binary, stance)?;
        let mut serve = Command::new("sh");
        // A process that does not know the signal dies of it; those who set limits on servers ignore it for them.
        serve.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(&world.binary);
        let mut server = Server::spawn(command(&mut serve, &world.config()).arg("serve"), world.folder())?;
        for number in 1..=rounds {
            let mut limit = Limit { process: server.id() };
            let outcome = outage::round(&mut world, &mut server, &mut limit, number == rounds);
            let outcome = outcome.inspect(|report| sum.add(report)).map(|report| report.to_string());
            tally.add(&format!("no file may grow, SQLite {number:>2} {stance}"), outcome);
        }
    }
    println!("no file may grow, SQLite: {sum}");
    Ok(())
}

/// A file that takes all the room.
struct Ballast<'a> {
    disk: &'a Tmpfs,
}

impl Fault for Ballast<'_> {
    fn begin(&mut self) -> Result<()> {
        self.disk.fill()
    }

    fn end(&mut self) -> Result<()> {
        self.disk.make_room()
    }

    fn severity(&self) -> Severity {
        Severity::NoRoom
    }
}

/// `RLIMIT_FSIZE` of a process that runs: the soft limit, which its owner may raise again.
struct Limit {
    process: u32,
}

impl Limit {
    fn set(&self, limit: &str) -> Result<()> {
        let mut prlimit = Command::new("prlimit");
        prlimit.args([format!("--pid={}", self.process), format!("--fsize={limit}:unlimited")]);
        let status = prlimit.stdin(Stdio::null()).status().context("prlimit could not be started")?;
        ensure!(status.success(), "prlimit ended with {status}");
        Ok(())
    }
}

impl Fault for Limit {
    fn begin(&mut self) -> Result<()> {
        self.set("4096")
    }

    fn end(&mut self) -> Result<()> {
        self.set("unlimited")
    }

    fn severity(&self) -> Severity {
        Severity::NoRoom
    }
}

/// Room for the database of a site, its log, and a while under load, in mebibytes.
const DISK: u32 = 48;
