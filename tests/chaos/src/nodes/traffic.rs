//! Clients that go on whatever happens to single nodes, and remember what they were told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::act::{Acknowledged, Act};
use crate::facts::{Intent, Share, refresh};
use crate::wire::{Answer, Request, Wire};

/// What the clients share while they run.
pub(crate) struct Traffic {
    pub(crate) acknowledged: Acknowledged,
    entrance: SocketAddr,
    cycle: u32,
    asked: AtomicU64,
    /// Ended tokens that were presented again, and refused.
    refused: AtomicU64,
    failures: Mutex<Vec<String>>,
    is_over: AtomicBool,
    trouble: Mutex<Option<String>>,
}

/// How many requests were made, and how many of them the site did not answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) asked: u64,
    pub(crate) failed: u64,
}

impl Traffic {
    pub(crate) fn to(entrance: SocketAddr, cycle: u32) -> Self {
        Self {
            acknowledged: Acknowledged::default(),
            entrance,
            cycle,
            asked: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failures: Mutex::default(),
            is_over: AtomicBool::new(false),
            trouble: Mutex::default(),
        }
    }

    /// Lets one client for each share run while something happens.
    pub(crate) fn during<T>(&self, shares: &mut [Share], happening: impl FnOnce() -> Result<T>) -> Result<T> {
        let happened = thread::scope(|scope| {
            for share in shares {
                scope.spawn(|| self.client(share));
            }
            let happened = happening();
            self.is_over.store(true, Ordering::SeqCst);
            happened
        });
        if let Some(trouble) = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bail!(trouble);
        }
        happened
    }

    pub(crate) fn count(&self) -> Count {
        Count { asked: self.asked.load(Ordering::SeqCst), failed: self.failures().len() as u64 }
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    /// What the failures were, from a certain one on; each kind once, with its number.
    pub(crate) fn failures_since(&self, first: u64) -> Vec<String> {
        let mut kinds: Vec<(String, usize)> = Vec::new();
        for failure in self.failures().iter().skip(first as usize) {
            match kinds.iter_mut().find(|(kind, _)| kind == failure) {
                Some((_, count)) => *count += 1,
                None => kinds.push((failure.clone(), 1)),
            }
        }
        kinds.into_iter().map(|(kind, count)| format!("{count} × {kind}")).collect()
    }

    fn client(&self, share: &mut Share) {
        let mut wire = None;
        while !self.is_over.load(Ordering::SeqCst) {
            let Some(intent) = share.wish() else {
                thread::sleep(Duration::from_millis(20));
                continue;
            };
            let request = share.request(intent);
            let presented = share.newest(intent);
            let asked_at = Instant::now();
            let Some(answer) = self.ask(&mut wire, &request, &intent.act.to_string()) else {
                share.doubt(intent, self.cycle);
                // What may still be on its way to the database gets there before this user is heard of again.
                thread::sleep(AFTER_A_FAILURE);
                continue;
            };
            if let Err(complaint) = share.acknowledge(intent, &answer, asked_at, self.cycle) {
                return self.complain(complaint);
            }
            self.acknowledged.count(intent.act);
            if let Some(token) = presented.filter(|_| ends(intent))
                && let Err(complaint) = self.is_refused(&mut wire, &token, intent.act)
            {
                return self.complain(complaint);
            }
            thread::sleep(THINKING);
        }
    }

    /// What has just been ended is presented again, and comes to whichever node is next.
    fn is_refused(&self, wire: &mut Option<Wire>, token: &str, act: Act) -> Result<(), String> {
        let Some(answer) = self.ask(wire, &refresh(token), "refresh of an ended token") else { return Ok(()) };
        if answer.status == 401 && answer.body.contains("Token is blacklisted") {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
        Err(format!("LOST: after a {act} the token was answered {} {}", answer.status, answer.body))
    }

    /// Nothing if the site does not answer, or says that it cannot.
    fn ask(&self, wire: &mut Option<Wire>, request: &Request, what: &str) -> Option<Answer> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut open = match wire.take().filter(Wire::is_open).map_or_else(|| Wire::connect(self.entrance), Ok) {
            Ok(open) => open,
            Err(error) => {
                self.failed(format!("no connection: {error}"));
                return None;
            }
        };
        match open.post(request) {
            Ok(answer) if answer.status < 500 => {
                *wire = Some(open);
                Some(answer)
            }
            Ok(answer) => {
                let begin: String = answer.body.chars().take(80).collect();
                self.failed(format!("{what} answered {} {}", answer.status, begin.trim()));
                *wire = Some(open);
                None
            }
            Err(error) => {
                self.failed(format!("{what} not answered: {error}"));
                None
            }
        }
    }

    fn failed(&self, how: String) {
        self.failures().push(how);
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complain(&self, what: String) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
    }
}

impl Count {
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self { asked: self.asked - earlier.asked, failed: self.failed - earlier.failed }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self { asked: self.asked + other.asked, failed: self.failed + other.failed }
    }
}

fn ends(intent: Intent) -> bool {
    matches!(intent.act, Act::Blacklisting | Act::Logout | Act::LogoutEverywhere)
}

/// So that the facts stay few enough to be checked at every node.
const THINKING: Duration = Duration::from_millis(12);
const AFTER_A_FAILURE: Duration = Duration::from_millis(250);
