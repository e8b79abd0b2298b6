//! A throw-away PostgreSQL on a free port of this machine, for as long as the tests that need one.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::run::{quiet, succeeds};

/// A running server. It ends, and its data go, when this is dropped.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes one. It never waits for the disk: nothing of it is to outlive the tests.
    pub(crate) fn start() -> Result<Self> {
        let programs = programs()
            .context("PostgreSQL is not installed: there is no initdb in /usr/lib/postgresql/*/bin or on the PATH")?;
        let folder = std::env::temp_dir().join(format!("jeton-postgres-{}", std::process::id()));
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let cluster = Self { programs, folder, port };
        fs::create_dir_all(&cluster.folder)?;
        if is_root()? {
            quiet(Command::new("chown").arg("postgres").arg(&cluster.folder))?;
        }
        quiet(
            cluster
                .program("initdb")?
                .args(["-A", "trust", "-U", "jeton", "-E", "UTF8", "--no-sync", "-D"])
                .arg(cluster.data()),
        )?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=400"
        );
        let log = cluster.folder.join("log");
        // Its log takes the place of our terminal: a server that keeps our pipe open would never let us go.
        let started = cluster
            .program("pg_ctl")?
            .args(["-w", "-o", &options, "-l"])
            .arg(&log)
            .arg("-D")
            .arg(cluster.data())
            .arg("start")
            .output()?;
        ensure!(
            started.status.success(),
            "PostgreSQL did not start: {}",
            fs::read_to_string(&log).unwrap_or_else(|_| String::from_utf8_lossy(&started.stderr).into_owned())
        );
        Ok(cluster)
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("postgres://jeton@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// One of its programs. They refuse to be root, so root becomes the user whom the package has made.
    fn program(&self, name: &str) -> Result<Command> {
        let path = self.programs.join(name);
        let mut command = if is_root()? {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(&self.folder).env_remove("PGDATA").env_remove("PGPORT");
        Ok(command)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Ok(mut stop) = self.program("pg_ctl") {
            succeeds(stop.args(["-m", "immediate", "-D"]).arg(self.data()).arg("stop"));
        }
        // What could not be removed lies among other temporary files.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// The folder of the newest version that is installed.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let newest = versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse::<u32>().ok()?, version.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").exists())
        .max_by_key(|(number, _)| *number);
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
    };
    newest.map(|(_, programs)| programs).or_else(on_path)
}

fn is_root() -> Result<bool> {
    Ok(quiet(Command::new("id").arg("-u"))?.trim() == "0")
}
