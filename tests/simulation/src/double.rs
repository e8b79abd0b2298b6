//! Nodes that decide by the real rules and speak to the double of the store: what `jeton::auth` does, call by call.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::Poll;

use jeton_token::id::{FamilyKey, Generation, TokenId};
use jeton_token::rotation::{Decision, EndReason, Family, LateReplay, Presented, Refusal, decide, is_blacklisted};
use jeton_token::time::Timestamp;

use crate::ledger::{Ledger, Planted, Rotation, Row};
use crate::play::{
    ACCESS_LIFETIME, Answer, Ask, Fate, NODES, Outcome, REFRESH_LIFETIME, Request, START, Stance, Token, View, World,
    digest,
};

/// The double: one ledger, its nodes' memories and clocks.
pub(crate) struct Double(Rc<RefCell<Shared>>, Stance);

struct Shared {
    ledger: Ledger,
    fate: Fate,
    nodes: [Memory; NODES],
    /// Foreign tokens and their users.
    foreign: Vec<(usize, usize)>,
    named: u32,
    planted: Option<Planted>,
    /// The ledger before the last write of each node: what a crash brings back if commits are not durable.
    before: [Option<Ledger>; NODES],
}

/// What a node keeps of uses that it saw, as `jeton-store` and `jeton` do it.
#[derive(Clone)]
struct Memory {
    now: i64,
    news: Vec<(FamilyKey, u16)>,
    seen: Vec<(FamilyKey, u16)>,
    pending: Vec<(FamilyKey, u16)>,
}

/// The store did not answer.
struct Gone;

/// Why a request gets no token.
enum No {
    Refused,
    Early,
    Expired,
    Gone,
}

impl From<Gone> for No {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

/// What a node knows of a token.
enum Entry {
    Family(Row, Generation),
    Foreign,
    ForeignBlacklisted,
    Unknown,
}

/// One request at one node.
#[derive(Clone)]
struct Node {
    shared: Rc<RefCell<Shared>>,
    stance: Stance,
    request: Request,
}

impl Double {
    pub(crate) fn new(stance: Stance, planted: Option<Planted>) -> Self {
        let memory = Memory { now: START, news: Vec::new(), seen: Vec::new(), pending: Vec::new() };
        let shared = Shared {
            ledger: Ledger::new(planted),
            fate: Fate::Answered,
            nodes: std::array::from_fn(|_| memory.clone()),
            foreign: Vec::new(),
            named: 0,
            planted,
            before: [const { None }; NODES],
        };
        Self(Rc::new(RefCell::new(shared)), stance)
    }
}

impl World for Double {
    fn begin(&mut self, request: Request) -> Answer {
        let node = Node { shared: Rc::clone(&self.0), stance: self.1, request };
        Box::pin(async move { node.answer().await })
    }

    fn decide(&mut self, fate: Fate) {
        self.0.borrow_mut().fate = fate;
    }

    fn set_clock(&mut self, node: usize, now: i64) {
        self.0.borrow_mut().nodes[node].now = now;
    }

    fn crash(&mut self, node: usize) {
        let shared = &mut *self.0.borrow_mut();
        let memory = &mut shared.nodes[node];
        (memory.news, memory.seen, memory.pending) = (Vec::new(), Vec::new(), Vec::new());
        if let (Some(Planted::AnswerBeforeCommit), Some(before)) = (shared.planted, shared.before[node].take()) {
            shared.ledger = before;
        }
    }

    fn idle(&mut self, node: usize) {
        let shared = &mut *self.0.borrow_mut();
        shared.write_notes(node);
    }

    fn foreign(&mut self, user: usize, token: Token) {
        self.0.borrow_mut().foreign.push((token.lineage, user));
    }

    fn view(&mut self) -> Vec<View> {
        self.0.borrow().ledger.view()
    }
}

impl Shared {
    fn owner(&self, lineage: usize) -> Option<usize> {
        self.foreign.iter().find(|&&(foreign, _)| foreign == lineage).map(|&(_, user)| user)
    }

    fn write_notes(&mut self, node: usize) {
        for (key, low_bits) in std::mem::take(&mut self.nodes[node].pending) {
            self.ledger.note_in_use(key, low_bits);
        }
    }

