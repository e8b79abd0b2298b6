//! When two worlds are the same one for the search.

use jeton_token::id::Generation;
use jeton_token::time::Timestamp;

use crate::world::{BEYOND, SLEEP, Setup, Tab, World, moment, units};

impl Setup {
    /// The same world with its tabs in order, generations counted from the newest, and times from now: what tells two
    /// worlds apart and makes no difference to any rule is gone.
    pub(crate) fn canonical(&self, mut world: World) -> World {
        let shift = world.family.generation.0.saturating_sub(HOME);
        let down = |generation: u32| generation.saturating_sub(shift);
        let g = world.family.generation.0 - shift;
        let oldest = BEYOND + self.lag + if world.step_left { self.step } else { 0 };
        let now = world.now;
        let recent = |at: Timestamp| {
            let age = now - units(at);
            moment(-if age >= SLEEP { SLEEP + oldest } else { age.min(oldest) })
        };
        let family = &mut world.family;
        family.generation = Generation(g);
        family.consumed_below = Generation(down(family.consumed_below.0));
        family.rotated_at = family.rotated_at.map(recent);
        family.in_use = family.in_use.filter(|used| used.0 - shift.min(used.0) >= g).map(|_| Generation(g));
        family.late = family.late.filter(|late| late.generation.0 + 1 >= g + shift).map(|mut late| {
            late.generation = Generation(late.generation.0 - shift);
            late.at = if late.generation.0 == g { recent(late.at) } else { moment(0) };
            late
        });
        world.now = 0;
        world.held = down(world.held);
        world.thief = world.thief.map(down);
        for tab in &mut world.tabs {
            match tab {
                Tab::Absent | Tab::Idle => {}
                Tab::Sent(request) => request.generation = down(request.generation),
                Tab::Answered { generation, .. } => *generation = down(*generation),
            }
        }
        for copy in world.copies.iter_mut().flatten() {
            copy.generation = down(copy.generation);
        }
        world.tabs.sort_unstable();
        world.copies.sort_unstable();
        world
    }
}

impl World {
    /// A number that is the same for two canonical worlds only if they are.
    pub(crate) fn key(&self) -> u128 {
        let mut key = 0;
        let mut put = |value: i64, radix: u128| key = key * radix + value as u128;
        let age = |at: Timestamp| -units(at);
        let small = |age: i64| if age >= SLEEP { 19 } else { age + 4 };
        put(self.family.generation.0.into(), 4);
        put(self.family.consumed_below.0.into(), 4);
        put(self.family.rotated_at.map_or(0, |at| 1 + small(age(at))), 21);
        put(self.family.late.map_or(0, |late| 1 + small(age(late.at))), 21);
        put(self.family.late.map_or(0, |late| late.generation.0.into()), 4);
        put(self.family.late.map_or(0, |late| late.run.into()), 8);
        let flags = [
            self.family.in_use.is_some(),
            self.family.marked,
            self.family.revoked,
            self.thief_left,
            self.logout_left,
            self.step_left,
            self.seen.thief_first,
            self.seen.apart,
            self.seen.lost,
        ];
        flags.into_iter().for_each(|flag| put(flag.into(), 2));
        put(self.seen.apart_run.into(), 8);
        put(self.seen.lost_run.into(), 8);
        put(self.held.into(), 4);
        put(self.copies_left.into(), 4);
        put(self.thief.map_or(0, |thief| i64::from(thief) + 1), 5);
        for tab in self.tabs {
            put(
                match tab {
                    Tab::Absent | Tab::Idle => 0,
                    Tab::Sent(request) => 1 + i64::from(request.generation) * 4 + request.age,
                    Tab::Answered { generation, age } => 17 + i64::from(generation) * 4 + age,
                },
                33,
            );
        }
        for copy in self.copies {
            put(copy.map_or(0, |copy| 1 + i64::from(copy.generation) * 4 + copy.age), 17);
        }
        key
    }
}

/// The newest generation is never more than this in a canonical world: one to be the parent's, one for all that is older.
const HOME: u32 = 2;
