//! What is known of a login and its tokens, independently of the code under test.

use crate::play::{Stance, Token, View};

/// A login, or a foreign token and what became of it.
pub(crate) struct Lineage {
    pub(crate) user: usize,
    pub(crate) foreign: bool,
    /// Somebody was told of it.
    pub(crate) known: bool,
    /// Its one client refreshes once at a time, and nobody else has its tokens.
    pub(crate) honest: bool,
    /// More answers than not get lost, and are asked for again late.
    pub(crate) lossy: bool,
    pub(crate) agent: usize,
    /// What its client keeps.
    pub(crate) held: Option<Token>,
    /// Requests of its client that are under way.
    pub(crate) under_way: usize,
    /// Its client was told to sign in again.
    pub(crate) dead: bool,
    /// Every token that a node answered with, heard or not.
    pub(crate) issued: Vec<Token>,
    /// Generations that were answered with a successor.
    pub(crate) answered: Vec<u32>,
    /// Generation, time and agent of each presentation.
    pub(crate) presented: Vec<(u32, i64, usize)>,
    /// Generations that were given out again late.
    pub(crate) late: Vec<u32>,
    /// An end was asked for.
    pub(crate) end_began: bool,
    /// An end was acknowledged.
    pub(crate) ended: bool,
    /// The row as it was last seen.
    pub(crate) row: Option<View>,
    /// The row was there, and was flushed.
    pub(crate) flushed: bool,
    late_run: usize,
    late_now: bool,
    /// It did what no promise covers.
    pub(crate) excused: bool,
}

impl Lineage {
    pub(crate) fn new(user: usize, agent: usize, honest: bool, lossy: bool) -> Self {
        Self {
            user,
            foreign: false,
            known: false,
            honest,
            lossy,
            agent,
            held: None,
            under_way: 0,
            dead: false,
            issued: Vec::new(),
            answered: Vec::new(),
            presented: Vec::new(),
            late: Vec::new(),
            end_began: false,
            ended: false,
            row: None,
            flushed: false,
            late_run: 0,
            late_now: false,
            excused: false,
        }
    }

    /// One that begins with a token of Simple JWT's own making.
    pub(crate) fn of_foreign(self, token: Token) -> Self {
        Self { foreign: true, known: true, held: Some(token), issued: vec![token], ..self }
    }

    /// A refresh token is presented: is it one more than `LEDGER.md` §5 (a) forgives?
    pub(crate) fn present(&mut self, token: Token, at: i64, agent: usize, stance: Stance) {
        self.presented.push((token.generation, at, agent));
        let rules = stance.rules();
        let Some(row) = &self.row else { return };
        let Some(rotated_at) = row.family.rotated_at.filter(|_| token.generation + 1 == row.family.generation.0) else {
            return;
        };
        let age = at - rotated_at.seconds();
        let late = age > rules.window.as_secs() as i64;
        let too_late = age > rules.late_replay.as_secs() as i64;
        let too_often = late && self.late_run >= usize::from(rules.late_limit);
        self.excused |= too_late || too_often || age < -CLOCK_STEP;
        self.late_now |= late;
    }

    pub(crate) fn rotated(&mut self) {
        self.late_run = if self.late_now { self.late_run + 1 } else { 0 };
        self.late_now = false;
    }
}

/// What clocks may differ by.
pub(crate) const CLOCK_STEP: i64 = 5;
