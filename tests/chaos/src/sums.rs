//! What all outages of a scenario came to.

use std::fmt;
use std::time::Duration;

use crate::outage::Report;

/// The sum of several reports.
#[derive(Default)]
pub(crate) struct Outages {
    acknowledged: u64,
    turned_away: u64,
    checked: u64,
    resolved: u64,
    losses: usize,
    recoveries: Vec<Duration>,
}

impl Outages {
    pub(crate) fn add(&mut self, report: &Report) {
        self.acknowledged += report.acknowledged;
        self.turned_away += report.turned_away;
        self.checked += report.findings.checked;
        self.resolved += report.findings.resolved;
        self.losses += report.findings.losses.len();
        self.recoveries.push(report.writes_after);
    }
}

impl fmt::Display for Outages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, turned_away, checked, resolved, losses, recoveries } = self;
        let mut sorted = recoveries.clone();
        sorted.sort();
        let (half, most) = (sorted.get(sorted.len() / 2), sorted.last());
        write!(
            f,
            "{} outages, {acknowledged} writes acknowledged, {turned_away} answers of 503, {checked} facts checked and \
             {resolved} doubts resolved, {losses} lost; writing again after {} ms (median), {} ms (longest)",
            recoveries.len(),
            half.map_or(0, Duration::as_millis),
            most.map_or(0, Duration::as_millis),
        )
    }
}
