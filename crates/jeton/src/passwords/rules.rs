//! What a check does, step by step: which work is spent on whom, and when a hash is made anew.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use jeton_token::secret::Secret;
use tracing::warn;

use super::config::{Algorithm, PasswordConfig};
use super::cost::{Argon2Cost, Cost, Iterations};
use super::encoded::{Encoded, salt};
use super::limits::CostLimits;
use super::rates::Rates;
use super::worker::{OutOfMemory, Worker};
use super::{Verdict, argon2, pbkdf2};
use crate::entropy::Entropy;

/// The rules of one site.
#[derive(Debug)]
pub(super) struct Rules {
    preferred: Preferred,
    /// What is spent on a user who is not there, and at least spent on every failure.
    usual: Mutex<Cost>,
    pub(super) rates: Rates,
    limits: CostLimits,
    warned: AtomicBool,
    entropy: Entropy,
}

impl Rules {
    pub(super) fn new(config: &PasswordConfig, entropy: Entropy) -> Self {
        let preferred = match config.preferred {
            Algorithm::Pbkdf2Sha256 => Preferred::Pbkdf2Sha256(config.pbkdf2_iterations),
            Algorithm::Argon2 => Preferred::Argon2(config.argon2),
        };
        Self {
            preferred,
            usual: Mutex::new(preferred.cost()),
            rates: Rates::default(),
            limits: config.limits.at_least(config.pbkdf2_iterations, config.argon2),
            warned: AtomicBool::new(false),
            entropy,
        }
    }

    pub(super) fn verify(
        &self,
        worker: &mut Worker,
        password: &str,
        stored: Option<&str>,
    ) -> Result<Verdict, OutOfMemory> {
        let Some(encoded) = stored.and_then(|stored| self.read(stored)) else {
            self.spend(worker, password, self.usual())?;
            return Ok(Verdict::NoMatch);
        };
        let cost = encoded.cost();
        if !self.rates.follow(cost, || encoded.matches(worker, password))? {
            self.harden(worker, password, cost)?;
            return Ok(Verdict::NoMatch);
        }
        let rehash = if self.is_stale(&encoded) { Some(self.hash(worker, password)?) } else { None };
        Ok(Verdict::Match { rehash })
    }

    pub(super) fn hash(&self, worker: &mut Worker, password: &str) -> Result<Secret<String>, OutOfMemory> {
        let salt = salt(&self.entropy);
        let stored = self.rates.follow(self.preferred.cost(), || match self.preferred {
            Preferred::Pbkdf2Sha256(iterations) => Ok(pbkdf2::encode(worker, password, &salt, iterations)),
            Preferred::Argon2(cost) => argon2::encode(worker, password, &salt, cost),
        })?;
        Ok(Secret::new(stored))
    }

