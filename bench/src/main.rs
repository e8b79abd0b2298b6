//! Prints one table, measured in one run: what verifying and minting cost in CPU time, beside others.
//!
//! `cargo run --release -p jeton-bench [ROUNDS]`. The cases take turns, a short batch of each in every round, so that a
//! busy moment of the machine falls on all of them. Compare figures of one run only.
//!
//! `… -- rotations` measures the ledger beside the bare engines, `… -- operations` the whole server over HTTP.

mod asymmetric;
mod case;
mod cluster;
mod cpu_time;
mod hs256;
mod operations;
mod peer;
mod processes;
mod rotations;
mod table;
mod tokens;

use std::io::Write;

use anyhow::{Context, Result};

use crate::case::Case;
use crate::tokens::Tokens;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = match arguments.first().map(String::as_str) {
        Some("rotations") => return rotations::run(&arguments[1..]),
        Some("operations") => return operations::run(&arguments[1..]),
        Some(rounds) => rounds.parse().context("give rotations, operations, or a number of rounds")?,
        None => ROUNDS,
    };
    tokens(rounds)
}

fn tokens(rounds: usize) -> Result<()> {
    let tokens = Tokens::new();
    let mut cases: Vec<Case> = hs256::cases(&tokens);
    let signers = asymmetric::signers()?;
    let pairs = signers.iter().map(asymmetric::Signer::to_json).collect::<Result<Vec<_>>>()?;
    for signer in signers {
        cases.extend(signer.cases()?);
    }
    let (peers, skipped) = peer::start_all(&tokens, &pairs);
    cases.extend(peers);

    let mut output = std::io::stdout().lock();
    for peer in &skipped {
        writeln!(output, "skipped: {peer}")?;
    }
    case::measure(&mut cases, rounds)?;
    table::print(&cases, rounds, &mut output)
}

const ROUNDS: usize = 101;
