//! 64 clients present one refresh token at the same moment, at three nodes: one chain comes of it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use super::Rounds;
use super::node::Node;
use super::site::Site;
use super::times::{Times, shown};
use crate::Tally;
use crate::facts::{User, refresh, verify};
use crate::wire::{Answer, Request, Wire};
use crate::world::Stance;

pub(crate) fn run(binary: &Path, rounds: Rounds, tally: &mut Tally) {
    let rounds = rounds.of(50, 500);
    for stance in [Stance::Exact, Stance::Safe] {
        match Race::new(binary, stance, rounds) {
            Ok(mut race) => {
                tally.add(&format!("nodes race {stance}"), race.one_token(rounds));
                tally.add(&format!("nodes race {stance} with a logout"), race.one_token_and_its_end(rounds));
            }
            Err(error) => tally.add(&format!("nodes race {stance}"), Err(error)),
        }
    }
}

/// Three nodes, and clients spread over them, each with a connection of its own.
struct Race {
    site: Site,
    nodes: [Node; 3],
    wires: Vec<Wire>,
}

/// A login that is about to be raced for.
struct Prize {
    user: User,
    refresh: String,
    access: String,
}

/// What came of one moment.
struct Moment {
    /// In the order of the clients.
    answers: Vec<Answer>,
    /// From the start to the last answer.
    took: Duration,
    /// How many requests were on their way before anybody was answered.
    at_once: usize,
}

impl Race {
    fn new(binary: &Path, stance: Stance, rounds: usize) -> Result<Self> {
        let site = Site::new(binary, stance)?;
        let nodes = site.three_nodes()?;
        site.import(
            (0..rounds).flat_map(|round| [racer("racer", round), racer("leaver", round)]).collect::<Vec<_>>().iter(),
        )?;
        let wires = (0..CLIENTS).map(|client| nodes[client % nodes.len()].connect()).collect::<Result<_>>()?;
        Ok(Self { site, nodes, wires })
    }

    /// Exact: one is served and the others are refused. Safe: all are served, with the same successor.
    fn one_token(&mut self, rounds: usize) -> Result<String> {
        let (mut took, mut at_once) = (Times::default(), Vec::new());
        for round in 0..rounds {
            let prize = self.log_in("racer", round)?;
            let moment = moment(&mut self.wires, |_| refresh(&prize.refresh))?;
            let told = || format!("round {} of {rounds}", round + 1);
            let successor = one_successor(self.site.stance, &moment.answers).with_context(told)?;
            self.one_chain(round, &prize, &successor).with_context(told)?;
            took.add(moment.took);
            at_once.push(moment.at_once);
        }
        at_once.sort_unstable();
        let each = match self.site.stance {
            Stance::Exact => "one 200 and 63 times 401",
            Stance::Safe => "64 times 200 with one successor",
        };
        Ok(format!(
            "{rounds} of {rounds} rounds: {CLIENTS} clients at three nodes, {each}, one chain; {} of {CLIENTS} under way before \
             the first answer (median), last answer after {} (p50), {} at most",
            at_once[rounds / 2],
            shown(took.percentile(50)),
            shown(took.percentile(100)),
        ))
    }

    /// One of the clients logs out meanwhile. What it was told holds for whatever the others were given.
    fn one_token_and_its_end(&mut self, rounds: usize) -> Result<String> {
        let (mut ended, mut served) = (0, 0);
        for round in 0..rounds {
            let prize = self.log_in("leaver", round)?;
            let leaver = round % CLIENTS;
            let moment = moment(&mut self.wires, |client| match client == leaver {
                true => logout(&prize),
                false => refresh(&prize.refresh),
            })?;
            let told = || format!("round {} of {rounds}", round + 1);
            let has_ended = is_served(&moment.answers[leaver]).with_context(told)?;
            let mut given = HashSet::from([prize.refresh.clone()]);
            for (client, answer) in moment.answers.iter().enumerate() {
                if client != leaver && is_served(answer).with_context(told)? {
                    given.insert(answer.text("refresh").context("a refresh was answered without a token")?);
                    served += 1;
                }
            }
            if self.site.stance == Stance::Safe {
                ensure!(has_ended, "{}: the logout was refused, {:?}", told(), moment.answers[leaver]);
            }
            ensure!(given.len() <= 2, "{}: {} successors of one token", told(), given.len() - 1);
            if has_ended {
                ended += 1;
                self.all_are_refused(&given).with_context(told)?;
            }
        }
        Ok(format!(
            "{rounds} of {rounds} rounds: {served} refreshes and {ended} logouts were served; after a logout all that was ever \
             given is refused at every node",
        ))
    }

    fn log_in(&mut self, prefix: &str, round: usize) -> Result<Prize> {
        let user = racer(prefix, round);
        let answer = self.wires[round % CLIENTS].post(&user.login())?;
        match (answer.text("refresh"), answer.text("access")) {
            (Some(refresh), Some(access)) => Ok(Prize { user, refresh, access }),
            _ => bail!("the login of {} was answered {} {}", user.name, answer.status, answer.body),
        }
    }

