//! One seed, one schedule: who does what in which order, where calls fail, when nodes crash and clocks are set.

use std::task::{Context, Poll, Waker};

use crate::check::{Begun, Checked, Checker, Violation};
use crate::lineage::Lineage;
use crate::numbers::Numbers;
use crate::play::{Answer, Ask, Fate, NODES, Outcome, REFRESH_LIFETIME, Request, START, Token, USERS, View, World};
use crate::scene::{Company, Scene};
use crate::trace::{Line, Trace};

/// What a schedule did.
#[derive(Debug)]
pub struct Played {
    /// Line by line.
    pub trace: Trace,
    /// The promise that was broken at its last line, if one was.
    pub violation: Option<Violation>,
    /// Calls to the ledger.
    pub calls: usize,
    pub(crate) rows: Vec<View>,
}

pub(crate) fn play<W: World>(numbers: Numbers, scene: Scene, world: W) -> Played {
    let checker = Checker { stance: scene.stance, skew: scene.skew, lineages: Vec::new() };
    let mut schedule = Schedule {
        numbers,
        scene,
        world,
        checker,
        requests: Vec::new(),
        begun: 0,
        now: START,
        offsets: [0; NODES],
        trace: Trace::default(),
        calls: 0,
    };
    let violation = schedule.run().err();
    let mut rows = schedule.world.view();
    rows.retain(|row| schedule.checker.lineages[row.lineage].known);
    Played { trace: schedule.trace, violation, calls: schedule.calls, rows }
}

struct Schedule<W> {
    numbers: Numbers,
    scene: Scene,
    world: W,
    checker: Checker,
    requests: Vec<UnderWay>,
    begun: usize,
    /// The true time.
    now: i64,
    offsets: [i64; NODES],
    trace: Trace,
    calls: usize,
}

struct UnderWay {
    id: usize,
    begun: Begun,
    answer: Answer,
    /// It stands before a call to the ledger.
    is_calling: bool,
    by_client: bool,
}

impl<W: World> Schedule<W> {
    fn run(&mut self) -> Checked {
        let Scene { stance, company, skew, actions, .. } = self.scene;
        self.trace.0.push(Line::Setup { safe: stance.safe, company, skew });
        (0..NODES).for_each(|node| self.world.set_clock(node, self.now));
        if company == Company::CutOver || self.numbers.chance(50) {
            self.foreign();
        }
        let logins = match company {
            Company::Honest | Company::Anybody => self.numbers.below(2) + 1,
            Company::Lossy => 1,
            Company::CutOver => 0,
        };
        (0..logins).for_each(|_| self.log_in());
        for _ in 0..actions {
            self.act()?;
        }
        while !self.requests.is_empty() {
            self.go_on(0, Fate::Answered)?;
        }
        self.probe()
    }

    fn act(&mut self) -> Checked {
        match self.scene.company {
            Company::Lossy => return self.act_lossy(),
            Company::CutOver if self.numbers.chance(80) => return self.act_cut_over(),
            Company::CutOver | Company::Honest | Company::Anybody => {}
        }
        match self.numbers.below(100) {
            0..50 if !self.requests.is_empty() => {
                let which = self.numbers.below(self.requests.len());
                let fate = match self.numbers.chance(self.scene.faults) {
                    false => Fate::Answered,
                    true => self.numbers.pick(&[Fate::Fails, Fate::Unknown]),
                };
                return self.go_on(which, fate);
            }
            0..68 => self.client_acts(),
            68..76 => self.anybody_acts(),
            76..78 => self.log_in(),
            78 => self.begin_for_user(|user| Ask::LogoutAll { user }),
            79..81 => {
                self.begin(Ask::Flush, 0, false);
            }
            81..83 => self.set_clock(),
            83 => return self.crash(),
            84 => return self.idle(),
            85 => self.abandon(),
            _ => return self.pass(),
        }
        Ok(())
    }

