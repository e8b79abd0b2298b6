//! Seeded chance: the same seed draws the same days.

/// SplitMix64.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Above 0, at most 1.
    pub(crate) fn part(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.part() <= probability
    }

    /// Exponentially distributed.
    pub(crate) fn lasting(&mut self, mean: f64) -> f64 {
        -mean * self.part().ln()
    }

    /// Poisson distributed.
    pub(crate) fn times(&mut self, mean: f64) -> u32 {
        let (mut times, mut product) = (0, self.part());
        while product > (-mean).exp() {
            times += 1;
            product *= self.part();
        }
        times
    }

    /// A minute of the day, by a density of `1 + swing · cos`, highest at 20:00.
    pub(crate) fn minute_of_day(&mut self, swing: f64) -> f64 {
        loop {
            let minute = self.part() * DAY;
            let density = 1.0 + swing * ((minute / DAY - 20.0 / 24.0) * std::f64::consts::TAU).cos();
            if self.part() * (1.0 + swing) <= density {
                return minute;
            }
        }
    }
}

/// Minutes of a day.
pub(crate) const DAY: f64 = 1440.0;
