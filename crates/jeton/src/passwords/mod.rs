//! Passwords in Django's spelling: checked, made, and brought up to date, on threads of their own.
//!
//! A stored password names its algorithm before the first `$`. Read and written are `pbkdf2_sha256$…` and `argon2$…`;
//! only read, and written anew at the next login, are `pbkdf2_sha1$…`, `bcrypt_sha256$…`, `bcrypt$…` and `scrypt$…`.
//! Whatever else a row holds matches nothing, at the price of a user who does not exist.

mod argon2;
mod bcrypt;
mod config;
mod cost;
#[cfg(test)]
mod django_vectors;
mod encoded;
#[cfg(test)]
mod equal_work;
mod limits;
#[cfg(test)]
mod mutations;
mod pbkdf2;
mod pool;
mod rates;
mod rules;
mod scrypt;
mod validators;
mod worker;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jeton_token::secret::Secret;

pub use config::{Algorithm, PasswordConfig, UnknownAlgorithm};
pub use cost::{Argon2Cost, CostError, Iterations};
pub use encoded::{algorithm, is_usable, make_unusable};
pub use limits::CostLimits;
pub use validators::{Attribute, Person, Validator, Weakness};

use crate::entropy::Entropy;
use pool::Pool;
use rules::Rules;
use worker::Worker;

/// Checks and makes stored passwords. Clones share one pool of threads, which ends with the last of them.
///
/// The methods can be awaited on any runtime. A future that is dropped gives up its place: the work is not done unless
/// it has begun.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use jeton::entropy::Entropy;
/// use jeton::passwords::{Hasher, PasswordConfig, Verdict};
/// use jeton_token::secret::Secret;
///
/// let hasher = Hasher::new(&PasswordConfig::default(), Entropy::system())?;
/// let stored = hasher.hash("correct horse".into()).await?;
/// assert!(stored.expose().starts_with("argon2$argon2id$v=19$m=19456,t=2,p=1$"));
///
/// let verdict = hasher.verify("correct horse".into(), Some(&stored)).await?;
/// assert!(matches!(verdict, Verdict::Match { rehash: None }));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Hasher {
    pool: Arc<Pool>,
    rules: Arc<Rules>,
    max_length: usize,
}

/// What a check found.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The password is right.
    Match {
        /// What to store instead, where the stored hash is not as it would be made today: another algorithm, another
        /// cost in either direction, or a salt under 128 bits.
        rehash: Option<Secret<String>>,
    },
    /// The password is wrong, or there is nothing that it could match.
    NoMatch,
}

/// Why a password could be neither checked nor made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many are waiting already.
    #[error("too many passwords are being checked; try again in {} s", retry_after.as_secs())]
    Overloaded {
        /// When there should be room again, in whole seconds.
        retry_after: Duration,
    },
    /// A new password is longer than the limit.
    #[error("a password has at most {max_length} bytes")]
    TooLong {
        /// The limit.
        max_length: usize,
    },
    /// No memory, or a fault in a hash; the log says which. Nothing is known about the password.
    #[error("the password could not be hashed")]
    Unavailable,
}

impl Hasher {
    /// Starts the threads; fails where the system has none to give.
    pub fn new(config: &PasswordConfig, entropy: Entropy) -> io::Result<Self> {
        let pool = Pool::start(config.threads, config.queue, || Worker::new(config.argon2))?;
        Ok(Self { pool: Arc::new(pool), rules: Arc::new(Rules::new(config, entropy)), max_length: config.max_length })
    }

    /// Checks a password against what is stored, or, for a user who does not exist, against nothing (`None`) at the
    /// same cost. A password over the length limit is refused at once, whoever's it is.
    pub async fn verify(
        &self,
        password: Secret<String>,
        stored: Option<&Secret<String>>,
    ) -> Result<Verdict, PasswordError> {
        if password.expose().len() > self.max_length {
            return Ok(Verdict::NoMatch);
        }
        let (rules, stored) = (Arc::clone(&self.rules), stored.cloned());
        self.pool
            .run(move |worker| {
                let stored = stored.as_ref().map(|stored| stored.expose().as_str());
                rules.verify(worker, password.expose(), stored)
            })
            .await
    }

