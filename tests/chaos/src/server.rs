//! A server process: started on a world's folder, killed without a warning.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::wire;
use crate::world::World;

/// A server that is ready; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first answer that it is ready.
    pub(crate) ready_after: Duration,
}

impl Server {
    pub(crate) fn start(world: &World) -> Result<Self> {
        let mut serve = Command::new(&world.binary);
        command(&mut serve, &world.config()).arg("serve");
        Self::spawn(&mut serve, world.folder())
    }

    /// Starts what ends up serving on this folder, and waits until it is ready.
    pub(crate) fn spawn(serve: &mut Command, folder: &Path) -> Result<Self> {
        let (said, logged) = (folder.join("stdout"), folder.join("stderr"));
        let before = Instant::now();
        let child = serve.stdin(Stdio::null()).stdout(File::create(&said)?).stderr(File::create(&logged)?).spawn()?;
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), ready_after: Duration::ZERO };
        loop {
            if let Some(address) = told_address(&fs::read_to_string(&said)?) {
                server.address = address;
                if wire::is_well(address, "/readyz") {
                    server.ready_after = before.elapsed();
                    return Ok(server);
                }
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status} before it was ready: {}", fs::read_to_string(&logged)?.trim());
            }
            if before.elapsed() > PATIENCE {
                bail!("the server was not ready after {PATIENCE:?}: {}", fs::read_to_string(&logged)?.trim());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL; comes back when the process is gone.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM; comes back when the process has ended by itself.
    pub(crate) fn terminate(&mut self, patience: Duration) -> Result<ExitStatus> {
        let mut kill = Command::new("sh");
        let sent = kill.args(["-c", "kill -TERM \"$0\"", &self.child.id().to_string()]).status()?;
        if !sent.success() {
            bail!("process {} could not be told to stop", self.child.id());
        }
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if begun.elapsed() > patience {
                bail!("the server had not stopped {patience:?} after it was told to");
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether the process that was started has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The `jeton` command for a site: the settings file, and nothing from our own environment.
pub(crate) fn command<'a>(jeton: &'a mut Command, config: &Path) -> &'a mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_ascii_uppercase().starts_with("JETON_") {
            jeton.env_remove(name);
        }
    }
    jeton.arg("--config").arg(config)
}

/// The address in the first URL that the server printed.
fn told_address(said: &str) -> Option<SocketAddr> {
    let (_, rest) = said.split_once("http://")?;
    let (address, _) = rest.split_once('/')?;
    address.parse().ok()
}

const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_once_it_was_printed_whole() {
        assert_eq!(told_address("Jeton 0.1.0\n  obtain    http://127.0.0.1:80"), None);
        let said = "Jeton 0.1.0\n  obtain    http://127.0.0.1:8012/api/token/\n";
        assert_eq!(told_address(said), Some(SocketAddr::from(([127, 0, 0, 1], 8012))));
    }
}
