//! A server on a database of its own, and clients who do one thing over and over.

use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::operations::wire::Wire;
use crate::processes::busy_of_tree;
use jeton_test_postgres::Cluster;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Obtain,
    Refresh,
    Verify,
    Me,
    Logout,
}

/// Of one slice.
pub(super) struct Cost {
    pub(super) times: u64,
    pub(super) jeton: Duration,
    pub(super) database: Duration,
}

pub(super) struct Site {
    pub(super) engine: &'static str,
    server: Child,
    address: SocketAddr,
    database: Option<(u32, String)>,
    clients: Vec<Client>,
}

/// One user with one connection and the tokens of all logins that were not ended yet.
struct Client {
    wire: Wire,
    name: String,
    logins: Vec<Tokens>,
}

struct Tokens {
    access: String,
    refresh: String,
}

impl Site {
    pub(super) fn start(binary: &Path, parent: &Path, cluster: Option<&Cluster>) -> Result<Self> {
        let engine = if cluster.is_some() { "PostgreSQL" } else { "SQLite" };
        let folder = parent.join(format!("site-{engine}"));
        fs::create_dir(&folder)?;
        let url = cluster.map_or_else(|| "sqlite://jeton.db".to_owned(), Cluster::url);
        let config = folder.join("jeton.toml");
        fs::write(&config, settings(&url))?;
        import(binary, &config)?;
        let mut server = jeton(binary, &config)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(File::create(folder.join("stdout"))?)
            .stderr(File::create(folder.join("stderr"))?)
            .spawn()?;
        let address = match wait(&mut server, &folder) {
            Ok(address) => address,
            Err(error) => {
                // It may have ended already.
                let _ = server.kill();
                let _ = server.wait();
                return Err(error);
            }
        };
        let database =
            cluster.map(|cluster| Ok::<_, anyhow::Error>((crate::cluster::process(cluster)?, url))).transpose()?;
        let mut site = Self { engine, server, address, database, clients: Vec::new() };
        for number in 0..CLIENTS {
            let wire = Wire::connect(site.address)?;
            site.clients.push(Client { wire, name: user(number), logins: Vec::new() });
        }
        Ok(site)
    }

    /// All clients do it for so long.
    pub(super) fn slice(&mut self, operation: Operation, time: Duration) -> Result<Cost> {
        // More would be told to come back later: there are as many threads for passwords as cores.
        let clients = if operation == Operation::Obtain { CLIENTS_AT_LOGIN } else { CLIENTS };
        if operation != Operation::Obtain {
            self.clients.iter_mut().filter(|client| client.logins.is_empty()).try_for_each(Client::obtain)?;
        }
        let (jeton, database) = self.busy()?;
        let until = Instant::now() + time;
        let times = thread::scope(|scope| {
            let running: Vec<_> = self.clients[..clients]
                .iter_mut()
                .map(|client| scope.spawn(move || client.work(operation, until)))
                .collect();
            running.into_iter().try_fold(0, |sum, client| match client.join() {
                Ok(times) => anyhow::Ok(sum + times?),
                Err(_) => bail!("a client panicked"),
            })
        })?;
        let (jeton_after, database_after) = self.busy()?;
        Ok(Cost { times, jeton: jeton_after.saturating_sub(jeton), database: database_after.saturating_sub(database) })
    }

