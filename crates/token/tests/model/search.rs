//! Breadth-first search: every world that can be reached, each once, until a property breaks or nothing is new.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use crate::step::Broken;
use crate::world::{Action, Law, Setup, World};

/// What a search found.
pub(crate) struct Found {
    /// Distinct worlds.
    pub(crate) states: usize,
    /// Steps taken between them.
    pub(crate) steps: usize,
    /// The longest shortest way to a world.
    pub(crate) depth: usize,
    /// There are no more worlds than these.
    pub(crate) complete: bool,
    /// The first property that broke, with a shortest way there.
    pub(crate) broken: Option<(Broken, Vec<Action>)>,
}

/// Searches to the given depth.
pub(crate) fn search(setup: &Setup, law: &Law, depth: usize) -> Found {
    let start = setup.canonical(setup.start());
    let mut seen: HashSet<u128, BuildHasherDefault<Mix>> = HashSet::default();
    seen.insert(start.key());
    let mut ways: Vec<(u32, Action)> = vec![(0, Action::Pass(0))];
    let mut frontier: Vec<(World, u32)> = vec![(start, 0)];
    let mut found = Found { states: 1, steps: 0, depth: 0, complete: false, broken: None };
    while found.depth < depth && !frontier.is_empty() {
        let mut next = Vec::new();
        for (world, number) in &frontier {
            for action in setup.actions(world) {
                found.steps += 1;
                let reached = match setup.step(world, action, law) {
                    Ok((reached, _)) => setup.canonical(reached),
                    Err(broken) => {
                        let mut way = way(&ways, *number);
                        way.push(action);
                        found.broken = Some((broken, way));
                        found.states = seen.len();
                        return found;
                    }
                };
                if seen.insert(reached.key()) {
                    next.push((reached, ways.len() as u32));
                    ways.push((*number, action));
                }
            }
        }
        found.depth += usize::from(!next.is_empty());
        found.complete = next.is_empty();
        frontier = next;
    }
    found.states = seen.len();
    found
}

fn way(ways: &[(u32, Action)], mut number: u32) -> Vec<Action> {
    let mut way = Vec::new();
    while number != 0 {
        let (from, action) = ways[number as usize];
        way.push(action);
        number = from;
    }
    way.reverse();
    way
}

/// One multiplication for each key: they are well spread numbers already.
#[derive(Default)]
pub(crate) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u128(byte.into());
        }
    }

    fn write_u128(&mut self, key: u128) {
        let folded = (key as u64) ^ ((key >> 64) as u64).rotate_left(32) ^ self.0;
        let mixed = folded.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 32);
    }
}
