//! `[passwords]`: how passwords are hashed, and what foreign hashes may cost.

use super::Compatibility;

/// The hash that new passwords get; others are read, and rehashed at the next login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreferredHash {
    /// `pbkdf2_sha256`, Django's own preference.
    Pbkdf2Sha256,
    /// `argon2id`.
    Argon2,
}

/// Hashing and its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passwords {
    /// The hash of new passwords.
    pub preferred: PreferredHash,
    /// Iterations of a new `pbkdf2_sha256` hash.
    pub pbkdf2_iterations: u32,
    /// Memory of a new `argon2id` hash, in KiB.
    pub argon2_memory_kib: u32,
    /// Passes of a new `argon2id` hash.
    pub argon2_iterations: u32,
    /// Lanes of a new `argon2id` hash.
    pub argon2_lanes: u32,
    /// A stored hash that asks for more iterations than this never matches.
    pub max_pbkdf2_iterations: u32,
    /// A stored hash that asks for more memory than this, in KiB, never matches.
    pub max_argon2_memory_kib: u32,
    /// A stored hash that asks for more passes than this never matches.
    pub max_argon2_iterations: u32,
    /// A stored hash that asks for more lanes than this never matches.
    pub max_argon2_lanes: u32,
    /// Threads that hash, and do nothing else.
    pub threads: usize,
    /// How many passwords may wait for a thread; past it the answer is 503.
    pub queue: usize,
    /// The longest password, in bytes; a longer one never matches.
    pub max_length: usize,
    /// The shortest new password, in characters.
    pub min_length: usize,
    /// Whether blanks around a password are cut off at the token endpoints, as Simple JWT does.
    pub trim: bool,
}

impl Passwords {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        let exact = compatibility == Compatibility::Exact;
        Self {
            preferred: if exact { PreferredHash::Pbkdf2Sha256 } else { PreferredHash::Argon2 },
            pbkdf2_iterations: 1_000_000,
            argon2_memory_kib: 19_456,
            argon2_iterations: 2,
            argon2_lanes: 1,
            max_pbkdf2_iterations: 10_000_000,
            max_argon2_memory_kib: 1_048_576,
            max_argon2_iterations: 64,
            max_argon2_lanes: 64,
            threads: 2,
            queue: 256,
            max_length: 4096,
            min_length: 8,
            trim: exact,
        }
    }
}
