//! What is held against each step: said without the rules, in terms of what was asked, answered and written.

use crate::lineage::{CLOCK_STEP, Lineage};
use crate::play::{Ask, Outcome, Request, Stance, Token, View};

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub promise: &'static str,
    /// How.
    pub how: String,
}

pub(crate) type Checked = Result<(), Violation>;

/// A request and what was so when it began.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub(crate) request: Request,
    /// When the token's times were judged, by the node's clock.
    pub(crate) judged_at: i64,
    /// The end of the lineage was acknowledged before.
    pub(crate) ended: bool,
    /// The row before.
    pub(crate) row: Option<View>,
    /// The row as its last call found it or left it.
    pub(crate) read: Option<View>,
    /// The rows that an end of everything has to end.
    pub(crate) live: Vec<usize>,
    /// A call of its failed.
    pub(crate) faulted: bool,
}

pub(crate) struct Checker {
    pub(crate) stance: Stance,
    /// No node's clock is further from the true time.
    pub(crate) skew: i64,
    pub(crate) lineages: Vec<Lineage>,
}

fn broken(promise: &'static str, how: impl std::fmt::Debug) -> Checked {
    Err(Violation { promise, how: format!("{how:?}") })
}

fn promise(kept: bool, promise: &'static str, how: impl std::fmt::Debug) -> Checked {
    if kept { Ok(()) } else { broken(promise, how) }
}

impl Checker {
    /// The ledger after a call of this request, or after what concerns no request.
    pub(crate) fn inspect(&mut self, begun: Option<&Begun>, views: Vec<View>, now: i64) -> Checked {
        let mut views = views.into_iter().filter(|view| self.lineages[view.lineage].known).peekable();
        let mut seen: Vec<Option<View>> = Vec::with_capacity(self.lineages.len());
        for number in 0..self.lineages.len() {
            seen.push(views.next_if(|view| view.lineage == number));
        }
        promise(views.peek().is_none(), "one row for each login", views.peek())?;
        for (number, after) in seen.into_iter().enumerate() {
            let before = self.lineages[number].row.take();
            self.row(number, begun, before.as_ref(), after.as_ref(), now)?;
            self.lineages[number].row = after;
        }
        Ok(())
    }

    fn row(
        &mut self,
        number: usize,
        begun: Option<&Begun>,
        before: Option<&View>,
        after: Option<&View>,
        now: i64,
    ) -> Checked {
        let lineage = &mut self.lineages[number];
        match (before, after) {
            (None, None) => Ok(()),
            (None, Some(after)) => {
                lineage.rotated();
                promise(!lineage.flushed, "what was flushed stays away", after)
            }
            (Some(before), None) => {
                lineage.flushed = true;
                let is_flush = begun.is_some_and(|begun| begun.request.ask == Ask::Flush);
                let last =
                    lineage.issued.iter().map(|token| token.expires).max().unwrap_or(0).max(before.token_expires_at);
                promise(is_flush && last <= now + self.skew, "no row goes before its tokens", (number, before, begun))
            }
            (Some(before), Some(after)) => self.change(number, begun, before, after),
        }
    }

    fn change(&mut self, number: usize, begun: Option<&Begun>, before: &View, after: &View) -> Checked {
        let (old, new) = (&before.family, &after.family);
        let (uses_old, uses_new) = (&mut old.clone(), &mut new.clone());
        (uses_old.in_use, uses_new.in_use) = (None, None);
        if uses_old == uses_new && before.token_expires_at == after.token_expires_at {
            return promise(after.expires_at >= before.expires_at, "a horizon never comes nearer", (before, after));
        }
        let lineage = &mut self.lineages[number];
        let Some(begun) = begun else { return broken("what was committed stays", (before, after)) };
        let request = &begun.request;
        let token = request.ask.token().filter(|token| token.lineage == number);
        let is_its_user = matches!(request.ask, Ask::LogoutAll { user } if user == lineage.user);
        promise(token.is_some() || is_its_user, "other families are not touched", (number, request, before, after))?;
        promise(!old.revoked || new.revoked, "no end is undone", (number, request))?;
        promise(!old.revoked || old.generation == new.generation, "an ended family stays as it is", (number, request))?;
        if new.generation != old.generation {
            let fits = matches!(request.ask, Ask::Refresh(token) if token.generation == old.generation.0);
            let one_more = old.generation.next() == Some(new.generation);
            promise(fits && one_more, "one chain: a rotation is of the newest, by one", (request, before, after))?;
            lineage.rotated();
        }
        if !new.revoked || old.revoked {
            return Ok(());
        }
        match request.ask {
            Ask::Logout(_) | Ask::Blacklist(_) | Ask::LogoutAll { .. } => Ok(()),
            Ask::Refresh(token) => self.reuse(number, token, begun, before),
            Ask::Login { .. } | Ask::Verify(_) | Ask::Flush => {
                broken("only an end or a replay ends", (request, before))
            }
        }
    }

