//! The two stances.

use super::given::Words;

/// Which defaults apply. A stance never does anything by itself: each difference is a setting of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compatibility {
    /// What Jeton stands for: reuse detection with idempotent replay, owners checked at logout, limits on.
    #[default]
    Safe,
    /// Answers as Django with Simple JWT does, in all but its defects.
    Exact,
}

impl Words for Compatibility {
    const WORDS: &'static [(&'static str, Self)] = &[("safe", Self::Safe), ("exact", Self::Exact)];
}
