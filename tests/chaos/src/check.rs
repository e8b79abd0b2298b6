//! Holds every fact against a server that has come back.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::act::Act;
use crate::facts::{Family, Share, Standing, User, refresh, verify};
use crate::findings::Findings;
use crate::load::Loaded;
use crate::wire::{Answer, Wire};
use crate::world::{Stance, World};

/// Which facts are due. Those of this cycle always are.
#[derive(Clone, Copy)]
pub(crate) struct Due {
    pub(crate) cycle: u32,
    /// Of the families last heard of in earlier cycles, and of the users: every one in so many, each cycle others.
    pub(crate) stride: usize,
}

/// Checks what is due with all clients at once. Refuted facts leave the world, so that each is told once.
pub(crate) fn run(world: &mut World, address: SocketAddr, due: Due) -> Result<Findings> {
    of_shares(&mut world.shares, world.stance, address, due)
}

/// The same, for shares that are no world's.
pub(crate) fn of_shares(shares: &mut [Share], stance: Stance, address: SocketAddr, due: Due) -> Result<Findings> {
    let checked: Vec<_> = thread::scope(|scope| {
        let each = |share| scope.spawn(move || check(share, stance, address, due));
        let threads: Vec<_> = shares.iter_mut().map(each).collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let mut findings = Findings::default();
    for checked in checked {
        let Ok(checked) = checked else { bail!("a checking thread panicked") };
        findings.absorb(checked?);
    }
    Ok(findings)
}

/// Takes the users in that were made under load, and those of whom nobody knows if it turns out that they are there.
pub(crate) fn welcome(world: &mut World, loaded: &Loaded) -> Result<()> {
    let there = if loaded.perhaps_signed_up.is_empty() { HashSet::new() } else { world.names()? };
    let perhaps = loaded.perhaps_signed_up.iter().filter(|name| there.contains(*name));
    let users = loaded.signed_up.iter().chain(perhaps).cloned().map(User::new);
    let clients = world.shares.len();
    users.enumerate().for_each(|(number, user)| world.shares[number % clients].users.push(user));
    Ok(())
}

fn check(share: &mut Share, stance: Stance, address: SocketAddr, due: Due) -> Result<Findings> {
    let wire = Wire::connect(address)?;
    let mut checker = Checker { wire, stance, cycle: due.cycle, findings: Findings::default() };
    for (number, user) in share.users.iter_mut().enumerate() {
        let is_turn = |index: usize| (index + number + due.cycle as usize).is_multiple_of(due.stride);
        checker.logout_everywhere_is_whole(user)?;
        for (index, family) in user.families.iter_mut().enumerate() {
            if family.heard_in == due.cycle || is_turn(index) {
                checker.family(family, &user.name)?;
            }
        }
        if user.families.is_empty() || is_turn(0) {
            checker.can_log_in(user)?;
        }
    }
    share.users.retain(|user| !user.families.is_empty());
    Ok(checker.findings)
}

struct Checker {
    wire: Wire,
    stance: Stance,
    cycle: u32,
    findings: Findings,
}

/// What a server says of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    Refused,
    /// Neither 200 nor a refusal, and a finding already.
    Odd,
}

impl Checker {
    fn can_log_in(&mut self, user: &mut User) -> io::Result<()> {
        self.findings.checked += 1;
        let answer = self.wire.post(&user.login())?;
        let family = family_of(&answer, self.cycle);
        match (answer.status, family) {
            (200, Some(family)) => user.families.push(family),
            (401, _) => self.findings.lost(Act::SignUp, &user.name, "the login is refused"),
            _ => {
                let what = format!("the login of {} was answered {} {}", user.name, answer.status, answer.body);
                self.findings.odd(what);
            }
        }
        Ok(())
    }

    /// One statement ends all of a user's families, so after a kill either all of them live on or none does.
    fn logout_everywhere_is_whole(&mut self, user: &User) -> io::Result<()> {
        let mut verdicts = Vec::new();
        for family in &user.families {
            if family.standing == Standing::PerhapsOver(Act::LogoutEverywhere) {
                verdicts.push(self.verify(family.newest())?);
            }
        }
        if verdicts.iter().any(|verdict| *verdict != verdicts[0]) {
            self.findings.odd(format!("a {} of {} came half way: {verdicts:?}", Act::LogoutEverywhere, user.name));
        }
        Ok(())
    }

    fn family(&mut self, family: &mut Family, owner: &str) -> io::Result<()> {
        let before = self.findings.losses.len() + self.findings.oddities.len();
        match family.standing {
            Standing::Alive => self.alive(family, owner)?,
            Standing::Over(act) => self.over(family, act, owner)?,
            Standing::PerhapsRotated => self.perhaps_rotated(family, owner)?,
            Standing::PerhapsOver(act) => self.perhaps_over(family, act, owner)?,
            Standing::Unknown => {}
        }
        if self.findings.losses.len() + self.findings.oddities.len() > before {
            family.standing = Standing::Unknown;
        }
        Ok(())
    }

    /// The newest token is good and can be rotated; those before it lead nowhere else.
    fn alive(&mut self, family: &mut Family, owner: &str) -> io::Result<()> {
        self.findings.checked += 1;
        // First, and without asking for anything: rotating the parent once more would mend a lost rotation.
        if self.verify(family.newest())? == Verdict::Refused {
            self.findings.lost(family.act(), owner, "its token is refused");
            return Ok(());
        }
        self.rotated_away(family, owner)?;
        self.rotate(family, owner)
    }

    fn over(&mut self, family: &Family, act: Act, owner: &str) -> io::Result<()> {
        self.findings.checked += 1;
        if self.verify(family.newest())? == Verdict::Good {
            self.findings.lost(act, owner, "the token is good again");
            return Ok(());
        }
        if self.refresh(family.newest())?.1 == Verdict::Good {
            self.findings.lost(act, owner, "the token can be refreshed again");
        }
        self.access_is_refused(family, act, owner)?;
        self.older_are_refused(family, owner)
    }

    /// The safe stance refuses access tokens, too, once their login has ended.
    fn access_is_refused(&mut self, family: &Family, act: Act, owner: &str) -> io::Result<()> {
        if self.stance == Stance::Safe {
            self.findings.checked += 1;
            let answer = self.wire.post(&verify(&family.access))?;
            if self.verdict(&answer, 401) == Verdict::Good {
                self.findings.lost(act, owner, "the access token is good again");
            }
        }
        Ok(())
    }

    /// The newest token that we know is still the newest, or it has a successor: which the safe stance gives out again,
    /// and the exact stance never does.
    fn perhaps_rotated(&mut self, family: &mut Family, owner: &str) -> io::Result<()> {
        self.findings.resolved += 1;
        self.older_are_refused(family, owner)?;
        let verified = self.verify(family.newest())?;
        let asked_at = Instant::now();
        let (answer, refreshed) = self.refresh(family.newest())?;
        match (verified, refreshed, self.stance) {
            (Verdict::Good, Verdict::Good, _) | (Verdict::Refused, Verdict::Good, Stance::Safe) => {
                self.take_successor(family, &answer, asked_at, owner);
            }
            (Verdict::Refused, Verdict::Refused, Stance::Exact) => {
                family.now_stands(Standing::Over(Act::Rotation), self.cycle);
            }
            _ => self.cut_in_two(Act::Rotation, owner, verified, refreshed),
        }
        Ok(())
    }

    fn perhaps_over(&mut self, family: &mut Family, act: Act, owner: &str) -> io::Result<()> {
        self.findings.resolved += 1;
        self.older_are_refused(family, owner)?;
        let verified = self.verify(family.newest())?;
        let asked_at = Instant::now();
        let (answer, refreshed) = self.refresh(family.newest())?;
        match (verified, refreshed) {
            (Verdict::Good, Verdict::Good) => self.take_successor(family, &answer, asked_at, owner),
            (Verdict::Refused, Verdict::Refused) => {
                self.access_is_refused(family, act, owner)?;
                family.now_stands(Standing::Over(act), self.cycle);
            }
            _ => self.cut_in_two(act, owner, verified, refreshed),
        }
        Ok(())
    }

    fn cut_in_two(&mut self, act: Act, owner: &str, verified: Verdict, refreshed: Verdict) {
        self.findings.odd(format!("a {act} of {owner} came half way: verify says {verified:?}, refresh {refreshed:?}"));
    }

    /// Tokens that were rotated away are refused, but that the safe stance answers the newest of them, for a while, with
    /// the successor that it has already.
    fn rotated_away(&mut self, family: &Family, owner: &str) -> io::Result<()> {
        self.older_are_refused(family, owner)?;
        let [.., parent, newest] = &family.tokens[..] else { return Ok(()) };
        match self.stance {
            Stance::Exact => {
                if self.refresh(parent)?.1 == Verdict::Good {
                    self.findings.lost(Act::Rotation, owner, "the parent can be refreshed again");
                }
            }
            Stance::Safe if family.rotated_at.elapsed() < WITHIN_WINDOW => {
                let (answer, verdict) = self.refresh(parent)?;
                if verdict != Verdict::Good || answer.text("refresh").as_deref() != Some(newest) {
                    self.findings.lost(Act::Rotation, owner, "the parent has another successor, or none");
                }
            }
            // It would end the family, and rightly.
            Stance::Safe => {}
        }
        Ok(())
    }

    fn older_are_refused(&mut self, family: &Family, owner: &str) -> io::Result<()> {
        let older = family.tokens.len() - 1;
        for token in &family.tokens[..older] {
            self.findings.checked += 1;
            if self.verify(token)? == Verdict::Good {
                self.findings.lost(Act::Rotation, owner, "a token that was rotated away is good");
            }
        }
        Ok(())
    }

    fn rotate(&mut self, family: &mut Family, owner: &str) -> io::Result<()> {
        let asked_at = Instant::now();
        let (answer, verdict) = self.refresh(family.newest())?;
        if verdict != Verdict::Good {
            self.findings.lost(family.act(), owner, "its token cannot be refreshed");
            return Ok(());
        }
        self.take_successor(family, &answer, asked_at, owner);
        Ok(())
    }

    fn take_successor(&mut self, family: &mut Family, answer: &Answer, asked_at: Instant, owner: &str) {
        let (Some(refresh), Some(access)) = (answer.text("refresh"), answer.text("access")) else {
            self.findings.odd(format!("a refresh of {owner} was answered without tokens"));
            return;
        };
        family.rotate(refresh, access, asked_at, self.cycle);
    }

    fn verify(&mut self, token: &str) -> io::Result<Verdict> {
        let answer = self.wire.post(&verify(token))?;
        Ok(self.verdict(&answer, 400))
    }

    fn refresh(&mut self, token: &str) -> io::Result<(Answer, Verdict)> {
        let answer = self.wire.post(&refresh(token))?;
        let verdict = self.verdict(&answer, 401);
        Ok((answer, verdict))
    }

    /// Refused means: for the reason that it is on the list, and for no other.
    fn verdict(&mut self, answer: &Answer, refusal: u16) -> Verdict {
        if answer.status == 200 {
            return Verdict::Good;
        }
        if answer.status == refusal && answer.body.contains("Token is blacklisted") {
            return Verdict::Refused;
        }
        self.findings.odd(format!("a token was answered {} {}", answer.status, answer.body));
        Verdict::Odd
    }
}

fn family_of(login: &Answer, cycle: u32) -> Option<Family> {
    Some(Family::new(login.text("refresh")?, login.text("access")?, Instant::now(), cycle))
}

/// The replay window of these sites is ten minutes.
const WITHIN_WINDOW: Duration = Duration::from_secs(9 * 60);
