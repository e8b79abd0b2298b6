//! The double of the store, and what its nodes remember.

use std::cell::RefCell;
use std::rc::Rc;

use jeton_token::id::FamilyKey;
use jeton_token::time::Timestamp;

use crate::ledger::{Ledger, Planted};
use crate::node::Node;
use crate::play::{Answer, Fate, NODES, Request, START, Stance, Token, View, World};

/// The double: one ledger, its nodes' memories and clocks.
pub(crate) struct Double(Rc<RefCell<Shared>>, Stance);

pub(crate) struct Shared {
    pub(crate) ledger: Ledger,
    pub(crate) fate: Fate,
    pub(crate) nodes: [Memory; NODES],
    /// Foreign tokens and their users.
    foreign: Vec<(usize, usize)>,
    named: u32,
    pub(crate) planted: Option<Planted>,
    /// The ledger before the last write of each node: what a crash brings back if commits are not durable.
    pub(crate) before: [Option<Ledger>; NODES],
}

/// What a node keeps of uses that it saw, as `jeton-store` and `jeton` do it.
#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) now: i64,
    pub(crate) news: Vec<(FamilyKey, u16)>,
    pub(crate) seen: Vec<(FamilyKey, u16)>,
    pub(crate) pending: Vec<(FamilyKey, u16)>,
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
        let node = Node::new(Rc::clone(&self.0), self.1, request);
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
    pub(crate) fn owner(&self, lineage: usize) -> Option<usize> {
        self.foreign.iter().find(|&&(foreign, _)| foreign == lineage).map(|&(_, user)| user)
    }

    pub(crate) fn write_notes(&mut self, node: usize) {
        for (key, low_bits) in std::mem::take(&mut self.nodes[node].pending) {
            self.ledger.note_in_use(key, low_bits);
        }
    }

    pub(crate) fn name(&mut self, at: i64) -> FamilyKey {
        self.named += 1;
        FamilyKey::new(Timestamp::from_seconds(at), self.named.to_be_bytes())
    }
}
