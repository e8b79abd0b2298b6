//! The steps of `cargo xtask test` beyond the checks: every test of the project.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use jeton_test_postgres::Cluster;

use crate::debian;
use crate::fuzz;
use crate::run::{counting, plain, succeeds};
use crate::step::{Outcome, Step};
use crate::workspace::Workspace;

pub(crate) fn steps() -> Vec<Step> {
    vec![
        Step { name: "packages", run: debian::install },
        Step { name: "unit", run: unit },
        Step { name: "doc-tests", run: doc_tests },
        Step { name: "fuzz", run: fuzz::run },
        Step { name: "release-build", run: release_build },
        Step { name: "conformance-exact", run: conformance_exact },
        Step { name: "conformance-safe", run: conformance_safe },
        Step { name: "conformance-postgres", run: conformance_postgres },
        Step { name: "interop", run: interop },
        Step { name: "browser", run: browser },
        Step { name: "schema", run: schema },
        Step { name: "crash", run: crash },
        Step { name: "crash-postgres", run: crash_postgres },
        Step { name: "disk-full", run: disk_full },
        Step { name: "clock", run: clock },
        Step { name: "crash-planted", run: crash_planted },
        Step { name: "nodes", run: nodes },
        Step { name: "bench-long", run: bench_long },
    ]
}

/// Unit and contract tests, by nextest where it is installed, with a PostgreSQL of their own.
fn unit(workspace: &Workspace) -> Result<Outcome> {
    let cluster = Cluster::start()?;
    let mut command = if succeeds(&mut workspace.cargo(["nextest", "--version"])) {
        workspace.cargo([
            "nextest",
            "run",
            "--workspace",
            "--exclude",
            BENCH,
            "--build-jobs",
            "2",
            "--no-fail-fast",
            "--no-tests",
            "pass",
        ])
    } else {
        workspace.cargo([
            "test",
            "--workspace",
            "--exclude",
            BENCH,
            "--lib",
            "--bins",
            "--tests",
            "-j2",
            "--no-fail-fast",
        ])
    };
    counting(command.env("JETON_TEST_POSTGRES", cluster.url())).map(Outcome::Tested)
}

fn doc_tests(workspace: &Workspace) -> Result<Outcome> {
    counting(&mut workspace.cargo(["test", "--workspace", "--exclude", BENCH, "--doc", "-j2", "--no-fail-fast"]))
        .map(Outcome::Tested)
}

/// The binary people run, built alone, as people build it.
fn release_build(workspace: &Workspace) -> Result<Outcome> {
    plain(&mut workspace.cargo(["build", "--release", "-p", "jeton-cli", "-j2"]))?;
    Ok(Outcome::Passed)
}

/// A program that tests that binary. It is built with all others and with the unit tests: whatever was built for those
/// has the features that it needs.
fn tester(workspace: &Workspace, name: &str) -> Result<Command> {
    let everything = ["build", "--quiet", "--workspace", "--exclude", BENCH, "--bins", "--tests", "-j2"];
    plain(&mut workspace.cargo(everything))?;
    let mut program = workspace.program(workspace.target().join("debug").join(name));
    program.env("JETON_BIN", workspace.release_binary("jeton"));
    Ok(program)
}

fn conformance_exact(workspace: &Workspace) -> Result<Outcome> {
    conformance(workspace, "exact")
}

fn conformance_safe(workspace: &Workspace) -> Result<Outcome> {
    conformance(workspace, "safe")
}

/// All scenarios once more, with the data on PostgreSQL.
fn conformance_postgres(workspace: &Workspace) -> Result<Outcome> {
    let cluster = Cluster::start()?;
    counting(conformance_runner(workspace, "exact")?.env("JETON_TEST_DATABASE_URL", cluster.url())).map(Outcome::Tested)
}

fn conformance(workspace: &Workspace, compatibility: &str) -> Result<Outcome> {
    counting(&mut conformance_runner(workspace, compatibility)?).map(Outcome::Tested)
}

fn conformance_runner(workspace: &Workspace, compatibility: &str) -> Result<Command> {
    let mut runner = tester(workspace, "jeton-conformance")?;
    runner.args(["--quiet", "--compatibility", compatibility]);
    Ok(runner)
}

/// Our tokens and hashes against a real Django site, and the reverse.
fn interop(workspace: &Workspace) -> Result<Outcome> {
    node_packages(workspace, "tests/interop/jose")?;
    let python = virtual_environment(workspace, "venv", "tests/interop/requirements.txt")?;
    let older = virtual_environment(workspace, "venv-5.3", "tests/interop/requirements-5.3.txt")?;
    let mut tests = workspace.program(python);
    tests.args(["-m", "pytest", "tests/interop", "-q", "-p", "no:cacheprovider"]).env("PYTHONDONTWRITEBYTECODE", "1");
    counting(tests.env("JETON_BIN", workspace.release_binary("jeton")).env("OLDER_PYTHON", older)).map(Outcome::Tested)
}

