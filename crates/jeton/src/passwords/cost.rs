//! What a password hash costs.

use std::num::NonZeroU32;

use thiserror::Error;

/// Iterations of `pbkdf2_sha256`, or of `pbkdf2_sha1`.
pub type Iterations = NonZeroU32;

/// The three costs of argon2, in a combination that argon2 can run.
///
/// ```
/// use jeton::passwords::Argon2Cost;
///
/// assert_eq!(Argon2Cost::new(19_456, 2, 1).unwrap(), Argon2Cost::default());
/// assert!(Argon2Cost::new(19_456, 0, 1).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Argon2Cost {
    memory: u32,
    time: u32,
    lanes: u32,
}

impl Argon2Cost {
    /// Memory in KiB (at least 8 for each lane), passes over it, and lanes.
    pub fn new(memory: u32, time: u32, lanes: u32) -> Result<Self, CostError> {
        if time == 0 {
            return Err(CostError::NoTime);
        }
        if lanes == 0 || lanes > MAX_LANES {
            return Err(CostError::Lanes { lanes });
        }
        if memory < 8 * lanes {
            return Err(CostError::TooLittleMemory { memory, needed: 8 * lanes });
        }
        Ok(Self { memory, time, lanes })
    }

    /// KiB.
    pub fn memory(self) -> u32 {
        self.memory
    }

    /// Passes over the memory.
    pub fn time(self) -> u32 {
        self.time
    }

    /// Lanes, Django's `parallelism`. Jeton walks them one after the other on one thread.
    pub fn lanes(self) -> u32 {
        self.lanes
    }
}

impl Default for Argon2Cost {
    /// 19 MiB, two passes, one lane: OWASP's first choice.
    fn default() -> Self {
        Self { memory: 19_456, time: 2, lanes: 1 }
    }
}

/// Why argon2 cannot run at a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CostError {
    /// `t` is zero.
    #[error("argon2 needs a time of at least 1")]
    NoTime,
    /// `p` is zero or beyond argon2's own limit.
    #[error("argon2 takes 1 to {MAX_LANES} lanes, not {lanes}")]
    Lanes {
        /// What was asked for.
        lanes: u32,
    },
    /// `m` is under 8 KiB for each lane.
    #[error("argon2 needs {needed} KiB for so many lanes, not {memory}")]
    TooLittleMemory {
        /// What was asked for.
        memory: u32,
        /// The least that will do.
        needed: u32,
    },
}

/// The logarithm of bcrypt's rounds, 4 to 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct BcryptCost(u32);

impl BcryptCost {
    pub(super) fn new(logarithm: u32) -> Option<Self> {
        (4..=31).contains(&logarithm).then_some(Self(logarithm))
    }

    pub(super) fn logarithm(self) -> u32 {
        self.0
    }

    pub(super) fn rounds(self) -> u64 {
        1 << self.0
    }

    /// The costs from this one up to, but not including, `other`: doing each once lacks just what `other` has more.
    pub(super) fn up_to(self, other: Self) -> impl Iterator<Item = Self> {
        (self.0..other.0).map(Self)
    }
}

/// The three costs of scrypt, in a combination that scrypt can run in an address space of 32 bits or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ScryptCost {
    log_n: u8,
    r: u32,
    p: u32,
}

impl ScryptCost {
    /// `N` must be a power of two over 1 and under `2^(16r)`, as OpenSSL wants it, `r` and `p` over 0; and both the
    /// blocks of one lane and those that join the lanes must fit into 2 TiB.
    pub(super) fn new(n: u32, r: u32, p: u32) -> Option<Self> {
        if !n.is_power_of_two() || n == 1 || r == 0 || p == 0 {
            return None;
        }
        let log_n = n.ilog2();
        let small = u64::from(log_n) < 16 * u64::from(r) && u64::from(r) * u64::from(p) < 1 << 30;
        let in_bounds = small && u64::from(n) * u64::from(r) <= MAX_BLOCKS;
        if in_bounds { Some(Self { log_n: u8::try_from(log_n).ok()?, r, p }) } else { None }
    }

    pub(super) fn log_n(self) -> u8 {
        self.log_n
    }

    pub(super) fn r(self) -> u32 {
        self.r
    }

    pub(super) fn p(self) -> u32 {
        self.p
    }

    /// Bytes that are in use at once: the table of one lane, and a block for each.
    pub(super) fn memory(self) -> u64 {
        let row = 128 * u64::from(self.r);
        (row << self.log_n) + row * (u64::from(self.p) + 1)
    }

    /// Blocks of 128 bytes that are walked, over all lanes.
    pub(super) fn blocks(self) -> u64 {
        (u64::from(self.r) << self.log_n).saturating_mul(self.p.into())
    }
}

/// The work of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Cost {
    Pbkdf2Sha1(Iterations),
    Pbkdf2Sha256(Iterations),
    Argon2(Argon2Cost),
    Bcrypt(BcryptCost),
    Scrypt(ScryptCost),
}

/// Argon2's own limit, RFC 9106 section 3.1.
const MAX_LANES: u32 = 0x00FF_FFFF;
/// Blocks of 128 bytes in 2 TiB.
const MAX_BLOCKS: u64 = 1 << 34;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_that_argon2_cannot_run_are_no_costs() {
        assert_eq!(Argon2Cost::new(64, 0, 1), Err(CostError::NoTime));
        assert_eq!(Argon2Cost::new(64, 1, 0), Err(CostError::Lanes { lanes: 0 }));
        assert_eq!(Argon2Cost::new(u32::MAX, 1, 1 << 24), Err(CostError::Lanes { lanes: 1 << 24 }));
        assert_eq!(Argon2Cost::new(15, 1, 2), Err(CostError::TooLittleMemory { memory: 15, needed: 16 }));
        assert!(Argon2Cost::new(16, 1, 2).is_ok());
    }

    #[test]
    fn costs_that_bcrypt_and_scrypt_cannot_run_are_no_costs() {
        assert!(BcryptCost::new(3).is_none() && BcryptCost::new(32).is_none() && BcryptCost::new(u32::MAX).is_none());
        for (n, r, p) in [
            (0, 8, 1),
            (1, 8, 1),
            (3, 8, 1),
            (u32::MAX, 8, 1),
            (16, 0, 1),
            (16, 8, 0),
            (1 << 16, 1, 1),
            (2, 1 << 15, 1 << 15),
            (2, u32::MAX, u32::MAX),
            (1 << 31, u32::MAX, 1),
            (1 << 31, 16, 1),
        ] {
            assert!(ScryptCost::new(n, r, p).is_none(), "{n} {r} {p}");
        }
        assert_eq!(ScryptCost::new(1 << 14, 8, 5).unwrap().memory(), (16 << 20) + 6 * 1024);
        assert!(ScryptCost::new(2, (1 << 30) - 1, 1).is_some());
    }

    #[test]
    fn the_bcrypt_costs_between_two_lack_just_what_the_higher_has_more() {
        let (low, high) = (BcryptCost::new(5).unwrap(), BcryptCost::new(9).unwrap());
        let between: u64 = low.up_to(high).map(BcryptCost::rounds).sum();
        assert_eq!(low.rounds() + between, high.rounds());
        assert_eq!(high.up_to(low).count(), 0);
    }
}
