//! What is remembered of one account: the failures of strangers, and each device that its owner is known by.

use std::time::Duration;

use jeton_store::LoginLimit;
use jeton_token::time::Timestamp;

use super::tally::{Kept, Rule, Tally};

/// The keyed digest of a name, as it was typed. There may be nobody of that name.
pub(crate) type AccountKey = [u8; 16];
/// The keyed digest of an account, a network and a user agent.
pub(crate) type DeviceKey = [u8; 8];

#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    strangers: Circle,
    devices: Vec<Device>,
}

/// Those who share a tally.
#[derive(Clone, Debug, Default)]
pub(super) struct Circle {
    pub(super) tally: Tally,
    /// When it was last changed in a way that is written.
    pub(super) changed_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Device {
    key: DeviceKey,
    known_until: Timestamp,
    circle: Circle,
}

/// What an account is worth remembering for, the least first.
pub(super) type Worth = (bool, u8, u16, Option<Timestamp>);

impl Account {
    /// The circle of whoever comes with that device: its own if it is known here, else that of all strangers.
    pub(super) fn circle(&mut self, device: Option<DeviceKey>, now: Timestamp) -> (Option<DeviceKey>, &mut Circle) {
        let known = self.devices.iter_mut().find(|known| Some(known.key) == device && now < known.known_until);
        match known {
            Some(known) => (Some(known.key), &mut known.circle),
            None => (None, &mut self.strangers),
        }
    }

    /// The circle of that name, known here or not any more.
    pub(super) fn named(&mut self, device: Option<DeviceKey>) -> Option<&mut Circle> {
        match device {
            None => Some(&mut self.strangers),
            Some(_) => self.devices.iter_mut().find(|known| Some(known.key) == device).map(|known| &mut known.circle),
        }
    }

    /// The same; a device that was forgotten in the meantime is a stranger.
    pub(super) fn named_or_strangers(&mut self, device: Option<DeviceKey>) -> &mut Circle {
        let known = self.devices.iter_mut().find(|known| Some(known.key) == device);
        known.map_or(&mut self.strangers, |known| &mut known.circle)
    }

    /// The owner came with this device: it is known, and its failures are forgiven. Whether that is news, and which
    /// devices were forgotten for it. Without a device nobody can be told from a stranger.
    pub(super) fn welcome(&mut self, rule: Rule, device: Option<DeviceKey>, now: Timestamp) -> (bool, Vec<DeviceKey>) {
        let Some(key) = device else {
            return (self.strangers.tally.forgive_failures(rule, now), Vec::new());
        };
        let known_until = now + KNOWN_FOR;
        if let Some(known) = self.devices.iter_mut().find(|known| known.key == key) {
            let had_failures = known.circle.tally.forgive_failures(rule, now);
            let is_news = had_failures || known.known_until + DAY < known_until;
            if is_news {
                known.known_until = known_until;
            }
            return (is_news, Vec::new());
        }
        self.devices.sort_unstable_by_key(|known| known.known_until);
        let surplus = (self.devices.len() + 1).saturating_sub(MAX_DEVICES);
        let forgotten = self.devices.drain(..surplus).map(|known| known.key).collect();
        self.devices.push(Device { key, known_until, circle: Circle::default() });
        (true, forgotten)
    }

    /// What is to be written of a circle.
    pub(super) fn row(
        &mut self,
        rule: Rule,
        account: AccountKey,
        device: Option<DeviceKey>,
        now: Timestamp,
    ) -> Option<LoginLimit> {
        let known_until = self.devices.iter().find(|known| Some(known.key) == device).map(|known| known.known_until);
        let circle = self.named(device)?;
        let Kept { failures, strikes, held_until } = circle.tally.kept(rule, now);
        let blank_at = circle.tally.blank_at(rule, now);
        Some(LoginLimit {
            account,
            device,
            failures: failures.into(),
            strikes,
            held_until,
            changed_at: circle.changed(now),
            expires_at: known_until.map_or(blank_at, |until| until.max(blank_at)),
        })
    }

    /// An operator cleared it at that moment.
    pub(super) fn clear(&mut self, device: Option<DeviceKey>, at: Timestamp) {
        if let Some(circle) = self.named(device) {
            circle.tally.forgive();
            circle.changed_at = Some(at);
        }
    }

    /// Takes over what the store had kept.
    pub(super) fn restore(&mut self, rule: Rule, row: &LoginLimit) {
        let failures = u16::try_from(row.failures).unwrap_or(u16::MAX);
        let kept = Kept { failures, strikes: row.strikes, held_until: row.held_until };
        let tally = Tally::restored(rule, kept, row.changed_at);
        let circle = Circle { tally, changed_at: Some(row.changed_at) };
        match row.device {
            None => self.strangers = circle,
            Some(key) if self.devices.len() < MAX_DEVICES => {
                self.devices.push(Device { key, known_until: row.expires_at, circle });
            }
            Some(_) => {}
        }
    }

    /// Whether the store may have anything of it.
    pub(super) fn is_written(&self) -> bool {
        let mut circles = self.devices.iter().map(|known| &known.circle).chain([&self.strangers]);
        circles.any(|circle| circle.changed_at.is_some())
    }

    pub(super) fn worth(&mut self, rule: Rule, now: Timestamp) -> Worth {
        let is_known = self.devices.iter().any(|known| now < known.known_until);
        let Kept { failures, strikes, .. } = self.strangers.tally.kept(rule, now);
        (is_known, strikes, failures, self.strangers.changed_at)
    }
}

impl Circle {
    /// The moment of this change: later than that of any change before, so that writes that cross each other end right.
    fn changed(&mut self, now: Timestamp) -> Timestamp {
        let at = self.changed_at.map_or(now, |before| now.max(before + Duration::from_micros(1)));
        self.changed_at = Some(at);
        at
    }
}

/// How long a device is known after its last sign-in.
pub(super) const KNOWN_FOR: Duration = Duration::from_secs(30 * 86_400);
/// Known devices of an account; the one that was away for longest is forgotten first.
const MAX_DEVICES: usize = 8;
const DAY: Duration = Duration::from_secs(86_400);
