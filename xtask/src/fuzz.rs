//! Builds the fuzz targets with coverage counters on a stable compiler, and runs each for a bounded time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::counts::Counts;
use crate::run::{plain, quiet};
use crate::step::Outcome;
use crate::workspace::Workspace;

/// How a target did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Report {
    runs: u64,
    /// Edges of the program that were reached, of how many.
    covered: u64,
    edges: u64,
    /// Where the input lies that broke it.
    input: Option<PathBuf>,
}

/// Where things are for one run of all targets.
struct Bench {
    seeds: PathBuf,
    /// The build, what earlier runs found worth keeping, and the inputs that broke something.
    output: PathBuf,
    host: String,
    seconds: u32,
    /// The short run takes the same way each time, so that a change is not blamed for what chance finds; the long one
    /// looks for something new.
    seed: u32,
}

/// Two targets at a time. An input that breaks one stays in its folder and is tried again by every later run.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let bench = Bench {
        seeds: workspace.root().join("fuzz/seeds"),
        output: workspace.target().join("fuzz"),
        host: host(workspace)?,
        seconds: if workspace.is_long() { LONG_SECONDS } else { SECONDS },
        seed: if workspace.is_long() { 0 } else { 1 },
    };
    let targets = targets(&workspace.root().join("fuzz/fuzz_targets"))?;
    bench.build(workspace)?;
    println!("{} targets, {} s each, {AT_ONCE} at a time", targets.len(), bench.seconds);
    let waiting = Mutex::new(targets.iter());
    let next = || waiting.lock().ok().and_then(|mut waiting| waiting.next());
    let work = || {
        let mut counts = Counts::default();
        while let Some(target) = next() {
            let is_well = bench.fuzz(target).unwrap_or_else(|error| {
                println!("{target:<16} {error:#}");
                false
            });
            counts = counts.plus(Counts { passed: u64::from(is_well), failed: u64::from(!is_well), skipped: 0 });
        }
        counts
    };
    let counts = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).fold(Counts::default(), Counts::plus)
    });
    println!("{} passed, {} failed", counts.passed, counts.failed);
    if counts.failed > 0 {
        return Err(anyhow::Error::new(counts).context("a fuzz target found something"));
    }
    if counts.passed < targets.len() as u64 {
        bail!("only {} of {} targets were run", counts.passed, targets.len());
    }
    Ok(Outcome::Tested(counts))
}