    fn act_lossy(&mut self) -> Checked {
        if !self.requests.is_empty() && self.numbers.chance(80) {
            return self.go_on(0, Fate::Answered);
        }
        if self.numbers.chance(50) {
            return self.pass();
        }
        self.client_acts();
        Ok(())
    }

    fn act_cut_over(&mut self) -> Checked {
        if !self.requests.is_empty() && self.numbers.chance(70) {
            let which = self.numbers.below(self.requests.len());
            return self.go_on(which, Fate::Answered);
        }
        let (token, user) = (self.checker.lineages[0].issued[0], self.checker.lineages[0].user);
        let ask = if self.numbers.chance(50) { Ask::Refresh(token) } else { Ask::Blacklist(token) };
        self.begin(ask, user, false);
        Ok(())
    }

    /// A token of Simple JWT's own making, held by a client.
    fn foreign(&mut self) {
        let (user, lineage) = (self.numbers.below(USERS), self.checker.lineages.len());
        let token =
            Token { lineage, generation: 0, issued: self.now, expires: self.now + REFRESH_LIFETIME.as_secs() as i64 };
        self.trace.0.push(Line::Foreign { user, token });
        self.world.foreign(user, token);
        let new = self.lineage(user).of_foreign(token);
        self.checker.lineages.push(new);
    }

    fn log_in(&mut self) {
        let (user, lineage) = (self.numbers.below(USERS), self.checker.lineages.len());
        if lineage >= MOST_LINEAGES {
            return;
        }
        let new = self.lineage(user);
        self.checker.lineages.push(new);
        self.begin(Ask::Login { user, lineage }, user, true);
    }

    fn lineage(&mut self, user: usize) -> Lineage {
        let (agent, lossy) = (self.numbers.below(2), (self.scene.company == Company::Lossy) || self.numbers.chance(30));
        Lineage::new(user, agent, self.scene.company.is_honest(), lossy)
    }

    /// A client does what clients do: mostly it refreshes.
    fn client_acts(&mut self) {
        let free = |lineage: &Lineage| {
            lineage.held.is_some()
                && !lineage.dead
                && (!lineage.honest || lineage.under_way == 0)
                && lineage.under_way < 4
        };
        let clients: Vec<usize> =
            (0..self.checker.lineages.len()).filter(|&one| free(&self.checker.lineages[one])).collect();
        if clients.is_empty() {
            return self.log_in();
        }
        let lineage = self.numbers.pick(&clients);
        let Some(token) = self.checker.lineages[lineage].held else { return };
        let user = self.checker.lineages[lineage].user;
        let ask = match self.numbers.below(20) {
            0 if self.scene.company != Company::Lossy => Ask::Logout(token),
            1 if self.scene.company != Company::Lossy => Ask::Blacklist(token),
            2..5 => Ask::Verify(token),
            _ => Ask::Refresh(token),
        };
        self.begin(ask, user, true);
    }

    /// Anybody who ever saw a token presents it: a thief, a copied backup, a proxy that repeats requests.
    fn anybody_acts(&mut self) {
        let count = self.checker.lineages.len();
        if self.scene.company.is_honest() || count == 0 {
            return;
        }
        let lineage = &self.checker.lineages[self.numbers.below(count)];
        if lineage.issued.is_empty() {
            return;
        }
        let newest = lineage.issued.len();
        let back = if self.numbers.chance(30) { newest - 1 } else { self.numbers.below(newest.min(4)) };
        let (token, user) = (lineage.issued[newest - 1 - back], lineage.user);
        let ask = match self.numbers.below(10) {
            0 => Ask::Verify(token),
            1..3 => Ask::Blacklist(token),
            _ => Ask::Refresh(token),
        };
        self.begin(ask, user, false);
    }

    fn begin_for_user(&mut self, ask: impl Fn(usize) -> Ask) {
        let user = self.numbers.below(USERS);
        self.begin(ask(user), user, false);
    }

