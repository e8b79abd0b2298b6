//! Seeds, one by one and by the million.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::double::Double;
use crate::ledger::Planted;
use crate::numbers::Numbers;
use crate::real::Theatre;
use crate::scene::Scene;
use crate::schedule::{Played, play};

/// What many schedules came to.
#[derive(Debug, Default)]
pub struct Figures {
    /// Schedules played.
    pub schedules: u64,
    /// Lines of their traces.
    pub steps: u64,
    /// Calls to the ledger.
    pub calls: u64,
    /// The lowest seed that broke a promise, with what it did.
    pub failed: Option<(u64, Played)>,
}

/// A seed played over the double of the store.
pub fn play_double(seed: u64, planted: Option<Planted>) -> Played {
    let mut numbers = Numbers::new(seed);
    let scene = Scene::of(&mut numbers);
    play(numbers, scene, Double::new(scene.stance, planted))
}

/// The real thing, for one schedule after the other.
pub struct Theatres(Theatre);

impl Theatres {
    /// A database in memory, with its users.
    pub fn new() -> Self {
        Self(Theatre::new())
    }

    /// A seed played by `jeton::auth`; beside it, the double's. What is in them, rows included, should be equal.
    pub fn play(&self, seed: u64) -> Played {
        let mut numbers = Numbers::new(seed);
        let scene = Scene::of(&mut numbers);
        play(numbers, scene, self.0.play(seed, scene.stance))
    }
}

impl Default for Theatres {
    fn default() -> Self {
        Self::new()
    }
}

impl Played {
    /// Whether the traces and the rows at the end are the same.
    pub fn agrees(&self, other: &Self) -> bool {
        self.trace == other.trace && self.rows == other.rows
    }

    /// The first line in which they differ, from both.
    pub fn difference(&self, other: &Self) -> String {
        let lines = self.trace.0.iter().zip(&other.trace.0);
        let same = lines.take_while(|(one, other)| one == other).count();
        let line = |played: &Self| played.trace.0.get(same).map_or("the end".to_owned(), ToString::to_string);
        format!("line {same}: {}  ≠  {}\n{:#?}\n{:#?}", line(self), line(other), self.rows, other.rows)
    }
}

/// So many seeds from `first` on, on two threads; stops at the first broken promise. `progress` is told now and then.
pub fn play_many(
    first: u64,
    count: u64,
    play: impl Fn() -> Box<dyn Fn(u64) -> Played> + Sync,
    progress: impl Fn(u64) + Sync,
) -> Figures {
    let (next, stop, total) = (AtomicU64::new(first), AtomicBool::new(false), Mutex::new(Figures::default()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let (play, mut own) = (play(), Figures::default());
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        break;
                    }
                    if (seed - first) % REPORT == REPORT - 1 {
                        progress(seed - first + 1);
                    }
                    let played = play(seed);
                    own.schedules += 1;
                    own.steps += played.trace.len() as u64;
                    own.calls += played.calls as u64;
                    if played.violation.is_some() {
                        stop.store(true, Ordering::Relaxed);
                        own.failed = Some((seed, played));
                    }
                }
                let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                total.schedules += own.schedules;
                total.steps += own.steps;
                total.calls += own.calls;
                let is_lower = |other: &(u64, Played)| own.failed.as_ref().is_some_and(|(seed, _)| *seed < other.0);
                if total.failed.as_ref().is_none_or(is_lower) && own.failed.is_some() {
                    total.failed = own.failed;
                }
            });
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What replays a seed.
pub fn command(seed: u64, planted: Option<Planted>) -> String {
    let planted = planted.map_or(String::new(), |planted| format!(" {planted:?}"));
    format!("cargo run -p jeton-simulation -- {seed}{planted}")
}

/// A seed's whole story: what happened, and which promise was broken.
pub fn replay(seed: u64, played: &Played, planted: Option<Planted>) -> String {
    let verdict = match &played.violation {
        Some(violation) => format!("broken: {}\n{}\n", violation.promise, violation.how),
        None => "every promise was kept\n".to_owned(),
    };
    format!("seed {seed}\n{}{verdict}replay it: {}\n", played.trace, command(seed, planted))
}

const THREADS: usize = 2;
const REPORT: u64 = 50_000;
