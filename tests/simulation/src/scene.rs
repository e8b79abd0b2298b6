//! How a seed sets the scene: who is there, how much fails, for how long.

use crate::numbers::Numbers;
use crate::play::{NODES, Stance};

/// Who is on the scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// Clients refresh once at a time, clocks stay together, nobody steals.
    Honest,
    /// One of them, on a network that loses most answers, which it asks for again late.
    Lossy,
    /// Tabs that refresh at once, thieves, and whoever repeats requests.
    Anybody,
    /// Many requests at once with one foreign token, some of which end it.
    CutOver,
}

/// How a seed sets the scene.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) stance: Stance,
    pub(crate) company: Company,
    pub(crate) skew: i64,
    /// So many of a hundred calls fail.
    pub(crate) faults: usize,
    /// So many of a hundred answers get lost.
    pub(crate) losses: usize,
    pub(crate) actions: usize,
    pub(crate) nodes: usize,
}

impl Scene {
    pub(crate) fn of(numbers: &mut Numbers) -> Self {
        let company = match numbers.below(100) {
            0..5 => Company::Lossy,
            5..10 => Company::CutOver,
            10..55 => Company::Honest,
            _ => Company::Anybody,
        };
        Self {
            stance: Stance { safe: company == Company::Lossy || numbers.chance(70) },
            company,
            skew: if company.is_honest() { 2 } else { 8 },
            faults: numbers.pick(&[0, 0, 5, 20]),
            losses: numbers.pick(&[0, 10, 40]),
            actions: if company == Company::Lossy { 150 } else { numbers.pick(&[20, 40, 60, 150]) },
            nodes: numbers.below(NODES) + 1,
        }
    }
}

impl Company {
    pub(crate) fn is_honest(self) -> bool {
        matches!(self, Self::Honest | Self::Lossy)
    }
}
