//! Django's own judgement of stored passwords, as data: made by the real hashers, with their costs lowered.

use serde::Deserialize;

use super::config::{Algorithm, PasswordConfig};
use super::cost::{Argon2Cost, Iterations};
use super::rules::Rules;
use super::worker::Worker;
use super::{Verdict, argon2, pbkdf2};
use crate::entropy::Entropy;

#[test]
fn every_vector_is_judged_as_django_judges_it() {
    let vectors = vectors();
    assert!(vectors.cases.len() > 200);
    for preferred in [Algorithm::Pbkdf2Sha256, Algorithm::Argon2] {
        let (rules, mut worker) = room(preferred);
        for case in &vectors.cases {
            let update = match preferred {
                Algorithm::Pbkdf2Sha256 => case.update_preferring_pbkdf2,
                Algorithm::Argon2 => case.update_preferring_argon2,
            };
            let verdict = rules.verify(&mut worker, &case.password, Some(&case.stored)).unwrap();
            let told = match &verdict {
                Verdict::Match { rehash } => (true, rehash.is_some()),
                Verdict::NoMatch => (false, false),
            };
            assert_eq!(told, (case.matches, update), "{} with {preferred:?} preferred", case.note);
            if let Verdict::Match { rehash: Some(stored) } = verdict {
                let again = rules.verify(&mut worker, &case.password, Some(stored.expose())).unwrap();
                assert!(matches!(again, Verdict::Match { rehash: None }), "{}", case.note);
            }
        }
    }
}

#[test]
fn with_djangos_salt_the_very_text_of_django_is_made() {
    let vectors = vectors();
    let config = config(Algorithm::Argon2);
    let mut worker = Worker::new(config.argon2);
    let stored = |note: &str| vectors.cases.iter().find(|case| case.note == note).unwrap();
    for note in ["argon2 as preferred", "argon2 not ascii", "argon2 empty password"] {
        let case = stored(note);
        let made = argon2::encode(&mut worker, &case.password, &vectors.salt, config.argon2).unwrap();
        assert_eq!(made, case.stored, "{note}");
    }
    for note in ["pbkdf2 as preferred", "pbkdf2 not ascii", "pbkdf2 empty password", "pbkdf2 long password"] {
        let case = stored(note);
        let made = pbkdf2::encode(&worker, &case.password, &vectors.salt, config.pbkdf2_iterations);
        assert_eq!(made, case.stored, "{note}");
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("django_vectors.json")).unwrap()
}

fn config(preferred: Algorithm) -> PasswordConfig {
    let vectors = vectors();
    let Costs { memory, time, lanes } = vectors.preferred.argon2;
    PasswordConfig {
        preferred,
        pbkdf2_iterations: Iterations::new(vectors.preferred.pbkdf2_iterations).unwrap(),
        argon2: Argon2Cost::new(memory, time, lanes).unwrap(),
        ..PasswordConfig::default()
    }
}

fn room(preferred: Algorithm) -> (Rules, Worker) {
    let config = config(preferred);
    (Rules::new(&config, Entropy::seeded(11)), Worker::new(config.argon2))
}

#[derive(Deserialize)]
struct Vectors {
    preferred: Preferred,
    salt: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Preferred {
    pbkdf2_iterations: u32,
    argon2: Costs,
}

#[derive(Deserialize)]
struct Costs {
    memory: u32,
    time: u32,
    lanes: u32,
}

#[derive(Deserialize)]
struct Case {
    note: String,
    password: String,
    stored: String,
    matches: bool,
    update_preferring_pbkdf2: bool,
    update_preferring_argon2: bool,
}
