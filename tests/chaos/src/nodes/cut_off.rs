//! A node that the database cannot be reached from: it ends to answer from memory, and comes back by itself.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use super::Rounds;
use super::node::Node;
use super::relay::{Cut, Mend, Relay};
use super::site::{Site, me};
use super::times::{Times, shown};
use crate::Tally;
use crate::facts::{User, refresh, verify};
use crate::wire::{self, Request, Wire};
use crate::world::Stance;

pub(crate) fn run(binary: &Path, rounds: Rounds, tally: &mut Tally) {
    match CutOff::new(binary) {
        Ok(mut site) => {
            for (cut, mend, name) in WAYS {
                tally.add(&format!("nodes cut off {name}"), site.rounds(cut, mend, rounds.of(1, 10)));
            }
        }
        Err(error) => tally.add("nodes cut off", Err(error)),
    }
}

/// Node a reaches the database, and node b through a line that can be cut.
struct CutOff {
    site: Site,
    near: Node,
    far: Node,
    line: Relay,
    /// How often the line was cut.
    cuts: usize,
}

/// When something happened to the line, and how long after it to the node.
#[derive(Clone, Copy)]
struct Moments {
    cut_at: Instant,
    not_ready_after: Duration,
    mended_at: Instant,
    ready_after: Duration,
    served_after: Duration,
}

/// What a round has shown.
struct Round {
    moments: Moments,
    /// The last answer from memory to a token that had ended meanwhile, if there was any.
    last_from_memory: Option<Duration>,
    refused_with_503: usize,
    longest_answer: Duration,
}

/// A question that is put to the far node again and again.
struct Probe {
    what: &'static str,
    request: Request,
    /// Whether it is about a token that node a has ended.
    is_over: bool,
}

/// How it was answered; nothing if it was not, in all the time that a client would wait.
struct Seen {
    probe: usize,
    asked_at: Instant,
    answered_at: Instant,
    status: Option<u16>,
}

impl CutOff {
    fn new(binary: &Path) -> Result<Self> {
        let mut site = Site::new(binary, Stance::Safe)?;
        site.statement_timeout = Some(Duration::from_secs(1));
        let near = site.node("a", &site.database.url()?)?;
        let line = Relay::to(site.database.place()?)?;
        let far = site.node("b", &site.database.url_by_way_of(&line.address.ip().to_string(), line.address.port())?)?;
        Ok(Self { site, near, far, line, cuts: 0 })
    }

    fn rounds(&mut self, cut: Cut, mend: Mend, rounds: usize) -> Result<String> {
        let (mut not_ready, mut from_memory, mut longest) = (Times::default(), Times::default(), Times::default());
        let (mut ready, mut served, mut refused) = (Times::default(), Times::default(), 0);
        for number in 0..rounds {
            let round = self.round(cut, mend).with_context(|| format!("cut {} of {rounds}", number + 1))?;
            not_ready.add(round.moments.not_ready_after);
            from_memory.add(round.last_from_memory.unwrap_or_default());
            longest.add(round.longest_answer);
            ready.add(round.moments.ready_after);
            served.add(round.moments.served_after);
            refused += round.refused_with_503;
        }
        let cuts = if rounds == 1 { "one cut".to_owned() } else { format!("{rounds} cuts") };
        Ok(format!(
            "{cuts}: not ready after {}; a token ended at the other node was last answered from memory {} after the cut \
             (fence {}), then {refused} times 503, each within {}; mended: ready again after {}, serving after {}, and not one \
             ended token accepted",
            shown(not_ready.percentile(100)),
            shown(from_memory.percentile(100)),
            shown(super::site::FENCE),
            shown(longest.percentile(100)),
            shown(ready.percentile(100)),
            shown(served.percentile(100)),
        ))
    }

