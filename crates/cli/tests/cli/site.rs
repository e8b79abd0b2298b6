//! A folder of its own for each test, and the command run in it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Site {
    folder: TempDir,
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A server that is ended with the test, whatever happens.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    /// What it printed up to the address.
    pub(crate) greeting: String,
    address: String,
}

impl Site {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with a settings file whose passwords cost little.
    pub(crate) fn cheap() -> Self {
        let site = Self::empty();
        site.write("jeton.toml", &format!("secret_key = \"{SECRET}\"\n{CHEAP}"));
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jeton"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("JETON_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null()).env("LC_ALL", "C");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        finish(&mut self.command(arguments), "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Run {
        finish(&mut self.command(arguments), input)
    }

    /// Runs a command that must succeed, and answers what it printed.
    pub(crate) fn ok(&self, arguments: &[&str], input: &str) -> String {
        let run = self.run_with(arguments, input);
        assert_eq!(run.code, 0, "{arguments:?}: {run:?}");
        run.out
    }

    /// The same, with the output read as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments, "")).unwrap()
    }

    pub(crate) fn add(&self, username: &str, password: &str) {
        self.ok(&["user", "add", username, "--password-stdin"], password);
    }

    /// Starts a server on a free port, its log in `server.log`.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        self.serve_with(arguments, &[])
    }

    /// The same in another environment.
    pub(crate) fn serve_with(&self, arguments: &[&str], environment: &[(&str, &Path)]) -> Server {
        let log = fs::File::create(self.path("server.log")).unwrap();
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut command = self.command(&arguments);
        command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        while !greeting.contains("  database  ") {
            assert_ne!(out.read_line(&mut greeting).unwrap(), 0, "{}", self.log());
        }
        let address = greeting.split_once("http://").unwrap().1.split_once('/').unwrap().0.to_owned();
        Server { child, out, greeting, address }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("server.log")).unwrap()
    }
}

impl Server {
    /// Status line, headers and body of an answer.
    pub(crate) fn request(&self, method: &str, path: &str, form: &str) -> String {
        self.request_with(method, path, "", form)
    }

    /// The same with further header lines, each with its end.
    pub(crate) fn request_with(&self, method: &str, path: &str, headers: &str, form: &str) -> String {
        let mut stream = self.connect();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: jeton\r\nConnection: close\r\n{headers}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn post(&self, path: &str, form: &str) -> String {
        self.request("POST", path, form)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for the end; answers how it ended and what else it printed.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let begin = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if begin.elapsed() > LIMIT => panic!("the server does not stop"),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (status, rest)
    }

    /// What it printed after the address, up to a line that contains this.
    pub(crate) fn read_until(&mut self, mark: &str) -> String {
        let mut text = String::new();
        while !text.contains(mark) {
            assert_ne!(self.out.read_line(&mut text).unwrap(), 0, "no {mark:?} in {text}");
        }
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

pub(crate) fn finish(command: &mut Command, input: &str) -> Run {
    let piped = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    let mut child = command.stdin(piped).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(mut stdin) = child.stdin.take() {
        hand_over(&mut stdin, input);
    }
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A command that refuses before it reads closes its end.
fn hand_over(stdin: &mut ChildStdin, input: &str) {
    _ = stdin.write_all(input.as_bytes());
}

/// The permission bits of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

pub(crate) const SECRET: &str = "kept-secret-0123456789-0123456789-0123456789";
const CHEAP: &str = "[database]\nurl = \"sqlite://jeton.db\"\n[simple_jwt]\nROTATE_REFRESH_TOKENS = true\n\
    BLACKLIST_AFTER_ROTATION = true\n[passwords]\nargon2_memory_kib = 64\nargon2_iterations = 1\n";
const LIMIT: Duration = Duration::from_secs(30);
