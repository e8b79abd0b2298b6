//! The world of the model: one family, its owner's tabs, late duplicates, a thief, a logout and a clock that is set.
//!
//! Time goes in units of three seconds: with a window of ten, ages of -1 to 3 units are inside and all others outside.

use std::time::Duration;

use jeton_token::rotation::{AgentDigest, Decision, Family, Presented, Rules};
use jeton_token::time::Timestamp;

use crate::ended::Ended;

/// The rules under test: the product's own, or a mutation of them.
#[derive(Clone, Copy)]
pub(crate) struct Law {
    pub(crate) name: &'static str,
    pub(crate) decide: fn(&Family, &Presented, &Rules) -> Decision,
    pub(crate) after: fn(&Family, Decision, &Presented, &Rules) -> Family,
}

/// Who is in the world and how bad its network and clock are.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) rules: Rules,
    /// The *K* that the properties claim: the rules' own, unless a search is for a counter-example.
    pub(crate) claim: u8,
    /// How many of the tabs there are.
    pub(crate) tabs: usize,
    /// How many requests the network may duplicate.
    pub(crate) copies: u8,
    pub(crate) thief: bool,
    pub(crate) logout: bool,
    /// By how many units the clock may be set back, once; zero for never.
    pub(crate) step: i64,
    /// How many units a request's turn may come after its head was read.
    pub(crate) lag: i64,
    /// How many units requests, duplicates too, and answers are under way at most; nothing for any time.
    pub(crate) network: Option<(i64, i64)>,
    /// Whether everybody may sleep past `LATE_REPLAY`.
    pub(crate) sleep: bool,
    /// First premise of (a): a tab sends a token only when no request with an older one is under way.
    pub(crate) in_turn: bool,
    /// Second premise of (a): what is under way with an older token is heard within the window of the rotation, or before
    /// the newest token is used.
    pub(crate) heard: bool,
    /// Only this way to end an honest owner counts as one: for the search of a limit.
    pub(crate) limit: Option<Ended>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) family: Family,
    /// The ledger's clock.
    pub(crate) now: i64,
    /// The newest token in the storage that the tabs share.
    pub(crate) held: u32,
    pub(crate) tabs: [Tab; 3],
    pub(crate) copies: [Option<Request>; 2],
    pub(crate) copies_left: u8,
    /// The newest token that the thief has, once there is one.
    pub(crate) thief: Option<u32>,
    pub(crate) thief_left: bool,
    pub(crate) logout_left: bool,
    pub(crate) step_left: bool,
    /// What only the properties look at.
    pub(crate) seen: Seen,
}

