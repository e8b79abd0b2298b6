//! The clock of the server goes an hour forward and back, and a day, in which everything is flushed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use jeton_test_postgres::Cluster;
use serde_json::{Value, json};

use crate::database::Place;
use crate::facts::{User, refresh, verify};
use crate::fake_time::{self, FakeTime, offset};
use crate::foreign;
use crate::server::{Server, command};
use crate::wire::{self, Answer, PATIENCE, Request, Wire};
use crate::world::{KEY, Stance, Times, WITNESS, World};
use crate::{Run, Tally};

/// All stories at once: each of them has to wait for what servers do now and then.
pub(crate) fn run(run: &Run, tally: &mut Tally) -> Result<()> {
    let library = &fake_time::library()?;
    let stories = [Stance::Exact, Stance::Safe]
        .into_iter()
        .flat_map(|stance| [Lifetime::HalfADay, Lifetime::Week].map(|lifetime| (stance, lifetime)));
    thread::scope(|scope| {
        let beside_postgres = scope.spawn(|| clock_beside_postgres(run, library));
        let threads: Vec<_> = stories
            .map(|(stance, lifetime)| (stance, lifetime, scope.spawn(move || tell(run, library, stance, lifetime))))
            .collect();
        for (stance, lifetime, thread) in threads {
            let outcome = thread.join().unwrap_or_else(|_| Err(anyhow!("panicked")));
            tally.add(&format!("clock, tokens of {lifetime}, {stance}"), outcome);
        }
        let outcome = beside_postgres.join().unwrap_or_else(|_| Err(anyhow!("panicked")));
        tally.add("clock, beside PostgreSQL", outcome);
    });
    Ok(())
}

/// A server whose clock is not the database's says that it is not ready, and is again once it is right.
fn clock_beside_postgres(run: &Run, library: &Path) -> Result<String> {
    let cluster = Cluster::start()?;
    let place = Place::Server(cluster.create_database("clock", None)?);
    let world = World::at(&run.binary, Stance::Safe, place)?;
    let time = FakeTime::new(library, world.folder())?;
    let server = serve(&world, &time)?;
    let wait_until = |is_ready: bool| {
        let begun = Instant::now();
        loop {
            let answer = wire::get(server.address, "/readyz", PATIENCE)?;
            match answer.status {
                200 if is_ready => break,
                503 if !is_ready && answer.body.contains("clock differs") => break,
                _ => ensure!(begun.elapsed() < NOTICED, "{NOTICED:?} after the clock was set: {answer:?}"),
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(begun.elapsed().as_secs_f64())
    };
    let mut said = Vec::new();
    for (ahead, is_ready) in [(0, true), (4, true), (60, false), (0, true), (-60, false)] {
        time.set(ahead)?;
        if is_ready && ahead != 0 {
            thread::sleep(NOTICED / 2);
        }
        let word = if is_ready { "ready" } else { "not ready" };
        said.push(format!("{ahead:+} s {word} after {:.1} s", wait_until(is_ready)?));
    }
    Ok(said.join(", "))
}

/// Of refresh tokens: past when the clock is a day ahead, or not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lifetime {
    HalfADay,
    Week,
}

/// The whole story, once.
fn tell(run: &Run, library: &Path, stance: Stance, lifetime: Lifetime) -> Result<String> {
    let refresh = match lifetime {
        Lifetime::HalfADay => "12h",
        Lifetime::Week => "7d",
    };
    let world = World::timed(&run.binary, stance, Times { access: "30m", refresh, window: "10s" })?;
    let time = FakeTime::new(library, world.folder())?;
    let server = serve(&world, &time)?;
    let mut story = Story::begin(&world, &time, server)?;
    story.an_hour_ahead()?;
    story.back()?;
    story.an_hour_behind()?;
    let flushed = story.a_day_ahead(lifetime)?;
    story.back_after_the_flush(lifetime)?;
    story.after_a_kill(lifetime)?;
    story.world.place.check_pages()?;
    Ok(format!(
        "{} tokens that had ended were refused {} times over 8 settings of the clock and 2 restarts, 0 revived; \
         {flushed} logins flushed a day ahead, {} live tokens {}",
        story.ended.len(),
        story.refusals,
        story.alive.len(),
        match lifetime {
            Lifetime::HalfADay => "gone with them, refused and not revived",
            Lifetime::Week => "good after all of it",
        }
    ))
}

fn serve(world: &World, time: &FakeTime) -> Result<Server> {
    let mut serve = Command::new(&world.binary);
    Server::spawn(time.give_to(command(&mut serve, &world.config()).arg("serve")), world.folder())
}

/// A site whose clock is set, and the tokens of one user.
struct Story<'a> {
    world: &'a World,
    time: &'a FakeTime,
    server: Server,
    /// How far the clock is ahead.
    ahead: i64,
    /// When the first login was, by the right clock.
    began_at: i64,
    user: User,
    /// Somebody else.
    other: User,
    /// Tokens of which it was acknowledged that they have ended, and how.
    ended: Vec<(&'static str, String)>,
    /// Newest tokens of logins that nobody has ended.
    alive: Vec<String>,
    /// Made while the clock was an hour ahead.
    early: Vec<String>,
    /// Its parent, and itself: rotated while the clock was an hour ahead.
    rotated_early: (String, String),
    /// Of another program, expires with the others, and nobody has shown it.
    foreign: String,
    /// An access token of a login that lives.
    access: String,
    refusals: usize,
}

/// What a server says of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    Blacklisted,
    Expired,
    /// Not yet issued, by this clock.
    Invalid,
}

