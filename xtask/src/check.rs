//! The steps of `cargo xtask check`: everything that needs no running server.

use anyhow::{Context, Result, bail};

use crate::run::{plain, quiet, succeeds};
use crate::step::{Outcome, Step};
use crate::workspace::Workspace;
use crate::{architecture, readme, tracked};

/// Cheap steps first, so that a slip shows at once.
pub(crate) fn steps() -> Vec<Step> {
    vec![
        Step { name: "format", run: format },
        Step { name: "architecture", run: architecture::check },
        Step { name: "tracked", run: tracked::check },
        Step { name: "readme", run: readme::check },
        Step { name: "clippy", run: clippy },
        Step { name: "docs", run: docs },
        Step { name: "licences", run: licences },
        Step { name: "advisories", run: advisories },
    ]
}

fn format(workspace: &Workspace) -> Result<Outcome> {
    plain(&mut workspace.cargo(["fmt", "--all", "--check"])).context("run `cargo fmt --all`")?;
    plain(&mut workspace.cargo(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
        .context("run `cargo fmt --manifest-path fuzz/Cargo.toml`")?;
    Ok(Outcome::Passed)
}

fn clippy(workspace: &Workspace) -> Result<Outcome> {
    plain(&mut workspace.cargo(["clippy", "--workspace", "--all-targets", "-j2", "--", "-D", "warnings"]))?;
    Ok(Outcome::Passed)
}

fn docs(workspace: &Workspace) -> Result<Outcome> {
    plain(workspace.cargo(["doc", "--workspace", "--no-deps", "-j2"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::Passed)
}

fn licences(workspace: &Workspace) -> Result<Outcome> {
    install_cargo_deny(workspace)?;
    plain(&mut workspace.cargo(["deny", "--log-level", "error", "check", "licenses", "bans", "sources"]))
        .context("deny.toml says what may enter the graph, and why")?;
    Ok(Outcome::Passed)
}

/// Known vulnerabilities; they are listed in a git repository, which a machine without network cannot read.
fn advisories(workspace: &Workspace) -> Result<Outcome> {
    install_cargo_deny(workspace)?;
    if let Err(error) = quiet(&mut workspace.cargo(["deny", "fetch", "db"])) {
        let why = error.to_string().lines().last().unwrap_or_default().to_owned();
        return Ok(Outcome::NotRun(format!("the advisory database could not be fetched ({why})")));
    }
    plain(&mut workspace.cargo(["deny", "check", "--disable-fetch", "advisories"]))
        .context("`cargo update -p CRATE`, or an entry with its reason under [advisories] of deny.toml")?;
    Ok(Outcome::Passed)
}

fn install_cargo_deny(workspace: &Workspace) -> Result<()> {
    if succeeds(&mut workspace.cargo(["deny", "--version"])) {
        return Ok(());
    }
    let install = ["install", "cargo-deny", "--locked", "--version", CARGO_DENY, "-j2"];
    if plain(&mut workspace.cargo(install)).is_err() {
        bail!("cargo-deny is missing: install it with `cargo install cargo-deny --locked --version {CARGO_DENY}`");
    }
    Ok(())
}

const CARGO_DENY: &str = "0.20.2";
