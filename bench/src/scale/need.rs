//! The arithmetic: operations a second and rows alive, from the habits alone.

use crate::habits::Habits;

/// Of all users together. Rates are means of a day, in operations a second.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    pub(crate) logins: f64,
    pub(crate) refreshes: f64,
    pub(crate) verifies: f64,
    pub(crate) profiles: f64,
    pub(crate) logouts: f64,
    /// Refreshes a second in the busiest minutes.
    pub(crate) peak_refreshes: f64,
    /// Families, ended and abandoned ones included until their horizon.
    pub(crate) families: f64,
}

impl Need {
    pub(crate) fn of(habits: &Habits) -> Self {
        // Whoever has logged out logs in anyway.
        let logins = habits.new_logins * (1.0 - habits.logouts / habits.sittings) + habits.logouts;
        // A sitting that lasts t needs a token at its start and one more each time one has run out: 1 + ⌊t / lifetime⌋,
        // whose mean over exponential lengths is a geometric series. A login brings the first one along.
        let tokens = 1.0 / (1.0 - (-habits.access_minutes / habits.sitting_minutes).exp());
        let refreshes = habits.sittings * tokens - logins;
        let minutes = habits.sittings * habits.sitting_minutes;
        let rate = |times_a_day: f64| habits.daily_users * times_a_day / SECONDS_OF_DAY;
        Self {
            logins: rate(logins),
            refreshes: rate(refreshes),
            verifies: rate(minutes * habits.calls_per_minute * habits.verify_share),
            profiles: rate(habits.sittings),
            logouts: rate(habits.logouts),
            peak_refreshes: rate(refreshes) * habits.peak_factor,
            families: habits.daily_users * (1.0 + logins * habits.refresh_days),
        }
    }

    pub(crate) fn lines(&self) -> [(&'static str, f64); 7] {
        [
            ("logins a second", self.logins),
            ("refreshes a second", self.refreshes),
            ("verifies a second", self.verifies),
            ("profiles (/api/me/) a second", self.profiles),
            ("logouts a second", self.logouts),
            ("refreshes a second at the peak", self.peak_refreshes),
            ("families alive", self.families),
        ]
    }
}

pub(crate) const SECONDS_OF_DAY: f64 = 86_400.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::simulate;

    #[test]
    fn formula_and_simulation_agree() {
        let other = Habits {
            sittings: 2.0,
            sitting_minutes: 40.0,
            new_logins: 0.3,
            logouts: 0.2,
            access_minutes: 15.0,
            refresh_days: 7.0,
            peak_factor: 1.5,
            ..Habits::default()
        };
        for habits in [Habits::default(), other] {
            let seen = simulate(&habits, 10_000, 30, 1);
            for ((name, formula), (_, simulated)) in Need::of(&habits).lines().into_iter().zip(seen.lines()) {
                // Few log out, and chance moves small numbers more.
                let tolerance = if name.starts_with("logouts") { 0.1 } else { 0.05 };
                let apart = (simulated / formula - 1.0).abs();
                assert!(apart < tolerance, "{name}: {formula:.0} by formula, {simulated:.0} simulated");
            }
        }
    }

    #[test]
    fn tokens_that_live_longer_are_refreshed_less_often() {
        let hour = Habits { access_minutes: 60.0, ..Habits::default() };
        let (often, seldom) = (Need::of(&Habits::default()), Need::of(&hour));
        assert!(seldom.refreshes < often.refreshes / 3.0);
        assert!(seldom.refreshes > seldom.profiles * 0.9, "each sitting still needs one");
    }
}