    /// The commonest cost among these stored passwords is spent on unknown users from now on; the preferred one if
    /// there is none.
    pub(super) fn take_census<'a>(&self, stored: impl IntoIterator<Item = &'a str>) {
        let preferred = self.preferred.cost();
        let mut census = HashMap::<Cost, usize>::new();
        for encoded in stored.into_iter().filter_map(Encoded::parse) {
            if self.limits.admit(encoded.cost()) {
                *census.entry(self.cost_of_failure(encoded.cost())).or_default() += 1;
            }
        }
        let usual = census
            .into_iter()
            .max_by_key(|&(cost, count)| (count, cost == preferred))
            .map_or(preferred, |(cost, _)| cost);
        *self.usual.lock().unwrap_or_else(PoisonError::into_inner) = usual;
    }

    fn usual(&self) -> Cost {
        *self.usual.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spend(&self, worker: &mut Worker, password: &str, cost: Cost) -> Result<(), OutOfMemory> {
        let salt = self.entropy.bytes();
        self.rates.follow(cost, || worker.spend(password, salt, cost))
    }

    fn read<'a>(&self, stored: &'a str) -> Option<Encoded<'a>> {
        let encoded = Encoded::parse(stored)?;
        if self.limits.admit(encoded.cost()) {
            return Some(encoded);
        }
        if !self.warned.swap(true, Ordering::Relaxed) {
            warn!(
                cost = ?encoded.cost(),
                limits = ?self.limits,
                "a stored password asks for more work than the limits allow, so it matches nothing; said once"
            );
        }
        None
    }

    /// Spends what a failed check was cheaper than that of an unknown user. PBKDF2 and bcrypt are topped up to the
    /// letter, as Django does it within the preferred algorithm; whatever else differs is made up for in iterations
    /// of `pbkdf2_sha256`, by the clock. What was dearer cannot be taken back.
    fn harden(&self, worker: &mut Worker, password: &str, spent: Cost) -> Result<(), OutOfMemory> {
        let lacking = |spent: Iterations, usual: Iterations| Iterations::new(usual.get().saturating_sub(spent.get()));
        let missing = match (spent, self.usual()) {
            (Cost::Bcrypt(spent), Cost::Bcrypt(usual)) => {
                return spent.up_to(usual).try_for_each(|cost| self.spend(worker, password, Cost::Bcrypt(cost)));
            }
            (Cost::Pbkdf2Sha1(spent), Cost::Pbkdf2Sha1(usual)) => lacking(spent, usual).map(Cost::Pbkdf2Sha1),
            (Cost::Pbkdf2Sha256(spent), Cost::Pbkdf2Sha256(usual)) => lacking(spent, usual).map(Cost::Pbkdf2Sha256),
            (spent, usual) if spent == usual => None,
            (spent, usual) => self.rates.missing(spent, usual).map(Cost::Pbkdf2Sha256),
        };
        missing.map_or(Ok(()), |cost| self.spend(worker, password, cost))
    }

    fn is_stale(&self, encoded: &Encoded<'_>) -> bool {
        match (self.preferred, encoded) {
            (Preferred::Pbkdf2Sha256(iterations), Encoded::Pbkdf2(stored)) => stored.is_stale(iterations),
            (Preferred::Argon2(cost), Encoded::Argon2(stored)) => stored.is_stale(cost),
            (Preferred::Pbkdf2Sha256(_), Encoded::Argon2(_) | Encoded::Bcrypt(_) | Encoded::Scrypt(_))
            | (Preferred::Argon2(_), Encoded::Pbkdf2(_) | Encoded::Bcrypt(_) | Encoded::Scrypt(_)) => true,
        }
    }

    /// What a wrong password costs against such a hash: what is cheaper than the preferred cost is topped up to it.
    fn cost_of_failure(&self, cost: Cost) -> Cost {
        let preferred = self.preferred.cost();
        let cheaper = match (cost, preferred) {
            (Cost::Pbkdf2Sha256(stored), Cost::Pbkdf2Sha256(preferred)) => stored < preferred,
            (stored, preferred) => self.rates.is_less(stored, preferred),
        };
        if cheaper { preferred } else { cost }
    }
}

/// What new hashes are made with.
#[derive(Clone, Copy, Debug)]
enum Preferred {
    Pbkdf2Sha256(Iterations),
    Argon2(Argon2Cost),
}

