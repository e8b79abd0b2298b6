//! How much of a stranger's cost is accepted.

use super::cost::{Argon2Cost, Cost, Iterations};

/// The most that checking one stored hash may cost. A hash that asks for more never matches: whoever can write a row
/// of the user table must not be able to stop sign-in for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostLimits {
    /// Iterations of `pbkdf2_sha256` and `pbkdf2_sha1`.
    pub pbkdf2_iterations: u32,
    /// Memory of argon2, in KiB. With the number of threads, this bounds the memory of all checks together.
    pub argon2_memory: u32,
    /// Passes of argon2.
    pub argon2_time: u32,
    /// Lanes of argon2.
    pub argon2_lanes: u32,
    /// Cost of bcrypt: the logarithm of its rounds.
    pub bcrypt_cost: u32,
    /// Memory of scrypt, in KiB. With the number of threads, this bounds the memory of all checks together.
    pub scrypt_memory: u32,
    /// Lanes of scrypt, which are walked one after the other.
    pub scrypt_lanes: u32,
}

impl Default for CostLimits {
    /// Ten times Django 5.2's iterations; two and a half times the memory of its argon2, and twice its lanes; sixteen
    /// times its bcrypt and, less a little, the memory of its scrypt; three times the lanes of that.
    fn default() -> Self {
        Self {
            pbkdf2_iterations: 10_000_000,
            argon2_memory: 262_144,
            argon2_time: 10,
            argon2_lanes: 16,
            bcrypt_cost: 16,
            scrypt_memory: 262_144,
            scrypt_lanes: 16,
        }
    }
}

impl CostLimits {
    /// These limits, widened so that hashes of the site's own making are always accepted.
    pub(super) fn at_least(self, iterations: Iterations, argon2: Argon2Cost) -> Self {
        Self {
            pbkdf2_iterations: self.pbkdf2_iterations.max(iterations.get()),
            argon2_memory: self.argon2_memory.max(argon2.memory()),
            argon2_time: self.argon2_time.max(argon2.time()),
            argon2_lanes: self.argon2_lanes.max(argon2.lanes()),
            ..self
        }
    }

    pub(super) fn admit(&self, cost: Cost) -> bool {
        match cost {
            Cost::Pbkdf2Sha1(iterations) | Cost::Pbkdf2Sha256(iterations) => iterations.get() <= self.pbkdf2_iterations,
            Cost::Argon2(cost) => {
                cost.memory() <= self.argon2_memory
                    && cost.time() <= self.argon2_time
                    && cost.lanes() <= self.argon2_lanes
            }
            Cost::Bcrypt(cost) => cost.logarithm() <= self.bcrypt_cost,
            Cost::Scrypt(cost) => {
                cost.memory().div_ceil(1024) <= self.scrypt_memory.into() && cost.p() <= self.scrypt_lanes
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cost::{BcryptCost, ScryptCost};
    use super::*;

    #[test]
    fn limits_admit_up_to_themselves_in_each_direction() {
        let limits = CostLimits {
            pbkdf2_iterations: 10,
            argon2_memory: 64,
            argon2_time: 2,
            argon2_lanes: 2,
            bcrypt_cost: 5,
            scrypt_memory: 18,
            scrypt_lanes: 1,
        };
        let argon2 = |memory, time, lanes| Cost::Argon2(Argon2Cost::new(memory, time, lanes).unwrap());
        let pbkdf2 = |iterations| Cost::Pbkdf2Sha256(Iterations::new(iterations).unwrap());
        assert!(limits.admit(pbkdf2(10)) && !limits.admit(pbkdf2(11)));
        assert!(limits.admit(argon2(64, 2, 2)));
        assert!(!limits.admit(argon2(65, 2, 2)) && !limits.admit(argon2(64, 3, 2)) && !limits.admit(argon2(64, 2, 3)));
        let sha1 = |iterations| Cost::Pbkdf2Sha1(Iterations::new(iterations).unwrap());
        assert!(limits.admit(sha1(10)) && !limits.admit(sha1(11)));
        let bcrypt = |logarithm| Cost::Bcrypt(BcryptCost::new(logarithm).unwrap());
        assert!(limits.admit(bcrypt(5)) && !limits.admit(bcrypt(6)));
        let scrypt = |n, r, p| Cost::Scrypt(ScryptCost::new(n, r, p).unwrap());
        assert!(limits.admit(scrypt(16, 8, 1)) && limits.admit(scrypt(128, 1, 1)));
        assert!(!limits.admit(scrypt(16, 9, 1)) && !limits.admit(scrypt(32, 8, 1)) && !limits.admit(scrypt(2, 1, 2)));
    }

    #[test]
    fn the_default_limits_admit_what_sites_use() {
        let limits = CostLimits::default();
        let scrypt = |n, r, p| limits.admit(Cost::Scrypt(ScryptCost::new(n, r, p).unwrap()));
        assert!(scrypt(1 << 14, 8, 5) && scrypt(1 << 17, 8, 1) && scrypt(1 << 17, 8, 16));
        assert!(!scrypt(1 << 18, 8, 1) && !scrypt(1 << 14, 8, 17) && !scrypt(1 << 31, 2, 1));
        let bcrypt = |logarithm| limits.admit(Cost::Bcrypt(BcryptCost::new(logarithm).unwrap()));
        assert!(bcrypt(12) && bcrypt(16) && !bcrypt(17) && !bcrypt(31));
    }

    #[test]
    fn limits_never_shut_out_the_sites_own_cost() {
        let tight = CostLimits {
            pbkdf2_iterations: 1,
            argon2_memory: 8,
            argon2_time: 1,
            argon2_lanes: 1,
            ..CostLimits::default()
        };
        let (iterations, argon2) = (Iterations::new(500).unwrap(), Argon2Cost::default());
        let limits = tight.at_least(iterations, argon2);
        assert!(limits.admit(Cost::Pbkdf2Sha256(iterations)) && limits.admit(Cost::Argon2(argon2)));
    }
}
