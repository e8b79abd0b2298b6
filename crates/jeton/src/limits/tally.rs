//! The failures that count against somebody, and how long the next attempt has to wait.

use std::time::Duration;

use jeton_store::{LimitRow, LimitSubject};
use jeton_token::time::Timestamp;

use super::window::Window;
use crate::settings::Rate;

/// How failures are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// So many are free.
    pub(super) rate: Rate,
    /// How long the wait may grow by doubling; nothing if it does not grow.
    pub(super) longest_delay: Option<Duration>,
}

/// The failures of one account, one device or one address. Attempts under way count as if they were to fail: of a
/// hundred at once no more are tried than of a hundred in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    window: Window,
    pending: u16,
    /// By then those under way have ended, or have failed: whoever was to tell is gone.
    pending_until: Option<Timestamp>,
    /// How often in a row a failure made the next attempt wait; each doubles the wait.
    strikes: u8,
    held_until: Option<Timestamp>,
    /// The wait was told to the operator, and ends then.
    told_until: Option<Timestamp>,
}

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It may.
    Free,
    /// That depends on how those under way end.
    Busy,
    /// Not before then.
    Held(Timestamp),
}

impl Rule {
    /// What a strike makes the next attempt wait: the length of the window first, then twice that, and so on.
    fn delay(self, strikes: u8) -> Duration {
        let doubled = 1_u32.checked_shl(u32::from(strikes.saturating_sub(1))).unwrap_or(u32::MAX);
        self.rate.per.saturating_mul(doubled).min(self.longest())
    }

    fn longest(self) -> Duration {
        self.longest_delay.unwrap_or_default().max(self.rate.per)
    }
}

impl Tally {
    pub(super) fn standing(&mut self, rule: Rule, now: Timestamp) -> Standing {
        self.settle_lost(rule, now);
        self.forgive_old_strikes(rule, now);
        if let Some(until) = self.held_until.filter(|until| now < *until) {
            return Standing::Held(until);
        }
        if self.strikes > 0 {
            return if self.pending == 0 { Standing::Free } else { Standing::Busy };
        }
        let (failures, most) = (self.window.count(rule.rate, now), u32::from(rule.rate.count));
        if failures >= most {
            Standing::Held(self.window.free_at(rule.rate, now))
        } else if failures + u32::from(self.pending) < most {
            Standing::Free
        } else {
            Standing::Busy
        }
    }

    /// An attempt is under way.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.pending = self.pending.saturating_add(1);
        self.pending_until = self.pending_until.max(Some(now + PATIENCE));
    }

    /// An attempt came to nothing: nobody knows whether it was right.
    pub(super) fn withdraw(&mut self) {
        self.pending = self.pending.saturating_sub(1);
        if self.pending == 0 {
            self.pending_until = None;
        }
    }

    pub(super) fn fail(&mut self, rule: Rule, now: Timestamp) {
        self.withdraw();
        self.window.add(rule.rate, now);
        if rule.longest_delay.is_some() && (self.strikes > 0 || self.window.is_full(rule.rate)) {
            self.strikes = self.strikes.saturating_add(1);
            self.held_until = Some(now + rule.delay(self.strikes));
        }
    }

    /// Forgets every failure; attempts under way stay.
    pub(super) fn forgive(&mut self) {
        *self = Self { pending: self.pending, pending_until: self.pending_until, ..Self::default() };
    }

    /// Whether this wait is news to the operator. It is once.
    pub(super) fn is_news(&mut self, until: Timestamp, now: Timestamp) -> bool {
        let is_news = self.told_until.is_none_or(|told| told <= now);
        if is_news {
            self.told_until = Some(until);
        }
        is_news
    }

    pub(super) fn failures(&mut self, rule: Rule, now: Timestamp) -> u16 {
        u16::try_from(self.window.count(rule.rate, now)).unwrap_or(u16::MAX)
    }

    /// What the store has.
    pub(super) fn of(rule: Rule, row: &LimitRow) -> Self {
        let failures = u16::try_from(row.failures).unwrap_or(u16::MAX);
        let window = row.slots.as_deref().and_then(|slots| Window::from_bytes(rule.rate, slots));
        let window = window.unwrap_or_else(|| {
            let mut window = Window::default();
            window.add_many(rule.rate, row.changed_at, failures);
            window
        });
        Self {
            window,
            pending: u16::try_from(row.pending).unwrap_or(u16::MAX),
            pending_until: row.pending_until,
            strikes: row.strikes,
            held_until: row.held_until,
            told_until: row.told_until,
        }
    }

    /// What the store is to have from `changed_at` on.
    pub(super) fn row(
        &mut self,
        rule: Rule,
        subject: LimitSubject,
        known_until: Option<Timestamp>,
        now: Timestamp,
        changed_at: Timestamp,
    ) -> LimitRow {
        self.forgive_old_strikes(rule, now);
        let blank_at = self.blank_at(rule, now);
        LimitRow {
            subject,
            known_until,
            failures: self.failures(rule, now).into(),
            slots: Some(self.window.to_bytes(rule.rate)),
            strikes: self.strikes,
            held_until: self.held_until,
            pending: self.pending.into(),
            pending_until: self.pending_until,
            told_until: self.told_until,
            changed_at,
            expires_at: known_until.map_or(blank_at, |until| until.max(blank_at)),
        }
    }

    /// When there will be nothing left to remember, if nothing comes after.
    pub(super) fn blank_at(&self, rule: Rule, now: Timestamp) -> Timestamp {
        // An attempt whose end nobody tells of fails at the end of the patience, and counts from then on.
        let last = self.pending_until.map_or(now, |until| now.max(until));
        let window = last + rule.rate.per + rule.rate.per / 8;
        self.held_until.map_or(window, |until| window.max(until + 2 * rule.longest()))
    }

    /// Attempts that nobody told the end of have failed: their node is gone, or cannot write.
    fn settle_lost(&mut self, rule: Rule, now: Timestamp) {
        let Some(until) = self.pending_until.filter(|until| *until <= now) else { return };
        for _ in 0..self.pending {
            self.fail(rule, until);
        }
        self.pending_until = None;
    }

    /// Strikes are forgotten after twice the longest delay without a failure; and no wait is longer than the longest,
    /// should the clock have gone back.
    fn forgive_old_strikes(&mut self, rule: Rule, now: Timestamp) {
        let Some(until) = self.held_until else { return };
        let longest = rule.longest();
        if now >= until + 2 * longest {
            self.forgive();
        } else if until > now + longest {
            self.held_until = Some(now + longest);
        }
    }
}

