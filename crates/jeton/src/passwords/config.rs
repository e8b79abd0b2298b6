//! What a site settles about its passwords.

use std::num::NonZeroUsize;
use std::str::FromStr;

use super::cost::{Argon2Cost, Iterations};
use super::limits::CostLimits;

/// How passwords are hashed and how much of the machine that may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordConfig {
    /// What new hashes are made with, and old ones are brought to at login.
    pub preferred: Algorithm,
    /// Cost of new `pbkdf2_sha256` hashes.
    pub pbkdf2_iterations: Iterations,
    /// Cost of new argon2 hashes.
    pub argon2: Argon2Cost,
    /// The most that a stored hash may cost; the site's own costs are always within.
    pub limits: CostLimits,
    /// Threads that hash, and nothing else. Memory for argon2 is bounded by them.
    pub threads: NonZeroUsize,
    /// How many logins may wait for a thread. One more is [`PasswordError::Overloaded`](super::PasswordError).
    pub queue: usize,
    /// Bytes of the longest password; a longer one never matches and cannot be set.
    pub max_length: usize,
}

impl Default for PasswordConfig {
    /// Argon2id at OWASP's cost, Django 5.2's iterations, one thread fewer than the machine has cores.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            preferred: Algorithm::Argon2,
            pbkdf2_iterations: DJANGO_ITERATIONS,
            argon2: Argon2Cost::default(),
            limits: CostLimits::default(),
            threads: NonZeroUsize::new(cores.get() - 1).unwrap_or(NonZeroUsize::MIN),
            queue: 128,
            max_length: 4096,
        }
    }
}

/// A way of hashing that new passwords can be stored with.
///
/// ```
/// use jeton::passwords::Algorithm;
///
/// assert_eq!("argon2".parse(), Ok(Algorithm::Argon2));
/// assert_eq!(Algorithm::Pbkdf2Sha256.name(), "pbkdf2_sha256");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Django's default.
    Pbkdf2Sha256,
    /// Argon2id.
    Argon2,
}

impl Algorithm {
    /// Django's name for it, which a stored hash begins with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pbkdf2Sha256 => super::pbkdf2::NAME,
            Self::Argon2 => super::argon2::NAME,
        }
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Pbkdf2Sha256, Self::Argon2].into_iter().find(|known| known.name() == name).ok_or(UnknownAlgorithm)
    }
}

/// New passwords cannot be stored this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected pbkdf2_sha256 or argon2")]
pub struct UnknownAlgorithm;

const DJANGO_ITERATIONS: Iterations = Iterations::new(1_000_000).expect("a million is not zero");