    fn round(&mut self, cut: Cut, mend: Mend) -> Result<Round> {
        self.cuts += 1;
        let users = self.site.users(&format!("user-{}", self.cuts), 4)?;
        let [ended, locked, kept, rotated] = &users[..] else { bail!("four users were asked for") };
        let [ended, kept] = [self.log_in(ended)?, self.log_in(kept)?];
        let (locked_refresh, locked_access) = self.log_in(locked)?;
        let rotated = self.log_in(rotated)?;
        let probes = [
            Probe { what: "protected route, kept", request: me(&kept.1), is_over: false },
            Probe { what: "verify, kept", request: verify(&kept.1), is_over: false },
            Probe { what: "protected route, ended", request: me(&ended.1), is_over: true },
            Probe { what: "verify, ended", request: verify(&ended.1), is_over: true },
            Probe { what: "refresh, ended", request: refresh(&ended.0), is_over: true },
            Probe { what: "protected route, locked", request: me(&locked_access), is_over: true },
            Probe { what: "refresh, locked", request: refresh(&locked_refresh), is_over: true },
        ];
        for probe in probes.iter().filter(|probe| !probe.what.starts_with("refresh")) {
            let answer = self.far.connect()?.post(&probe.request)?;
            ensure!(answer.status == 200, "before the cut, {}: {} {}", probe.what, answer.status, answer.body);
        }

        self.line.cut(cut);
        let cut_at = Instant::now();
        let logout = Request { path: "/api/logout/", body: json!({"refresh_token": ended.0}), bearer: Some(ended.1) };
        let answer = self.near.connect()?.post(&logout)?;
        ensure!(answer.status == 200, "the logout at node a was answered {} {}", answer.status, answer.body);
        self.site.run(&["user", "lock", &locked.name], "")?;
        let judged = self.watch(&probes, &rotated.0, mend, cut_at).and_then(|(moments, seen)| {
            self.rotated_is_whole(&rotated.0)?;
            judge(&probes, &seen, moments)
        });
        judged.with_context(|| format!("node b logged: {}", last_lines(&self.far.log())))
    }

    /// Asks all the while: during the cut, and after it until node b serves again.
    fn watch(&self, probes: &[Probe], rotated: &str, mend: Mend, cut_at: Instant) -> Result<(Moments, Vec<Seen>)> {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let asking: Vec<_> = (0..probes.len())
                .map(|number| {
                    let is_over = &is_over;
                    scope.spawn(move || ask_again_and_again(self.far.address, number, &probes[number].request, is_over))
                })
                .collect();
            // What becomes of this one nobody can know: it may come to the database when the line is mended.
            let doubtful = scope.spawn(|| Wire::connect_for(self.far.address, PATIENCE)?.post(&refresh(rotated)));
            let watched = (|| {
                let not_ready_after = until_ready(&self.far, false, cut_at)?;
                thread::sleep((cut_at + CUT).saturating_duration_since(Instant::now()));
                self.line.mend(mend);
                let mended_at = Instant::now();
                let ready_after = until_ready(&self.far, true, mended_at)?;
                for probe in probes.iter().filter(|probe| !probe.is_over) {
                    until_served(&self.far, &probe.request, mended_at)?;
                }
                let served_after = mended_at.elapsed();
                for probe in probes.iter().filter(|probe| probe.is_over) {
                    let answer = self.far.connect()?.post(&probe.request)?;
                    ensure!(
                        matches!(answer.status, 400 | 401),
                        "LOST: {}: {} when it serves again",
                        probe.what,
                        answer.status
                    );
                }
                thread::sleep(AFTERWARDS);
                Ok(Moments { cut_at, mended_at, not_ready_after, ready_after, served_after })
            })();
            self.line.cut(Cut::None);
            is_over.store(true, Ordering::SeqCst);
            let mut seen = Vec::new();
            for thread in asking {
                seen.extend(thread.join().ok().context("a client panicked")?);
            }
            let doubtful = doubtful.join().ok().context("a client panicked")?;
            if let Ok(answer) = doubtful
                && !matches!(answer.status, 200 | 503)
            {
                bail!("a refresh during the cut was answered {} {}", answer.status, answer.body);
            }
            watched.map(|moments| (moments, seen))
        })
    }

    /// The refresh that came during the cut was carried out as a whole or not at all: its token still leads to one successor.
    fn rotated_is_whole(&self, token: &str) -> Result<()> {
        let mut successors = Vec::new();
        for node in [&self.near, &self.far, &self.near] {
            let answer = node.connect()?.post(&refresh(token))?;
            let Some(successor) = answer.text("refresh") else {
                bail!("a refresh that a cut came in between is answered {} {} since", answer.status, answer.body);
            };
            successors.push(successor);
        }
        successors.dedup();
        ensure!(successors.len() == 1, "a refresh that a cut came in between has {} successors", successors.len());
        Ok(())
    }

    /// A refresh and an access token.
    fn log_in(&self, user: &User) -> Result<(String, String)> {
        let answer = self.near.connect()?.post(&user.login())?;
        match (answer.text("refresh"), answer.text("access")) {
            (Some(refresh), Some(access)) => Ok((refresh, access)),
            _ => bail!("the login of {} was answered {} {}", user.name, answer.status, answer.body),
        }
    }
}

