//! Stored passwords that were damaged at random: no panic, nobody let in, and no more work than the limits allow.

use serde_json::Value;

use super::Verdict;
use super::config::{Algorithm, PasswordConfig};
use super::cost::{Argon2Cost, Iterations};
use super::encoded::Encoded;
use super::limits::CostLimits;
use super::rules::Rules;
use super::worker::Worker;
use crate::entropy::{Entropy, LETTERS_AND_DIGITS};

#[test]
fn a_hundred_thousand_damaged_hashes_are_read_without_a_panic() {
    let (stored, chance) = (stored(), Chance(Entropy::seeded(0xD1CE)));
    let mut read = 0;
    for round in 0..100_000 {
        let damaged = chance.damage(&stored[round % stored.len()], &stored);
        read += usize::from(Encoded::parse(&damaged).is_some());
    }
    assert!((1_000..99_000).contains(&read), "{read} were read: the damage is neither nothing nor total");
}

#[test]
fn no_damaged_hash_lets_anybody_in_and_none_costs_more_than_the_limits() {
    let config = PasswordConfig {
        preferred: Algorithm::Pbkdf2Sha256,
        pbkdf2_iterations: Iterations::new(60).unwrap(),
        argon2: Argon2Cost::new(64, 2, 2).unwrap(),
        limits: CostLimits {
            pbkdf2_iterations: 1_000,
            argon2_memory: 128,
            argon2_time: 3,
            argon2_lanes: 8,
            bcrypt_cost: 5,
            scrypt_memory: 64,
            scrypt_lanes: 4,
        },
        ..PasswordConfig::default()
    };
    let rules = Rules::new(&config, Entropy::seeded(1));
    let mut worker = Worker::new(config.argon2);
    let chance = Chance(Entropy::seeded(0xBAD));
    let stored: Vec<_> = stored()
        .into_iter()
        .filter(|stored| {
            let verdict = rules.verify(&mut worker, PASSWORD, Some(stored)).unwrap();
            matches!(verdict, Verdict::Match { .. })
        })
        .collect();
    assert!(stored.len() > 20);
    let spent = worker.spent.clone();
    for round in 0..4_000 {
        let good = &stored[round % stored.len()];
        let damaged = chance.damage(good, &[]);
        if stored.iter().any(|stored| same_but_for_the_version(stored, &damaged)) {
            continue;
        }
        spent.take();
        let verdict = rules.verify(&mut worker, PASSWORD, Some(&damaged)).unwrap();
        assert!(matches!(verdict, Verdict::NoMatch), "{damaged} is not {good}");
        let work = spent.take();
        let bounded = work.pbkdf2_sha1 <= 1_000
            && work.pbkdf2_sha256 <= 1_000
            && work.argon2 <= 128 * 3
            && work.bcrypt <= 32
            && work.scrypt <= 64 * 8 * 4;
        assert!(bounded, "{damaged}: {work:?}");
    }
}

/// Of bcrypt's four versions each reads the others' hashes.
fn same_but_for_the_version(stored: &str, damaged: &str) -> bool {
    let versions = ["$2a$", "$2b$", "$2x$", "$2y$"];
    let plain = |text: &str| versions.iter().fold(text.to_owned(), |text, version| text.replacen(version, "$2$", 1));
    plain(stored) == plain(damaged) && !damaged.contains("$2$")
}

fn stored() -> Vec<String> {
    let vectors: Value = serde_json::from_str(include_str!("django_vectors.json")).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    cases.iter().map(|case| case["stored"].as_str().unwrap().to_owned()).collect()
}

struct Chance(Entropy);

impl Chance {
    fn below(&self, bound: usize) -> usize {
        u32::from_le_bytes(self.0.bytes()) as usize % bound.max(1)
    }

    fn letter(&self) -> char {
        const ODD: [char; 16] =
            ['$', '$', '=', ',', '0', '9', '.', '/', '+', '-', '\0', '\n', 'é', '한', '\u{7f}', '\u{10FFFF}'];
        match self.below(3) {
            0 => ODD[self.below(ODD.len())],
            1 => char::from(u8::try_from(self.below(128)).unwrap()),
            _ => self.0.text(1, LETTERS_AND_DIGITS).chars().next().unwrap(),
        }
    }

    /// One to three changes: a letter put in, taken out, replaced or doubled, an end cut off, a number grown, another
    /// hash's end.
    fn damage(&self, stored: &str, others: &[String]) -> String {
        let mut letters: Vec<char> = stored.chars().collect();
        for _ in 0..=self.below(3) {
            let place = self.below(letters.len());
            match self.below(7) {
                0 => letters.insert(place, self.letter()),
                1 if !letters.is_empty() => drop(letters.remove(place)),
                2 if !letters.is_empty() => letters[place] = self.letter(),
                3 if !letters.is_empty() => letters.insert(place, letters[place]),
                4 => letters.truncate(place),
                5 => {
                    let digit = letters.iter().position(char::is_ascii_digit).unwrap_or(place);
                    letters.splice(digit..digit, "4294967295".chars().take(self.below(11)));
                }
                _ if !others.is_empty() => {
                    let other = &others[self.below(others.len())];
                    letters.splice(place.., other.chars().skip(place));
                }
                _ => letters.extend([self.letter()]),
            }
        }
        letters.into_iter().collect()
    }
}

/// Of most of the vectors.
const PASSWORD: &str = "correct horse";
