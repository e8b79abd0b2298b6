//! A way through the model, told in words.

use std::fmt::Write;

use crate::laws::REAL;
use crate::step::Broken;
use crate::world::{Action, Setup, UNIT, World};

/// Tells what happens on the way, one line each, and where it leads.
pub(crate) fn tell(setup: &Setup, way: &[Action]) -> (String, World) {
    let (mut world, mut story) = (setup.start(), String::new());
    for &action in way {
        let (held, thief) = (world.held, world.thief.unwrap_or(0));
        let (next, carried) = match setup.step(&world, action, &REAL) {
            Ok(step) => step,
            Err(broken) => {
                line(&mut story, &world, &format!("{}: {broken:?}", words(action, held, thief)));
                return (story, world);
            }
        };
        let ledger = carried.map_or(String::new(), |carried| {
            format!(": generation {} gets {:?}", carried.presented.generation.0, carried.decision)
        });
        line(&mut story, &next, &(words(action, held, thief) + &ledger));
        world = next;
    }
    (story, world)
}

/// The same for a way that a search found to break a property that is claimed too broadly.
pub(crate) fn tell_found(setup: &Setup, found: Option<(Broken, Vec<Action>)>, expected: Broken) -> String {
    let (broken, way) = found.expect("the limit is one");
    assert_eq!(broken, expected);
    tell(setup, &way).0
}

fn line(story: &mut String, world: &World, text: &str) {
    let seconds = world.now * UNIT.as_secs() as i64;
    writeln!(story, "    {seconds:>6} s  {text}").expect("a string takes all");
}

fn words(action: Action, held: u32, thief: u32) -> String {
    match action {
        Action::Send(_) => format!("a tab sends generation {held}"),
        Action::Duplicate(_) => "the network duplicates a request".to_owned(),
        Action::Turn(_, 0) => "the request is read".to_owned(),
        Action::Turn(_, lag) => format!("it is the turn of a request, read {} s ago", lag * UNIT.as_secs() as i64),
        Action::Arrive(_) => "a duplicate arrives".to_owned(),
        Action::Process(_) => "a tab gets its answer".to_owned(),
        Action::Lose(_) => "an answer gets lost".to_owned(),
        Action::Use => "the owner uses an access token".to_owned(),
        Action::Steal => format!("the thief copies generation {held}"),
        Action::Present(older) => format!("the thief presents generation {}", thief - older),
        Action::ThiefUses => "the thief uses an access token".to_owned(),
        Action::Logout => "the owner logs out".to_owned(),
        Action::Pass(units) => format!("{} s pass", units * UNIT.as_secs() as i64),
        Action::SetBack(units) => format!("the clock is set back by {} s", units * UNIT.as_secs() as i64),
    }
}
