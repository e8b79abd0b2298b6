//! How long what was ended at one node is still good at another.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use super::Rounds;
use super::node::Node;
use super::site::{Site, me};
use super::times::{Times, shown};
use crate::Tally;
use crate::facts::{User, refresh, verify};
use crate::wire::{Request, Wire};
use crate::world::Stance;

pub(crate) fn run(binary: &Path, rounds: Rounds, tally: &mut Tally) {
    for (stance, ends, locks) in [
        (Stance::Safe, rounds.of(200, 1000), rounds.of(20, 100)),
        (Stance::Exact, rounds.of(60, 300), rounds.of(10, 50)),
    ] {
        match Revocation::new(binary, stance, ends.max(locks)) {
            Ok(site) => {
                tally.add(&format!("nodes revocation {stance}"), site.under_load(|site| site.of_logins(ends)));
                tally.add(&format!("nodes lock {stance}"), site.under_load(|site| site.of_users(locks)));
            }
            Err(error) => tally.add(&format!("nodes revocation {stance}"), Err(error)),
        }
    }
}

struct Revocation {
    site: Site,
    nodes: [Node; 3],
    users: Vec<User>,
}

/// A login that is to end.
struct Login {
    refresh: String,
    access: String,
}

/// One node's answers, from the moment when another node had acknowledged the end.
struct Heard {
    refresh: u16,
    /// Until an access token was first refused, by a protected route and by verify.
    access: Vec<Duration>,
}

impl Revocation {
    fn new(binary: &Path, stance: Stance, users: usize) -> Result<Self> {
        let site = Site::new(binary, stance)?;
        let nodes = site.three_nodes()?;
        let users = site.users("leaver", users + NODES)?;
        Ok(Self { site, nodes, users })
    }

    /// With somebody at each node who refreshes as fast as answers come.
    fn under_load(&self, measure: impl FnOnce(&Self) -> Result<String>) -> Result<String> {
        let (is_over, refreshes) = (AtomicBool::new(false), AtomicU64::new(0));
        let begun = Instant::now();
        // The last of the users, so that nobody else's login is ended with theirs.
        let busy = |node| Ok((self.log_in(self.users.len() - 1 - node, node)?, self.nodes[node].connect()?));
        let busy = (0..NODES).map(busy).collect::<Result<Vec<_>>>()?;
        let line = thread::scope(|scope| {
            let refresh = |(login, wire)| scope.spawn(|| keep_refreshing(login, wire, &is_over, &refreshes));
            let busy: Vec<_> = busy.into_iter().map(refresh).collect();
            let line = measure(self);
            is_over.store(true, Ordering::SeqCst);
            busy.into_iter().try_for_each(joined).and(line)
        })?;
        let rate = refreshes.load(Ordering::SeqCst) as f64 / begun.elapsed().as_secs_f64();
        Ok(format!("{line}; beside {rate:.0} refreshes a second"))
    }

    /// By logout, blacklisting and logout everywhere in turns, at each node in turns.
    fn of_logins(&self, samples: usize) -> Result<String> {
        let (mut elsewhere, mut at_first_sight, mut refreshed) = (Times::default(), 0, 0);
        for sample in 0..samples {
            let login = self.log_in(sample, sample)?;
            let ending = &self.nodes[sample % NODES];
            let others = [&self.nodes[(sample + 1) % NODES], &self.nodes[(sample + 2) % NODES]];
            // They have seen it, and may remember.
            for node in others {
                expect(node, &me(&login.access), 200)?;
            }
            expect(ending, &end_of(&login, sample), 200).with_context(|| format!("the end of login {sample}"))?;
            let ended_at = Instant::now();
            if self.site.stance == Stance::Safe {
                expect(ending, &me(&login.access), 401)
                    .context("the node itself, right after it has acknowledged the end")?;
            }
            let ways = match self.site.stance {
                Stance::Safe => vec![(me(&login.access), 401), (verify(&login.access), 401)],
                Stance::Exact => Vec::new(),
            };
            for heard in Self::listen(&others, &login, &ways, ended_at)? {
                refreshed += usize::from(heard.refresh != 401);
                at_first_sight += heard.access.iter().filter(|time| **time < FIRST_SIGHT).count();
                heard.access.into_iter().for_each(|time| elsewhere.add(time));
            }
        }
        ensure!(refreshed == 0, "{refreshed} of {} ended refresh tokens were good at another node", samples * 2);
        let refresh =
            format!("{samples} ends: 0 of {} refresh tokens good at another node, from the first moment", samples * 2);
        if self.site.stance == Stance::Exact {
            return Ok(refresh);
        }
        ensure!(elsewhere.percentile(99) < LIMIT, "access tokens were refused elsewhere only after {elsewhere}");
        Ok(format!(
            "{refresh}; access tokens refused at the same node at once, and elsewhere {elsewhere} after the end ({} refusals, {} within {})",
            elsewhere.len(),
            at_first_sight,
            shown(FIRST_SIGHT),
        ))
    }