/// The pages, in Debian's Chromium.
fn browser(workspace: &Workspace) -> Result<Outcome> {
    node_packages(workspace, "tests/browser")?;
    let frontend = tester(workspace, "frontend")?;
    let mut tests = workspace.program("npx");
    tests.args(["--no-install", "playwright", "test"]).current_dir(workspace.root().join("tests/browser"));
    tests.env("JETON_FRONTEND", frontend.get_program());
    counting(tests.env("JETON_BIN", workspace.release_binary("jeton"))).map(Outcome::Tested)
}

/// What the service answers against what its schema says that it answers.
fn schema(workspace: &Workspace) -> Result<Outcome> {
    let python = virtual_environment(workspace, "venv-schema", "tests/schema/requirements.txt")?;
    let mut tests = workspace.program(python);
    tests.args(["-m", "pytest", "tests/schema", "-q", "-p", "no:cacheprovider"]).env("PYTHONDONTWRITEBYTECODE", "1");
    counting(tests.env("JETON_BIN", workspace.release_binary("jeton"))).map(Outcome::Tested)
}

/// What a folder needs of npm, exactly as its lock file says; made anew when that changes.
fn node_packages(workspace: &Workspace, name: &str) -> Result<()> {
    let folder = workspace.root().join(name);
    let stamp = folder.join("node_modules/installed-lock.json");
    let wanted =
        fs::read_to_string(folder.join("package-lock.json")).with_context(|| format!("{name} has no lock file"))?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let install = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
    let mut npm = workspace.program("npm");
    plain(npm.args(install).current_dir(&folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")).with_context(|| {
        format!("npm could not install what {name}/package-lock.json lists; is a registry within reach?")
    })?;
    Ok(fs::write(stamp, wanted)?)
}

/// The Python of a virtual environment that holds exactly these requirements; made anew when they change.
fn virtual_environment(workspace: &Workspace, name: &str, requirements: &str) -> Result<PathBuf> {
    let folder = workspace.target().join(name);
    let python = folder.join("bin/python");
    let stamp = folder.join("installed-requirements.txt");
    let file = workspace.root().join(requirements);
    let wanted = fs::read_to_string(&file).with_context(|| format!("{requirements} is missing"))?;
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    plain(workspace.program("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    plain(workspace.program(&python).args(install).arg(&file)).with_context(|| {
        format!("pip could not install what {requirements} lists; is a package index within reach?")
    })?;
    fs::write(&stamp, wanted)?;
    Ok(python)
}

/// kill -9 under load, again and again: nothing that was acknowledged may be lost.
fn crash(workspace: &Workspace) -> Result<Outcome> {
    counting(&mut chaos(workspace)?).map(Outcome::Tested)
}

/// The same with the data on PostgreSQL; and PostgreSQL itself is killed, and comes back under a server that goes on.
fn crash_postgres(workspace: &Workspace) -> Result<Outcome> {
    counting(chaos(workspace)?.args(["kill-postgres", "postgres-killed"])).map(Outcome::Tested)
}

/// A disk without room refuses writes and loses none, and is written again once there is room.
fn disk_full(workspace: &Workspace) -> Result<Outcome> {
    counting(chaos(workspace)?.args(["disk-full"])).map(Outcome::Tested)
}

/// Whatever the clock does, what has ended stays ended.
fn clock(workspace: &Workspace) -> Result<Outcome> {
    counting(chaos(workspace)?.args(["clock"])).map(Outcome::Tested)
}

/// The crash tests are able to fail: they find what a build that answers before its commit loses. (A PostgreSQL that does
/// so is refused at the start.)
fn crash_planted(workspace: &Workspace) -> Result<Outcome> {
    counting(chaos(workspace)?.args(["--expect-loss", "kill"])).map(Outcome::Tested)
}

/// Three nodes on one PostgreSQL, raced, cut off, killed and restarted: they agree, and nothing is lost.
fn nodes(workspace: &Workspace) -> Result<Outcome> {
    let cluster = Cluster::start()?;
    counting(chaos(workspace)?.args(["nodes"]).env("JETON_TEST_POSTGRES", cluster.url())).map(Outcome::Tested)
}

fn chaos(workspace: &Workspace) -> Result<Command> {
    tester(workspace, "jeton-chaos")
}

/// What rotations cost at a thousand, a million and ten million families: about 25 GB of disk, a quarter of an hour.
fn bench_long(workspace: &Workspace) -> Result<Outcome> {
    if !workspace.is_long() {
        return Ok(Outcome::NotRun("takes long, and measures: cargo xtask test --long".to_owned()));
    }
    plain(&mut workspace.cargo(["test", "--release", "-p", BENCH, "--bin", "scale", "-j2"]))?;
    plain(&mut workspace.cargo(["run", "--release", "-p", BENCH, "-j2", "--", "rotations", "--long"]))?;
    Ok(Outcome::Passed)
}

/// It measures, and its peers take long to build.
const BENCH: &str = "jeton-bench";
