//! How many there were lately: a window that slides in tenths of its length.

use jeton_token::time::Timestamp;

use crate::settings::Rate;

/// What was counted over the last `per`, and up to a tenth longer: never does it forget too early.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// The number of the newest slot, counted from 1970.
    newest: i64,
    /// The newest first. What lies in the last one may be just as old as the window is long.
    slots: [u16; SLOTS],
}

impl Window {
    pub(super) fn add(&mut self, rate: Rate, now: Timestamp) {
        self.add_many(rate, now, 1);
    }

    pub(super) fn add_many(&mut self, rate: Rate, now: Timestamp, count: u16) {
        self.advance(rate, now);
        self.slots[0] = self.slots[0].saturating_add(count);
    }

    pub(super) fn count(&mut self, rate: Rate, now: Timestamp) -> u32 {
        self.advance(rate, now);
        self.total()
    }

    /// When there is room for one more; now, if there is.
    pub(super) fn free_at(&mut self, rate: Rate, now: Timestamp) -> Timestamp {
        self.advance(rate, now);
        let mut left = self.total();
        if left < u32::from(rate.count) {
            return now;
        }
        let mut oldest = self.newest - LAST;
        for count in self.slots.iter().rev() {
            left -= u32::from(*count);
            if left < u32::from(rate.count) {
                break;
            }
            oldest += 1;
        }
        Timestamp::from_micros((oldest + LAST + 1).saturating_mul(length(rate)))
    }

    /// Whether there was no room left when it was last looked at.
    pub(super) fn is_full(&self, rate: Rate) -> bool {
        self.total() >= u32::from(rate.count)
    }

    /// As it is kept: the length of a slot, the number of the newest, and what is in each.
    pub(super) fn to_bytes(&self, rate: Rate) -> Vec<u8> {
        let head = [length(rate), self.newest].map(i64::to_be_bytes);
        let slots = self.slots.iter().flat_map(|count| count.to_be_bytes());
        head.into_iter().flatten().chain(slots).collect()
    }

    /// What was kept. Nothing if it was kept in slots of another length: then the setting has changed since.
    pub(super) fn from_bytes(rate: Rate, bytes: &[u8]) -> Option<Self> {
        let (length_then, rest) = bytes.split_first_chunk()?;
        let (newest, rest) = rest.split_first_chunk()?;
        let (counts, []) = rest.as_chunks() else { return None };
        let counts: &[[u8; 2]; SLOTS] = counts.try_into().ok()?;
        let is_ours = i64::from_be_bytes(*length_then) == length(rate);
        is_ours.then(|| Self { newest: i64::from_be_bytes(*newest), slots: counts.map(u16::from_be_bytes) })
    }

    fn total(&self) -> u32 {
        self.slots.iter().map(|&count| u32::from(count)).sum()
    }

    fn advance(&mut self, rate: Rate, now: Timestamp) {
        let slot = now.micros().div_euclid(length(rate));
        let by = slot - self.newest;
        match usize::try_from(by) {
            Ok(by) if by < SLOTS => {
                self.slots.rotate_right(by);
                self.slots[..by].fill(0);
                self.newest = slot;
            }
            Ok(_) => *self = Self { newest: slot, ..Self::default() },
            // The clock went back: a little is waited out, beyond that what was counted counts as new.
            Err(_) if by < -LAST => self.newest = slot,
            Err(_) => {}
        }
    }
}

/// The length of a slot in microseconds.
fn length(rate: Rate) -> i64 {
    i64::try_from(rate.per.as_micros().div_ceil(10)).unwrap_or(i64::MAX).max(1)
}

const SLOTS: usize = 11;
const LAST: i64 = 10;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate { count: 10, per: Duration::from_secs(900) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000) + Duration::from_secs(seconds)
    }

    fn is_free(window: &mut Window, now: Timestamp) -> bool {
        window.free_at(RATE, now) == now
    }

    #[test]
    fn ten_are_free_and_the_eleventh_waits_for_the_first_to_be_forgotten() {
        let mut window = Window::default();
        for second in 0..10 {
            assert!(is_free(&mut window, at(second)), "{second}");
            window.add(RATE, at(second));
        }
        let free = window.free_at(RATE, at(10));
        assert!(at(900) <= free && free <= at(1000), "{free:?}");
        assert!(!is_free(&mut window, at(890)));
        assert!(is_free(&mut window, free));
    }

    #[test]
    fn what_is_old_frees_its_place_by_and_by() {
        let mut window = Window::default();
        for minute in 0..10 {
            window.add(RATE, at(minute * 60));
        }
        assert!(!is_free(&mut window, at(899)));
        let free = window.free_at(RATE, at(899));
        assert!(at(900) <= free && free <= at(1000));
        assert_eq!(window.count(RATE, at(900 + 300)), 6, "the first four are forgotten, the fifth not yet for sure");
        assert_eq!(window.count(RATE, at(3000)), 0);
    }

    #[test]
    fn a_clock_that_goes_back_neither_forgets_nor_locks_for_ever() {
        let mut window = Window::default();
        window.add_many(RATE, at(100_000), 10);
        assert!(!is_free(&mut window, at(99_990)));
        assert!(!is_free(&mut window, at(50_000)), "set back by hours");
        assert!(is_free(&mut window, at(50_000 + 1000)));
    }

    #[test]
    fn what_is_kept_comes_back_unless_the_setting_has_changed() {
        let mut window = Window::default();
        window.add_many(RATE, at(0), 3);
        window.add_many(RATE, at(400), 300);
        let bytes = window.to_bytes(RATE);
        assert_eq!(Window::from_bytes(RATE, &bytes), Some(window));
        assert_eq!(Window::from_bytes(Rate { count: 5, ..RATE }, &bytes).unwrap().total(), 303);
        assert_eq!(Window::from_bytes(Rate { per: Duration::from_secs(60), ..RATE }, &bytes), None);
        for wrong in [&bytes[1..], &bytes[..37], &[]] {
            assert_eq!(Window::from_bytes(RATE, wrong), None);
        }
    }

    proptest! {
        #[test]
        fn no_stretch_of_the_length_ever_has_more(gaps in prop::collection::vec(0_u64..200_000, 1..300), count in 1_u16..20) {
            let rate = Rate { count, per: Duration::from_secs(900) };
            let (mut window, mut now, mut taken) = (Window::default(), at(0), Vec::new());
            for gap in gaps {
                now = now + Duration::from_millis(gap);
                let free = window.free_at(rate, now);
                prop_assert!(free.since(now) <= rate.per + rate.per / 9);
                if free == now {
                    window.add(rate, now);
                    taken.push(now);
                } else {
                    let again = window.clone().free_at(rate, free);
                    prop_assert_eq!(again, free, "what is promised is kept");
                }
            }
            for (position, first) in taken.iter().enumerate() {
                let within = taken[position..].iter().take_while(|at| at.since(*first) < rate.per).count();
                prop_assert!(within <= usize::from(count));
            }
        }
    }
}
