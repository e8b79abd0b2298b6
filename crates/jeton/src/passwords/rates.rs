//! How long the work of each algorithm takes on this machine, so that what one lacks can be spent on another.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::cost::{Cost, Iterations};

/// Picoseconds for each unit of work. They begin as measured once, and follow what real work takes here: processors
/// differ by far in SHA-256 and hardly in bcrypt.
#[derive(Debug)]
pub(super) struct Rates {
    pbkdf2_sha1: AtomicU64,
    pbkdf2_sha256: AtomicU64,
    argon2: AtomicU64,
    bcrypt: AtomicU64,
    scrypt: AtomicU64,
    follow: bool,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            pbkdf2_sha1: AtomicU64::new(PBKDF2_SHA1),
            pbkdf2_sha256: AtomicU64::new(PBKDF2_SHA256),
            argon2: AtomicU64::new(ARGON2),
            bcrypt: AtomicU64::new(BCRYPT),
            scrypt: AtomicU64::new(SCRYPT),
            follow: true,
        }
    }
}

impl Rates {
    /// Rates that stay as they are, for tests that count work.
    #[cfg(test)]
    pub(super) fn fixed() -> Self {
        Self { follow: false, ..Self::default() }
    }

    /// Does work of this cost, and learns from how long it took.
    pub(super) fn follow<T>(&self, cost: Cost, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = work();
        if self.follow {
            self.note(cost, started.elapsed());
        }
        done
    }

    /// How long this work takes, in picoseconds.
    pub(super) fn estimate(&self, cost: Cost) -> u64 {
        self.rate(cost).load(Ordering::Relaxed).saturating_mul(units(cost))
    }

    /// Whether `cost` takes less time than `other`. Within one algorithm no clock is asked.
    pub(super) fn is_less(&self, cost: Cost, other: Cost) -> bool {
        self.estimate(cost) < self.estimate(other)
    }

    /// The iterations of `pbkdf2_sha256` that take as long as `target` takes longer than `spent`.
    pub(super) fn missing(&self, spent: Cost, target: Cost) -> Option<Iterations> {
        let missing = self.estimate(target).saturating_sub(self.estimate(spent));
        let iterations = missing / self.pbkdf2_sha256.load(Ordering::Relaxed).max(1);
        Iterations::new(u32::try_from(iterations).unwrap_or(u32::MAX))
    }

    /// One measurement moves a rate by an eighth of the way, and never counts for more than twice or less than half
    /// of what was known: a thread that had to wait is no news about the algorithm. Work too short to time is none.
    fn note(&self, cost: Cost, took: Duration) {
        if took < SHORTEST {
            return;
        }
        let picos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).saturating_mul(1000);
        let rate = self.rate(cost);
        let before = rate.load(Ordering::Relaxed);
        let measured = (picos / units(cost)).clamp(before / 2, before.saturating_mul(2));
        rate.store((before - before / 8 + measured / 8).max(8), Ordering::Relaxed);
    }

    fn rate(&self, cost: Cost) -> &AtomicU64 {
        match cost {
            Cost::Pbkdf2Sha1(_) => &self.pbkdf2_sha1,
            Cost::Pbkdf2Sha256(_) => &self.pbkdf2_sha256,
            Cost::Argon2(_) => &self.argon2,
            Cost::Bcrypt(_) => &self.bcrypt,
            Cost::Scrypt(_) => &self.scrypt,
        }
    }
}

/// Work in the algorithm's own measure, in which its time is a straight line; at least 1.
fn units(cost: Cost) -> u64 {
    match cost {
        Cost::Pbkdf2Sha1(iterations) | Cost::Pbkdf2Sha256(iterations) => iterations.get().into(),
        Cost::Argon2(cost) => u64::from(cost.memory()) * u64::from(cost.time()),
        Cost::Bcrypt(cost) => cost.rounds(),
        Cost::Scrypt(cost) => cost.blocks(),
    }
}

const SHORTEST: Duration = Duration::from_millis(1);
/// One iteration, with the processor's own SHA-1.
const PBKDF2_SHA1: u64 = 81_000;
/// One iteration, with the processor's own SHA-256.
const PBKDF2_SHA256: u64 = 137_000;
/// One block of a KiB, filled once.
const ARGON2: u64 = 270_000;
/// One round of two key schedules.
const BCRYPT: u64 = 48_000_000;
/// One block of 128 bytes, written and read.
const SCRYPT: u64 = 275_000;

#[cfg(test)]
mod tests {
    use super::super::cost::BcryptCost;
    use super::*;

    fn pbkdf2(iterations: u32) -> Cost {
        Cost::Pbkdf2Sha256(Iterations::new(iterations).unwrap())
    }

    #[test]
    fn what_is_missing_is_told_in_iterations() {
        let rates = Rates::fixed();
        let bcrypt = Cost::Bcrypt(BcryptCost::new(12).unwrap());
        assert_eq!(rates.missing(pbkdf2(100), pbkdf2(250)), Iterations::new(150));
        assert_eq!(rates.missing(pbkdf2(250), pbkdf2(250)), None);
        assert_eq!(rates.missing(bcrypt, pbkdf2(250)), None, "nothing can be taken back");
        let missing = rates.missing(pbkdf2(1000), bcrypt).unwrap().get();
        assert_eq!(u64::from(missing), (4096 * BCRYPT - 1000 * PBKDF2_SHA256) / PBKDF2_SHA256);
        assert!(rates.is_less(pbkdf2(1000), bcrypt) && !rates.is_less(bcrypt, pbkdf2(1000)));
    }

    #[test]
    fn a_rate_follows_what_work_takes_but_not_a_single_odd_measurement() {
        let rates = Rates::default();
        let before = rates.estimate(pbkdf2(1000));
        rates.note(pbkdf2(1000), Duration::from_micros(999));
        assert_eq!(rates.estimate(pbkdf2(1000)), before, "too short to tell");
        rates.note(pbkdf2(1000), Duration::from_hours(1));
        let after = rates.estimate(pbkdf2(1000));
        assert!(before < after && after <= before + before / 8, "{before} {after}");
        for _ in 0..100 {
            rates.note(pbkdf2(1_000_000), Duration::from_millis(600));
        }
        let slow = rates.estimate(pbkdf2(1)) / 1000;
        assert!((590..=600).contains(&slow), "{slow} ns");
        for _ in 0..1000 {
            rates.note(pbkdf2(u32::MAX), SHORTEST);
        }
        assert!(rates.estimate(pbkdf2(1)) > 0, "and a rate is never nothing");
    }
}
