//! Stored passwords: whatever a row holds, checking it ends, costs no more than the limits, and one hash has one password.
#![no_main]

use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use jeton::entropy::Entropy;
use jeton::passwords::{Algorithm, Argon2Cost, CostLimits, Hasher, Iterations, PasswordConfig, Verdict};
use jeton::passwords::{algorithm, is_usable};
use jeton_fuzz::block_on;
use jeton_token::secret::Secret;
use libfuzzer_sys::fuzz_target;

static HASHER: LazyLock<Hasher> = LazyLock::new(|| {
    let config = PasswordConfig {
        preferred: Algorithm::Pbkdf2Sha256,
        pbkdf2_iterations: Iterations::MIN,
        argon2: Argon2Cost::new(8, 1, 1).expect("the least that argon2 takes"),
        limits: CostLimits {
            pbkdf2_iterations: 20,
            argon2_memory: 64,
            argon2_time: 2,
            argon2_lanes: 4,
            bcrypt_cost: 4,
            scrypt_memory: 64,
            scrypt_lanes: 2,
        },
        threads: NonZeroUsize::MIN,
        ..PasswordConfig::default()
    };
    Hasher::new(&config, Entropy::seeded(1)).expect("a thread")
});
const LIMIT: Duration = Duration::from_secs(2);

fuzz_target!(|data: &[u8]| {
    let Ok(stored) = std::str::from_utf8(data) else { return };
    assert!(stored.starts_with(algorithm(stored)));
    let stored = Secret::from(stored);
    let begin = Instant::now();
    let right = matches("password", &stored);
    let wrong = matches("Password", &stored);
    assert!(!(right && wrong), "two passwords for one hash");
    assert!(!(right && !is_usable(stored.expose())), "an unusable hash that matches");
    assert!(begin.elapsed() < LIMIT, "it took {:?}", begin.elapsed());
    HASHER.take_census([stored.expose().as_str()]);
});

fn matches(password: &str, stored: &Secret<String>) -> bool {
    match block_on(HASHER.verify(password.into(), Some(stored))).expect("the pool is free and the hash is small") {
        Verdict::NoMatch => false,
        Verdict::Match { rehash: None } => true,
        Verdict::Match { rehash: Some(better) } => {
            let again = block_on(HASHER.verify(password.into(), Some(&better)));
            assert!(matches!(again, Ok(Verdict::Match { rehash: None })), "{again:?}");
            true
        }
    }
}
