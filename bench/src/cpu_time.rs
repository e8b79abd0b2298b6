//! The CPU time of this thread: what other processes do meanwhile does not count.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The time this thread has run so far.
pub(crate) fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
