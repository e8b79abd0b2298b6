//! A site on disk that outlives its servers: settings, database, and all that its clients were told.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::facts::{Share, User};
use crate::server::command;

/// Which defaults the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stance {
    Exact,
    Safe,
}

/// A folder with a site in it, and what must be true of it.
pub(crate) struct World {
    pub(crate) stance: Stance,
    pub(crate) binary: PathBuf,
    /// What each client knows; no two clients know the same user.
    pub(crate) shares: Vec<Share>,
    /// How many cycles it has been through.
    pub(crate) cycle: u32,
    folder: TempDir,
}

impl World {
    /// Makes the site and imports its users.
    pub(crate) fn new(binary: &Path, stance: Stance) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("jeton-chaos-").tempdir()?;
        fs::write(folder.path().join(CONFIG), settings(stance))?;
        let mut shares = Vec::new();
        for client in 0..CLIENTS {
            let users = (0..USERS_PER_CLIENT).map(|number| User::new(format!("user-{client}-{number}"))).collect();
            shares.push(Share::new(client, users));
        }
        let world = Self { stance, binary: binary.to_path_buf(), shares, cycle: 0, folder };
        world.import()?;
        Ok(world)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join(CONFIG)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join(DATABASE)
    }

    fn import(&self) -> Result<()> {
        let users = self.shares.iter().flat_map(|share| &share.users);
        let entries: Vec<Value> = users.map(|user| json!({"username": user.name, "password": user.password})).collect();
        let mut import = Command::new(&self.binary);
        let import = command(&mut import, &self.config()).args(["user", "import", "-"]);
        let mut child = import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().context("stdin was asked for")?.write_all(Value::from(entries).to_string().as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("`jeton user import` ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}

impl std::fmt::Display for Stance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Exact => "exact",
            Self::Safe => "safe",
        })
    }
}

/// Rotation with blacklisting; hashes that cost nothing; access tokens and a replay window that outlast a check.
fn settings(stance: Stance) -> String {
    format!(
        "compatibility = \"{stance}\"\n\
         secret_key = \"a key that signs nothing but the tokens of this one test\"\n\
         [server]\n\
         listen = \"127.0.0.1:0\"\n\
         [database]\n\
         url = \"sqlite://{DATABASE}\"\n\
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
         argon2_iterations = 1\n"
    )
}

/// More than the system can serve at once, so that a kill finds most of them waiting.
const CLIENTS: usize = 24;
const USERS_PER_CLIENT: usize = 12;
const CONFIG: &str = "jeton.toml";
const DATABASE: &str = "jeton.db";
