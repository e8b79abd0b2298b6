//! Tests the test: a server that answers before it commits has to be found out.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::act::Act;
use crate::check::{self, Due};
use crate::cycle::{self, End, Honesty};
use crate::facts::User;
use crate::server::Server;
use crate::world::{Stance, World};
use crate::{Run, Tally, root, sync_order, target};

/// Builds a server that answers before it commits, and looks for its losses, in both stances and in the order of its
/// system calls.
pub(crate) fn answers_before_commits(_: &Run, tally: &mut Tally) -> Result<()> {
    let begun = Instant::now();
    let binary = build(&root(), &target())?;
    println!("built {} in {:.1} s", binary.display(), begun.elapsed().as_secs_f64());
    for stance in [Stance::Exact, Stance::Safe] {
        tally.add(&format!("planted loss {stance}"), lose(&binary, stance));
    }
    if std::env::var_os("JETON_TEST_NO_PTRACE").is_none_or(|value| value != "1") {
        tally.add("planted order", misorder(&binary));
    }
    Ok(())
}

/// With the time to commit, nothing may be found: else the findings of the other cycles would prove nothing.
fn lose(binary: &Path, stance: Stance) -> Result<String> {
    let mut world = World::new(binary, stance)?;
    let report = cycle::one(&mut world, End::Settled, Honesty::Lacking, true)?;
    if let Some(complaint) = report.findings.complaint() {
        bail!("found in a server that had the time to commit: {complaint}");
    }
    println!("planted loss {stance}: left in peace: {report}");
    let mut losses = Vec::new();
    for number in 1..=CYCLES {
        let report = cycle::one(&mut world, End::Killed, Honesty::Lacking, true)?;
        println!("planted loss {stance}: killed: {report}");
        losses.extend(report.findings.losses);
        if KINDS.iter().all(|kind| losses.iter().any(|(act, _)| act == kind)) {
            never_signed_up(&mut world)?;
            let kinds = KINDS.map(|kind| format!("{} {kind}", losses.iter().filter(|(act, _)| *act == kind).count()));
            return Ok(format!("{} losses found by cycle {number}: {}", losses.len(), kinds.join(", ")));
        }
    }
    bail!("{CYCLES} cycles of a server that answers before it commits, and only these losses: {losses:?}");
}

/// A sign-up is a process of its own, which waits for its commit in any case: so one is made up.
fn never_signed_up(world: &mut World) -> Result<()> {
    world.shares[0].users.push(User::new("nobody".to_owned()));
    let server = Server::start(world)?;
    let findings = check::run(world, server.address, Due { cycle: world.cycle, stride: usize::MAX })?;
    match findings.losses.iter().any(|(act, _)| *act == Act::SignUp) {
        true => Ok(()),
        false => bail!("a user who was never made was not missed"),
    }
}

fn misorder(binary: &Path) -> Result<String> {
    match sync_order::judge(&sync_order::observe(binary)?) {
        Ok(line) => bail!("a server that answers before it commits was believed: {line}"),
        Err(error) => Ok(format!("found: {error}")),
    }
}

/// Shares what is compiled with the other builds of this checkout, but not the place of the binary.
fn build(root: &Path, target: &Path) -> Result<PathBuf> {
    let folder = target.join("planted");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["build", "-p", "jeton-cli", "--features", "answer-before-commit", "-j2"]);
    cargo.arg("--target-dir").arg(&folder).env("CARGO_BUILD_BUILD_DIR", target);
    let status = cargo.status().context("cargo could not be started")?;
    if !status.success() {
        bail!("the build with answer-before-commit ended with {status}");
    }
    Ok(folder.join("debug/jeton"))
}

const CYCLES: usize = 10;
/// What has to be lost, and found, at least once.
const KINDS: [Act; 5] = [Act::Login, Act::Rotation, Act::Blacklisting, Act::Logout, Act::LogoutEverywhere];
