//! `pbkdf2_sha256$ITERATIONS$SALT$BASE64`.

use base64::prelude::{BASE64_STANDARD, Engine};
use subtle::ConstantTimeEq;

use super::cost::Iterations;
use super::encoded::salt_is_short;
use super::worker::Worker;

pub(super) const NAME: &str = "pbkdf2_sha256";

/// A stored hash, read.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    pub(super) iterations: Iterations,
    salt: &'a str,
    hash: &'a str,
}

impl<'a> Stored<'a> {
    /// Reads what follows `pbkdf2_sha256$`. Django writes a candidate anew and compares the whole text, so whatever
    /// it would not write itself (a leading zero, a plus) can never match and is not read.
    pub(super) fn parse(fields: &'a str) -> Option<Self> {
        let mut fields = fields.splitn(3, '$');
        let (iterations, salt, hash) = (fields.next()?, fields.next()?, fields.next()?);
        let canonical = !iterations.starts_with(['0', '+']);
        if !canonical || salt.is_empty() {
            return None;
        }
        Some(Self { iterations: iterations.parse().ok()?, salt, hash })
    }

    /// Whether the password is this one. Texts are compared, as Django does, so any other base64 of the same bytes
    /// is no match.
    pub(super) fn matches(&self, worker: &Worker, password: &str) -> bool {
        let candidate = derive(worker, password, self.salt, self.iterations);
        candidate.as_bytes().ct_eq(self.hash.as_bytes()).into()
    }

    /// Spends what this hash lacks in iterations, so that a wrong password costs the same whatever is stored.
    pub(super) fn harden(&self, worker: &Worker, password: &str, preferred: Iterations) {
        if let Some(missing) = Iterations::new(preferred.get().saturating_sub(self.iterations.get())) {
            derive(worker, password, self.salt, missing);
        }
    }

    pub(super) fn is_stale(&self, preferred: Iterations) -> bool {
        self.iterations != preferred || salt_is_short(self.salt.chars().count())
    }
}

/// The text to store.
pub(super) fn encode(worker: &Worker, password: &str, salt: &str, iterations: Iterations) -> String {
    let hash = derive(worker, password, salt, iterations);
    format!("{NAME}${iterations}${salt}${hash}")
}

fn derive(worker: &Worker, password: &str, salt: &str, iterations: Iterations) -> String {
    BASE64_STANDARD.encode(worker.pbkdf2_sha256(password.as_bytes(), salt.as_bytes(), iterations))
}
