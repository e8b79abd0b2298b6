//! What an action does to the world, and the properties of which each step is held against.

use jeton_token::id::Generation;
use jeton_token::rotation::{Decision, EndReason, Family, Presented};

use crate::ended::Ended;
use crate::world::{AGENT, Action, BEYOND, Law, Request, Setup, Tab, Who, World, is_beyond, moment};

/// A property that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// One chain: a token was answered with something else than its one successor.
    OtherSuccessor,
    /// One chain: two generations may both go on.
    TwoLive,
    /// An end that was acknowledged was undone.
    EndUndone,
    /// (a) An honest owner was ended.
    HonestEnded,
    /// (b) A thief out of step with the owner was tolerated for more than *K* generations in a row.
    ThiefStays,
    /// A real replay did not end the family: older than the parent and outside the window or in a marked family, or the
    /// parent after the window, once the family is marked or the successor in use.
    ReplayTolerated,
}

/// What the ledger did with a request, for whoever wants to do the same elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carried {
    pub(crate) presented: Presented,
    pub(crate) decision: Decision,
}

impl Setup {
    /// The world after an action, and what was carried out in it.
    pub(crate) fn step(&self, world: &World, action: Action, law: &Law) -> Result<(World, Option<Carried>), Broken> {
        let mut next = world.clone();
        let carried = next.act(action, self, law)?;
        next.tabs.sort_unstable();
        next.copies.sort_unstable();
        Ok((next, carried))
    }
}

impl World {
    fn act(&mut self, action: Action, setup: &Setup, law: &Law) -> Result<Option<Carried>, Broken> {
        match action {
            Action::Send(tab) => self.tabs[tab] = Tab::Sent(Request { generation: self.held, age: 0 }),
            Action::Duplicate(tab) => {
                let Tab::Sent(request) = self.tabs[tab] else { unreachable!("only a request is duplicated") };
                let free = self.copies.iter_mut().find(|copy| copy.is_none());
                *free.expect("no more duplicates than places") = Some(request);
                self.copies_left -= 1;
            }
            Action::Turn(tab, lag) => {
                let Tab::Sent(request) = self.tabs[tab] else { unreachable!("only a request has a turn") };
                let (answer, carried) = self.present(Who::Owner, request.generation, self.now - lag, setup, law)?;
                self.tabs[tab] = answer.map_or(Tab::Idle, |generation| Tab::Answered { generation, age: 0 });
                return Ok(Some(carried));
            }
            Action::Arrive(number) => {
                let copy = self.copies[number].take().expect("only what is under way arrives");
                return Ok(Some(self.present(Who::Owner, copy.generation, self.now, setup, law)?.1));
            }
            Action::Process(tab) => {
                let Tab::Answered { generation, .. } = self.tabs[tab] else {
                    unreachable!("only an answer is processed")
                };
                self.held = self.held.max(generation);
                self.tabs[tab] = Tab::Idle;
            }
            Action::Lose(tab) => self.tabs[tab] = Tab::Idle,
            Action::Use | Action::ThiefUses => self.family.in_use = Some(self.family.generation),
            Action::Steal => {
                self.thief = Some(self.held);
                self.thief_left = false;
            }
            Action::Present(older) => {
                let thief = self.thief.expect("a thief presents what it has");
                let (answer, carried) = self.present(Who::Thief, thief - older, self.now, setup, law)?;
                self.thief = Some(thief.max(answer.unwrap_or(0)));
                return Ok(Some(carried));
            }
            Action::Logout => return self.log_out(setup, law).map(Some),
            Action::Pass(units) => self.pass(units, setup),
            Action::SetBack(units) => {
                self.now -= units;
                self.step_left = false;
            }
        }
        Ok(None)
    }

    fn pass(&mut self, units: i64, setup: &Setup) {
        self.now += units;
        if setup.network.is_none() {
            return;
        }
        for tab in &mut self.tabs {
            match tab {
                Tab::Absent | Tab::Idle => {}
                Tab::Sent(request) => request.age += units,
                Tab::Answered { age, .. } => *age += units,
            }
        }
        for copy in self.copies.iter_mut().flatten() {
            copy.age += units;
        }
    }

    fn log_out(&mut self, setup: &Setup, law: &Law) -> Result<Carried, Broken> {
        let presented = presented(self.held, self.now);
        let decision = Decision::End(EndReason::Logout);
        self.family = (law.after)(&self.family, decision, &presented, &setup.rules);
        self.logout_left = false;
        self.stays_ended(setup, law)?;
        Ok(Carried { presented, decision })
    }

