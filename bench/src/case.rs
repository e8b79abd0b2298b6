//! One row of the table: something that is done over and over, here or in another process.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::cpu_time;

/// What is measured. The first case of a group is what the others are compared with.
pub(crate) struct Case {
    pub(crate) group: String,
    pub(crate) name: String,
    work: Work,
    batch: usize,
    samples: Vec<f64>,
}

/// Does it so many times, and says how much CPU time that took.
type Work = Box<dyn FnMut(usize) -> Result<Duration>>;

impl Case {
    /// Something that is done in this process.
    pub(crate) fn here(group: &str, name: &str, mut operation: impl FnMut() + 'static) -> Self {
        Self::timed(group, name, move |times| {
            let start = cpu_time::now();
            for _ in 0..times {
                operation();
            }
            Ok(cpu_time::now() - start)
        })
    }

    /// Something that times itself.
    pub(crate) fn timed(group: &str, name: &str, work: impl FnMut(usize) -> Result<Duration> + 'static) -> Self {
        Self { group: group.to_owned(), name: name.to_owned(), work: Box::new(work), batch: 1, samples: Vec::new() }
    }

    /// Nanoseconds of one operation: the middle of all rounds.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Nanoseconds of one operation in the quietest rounds.
    pub(crate) fn quiet(&self) -> f64 {
        self.quantile(0.05)
    }

    fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        sorted.get((last as f64 * part).round() as usize).copied().unwrap_or(f64::NAN)
    }

    /// Warms the case up, and finds a batch that takes long enough to be timed.
    fn settle(&mut self) -> Result<()> {
        let mut spent = Duration::ZERO;
        while spent < WARM {
            let batch = (self.work)(self.batch)?;
            spent += batch;
            if batch < BATCH {
                self.batch *= 2;
            }
        }
        Ok(())
    }

    fn sample(&mut self) -> Result<()> {
        let spent = (self.work)(self.batch)?;
        self.samples.push(spent.as_nanos() as f64 / self.batch as f64);
        Ok(())
    }
}

/// Lets the cases take turns.
pub(crate) fn measure(cases: &mut [Case], rounds: usize) -> Result<()> {
    for case in &mut *cases {
        case.settle().with_context(|| case.name.clone())?;
    }
    for _ in 0..rounds {
        for case in &mut *cases {
            case.sample().with_context(|| case.name.clone())?;
        }
    }
    Ok(())
}

const BATCH: Duration = Duration::from_millis(1);

/// Enough for a just-in-time compiler to be done.
const WARM: Duration = Duration::from_millis(200);