    /// Makes what to store for a password, with the preferred algorithm and a new salt.
    pub async fn hash(&self, password: Secret<String>) -> Result<Secret<String>, PasswordError> {
        if password.expose().len() > self.max_length {
            return Err(PasswordError::TooLong { max_length: self.max_length });
        }
        let rules = Arc::clone(&self.rules);
        self.pool.run(move |worker| rules.hash(worker, password.expose())).await
    }

    /// Learns from a sample of the site's stored passwords what most of them cost, so that an unknown user costs as
    /// much. Without a census that is the preferred cost, which would give away names on a site whose hashes came
    /// from elsewhere.
    pub fn take_census<'a>(&self, stored: impl IntoIterator<Item = &'a str>) {
        self.rules.take_census(stored);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(preferred: Algorithm) -> Hasher {
        let config = PasswordConfig {
            preferred,
            pbkdf2_iterations: Iterations::new(10).unwrap(),
            argon2: Argon2Cost::new(64, 1, 1).unwrap(),
            max_length: 4096,
            ..PasswordConfig::default()
        };
        Hasher::new(&config, Entropy::seeded(1)).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_made_checked_and_moved_to_the_preferred_algorithm() {
        let (old, new) = (hasher(Algorithm::Pbkdf2Sha256), hasher(Algorithm::Argon2));
        let stored = old.hash("pass".into()).await.unwrap();
        assert!(stored.expose().starts_with("pbkdf2_sha256$10$"));
        let verdict = new.verify("pass".into(), Some(&stored)).await.unwrap();
        let Verdict::Match { rehash: Some(moved) } = verdict else { panic!("{verdict:?}") };
        assert_eq!(algorithm(moved.expose()), "argon2");
        assert!(matches!(new.verify("pass".into(), Some(&moved)).await, Ok(Verdict::Match { rehash: None })));
        assert!(matches!(new.verify("Pass".into(), Some(&moved)).await, Ok(Verdict::NoMatch)));
        assert!(matches!(new.verify("pass".into(), None).await, Ok(Verdict::NoMatch)));
    }

    #[tokio::test]
    async fn a_password_beyond_the_limit_never_matches_and_cannot_be_set() {
        let hasher = hasher(Algorithm::Argon2);
        let longest = "é".repeat(2048);
        let stored = hasher.hash(longest.as_str().into()).await.unwrap();
        assert!(matches!(hasher.verify(longest.as_str().into(), Some(&stored)).await, Ok(Verdict::Match { .. })));
        let longer = format!("{longest}x");
        assert_eq!(hasher.hash(longer.as_str().into()).await.unwrap_err(), PasswordError::TooLong { max_length: 4096 });
        for stored in [None, Some(&stored)] {
            assert!(matches!(hasher.verify(longer.as_str().into(), stored).await, Ok(Verdict::NoMatch)));
        }
    }

    #[tokio::test]
    async fn nothing_of_a_password_shows_in_debug() {
        let hasher = hasher(Algorithm::Pbkdf2Sha256);
        let stored = hasher.hash("tell-tale".into()).await.unwrap();
        let argon2 = self::hasher(Algorithm::Argon2);
        let verdict = argon2.verify("tell-tale".into(), Some(&stored)).await.unwrap();
        let shown = format!("{hasher:?} {argon2:?} {stored:?} {verdict:?}");
        assert!(!shown.contains("tell-tale") && !shown.contains("argon2$") && !shown.contains("pbkdf2_sha256$"));
    }

    #[test]
    fn the_defaults_are_django_s_iterations_and_owasp_s_argon2() {
        let config = PasswordConfig::default();
        assert_eq!((config.preferred, config.pbkdf2_iterations.get()), (Algorithm::Argon2, 1_000_000));
        assert_eq!((config.argon2.memory(), config.argon2.time(), config.argon2.lanes()), (19_456, 2, 1));
        assert_eq!(config.max_length, 4096);
        let django = Argon2Cost::new(102_400, 2, 8).unwrap();
        assert_eq!(config.limits, config.limits.at_least(config.pbkdf2_iterations, django), "Django's hashes fit");
    }
}
