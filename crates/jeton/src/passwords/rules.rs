//! What a check does, step by step: which work is spent on whom, and when a hash is made anew.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use jeton_token::secret::Secret;
use tracing::warn;

use super::config::{Algorithm, PasswordConfig};
use super::cost::{Cost, CostLimits};
use super::encoded::{Encoded, salt};
use super::worker::{OutOfMemory, Worker};
use super::{Verdict, argon2, pbkdf2};
use crate::entropy::Entropy;

/// The rules of one site.
#[derive(Debug)]
pub(super) struct Rules {
    /// What new hashes are made with.
    preferred: Cost,
    /// What is spent on a user who is not there.
    usual: Mutex<Cost>,
    limits: CostLimits,
    warned: AtomicBool,
    entropy: Entropy,
}

impl Rules {
    pub(super) fn new(config: &PasswordConfig, entropy: Entropy) -> Self {
        let preferred = match config.preferred {
            Algorithm::Pbkdf2Sha256 => Cost::Pbkdf2Sha256(config.pbkdf2_iterations),
            Algorithm::Argon2 => Cost::Argon2(config.argon2),
        };
        Self {
            preferred,
            usual: Mutex::new(preferred),
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
            let usual = *self.usual.lock().unwrap_or_else(PoisonError::into_inner);
            self.encode(worker, password, usual)?;
            return Ok(Verdict::NoMatch);
        };
        if !encoded.matches(worker, password)? {
            self.harden(worker, password, &encoded);
            return Ok(Verdict::NoMatch);
        }
        let rehash = if self.is_stale(&encoded) { Some(self.hash(worker, password)?) } else { None };
        Ok(Verdict::Match { rehash })
    }

    pub(super) fn hash(&self, worker: &mut Worker, password: &str) -> Result<Secret<String>, OutOfMemory> {
        self.encode(worker, password, self.preferred)
    }

    /// The commonest cost among these stored passwords is spent on unknown users from now on; the preferred one if
    /// there is none.
    pub(super) fn take_census<'a>(&self, stored: impl IntoIterator<Item = &'a str>) {
        let mut census = HashMap::<Cost, usize>::new();
        for encoded in stored.into_iter().filter_map(Encoded::parse) {
            let cost = self.cost_of_failure(&encoded);
            if self.limits.admit(cost) {
                *census.entry(cost).or_default() += 1;
            }
        }
        let usual = census
            .into_iter()
            .max_by_key(|&(cost, count)| (count, cost == self.preferred))
            .map_or(self.preferred, |(cost, _)| cost);
        *self.usual.lock().unwrap_or_else(PoisonError::into_inner) = usual;
    }

    fn encode(&self, worker: &mut Worker, password: &str, cost: Cost) -> Result<Secret<String>, OutOfMemory> {
        let salt = salt(&self.entropy);
        let stored = match cost {
            Cost::Pbkdf2Sha256(iterations) => pbkdf2::encode(worker, password, &salt, iterations),
            Cost::Argon2(cost) => argon2::encode(worker, password, &salt, cost)?,
        };
        Ok(Secret::new(stored))
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

    /// Django's rule: only within the preferred algorithm, and only for PBKDF2, whose cost can be topped up.
    fn harden(&self, worker: &Worker, password: &str, encoded: &Encoded<'_>) {
        match (self.preferred, encoded) {
            (Cost::Pbkdf2Sha256(iterations), Encoded::Pbkdf2Sha256(stored)) => {
                stored.harden(worker, password, iterations);
            }
            (Cost::Pbkdf2Sha256(_), Encoded::Argon2(_)) | (Cost::Argon2(_), _) => {}
        }
    }

    fn is_stale(&self, encoded: &Encoded<'_>) -> bool {
        match (self.preferred, encoded) {
            (Cost::Pbkdf2Sha256(iterations), Encoded::Pbkdf2Sha256(stored)) => stored.is_stale(iterations),
            (Cost::Argon2(cost), Encoded::Argon2(stored)) => stored.is_stale(cost),
            (Cost::Pbkdf2Sha256(_), Encoded::Argon2(_)) | (Cost::Argon2(_), Encoded::Pbkdf2Sha256(_)) => true,
        }
    }

    /// What a wrong password costs against this hash, the topping up included.
    fn cost_of_failure(&self, encoded: &Encoded<'_>) -> Cost {
        match (self.preferred, encoded.cost()) {
            (Cost::Pbkdf2Sha256(preferred), Cost::Pbkdf2Sha256(iterations)) => {
                Cost::Pbkdf2Sha256(iterations.max(preferred))
            }
            (_, cost) => cost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passwords::cost::{Argon2Cost, Iterations};

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
            assert_ne!(known, (0, 0));
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
            assert_eq!(spent.take(), (u64::from(iterations.max(60)), 0));
        }
    }

    #[test]
    fn a_hash_beyond_the_limits_matches_nothing_and_costs_what_nobody_costs() {
        let config = PasswordConfig {
            limits: CostLimits { pbkdf2_iterations: 100, argon2_memory: 128, argon2_time: 3, argon2_lanes: 4 },
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

    #[test]
    fn after_a_census_an_unknown_user_costs_what_most_users_cost() {
        let (rules, mut worker) = room(Algorithm::Argon2);
        let salt = "saltsaltsaltsaltsalt22";
        let django = pbkdf2::encode(&worker, "x", salt, Iterations::new(77).unwrap());
        let own = rules.hash(&mut worker, "x").unwrap();
        let spent = worker.spent.clone();
        let mut nobody = || {
            spent.take();
            rules.verify(&mut worker, "wrong", None).unwrap();
            spent.take()
        };
        let preferred = nobody();
        assert_eq!(preferred, (0, 128));
        rules.take_census([django.as_str(), &django, own.expose(), "!", "!", "!"]);
        assert_eq!(nobody(), (77, 0));
        rules.take_census([own.expose().as_str(), &django, "nonsense"]);
        assert_eq!(nobody(), preferred, "a tie goes to the preferred cost");
        rules.take_census([format!("pbkdf2_sha256$4000000000${salt}$x").as_str()]);
        assert_eq!(nobody(), preferred, "what is beyond the limits is not counted");
    }
}
