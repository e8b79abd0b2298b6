//! The wall clock, which tokens are compared with.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, with fraction.
#[expect(clippy::disallowed_methods, reason = "a test that plays a client has to know what time it is")]
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

/// Whole seconds since 1970.
pub(crate) fn now_seconds() -> i64 {
    now().floor() as i64
}
