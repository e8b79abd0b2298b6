//! `jeton serve`: the server, from its first start to its last answer.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use jeton::Jeton;
use jeton::settings::{Compatibility, Endpoint, Location, Problem};
use jeton::{SETUP_PATH, Stopped};
use jeton_store::OpenMode;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;
use crate::site::{Site, SiteArgs};
use crate::words::say;
use crate::{first_start, logs, output, secret_files};

/// Serve; the first start in a folder makes settings, database and secret key there.
///
/// SIGTERM and Ctrl-C finish the requests under way, for server.drain_timeout at most; a second one stops at once.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address and port instead of server.listen, such as 0.0.0.0:8000; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Print nothing; logs still go to stderr.
    #[arg(long)]
    quiet: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<ExitCode, Failure> {
    let site = match &args.listen {
        Some(address) => site.with("server.listen", address.clone()),
        None => site.clone(),
    };
    let config = site.config()?;
    let made = match config.exists() {
        true => Vec::new(),
        false => first_start::make_site(&config, Compatibility::Safe)?,
    };
    let site = site.load()?;
    logs::start(&site.settings().log)?;
    warn(&site);

    let mut signals = Signals::new()?;
    let made = made.into_iter().chain(new_database(&site)).collect::<Vec<_>>();
    let store = site.open_store(OpenMode::Create).await?;
    let jeton = Jeton::new(site.settings().clone(), store.clone())?;
    jeton.auth().check_keys().await?;
    let listener = bind(&site, args.listen.is_some()).await?;
    let address = listener.local_addr().map_err(|error| network(say!("the listener has no address: {}", error)))?;
    if !args.quiet {
        let made = made.iter().map(|path| say!("made {}", path.display()) + "\n").collect::<String>();
        let greeting = greeting(&site, &jeton, address).await?;
        // A server whose screen has gone serves all the same.
        _ = output::line(&format!("{made}{greeting}"));
    }
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "serving");

    let upkeep = tokio::spawn({
        let jeton = jeton.clone();
        async move { jeton.upkeep().await }
    });
    let stopped = signals.serve(listener, &jeton).await?;
    upkeep.abort();
    store.close().await?;
    tracing::info!("stopped");
    Ok(match stopped {
        Some(Stopped::Clean) => ExitCode::SUCCESS,
        Some(Stopped::TimedOut) | None => ExitCode::from(CUT_OFF),
    })
}

/// The signals that stop a server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Failure::io(say!("signals cannot be waited for: {}", error), say!("Try again.")))
        };
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Serves until the first signal and the answers that it leaves to give, or until the second one: then nothing.
    async fn serve(&mut self, listener: TcpListener, jeton: &Jeton) -> Result<Option<Stopped>, Failure> {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = jeton::serve(listener, jeton, async {
            // A sender that is gone is a stop as well.
            _ = stopped.await;
        });
        let stopping = async {
            self.any().await;
            tracing::info!("stopping: requests under way are finished; a second signal stops at once");
            _ = stop.send(());
            self.any().await;
            tracing::warn!("stopped at once; requests under way were cut off");
        };
        tokio::select! {
            served = serving => match served {
                Ok(Stopped::Clean) => Ok(Some(Stopped::Clean)),
                Ok(Stopped::TimedOut) => {
                    tracing::warn!("server.drain_timeout is over; requests under way were cut off");
                    Ok(Some(Stopped::TimedOut))
                }
                Err(error) => Err(network(say!("the server failed: {}", error))),
            },
            () = stopping => Ok(None),
        }
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn bind(site: &Site, by_flag: bool) -> Result<TcpListener, Failure> {
    let address = site.settings().server.listen;
    let setting = if by_flag { "--listen" } else { "server.listen, or --listen," };
    TcpListener::bind(address).await.map_err(|error| {
        let next = match error.kind() {
            io::ErrorKind::AddrInUse => {
                say!("End what listens there, or choose another port with {} such as 127.0.0.1:8001.", setting)
            }
            io::ErrorKind::PermissionDenied => {
                say!("Choose a port above 1023 with {} such as 127.0.0.1:8000.", setting)
            }
            _ => say!("Choose an address of this machine with {} such as 127.0.0.1:8000.", setting),
        };
        let what = match error.kind() {
            io::ErrorKind::AddrInUse => say!("the port is in use: {}", address),
            _ => say!("cannot listen on {}: {}", address, error),
        };
        Failure::io(what, next)
    })
}

fn warn(site: &Site) {
    let open = secret_files::warnings(site.folder(), &site.loaded.origins);
    for Problem { path, what, remedy, .. } in site.loaded.warnings.iter().chain(&open) {
        tracing::warn!(setting = path, "{what}: {remedy}");
    }
}

/// The database file that is about to be made, if it is.
fn new_database(site: &Site) -> Option<PathBuf> {
    match &site.settings().database.location {
        Location::File(path) if !path.exists() => Some(path.clone()),
        Location::File(_) | Location::Memory | Location::Server(_) => None,
    }
}

/// Where everything is, and how the first administrator is made. The code is for the screen alone.
async fn greeting(site: &Site, jeton: &Jeton, address: SocketAddr) -> Result<String, Failure> {
    let base = format!("http://{}", reachable(address));
    let settings = site.settings();
    let mut lines = vec![say!("Jeton {} · {} stance", env!("CARGO_PKG_VERSION"), stance(settings.compatibility))];
    for (endpoint, name) in SHOWN {
        if let Some(path) = settings.urls.paths.get(&endpoint).and_then(|paths| paths.first()) {
            lines.push(format!("  {name:9} {base}{path}"));
        }
    }
    lines.push(say!("  settings  {}", site.config.display()));
    lines.push(say!("  database  {}", settings.database.url));
    if let Some(code) = jeton.auth().issue_setup_code().await? {
        lines.push(say!("\nThere is no administrator yet. Make one within 30 minutes on this page, with this code:"));
        lines.push(format!("  {base}{SETUP_PATH}\n  {}", code.expose()));
        lines.push(say!("or at any time with: jeton createsuperuser"));
    }
    Ok(lines.join("\n"))
}

/// The address for a browser on this machine: what listens everywhere is reached at home.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, v6.port()).into(),
        other => other,
    }
}

pub(crate) fn stance(compatibility: Compatibility) -> &'static str {
    match compatibility {
        Compatibility::Safe => "safe",
        Compatibility::Exact => "exact",
    }
}

fn network(what: String) -> Failure {
    Failure::io(what, say!("Try again; the log may say more."))
}

const SHOWN: [(Endpoint, &str); 7] = [
    (Endpoint::TokenObtain, "obtain"),
    (Endpoint::TokenRefresh, "refresh"),
    (Endpoint::TokenVerify, "verify"),
    (Endpoint::TokenBlacklist, "blacklist"),
    (Endpoint::Logout, "logout"),
    (Endpoint::Me, "me"),
    (Endpoint::Health, "health"),
];

/// The exit code for requests that were not answered.
const CUT_OFF: u8 = 4;