    /// The successor goes on, the parent does not, and the database holds one login with two rotations.
    fn one_chain(&mut self, round: usize, prize: &Prize, successor: &str) -> Result<()> {
        let another = &mut self.wires[(round + 1) % CLIENTS];
        let answer = another.post(&refresh(successor))?;
        ensure!(answer.status == 200, "the successor was answered {} {}", answer.status, answer.body);
        let answer = self.wires[(round + 2) % CLIENTS].post(&verify(&prize.refresh))?;
        ensure!(answer.status == 400, "the token that was raced for was answered {}", answer.status);
        let families = self.site.database.rows(&format!(
            "SELECT generation, revoked_at IS NULL FROM jeton_family JOIN auth_user ON auth_user.id = user_id \
             WHERE username = '{}'",
            prize.user.name
        ))?;
        ensure!(families == [["2", "t"]], "the database holds {families:?} instead of one login with two rotations");
        Ok(())
    }

    fn all_are_refused(&self, given: &HashSet<String>) -> Result<()> {
        for node in &self.nodes {
            let mut wire = node.connect()?;
            for token in given {
                let verified = wire.post(&verify(token))?;
                let refreshed = wire.post(&refresh(token))?;
                if (verified.status, refreshed.status) != (400, 401) {
                    bail!(
                        "after the logout node {} answers verify with {} and refresh with {} {}",
                        node.name,
                        verified.status,
                        refreshed.status,
                        refreshed.body
                    );
                }
            }
        }
        Ok(())
    }
}

/// All clients send at once, and all answers.
fn moment(wires: &mut [Wire], request: impl Fn(usize) -> Request + Sync) -> Result<Moment> {
    let barrier = Barrier::new(wires.len());
    let (barrier, request) = (&barrier, &request);
    let begun = Instant::now();
    let asked: Vec<_> = thread::scope(|scope| {
        let ask = |(client, wire): (usize, &'_ mut Wire)| {
            let request = request(client);
            barrier.wait();
            wire.send(&request)?;
            let sent_at = Instant::now();
            Ok((wire.receive()?, sent_at, Instant::now()))
        };
        let threads: Vec<_> =
            wires.iter_mut().enumerate().map(|client| scope.spawn(move || -> Result<_> { ask(client) })).collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let mut answers = Vec::new();
    for asked in asked {
        let Ok(asked) = asked else { bail!("a client panicked") };
        answers.push(asked.context("a client was not answered")?);
    }
    let first_answer = answers.iter().map(|(_, _, answered_at)| *answered_at).min().unwrap_or(begun);
    let last_answer = answers.iter().map(|(_, _, answered_at)| *answered_at).max().unwrap_or(begun);
    let first_sent = answers.iter().map(|(_, sent_at, _)| *sent_at).min().unwrap_or(begun);
    Ok(Moment {
        at_once: answers.iter().filter(|(_, sent_at, _)| *sent_at < first_answer).count(),
        took: last_answer - first_sent,
        answers: answers.into_iter().map(|(answer, _, _)| answer).collect(),
    })
}

/// The successor that the answers agree on.
fn one_successor(stance: Stance, answers: &[Answer]) -> Result<String> {
    let mut served = Vec::new();
    for answer in answers {
        if is_served(answer)? {
            served.push(answer.text("refresh").context("a refresh was answered without a token")?);
        }
    }
    let expected = match stance {
        Stance::Exact => 1,
        Stance::Safe => answers.len(),
    };
    ensure!(served.len() == expected, "{} of {} were served instead of {expected}", served.len(), answers.len());
    let successors: HashSet<String> = served.into_iter().collect();
    ensure!(successors.len() == 1, "{} successors of one token", successors.len());
    successors.into_iter().next().context("nobody was served")
}

/// 200, or refused because the token is on the list; anything else is an error.
fn is_served(answer: &Answer) -> Result<bool> {
    match answer.status {
        200 => Ok(true),
        401 if answer.body.contains("Token is blacklisted") => Ok(false),
        _ => bail!("a request was answered {} {}", answer.status, answer.body),
    }
}

fn logout(prize: &Prize) -> Request {
    let body = json!({"refresh_token": prize.refresh});
    Request { path: "/api/logout/", body, bearer: Some(prize.access.clone()) }
}

fn racer(prefix: &str, round: usize) -> User {
    User::new(format!("{prefix}-{round}"))
}

const CLIENTS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(served: &[&str], refused: usize) -> Vec<Answer> {
        let served = served.iter().map(|token| Answer { status: 200, body: json!({"refresh": token}).to_string() });
        let refused = (0..refused).map(|_| Answer { status: 401, body: "Token is blacklisted".to_owned() });
        served.chain(refused).collect()
    }

    #[test]
    fn exact_serves_one_and_safe_serves_all_with_the_same() {
        assert_eq!(one_successor(Stance::Exact, &answers(&["x"], 63)).unwrap(), "x");
        assert!(one_successor(Stance::Exact, &answers(&["x", "x"], 62)).is_err());
        assert!(one_successor(Stance::Exact, &answers(&[], 64)).is_err());
        assert_eq!(one_successor(Stance::Safe, &answers(&["x"; 64], 0)).unwrap(), "x");
        assert!(one_successor(Stance::Safe, &answers(&["x"; 63], 1)).is_err());
        assert!(one_successor(Stance::Safe, &answers(&["x", "y"], 0)).is_err());
    }

    #[test]
    fn an_answer_that_is_neither_is_an_error() {
        let torn = vec![Answer { status: 503, body: String::new() }];
        assert!(one_successor(Stance::Exact, &torn).is_err());
    }
}