impl Bench {
    fn build(&self, workspace: &Workspace) -> Result<()> {
        // With a target named, the flags reach neither build scripts nor macros.
        let arguments =
            ["build", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--release", "--bins", "-j2", "--target"];
        let mut cargo = workspace.cargo(arguments);
        cargo.arg(&self.host).arg("--target-dir").arg(&self.output);
        plain(cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", RUSTFLAGS.join(" ")))
    }

    /// Runs one target; prints its line, and everything about the input that broke it. Answers whether none did.
    fn fuzz(&self, target: &str) -> Result<bool> {
        let folder = |name: &str| -> Result<PathBuf> {
            let folder = self.output.join(name).join(target);
            fs::create_dir_all(&folder)?;
            Ok(folder)
        };
        let (corpus, broken, seeds) = (folder("corpus")?, folder("broken")?, self.seeds.join(target));
        if fs::read_dir(&seeds).with_context(|| format!("{} is missing", seeds.display()))?.next().is_none() {
            bail!("{} is empty", seeds.display());
        }
        let program = self.output.join(&self.host).join("release").join(target);
        let mut command = Command::new(&program);
        command.args(LIMITS).arg(format!("-max_total_time={}", self.seconds)).arg(format!("-seed={}", self.seed));
        command.arg(format!("-artifact_prefix={}/", broken.display())).args([&corpus, &seeds, &broken]);
        let output = command.output().with_context(|| format!("{} could not be started", program.display()))?;
        let log = String::from_utf8_lossy(&output.stderr);
        let report = Report::of(&log);
        let Report { runs, covered, edges, input } = &report;
        let is_well = output.status.success() && input.is_none() && *runs > 0;
        let verdict = if is_well { "ok" } else { "BROKEN" };
        println!("{target:<16} {verdict:<6} {runs:>9} runs  {covered:>5} of {edges} edges");
        if !is_well {
            tell(&log, input.as_deref(), &program);
        }
        Ok(is_well)
    }
}

impl Report {
    /// Picks what libFuzzer says of a run out of its log.
    fn of(log: &str) -> Self {
        let mut report = Self::default();
        for line in log.lines() {
            if let Some(count) = number_after(line, "stat::number_of_executed_units:") {
                report.runs = count;
            } else if let Some(count) = number_after(line, " cov:") {
                report.covered = count;
            } else if let Some(count) = line.starts_with("INFO: Loaded ").then(|| number_after(line, "(")).flatten() {
                report.edges = report.edges.max(count);
            } else if let Some((_, path)) = line.split_once("Test unit written to ") {
                report.input = Some(path.into());
            }
        }
        report
    }
}

/// What someone needs who was not there: the words of the panic, the input, and how to see it again.
fn tell(log: &str, input: Option<&Path>, program: &Path) {
    let is_telling = |line: &&str| {
        !line.starts_with(['#', '"']) && ["INFO: ", "stat::", "NOTE: ", "MS: "].iter().all(|it| !line.starts_with(it))
    };
    for line in log.lines().filter(is_telling).take(MAX_LINES) {
        println!("    {line}");
    }
    let Some(input) = input else { return };
    match quiet(Command::new("base64").arg("-w0").arg(input)) {
        Ok(text) => println!("  input      {text}"),
        Err(error) => println!("  input      {} ({error:#})", input.display()),
    }
    println!("  reproduce  {} {}", program.display(), input.display());
    println!("             (elsewhere: `cargo xtask test --only fuzz` builds it, `base64 -d` makes the file)");
}

/// The names of the targets, one a file.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} is missing", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

fn host(workspace: &Workspace) -> Result<String> {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = quiet(workspace.program(compiler).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV names no host")
}

fn number_after(line: &str, mark: &str) -> Option<u64> {
    let (_, rest) = line.split_once(mark)?;
    rest.split_whitespace().next()?.parse().ok()
}

/// LLVM's own pass, for which no sanitizer and no nightly compiler is needed; libFuzzer brings what it calls.
const RUSTFLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Dwarnings",
];
/// For one input: length, seconds, memory.
const LIMITS: [&str; 4] = ["-max_len=4096", "-timeout=5", "-rss_limit_mb=1024", "-print_final_stats=1"];
const AT_ONCE: usize = 2;
const SECONDS: u32 = 60;
const LONG_SECONDS: u32 = 600;
const MAX_LINES: usize = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_tells_runs_coverage_and_the_input_that_broke_it() {
        let log = "INFO: Loaded 1 modules   (91 inline 8-bit counters): 91 [0x1, 0x2),\n\
                   INFO: Loaded 1 PC tables (91 PCs): 91 [0x1,0x2),\n\
                   #2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 26Mb\n\
                   #9\tNEW    cov: 14 ft: 15 corp: 2/9b lim: 4 exec/s: 0 rss: 26Mb\n\
                   artifact_prefix='x/'; Test unit written to x/crash-1\n\
                   stat::number_of_executed_units: 9\n";
        let input = Some("x/crash-1".into());
        assert_eq!(Report::of(log), Report { runs: 9, covered: 14, edges: 91, input });
    }

    #[test]
    fn every_target_has_its_binary_and_seeds() {
        let workspace = Workspace::find(false).unwrap();
        let fuzz = workspace.root().join("fuzz");
        let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        for target in targets(&fuzz.join("fuzz_targets")).unwrap() {
            assert!(
                manifest.contains(&format!("name = \"{target}\"\npath = \"fuzz_targets/{target}.rs\"")),
                "{target}"
            );
            assert!(fs::read_dir(fuzz.join("seeds").join(&target)).unwrap().next().is_some(), "{target}");
        }
    }
}