    fn begin(&mut self, ask: Ask, user: usize, by_client: bool) {
        let node = self.numbers.below(self.scene.nodes);
        let at = self.now + self.offsets[node];
        let owned = ask.token().map(|token| token.lineage);
        let agent = match owned {
            Some(lineage) if by_client => self.checker.lineages[lineage].agent,
            _ => self.numbers.below(2),
        };
        let request = Request { node, ask, user, at, agent };
        let lineages = &mut self.checker.lineages;
        let mut begun =
            Begun { request, judged_at: at, ended: false, row: None, read: None, live: Vec::new(), faulted: false };
        if let Some(number) = owned {
            let lineage = &mut lineages[number];
            begun.ended = lineage.ended;
            begun.row.clone_from(&lineage.row);
            lineage.under_way += usize::from(by_client);
            lineage.end_began |= matches!(ask, Ask::Logout(_) | Ask::Blacklist(_));
            if let Ask::Refresh(token) = ask {
                lineage.present(token, at, agent, self.scene.stance);
            }
        }
        if let Ask::LogoutAll { user } = ask {
            let live = |&number: &usize| lineages[number].user == user && lineages[number].row.is_some();
            begun.live = (0..lineages.len()).filter(live).collect();
        }
        self.begun += 1;
        let id = self.begun;
        self.trace.0.push(Line::Begins { id, request });
        let answer = self.world.begin(request);
        self.requests.push(UnderWay { id, begun, answer, is_calling: false, by_client });
    }

    /// A request makes its next call, and goes on to the one after it or to its answer.
    fn go_on(&mut self, which: usize, fate: Fate) -> Checked {
        let Some(outcome) = self.poll(which, fate)? else { return Ok(()) };
        let under_way = self.requests.swap_remove(which);
        let (request, token) = (under_way.begun.request, under_way.begun.request.ask.token());
        let lossy = token.is_some_and(|token| self.checker.lineages[token.lineage].lossy);
        let losses = if lossy { 70 } else { self.scene.losses };
        let heard = !self.numbers.chance(losses);
        self.trace.0.push(Line::Answers { id: under_way.id, outcome: outcome.clone(), heard });
        self.checker.answered(&under_way.begun, &outcome, self.now)?;
        if let Ask::Login { lineage, .. } = request.ask {
            self.inspect(Some(&under_way.begun))?;
            let is_there = self.checker.lineages[lineage].row.is_some() || outcome == Outcome::Unavailable;
            if !is_there {
                let promise = "an acknowledged login is in the ledger";
                return Err(Violation { promise, how: format!("{request:?}") });
            }
        }
        self.leave(&under_way);
        let number = token.map(|token| token.lineage).or(match request.ask {
            Ask::Login { lineage, .. } => Some(lineage),
            _ => None,
        });
        if let Some(number) = number.filter(|_| heard && under_way.by_client) {
            let lineage = &mut self.checker.lineages[number];
            match outcome {
                Outcome::Issued(token) => {
                    let newest = lineage.held.is_none_or(|held| held.generation < token.generation);
                    lineage.held = if newest { Some(token) } else { lineage.held };
                }
                Outcome::Refused | Outcome::Expired => lineage.dead = true,
                Outcome::Done => lineage.dead |= matches!(request.ask, Ask::Logout(_) | Ask::Blacklist(_)),
                Outcome::Early | Outcome::Unavailable | Outcome::Other(_) => {}
            }
        }
        Ok(())
    }

    fn poll(&mut self, which: usize, fate: Fate) -> Result<Option<Outcome>, Violation> {
        let under_way = &mut self.requests[which];
        let fate = if under_way.is_calling { fate } else { Fate::Answered };
        self.trace.0.push(Line::Polled { id: under_way.id, fate });
        if under_way.is_calling {
            self.calls += 1;
            under_way.begun.faulted |= fate != Fate::Answered;
            self.world.decide(fate);
        } else {
            let node = under_way.begun.request.node;
            under_way.begun.judged_at = self.now + self.offsets[node];
        }
        let polled = under_way.answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let was_calling = std::mem::replace(&mut under_way.is_calling, true);
        if was_calling {
            let begun = under_way.begun.clone();
            self.inspect(Some(&begun))?;
            if let Some(token) = begun.request.ask.token() {
                self.requests[which].begun.read.clone_from(&self.checker.lineages[token.lineage].row);
            }
        }
        Ok(match polled {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        })
    }

