//! Users' days, drawn one by one: who sits down when, which calls find their access token run out, which rows are left.

use crate::chance::{Chance, DAY};
use crate::habits::Habits;
use crate::need::{Need, SECONDS_OF_DAY};

/// Lives `days` days of `sample` users and counts the last week of them, as if there were `daily_users` of them.
pub(crate) fn simulate(habits: &Habits, sample: usize, days: u32, seed: u64) -> Need {
    let mut chance = Chance::new(seed);
    let mut count = Count { refreshes_by_slot: vec![0; (DAY / SLOT) as usize], ..Count::default() };
    for _ in 0..sample {
        let mut user = User::default();
        for day in 0..days {
            let counted = (day + COUNTED >= days).then_some(&mut count);
            live(habits, &mut user, f64::from(day) * DAY, &mut chance, counted);
        }
        let end = f64::from(days) * DAY;
        count.families +=
            user.horizons.iter().filter(|horizon| **horizon > end).count() + usize::from(user.has_login());
    }
    count.scaled(habits.daily_users / sample as f64)
}

/// One user, in minutes since the first day.
#[derive(Default)]
struct User {
    /// When the access token in use runs out; nothing while logged out or before the first login.
    token_until: Option<f64>,
    /// When the row of the login in use would be flushed.
    horizon: f64,
    /// The same of earlier logins.
    horizons: Vec<f64>,
    /// When the last sitting ended.
    free: f64,
}

impl User {
    fn has_login(&self) -> bool {
        self.token_until.is_some()
    }

    /// The login in use is left behind: its row stays until its horizon, ended or not.
    fn leave(&mut self) {
        if self.token_until.take().is_some() {
            self.horizons.push(self.horizon);
        }
    }

    fn mint(&mut self, at: f64, habits: &Habits) {
        self.token_until = Some(at + habits.access_minutes);
        self.horizon = at + habits.refresh_days * DAY;
    }
}

fn live(habits: &Habits, user: &mut User, midnight: f64, chance: &mut Chance, mut count: Option<&mut Count>) {
    let mut starts: Vec<f64> =
        (0..chance.times(habits.sittings)).map(|_| chance.minute_of_day(habits.swing())).collect();
    starts.sort_by(f64::total_cmp);
    user.horizons.retain(|horizon| *horizon > midnight);
    for start in starts {
        // Nobody sits in two places: who would have begun earlier begins now.
        let begin = (midnight + start).max(user.free);
        let end = begin + chance.lasting(habits.sitting_minutes);
        user.free = end;
        if user.has_login() && chance.happens(habits.new_logins / habits.sittings) {
            user.leave();
        }
        let mut noted = Count::default();
        if !user.has_login() {
            noted.logins += 1;
            user.mint(begin, habits);
        }
        while let Some(until) = user.token_until.filter(|until| *until <= end) {
            let at = until.max(begin);
            user.mint(at, habits);
            noted.refreshes += 1;
            if let Some(count) = count.as_deref_mut() {
                let slots = count.refreshes_by_slot.len();
                count.refreshes_by_slot[(at.rem_euclid(DAY) / SLOT) as usize % slots] += 1;
            }
        }
        noted.profiles += 1;
        noted.verifies += u64::from(chance.times((end - begin) * habits.calls_per_minute * habits.verify_share));
        if chance.happens(habits.logouts / habits.sittings) {
            noted.logouts += 1;
            user.leave();
        }
        if let Some(count) = count.as_deref_mut() {
            count.add(&noted);
        }
    }
}

#[derive(Default)]
struct Count {
    logins: u64,
    refreshes: u64,
    verifies: u64,
    profiles: u64,
    logouts: u64,
    families: usize,
    refreshes_by_slot: Vec<u64>,
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.logins += other.logins;
        self.refreshes += other.refreshes;
        self.verifies += other.verifies;
        self.profiles += other.profiles;
        self.logouts += other.logouts;
    }

    fn scaled(&self, scale: f64) -> Need {
        let rate = |number: u64| number as f64 * scale / SECONDS_OF_DAY / f64::from(COUNTED);
        let busiest = self.refreshes_by_slot.iter().copied().max().unwrap_or(0);
        Need {
            logins: rate(self.logins),
            refreshes: rate(self.refreshes),
            verifies: rate(self.verifies),
            profiles: rate(self.profiles),
            logouts: rate(self.logouts),
            peak_refreshes: rate(busiest) * DAY / SLOT,
            families: self.families as f64 * scale,
        }
    }
}

/// The last so many days are counted.
const COUNTED: u32 = 7;
/// Minutes over which the peak is measured: long enough for a sample, short beside the swing of a day.
const SLOT: f64 = 30.0;