    fn name(&mut self, at: i64) -> FamilyKey {
        self.named += 1;
        FamilyKey::new(Timestamp::from_seconds(at), self.named.to_be_bytes())
    }
}

impl Node {
    async fn answer(&self) -> Outcome {
        let answer = match self.request.ask {
            Ask::Login { user, lineage } => self.log_in(user, lineage).await,
            Ask::Refresh(token) => self.refresh(token).await,
            Ask::Verify(token) => self.verify(token).await,
            Ask::Logout(token) => self.end_token(token, true).await,
            Ask::Blacklist(token) => self.end_token(token, false).await,
            Ask::LogoutAll { user } => {
                self.write(|ledger| ledger.end_all(user)).await.map_err(No::from).map(|()| Outcome::Done)
            }
            Ask::Flush => self.flush().await.map_err(No::from),
        };
        let told_as_reuse = self.shared.borrow().planted == Some(Planted::ErrorToldAsReuse);
        match answer {
            Ok(outcome) => outcome,
            Err(No::Refused) => Outcome::Refused,
            Err(No::Early) => Outcome::Early,
            Err(No::Expired) => Outcome::Expired,
            Err(No::Gone) if told_as_reuse => Outcome::Refused,
            Err(No::Gone) => Outcome::Unavailable,
        }
    }

    fn now(&self) -> i64 {
        self.shared.borrow().nodes[self.request.node].now
    }

    fn planted(&self) -> Option<Planted> {
        self.shared.borrow().planted
    }

    async fn log_in(&self, user: usize, lineage: usize) -> Result<Outcome, No> {
        let now = self.now();
        let expires = self.bounded(now, now);
        let key = self.shared.borrow_mut().name(now);
        let row = Row {
            key,
            user,
            lineage,
            state: Family::new(),
            created_at: now,
            token_expires_at: expires,
            expires_at: expires.max(now + ACCESS_LIFETIME.as_secs() as i64),
            adopted: false,
        };
        self.write(|ledger| ledger.create(row)).await?;
        Ok(Outcome::Issued(Token { lineage, generation: 0, issued: now, expires }))
    }

    async fn refresh(&self, token: Token) -> Result<Outcome, No> {
        self.decode(token)?;
        loop {
            if let Some(token) = self.refresh_once(token).await? {
                return Ok(Outcome::Issued(token));
            }
        }
    }

    async fn refresh_once(&self, token: Token) -> Result<Option<Token>, No> {
        match self.look_up(token).await? {
            Entry::Family(row, generation) => self.refresh_in_family(token, &row, generation).await,
            Entry::Foreign => self.adopt(token).await,
            Entry::ForeignBlacklisted | Entry::Unknown => Err(No::Refused),
        }
    }

    async fn adopt(&self, token: Token) -> Result<Option<Token>, No> {
        let at = self.request.at;
        let expires = self.bounded(at, at);
        let (key, user) = {
            let shared = &mut *self.shared.borrow_mut();
            (shared.name(at), shared.owner(token.lineage).unwrap_or_default())
        };
        let state = Family {
            generation: Generation(1),
            consumed_below: Generation(1),
            rotated_at: Some(Timestamp::from_seconds(at)),
            rotated_by: Some(digest(self.request.agent)),
            ..Family::new()
        };
        let row = Row {
            key,
            user,
            lineage: token.lineage,
            state,
            created_at: at,
            token_expires_at: expires,
            expires_at: self.horizon(expires, token),
            adopted: true,
        };
        let is_adopted = self.write(|ledger| ledger.adopt(row)).await?;
        Ok(is_adopted.then_some(Token { lineage: token.lineage, generation: 1, issued: at, expires }))
    }

    async fn refresh_in_family(&self, token: Token, row: &Row, generation: Generation) -> Result<Option<Token>, No> {
        let at = Timestamp::from_seconds(self.request.at);
        let presented = Presented { generation, blacklisted: false, at, agent: Some(digest(self.request.agent)) };
        let mut rules = self.stance.rules();
        if self.planted() == Some(Planted::WindowOffByOne) {
            rules.window += std::time::Duration::from_secs(1);
        }
        let decision = decide(&row.state, &presented, &rules);
        match decision {
            Decision::Refuse(Refusal::LedgerBehind | Refusal::Ended | Refusal::Blacklisted) => Err(No::Refused),
            Decision::RefuseAndMark => {
                let marked = self.write(|ledger| ledger.mark(row.key, row.state.generation)).await?;
                if marked { Err(No::Refused) } else { Ok(None) }
            }
            Decision::End(reason) => {
                let newer_than = (reason == EndReason::Reuse).then_some(generation);
                let ended = self.write(|ledger| ledger.end(row.key, newer_than)).await?;
                if ended { Err(No::Refused) } else { Ok(None) }
            }
            Decision::SameSuccessor if self.planted() == Some(Planted::FreshSuccessor) => {
                self.rotate(token, row, Presented { generation: row.state.generation, ..presented }).await
            }
            Decision::SameSuccessor => self.same_successor(row).await.map(Some),
            Decision::SameSuccessorLate(late) => self.late_successor(row, &late).await,
            Decision::Rotate => self.rotate(token, row, presented).await,
            Decision::Accept | Decision::RotateOlder => unreachable!("every rotation here uses its token up"),
        }
    }

