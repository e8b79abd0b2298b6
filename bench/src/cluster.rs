//! A throw-away PostgreSQL on a free port of this machine, which waits for its disk as one in earnest does.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// A running server. It ends, and its data go, when this is dropped.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes one in `parent`; nothing where PostgreSQL is not installed.
    pub(crate) fn start(parent: &Path) -> Result<Option<Self>> {
        let Some(programs) = programs() else { return Ok(None) };
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let cluster = Self { programs, folder: parent.join("postgres"), port };
        fs::create_dir(&cluster.folder)?;
        if is_root() {
            succeed(Command::new("chown").arg("postgres").arg(&cluster.folder))?;
        }
        let mut make = cluster.program("initdb");
        succeed(make.args(["-A", "trust", "-U", "jeton", "-E", "UTF8", "-D"]).arg(cluster.data()))?;
        // As many servers are set up: a gigabyte of their own memory, checkpoints by time.
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=200 \
             -c shared_buffers=1GB -c max_wal_size=8GB",
            cluster.folder.display()
        );
        let log = cluster.folder.join("log");
        let mut start = cluster.program("pg_ctl");
        // Its log takes the place of our terminal: a server that keeps our pipe open would never let us go.
        start.args(["-w", "-o", &options, "-l"]).arg(&log).arg("-D").arg(cluster.data()).arg("start");
        let started = start.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status()?;
        ensure!(started.success(), "PostgreSQL did not start: {}", fs::read_to_string(&log).unwrap_or_default());
        Ok(Some(cluster))
    }

    /// Where one of its databases is.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://jeton@127.0.0.1:{}/{database}", self.port)
    }

    /// The process whose children serve the connections.
    pub(crate) fn process(&self) -> Result<u32> {
        let file = fs::read_to_string(self.data().join("postmaster.pid"))?;
        file.lines().next().context("postmaster.pid is empty")?.trim().parse().context("postmaster.pid has no number")
    }

    /// `pgbench` with the script, connected to a database: transactions a second.
    pub(crate) fn pgbench(&self, database: &str, script: &Path, clients: usize, seconds: u64) -> Result<f64> {
        let mut pgbench = self.program("pgbench");
        pgbench.args(["-n", "-M", "prepared", "-j", "2", "-h", "127.0.0.1", "-U", "jeton"]);
        pgbench.args(["-p", &self.port.to_string(), "-c", &clients.to_string(), "-T", &seconds.to_string()]);
        let said = succeed(pgbench.arg("-f").arg(script).arg(database))?;
        let line = said.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench told no rate")?;
        line.split(' ').next().unwrap_or_default().parse().context("pgbench told a rate that is no number")
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// One of its programs. They refuse to be root, so root becomes the user whom the package has made.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(&self.folder).env_remove("PGDATA").env_remove("PGPORT");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        let stop = stop.args(["-m", "immediate", "-D"]).arg(self.data()).arg("stop");
        // What could not be stopped or removed lies among other temporary files.
        let _ = stop.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder of the newest version that is installed.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse::<u32>().ok()?, version.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").exists() && programs.join("pgbench").exists())
        .max_by_key(|(number, _)| *number)
        .map(|(_, programs)| programs)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn succeed(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        bail!("{:?}: {}", command.get_program(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
