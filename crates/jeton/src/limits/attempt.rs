//! What the store has of whoever tries something, and what it is to have then. Pure: the store is asked by others.

use std::time::Duration;

use jeton_store::{LimitRow, LimitSubject, LimitWrite};
use jeton_token::time::Timestamp;

use super::tally::{Rule, Standing, Tally};
use super::{AccountKey, AddressKey, Contender, DeviceKey, LimitOf, Limits, Wait};

/// Whether something may be tried.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It may, once that is written. A sign-in from a known device counts for that device.
    Begun { known: Option<DeviceKey>, writes: Vec<LimitWrite> },
    /// That depends on how others end that are under way.
    Busy,
    /// It may not. If that is news to the operator, whoever gets to write it tells.
    Held { wait: Wait, news: Option<LimitWrite> },
}

/// An account's strangers, or one of its known devices.
pub(crate) type Circle = (Option<AccountKey>, Option<DeviceKey>);

/// How a sign-in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Name and password were right. The device is known from now on, and what failed on it is forgiven. What strangers
    /// failed is not, or whoever guesses could wait for the owner to come by.
    Succeeded,
    /// They were not.
    Failed,
    /// Nobody knows: they could not be looked at.
    Withdrawn,
}

impl Limits {
    /// Whether a sign-in may begin, by what the store has. Who is held back costs no write, but for the first of a wait.
    pub(crate) fn admit(&self, contender: Contender, found: &[LimitRow], now: Timestamp) -> Admission {
        let known = known_device(contender, found, now);
        let mut counts: Vec<Count> = self.counts(contender, known, found).into_iter().flatten().collect();
        let standings: Vec<_> = counts.iter_mut().map(|count| count.tally.standing(count.rule, now)).collect();
        for (count, standing) in counts.iter_mut().zip(&standings) {
            if let Standing::Held(until) = *standing {
                return count.held(until, now);
            }
        }
        if standings.contains(&Standing::Busy) {
            return Admission::Busy;
        }
        counts.iter_mut().for_each(|count| count.tally.begin(now));
        Admission::Begun { known, writes: counts.into_iter().map(|mut count| count.write(now)).collect() }
    }

    /// Who waits for whom: those whose tries count together.
    pub(crate) fn circle(contender: Contender, found: &[LimitRow], now: Timestamp) -> Circle {
        (contender.account, known_device(contender, found, now))
    }

    /// Counts a sign-up, if there is room.
    pub(crate) fn admit_sign_up(&self, address: AddressKey, found: &[LimitRow], now: Timestamp) -> Admission {
        let Some(rule) = self.of_sign_ups else { return Admission::Begun { known: None, writes: Vec::new() } };
        let mut count = Count::of(rule, LimitOf::SignUps, LimitSubject::Address(address), found);
        if let Standing::Held(until) = count.tally.standing(rule, now) {
            return count.held(until, now);
        }
        count.tally.fail(rule, now);
        Admission::Begun { known: None, writes: vec![count.write(now)] }
    }

    /// What becomes of the counts once a sign-in has ended that began as `known`.
    pub(crate) fn settle(
        &self,
        contender: Contender,
        known: Option<DeviceKey>,
        outcome: Outcome,
        found: &[LimitRow],
        now: Timestamp,
    ) -> Vec<LimitWrite> {
        // A device that was forgotten in the meantime is a stranger.
        let still_known = known.filter(|_| contender.known_row(found).is_some());
        let [circle, address] = self.counts(contender, still_known, found);
        let mut counts: Vec<Count> = circle.into_iter().chain(address.filter(|_| known.is_none())).collect();
        if known != still_known {
            counts.iter_mut().for_each(|count| count.tally.begin(now));
        }
        for count in &mut counts {
            match outcome {
                Outcome::Failed => count.tally.fail(count.rule, now),
                Outcome::Succeeded | Outcome::Withdrawn => count.tally.withdraw(),
            }
        }
        if outcome == Outcome::Succeeded {
            self.welcome(contender, found, &mut counts, now);
        }
        counts.into_iter().map(|mut count| count.write(now)).collect()
    }

