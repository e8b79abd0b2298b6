//! Moments, and the one room where the system clock may be read.

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment, in whole microseconds since 1970-01-01T00:00:00Z.
///
/// ```
/// use jeton_token::time::Timestamp;
/// use std::time::Duration;
///
/// let login = Timestamp::from_seconds(1_700_000_000);
/// assert_eq!((login + Duration::from_secs(300)).seconds(), 1_700_000_300);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    ///
    /// ```
    /// use jeton_token::time::Timestamp;
    ///
    /// assert_eq!(Timestamp::EPOCH.seconds(), 0);
    /// ```
    pub const EPOCH: Self = Self(0);

    /// From microseconds since 1970.
    ///
    /// ```
    /// use jeton_token::time::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_micros(1_500_000).seconds(), 1);
    /// ```
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From seconds since 1970; what does not fit is the nearest moment that does.
    ///
    /// ```
    /// use jeton_token::time::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_seconds(1).micros(), 1_000_000);
    /// ```
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970.
    ///
    /// ```
    /// use jeton_token::time::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_seconds(-1).micros(), -1_000_000);
    /// ```
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down: the unit of `exp`, `iat` and `nbf`.
    ///
    /// ```
    /// use jeton_token::time::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_micros(-1).seconds(), -1);
    /// ```
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// How long after `earlier` this is; nothing if it is before.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use jeton_token::time::Timestamp;
    ///
    /// let (early, late) = (Timestamp::from_seconds(1), Timestamp::from_seconds(3));
    /// assert_eq!((late.since(early), early.since(late)), (Duration::from_secs(2), Duration::ZERO));
    /// ```
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.seconds(), self.0.rem_euclid(1_000_000))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Where moments come from: the system, or a test's own hand.
///
/// ```
/// use jeton_token::time::{Clock, Timestamp};
/// use std::time::Duration;
///
/// let clock = Clock::manual(Timestamp::from_seconds(100));
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(clock.now().seconds(), 105);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    ///
    /// ```
    /// use jeton_token::time::{Clock, Timestamp};
    ///
    /// assert!(Clock::system().now() > Timestamp::from_seconds(1_700_000_000));
    /// ```
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until it is told otherwise.
    ///
    /// ```
    /// use jeton_token::time::{Clock, Timestamp};
    ///
    /// assert_eq!(Clock::manual(Timestamp::EPOCH).now(), Timestamp::EPOCH);
    /// ```
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.micros()))))
    }

    /// The moment it is.
    ///
    /// ```
    /// use jeton_token::time::Clock;
    ///
    /// let clock = Clock::system();
    /// assert!(clock.now() <= clock.now());
    /// ```
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Manual(micros) => Timestamp(micros.load(Ordering::SeqCst)),
            Source::System => match SystemTime::now().duration_since(UNIX_EPOCH) {
                Ok(since) => Timestamp::EPOCH + since,
                Err(before) => Timestamp::EPOCH - before.duration(),
            },
        }
    }

    /// Moves a manual clock on; the system's clock is left alone.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use jeton_token::time::{Clock, Timestamp};
    ///
    /// let clock = Clock::manual(Timestamp::EPOCH);
    /// clock.clone().advance(Duration::from_secs(5));
    /// assert_eq!(clock.now().seconds(), 5, "its copies are the same clock");
    /// ```
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_add(micros(by), Ordering::SeqCst);
        }
    }

    /// Sets a manual clock, back as well as on; the system's clock is left alone.
    ///
    /// ```
    /// use jeton_token::time::{Clock, Timestamp};
    ///
    /// let clock = Clock::manual(Timestamp::from_seconds(100));
    /// clock.set(Timestamp::from_seconds(94));
    /// assert_eq!(clock.now().seconds(), 94);
    /// ```
    pub fn set(&self, to: Timestamp) {
        if let Source::Manual(now) = &self.0 {
            now.store(to.0, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_down_before_1970_too() {
        assert_eq!(Timestamp::from_micros(-1).seconds(), -1);
        assert_eq!(Timestamp::from_micros(1_999_999).seconds(), 1);
    }

    #[test]
    fn since_is_never_negative() {
        let (early, late) = (Timestamp::from_seconds(1), Timestamp::from_seconds(3));
        assert_eq!(late.since(early), Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
