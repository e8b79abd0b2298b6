//! The launcher protocol: `start PROFILE.json PORT`, `stop`, `manage JSON`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::differences::Turned;
use crate::profile::Profile;
use crate::site::{Site, find_binary, is_running, send_signal};

/// What can be asked of the launcher. `stop` and `manage` find the server by `REPLAY_PORT`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Launcher {
    /// Serve a profile with an empty database on 127.0.0.1, in the foreground
    Start { profile: PathBuf, port: u16 },
    /// Stop the server started last
    Stop,
    /// Carry out one operation on the running server's data and print its answer
    Manage { operation: String },
}

impl Launcher {
    pub(crate) fn run(self, binary: Option<PathBuf>) -> Result<()> {
        let binary = find_binary(binary)?;
        match self {
            Self::Start { profile, port } => start(binary, &profile, port),
            Self::Stop => stop(),
            Self::Manage { operation } => manage(binary, &operation),
        }
    }
}

/// Stays until the server ends, and fails if it ended badly.
fn start(binary: PathBuf, profile: &Path, port: u16) -> Result<()> {
    let profile = Profile::read(profile)?;
    let folder = tempfile::Builder::new().prefix("jeton-launcher-").tempdir()?;
    let path = folder.path().to_path_buf();
    let site = Site::create(binary, path.clone(), &profile, port, profile.compatibility, &Turned::new())?;
    let mut server = site.serve()?;
    let state = json!({"folder": path, "process": server.process()});
    let state_file = state_file(port)?;
    fs::write(&state_file, state.to_string()).with_context(|| state_file.display().to_string())?;
    site.wait_until_listening(&mut server, port)?;
    let success = server.wait()?;
    ensure!(success, "the server ended with an error:\n{}", site.log_text());
    Ok(())
}

fn stop() -> Result<()> {
    let (state_file, state) = state()?;
    let process = state["process"].as_u64().and_then(|process| u32::try_from(process).ok()).context("no process")?;
    if is_running(process) {
        send_signal("TERM", process)?;
        let deadline = Instant::now() + STOP_LIMIT;
        while is_running(process) {
            if Instant::now() > deadline {
                send_signal("KILL", process)?;
                bail!("the server did not stop within {} s of SIGTERM and was killed", STOP_LIMIT.as_secs());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
    fs::remove_file(state_file)?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the answer of an operation is the output of this command")]
fn manage(binary: PathBuf, operation: &str) -> Result<()> {
    let (_, state) = state()?;
    let folder = state["folder"].as_str().context("the launcher's state names no folder")?;
    let operation: Value = serde_json::from_str(operation).context("the operation is no JSON")?;
    let answer = Site::open(binary, folder.into()).manage(&operation)?;
    println!("{answer}");
    Ok(())
}

fn state() -> Result<(PathBuf, Value)> {
    let port = env::var("REPLAY_PORT").context("REPLAY_PORT is not set: it tells which server is meant")?;
    let file = state_file(port.parse().with_context(|| format!("REPLAY_PORT is no port: {port}"))?)?;
    let text = fs::read(&file).with_context(|| format!("no server was started on port {port} ({})", file.display()))?;
    Ok((file, serde_json::from_slice(&text)?))
}

/// Beside the program, so that other users and other checkouts have other states.
fn state_file(port: u16) -> Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name(format!("launcher-{port}.json")))
}

const STOP_LIMIT: Duration = Duration::from_secs(20);