/// On a connection of its own each time, so that no answer waits for another.
fn ask_again_and_again(
    address: std::net::SocketAddr,
    probe: usize,
    request: &Request,
    is_over: &AtomicBool,
) -> Vec<Seen> {
    let mut seen = Vec::new();
    while !is_over.load(Ordering::SeqCst) {
        let asked_at = Instant::now();
        let answer = Wire::connect_for(address, PATIENCE).and_then(|mut wire| wire.post(request));
        seen.push(Seen {
            probe,
            asked_at,
            answered_at: Instant::now(),
            status: answer.ok().map(|answer| answer.status),
        });
        thread::sleep(PAUSE);
    }
    seen
}

/// From then until `/readyz` says so.
fn until_ready(node: &Node, is_ready: bool, since: Instant) -> Result<Duration> {
    loop {
        // A node that does not answer is not ready.
        let answer = wire::get(node.address, "/readyz", Duration::from_millis(500));
        if answer.is_ok_and(|answer| answer.status == 200) == is_ready {
            return Ok(since.elapsed());
        }
        if since.elapsed() > TOO_LONG {
            bail!("node {} is {} ready after {TOO_LONG:?}", node.name, if is_ready { "not" } else { "still" });
        }
        thread::sleep(PAUSE);
    }
}

/// Until this is answered 200.
fn until_served(node: &Node, request: &Request, since: Instant) -> Result<()> {
    loop {
        let answer = Wire::connect_for(node.address, PATIENCE).and_then(|mut wire| wire.post(request));
        match answer {
            Ok(answer) if answer.status == 200 => return Ok(()),
            _ if since.elapsed() > TOO_LONG => {
                bail!("node {} does not serve after {TOO_LONG:?}: {answer:?}", node.name)
            }
            _ => thread::sleep(PAUSE),
        }
    }
}

fn judge(probes: &[Probe], seen: &[Seen], moments: Moments) -> Result<Round> {
    let Moments { cut_at, mended_at, .. } = moments;
    let fenced_at = cut_at + super::site::FENCE + LENIENCE;
    let mut round = Round { moments, last_from_memory: None, refused_with_503: 0, longest_answer: Duration::ZERO };
    for Seen { probe, asked_at, answered_at, status } in seen {
        let Probe { what, is_over, .. } = &probes[*probe];
        let during = *asked_at < mended_at;
        let when = || match during {
            true => format!("{} after the cut", shown(*asked_at - cut_at)),
            false => format!("{} after the line was mended", shown(*asked_at - mended_at)),
        };
        match (status, is_over, during) {
            (None, ..) => bail!("{what}: no answer in {PATIENCE:?}, asked {}", when()),
            (Some(200), true, true) if what.starts_with("protected") || what.starts_with("verify") => {
                ensure!(*asked_at <= fenced_at, "{what}: 200, asked {}", when());
                round.last_from_memory = round.last_from_memory.max(Some(*asked_at - cut_at));
            }
            (Some(200), true, _) => bail!("LOST: {what}: 200, asked {}", when()),
            // What was asked during the cut may be answered after it.
            (Some(200), false, true) => {
                ensure!(
                    *asked_at <= fenced_at || *answered_at >= mended_at,
                    "{what}: 200 without a database, asked {}",
                    when()
                );
            }
            (Some(200), false, false) => {}
            (Some(400 | 401), true, _) => {}
            (Some(503), _, true) => round.refused_with_503 += 1,
            // Until it has found out which of its connections are dead.
            (Some(503), _, false) => {}
            (Some(status), ..) => bail!("{what}: {status}, asked {}", when()),
        }
        if during && *answered_at < mended_at {
            round.longest_answer = round.longest_answer.max(*answered_at - *asked_at);
        }
    }
    ensure!(round.refused_with_503 > 0, "no request was answered 503 during the cut");
    Ok(round)
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(5)..].join(" | ")
}

const WAYS: [(Cut, Mend, &str); 3] = [
    (Cut::Silent, Mend::All, "silently"),
    (Cut::Silent, Mend::New, "silently, for old connections for ever"),
    (Cut::Closed, Mend::All, "with closed connections"),
];
/// How long the line is cut: the fence, and the longest that a request then waits for a connection.
const CUT: Duration = Duration::from_secs(7);
/// How long ended tokens are still presented when the node is back.
const AFTERWARDS: Duration = Duration::from_millis(1500);
/// Of this busy machine's clocks and threads.
const LENIENCE: Duration = Duration::from_millis(250);
/// So long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
const TOO_LONG: Duration = Duration::from_secs(25);
const PAUSE: Duration = Duration::from_millis(10);
