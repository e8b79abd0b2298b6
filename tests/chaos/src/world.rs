//! A site that outlives its servers: settings, database, and all that its clients were told.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::Place;
use crate::facts::{Share, User};
use crate::server::command;

/// Which defaults the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stance {
    Exact,
    Safe,
}

/// How long tokens live, and answers are repeated, as written in settings.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) access: &'static str,
    pub(crate) refresh: &'static str,
    pub(crate) window: &'static str,
}

/// A folder with a site in it, and what must be true of it.
pub(crate) struct World {
    pub(crate) stance: Stance,
    pub(crate) binary: PathBuf,
    /// What each client knows; no two clients know the same user.
    pub(crate) shares: Vec<Share>,
    /// How many cycles it has been through.
    pub(crate) cycle: u32,
    pub(crate) place: Place,
    folder: TempDir,
}

impl World {
    /// Makes the site, with its database in a file beside its settings, and imports its users.
    pub(crate) fn new(binary: &Path, stance: Stance) -> Result<Self> {
        Self::with(binary, stance, LONG, |folder| Place::File(folder.join(DATABASE)))
    }

    /// The same, with its database there.
    pub(crate) fn at(binary: &Path, stance: Stance, place: Place) -> Result<Self> {
        Self::with(binary, stance, LONG, |_| place)
    }

    /// The same as the first, with tokens that live and answers that are repeated for as long.
    pub(crate) fn timed(binary: &Path, stance: Stance, times: Times) -> Result<Self> {
        Self::with(binary, stance, times, |folder| Place::File(folder.join(DATABASE)))
    }

    fn with(binary: &Path, stance: Stance, times: Times, place: impl FnOnce(&Path) -> Place) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("jeton-chaos-").tempdir()?;
        let place = place(folder.path());
        fs::write(folder.path().join(CONFIG), settings(stance, &place, times))?;
        let mut shares = Vec::new();
        for client in 0..CLIENTS {
            let users = (0..USERS_PER_CLIENT).map(|number| User::new(format!("user-{client}-{number}"))).collect();
            shares.push(Share::new(client, users));
        }
        let world = Self { stance, binary: binary.to_path_buf(), shares, cycle: 0, place, folder };
        world.import()?;
        Ok(world)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join(CONFIG)
    }

    /// Who is there, as the command tells.
    pub(crate) fn names(&self) -> Result<HashSet<String>> {
        let mut list = Command::new(&self.binary);
        let output =
            command(&mut list, &self.config()).args(["user", "list", "--json", "--limit", "1000000"]).output()?;
        if !output.status.success() {
            bail!("`jeton user list` ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        let users: Vec<Value> = serde_json::from_slice(&output.stdout)?;
        Ok(users.iter().filter_map(|user| user.get("username")?.as_str()).map(str::to_owned).collect())
    }

    fn import(&self) -> Result<()> {
        let witness = User::new(WITNESS.to_owned());
        let users = self.shares.iter().flat_map(|share| &share.users).chain([&witness]);
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

impl fmt::Display for Stance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exact => "exact",
            Self::Safe => "safe",
        })
    }
}

/// Rotation with blacklisting; hashes that cost nothing.
fn settings(stance: Stance, place: &Place, times: Times) -> String {
    let url = place.url();
    let Times { access, refresh, window } = times;
    format!(
        "compatibility = \"{stance}\"\n\
         secret_key = \"{KEY}\"\n\
         [server]\n\
         listen = \"127.0.0.1:0\"\n\
         [database]\n\
         url = \"{url}\"\n\
         [log]\n\
         level = \"warn\"\n\
         [simple_jwt]\n\
         ROTATE_REFRESH_TOKENS = true\n\
         BLACKLIST_AFTER_ROTATION = true\n\
         ACCESS_TOKEN_LIFETIME = \"{access}\"\n\
         REFRESH_TOKEN_LIFETIME = \"{refresh}\"\n\
         [ledger]\n\
         REPLAY_WINDOW = \"{window}\"\n\
         [passwords]\n\
         pbkdf2_iterations = 1\n\
         argon2_memory_kib = 8\n\
         argon2_iterations = 1\n"
    )
}

/// More than the system can serve at once, so that a kill finds most of them waiting.
const CLIENTS: usize = 24;
const USERS_PER_CLIENT: usize = 12;
/// Access tokens and a replay window that outlast a check.
const LONG: Times = Times { access: "6h", refresh: "1d", window: "10m" };
/// What signs the tokens.
pub(crate) const KEY: &str = "a key that signs nothing but the tokens of this one test";
/// A user whom no client knows.
pub(crate) const WITNESS: &str = "witness";
const CONFIG: &str = "jeton.toml";
const DATABASE: &str = "jeton.db";