    /// A token is presented: the generation that answers it, if any does.
    fn present(
        &mut self,
        who: Who,
        generation: u32,
        at: i64,
        setup: &Setup,
        law: &Law,
    ) -> Result<(Option<u32>, Carried), Broken> {
        let presented = presented(generation, at);
        let before = self.family.clone();
        let decision = (law.decide)(&before, &presented, &setup.rules);
        self.family = (law.after)(&before, decision, &presented, &setup.rules);
        let is_parent = generation + 1 == before.generation.0;
        let late = is_parent && before.rotated_at.is_some_and(|rotated| is_beyond(at, rotated, BEYOND));
        if late && who == Who::Owner && setup.thief_is_absent() {
            self.seen.lost = true;
        }
        let answer = match decision {
            Decision::Rotate | Decision::RotateOlder => {
                self.new_generation(who, setup.claim);
                Some(self.family.generation.0)
            }
            Decision::SameSuccessor | Decision::SameSuccessorLate(_) => Some(before.generation.0),
            Decision::Accept => Some(generation),
            Decision::Refuse(_) | Decision::RefuseAndMark => None,
            Decision::End(_) => {
                self.may_end(&before, &presented, setup)?;
                None
            }
        };
        if is_replay(&before, generation, at) && !self.family.revoked && setup.limit.is_none() {
            return Err(Broken::ReplayTolerated);
        }
        if let Some(answer) = answer {
            if answer != generation + 1 {
                return Err(Broken::OtherSuccessor);
            }
            if late {
                self.may_be_answered_late(who, setup)?;
            }
        }
        if self.family != before {
            self.one_lives(setup, law)?;
        }
        Ok((answer, Carried { presented, decision }))
    }

    fn new_generation(&mut self, who: Who, limit: u8) {
        let longer = |happened, run: u8| if happened { (run + 1).min(limit + 1) } else { 0 };
        self.seen.apart_run = longer(self.seen.apart, self.seen.apart_run);
        self.seen.lost_run = longer(self.seen.lost, self.seen.lost_run);
        self.seen.apart = false;
        self.seen.lost = false;
        self.seen.thief_first = who == Who::Thief;
    }

    /// (a): without a thief, an end needs *K* generations in a row that were each asked for after the window, and then
    /// one more.
    fn may_end(&self, before: &Family, presented: &Presented, setup: &Setup) -> Result<(), Broken> {
        let fine = match setup.limit {
            Some(limit) => Ended::of(before, presented, &setup.rules) != limit,
            None => self.seen.lost && self.seen.lost_run >= setup.claim,
        };
        if setup.thief_is_absent() && !fine { Err(Broken::HonestEnded) } else { Ok(()) }
    }

    /// (b): not more than *K* generations in a row.
    fn may_be_answered_late(&mut self, who: Who, setup: &Setup) -> Result<(), Broken> {
        if setup.thief_is_absent() || (who == Who::Thief) == self.seen.thief_first {
            return Ok(());
        }
        self.seen.apart = true;
        if self.seen.apart_run >= setup.claim { Err(Broken::ThiefStays) } else { Ok(()) }
    }

    /// At most one generation can go on, and none once the family has ended.
    fn one_lives(&self, setup: &Setup, law: &Law) -> Result<(), Broken> {
        if self.family.revoked {
            return self.stays_ended(setup, law);
        }
        let goes_on = |&generation: &u32| {
            let decision = (law.decide)(&self.family, &presented(generation, self.now), &setup.rules);
            matches!(decision, Decision::Rotate | Decision::RotateOlder | Decision::Accept)
        };
        let live = (0..=self.family.generation.0).rev().take(4).filter(goes_on).count();
        if live > 1 { Err(Broken::TwoLive) } else { Ok(()) }
    }

    /// Whatever is presented, whenever: refused, and nothing changes. So nothing need be looked at after an end.
    fn stays_ended(&self, setup: &Setup, law: &Law) -> Result<(), Broken> {
        for generation in 0..=self.family.generation.0 + 1 {
            for at in [self.now - BEYOND, self.now, self.now + BEYOND] {
                let presented = presented(generation, at);
                let decision = (law.decide)(&self.family, &presented, &setup.rules);
                let after = (law.after)(&self.family, decision, &presented, &setup.rules);
                if !matches!(decision, Decision::Refuse(_)) || after != self.family {
                    return Err(Broken::EndUndone);
                }
            }
        }
        Ok(())
    }
}

impl Setup {
    fn thief_is_absent(&self) -> bool {
        !self.thief
    }
}

fn presented(generation: u32, at: i64) -> Presented {
    Presented { generation: Generation(generation), blacklisted: false, at: moment(at), agent: Some(AGENT) }
}

/// What has to end a family, whoever it was; said here a second time, in whole units.
fn is_replay(before: &Family, generation: u32, at: i64) -> bool {
    let g = before.generation.0;
    let beyond = before.rotated_at.is_some_and(|rotated| is_beyond(at, rotated, BEYOND));
    match g.checked_sub(generation) {
        None | Some(0) => false,
        Some(1) => beyond && (before.marked || before.in_use == Some(before.generation)),
        Some(_) => beyond || before.marked,
    }
}