    /// What a login leaves on PostgreSQL beside its family.
    pub(super) fn rows(&self, out: &mut impl Write) -> Result<()> {
        const TABLES: [&str; 3] = ["jeton_family", "jeton_family_device", "jeton_event"];
        let Some((_, url)) = &self.database else { return Ok(()) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            for table in TABLES {
                let sql =
                    format!("SELECT COUNT(*), COALESCE(AVG(pg_column_size(one.*)), 0)::float8 FROM {table} AS one");
                let row = client.query_one(&sql, &[]).await?;
                let (rows, bytes): (i64, f64) = (row.get(0), row.get(1));
                writeln!(out, "{table}: {rows} rows of {bytes:.0} bytes")?;
            }
            anyhow::Ok(())
        })
    }

    fn busy(&self) -> Result<(Duration, Duration)> {
        let database = self.database.as_ref().map(|(process, _)| busy_of_tree(*process)).transpose()?;
        Ok((busy_of_tree(self.server.id())?, database.unwrap_or_default()))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Client {
    fn work(&mut self, operation: Operation, until: Instant) -> Result<u64> {
        let mut times = 0;
        while Instant::now() < until {
            match operation {
                Operation::Obtain => self.obtain()?,
                Operation::Refresh => self.refresh()?,
                Operation::Verify => {
                    let body = json!({"token": self.newest()?.access});
                    self.wire.post("/api/token/verify/", None, &body)?;
                }
                Operation::Me => {
                    let access = self.newest()?.access.clone();
                    self.wire.get("/api/me/", &access)?;
                }
                Operation::Logout => {
                    // One login is kept for the other operations.
                    if self.logins.len() < 2 {
                        return Ok(times);
                    }
                    let tokens = self.logins.remove(0);
                    let body = json!({"refresh_token": tokens.refresh});
                    self.wire.post("/api/logout/", Some(&tokens.access), &body)?;
                }
            }
            times += 1;
        }
        Ok(times)
    }

    fn obtain(&mut self) -> Result<()> {
        let body = json!({"username": self.name, "password": password(&self.name)});
        let answer = self.wire.post("/api/token/", None, &body)?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned).context("an answer without tokens");
        self.logins.push(Tokens { access: text("access")?, refresh: text("refresh")? });
        Ok(())
    }

    fn refresh(&mut self) -> Result<()> {
        let body = json!({"refresh": self.newest()?.refresh});
        let answer = self.wire.post("/api/token/refresh/", None, &body)?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned).context("an answer without tokens");
        let tokens = Tokens { access: text("access")?, refresh: text("refresh")? };
        self.logins.pop();
        self.logins.push(tokens);
        Ok(())
    }

    fn newest(&self) -> Result<&Tokens> {
        self.logins.last().context("nobody is logged in")
    }
}

impl Operation {
    pub(super) const ALL: [Self; 5] = [Self::Obtain, Self::Refresh, Self::Verify, Self::Me, Self::Logout];

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Obtain => "obtain, argon2id",
            Self::Refresh => "refresh, rotating",
            Self::Verify => "verify",
            Self::Me => "/api/me/",
            Self::Logout => "logout",
        }
    }
}

fn wait(server: &mut Child, folder: &Path) -> Result<SocketAddr> {
    let before = Instant::now();
    loop {
        let said = fs::read_to_string(folder.join("stdout"))?;
        let address = said.split_once("http://").and_then(|(_, rest)| rest.split_once('/')?.0.parse().ok());
        if let Some(address) = address
            && Wire::connect(address).and_then(|mut wire| wire.is_well("/readyz")).unwrap_or(false)
        {
            return Ok(address);
        }
        let logged = || fs::read_to_string(folder.join("stderr")).unwrap_or_default();
        if let Some(status) = server.try_wait()? {
            bail!("the server ended with {status}: {}", logged());
        }
        ensure!(before.elapsed() < PATIENCE, "the server was not ready after {PATIENCE:?}: {}", logged());
        thread::sleep(Duration::from_millis(10));
    }
}

fn import(binary: &Path, config: &Path) -> Result<()> {
    let users: Vec<_> =
        (0..CLIENTS).map(user).map(|name| json!({"username": name, "password": password(&name)})).collect();
    let mut import = jeton(binary, config);
    let mut child = import.args(["user", "import", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    child.stdin.take().context("stdin was asked for")?.write_all(json!(users).to_string().as_bytes())?;
    ensure!(child.wait()?.success(), "`jeton user import` did not succeed");
    Ok(())
}

/// The settings file, and nothing from our own environment.
fn jeton(binary: &Path, config: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_ascii_uppercase().starts_with("JETON_") {
            command.env_remove(name);
        }
    }
    command.arg("--config").arg(config);
    command
}

fn settings(url: &str) -> String {
    format!(
        "compatibility = \"safe\"\n\
         secret_key = \"a key that signs nothing but the tokens of this one measurement\"\n\
         [server]\nlisten = \"127.0.0.1:0\"\n\
         [database]\nurl = \"{url}\"\n\
         [log]\nlevel = \"warn\"\n\
         [simple_jwt]\nROTATE_REFRESH_TOKENS = true\nBLACKLIST_AFTER_ROTATION = true\n"
    )
}

fn user(number: usize) -> String {
    format!("user-{number}")
}

fn password(name: &str) -> String {
    format!("hardly to be guessed by {name}")
}

const CLIENTS: usize = 32;
const CLIENTS_AT_LOGIN: usize = 4;
const PATIENCE: Duration = Duration::from_secs(30);
