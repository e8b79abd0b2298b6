//! What a number of daily users needs: the arithmetic of `docs/scale.md`, and a simulation of users' days beside it.
//!
//! `cargo run --release -p jeton-bench --bin scale [NAME=VALUE …]`; the names are those of the assumptions that are printed.

mod chance;
mod costs;
mod habits;
mod need;
mod simulation;

use std::error::Error;
use std::io::{self, Write};

use crate::costs::Costs;
use crate::habits::Habits;
use crate::need::Need;
use crate::simulation::simulate;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut habits, mut costs) = (Habits::default(), Costs::default());
    for argument in std::env::args().skip(1) {
        set(&mut habits, &mut costs, &argument)?;
    }
    let need = Need::of(&habits);
    let seen = simulate(&habits, SAMPLE, DAYS, SEED);
    let mut out = io::stdout().lock();
    writeln!(out, "Assumptions and measured costs (change any with NAME=VALUE)")?;
    for (name, value, meaning) in habits.fields().into_iter().chain(costs.fields()) {
        writeln!(out, "  {name:<24} {value:>14}  {meaning}")?;
    }
    print_rates(&mut out, &need, &seen)?;
    print_machines(&mut out, &habits, &costs, &need)?;
    Ok(())
}

fn set(habits: &mut Habits, costs: &mut Costs, argument: &str) -> Result<(), Box<dyn Error>> {
    let (name, value) = argument.split_once('=').ok_or_else(|| format!("{argument}: write NAME=VALUE"))?;
    let value: f64 = value.parse().map_err(|_| format!("{argument}: what follows = is a number"))?;
    if !(value.is_finite() && value > 0.0) {
        return Err(format!("{argument}: the number must be above zero").into());
    }
    let fields = habits.fields_mut().into_iter().chain(costs.fields_mut());
    for (known, field) in fields {
        if known == name {
            *field = value;
            return Ok(());
        }
    }
    Err(format!("{name} is no assumption; run without arguments to see all of them").into())
}

fn print_rates(out: &mut impl Write, need: &Need, seen: &Need) -> io::Result<()> {
    writeln!(out, "\n{:<34} {:>14} {:>14} {:>8}", "", "formula", "simulation", "ratio")?;
    for ((name, formula), (_, simulated)) in need.lines().into_iter().zip(seen.lines()) {
        writeln!(out, "{name:<34} {formula:>14.0} {simulated:>14.0} {:>8.3}", simulated / formula)?;
    }
    writeln!(out, "simulation: {SAMPLE} users for {DAYS} days, seed {SEED}, scaled up; the last week is counted")
}

fn print_machines(out: &mut impl Write, habits: &Habits, costs: &Costs, need: &Need) -> io::Result<()> {
    writeln!(out, "\nAt the peak")?;
    for (name, value, unit) in costs.machines(habits, need) {
        writeln!(out, "  {name:<44} {value:>14.1} {unit}")?;
    }
    Ok(())
}

/// Enough that chance moves no figure by more than a per cent or two.
const SAMPLE: usize = 20_000;
/// Long enough that rows have come to an age at which as many go as come.
const DAYS: u32 = 45;
const SEED: u64 = 20_261_121;
