//! What a password hash costs, and how much of a stranger's cost is accepted.

use std::num::NonZeroU32;

use thiserror::Error;

/// Iterations of `pbkdf2_sha256`.
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

/// The most that checking one stored hash may cost. A hash that asks for more never matches: whoever can write a row
/// of the user table must not be able to stop sign-in for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostLimits {
    /// Iterations of `pbkdf2_sha256`.
    pub pbkdf2_iterations: u32,
    /// Memory of argon2, in KiB. With the number of threads, this bounds the memory of all checks together.
    pub argon2_memory: u32,
    /// Passes of argon2.
    pub argon2_time: u32,
    /// Lanes of argon2.
    pub argon2_lanes: u32,
}

impl Default for CostLimits {
    /// Ten times Django 5.2's iterations; two and a half times the memory of its argon2, and twice its lanes.
    fn default() -> Self {
        Self { pbkdf2_iterations: 10_000_000, argon2_memory: 262_144, argon2_time: 10, argon2_lanes: 16 }
    }
}

impl CostLimits {
    /// These limits, widened so that hashes of the site's own making are always accepted.
    pub(super) fn at_least(self, iterations: Iterations, argon2: Argon2Cost) -> Self {
        Self {
            pbkdf2_iterations: self.pbkdf2_iterations.max(iterations.get()),
            argon2_memory: self.argon2_memory.max(argon2.memory),
            argon2_time: self.argon2_time.max(argon2.time),
            argon2_lanes: self.argon2_lanes.max(argon2.lanes),
        }
    }

    pub(super) fn admit(&self, cost: Cost) -> bool {
        match cost {
            Cost::Pbkdf2Sha256(iterations) => iterations.get() <= self.pbkdf2_iterations,
            Cost::Argon2(cost) => {
                cost.memory <= self.argon2_memory && cost.time <= self.argon2_time && cost.lanes <= self.argon2_lanes
            }
        }
    }
}

/// The work of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Cost {
    Pbkdf2Sha256(Iterations),
    Argon2(Argon2Cost),
}

/// Argon2's own limit, RFC 9106 section 3.1.
const MAX_LANES: u32 = 0x00FF_FFFF;

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
    fn limits_admit_up_to_themselves_in_each_direction() {
        let limits = CostLimits { pbkdf2_iterations: 10, argon2_memory: 64, argon2_time: 2, argon2_lanes: 2 };
        let argon2 = |memory, time, lanes| Cost::Argon2(Argon2Cost::new(memory, time, lanes).unwrap());
        let pbkdf2 = |iterations| Cost::Pbkdf2Sha256(Iterations::new(iterations).unwrap());
        assert!(limits.admit(pbkdf2(10)) && !limits.admit(pbkdf2(11)));
        assert!(limits.admit(argon2(64, 2, 2)));
        assert!(!limits.admit(argon2(65, 2, 2)) && !limits.admit(argon2(64, 3, 2)) && !limits.admit(argon2(64, 2, 3)));
    }

    #[test]
    fn limits_never_shut_out_the_sites_own_cost() {
        let tight = CostLimits { pbkdf2_iterations: 1, argon2_memory: 8, argon2_time: 1, argon2_lanes: 1 };
        let (iterations, argon2) = (Iterations::new(500).unwrap(), Argon2Cost::default());
        let limits = tight.at_least(iterations, argon2);
        assert!(limits.admit(Cost::Pbkdf2Sha256(iterations)) && limits.admit(Cost::Argon2(argon2)));
    }
}