/// What the properties remember.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The thief was the first to present the newest token's parent.
    pub(crate) thief_first: bool,
    /// Owner and thief both presented it and were answered, the second of them outside the window of the first.
    pub(crate) apart: bool,
    /// So many generations in a row before it were the same.
    pub(crate) apart_run: u8,
    /// The owner presented the parent again after the window: the answers got lost.
    pub(crate) lost: bool,
    /// So many generations in a row before it were the same.
    pub(crate) lost_run: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tab {
    /// There is no such tab in this world.
    Absent,
    Idle,
    Sent(Request),
    Answered {
        generation: u32,
        age: i64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Request {
    pub(crate) generation: u32,
    /// Units since it was sent; not counted where the network may take any time.
    pub(crate) age: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A tab presents the token in the storage.
    Send(usize),
    /// The network duplicates a tab's request; nobody awaits the answer to the duplicate.
    Duplicate(usize),
    /// It is the turn of a tab's request, so many units after its head was read.
    Turn(usize, i64),
    /// A duplicate arrives.
    Arrive(usize),
    /// A tab processes its answer.
    Process(usize),
    /// A tab's answer gets lost.
    Lose(usize),
    /// The owner is seen using the newest token.
    Use,
    /// The thief copies the storage, once.
    Steal,
    /// The thief presents its newest token, or one so many generations older.
    Present(u32),
    /// The thief is seen using the newest token.
    ThiefUses,
    /// The owner logs out, once.
    Logout,
    /// So many units pass.
    Pass(i64),
    /// The clock is set back, once.
    SetBack(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Owner,
    Thief,
}

impl Setup {
    /// Three tabs, two duplicates, a thief, a logout and a clock that may be set back, on a network that may take any time.
    pub(crate) const fn hostile(limit: u8) -> Self {
        Self {
            rules: Rules { late_limit: limit, ..Rules::SAFE },
            claim: limit,
            tabs: 3,
            copies: 2,
            thief: true,
            logout: true,
            step: 2,
            lag: 1,
            network: None,
            sleep: true,
            in_turn: false,
            heard: false,
            limit: None,
        }
    }

    /// The same without the thief, and under the premises of (a). The ledger forgives five seconds in all, for a clock set
    /// back and for a turn that comes after the head was read: so many units of them are the turn's.
    pub(crate) const fn honest(limit: u8, lag: i64) -> Self {
        Self {
            thief: false,
            logout: false,
            step: 1 - lag,
            lag,
            sleep: false,
            in_turn: true,
            heard: true,
            ..Self::hostile(limit)
        }
    }

    pub(crate) fn start(&self) -> World {
        World {
            family: Family::new(),
            now: 0,
            held: 0,
            tabs: std::array::from_fn(|tab| if tab < 3 - self.tabs { Tab::Absent } else { Tab::Idle }),
            copies: [None; 2],
            copies_left: self.copies,
            thief: None,
            thief_left: self.thief,
            logout_left: self.logout,
            step_left: self.step > 0,
            seen: Seen::default(),
        }
    }

    /// Everything that can happen next. Of tabs in the same state only the first acts: they can be exchanged.
    pub(crate) fn actions(&self, world: &World) -> Vec<Action> {
        let mut actions = Vec::with_capacity(16);
        if world.family.revoked {
            return actions;
        }
        for (tab, state) in world.tabs.iter().enumerate() {
            if world.tabs[..tab].contains(state) {
                continue;
            }
            match state {
                Tab::Absent => {}
                Tab::Idle if self.in_turn && world.awaits_older_than(world.held) => {}
                Tab::Idle => actions.push(Action::Send(tab)),
                Tab::Sent(request) => {
                    let lag = if self.network.is_some() { self.lag.min(request.age) } else { self.lag };
                    actions.extend((0..=lag).map(|lag| Action::Turn(tab, lag)));
                    if world.copies_left > 0 {
                        actions.push(Action::Duplicate(tab));
                    }
                }
                Tab::Answered { .. } => actions.extend([Action::Process(tab), Action::Lose(tab)]),
            }
        }
        for (number, copy) in world.copies.iter().enumerate() {
            if copy.is_some() && !world.copies[..number].contains(copy) {
                actions.push(Action::Arrive(number));
            }
        }
        let newest = world.family.generation;
        let unused = world.family.in_use != Some(newest);
        let may_use = !self.heard || !world.awaits_older_than(newest.0) || world.window_left() >= 0;
        if unused && world.held == newest.0 && may_use {
            actions.push(Action::Use);
        }
        if let Some(thief) = world.thief {
            actions.extend((0..=thief.min(1)).map(Action::Present));
            if unused && thief == newest.0 && world.held != thief {
                actions.push(Action::ThiefUses);
            }
        }
        if world.thief_left {
            actions.push(Action::Steal);
        }
        if world.logout_left {
            actions.push(Action::Logout);
        }
        let slack = self.slack(world);
        actions.extend([1, BEYOND].into_iter().filter(|&units| units <= slack).map(Action::Pass));
        if self.sleep && slack >= SLEEP {
            actions.push(Action::Pass(SLEEP));
        }
        if world.step_left {
            actions.extend((1..=self.step).map(Action::SetBack));
        }
        actions
    }

    /// How many units may pass before something under way has to come in.
    fn slack(&self, world: &World) -> i64 {
        let newest = world.family.generation;
        if self.heard && world.family.in_use == Some(newest) && world.awaits_older_than(newest.0) {
            return self.network_slack(world).min(world.window_left());
        }
        self.network_slack(world)
    }

    fn network_slack(&self, world: &World) -> i64 {
        let Some((request, answer)) = self.network else { return i64::MAX };
        let tabs = world.tabs.iter().map(|tab| match tab {
            Tab::Absent | Tab::Idle => i64::MAX,
            Tab::Sent(sent) => request - sent.age,
            Tab::Answered { age, .. } => answer - age,
        });
        let copies = world.copies.iter().flatten().map(|copy| request - copy.age);
        tabs.chain(copies).min().unwrap_or(i64::MAX)
    }
}

impl World {
    /// Whether a request, or a duplicate, with a token older than this is under way.
    fn awaits_older_than(&self, generation: u32) -> bool {
        let sent = self.tabs.iter().any(|tab| matches!(tab, Tab::Sent(request) if request.generation < generation));
        sent || self.copies.iter().flatten().any(|copy| copy.generation < generation)
    }

    /// How many units of the window of the newest rotation are left; less than zero once it is over.
    fn window_left(&self) -> i64 {
        self.family.rotated_at.map_or(i64::MAX, |at| units(at) + BEYOND - 1 - self.now)
    }
}

/// The moment so many units after the beginning.
pub(crate) fn moment(units: i64) -> Timestamp {
    Timestamp::from_seconds(START + units * UNIT.as_secs() as i64)
}

pub(crate) fn units(at: Timestamp) -> i64 {
    (at.seconds() - START) / UNIT.as_secs() as i64
}

/// Whether so many units or more have passed since, or the clock was set; said here a second time, in whole units.
pub(crate) fn is_beyond(at: i64, opened: Timestamp, age: i64) -> bool {
    let opened = units(opened);
    at < opened - 1 || at >= opened + age
}

/// The owner's tabs send it, and so does a thief who knows how.
pub(crate) const AGENT: AgentDigest = *b"tab-one!";

pub(crate) const UNIT: Duration = Duration::from_secs(3);

/// The first age that is outside the window.
pub(crate) const BEYOND: i64 = 4;

/// An age that is past `LATE_REPLAY`, a day.
pub(crate) const SLEEP: i64 = 24 * 60 * 20 + BEYOND;

const START: i64 = 1_795_206_398;
