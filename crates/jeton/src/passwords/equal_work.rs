//! That a failed login costs the same whoever is named, as far as it can: counted in work, without a clock.

use super::config::{Algorithm, PasswordConfig};
use super::cost::{Argon2Cost, BcryptCost, Cost, Iterations, ScryptCost};
use super::limits::CostLimits;
use super::rates::Rates;
use super::rules::Rules;
use super::worker::{Work, Worker};
use super::{Verdict, argon2, pbkdf2};
use crate::entropy::Entropy;

#[test]
fn after_a_census_an_unknown_user_costs_what_most_users_cost() {
    let mut site = Site::new(Algorithm::Argon2);
    let preferred = site.failure(None);
    assert_eq!(preferred, Work { argon2: 128, ..Work::default() });
    for (stored, cost) in [
        (pbkdf2(7000), Work { pbkdf2_sha256: 7000, ..Work::default() }),
        (PBKDF2_SHA1.into(), Work { pbkdf2_sha1: 9000, ..Work::default() }),
        (BCRYPT.into(), Work { bcrypt: 16, ..Work::default() }),
        (BCRYPT_SHA256.into(), Work { bcrypt: 32, ..Work::default() }),
        (SCRYPT.into(), Work { scrypt: 8 * 1024, ..Work::default() }),
    ] {
        site.rules.take_census([stored.as_str(), &stored, &argon2(64), "!", "!", "!"]);
        assert_eq!(site.failure(None), cost, "{stored}");
        assert_eq!(site.failure(Some(&stored)), cost, "{stored}");
    }
    let minority = pbkdf2(7000);
    site.rules.take_census([argon2(64).as_str(), &minority, "nonsense"]);
    assert_eq!(site.failure(None), preferred, "a tie goes to the preferred cost");
    for beyond in
        ["pbkdf2_sha256$4000000000$saltsaltsalt$x", "bcrypt$$2b$31$aaaaaaaaaaaaaaaaaaaaa.", "scrypt$1048576$s$8$1$x"]
    {
        site.rules.take_census([beyond]);
        assert_eq!(site.failure(None), preferred, "what is beyond the limits is not counted");
    }
}

#[test]
fn both_kinds_of_bcrypt_count_as_one_cost() {
    let mut site = Site::new(Algorithm::Argon2);
    let plain = BCRYPT_SHA256.replace("bcrypt_sha256", "bcrypt");
    let argon2 = argon2(64);
    site.rules.take_census([&argon2, BCRYPT_SHA256, &argon2, &plain, BCRYPT_SHA256]);
    assert_eq!(site.failure(None), Work { bcrypt: 32, ..Work::default() });
}

#[test]
fn a_failure_against_cheaper_bcrypt_is_topped_up_to_the_letter() {
    let mut site = Site::new(Algorithm::Argon2);
    site.rules.take_census([BCRYPT_SHA256]);
    for (cost, rounds) in [("04", 32), ("05", 32), ("06", 64)] {
        for name in ["bcrypt", "bcrypt_sha256"] {
            let stored = BCRYPT.replacen("bcrypt", name, 1).replace("$04$", &format!("${cost}$"));
            assert_eq!(site.failure(Some(&stored)), Work { bcrypt: rounds, ..Work::default() }, "{stored}");
        }
    }
}

#[test]
fn a_failure_against_fewer_iterations_of_sha1_is_topped_up_to_the_letter() {
    let mut site = Site::new(Algorithm::Argon2);
    site.rules.take_census([PBKDF2_SHA1]);
    for (iterations, spent) in [(1, 9000), (8999, 9000), (9000, 9000), (9001, 9001)] {
        let stored = PBKDF2_SHA1.replace("$9000$", &format!("${iterations}$"));
        assert_eq!(site.failure(Some(&stored)), Work { pbkdf2_sha1: spent, ..Work::default() }, "{stored}");
    }
}

#[test]
fn whatever_is_cheaper_than_an_unknown_user_takes_as_long_in_the_end() {
    let stored = [pbkdf2(1), pbkdf2(7000), argon2(8), argon2(64), PBKDF2_SHA1.into(), BCRYPT.into(), SCRYPT.into()];
    for preferred in [Algorithm::Pbkdf2Sha256, Algorithm::Argon2] {
        for majority in &stored {
            let mut site = Site::new(preferred);
            site.rules.take_census([majority.as_str()]);
            let nobody = site.failure(None);
            let nobody = site.picoseconds(nobody);
            for stored in &stored {
                let (alone, failure) = (site.check(stored), site.failure(Some(stored)));
                let (alone, failure) = (site.picoseconds(alone), site.picoseconds(failure));
                let expected = nobody.max(alone);
                assert!(failure.abs_diff(expected) < ITERATION, "{stored} among {majority}: {failure} not {expected}");
            }
        }
    }
}

