//! A Jeton of its own: settings, an empty database with a profile's users, and the running server.

use std::fs::{self, File};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::database;
use crate::differences::Turned;
use crate::profile::{Compatibility, Profile};
use crate::settings_file::settings_file;

/// A folder with settings and a database, and the binary that works on them.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    binary: PathBuf,
    folder: PathBuf,
}

/// A server under way.
pub(crate) struct Server {
    child: Child,
}

/// The release binary: given by hand, by `JETON_BIN`, or beside this program.
pub(crate) fn find_binary(given: Option<PathBuf>) -> Result<PathBuf> {
    let path = match given.or_else(|| env::var_os("JETON_BIN").map(PathBuf::from)) {
        Some(path) => path,
        None => env::current_exe()?.with_file_name("jeton"),
    };
    ensure!(
        path.is_file(),
        "there is no {}: build it with `cargo build --release -p jeton-cli`, or name it with --bin",
        path.display()
    );
    fs::canonicalize(&path).with_context(|| path.display().to_string())
}

impl Site {
    /// A site that is there already.
    pub(crate) fn open(binary: PathBuf, folder: PathBuf) -> Self {
        Self { binary, folder }
    }

    /// Writes the settings into an empty folder and imports the profile's users into a new database.
    pub(crate) fn create(
        binary: PathBuf,
        folder: PathBuf,
        profile: &Profile,
        port: u16,
        compatibility: Compatibility,
        turned: &Turned,
    ) -> Result<Self> {
        let unsupported = profile.unsupported();
        ensure!(
            unsupported.is_empty(),
            "the profile {:?} is not supported: this version does not serve {}",
            profile.name,
            unsupported.join(", ")
        );
        let site = Self { binary, folder };
        let settings = settings_file(profile, port, &database::empty(port)?, compatibility, turned)?;
        fs::write(site.settings(), settings).with_context(|| site.settings().display().to_string())?;
        let users = serde_json::to_string(&profile.users)?;
        site.run(&["user", "import", "-"], &users).context("the profile's users")?;
        Ok(site)
    }

    /// Starts the server, which may not listen yet.
    pub(crate) fn serve(&self) -> Result<Server> {
        let log = File::create(self.log())?;
        let child = self
            .command(&["serve"])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} could not be started", self.binary.display()))?;
        Ok(Server { child })
    }

    /// Waits until the server accepts connections; an error if it ends instead.
    pub(crate) fn wait_until_listening(&self, server: &mut Server, port: u16) -> Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status}: {}", self.last_log_lines());
            }
            if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "the server did not listen within {} s: {}",
                START_LIMIT.as_secs(),
                self.last_log_lines()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Carries out an operation of the launcher protocol through the command line.
    pub(crate) fn manage(&self, operation: &Value) -> Result<Value> {
        let text = |key: &str| operation[key].as_str().with_context(|| format!("{operation} has no {key}"));
        let nothing = || json!({});
        match text("op")? {
            "set_active" => {
                let active = operation["active"].as_bool().with_context(|| format!("{operation} has no active"))?;
                self.run(&["user", if active { "unlock" } else { "lock" }, text("username")?], "")?;
                Ok(nothing())
            }
            "set_password" => {
                self.run(&["user", "passwd", text("username")?, "--password-stdin"], text("password")?)?;
                Ok(nothing())
            }
            "delete_user" => {
                self.run(&["user", "delete", text("username")?, "--yes"], "")?;
                Ok(nothing())
            }
            "user" => {
                let user = self.read(&["user", "show", text("username")?, "--json"])?;
                Ok(
                    json!({"id": user["id"], "is_active": user["is_active"], "last_login": !user["last_login"].is_null(),
                    "hash_algorithm": user["hash_algorithm"]}),
                )
            }
            "counts" => {
                let user = self.read(&["user", "show", text("username")?, "--json"])?;
                let tokens = &user["tokens"];
                Ok(json!({"outstanding": tokens["outstanding"], "blacklisted": tokens["blacklisted"]}))
            }
            "token" => {
                let token = self.read(&["token", "show", text("jti")?, "--json"])?;
                Ok(
                    json!({"outstanding": token["outstanding"], "blacklisted": token["blacklisted"], "user": token["user"]}),
                )
            }
            "flush_expired" => {
                self.run(&["flushexpiredtokens"], "")?;
                Ok(nothing())
            }
            other => bail!("there is no operation {other:?}"),
        }
    }

    /// All that the server has logged so far.
    pub(crate) fn log_text(&self) -> String {
        fs::read(self.log()).map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn last_log_lines(&self) -> String {
        let text = self.log_text();
        let lines: Vec<&str> = text.lines().rev().take(12).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn settings(&self) -> PathBuf {
        self.folder.join("jeton.toml")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        // What the caller has set for a Jeton of their own must not reach this one.
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("JETON_")) {
            command.env_remove(name);
        }
        command.arg("--config").arg(self.settings()).args(arguments).current_dir(&self.folder);
        command
    }

    fn read(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.run(arguments, "")?;
        serde_json::from_str(&text).with_context(|| format!("jeton {} printed no JSON: {text}", arguments.join(" ")))
    }

    fn run(&self, arguments: &[&str], input: &str) -> Result<String> {
        let shown = format!("jeton {}", arguments.join(" "));
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} could not be started", self.binary.display()))?;
        let mut stdin = child.stdin.take().context("stdin was asked for")?;
        // A command that does not read its input may have closed it already.
        let written = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("{shown} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
        }
        if !input.is_empty() {
            written.with_context(|| format!("{shown} did not read its input"))?;
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Server {
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end of the server, whoever brings it about.
    pub(crate) fn wait(&mut self) -> Result<bool> {
        Ok(self.child.wait()?.success())
    }

    /// Asks the server to stop, as an operator does; it has to end by itself and without an error.
    pub(crate) fn stop(mut self) -> Result<()> {
        send_signal("TERM", self.child.id())?;
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server ended with {status} when it was told to stop");
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.kill();
        bail!("the server did not stop within {} s of SIGTERM", STOP_LIMIT.as_secs())
    }

    fn kill(&mut self) {
        // It may have ended in the meantime, which is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a signal by way of the shell's own `kill`, so that no system call needs unsafe code.
pub(crate) fn send_signal(name: &str, process: u32) -> Result<()> {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).stderr(Stdio::null()).status()?;
    ensure!(status.success(), "there is no process {process} to send SIG{name} to");
    Ok(())
}

/// Whether a process is there.
pub(crate) fn is_running(process: u32) -> bool {
    send_signal("0", process).is_ok()
}

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(20);
