//! Three nodes that start at the same moment on an empty database: one schema, and all of them are ready.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Rounds;
use super::node::Node;
use super::site::Site;
use super::times::{Times, shown};
use crate::Tally;
use crate::facts::verify;
use crate::world::Stance;

pub(crate) fn run(binary: &Path, rounds: Rounds, tally: &mut Tally) {
    tally.add("nodes together", start(binary, rounds.of(3, 15)));
}

fn start(binary: &Path, rounds: usize) -> Result<String> {
    let mut ready = Times::default();
    let mut migrations = 0;
    for round in 0..rounds {
        let site = Site::new(binary, Stance::Safe)?;
        let url = site.database.url()?;
        let mut nodes = NAMES.iter().map(|name| site.idle_node(name, &url)).collect::<Result<Vec<_>>>()?;
        // In every other round one of them is killed, perhaps while it makes the schema; the others have to make it then.
        let killed = (round % 2 == 1).then(|| Duration::from_millis(20 + 15 * round as u64));
        if let Some(after) = killed {
            kill_one_on_its_way(&site, &url, after)?;
        }
        for time in at_once(&mut nodes)? {
            ready.add(time);
        }
        migrations = one_schema(&site)?;
        one_site(&site, &nodes)?;
    }
    Ok(format!(
        "{rounds} times three nodes on an empty database, {} of them after a fourth was killed on its way: one schema of \
         {migrations} migrations, all ready after {} at most",
        rounds / 2,
        shown(ready.percentile(100)),
    ))
}

fn at_once(nodes: &mut [Node]) -> Result<Vec<Duration>> {
    thread::scope(|scope| {
        let starting: Vec<_> = nodes.iter_mut().map(|node| scope.spawn(|| node.start())).collect();
        let started = starting.into_iter().map(|thread| thread.join().ok().context("a starting thread panicked")?);
        started.collect()
    })
}

/// A node that never gets as far as being ready, or only just.
fn kill_one_on_its_way(site: &Site, url: &str, after: Duration) -> Result<()> {
    let node = site.idle_node("d", url)?;
    node.start_and_kill(after)
}

/// Each migration was applied once, without a gap in what the program knows. How many there are.
fn one_schema(site: &Site) -> Result<usize> {
    let applied = site.database.rows("SELECT number, count(*) FROM jeton_migration GROUP BY number ORDER BY number")?;
    if applied.is_empty() {
        bail!("no migration is noted");
    }
    if let Some(twice) = applied.iter().find(|row| row[1] != "1") {
        bail!("migration {} is noted {} times", twice[0], twice[1]);
    }
    let installed = site.database.rows("SELECT count(*) FROM jeton_install")?;
    if installed != [["1"]] {
        bail!("the install marker is there {installed:?} times");
    }
    Ok(applied.len())
}

/// What one of them hands out is good at the others.
fn one_site(site: &Site, nodes: &[Node]) -> Result<()> {
    let users = site.users("first", 1)?;
    for node in nodes {
        let login = node.connect()?.post(&users[0].login())?;
        let Some(refresh) = login.text("refresh") else {
            bail!("a login at node {} was answered {} {}", node.name, login.status, login.body);
        };
        for other in nodes {
            let answer = other.connect()?.post(&verify(&refresh))?;
            if answer.status != 200 {
                bail!("a token of node {} was answered {} at node {}", node.name, answer.status, other.name);
            }
        }
    }
    Ok(())
}

const NAMES: [&str; 3] = ["a", "b", "c"];