impl<'a> Story<'a> {
    /// Logins that live, rotated and not, and every way to end one, at the right time.
    fn begin(world: &'a World, time: &'a FakeTime, server: Server) -> Result<Self> {
        let user = User::new(WITNESS.to_owned());
        let first = post(server.address, &user.login())?;
        let first = text(&first, "refresh")?;
        let claims = foreign::claims(&first)?;
        let moment = |name: &str| claims.get(name).and_then(Value::as_i64).context("a token without times");
        let (began_at, expires_at) = (moment("iat")?, moment("exp")?);
        let user_id = claims.get("user_id").and_then(Value::as_str).unwrap_or_default();
        let foreign = |id| foreign::refresh_token(KEY, id, user_id, began_at, expires_at - 60);
        let mut story = Self {
            world,
            time,
            server,
            ahead: 0,
            began_at,
            user,
            other: User::new(world.shares[0].users[0].name.clone()),
            ended: Vec::new(),
            alive: vec![first],
            early: Vec::new(),
            rotated_early: Default::default(),
            foreign: foreign("0f2d4b6a8c1e4f3a9b5d7c9e1f3a5b7d")?,
            access: String::new(),
            refusals: 0,
        };
        // Everything of this one user ends, and what comes after lives.
        let (swept, bearer) = story.log_in()?;
        story.log_out(json!({"all": true}), &bearer)?;
        let first = story.alive.remove(0);
        story.ended.push(("logout everywhere", first));
        story.has_ended("logout everywhere", swept, bearer);
        for _ in 0..3 {
            let (token, _) = story.log_in()?;
            let rotated = story.rotate(&token)?;
            story.ended.push(("rotation", token));
            story.alive.push(rotated);
        }
        for _ in 0..3 {
            let (token, access) = story.log_in()?;
            story.alive.push(token);
            story.access = access;
        }
        story.end_some()?;
        let known = foreign("1a3c5e7f9b2d4c6e8f0a2b4c6d8e0f1a")?;
        story.blacklist(&known)?;
        story.ended.push(("foreign token blacklisted", known));
        let adopted = foreign("2b4d6f8a0c3e4d7f9a1b3c5d7e9f1a2b")?;
        let successor = story.rotate(&adopted)?;
        story.blacklist(&successor)?;
        story.ended.extend([("foreign token rotated", adopted), ("blacklisting", successor)]);
        story.nothing_has_revived()?;
        Ok(story)
    }

    fn an_hour_ahead(&mut self) -> Result<()> {
        self.set(HOUR)?;
        self.nothing_has_revived()?;
        self.expect(&self.access.clone(), Verdict::Expired)?;
        self.all_alive(Verdict::Good)?;
        let (early, access) = self.log_in()?;
        let issued_at = foreign::claims(&access)?.get("iat").and_then(Value::as_i64).unwrap_or_default();
        ensure!(
            (self.began_at + HOUR..self.began_at + HOUR + 600).contains(&issued_at),
            "the server does not take the fake time: it is {} s after the first login",
            issued_at - self.began_at
        );
        let rotated = self.alive.remove(0);
        let successor = self.rotate(&rotated)?;
        self.ended.push(("rotation an hour ahead", rotated));
        self.early.extend([early, successor]);
        let parent = self.alive.remove(0);
        self.rotated_early = (parent.clone(), self.rotate(&parent)?);
        self.end_some()
    }

    fn back(&mut self) -> Result<()> {
        self.set(0)?;
        self.nothing_has_revived()?;
        self.expect(&self.access.clone(), Verdict::Good)?;
        self.all_alive(Verdict::Good)?;
        for token in self.early.clone() {
            self.expect(&token, Verdict::Invalid)?;
        }
        // Its successor is from later than now: a replay outside the window. In safe it ends the login.
        let (parent, successor) = self.rotated_early.clone();
        let answer = self.post(&refresh(&parent))?;
        ensure!(answer.status == 401, "a token rotated in the future was answered {answer:?}");
        self.ended.push(("rotation an hour ahead", parent));
        match self.world.stance {
            Stance::Exact => self.early.push(successor),
            Stance::Safe => self.ended.push(("replay", successor)),
        }
        self.rotate_all_alive()?;
        self.end_some()
    }

