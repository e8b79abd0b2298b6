//! What users do in a day, and how the tokens are set: the assumptions.

/// All of them. Times in minutes, unless the name says days.
pub(crate) struct Habits {
    pub(crate) daily_users: f64,
    pub(crate) sittings: f64,
    pub(crate) sitting_minutes: f64,
    pub(crate) new_logins: f64,
    pub(crate) logouts: f64,
    pub(crate) access_minutes: f64,
    pub(crate) refresh_days: f64,
    pub(crate) calls_per_minute: f64,
    pub(crate) verify_share: f64,
    pub(crate) peak_factor: f64,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            daily_users: 100_000_000.0,
            sittings: 4.0,
            sitting_minutes: 15.0,
            new_logins: 0.08,
            logouts: 0.02,
            access_minutes: 5.0,
            refresh_days: 14.0,
            calls_per_minute: 4.0,
            verify_share: 0.1,
            peak_factor: 2.0,
        }
    }
}

impl Habits {
    /// Name, value, meaning.
    pub(crate) fn fields(&self) -> Vec<(&'static str, f64, &'static str)> {
        vec![
            ("daily_users", self.daily_users, "people who come each day"),
            ("sittings", self.sittings, "times a day that one of them sits down, Poisson"),
            ("sitting_minutes", self.sitting_minutes, "mean length of a sitting, exponential"),
            ("new_logins", self.new_logins, "logins a day and user on a new device or after forgetting"),
            ("logouts", self.logouts, "logouts a day and user; the next sitting begins with a login"),
            ("access_minutes", self.access_minutes, "ACCESS_TOKEN_LIFETIME"),
            (
                "refresh_days",
                self.refresh_days,
                "REFRESH_TOKEN_LIFETIME: a login's row stays so long after its last refresh",
            ),
            ("calls_per_minute", self.calls_per_minute, "calls of your services while a user sits there"),
            (
                "verify_share",
                self.verify_share,
                "of these, the part for which a service asks Jeton; the others verify by themselves",
            ),
            ("peak_factor", self.peak_factor, "the busiest minute over the mean; at most 2 in the simulation"),
        ]
    }

    pub(crate) fn fields_mut(&mut self) -> Vec<(&'static str, &mut f64)> {
        vec![
            ("daily_users", &mut self.daily_users),
            ("sittings", &mut self.sittings),
            ("sitting_minutes", &mut self.sitting_minutes),
            ("new_logins", &mut self.new_logins),
            ("logouts", &mut self.logouts),
            ("access_minutes", &mut self.access_minutes),
            ("refresh_days", &mut self.refresh_days),
            ("calls_per_minute", &mut self.calls_per_minute),
            ("verify_share", &mut self.verify_share),
            ("peak_factor", &mut self.peak_factor),
        ]
    }

    /// How the density of arrivals swings around its mean in a day.
    pub(crate) fn swing(&self) -> f64 {
        (self.peak_factor - 1.0).clamp(0.0, 1.0)
    }
}