    async fn rotate(&self, token: Token, row: &Row, presented: Presented) -> Result<Option<Token>, No> {
        let at = self.request.at;
        let expires = self.bounded(at, row.created_at);
        if expires <= at {
            return Err(No::Expired);
        }
        let rotation = Rotation {
            key: row.key,
            presented: presented.generation,
            at: presented.at,
            agent: digest(self.request.agent),
            token_expires_at: expires,
            expires_at: self.horizon(expires, token),
        };
        let rotated = match self.write(|ledger| ledger.rotate(&rotation)).await {
            Ok(rotated) => rotated,
            Err(gone) => {
                if self.planted() == Some(Planted::ErrorEnds) {
                    self.shared.borrow_mut().ledger.end(row.key, None);
                }
                return Err(gone.into());
            }
        };
        let Some(rotated) = rotated else { return Ok(None) };
        Ok(Some(Token { lineage: row.lineage, generation: rotated.state.generation.0, issued: at, expires }))
    }

    async fn same_successor(&self, row: &Row) -> Result<Token, No> {
        let now = self.now();
        if row.token_expires_at <= now {
            return Err(No::Expired);
        }
        let access_until = now + ACCESS_LIFETIME.as_secs() as i64;
        if access_until > row.expires_at {
            self.write(|ledger| ledger.extend(row.key, access_until)).await?;
        }
        Ok(Token {
            lineage: row.lineage,
            generation: row.state.generation.0,
            issued: row.state.rotated_at.map_or(row.created_at, Timestamp::seconds),
            expires: row.token_expires_at,
        })
    }

    async fn late_successor(&self, row: &Row, late: &LateReplay) -> Result<Option<Token>, No> {
        let rules = self.stance.rules();
        if !self.write(|ledger| ledger.note_late_replay(row.key, late, &rules)).await? {
            return Ok(None);
        }
        self.same_successor(row).await.map(Some)
    }

    async fn verify(&self, token: Token) -> Result<Outcome, No> {
        self.decode(token)?;
        let entry = self.look_up(token).await?;
        if self.is_over(&entry) && self.planted() != Some(Planted::VerifyBlind) {
            return Err(No::Refused);
        }
        let Entry::Family(row, generation) = &entry else { return Ok(Outcome::Done) };
        self.note_in_use(row.key, *generation);
        Ok(Outcome::Done)
    }

    /// Logout and blacklist.
    async fn end_token(&self, token: Token, is_logout: bool) -> Result<Outcome, No> {
        self.decode(token)?;
        let entry = self.look_up(token).await?;
        let already = self.is_over(&entry);
        if matches!(entry, Entry::Unknown) || (already && !self.stance.safe) {
            return Err(No::Refused);
        }
        let is_ended = match &entry {
            Entry::Family(row, _) => row.state.revoked,
            Entry::ForeignBlacklisted => true,
            Entry::Foreign | Entry::Unknown => false,
        };
        if is_logout && is_ended {
            return Err(No::Refused);
        }
        match entry {
            Entry::Family(row, generation) => {
                self.note_in_use(row.key, generation);
                self.write(|ledger| ledger.end(row.key, None)).await?;
            }
            Entry::Foreign => {
                self.write(|ledger| ledger.list(token.lineage, token.expires)).await?;
                let adopted = self.read(|ledger| ledger.find_by_origin(token.lineage).map(|row| row.key)).await?;
                if let Some(key) = adopted {
                    self.write(|ledger| ledger.end(key, None)).await?;
                }
            }
            Entry::ForeignBlacklisted | Entry::Unknown => {}
        }
        Ok(Outcome::Done)
    }

    async fn flush(&self) -> Result<Outcome, Gone> {
        let now = self.now();
        if let Some(last) = self.read(|ledger| ledger.last_of_expired(now)).await? {
            self.write(|ledger| ledger.flush_families(last, now)).await?;
        }
        if self.read(|ledger| ledger.is_single_expired(now)).await? {
            self.write(|ledger| ledger.flush_singles(now)).await?;
        }
        Ok(Outcome::Done)
    }

    fn decode(&self, token: Token) -> Result<(), No> {
        match self.now() {
            now if token.issued > now => Err(No::Early),
            now if token.expires <= now => Err(No::Expired),
            _ => Ok(()),
        }
    }

