//! One site that several nodes serve: the same keys and settings, one database.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::database::Database;
use super::node::Node;
use crate::facts::User;
use crate::server::command;
use crate::wire::Request;
use crate::world::Stance;

pub(crate) struct Site {
    pub(crate) stance: Stance,
    pub(crate) database: Database,
    /// How long a node waits for the database, if that is to be less than usual.
    pub(crate) statement_timeout: Option<Duration>,
    binary: PathBuf,
    folder: TempDir,
}

impl Site {
    pub(crate) fn new(binary: &Path, stance: Stance) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("jeton-nodes-").tempdir()?;
        let database = Database::create()?;
        Ok(Self { stance, database, statement_timeout: None, binary: binary.to_path_buf(), folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Three nodes, one after another.
    pub(crate) fn three_nodes(&self) -> Result<[Node; 3]> {
        let url = self.database.url()?;
        Ok([self.node("a", &url)?, self.node("b", &url)?, self.node("c", &url)?])
    }

    /// A node that reaches the database at this URL, and serves once this is back.
    pub(crate) fn node(&self, name: &'static str, url: &str) -> Result<Node> {
        let mut node = self.idle_node(name, url)?;
        node.start()?;
        Ok(node)
    }

    /// A node that has not been started.
    pub(crate) fn idle_node(&self, name: &'static str, url: &str) -> Result<Node> {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder)?;
        let address = jeton_test_ports::free_address()?;
        fs::write(folder.join(CONFIG), self.settings(&address.to_string(), url))?;
        Ok(Node::new(name, &self.binary, folder.join(CONFIG), address))
    }

    /// Makes users, as `User::new` has them.
    pub(crate) fn import<'a>(&self, users: impl Iterator<Item = &'a User>) -> Result<()> {
        let entries: Vec<Value> = users.map(|user| json!({"username": user.name, "password": user.password})).collect();
        self.run(&["user", "import", "-"], &Value::from(entries).to_string())
    }

    /// Makes users with these names and tells them.
    pub(crate) fn users(&self, prefix: &str, count: usize) -> Result<Vec<User>> {
        let users: Vec<User> = (0..count).map(|number| User::new(format!("{prefix}-{number}"))).collect();
        self.import(users.iter())?;
        Ok(users)
    }

    /// Runs a `jeton` command beside the nodes.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Result<()> {
        let config = self.folder.path().join(CONFIG);
        if !config.exists() {
            fs::write(&config, self.settings("127.0.0.1:0", &self.database.url()?))?;
        }
        let mut jeton = Command::new(&self.binary);
        let jeton = command(&mut jeton, &config).args(arguments);
        let mut child = jeton.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().context("stdin was asked for")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`jeton {}` ended with {}: {}", arguments.join(" "), output.status, said.trim());
        }
        Ok(())
    }

    /// Rotation with blacklisting; hashes that cost nothing; access tokens and a replay window that outlast a scenario.
    fn settings(&self, listen: &str, url: &str) -> String {
        let timeout = self.statement_timeout;
        let timeout = timeout.map_or_else(String::new, |it| format!("statement_timeout = \"{}ms\"\n", it.as_millis()));
        format!(
            "compatibility = \"{}\"\n\
             secret_key = \"a key that signs nothing but the tokens of these three nodes\"\n\
             [server]\n\
             listen = \"{listen}\"\n\
             stop_delay = \"400ms\"\n\
             [database]\n\
             url = \"{url}\"\n\
             {timeout}\
             [nodes]\n\
             fence_after = \"{}ms\"\n\
             [log]\n\
             level = \"warn\"\n\
             [simple_jwt]\n\
             ROTATE_REFRESH_TOKENS = true\n\
             BLACKLIST_AFTER_ROTATION = true\n\
             ACCESS_TOKEN_LIFETIME = \"6h\"\n\
             [ledger]\n\
             REPLAY_WINDOW = \"10m\"\n\
             [passwords]\n\
             pbkdf2_iterations = 1\n\
             argon2_memory_kib = 8\n\
             argon2_iterations = 1\n",
            self.stance,
            FENCE.as_millis()
        )
    }
}

/// Who is calling?
pub(super) fn me(access: &str) -> Request {
    Request { path: "/api/me/", body: json!({}), bearer: Some(access.to_owned()) }
}

/// How long a node answers from memory without hearing from the database.
pub(super) const FENCE: Duration = Duration::from_secs(1);

const CONFIG: &str = "jeton.toml";