/// How long an attempt may take that is not told to have failed. Longer than any request takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: Rule = Rule {
        rate: Rate { count: 10, per: Duration::from_secs(900) },
        longest_delay: Some(Duration::from_secs(3600)),
    };

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000) + Duration::from_secs(minutes * 60)
    }

    fn fail_at_once(tally: &mut Tally, count: u16, now: Timestamp) {
        for _ in 0..count {
            assert_eq!(tally.standing(ACCOUNT, now), Standing::Free);
            tally.begin(now);
            tally.fail(ACCOUNT, now);
        }
    }

    fn kept(tally: &mut Tally, rule: Rule, now: Timestamp) -> LimitRow {
        tally.row(rule, LimitSubject::Strangers([1; 16]), None, now, now)
    }

    #[test]
    fn the_wait_doubles_with_each_failure_up_to_the_longest() {
        let mut tally = Tally::default();
        fail_at_once(&mut tally, 10, at(0));
        let mut now = at(0);
        for minutes in [15, 30, 60, 60, 60] {
            let until = now + Duration::from_secs(minutes * 60);
            assert_eq!(tally.standing(ACCOUNT, now), Standing::Held(until));
            assert_eq!(tally.standing(ACCOUNT, until - Duration::from_secs(1)), Standing::Held(until));
            now = until;
            fail_at_once(&mut tally, 1, now);
        }
    }

    #[test]
    fn after_a_wait_one_is_tried_at_a_time() {
        let mut tally = Tally::default();
        fail_at_once(&mut tally, 10, at(0));
        assert_eq!(tally.standing(ACCOUNT, at(15)), Standing::Free);
        tally.begin(at(15));
        assert_eq!(tally.standing(ACCOUNT, at(15)), Standing::Busy);
        tally.withdraw();
        assert_eq!(tally.standing(ACCOUNT, at(15)), Standing::Free);
    }

    #[test]
    fn strikes_are_forgotten_after_a_quiet_time_and_not_before() {
        let mut tally = Tally::default();
        fail_at_once(&mut tally, 10, at(0));
        assert_eq!(kept(&mut tally, ACCOUNT, at(15 + 119)).strikes, 1);
        let mut struck = tally.clone();
        fail_at_once(&mut struck, 1, at(15 + 119));
        assert_eq!(struck.standing(ACCOUNT, at(15 + 119)), Standing::Held(at(15 + 119 + 30)));
        assert_eq!(tally.blank_at(ACCOUNT, at(0)), at(15 + 120));
        assert_eq!(kept(&mut tally, ACCOUNT, at(15 + 120)).strikes, 0);
        fail_at_once(&mut tally, 9, at(15 + 120));
        assert_eq!(tally.standing(ACCOUNT, at(15 + 120)), Standing::Free);
    }

    #[test]
    fn attempts_under_way_count_as_failures_until_they_end() {
        let mut tally = Tally::default();
        fail_at_once(&mut tally, 7, at(0));
        for _ in 0..3 {
            assert_eq!(tally.standing(ACCOUNT, at(0)), Standing::Free);
            tally.begin(at(0));
        }
        assert_eq!(tally.standing(ACCOUNT, at(0)), Standing::Busy);
        tally.withdraw();
        assert_eq!(tally.standing(ACCOUNT, at(0)), Standing::Free);
        tally.begin(at(0));
        (0..3).for_each(|_| tally.fail(ACCOUNT, at(0)));
        assert_eq!(tally.standing(ACCOUNT, at(0)), Standing::Held(at(15)));
    }

    #[test]
    fn an_address_waits_for_its_window_alone() {
        let rule = Rule { longest_delay: None, ..ACCOUNT };
        let mut tally = Tally::default();
        for _ in 0..10 {
            tally.begin(at(0));
            tally.fail(rule, at(0));
        }
        assert!(matches!(tally.standing(rule, at(14)), Standing::Held(_)));
        assert_eq!(tally.standing(rule, at(17)), Standing::Free, "all of them are forgotten together");
        assert_eq!(kept(&mut tally, rule, at(17)).failures, 0);
    }

    #[test]
    fn what_was_kept_waits_as_long_as_before() {
        let mut tally = Tally::default();
        fail_at_once(&mut tally, 6, at(0));
        let mut restored = Tally::of(ACCOUNT, &kept(&mut tally, ACCOUNT, at(1)));
        assert_eq!(restored, tally);
        fail_at_once(&mut restored, 4, at(2));
        assert_eq!(restored.standing(ACCOUNT, at(3)), Standing::Held(at(17)));
        let mut again = Tally::of(ACCOUNT, &kept(&mut restored, ACCOUNT, at(3)));
        assert_eq!(again.standing(ACCOUNT, at(3)), Standing::Held(at(17)));
        fail_at_once(&mut again, 1, at(17));
        assert_eq!(again.standing(ACCOUNT, at(17)), Standing::Held(at(47)), "strikes are kept too");
    }

    #[test]
    fn failures_that_were_kept_without_their_moments_are_as_new_as_the_newest() {
        let mut tally = Tally::default();
        fail_at_once(&mut tally, 9, at(0));
        let row = LimitRow { slots: None, ..kept(&mut tally, ACCOUNT, at(10)) };
        let mut restored = Tally::of(ACCOUNT, &row);
        assert_eq!(restored.failures(ACCOUNT, at(24)), 9);
        let slow = Rule { rate: Rate { per: Duration::from_secs(60), ..ACCOUNT.rate }, ..ACCOUNT };
        assert_eq!(
            Tally::of(slow, &kept(&mut tally, ACCOUNT, at(10))).failures(slow, at(10)),
            9,
            "the setting is another"
        );
    }

    #[test]
    fn an_attempt_that_nobody_tells_the_end_of_has_failed() {
        let mut tally = Tally::default();
        fail_at_once(&mut tally, 7, at(0));
        (0..3).for_each(|_| tally.begin(at(0)));
        assert_eq!(tally.clone().standing(ACCOUNT, at(1) - Duration::from_secs(1)), Standing::Busy);
        assert_eq!(tally.standing(ACCOUNT, at(2)), Standing::Held(at(1 + 15)));
        tally.withdraw();
        assert_eq!(tally.standing(ACCOUNT, at(2)), Standing::Held(at(1 + 15)), "whatever is told later");
        let mut late = Tally::default();
        late.begin(at(0));
        assert_eq!(late.standing(ACCOUNT, at(1 + 14)), Standing::Free);
        assert_eq!(late.failures(ACCOUNT, at(1 + 14)), 1);
        assert!(kept(&mut late, ACCOUNT, at(1)).expires_at > at(1 + 15));
    }

    #[test]
    fn a_wait_is_news_once() {
        let mut tally = Tally::default();
        assert!(tally.is_news(at(15), at(0)));
        assert!(!tally.is_news(at(15), at(14)));
        assert!(tally.is_news(at(30), at(15)));
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out_for_longer_than_the_longest_wait() {
        let mut tally = Tally::default();
        fail_at_once(&mut tally, 10, at(100_000));
        let Standing::Held(until) = tally.standing(ACCOUNT, at(0)) else { panic!("free") };
        assert_eq!(until, at(60));
        assert_eq!(tally.standing(ACCOUNT, at(60)), Standing::Free);
    }
}