    fn inspect(&mut self, begun: Option<&Begun>) -> Checked {
        let views = self.world.view();
        self.checker.inspect(begun, views, self.now)
    }

    fn leave(&mut self, under_way: &UnderWay) {
        if let Some(token) = under_way.begun.request.ask.token().filter(|_| under_way.by_client) {
            self.checker.lineages[token.lineage].under_way -= 1;
        }
    }

    /// Time passes. No request is under way for hours.
    fn pass(&mut self) -> Checked {
        let seconds = match self.numbers.below(30) {
            0 => self.numbers.pick(&[3_600, 43_200, 86_390, 86_400, 86_401, 90_000]),
            1 => self.numbers.pick(&[172_800, 250_000, 260_000]),
            2..4 => self.numbers.pick(&[60, 290, 310]),
            _ => self.numbers.pick(&[1, 2, 4, 5, 6, 9, 10, 11, 12]),
        };
        while seconds > LONGEST_REQUEST && !self.requests.is_empty() {
            self.go_on(0, Fate::Answered)?;
        }
        self.now += seconds;
        self.trace.0.push(Line::Passes { seconds });
        (0..NODES).for_each(|node| self.world.set_clock(node, self.now + self.offsets[node]));
        Ok(())
    }

    fn set_clock(&mut self) {
        let node = self.numbers.below(self.scene.nodes);
        let offset = self.numbers.below(2 * self.scene.skew as usize + 1) as i64 - self.scene.skew;
        self.offsets[node] = offset;
        self.world.set_clock(node, self.now + offset);
        self.trace.0.push(Line::ClockStep { node, offset });
    }

    /// What a node was about to write may still be written; nobody hears of it.
    fn crash(&mut self) -> Checked {
        let node = self.numbers.below(self.scene.nodes);
        while let Some(which) = self.requests.iter().position(|one| one.begun.request.node == node) {
            if self.requests[which].is_calling && self.numbers.chance(50) {
                self.poll(which, Fate::Unknown)?;
            }
            self.drop_request(which);
        }
        self.trace.0.push(Line::Crash { node });
        self.world.crash(node);
        self.inspect(None)
    }

    fn idle(&mut self) -> Checked {
        let node = self.numbers.below(self.scene.nodes);
        self.trace.0.push(Line::Idle { node });
        self.world.idle(node);
        self.inspect(None)
    }

    /// A connection breaks: nobody waits for the answer any more.
    fn abandon(&mut self) {
        if !self.requests.is_empty() {
            let which = self.numbers.below(self.requests.len());
            self.drop_request(which);
        }
    }

    fn drop_request(&mut self, which: usize) {
        let under_way = self.requests.swap_remove(which);
        self.trace.0.push(Line::Abandoned { id: under_way.id });
        self.leave(&under_way);
    }

    /// At the end each lineage's newest token is presented once more: what was acknowledged is known.
    fn probe(&mut self) -> Checked {
        for number in 0..self.checker.lineages.len() {
            let lineage = &self.checker.lineages[number];
            let Some(&token) = lineage.issued.iter().max_by_key(|token| token.generation) else { continue };
            let user = lineage.user;
            self.begin(Ask::Refresh(token), user, true);
            while !self.requests.is_empty() {
                self.go_on(0, Fate::Answered)?;
            }
        }
        Ok(())
    }
}

const MOST_LINEAGES: usize = 5;
/// In seconds.
const LONGEST_REQUEST: i64 = 600;
