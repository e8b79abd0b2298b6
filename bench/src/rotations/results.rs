//! What was measured, and the tables it makes.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;

use crate::rotations::Use;
use crate::rotations::store::Rate;

/// Of all rounds.
#[derive(Default)]
pub(super) struct Results {
    rounds: Vec<Round>,
    /// Engine, families, use: in the order of the first round.
    rows: Vec<Row>,
    log: BTreeMap<(u32, &'static str), Vec<f64>>,
    notes: Vec<String>,
}

type Row = (&'static str, u32, Use);
/// By engine, size, use and contender: rotations a second, CPU microseconds of each.
type Round = BTreeMap<(&'static str, u32, &'static str, &'static str), (f64, f64)>;

impl Results {
    pub(super) fn begin_round(&mut self) {
        self.rounds.push(Round::new());
    }

    pub(super) fn add(&mut self, engine: &'static str, size: u32, which: Use, who: &'static str, rate: &Rate) {
        let row = (engine, size, which);
        if !self.rows.contains(&row) {
            self.rows.push(row);
        }
        if let Some(round) = self.rounds.last_mut() {
            let cpu = rate.cpu.as_secs_f64() * 1_000_000.0;
            round.insert((engine, size, which.word(), who), (rate.each_second, cpu));
        }
    }

    /// Bytes that PostgreSQL logged for each of Jeton's rotations.
    pub(super) fn add_log(&mut self, size: u32, which: Use, bytes: f64) {
        self.log.entry((size, which.word())).or_default().push(bytes);
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(super) fn print(&self, to: &mut impl Write) -> Result<()> {
        let rounds = self.rounds.len();
        writeln!(
            to,
            "\nRotations a second, 64 clients; medians of {rounds} interleaved rounds, ratios within a round"
        )?;
        for engine in ["SQLite", "PostgreSQL"] {
            self.print_engine(engine, to)?;
        }
        writeln!(to)?;
        for ((size, which), bytes) in &self.log {
            writeln!(to, "WAL, {size} families, {which}: {:.0} bytes a rotation", median(bytes.iter().copied()))?;
        }
        self.notes.iter().try_for_each(|note| writeln!(to, "{note}"))?;
        Ok(())
    }

    fn print_engine(&self, engine: &'static str, to: &mut impl Write) -> Result<()> {
        let mut rows: Vec<&Row> = self.rows.iter().filter(|row| row.0 == engine).collect();
        rows.sort_by_key(|row| (row.2 == Use::Recent, row.1));
        let Some(&&(_, smallest, _)) = rows.first() else { return Ok(()) };
        let others: &[&'static str] = if engine == "SQLite" { &["grouped", "naive"] } else { &["pgbench"] };
        write!(to, "\n{engine:<22} {:>9} {:>7}", "jeton", "µs CPU")?;
        for other in others {
            write!(to, " {other:>9} {:>7} {:>9}", "µs CPU", "jeton ÷")?;
        }
        writeln!(to, " {:>15}", format!("÷ {smallest} random"))?;
        for &&(_, size, which) in &rows {
            let of = |who| (engine, size, which.word(), who);
            write!(to, "{size:>12} {:<9}", which.word())?;
            write!(to, " {:>9.0} {:>7.1}", self.median(of("jeton"), |it| it.0), self.median(of("jeton"), |it| it.1))?;
            for other in others {
                let (rate, cpu) = (self.median(of(other), |it| it.0), self.median(of(other), |it| it.1));
                write!(to, " {rate:>9.0} {cpu:>7.1} {:>9.2}", self.ratio(of("jeton"), of(other)))?;
            }
            let base = (engine, smallest, Use::Random.word(), "jeton");
            writeln!(to, " {:>15.2}", self.ratio(of("jeton"), base))?;
        }
        Ok(())
    }

    fn median(&self, of: Key, value: impl Fn(&(f64, f64)) -> f64) -> f64 {
        median(self.rounds.iter().filter_map(|round| round.get(&of).map(&value)))
    }

    fn ratio(&self, one: Key, other: Key) -> f64 {
        median(self.rounds.iter().filter_map(|round| Some(round.get(&one)?.0 / round.get(&other)?.0)))
    }
}

type Key = (&'static str, u32, &'static str, &'static str);

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A line for whoever waits.
pub(super) fn progress(line: &str) -> Result<()> {
    writeln!(std::io::stderr().lock(), "{line}")?;
    Ok(())
}
