//! HAProxy before the nodes: asks each of them whether it is ready, and sends requests to those that are.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::node::Node;
use crate::wire;

/// Ends when it is dropped.
pub(crate) struct Balancer {
    pub(crate) address: SocketAddr,
    process: Child,
    socket: PathBuf,
}

impl Balancer {
    /// Comes back when every node is up in its eyes.
    pub(crate) fn before(nodes: &[Node], folder: &Path) -> Result<Self> {
        let address = jeton_test_ports::free_address()?;
        let (config, log, socket) =
            (folder.join("haproxy.cfg"), folder.join("haproxy.log"), folder.join("haproxy.sock"));
        fs::write(&config, configuration(address, nodes, &socket))?;
        let process = Command::new(program())
            .arg("-f")
            .arg(&config)
            .arg("-db")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .context("haproxy could not be started; install the package haproxy")?;
        let mut balancer = Self { address, process, socket };
        let begun = Instant::now();
        while !wire::is_well(address, "/healthz") {
            if balancer.process.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                bail!("haproxy does not serve: {}", fs::read_to_string(&log)?.trim());
            }
            thread::sleep(Duration::from_millis(5));
        }
        for node in nodes {
            balancer.wait_for(node)?;
        }
        Ok(balancer)
    }

    /// Until it sends requests to this node (again).
    pub(crate) fn wait_for(&self, node: &Node) -> Result<()> {
        let begun = Instant::now();
        while !self.is_up(node.name)? {
            if begun.elapsed() > PATIENCE {
                bail!("haproxy does not take node {} for ready after {PATIENCE:?}", node.name);
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// As its statistics say: name of the backend, name of the server, …, and as the 18th its state.
    fn is_up(&self, name: &str) -> Result<bool> {
        let mut stream = UnixStream::connect(&self.socket).context("haproxy does not answer at its socket")?;
        stream.write_all(b"show stat\n")?;
        let mut table = String::new();
        stream.read_to_string(&mut table)?;
        let line = table.lines().find(|line| line.starts_with(&format!("nodes,{name},")));
        let state = line.and_then(|line| line.split(',').nth(17)).context("haproxy tells no state of the node")?;
        // On its way down it is still `UP 1/2`.
        Ok(state == "UP")
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A request goes to another node only if no connection to the first came about: nothing is ever sent twice.
fn configuration(address: SocketAddr, nodes: &[Node], socket: &Path) -> String {
    let mut text = format!(
        "global\n\
         \x20 stats socket {} mode 600\n\
         \x20 maxconn 2000\n\
         \x20 nbthread 1\n\
         defaults\n\
         \x20 mode http\n\
         \x20 timeout connect 2s\n\
         \x20 timeout client 60s\n\
         \x20 timeout server 30s\n\
         \x20 timeout check 1s\n\
         \x20 retries 3\n\
         \x20 option redispatch 1\n\
         \x20 retry-on conn-failure\n\
         frontend entrance\n\
         \x20 bind {address}\n\
         \x20 default_backend nodes\n\
         backend nodes\n\
         \x20 balance roundrobin\n\
         \x20 option httpchk GET /readyz\n\
         \x20 http-check expect status 200\n\
         \x20 default-server check inter 100ms fastinter 50ms downinter 100ms fall 2 rise 1\n",
        socket.display()
    );
    for node in nodes {
        text.push_str(&format!("  server {} {}\n", node.name, node.address));
    }
    text
}

/// Debian keeps it where only root looks for programs.
fn program() -> PathBuf {
    let debian = PathBuf::from("/usr/sbin/haproxy");
    if debian.exists() { debian } else { PathBuf::from("haproxy") }
}

const PATIENCE: Duration = Duration::from_secs(20);