    /// By `jeton user lock` in a process of its own.
    fn of_users(&self, samples: usize) -> Result<String> {
        let (mut times, mut refreshed) = (Times::default(), 0);
        for sample in 0..samples {
            let login = self.log_in(sample, sample)?;
            for node in &self.nodes {
                expect(node, &me(&login.access), 200)?;
            }
            let name = &self.users[sample].name;
            self.site.run(&["user", "lock", name], "")?;
            let locked_at = Instant::now();
            let nodes: Vec<&Node> = self.nodes.iter().collect();
            for heard in Self::listen(&nodes, &login, &[(me(&login.access), 401)], locked_at)? {
                refreshed += usize::from(heard.refresh != 401);
                heard.access.into_iter().for_each(|time| times.add(time));
            }
            self.site.run(&["user", "unlock", name], "")?;
        }
        ensure!(refreshed == 0, "{refreshed} of {} refresh tokens of locked users were good", samples * NODES);
        ensure!(times.percentile(99) < LIMIT, "locked users came in for {times}");
        Ok(format!(
            "{samples} users locked from a shell: 0 of {} refresh tokens good from the first moment, access tokens refused at \
             every node {times} after the command",
            samples * NODES
        ))
    }

    fn log_in(&self, user: usize, node: usize) -> Result<Login> {
        let user = &self.users[user];
        let answer = self.nodes[node % NODES].connect()?.post(&user.login())?;
        match (answer.text("refresh"), answer.text("access")) {
            (Some(refresh), Some(access)) => Ok(Login { refresh, access }),
            _ => bail!("the login of {} was answered {} {}", user.name, answer.status, answer.body),
        }
    }

    /// All nodes at once, and of each the refresh token and every way to use the access token at once.
    fn listen(nodes: &[&Node], login: &Login, ways: &[(Request, u16)], since: Instant) -> Result<Vec<Heard>> {
        thread::scope(|scope| {
            let mut asked = Vec::new();
            for &node in nodes {
                let refreshing = scope.spawn(move || answer(node, &refresh(&login.refresh)));
                let poll = |(request, refusal): &'_ (Request, u16)| {
                    let (request, refusal) = (request.clone(), *refusal);
                    scope.spawn(move || until(node, &request, refusal, since))
                };
                asked.push((refreshing, ways.iter().map(poll).collect::<Vec<_>>()));
            }
            let hear = |(refreshing, polling): (_, Vec<_>)| {
                let access = polling.into_iter().map(joined).collect::<Result<_>>()?;
                Ok(Heard { refresh: joined(refreshing)?, access })
            };
            asked.into_iter().map(hear).collect()
        })
    }
}

fn end_of(login: &Login, sample: usize) -> Request {
    let bearer = Some(login.access.clone());
    match sample % 3 {
        0 => Request { path: "/api/logout/", body: json!({"refresh_token": login.refresh}), bearer },
        1 => Request { path: "/api/token/blacklist/", body: json!({"refresh": login.refresh}), bearer: None },
        _ => Request { path: "/api/logout/", body: json!({"all": true}), bearer },
    }
}

fn answer(node: &Node, request: &Request) -> Result<u16> {
    Ok(node.connect()?.post(request)?.status)
}

fn expect(node: &Node, request: &Request, status: u16) -> Result<()> {
    let answer = node.connect()?.post(request)?;
    ensure!(
        answer.status == status,
        "node {} answers {} with {} {} instead of {status}",
        node.name,
        request.path,
        answer.status,
        answer.body
    );
    Ok(())
}

/// From then until the first refusal. Until then the answer has to be 200, and after it the refusal stays.
fn until(node: &Node, request: &Request, refusal: u16, since: Instant) -> Result<Duration> {
    let mut wire = node.connect()?;
    let mut first = None;
    for _ in 0.. {
        let answer = wire.post(request)?;
        match first {
            None if answer.status == refusal => first = Some(since.elapsed()),
            None if answer.status == 200 && since.elapsed() < PATIENCE => thread::sleep(PAUSE),
            Some(_) if answer.status == refusal => break,
            _ => bail!(
                "node {} answers {} with {} {} {} after the end",
                node.name,
                request.path,
                answer.status,
                answer.body,
                shown(since.elapsed())
            ),
        }
    }
    first.context("nobody was asked")
}

fn keep_refreshing(mut login: Login, mut wire: Wire, is_over: &AtomicBool, refreshes: &AtomicU64) -> Result<()> {
    while !is_over.load(Ordering::SeqCst) {
        let answer = wire.post(&refresh(&login.refresh))?;
        let Some(successor) = answer.text("refresh") else {
            bail!("a refresh beside the test was answered {} {}", answer.status, answer.body);
        };
        login.refresh = successor;
        refreshes.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    match thread.join() {
        Ok(result) => result,
        Err(_) => bail!("a client panicked"),
    }
}

const NODES: usize = 3;
const PAUSE: Duration = Duration::from_micros(500);
/// What 99 of 100 have to stay below.
const LIMIT: Duration = Duration::from_secs(1);
const FIRST_SIGHT: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(10);
