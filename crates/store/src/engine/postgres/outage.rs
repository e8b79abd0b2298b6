//! A server that is away is asked again after a while, by one at a time, and less and less often.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::StoreError;

/// What is known of the server's absence. Shared by all who connect to it.
#[derive(Debug, Default)]
pub(super) struct Outage(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    away: Option<Away>,
    /// When a connection was made last.
    connected: Option<Instant>,
}

#[derive(Debug)]
struct Away {
    failures: u32,
    /// When it last refused us.
    found: Instant,
    /// Until then nobody asks.
    until: Instant,
    error: StoreError,
}

impl Outage {
    /// Whether a connection may be tried now. Of all who ask once it is time again, one may, and the others are told
    /// what was found last.
    pub(super) fn try_again(&self, now: Instant) -> Result<(), StoreError> {
        match &mut self.lock().away {
            Some(away) if now < away.until => Err(away.error.clone()),
            Some(away) => {
                away.until = now + pause(away.failures);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// No connection could be made. Those who tried at the same time count as one. False if somebody has made one since:
    /// then it was this attempt that got lost, and not the server.
    pub(super) fn failed(&self, began: Instant, now: Instant, error: &StoreError) -> bool {
        let mut known = self.lock();
        if known.connected.is_some_and(|connected| connected > began) {
            return false;
        }
        match &mut known.away {
            Some(away) if began < away.found => {}
            Some(away) => {
                away.failures = away.failures.saturating_add(1);
                away.found = now;
                away.until = now + pause(away.failures);
                away.error = error.clone();
            }
            None => {
                tracing::warn!(%error, "the database server is away; it is asked again until it answers");
                known.away = Some(Away { failures: 1, found: now, until: now + pause(1), error: error.clone() });
            }
        }
        true
    }

    /// A connection was made.
    pub(super) fn ended(&self, now: Instant) {
        let mut known = self.lock();
        known.connected = Some(now);
        if let Some(away) = known.away.take() {
            tracing::info!(failures = away.failures, "the database server is back");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Twice as long after each failure, up to a limit, and by chance up to half as long again: nodes that lost one server
/// at one moment do not come back to it at one moment.
fn pause(failures: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    let chance = u32::try_from(RandomState::new().hash_one(failures) % 512).unwrap_or(0);
    doubled + doubled * chance / 1024
}

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn error() -> StoreError {
        StoreError::Unreachable { reason: "connection refused".to_owned() }
    }

    #[test]
    fn a_server_that_is_away_is_asked_by_one_at_a_time_and_less_and_less_often() {
        let outage = Outage::default();
        let mut now = Instant::now();
        assert_eq!(outage.try_again(now), Ok(()));
        outage.failed(now, now, &error());
        let mut asked = Vec::new();
        let start = now;
        while now < start + Duration::from_secs(60) {
            if outage.try_again(now).is_ok() {
                assert_eq!(outage.try_again(now), Err(error()), "one at a time");
                asked.push(now);
                outage.failed(now, now, &error());
            }
            now += Duration::from_millis(1);
        }
        assert!((20..50).contains(&asked.len()), "asked {} times in a minute", asked.len());
        assert!(asked[0] - start <= Duration::from_millis(76));
        assert!(asked.windows(2).all(|pair| pair[1] - pair[0] <= LONGEST * 3 / 2 + Duration::from_millis(1)));
        outage.ended(now);
        assert_eq!(outage.try_again(now), Ok(()));
    }

    #[test]
    fn many_who_fail_at_once_have_failed_once() {
        let outage = Outage::default();
        let now = Instant::now();
        for number in 0..64 {
            outage.failed(now, now + Duration::from_millis(1 + number), &error());
        }
        assert_eq!(outage.try_again(now + Duration::from_millis(77)), Ok(()));
    }

    #[test]
    fn an_attempt_that_fails_after_somebody_has_connected_says_nothing() {
        let outage = Outage::default();
        let (began, now) = (Instant::now(), Instant::now() + Duration::from_secs(5));
        outage.ended(now - Duration::from_secs(1));
        assert!(!outage.failed(began, now, &error()));
        assert_eq!(outage.try_again(now), Ok(()));
        assert!(outage.failed(now, now + Duration::from_secs(5), &error()));
    }
}
