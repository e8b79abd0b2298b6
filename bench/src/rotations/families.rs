//! The families of a table, by number: their keys, their generations, and who may rotate which.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jeton_token::id::{FamilyKey, Generation};
use jeton_token::time::Timestamp;

use crate::rotations::Use;

/// One family was made each 64th of a second. Contenders have families of their own, every so-manyth, so that all of
/// them go over the same pages and none finds a row changed by another.
#[derive(Clone)]
pub(super) struct Families {
    pub(super) count: u32,
    generations: Arc<[AtomicU32]>,
}

/// What one client of one contender draws from.
#[derive(Clone, Copy)]
pub(super) struct Share {
    pub(super) first: u32,
    pub(super) step: u32,
    pub(super) members: u32,
}

impl Families {
    pub(super) fn new(count: u32) -> Self {
        Self { count, generations: (0..count).map(|_| AtomicU32::new(0)).collect() }
    }

    /// Of `sharers`, the one with this number.
    pub(super) fn share(&self, which: Use, sharer: u32, sharers: u32) -> Share {
        let (lowest, width) = match which {
            Use::Random => (0, self.count),
            Use::Recent => {
                let width = (self.count / RECENT_PART).max(RECENT_LEAST).min(self.count);
                ((self.count - width) / ALIGNED * ALIGNED, width)
            }
        };
        Share { first: lowest + sharer, step: sharers, members: width / sharers }
    }

    pub(super) fn generation(&self, family: u32) -> Generation {
        Generation(self.generations[family as usize].load(Ordering::Relaxed))
    }

    /// Of all of them so far.
    pub(super) fn rotations(&self) -> u64 {
        self.generations.iter().map(|generation| u64::from(generation.load(Ordering::Relaxed))).sum()
    }

    pub(super) fn rotated(&self, family: u32, to: Generation) {
        self.generations[family as usize].store(to.0, Ordering::Relaxed);
    }
}

impl Share {
    pub(super) fn draw(self, chance: &mut Chance) -> u32 {
        self.first + chance.below(self.members) * self.step
    }
}

/// The key of a family by its number, which `fill` makes in SQL, too.
pub(super) fn key(family: u32) -> FamilyKey {
    FamilyKey::new(Timestamp::from_micros((START_TICKS + i64::from(family)) * 1_000_000 / 64), [0; 4])
}

/// Xorshift: which family is next.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u32) -> Self {
        Self(0x9E37_79B9_7F4A_7C15 ^ (u64::from(seed) << 17))
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (((self.0 >> 32) * u64::from(limit)) >> 32) as u32
    }
}

/// When the first one was made, in 64ths of a second since 1970.
pub(super) const START_TICKS: i64 = 1_700_000_000 * 64;
/// Recently used are the newest hundredth, but a thousand at least.
const RECENT_PART: u32 = 100;
const RECENT_LEAST: u32 = 1000;
/// A multiple of every number of sharers, so that whose a family is does not depend on what is used.
const ALIGNED: u32 = 384;