    async fn look_up(&self, token: Token) -> Result<Entry, No> {
        let id = {
            let shared = self.shared.borrow();
            let is_foreign = token.generation == 0 && shared.owner(token.lineage).is_some();
            match shared.ledger.name_of(token.lineage).filter(|_| !is_foreign) {
                Some(key) => key.refresh(Generation(token.generation)).to_string(),
                None => format!("foreign {}", token.lineage),
            }
        };
        match TokenId::parse(&id) {
            TokenId::Refresh(key, generation) => Ok(match self.read(|ledger| ledger.find(key).cloned()).await? {
                Some(row) => Entry::Family(self.noted(row), generation),
                None => Entry::Unknown,
            }),
            TokenId::Sliding(_) | TokenId::Foreign(_) => self.look_up_foreign(token).await,
        }
    }

    async fn look_up_foreign(&self, token: Token) -> Result<Entry, No> {
        let mut is_listed = false;
        let origin_first = self.planted() == Some(Planted::OriginBeforeList);
        if !origin_first {
            is_listed = self.read(|ledger| ledger.is_listed(token.lineage)).await?;
        }
        if let Some(row) = self.read(|ledger| ledger.find_by_origin(token.lineage).cloned()).await? {
            return Ok(Entry::Family(self.noted(row), Generation(0)));
        }
        if is_listed || (origin_first && self.read(|ledger| ledger.is_listed(token.lineage)).await?) {
            return Ok(Entry::ForeignBlacklisted);
        }
        let flushed_through = self.read(Ledger::flushed_through).await?;
        let may_be_flushed = flushed_through.is_some_and(|through| token.expires <= through);
        Ok(if may_be_flushed { Entry::ForeignBlacklisted } else { Entry::Foreign })
    }

    /// A row as a node sees it that knows of uses that are not written yet.
    fn noted(&self, mut row: Row) -> Row {
        let newest = row.state.generation;
        if self.shared.borrow().nodes[self.request.node].seen.contains(&(row.key, newest.low_bits())) {
            row.state.in_use = Some(newest);
        }
        row
    }

    fn is_over(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Family(row, generation) => is_blacklisted(&row.state, *generation, false),
            Entry::Foreign => false,
            Entry::ForeignBlacklisted | Entry::Unknown => true,
        }
    }

    fn note_in_use(&self, key: FamilyKey, generation: Generation) {
        let memory = &mut self.shared.borrow_mut().nodes[self.request.node];
        let note = (key, generation.low_bits());
        if !self.stance.safe || memory.news.contains(&note) {
            return;
        }
        memory.news.push(note);
        if !memory.seen.contains(&note) {
            memory.seen.push(note);
            memory.pending.push(note);
        }
    }

    /// The `exp` of a refresh token minted at this moment in a family as old as that.
    fn bounded(&self, at: i64, created_at: i64) -> i64 {
        let expires = at + REFRESH_LIFETIME.as_secs() as i64;
        self.stance.family_lifetime().map_or(expires, |lifetime| expires.min(created_at + lifetime))
    }

    fn horizon(&self, expires: i64, parent: Token) -> i64 {
        expires.max(self.now() + ACCESS_LIFETIME.as_secs() as i64).max(parent.expires + 1)
    }

    async fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> Result<T, Gone> {
        match self.turn().await {
            Fate::Answered => Ok(look(&self.shared.borrow().ledger)),
            Fate::Fails | Fate::Unknown => Err(Gone),
        }
    }

    /// Notes go along with a write, and are forgotten where they may not have been written.
    async fn write<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> Result<T, Gone> {
        let fate = self.turn().await;
        let (shared, node) = (&mut *self.shared.borrow_mut(), self.request.node);
        let changed = (fate != Fate::Fails).then(|| {
            if shared.planted == Some(Planted::AnswerBeforeCommit) {
                shared.before[node] = Some(shared.ledger.clone());
            }
            shared.write_notes(node);
            change(&mut shared.ledger)
        });
        if fate != Fate::Answered {
            let memory = &mut shared.nodes[node];
            (memory.seen, memory.pending) = (Vec::new(), Vec::new());
            return Err(Gone);
        }
        changed.ok_or(Gone)
    }

    /// Comes back when the answer is polled again: until then, others may act.
    async fn turn(&self) -> Fate {
        let mut has_waited = false;
        std::future::poll_fn(
            |_| {
                if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }
            },
        )
        .await;
        std::mem::take(&mut self.shared.borrow_mut().fate)
    }
}