    /// A refresh ended a family: was it for a replay? It was decided on the row that the request had read.
    fn reuse(&self, number: usize, token: Token, begun: &Begun, before: &View) -> Checked {
        let lineage = &self.lineages[number];
        let family = &begun.read.as_ref().unwrap_or(before).family;
        let used_up = self.stance.safe && token.generation < family.generation.0;
        promise(used_up, "only an end or a replay ends", (begun, before))?;
        let age = family.rotated_at.map_or(i64::MAX, |at| begun.request.at - at.seconds());
        let inside = age >= -CLOCK_STEP && age <= self.stance.rules().window.as_secs() as i64;
        let is_parent = token.generation + 1 == family.generation.0;
        promise(!(inside && (is_parent || !family.marked)), "what is inside the window ends nothing", (begun, before))?;
        promise(!lineage.honest || lineage.excused, "an honest client is not ended", (begun, before))
    }

    /// A request was answered.
    pub(crate) fn answered(&mut self, begun: &Begun, outcome: &Outcome, now: i64) -> Checked {
        let how = || (begun.request, outcome.clone());
        promise(!matches!(outcome, Outcome::Other(_)), "every answer is one of those that are due", how())?;
        let unavailable = *outcome == Outcome::Unavailable;
        promise(unavailable || !begun.faulted, "a storage error is told as nothing else", how())?;
        promise(begun.faulted || !unavailable, "503 is told for storage errors alone", how())?;
        match (begun.request.ask, outcome) {
            (_, Outcome::Unavailable) => Ok(()),
            (Ask::Login { lineage, .. }, Outcome::Issued(token)) => self.logged_in(lineage, *token),
            (Ask::Refresh(token), Outcome::Issued(successor)) => self.refreshed(begun, token, *successor),
            (Ask::Verify(token), Outcome::Done) => {
                let used_up = begun.row.as_ref().is_some_and(|row| token.generation < row.family.generation.0);
                promise(!begun.ended, "an ended token is accepted nowhere", how())?;
                promise(!used_up, "a token that is used up is not verified", how())
            }
            (Ask::Logout(token) | Ask::Blacklist(token), Outcome::Done) => {
                let lineage = &mut self.lineages[token.lineage];
                lineage.ended = true;
                let written = lineage.row.as_ref().is_none_or(|row| row.family.revoked);
                promise(written, "an acknowledged end is in the ledger", how())
            }
            (Ask::LogoutAll { .. }, Outcome::Done) => {
                for &number in &begun.live {
                    let lineage = &mut self.lineages[number];
                    lineage.ended = true;
                    let written = lineage.row.as_ref().is_none_or(|row| row.family.revoked);
                    promise(written, "an acknowledged end is in the ledger", (number, how()))?;
                }
                Ok(())
            }
            (Ask::Flush, Outcome::Done) => Ok(()),
            (ask, Outcome::Refused) if ask.token().is_some() => self.refused(begun, outcome, now),
            (ask, Outcome::Early) if ask.token().is_some() => {
                let early = ask.token().is_some_and(|token| token.issued > begun.judged_at);
                promise(early, "only what was issued in the future is told so", how())
            }
            (ask, Outcome::Expired) if ask.token().is_some() => {
                let token = ask.token().map_or(0, |token| token.expires);
                let number = ask.token().map_or(0, |token| token.lineage);
                let newest = self.lineages[number].row.as_ref().map_or(token, |row| row.token_expires_at);
                promise(token.min(newest) <= now + self.skew, "nothing expires early", how())
            }
            _ => broken("every answer is one of those that are due", how()),
        }
    }

