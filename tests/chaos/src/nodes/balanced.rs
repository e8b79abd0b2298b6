//! Three nodes behind HAProxy: some are killed and come back, some are restarted, and the requests go on.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::Rounds;
use super::balancer::Balancer;
use super::node::Node;
use super::site::{Site, me};
use super::times::{Times, shown};
use super::traffic::{Count, Traffic};
use crate::Tally;
use crate::act::Act;
use crate::check::{self, Due};
use crate::facts::{Share, Standing, User};
use crate::findings::Findings;
use crate::world::Stance;

pub(crate) fn run(binary: &Path, rounds: Rounds, tally: &mut Tally) {
    for stance in [Stance::Exact, Stance::Safe] {
        match Balanced::new(binary, stance) {
            Ok(mut site) => {
                tally.add(&format!("nodes behind HAProxy {stance}, killed"), site.killed(rounds.of(3, 30)));
                tally.add(&format!("nodes behind HAProxy {stance}, restarted"), site.restarted(rounds.of(3, 30)));
            }
            Err(error) => tally.add(&format!("nodes behind HAProxy {stance}"), Err(error)),
        }
    }
}

struct Balanced {
    site: Site,
    nodes: [Node; 3],
    balancer: Balancer,
    shares: Vec<Share>,
    /// How many loads there were.
    cycle: u32,
}

/// What came of a load.
struct Loaded {
    traffic: Traffic,
    /// While something happened to a node, and until it was back.
    disturbed: Count,
    /// From the start of a process to the moment when it is ready.
    back: Times,
    findings: Findings,
    refused_everywhere: usize,
}

impl Balanced {
    fn new(binary: &Path, stance: Stance) -> Result<Self> {
        let site = Site::new(binary, stance)?;
        let nodes = site.three_nodes()?;
        let balancer = Balancer::before(&nodes, site.folder())?;
        let mut shares = Vec::new();
        for client in 0..CLIENTS {
            let users = (0..USERS_PER_CLIENT).map(|number| User::new(format!("user-{client}-{number}"))).collect();
            shares.push(Share::new(client, users));
        }
        site.import(shares.iter().flat_map(|share: &Share| &share.users))?;
        Ok(Self { site, nodes, balancer, shares, cycle: 0 })
    }

    /// Requests that were at that node are lost, and no fact is.
    fn killed(&mut self, times: usize) -> Result<String> {
        let kill = |node: &mut Node| {
            node.kill()?;
            thread::sleep(Duration::from_millis(150));
            node.start()
        };
        // A kill proves little if no request was at that node; one more proves more.
        let loaded = self.under_load(|count, done| done < times || (count.failed == 0 && done < 5 * times), kill)?;
        ensure!(loaded.disturbed.failed > 0, "{} kills, and not one request was at its node", loaded.back.len());
        self.judge(&loaded, &format!("{} times kill -9 and a restart", loaded.back.len()))
    }

    /// No request is lost either.
    fn restarted(&mut self, times: usize) -> Result<String> {
        let loaded = self.under_load(
            |_, done| done < times,
            |node| {
                node.stop()?;
                node.start()
            },
        )?;
        if loaded.disturbed.failed > 0 {
            bail!(
                "{times} graceful restarts cost {} of {} requests: {}",
                loaded.disturbed.failed,
                loaded.disturbed.asked,
                loaded.traffic.failures_since(0).join("; ")
            );
        }
        self.judge(&loaded, &format!("{times} graceful restarts"))
    }

    /// Something happens to one node after another while clients come in by the balancer; then all facts are checked.
    fn under_load(
        &mut self,
        goes_on: impl Fn(Count, usize) -> bool,
        happen: impl Fn(&mut Node) -> Result<Duration>,
    ) -> Result<Loaded> {
        self.cycle += 1;
        let traffic = Traffic::to(self.balancer.address, self.cycle);
        let (nodes, balancer) = (&mut self.nodes, &self.balancer);
        let mut back = Times::default();
        let disturbed = traffic.during(&mut self.shares, || {
            thread::sleep(CALM);
            let mut disturbed = Count::default();
            while goes_on(disturbed, back.len()) {
                let before = traffic.count();
                let node = &mut nodes[back.len() % NODES];
                back.add(happen(node)?);
                balancer.wait_for(node)?;
                thread::sleep(CALM);
                disturbed = disturbed.plus(traffic.count().since(before));
            }
            Ok(disturbed)
        })?;
        let (findings, refused_everywhere) = self.check()?;
        Ok(Loaded { traffic, disturbed, back, findings, refused_everywhere })
    }

    /// Each node is asked, and what the check itself was told by one is held against the next.
    fn check(&mut self) -> Result<(Findings, usize)> {
        let mut findings = Findings::default();
        for (number, node) in self.nodes.iter().enumerate() {
            let due = Due { cycle: self.cycle, stride: EVERY * (number + 1) };
            let of_node = check::of_shares(&mut self.shares, self.site.stance, node.address, due);
            findings.absorb(of_node.with_context(|| format!("the check at node {}", node.name))?);
        }
        let refused = self.ended_access_tokens()?;
        Ok((findings, refused))
    }

    /// Safe: an access token is over with its login, at every node. How many of them were refused.
    fn ended_access_tokens(&self) -> Result<usize> {
        if self.site.stance == Stance::Exact {
            return Ok(0);
        }
        let mut refused = 0;
        for node in &self.nodes {
            let mut wire = node.connect()?;
            for family in self.shares.iter().flat_map(|share| &share.users).flat_map(|user| &user.families) {
                let Standing::Over(Act::Blacklisting | Act::Logout | Act::LogoutEverywhere) = family.standing else {
                    continue;
                };
                if family.heard_in < self.cycle {
                    continue;
                }
                let answer = wire.post(&me(&family.access))?;
                ensure!(
                    answer.status == 401,
                    "node {} answers an ended access token with {}",
                    node.name,
                    answer.status
                );
                refused += 1;
            }
        }
        Ok(refused)
    }

    fn judge(&self, loaded: &Loaded, what: &str) -> Result<String> {
        let Loaded { traffic, disturbed, back, findings, refused_everywhere } = loaded;
        if let Some(complaint) = findings.complaint() {
            bail!("{what}: {complaint}");
        }
        let all = traffic.count();
        let mut line = format!(
            "{what} under {} requests: {} of {} failed meanwhile ({:.2} %), a node is ready again after {}; {} writes \
             acknowledged ({}), {} ended tokens refused at once, {} facts checked at three nodes, {} doubts resolved, 0 lost",
            all.asked,
            disturbed.failed,
            disturbed.asked,
            disturbed.failed as f64 * 100.0 / disturbed.asked.max(1) as f64,
            shown(back.percentile(50)),
            traffic.acknowledged.total(),
            traffic.acknowledged,
            traffic.refused(),
            findings.checked,
            findings.resolved,
        );
        if *refused_everywhere > 0 {
            line.push_str(&format!(", {refused_everywhere} times an ended access token refused"));
        }
        Ok(line)
    }
}

const NODES: usize = 3;
const CLIENTS: usize = 16;
const USERS_PER_CLIENT: usize = 8;
/// Between one node and the next.
const CALM: Duration = Duration::from_millis(300);
/// Of the facts of earlier loads, one in so many is checked again at the first node; fewer at the others.
const EVERY: usize = 4;
