//! A node that speaks to the double of the store: what `jeton::auth` does, call by call.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::Poll;

use jeton_token::id::{FamilyKey, Generation, TokenId};
use jeton_token::rotation::{Family, is_blacklisted};

use crate::double::Shared;
use crate::ledger::{Ledger, Planted, Row};
use crate::play::{ACCESS_LIFETIME, Ask, Fate, Outcome, REFRESH_LIFETIME, Request, Stance, Token};

/// The store did not answer.
pub(crate) struct Gone;

/// Why a request gets no token.
pub(crate) enum No {
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
pub(crate) enum Entry {
    Family(Row, Generation),
    Foreign,
    ForeignBlacklisted,
    Unknown,
}

/// One request at one node.
pub(crate) struct Node {
    pub(crate) shared: Rc<RefCell<Shared>>,
    pub(crate) stance: Stance,
    pub(crate) request: Request,
}

impl Node {
    pub(crate) fn new(shared: Rc<RefCell<Shared>>, stance: Stance, request: Request) -> Self {
        Self { shared, stance, request }
    }

    pub(crate) async fn answer(&self) -> Outcome {
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

    pub(crate) fn now(&self) -> i64 {
        self.shared.borrow().nodes[self.request.node].now
    }

    pub(crate) fn planted(&self) -> Option<Planted> {
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

    pub(crate) fn decode(&self, token: Token) -> Result<(), No> {
        match self.now() {
            now if token.issued > now => Err(No::Early),
            now if token.expires <= now => Err(No::Expired),
            _ => Ok(()),
        }
    }

    pub(crate) fn id(&self, token: Token) -> String {
        let shared = self.shared.borrow();
        let is_foreign = token.generation == 0 && shared.owner(token.lineage).is_some();
        match shared.ledger.name_of(token.lineage).filter(|_| !is_foreign) {
            Some(key) => key.refresh(Generation(token.generation)).to_string(),
            None => format!("foreign {}", token.lineage),
        }
    }

    pub(crate) async fn look_up(&self, token: Token) -> Result<Entry, No> {
        match TokenId::parse(&self.id(token)) {
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
    pub(crate) fn bounded(&self, at: i64, created_at: i64) -> i64 {
        let expires = at + REFRESH_LIFETIME.as_secs() as i64;
        self.stance.family_lifetime().map_or(expires, |lifetime| expires.min(created_at + lifetime))
    }

    pub(crate) fn horizon(&self, expires: i64, parent: Token) -> i64 {
        expires.max(self.now() + ACCESS_LIFETIME.as_secs() as i64).max(parent.expires + 1)
    }

    pub(crate) async fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> Result<T, Gone> {
        match self.turn().await {
            Fate::Answered => Ok(look(&self.shared.borrow().ledger)),
            Fate::Fails | Fate::Unknown => Err(Gone),
        }
    }

    /// Notes go along with a write, and are forgotten where they may not have been written.
    pub(crate) async fn write<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> Result<T, Gone> {
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
