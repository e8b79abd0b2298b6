//! A throw-away PostgreSQL on a free port of this machine, for as long as the tests that need one.

mod processes;

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::processes::{children, signal, wait_for_the_end_of};

/// A server of its own. It ends, and its data go, when this is dropped.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    options: Vec<String>,
    server: Option<Child>,
}

/// A database of a cluster.
#[derive(Clone, Debug)]
pub struct Database {
    /// `postgres://…`
    pub url: String,
    name: String,
    programs: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes one that never waits for the disk: nothing of it is to outlive the tests.
    pub fn start() -> Result<Self> {
        Self::start_with(&["fsync=off"])
    }

    /// Makes one that takes encrypted connections alone, with this certificate and its key.
    pub fn start_with_certificate(certificate: &Path, key: &Path) -> Result<Self> {
        let mut cluster = Self::made(&["fsync=off", "ssl=on", "ssl_cert_file=server.crt", "ssl_key_file=server.key"])?;
        for (from, name) in [(certificate, "server.crt"), (key, "server.key")] {
            let to = cluster.data().join(name);
            fs::copy(from, &to).with_context(|| from.display().to_string())?;
            fs::set_permissions(&to, Permissions::from_mode(0o600))?;
            give_to_postgres(&to)?;
        }
        fs::write(cluster.data().join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n")?;
        cluster.restart()?;
        Ok(cluster)
    }

    /// Makes one with these settings, and otherwise those that PostgreSQL has by itself.
    pub fn start_with(settings: &[&str]) -> Result<Self> {
        let mut cluster = Self::made(settings)?;
        cluster.restart()?;
        Ok(cluster)
    }

    fn made(settings: &[&str]) -> Result<Self> {
        let programs = programs()
            .context("PostgreSQL is not installed: there is no initdb in /usr/lib/postgresql/*/bin or on the PATH")?;
        let number = CLUSTERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("jeton-postgres-{}-{number}", std::process::id()));
        let port = jeton_test_ports::free_port()?;
        let fixed = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=400"];
        let options = fixed.iter().chain(settings).map(|setting| (*setting).to_owned()).collect();
        let cluster = Self { programs, folder, port, options, server: None };
        fs::create_dir_all(&cluster.folder)?;
        give_to_postgres(&cluster.folder)?;
        let mut initdb = cluster.program("initdb")?;
        initdb.args(["-A", "trust", "-U", "jeton", "-E", "UTF8", "--no-sync", "-D"]).arg(cluster.data());
        let made = initdb.output().context("initdb could not be started")?;
        ensure!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr).trim());
        Ok(cluster)
    }

    /// The database that every cluster has.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Where one of its databases is.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://jeton@127.0.0.1:{}/{database}", self.port)
    }

    /// The port of this machine that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What a statement finds in the database that every cluster has.
    pub fn sql(&self, statement: &str) -> Result<String> {
        self.database("postgres").sql(statement)
    }

    /// The process whose children serve the connections; nothing while it is stopped.
    pub fn process(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// One of PostgreSQL's programs for clients, which will find this server.
    pub fn client(&self, name: &str) -> Command {
        let mut client = Command::new(self.programs.join(name));
        client.env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string()).env("PGUSER", "jeton");
        client.env_remove("PGSERVICE");
        client
    }

    /// Makes a database, in a folder of its own if one is given.
    pub fn create_database(&self, name: &str, folder: Option<&Path>) -> Result<Database> {
        let tablespace = match folder {
            Some(folder) => {
                give_to_postgres(folder)?;
                self.sql(&format!("CREATE TABLESPACE {name} LOCATION '{}'", folder.display()))?;
                format!(" TABLESPACE {name}")
            }
            None => String::new(),
        };
        self.sql(&format!("CREATE DATABASE {name}{tablespace}"))?;
        Ok(self.database(name))
    }

    /// Starts the server that was stopped or killed; comes back when it takes connections.
    pub fn restart(&mut self) -> Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut postgres = self.program("postgres")?;
        postgres.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        postgres.args(self.options.iter().flat_map(|option| ["-c", option]));
        let streams = postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.server = Some(streams.spawn().context("postgres could not be started")?);
        self.wait_until_it_takes_connections()
    }

    /// Comes back when the server takes connections: after a start, or after it has thrown all clients out.
    pub fn wait_until_it_takes_connections(&mut self) -> Result<()> {
        let begun = Instant::now();
        while !self.takes_connections()? {
            if let Some(status) = self.server.as_mut().map(Child::try_wait).transpose()?.flatten() {
                bail!("PostgreSQL ended with {status}: {}", self.last_words());
            }
            ensure!(begun.elapsed() < PATIENCE, "PostgreSQL did not start: {}", self.last_words());
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// SIGKILL for every process of the server. Comes back when they are gone.
    pub fn kill(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        // While it stands still it has no new children.
        signal("STOP", &[server.id()])?;
        let family = children(server.id())?;
        signal("KILL", &family)?;
        server.kill()?;
        server.wait()?;
        wait_for_the_end_of(&family, PATIENCE)
    }

    /// SIGQUIT, as `pg_ctl stop -m immediate` does it: no checkpoint, no good-bye. Comes back when it is gone.
    pub fn stop_at_once(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let family = children(server.id())?;
        signal("QUIT", &[server.id()])?;
        server.wait()?;
        wait_for_the_end_of(&family, PATIENCE)
    }

    /// SIGKILL for one process that serves a client of that name; the server then throws all clients out, and recovers.
    pub fn kill_backend_of(&self, application: &str) -> Result<()> {
        let find = format!("SELECT pid FROM pg_stat_activity WHERE application_name = '{application}' LIMIT 1");
        let found = self.sql(&find)?;
        let process = found.trim().parse().with_context(|| format!("nobody called {application} is connected"))?;
        signal("KILL", &[process])
    }

    /// Whether the server says that it does.
    pub fn takes_connections(&self) -> Result<bool> {
        Ok(self.client("pg_isready").arg("-q").status().context("pg_isready could not be started")?.success())
    }

    /// The end of its log, for those who wonder.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }

    fn database(&self, name: &str) -> Database {
        Database { url: self.url_of(name), name: name.to_owned(), programs: self.programs.clone(), port: self.port }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
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
        // What could not be stopped or removed lies among other temporary files.
        drop(self.stop_at_once());
        drop(fs::remove_dir_all(&self.folder));
    }
}

impl Database {
    /// What a statement finds, a row a line and `|` between columns.
    pub fn sql(&self, statement: &str) -> Result<String> {
        let mut psql = Command::new(self.programs.join("psql"));
        let psql = psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement]).arg(&self.url);
        let output = psql.stdin(Stdio::null()).output().context("psql could not be started")?;
        ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Fails unless all tables and indexes are whole, as far as `pg_amcheck` can see.
    pub fn check_pages(&self) -> Result<()> {
        let mut check = Command::new(self.programs.join("pg_amcheck"));
        let port = self.port.to_string();
        check.args(["-h", "127.0.0.1", "-U", "jeton", "-p", &port, "--install-missing", "--heapallindexed"]);
        let check = check.arg(&self.name);
        let output = check.stdin(Stdio::null()).output().context("pg_amcheck could not be started")?;
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pg_amcheck found damage: {}", said.trim());
        Ok(())
    }
}

/// Hands a folder over to the user that the server runs as.
fn give_to_postgres(folder: &Path) -> Result<()> {
    if is_root()? {
        let status = Command::new("chown").arg("postgres:").arg(folder).status()?;
        ensure!(status.success(), "{} could not be given to the user postgres", folder.display());
    }
    Ok(())
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
        std::env::split_paths(&path).find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
    };
    newest.map(|(_, programs)| programs).or_else(on_path)
}

/// Whether PostgreSQL is installed.
pub fn is_installed() -> bool {
    programs().is_some()
}

/// Whether this process may do what root may.
pub fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output().context("id could not be started")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

static CLUSTERS: AtomicU32 = AtomicU32::new(0);
/// Far more than a start or an end takes.
const PATIENCE: Duration = Duration::from_secs(60);
