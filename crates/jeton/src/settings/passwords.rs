//! `[passwords]`: how passwords are hashed, and what foreign hashes may cost.

use super::Compatibility;
use super::given::{Words, Wrong, between};
use super::reader::Reader;
use crate::passwords::Validator;

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
    /// A stored bcrypt hash that asks for a higher cost (the logarithm of its rounds) than this never matches.
    pub max_bcrypt_cost: u32,
    /// A stored scrypt hash that asks for more memory than this, in KiB, never matches.
    pub max_scrypt_memory_kib: u32,
    /// A stored scrypt hash that asks for more lanes than this never matches.
    pub max_scrypt_lanes: u32,
    /// Threads that hash, and do nothing else.
    pub threads: usize,
    /// How many passwords may wait for a thread; past it the answer is 503.
    pub queue: usize,
    /// The longest password, in bytes; a longer one never matches.
    pub max_length: usize,
    /// The shortest new password, in characters.
    pub min_length: usize,
    /// What a new password must pass, in the order of their messages.
    pub validators: Vec<Validator>,
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
            max_bcrypt_cost: 16,
            max_scrypt_memory_kib: 262_144,
            max_scrypt_lanes: 16,
            threads: 2,
            queue: 256,
            max_length: 4096,
            min_length: 8,
            validators: Validator::ALL.to_vec(),
            trim: exact,
        }
    }
}

impl Passwords {
    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("passwords");
        let mut passwords = Self::defaults(compatibility);
        passwords.preferred = section.read(
            "preferred",
            "The hash of new passwords: argon2 or pbkdf2_sha256. Others are read, and rehashed at the next login.",
            passwords.preferred,
        );
        let mut cost = |key, about, value: &mut u32, least, most| {
            *value = section.read_if(key, about, *value, between(least..=most));
        };
        cost(
            "max_pbkdf2_iterations",
            "A stored pbkdf2_sha256 or pbkdf2_sha1 hash that asks for more iterations never matches.",
            &mut passwords.max_pbkdf2_iterations,
            1,
            u32::MAX,
        );
        cost(
            "max_argon2_memory_kib",
            "A stored argon2 hash that asks for more memory, in KiB, never matches.",
            &mut passwords.max_argon2_memory_kib,
            8,
            16 * 1024 * 1024,
        );
        cost(
            "max_argon2_iterations",
            "A stored argon2 hash that asks for more passes never matches.",
            &mut passwords.max_argon2_iterations,
            1,
            10_000,
        );
        cost(
            "max_argon2_lanes",
            "A stored argon2 hash that asks for more lanes never matches.",
            &mut passwords.max_argon2_lanes,
            1,
            1024,
        );
        cost(
            "max_bcrypt_cost",
            "A stored bcrypt or bcrypt_sha256 hash of a higher cost never matches. Each step doubles the work.",
            &mut passwords.max_bcrypt_cost,
            4,
            31,
        );
        cost(
            "max_scrypt_memory_kib",
            "A stored scrypt hash that asks for more memory, in KiB, never matches.",
            &mut passwords.max_scrypt_memory_kib,
            1,
            16 * 1024 * 1024,
        );
        cost(
            "max_scrypt_lanes",
            "A stored scrypt hash that asks for more lanes never matches.",
            &mut passwords.max_scrypt_lanes,
            1,
            1024,
        );
        let (iterations, memory) = (passwords.max_pbkdf2_iterations, passwords.max_argon2_memory_kib);
        let (passes, lanes) = (passwords.max_argon2_iterations, passwords.max_argon2_lanes);
        cost(
            "pbkdf2_iterations",
            "Iterations of a new pbkdf2_sha256 hash.",
            &mut passwords.pbkdf2_iterations,
            1,
            iterations,
        );
        cost("argon2_iterations", "Passes of a new argon2 hash.", &mut passwords.argon2_iterations, 1, passes);
        cost("argon2_lanes", "Lanes of a new argon2 hash.", &mut passwords.argon2_lanes, 1, lanes);
        let least = passwords.argon2_lanes.saturating_mul(8).min(memory);
        cost(
            "argon2_memory_kib",
            "Memory of a new argon2 hash, in KiB; at least 8 for each lane.",
            &mut passwords.argon2_memory_kib,
            least,
            memory,
        );
        let mut count = |key, about, value: &mut usize, least, most| {
            *value = section.read_if(key, about, *value, between(least..=most));
        };
        count("threads", "Threads that hash passwords and do nothing else.", &mut passwords.threads, 1, 1024);
        count(
            "queue",
            "How many passwords may wait for a thread; past it the answer is 503.",
            &mut passwords.queue,
            1,
            100_000,
        );
        count("max_length", "The longest password, in bytes.", &mut passwords.max_length, 64, 65_536);
        count("min_length", "The shortest new password, in characters.", &mut passwords.min_length, 1, 64);
        passwords.validators = section.read(
            "validators",
            "What a new password must pass: similarity (to name or e-mail), length, common and numeric; [] for nothing.",
            passwords.validators,
        );
        passwords.trim = section.read(
            "trim",
            "Whether blanks around a password are cut off at the token endpoints, as Simple JWT does.",
            passwords.trim,
        );
        if passwords.preferred == PreferredHash::Pbkdf2Sha256 && passwords.pbkdf2_iterations < FEW_ITERATIONS {
            let what = format!("fewer than {FEW_ITERATIONS} iterations make a stolen hash cheap to guess");
            section.warn("pbkdf2_iterations", Wrong::new(what, "Raise it, if this is more than a test."));
        }
        passwords
    }
}

impl Words for PreferredHash {
    const WORDS: &'static [(&'static str, Self)] = &[("argon2", Self::Argon2), ("pbkdf2_sha256", Self::Pbkdf2Sha256)];
}

impl Words for Validator {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("similarity", Self::Similarity),
        ("length", Self::Length),
        ("common", Self::Common),
        ("numeric", Self::Numeric),
        ("django.contrib.auth.password_validation.UserAttributeSimilarityValidator", Self::Similarity),
        ("django.contrib.auth.password_validation.MinimumLengthValidator", Self::Length),
        ("django.contrib.auth.password_validation.CommonPasswordValidator", Self::Common),
        ("django.contrib.auth.password_validation.NumericPasswordValidator", Self::Numeric),
    ];
}

/// What OWASP's password storage cheat sheet asks of PBKDF2-HMAC-SHA256.
const FEW_ITERATIONS: u32 = 600_000;
