//! The settings that decisions rest on, and those of the two stances.

use std::time::Duration;

/// The settings that decisions rest on.
///
/// ```
/// use std::time::Duration;
///
/// use jeton_token::rotation::Rules;
///
/// let patient = Rules { window: Duration::from_secs(60), ..Rules::SAFE };
/// assert!(patient.detect_reuse);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `ROTATE_REFRESH_TOKENS`.
    pub rotate: bool,
    /// `BLACKLIST_AFTER_ROTATION`: a rotation uses up the token that it rotates.
    pub blacklist: bool,
    /// Replays are idempotent, and what no honest client does ends the family. Only with both of the above.
    pub detect_reuse: bool,
    /// `REPLAY_WINDOW`, *W*: how long a token just rotated is answered with its successor.
    pub window: Duration,
    /// `LATE_REPLAY`: how long after that an answer that got lost may be asked for again; zero for never.
    pub late_replay: Duration,
    /// *K*: so many generations in a row may be replayed late.
    pub late_limit: u8,
}

impl Rules {
    /// Simple JWT's own: a token that was rotated away is refused and ends nothing.
    ///
    /// ```
    /// use jeton_token::rotation::Rules;
    ///
    /// assert!(!Rules::EXACT.detect_reuse);
    /// ```
    pub const EXACT: Self = Self {
        rotate: true,
        blacklist: true,
        detect_reuse: false,
        window: Duration::from_secs(10),
        late_replay: Duration::ZERO,
        late_limit: 3,
    };

    /// Reuse detection with idempotent replay.
    ///
    /// ```
    /// use jeton_token::rotation::Rules;
    ///
    /// assert!(Rules::SAFE.detect_reuse);
    /// ```
    pub const SAFE: Self = Self { detect_reuse: true, late_replay: Duration::from_secs(24 * 60 * 60), ..Self::EXACT };

    pub(super) fn detects(&self) -> bool {
        self.detect_reuse && self.rotate && self.blacklist
    }
}