    fn logged_in(&mut self, number: usize, token: Token) -> Checked {
        promise(token.lineage == number && token.generation == 0, "a login is a family of its own", token)?;
        let lineage = &mut self.lineages[number];
        lineage.known = true;
        lineage.issued.push(token);
        Ok(())
    }

    fn refreshed(&mut self, begun: &Begun, token: Token, successor: Token) -> Checked {
        let stance = self.stance;
        let lineage = &mut self.lineages[token.lineage];
        let how = (begun.request, successor);
        promise(successor.lineage == token.lineage, "a successor is of the same family", how)?;
        promise(successor.generation == token.generation + 1, "one chain: a successor is the next generation", how)?;
        promise(!begun.ended, "an ended token is accepted nowhere", how)?;
        promise(token.expires > begun.judged_at, "an expired token is accepted nowhere", how)?;
        let twin = lineage.issued.iter().find(|known| known.generation == successor.generation);
        promise(twin.is_none_or(|twin| *twin == successor), "one chain: each token has one successor", (how, twin))?;
        if twin.is_none() {
            lineage.issued.push(successor);
        }
        let again = lineage.answered.contains(&token.generation);
        promise(stance.safe || !again, "exact: a token is good once", how)?;
        if !again {
            lineage.answered.push(token.generation);
        }
        let Some(row) = lineage.row.as_ref() else {
            return promise(lineage.flushed, "an acknowledged rotation is in the ledger", how);
        };
        promise(row.family.generation.0 >= successor.generation, "an acknowledged rotation is in the ledger", how)?;
        let Some(before) = begun.row.as_ref().filter(|row| row.family.generation.0 >= successor.generation) else {
            return Ok(());
        };
        promise(before.family.generation.0 == successor.generation, "only the parent is answered again", how)?;
        promise(stance.safe, "exact: a token that is used up is refused", how)?;
        let rules = stance.rules();
        let age = begun.request.at - successor.issued;
        if (-CLOCK_STEP..=rules.window.as_secs() as i64).contains(&age) {
            return Ok(());
        }
        promise((0..=rules.late_replay.as_secs() as i64).contains(&age), "late is within LATE_REPLAY", how)?;
        let by = (token.generation, successor.issued, begun.request.agent);
        promise(lineage.presented.contains(&by), "only the same agent gets a late answer", how)?;
        promise(!before.family.marked, "a marked family has no late replay", how)?;
        let in_use = before.family.in_use.is_some_and(|used| used.0 >= successor.generation);
        promise(!in_use, "what is in use is not given out again late", how)?;
        if !lineage.late.contains(&successor.generation) {
            lineage.late.push(successor.generation);
        }
        let limit = u32::from(rules.late_limit);
        let run = (0..=limit)
            .all(|back| successor.generation > back && lineage.late.contains(&(successor.generation - back)));
        promise(!run, "at most K generations in a row are late", how)
    }

    fn refused(&self, begun: &Begun, outcome: &Outcome, now: i64) -> Checked {
        let Some(token) = begun.request.ask.token() else { return Ok(()) };
        let lineage = &self.lineages[token.lineage];
        let is_due = match &lineage.row {
            None => lineage.flushed || (lineage.foreign && lineage.end_began) || token.expires <= now + self.skew,
            Some(row) if row.family.revoked => true,
            // It is listed already; its family, which it has become meanwhile, ends next.
            Some(_) if lineage.foreign && lineage.end_began && token.generation == 0 => true,
            Some(row) => {
                let behind = row.family.generation.0.saturating_sub(token.generation);
                // The parent is either answered again or ends its family.
                let answered = self.stance.safe && matches!(begun.request.ask, Ask::Refresh(_));
                behind > u32::from(answered)
            }
        };
        promise(is_due, "a good token is not refused", (begun.request, outcome, &lineage.row))
    }
}