    fn an_hour_behind(&mut self) -> Result<()> {
        let (earlier, its_access) = self.log_in_as(&self.other)?;
        self.set(-HOUR)?;
        self.nothing_has_revived()?;
        self.all_alive(Verdict::Invalid)?;
        // Ends what is, by this clock, from the future.
        let (token, access) = self.log_in_as(&self.other)?;
        self.log_out(json!({"all": true}), &access)?;
        self.has_ended("logout everywhere an hour behind", earlier, its_access);
        self.has_ended("logout everywhere an hour behind", token, access);
        let (token, access) = self.log_in()?;
        self.expect(&access, Verdict::Good)?;
        let token = self.rotate(&token)?;
        self.set(0)?;
        self.nothing_has_revived()?;
        self.all_alive(Verdict::Good)?;
        self.alive.push(token);
        self.rotate_all_alive()
    }

    /// Everything that has expired by then is forgotten: how many logins.
    fn a_day_ahead(&mut self, lifetime: Lifetime) -> Result<u64> {
        // Back at the time when they were made those of the hour ahead are good, unless they were ended.
        self.set(HOUR)?;
        for token in self.early.clone() {
            self.expect(&token, Verdict::Good)?;
        }
        self.set(DAY)?;
        self.nothing_has_revived()?;
        thread::sleep(NOW_AND_THEN);
        self.all_alive(match lifetime {
            Lifetime::HalfADay => Verdict::Expired,
            Lifetime::Week => Verdict::Good,
        })?;
        let mut flush = Command::new(&self.world.binary);
        let flush = command(&mut flush, &self.world.config()).args(["flushexpiredtokens", "--json"]);
        let output = self.time.give_to(flush).output()?;
        ensure!(output.status.success(), "the flush failed: {}", String::from_utf8_lossy(&output.stderr));
        let flushed: Value = serde_json::from_slice(&output.stdout)?;
        let flushed = flushed.get("families").and_then(Value::as_u64).context("the flush says nothing of logins")?;
        ensure!((flushed > 0) == (lifetime == Lifetime::HalfADay), "{flushed} logins of {lifetime} were flushed");
        self.nothing_has_revived()?;
        // What the server held in memory it has forgotten by now.
        self.set(0)?;
        self.nothing_has_revived()?;
        self.set(DAY)?;
        self.kill_and_restart()?;
        self.wait_until_the_change_log_is_flushed()?;
        Ok(flushed)
    }

    fn kill_and_restart(&mut self) -> Result<()> {
        self.server.kill()?;
        self.server = serve(self.world, self.time)?;
        Ok(())
    }

