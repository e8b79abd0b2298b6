//! Schedules by the thousand, or with `JETON_TEST_LONG=1` by the million; that a seed is a schedule; that planted bugs are found.

use std::io::Write;
use std::time::Instant;

use jeton_simulation::{Figures, Planted, Theatres, play_double, play_many, replay};

fn is_long() -> bool {
    std::env::var_os("JETON_TEST_LONG").is_some_and(|value| value == "1")
}

/// To the terminal, past the capture of `cargo test`: a run of minutes shows that it goes on.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn report(name: &str, started: Instant, figures: &Figures) {
    let Figures { schedules, steps, calls, failed } = figures;
    let violations = u32::from(failed.is_some());
    let seconds = started.elapsed().as_secs_f64();
    tell(&format!(
        "{name}: {schedules} schedules (seeds 0 to {}), {steps} steps, {calls} calls, {violations} violations, {seconds:.1} s",
        schedules.saturating_sub(1)
    ));
    if let Some((seed, played)) = failed {
        panic!("{}", replay(*seed, played, None));
    }
}

#[test]
fn no_schedule_breaks_a_promise() {
    let (started, count) = (Instant::now(), if is_long() { 1_000_000 } else { 20_000 });
    let progress = |done| tell(&format!("{done} of {count} schedules"));
    let figures = play_many(0, count, || Box::new(|seed| play_double(seed, None)), progress);
    report("double of the store", started, &figures);
    assert_eq!(figures.schedules, count);
}

#[test]
fn the_real_thing_leaves_the_same_trace_and_the_same_rows() {
    let (started, count) = (Instant::now(), if is_long() { 10_000 } else { 300 });
    let compare = || -> Box<dyn Fn(u64) -> _> {
        let theatres = Theatres::new();
        Box::new(move |seed| {
            let (real, double) = (theatres.play(seed), play_double(seed, None));
            assert!(real.agrees(&double), "{}\n{}", replay(seed, &double, None), real.difference(&double));
            real
        })
    };
    let figures = play_many(0, count, compare, |_| {});
    report("jeton::auth over SQLite", started, &figures);
    assert_eq!(figures.schedules, count);
}

#[test]
fn a_seed_is_a_schedule_byte_for_byte() {
    let theatres = Theatres::new();
    let mut digests = std::collections::HashSet::new();
    for seed in 0..200 {
        let digest = play_double(seed, None).trace.digest();
        assert_eq!(digest, play_double(seed, None).trace.digest(), "seed {seed}");
        if seed < 20 {
            assert_eq!(digest, theatres.play(seed).trace.digest(), "seed {seed}");
        }
        digests.insert(digest);
    }
    assert_eq!(digests.len(), 200, "other seeds are other schedules");
}

#[test]
fn every_planted_bug_is_found_and_its_seed_finds_it_again() {
    for planted in Planted::ALL {
        let found = (0..SEEDS).find_map(|seed| {
            let played = play_double(seed, Some(planted));
            played.violation.is_some().then_some((seed, played))
        });
        let (seed, played) = found.unwrap_or_else(|| panic!("{planted:?} was not found in {SEEDS} seeds"));
        let again = play_double(seed, Some(planted));
        assert_eq!((again.trace.digest(), &again.violation), (played.trace.digest(), &played.violation));
        let promise = played.violation.map_or("", |violation| violation.promise);
        println!("{planted:?}: seed {seed}, after {} steps: {promise}", played.trace.len());
        assert!(play_double(seed, None).violation.is_none(), "{planted:?}: the bug, not the schedule");
    }
}

/// So many seeds find every bug.
const SEEDS: u64 = 5_000;