impl Preferred {
    fn cost(self) -> Cost {
        match self {
            Self::Pbkdf2Sha256(iterations) => Cost::Pbkdf2Sha256(iterations),
            Self::Argon2(cost) => Cost::Argon2(cost),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passwords::worker::Work;

    fn config(preferred: Algorithm) -> PasswordConfig {
        PasswordConfig {
            preferred,
            pbkdf2_iterations: Iterations::new(60).unwrap(),
            argon2: Argon2Cost::new(64, 2, 2).unwrap(),
            ..PasswordConfig::default()
        }
    }

    fn room(preferred: Algorithm) -> (Rules, Worker) {
        let config = config(preferred);
        (Rules::new(&config, Entropy::seeded(11)), Worker::new(config.argon2))
    }

    #[test]
    fn what_is_hashed_is_verified_and_nothing_beside_it() {
        let entropy = Entropy::seeded(5);
        for preferred in [Algorithm::Pbkdf2Sha256, Algorithm::Argon2] {
            let (rules, mut worker) = room(preferred);
            for length in 0..60 {
                let password = entropy.text(length, "aZ0 \t$%é한🔑\u{0301}");
                let stored = rules.hash(&mut worker, &password).unwrap();
                assert!(stored.expose().len() <= 128, "fits Django's column");
                let mut verify = |password: &str| rules.verify(&mut worker, password, Some(stored.expose())).unwrap();
                assert!(matches!(verify(&password), Verdict::Match { rehash: None }));
                for other in [format!("{password} "), format!(" {password}"), "other".into()] {
                    assert!(matches!(verify(&other), Verdict::NoMatch));
                }
            }
        }
    }

    #[test]
    fn a_wrong_password_an_unknown_user_and_an_unusable_hash_cost_the_same() {
        for preferred in [Algorithm::Pbkdf2Sha256, Algorithm::Argon2] {
            let (rules, mut worker) = room(preferred);
            let stored = rules.hash(&mut worker, "right").unwrap();
            let spent = worker.spent.clone();
            spent.take();
            let mut cost = |stored: Option<&str>| {
                assert!(matches!(rules.verify(&mut worker, "wrong", stored), Ok(Verdict::NoMatch)));
                spent.take()
            };
            let known = cost(Some(stored.expose()));
            assert_ne!(known, Work::default());
            let truncated = &stored.expose()[..stored.expose().len() - 60];
            for stored in [None, Some(""), Some("!"), Some("!unusable"), Some("md5$salt$hash"), Some(truncated)] {
                assert_eq!(cost(stored), known, "{stored:?} with {preferred:?} preferred");
            }
        }
    }

    #[test]
    fn a_failure_against_fewer_iterations_is_topped_up_to_the_preferred_ones() {
        let (rules, mut worker) = room(Algorithm::Pbkdf2Sha256);
        let spent = worker.spent.clone();
        for iterations in [1, 30, 59, 60, 61, 100] {
            let stored =
                pbkdf2::encode(&worker, "right", "saltsaltsaltsaltsalt22", Iterations::new(iterations).unwrap());
            spent.take();
            rules.verify(&mut worker, "wrong", Some(&stored)).unwrap();
            assert_eq!(spent.take(), Work { pbkdf2_sha256: iterations.max(60).into(), ..Work::default() });
        }
    }

    #[test]
    fn a_hash_beyond_the_limits_matches_nothing_and_costs_what_nobody_costs() {
        let config = PasswordConfig {
            limits: CostLimits {
                pbkdf2_iterations: 100,
                argon2_memory: 128,
                argon2_time: 3,
                argon2_lanes: 4,
                ..CostLimits::default()
            },
            ..config(Algorithm::Argon2)
        };
        let rules = Rules::new(&config, Entropy::seeded(2));
        let mut worker = Worker::new(config.argon2);
        let spent = worker.spent.clone();
        spent.take();
        rules.verify(&mut worker, "right", None).unwrap();
        let nobody = spent.take();

        let salt = "saltsaltsaltsaltsalt22";
        let pbkdf2 = |iterations| {
            pbkdf2::encode(&Worker::new(config.argon2), "right", salt, Iterations::new(iterations).unwrap())
        };
        let argon2 = |memory, time, lanes| {
            let cost = Argon2Cost::new(memory, time, lanes).unwrap();
            argon2::encode(&mut Worker::new(cost), "right", salt, cost).unwrap()
        };
        for within in [pbkdf2(100), argon2(128, 3, 4)] {
            let verdict = rules.verify(&mut worker, "right", Some(&within)).unwrap();
            assert!(matches!(verdict, Verdict::Match { rehash: Some(_) }), "{within}");
        }
        spent.take();
        for beyond in [pbkdf2(101), argon2(129, 3, 4), argon2(128, 4, 4), argon2(128, 3, 5)] {
            assert!(matches!(rules.verify(&mut worker, "right", Some(&beyond)), Ok(Verdict::NoMatch)), "{beyond}");
            assert_eq!(spent.take(), nobody, "{beyond}");
        }
        assert!(rules.warned.load(Ordering::Relaxed));
        let endless = format!("pbkdf2_sha256$4294967295${salt}$aGFzaA==");
        assert!(matches!(rules.verify(&mut worker, "right", Some(&endless)), Ok(Verdict::NoMatch)));
        assert_eq!(spent.take(), nobody);
    }
}
