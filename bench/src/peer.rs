//! Other libraries, each in a process of its own that times itself.
//!
//! A peer reads `{"secret", "tokens", "payloads", "pairs"}` on one line, answers with one line of JSON, `[["group", "name"], …]`,
//! and then, for each line `index times`, does that case so many times and answers with the nanoseconds of CPU time.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::case::Case;
use crate::tokens::Tokens;

/// The cases of every peer that is installed here, and a line for each that is not.
pub(crate) fn start_all(tokens: &Tokens, pairs: &[Value]) -> (Vec<Case>, Vec<String>) {
    let (mut cases, mut skipped) = (Vec::new(), Vec::new());
    for (name, command, install) in peers() {
        match start(command, tokens, pairs) {
            Ok(found) => cases.extend(found),
            Err(error) => skipped.push(format!("{name} ({error:#}); {install}")),
        }
    }
    (cases, skipped)
}

fn peers() -> Vec<(&'static str, Command, &'static str)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = root.join("bench/peers");
    let target = root.join("target");
    let rust_crypto = Command::new(target.join("bench-peers/release/jsonwebtoken-rust-crypto"));
    let python_program = std::env::var_os("BENCH_PYTHON").map_or_else(|| target.join("venv/bin/python"), PathBuf::from);
    let mut python = Command::new(python_program);
    python.arg(folder.join("simple_jwt.py"));
    let modules = std::env::var_os("BENCH_NODE_MODULES").map_or_else(|| target.join("node_modules"), PathBuf::from);
    let mut node = Command::new("node");
    node.arg(folder.join("node.mjs")).arg(modules);
    vec![
        (
            "jsonwebtoken with rust_crypto",
            rust_crypto,
            "cargo build --release --target-dir target/bench-peers \
             --manifest-path bench/peers/jsonwebtoken-rust-crypto/Cargo.toml",
        ),
        ("PyJWT and Simple JWT", python, "set BENCH_PYTHON to a Python that has them"),
        ("fast-jwt and jose", node, "npm install --prefix target fast-jwt@6 jose@6, or set BENCH_NODE_MODULES"),
    ]
}

fn start(mut command: Command, tokens: &Tokens, pairs: &[Value]) -> Result<Vec<Case>> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().context("not there")?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        bail!("no pipes");
    };
    let mut peer = Peer { child, input, output: BufReader::new(output) };
    let secret = std::str::from_utf8(tokens.secret)?;
    let setup = json!({"secret": secret, "tokens": tokens.texts, "payloads": tokens.payloads, "pairs": pairs});
    let names: Vec<(String, String)> = serde_json::from_str(&peer.ask(&setup.to_string())?)?;
    let peer = Rc::new(RefCell::new(peer));
    let case = |(index, (group, name)): (usize, (String, String))| {
        let peer = Rc::clone(&peer);
        Case::timed(&group, &name, move |times| {
            let answer = peer.borrow_mut().ask(&format!("{index} {times}"))?;
            Ok(Duration::from_nanos(answer.trim().parse().context("a peer answers with nanoseconds")?))
        })
    };
    Ok(names.into_iter().enumerate().map(case).collect())
}

struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn ask(&mut self, line: &str) -> Result<String> {
        writeln!(self.input, "{line}").context("ended at once")?;
        let mut answer = String::new();
        if self.output.read_line(&mut answer)? == 0 {
            bail!("ended at once");
        }
        Ok(answer)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