    /// The sweeper begins when the server does.
    fn wait_until_the_change_log_is_flushed(&self) -> Result<()> {
        let begun = Instant::now();
        let expired = format!(
            "SELECT count(*) FROM jeton_change WHERE kind = 'family_ended' AND expires_at < {}000000",
            self.began_at + DAY
        );
        while self.world.place.count(&expired)? > 0 {
            ensure!(begun.elapsed() < NOTICED, "a day ahead the change log is not flushed");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn back_after_the_flush(&mut self, lifetime: Lifetime) -> Result<()> {
        self.set(0)?;
        self.nothing_has_revived()?;
        self.live_on(lifetime)?;
        // It may have been flushed, for all that the ledger knows.
        self.expect(
            &self.foreign.clone(),
            match lifetime {
                Lifetime::HalfADay => Verdict::Blacklisted,
                Lifetime::Week => Verdict::Good,
            },
        )?;
        let (token, access) = self.log_in()?;
        self.expect(&access, Verdict::Good)?;
        self.expect(&token, Verdict::Good)
    }

    fn after_a_kill(&mut self, lifetime: Lifetime) -> Result<()> {
        self.kill_and_restart()?;
        self.nothing_has_revived()?;
        self.live_on(lifetime)?;
        self.set(HOUR)?;
        self.nothing_has_revived()?;
        if lifetime == Lifetime::Week {
            let early = std::mem::take(&mut self.early);
            self.alive.extend(early);
            self.rotate_all_alive()?;
        }
        Ok(())
    }

    /// What was alive is, unless it had expired by the clock that it was flushed by.
    fn live_on(&mut self, lifetime: Lifetime) -> Result<()> {
        match lifetime {
            Lifetime::HalfADay => self.all_alive(Verdict::Blacklisted),
            Lifetime::Week => self.rotate_all_alive(),
        }
    }

    /// One login by blacklisting and one by logout.
    fn end_some(&mut self) -> Result<()> {
        let (token, access) = self.log_in()?;
        self.blacklist(&token)?;
        self.has_ended("blacklisting", token, access);
        let (token, access) = self.log_in()?;
        self.log_out(json!({"refresh_token": token}), &access)?;
        self.has_ended("logout", token, access);
        Ok(())
    }

    /// The exact stance takes access tokens as they are.
    fn has_ended(&mut self, how: &'static str, refresh: String, access: String) {
        self.ended.push((how, refresh));
        if self.world.stance == Stance::Safe {
            self.ended.push((how, access));
        }
    }

    /// What ended is neither verified nor refreshed, whatever the time.
    fn nothing_has_revived(&mut self) -> Result<()> {
        for (how, token) in self.ended.clone() {
            let verified = self.post(&verify(&token))?;
            ensure!(
                matches!(verified.status, 400 | 401),
                "REVIVED after {how}: at {} verify answers {} {}",
                offset(self.ahead),
                verified.status,
                verified.body
            );
            // Showing a token that was rotated away again and again is theft to the safe stance, and ends the login.
            if self.world.stance == Stance::Safe && how.starts_with("rotation") {
                self.refusals += 1;
                continue;
            }
            let refreshed = self.post(&refresh(&token))?;
            ensure!(
                refreshed.status == 401,
                "REVIVED after {how}: at {} refresh answers {} {}",
                offset(self.ahead),
                refreshed.status,
                refreshed.body
            );
            self.refusals += 2;
        }
        Ok(())
    }

    fn all_alive(&self, expected: Verdict) -> Result<()> {
        self.alive.iter().try_for_each(|token| self.expect(token, expected))
    }

    fn rotate_all_alive(&mut self) -> Result<()> {
        let rotated: Result<Vec<String>> = self.alive.iter().map(|token| self.rotate(token)).collect();
        self.ended.extend(self.alive.drain(..).map(|token| ("rotation", token)));
        self.alive = rotated?;
        Ok(())
    }

    fn expect(&self, token: &str, expected: Verdict) -> Result<()> {
        let answer = self.post(&verify(token))?;
        let verdict = match answer.status {
            200 => Verdict::Good,
            400 if answer.body.contains("Token is blacklisted") => Verdict::Blacklisted,
            401 if answer.body.contains("Token is expired") => Verdict::Expired,
            401 if answer.body.contains("Token is invalid") => Verdict::Invalid,
            _ => bail!("at {} verify answers {answer:?}", offset(self.ahead)),
        };
        ensure!(
            verdict == expected,
            "at {} a token is {verdict:?} and not {expected:?}: {}",
            offset(self.ahead),
            foreign::claims(token)?
        );
        Ok(())
    }

    fn set(&mut self, ahead: i64) -> Result<()> {
        self.ahead = ahead;
        self.time.set(ahead)
    }

    fn log_in(&self) -> Result<(String, String)> {
        self.log_in_as(&self.user)
    }

    fn log_in_as(&self, user: &User) -> Result<(String, String)> {
        let answer = self.post(&user.login())?;
        Ok((text(&answer, "refresh")?, text(&answer, "access")?))
    }

    fn rotate(&self, token: &str) -> Result<String> {
        let answer = self.post(&refresh(token))?;
        text(&answer, "refresh").with_context(|| format!("at {}", offset(self.ahead)))
    }

    fn blacklist(&self, token: &str) -> Result<()> {
        let body = json!({"refresh": token});
        let answer = self.post(&Request { path: "/api/token/blacklist/", body, bearer: None })?;
        ensure!(answer.status == 200, "a blacklisting was answered {answer:?}");
        Ok(())
    }

    fn log_out(&self, body: Value, access: &str) -> Result<()> {
        let answer = self.post(&Request { path: "/api/logout/", body, bearer: Some(access.to_owned()) })?;
        ensure!(answer.status == 200, "a logout was answered {answer:?}");
        Ok(())
    }

    fn post(&self, request: &Request) -> Result<Answer> {
        post(self.server.address, request)
    }
}

impl std::fmt::Display for Lifetime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::HalfADay => "12 hours",
            Self::Week => "7 days",
        })
    }
}

fn post(address: SocketAddr, request: &Request) -> Result<Answer> {
    Ok(Wire::connect(address)?.post(request)?)
}

fn text(answer: &Answer, name: &str) -> Result<String> {
    answer.text(name).with_context(|| format!("an answer without {name}: {answer:?}"))
}

/// Servers compare clocks, and forget what has expired, every ten seconds.
const NOTICED: Duration = Duration::from_secs(22);
const NOW_AND_THEN: Duration = Duration::from_millis(10_500);
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