#[test]
fn what_is_cheaper_than_the_preferred_cost_is_no_reason_to_spend_less_on_the_unknown() {
    for preferred in [Algorithm::Pbkdf2Sha256, Algorithm::Argon2] {
        let mut site = Site::new(preferred);
        let before = site.failure(None);
        let cheap = [pbkdf2(1), argon2(8), PBKDF2_SHA1.replace("$9000$", "$1$")];
        site.rules.take_census(cheap.iter().map(String::as_str));
        assert_eq!(site.failure(None), before, "{preferred:?}");
    }
}

#[test]
fn a_hash_beyond_the_limits_costs_what_nobody_costs() {
    let mut site = Site::new(Algorithm::Argon2);
    let nobody = site.failure(None);
    let salt = "saltsaltsaltsaltsalt22";
    for beyond in [
        format!("pbkdf2_sha1$10001${salt}$W/iz6Z/MoFc/ieYzmh8Y0DgoIAc="),
        BCRYPT.replace("$04$", "$08$"),
        BCRYPT_SHA256.replace("$05$", "$31$"),
        format!("scrypt$1048576${salt}$8$1$aGFzaA=="),
        format!("scrypt$2147483648${salt}$8$1$aGFzaA=="),
        format!("scrypt$2${salt}$1$17$aGFzaA=="),
        format!("scrypt$2${salt}$1073741823$1$aGFzaA=="),
    ] {
        assert!(super::encoded::Encoded::parse(&beyond).is_some(), "{beyond}");
        assert_eq!(site.failure(Some(&beyond)), nobody, "{beyond}");
    }
}

struct Site {
    rules: Rules,
    worker: Worker,
    preferred: Algorithm,
}

impl Site {
    fn new(preferred: Algorithm) -> Self {
        let config = PasswordConfig {
            preferred,
            pbkdf2_iterations: Iterations::new(60).unwrap(),
            argon2: Argon2Cost::new(64, 2, 2).unwrap(),
            limits: CostLimits { pbkdf2_iterations: 10_000, bcrypt_cost: 7, ..CostLimits::default() },
            ..PasswordConfig::default()
        };
        let mut rules = Rules::new(&config, Entropy::seeded(11));
        rules.rates = Rates::fixed();
        Self { rules, worker: Worker::new(config.argon2), preferred }
    }

    /// The work of a wrong password.
    fn failure(&mut self, stored: Option<&str>) -> Work {
        self.worker.spent.take();
        let verdict = self.rules.verify(&mut self.worker, "wrong", stored).unwrap();
        assert!(matches!(verdict, Verdict::NoMatch), "{stored:?} with {:?} preferred", self.preferred);
        self.worker.spent.take()
    }

    /// The work of the check alone.
    fn check(&mut self, stored: &str) -> Work {
        let encoded = super::encoded::Encoded::parse(stored).unwrap();
        self.worker.spent.take();
        encoded.matches(&mut self.worker, "wrong").unwrap();
        self.worker.spent.take()
    }

    fn picoseconds(&self, work: Work) -> u64 {
        let one = Iterations::MIN;
        let estimate = |cost, units: u64, each: u64| self.rules.rates.estimate(cost) / each * units;
        let argon2 = Cost::Argon2(Argon2Cost::new(64, 1, 1).unwrap());
        estimate(Cost::Pbkdf2Sha1(one), work.pbkdf2_sha1, 1)
            + estimate(Cost::Pbkdf2Sha256(one), work.pbkdf2_sha256, 1)
            + estimate(argon2, work.argon2, 64)
            + estimate(Cost::Bcrypt(BcryptCost::new(4).unwrap()), work.bcrypt, 16)
            + estimate(Cost::Scrypt(ScryptCost::new(2, 1, 1).unwrap()), work.scrypt, 2)
    }
}

fn pbkdf2(iterations: u32) -> String {
    let worker = Worker::new(Argon2Cost::default());
    pbkdf2::encode(&worker, "right", "saltsaltsaltsaltsalt22", Iterations::new(iterations).unwrap())
}

fn argon2(memory: u32) -> String {
    let cost = Argon2Cost::new(memory, 2, if memory < 64 { 1 } else { 2 }).unwrap();
    argon2::encode(&mut Worker::new(cost), "right", "saltsaltsaltsaltsalt22", cost).unwrap()
}

/// Of costs that no password needs to match.
const PBKDF2_SHA1: &str = "pbkdf2_sha1$9000$saltsaltsaltsaltsalt22$W/iz6Z/MoFc/ieYzmh8Y0DgoIAc=";
const BCRYPT: &str = "bcrypt$$2b$04$abcdefghijKLMNOPQRS01uUijGV6Adfhxz7h47dXf2ESznbKYY/NW";
const BCRYPT_SHA256: &str = "bcrypt_sha256$$2b$05$abcdefghijKLMNOPQRS01uUijGV6Adfhxz7h47dXf2ESznbKYY/NW";
const SCRYPT: &str = "scrypt$1024$saltsaltsaltsaltsalt22$8$1$aGFzaA==";
/// An iteration of `pbkdf2_sha256` takes less: work is topped up in whole ones.
const ITERATION: u64 = 150_000;
