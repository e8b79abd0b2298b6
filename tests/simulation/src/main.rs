//! Plays one seed again and prints what happens.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks to the terminal")]

use std::process::ExitCode;

use jeton_simulation::{Planted, Theatres, play_double, replay};

const USAGE: &str = "\
Usage: jeton-simulation SEED [BUG]

  SEED    the schedule to play: over the double of the store and, without a bug, by the real thing
  BUG     a bug to plant in the double, by its name";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seed = arguments.first().and_then(|seed| seed.parse().ok());
    let bug = |name: &String| Planted::ALL.into_iter().find(|planted| format!("{planted:?}") == *name);
    let planted = arguments.get(1).map(bug);
    let (Some(seed), true, None | Some(Some(_))) = (seed, arguments.len() <= 2, planted) else {
        eprintln!("{USAGE}: {:?}", Planted::ALL);
        return ExitCode::from(2);
    };
    let planted = planted.flatten();
    let played = play_double(seed, planted);
    print!("{}", replay(seed, &played, planted));
    if planted.is_none() {
        let real = Theatres::new().play(seed);
        let agrees = real.agrees(&played);
        println!(
            "{}",
            if agrees { "the real thing: the same, line by line".to_owned() } else { real.difference(&played) }
        );
        if !agrees {
            return ExitCode::FAILURE;
        }
    }
    if played.violation.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
