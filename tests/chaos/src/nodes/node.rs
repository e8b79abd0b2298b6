//! One of several servers, which comes back at the address it had.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::server::{Server, command};
use crate::wire::Wire;

pub(crate) struct Node {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    binary: PathBuf,
    config: PathBuf,
    server: Option<Server>,
}

impl Node {
    pub(crate) fn new(name: &'static str, binary: &Path, config: PathBuf, address: SocketAddr) -> Self {
        Self { name, address, binary: binary.to_path_buf(), config, server: None }
    }

    /// Comes back when the node is ready; how long that took.
    pub(crate) fn start(&mut self) -> Result<Duration> {
        let mut serve = Command::new(&self.binary);
        command(&mut serve, &self.config).arg("serve");
        let folder = self.config.parent().context("the settings are in a folder")?;
        let server = Server::spawn(&mut serve, folder).with_context(|| format!("node {}", self.name))?;
        let ready_after = server.ready_after;
        self.server = Some(server);
        Ok(ready_after)
    }

    /// A start that is cut off by SIGKILL after a while.
    pub(crate) fn start_and_kill(&self, after: Duration) -> Result<()> {
        let mut serve = Command::new(&self.binary);
        let serve = command(&mut serve, &self.config).arg("serve");
        let mut child = serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        thread::sleep(after);
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    pub(crate) fn connect(&self) -> Result<Wire> {
        Wire::connect(self.address).with_context(|| format!("no connection to node {}", self.name))
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<()> {
        match self.server.take() {
            Some(mut server) => server.kill(),
            None => Ok(()),
        }
    }

    /// SIGTERM; comes back when the node has ended by itself, which it has to do with success. How long that took.
    pub(crate) fn stop(&mut self) -> Result<Duration> {
        let Some(mut server) = self.server.take() else { bail!("node {} does not run", self.name) };
        let begun = Instant::now();
        let status = server.terminate(PATIENCE).with_context(|| format!("node {}", self.name))?;
        if !status.success() {
            bail!("node {} ended with {status} when it was told to stop", self.name);
        }
        Ok(begun.elapsed())
    }

    /// What it has logged since it was started last.
    pub(crate) fn log(&self) -> String {
        let log = self.config.parent().map(|folder| folder.join("stderr"));
        log.and_then(|log| std::fs::read_to_string(log).ok()).unwrap_or_default()
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
