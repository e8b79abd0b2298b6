//! `pbkdf2_sha256$ITERATIONS$SALT$BASE64`, and `pbkdf2_sha1$…`, which is only checked.

use base64::prelude::{BASE64_STANDARD, Engine};
use subtle::ConstantTimeEq;

use super::cost::Iterations;
use super::encoded::{decimal, salt_is_short};
use super::worker::Worker;

pub(super) const NAME: &str = "pbkdf2_sha256";
pub(super) const NAME_SHA1: &str = "pbkdf2_sha1";

/// The hash function within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Sha1,
    Sha256,
}

/// A stored hash, read.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    pub(super) digest: Digest,
    pub(super) iterations: Iterations,
    salt: &'a str,
    hash: &'a str,
}

impl<'a> Stored<'a> {
    /// Reads what follows `pbkdf2_sha256$` or `pbkdf2_sha1$`. Django writes a candidate anew and compares the whole
    /// text, so whatever it would not write itself (a leading zero, a plus) can never match and is not read.
    pub(super) fn parse(digest: Digest, fields: &'a str) -> Option<Self> {
        let mut fields = fields.splitn(3, '$');
        let (iterations, salt, hash) = (fields.next()?, fields.next()?, fields.next()?);
        if salt.is_empty() {
            return None;
        }
        Some(Self { digest, iterations: Iterations::new(decimal(iterations)?)?, salt, hash })
    }

    /// Whether the password is this one. Texts are compared, as Django does, so any other base64 of the same bytes
    /// is no match.
    pub(super) fn matches(&self, worker: &Worker, password: &str) -> bool {
        let candidate = derive(worker, self.digest, password, self.salt, self.iterations);
        candidate.as_bytes().ct_eq(self.hash.as_bytes()).into()
    }

    /// Whether a new hash would be made otherwise, where `pbkdf2_sha256` is preferred.
    pub(super) fn is_stale(&self, preferred: Iterations) -> bool {
        self.digest != Digest::Sha256 || self.iterations != preferred || salt_is_short(self.salt.chars().count())
    }
}

/// The text to store.
pub(super) fn encode(worker: &Worker, password: &str, salt: &str, iterations: Iterations) -> String {
    let hash = derive(worker, Digest::Sha256, password, salt, iterations);
    format!("{NAME}${iterations}${salt}${hash}")
}

fn derive(worker: &Worker, digest: Digest, password: &str, salt: &str, iterations: Iterations) -> String {
    let (password, salt) = (password.as_bytes(), salt.as_bytes());
    match digest {
        Digest::Sha1 => BASE64_STANDARD.encode(worker.pbkdf2_sha1(password, salt, iterations)),
        Digest::Sha256 => BASE64_STANDARD.encode(worker.pbkdf2_sha256(password, salt, iterations)),
    }
}
