//! Three nodes on one PostgreSQL: what one was told is true at the others, whatever is killed, restarted or cut off.

mod balanced;
mod balancer;
mod cut_off;
mod database;
mod node;
mod race;
mod relay;
mod revocation;
mod site;
mod times;
mod together;
mod traffic;

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::Tally;

const USAGE: &str = "\
Usage: jeton-chaos nodes [SCENARIO]...

  three nodes on the PostgreSQL server of JETON_TEST_POSTGRES=postgres://user@host:port/database,
  on databases that are made for it and dropped again; all scenarios, or some of:
  together, race, revocation, cut-off, balanced";

/// A scenario by its name.
struct Scenario {
    name: &'static str,
    run: fn(&Path, Rounds, &mut Tally),
}

/// How much of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounds {
    Short,
    Long,
}

const SCENARIOS: [Scenario; 5] = [
    Scenario { name: "together", run: together::run },
    Scenario { name: "race", run: race::run },
    Scenario { name: "revocation", run: revocation::run },
    Scenario { name: "cut-off", run: cut_off::run },
    Scenario { name: "balanced", run: balanced::run },
];

/// The scenarios that the command line names after `nodes`; nothing if it does not begin so.
pub(crate) fn asked() -> Option<Vec<String>> {
    let mut words = std::env::args().skip(1);
    (words.next().as_deref() == Some("nodes")).then(|| words.collect())
}

/// Runs them; all of them if none is named.
pub(crate) fn run(binary: &Path, is_long: bool, names: &[String]) -> Result<Tally> {
    if names.iter().any(|name| name == "--help" || name == "-h") {
        println!("{USAGE}");
        std::process::exit(0);
    }
    if let Some(unknown) = names.iter().find(|name| !SCENARIOS.iter().any(|scenario| scenario.name == name.as_str())) {
        bail!("there is no scenario {unknown:?}\n\n{USAGE}");
    }
    database::server()?;
    let rounds = if is_long { Rounds::Long } else { Rounds::Short };
    let mut tally = Tally::default();
    for scenario in SCENARIOS {
        if names.is_empty() || names.iter().any(|name| name == scenario.name) {
            let begun = Instant::now();
            (scenario.run)(binary, rounds, &mut tally);
            println!("({} took {:.1} s)", scenario.name, begun.elapsed().as_secs_f64());
        }
    }
    Ok(tally)
}

impl Rounds {
    pub(crate) fn of(self, short: usize, long: usize) -> usize {
        match self {
            Self::Short => short,
            Self::Long => long,
        }
    }
}