    /// The owner came with this device: it is known, and its failures are forgiven. Without a device nobody can be told
    /// from a stranger.
    fn welcome(&self, contender: Contender, found: &[LimitRow], counts: &mut Vec<Count>, now: Timestamp) {
        let Some((rule, account)) = self.of_account.zip(contender.account) else { return };
        let subject = match contender.device {
            Some(device) => LimitSubject::Device(account, device),
            None => LimitSubject::Strangers(account),
        };
        if !counts.iter().any(|count| count.subject == subject) {
            counts.push(Count::of(rule, LimitOf::KnownDevice, subject, found));
        }
        for count in counts.iter_mut().filter(|count| count.subject == subject) {
            count.tally.forgive();
            count.known_until = contender.device.map(|_| now + KNOWN_FOR);
        }
    }

    /// The tallies that a sign-in is held to: the account's strangers or the known device, and for strangers the address.
    fn counts(&self, contender: Contender, known: Option<DeviceKey>, found: &[LimitRow]) -> [Option<Count>; 2] {
        let circle = self.of_account.zip(contender.account).map(|(rule, account)| match known {
            Some(device) => Count::of(rule, LimitOf::KnownDevice, LimitSubject::Device(account, device), found),
            None => Count::of(rule, LimitOf::Account, LimitSubject::Strangers(account), found),
        });
        let address = self.of_address.zip(contender.address).filter(|_| known.is_none());
        let address = address.map(|(rule, key)| Count::of(rule, LimitOf::Address, LimitSubject::Address(key), found));
        [circle, address]
    }

    /// How many failures count against whoever the row is of.
    pub(crate) fn failures(&self, row: &LimitRow, now: Timestamp) -> u16 {
        self.of_account.map_or(0, |rule| {
            let mut tally = Tally::of(rule, row);
            tally.standing(rule, now);
            tally.failures(rule, now)
        })
    }
}

/// One tally on its way from the store and back.
struct Count {
    by: LimitOf,
    rule: Rule,
    subject: LimitSubject,
    tally: Tally,
    known_until: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Count {
    fn of(rule: Rule, by: LimitOf, subject: LimitSubject, found: &[LimitRow]) -> Self {
        let row = found.iter().find(|row| row.subject == subject);
        Self {
            by,
            rule,
            subject,
            tally: row.map_or_else(Tally::default, |row| Tally::of(rule, row)),
            known_until: row.and_then(|row| row.known_until),
            before: row.map(|row| row.changed_at),
        }
    }

    fn held(&mut self, until: Timestamp, now: Timestamp) -> Admission {
        let is_news = self.tally.is_news(until, now);
        let wait = Wait { by: self.by, until, is_news };
        Admission::Held { wait, news: is_news.then(|| self.write(now)) }
    }

    /// Later than any write before, so that each is another.
    fn write(&mut self, now: Timestamp) -> LimitWrite {
        let changed_at = self.before.map_or(now, |before| now.max(before + Duration::from_micros(1)));
        let row = self.tally.row(self.rule, self.subject, self.known_until, now, changed_at);
        LimitWrite { row, before: self.before }
    }
}

impl Contender {
    fn known_row(self, found: &[LimitRow]) -> Option<&LimitRow> {
        let subject = LimitSubject::Device(self.account?, self.device?);
        found.iter().find(|row| row.subject == subject)
    }
}

fn known_device(contender: Contender, found: &[LimitRow], now: Timestamp) -> Option<DeviceKey> {
    let row = contender.known_row(found)?;
    contender.device.filter(|_| row.known_until.is_some_and(|until| now < until))
}

/// How long a device is known after its last sign-in.
const KNOWN_FOR: Duration = Duration::from_secs(30 * 86_400);
