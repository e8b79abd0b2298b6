//! The site a command works on: its settings from all sources, its database, its rules.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jeton::auth::Auth;
use jeton::entropy::Entropy;
use jeton::settings::{Loaded, Location, Settings, SettingsFile, Sources};
use jeton_store::{OpenMode, Store, StoreError};
use jeton_token::time::Clock;

use crate::failure::Failure;
use crate::first_start;
use crate::words::say;

/// Which site, and what is set for this one run.
#[derive(Args, Clone)]
pub(crate) struct SiteArgs {
    /// The settings file.
    #[arg(long, global = true, value_name = "PATH", env = CONFIG_VARIABLE, default_value = DEFAULT_FILE, hide_env_values = true)]
    config: PathBuf,
    /// A setting for this run alone, such as --set log.level=debug. Other users of the machine can see it.
    #[arg(long, global = true, value_name = "SETTING=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
}

/// Settings that could be loaded, and the file they may have come from.
pub(crate) struct Site {
    /// Absolute.
    pub(crate) config: PathBuf,
    /// Whether there is such a file.
    pub(crate) has_file: bool,
    pub(crate) loaded: Loaded,
}

impl SiteArgs {
    /// The same with one more flag.
    pub(crate) fn with(&self, setting: &str, value: String) -> Self {
        let mut args = self.clone();
        args.set.push((setting.to_owned(), value));
        args
    }

    /// Where the settings file is, or would be.
    pub(crate) fn config(&self) -> Result<PathBuf, Failure> {
        std::path::absolute(&self.config).map_err(|error| {
            Failure::io(say!("the current folder cannot be found: {}", error), say!("Go to another folder."))
        })
    }

    /// Loads the settings of a site that was made before.
    pub(crate) fn load(&self) -> Result<Site, Failure> {
        let sources = self.sources()?;
        let config = self.config()?;
        if sources.file.is_none() && !names_a_secret(&sources) {
            return Err(Failure::refused(
                say!("there is no settings file {}", config.display()),
                say!("Make one with `jeton init`, go to its folder, or name it with --config."),
            ));
        }
        let has_file = sources.file.is_some();
        Ok(Site { config, has_file, loaded: Settings::load(&sources)? })
    }

    /// Every source of settings; the file only if there is one.
    pub(crate) fn sources(&self) -> Result<Sources, Failure> {
        let config = self.config()?;
        let file = match SettingsFile::read(&config) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(Failure::io(
                    say!("the settings file {} cannot be read: {}", config.display(), error),
                    say!("Make it readable for this user, or name another with --config."),
                ));
            }
        };
        Ok(Sources { file, environment: environment()?, flags: self.set.clone() })
    }
}

impl Site {
    pub(crate) fn settings(&self) -> &Settings {
        &self.loaded.settings
    }

    /// Opens the database. A new one is made only by commands that put something into it.
    pub(crate) async fn open_store(&self, mode: OpenMode) -> Result<Store, Failure> {
        let mode = match self.settings().database.migrate {
            true => mode,
            false => OpenMode::UpToDate,
        };
        self.open_as(mode).await
    }

    /// The same, whoever may bring the schema up to date.
    pub(crate) async fn open_as(&self, mode: OpenMode) -> Result<Store, Failure> {
        if mode == OpenMode::Create {
            self.make_data_folder()?;
        }
        let (url, options) = (self.database_url(), &self.settings().database.connect);
        let opened = Store::connect_with(&url, options, mode, Clock::system().now()).await;
        opened.map_err(|error| match error {
            StoreError::Missing { .. } | StoreError::NotInstalled if mode == OpenMode::UpToDate => Failure::io(
                say!("there is no database {} yet", self.settings().database.url),
                say!("Run `jeton migrate` to make it; database.migrate says that nothing else does."),
            ),
            error => error.into(),
        })
    }

    /// The URL that the store takes. It may hold a password.
    pub(crate) fn database_url(&self) -> String {
        match &self.settings().database.location {
            Location::Memory => "sqlite::memory:".to_owned(),
            Location::File(path) => format!("sqlite://{}", path.display()),
            Location::Server(url) => url.expose().clone(),
        }
    }

    /// Makes the folder that a new site keeps its database in.
    pub(crate) fn make_data_folder(&self) -> Result<(), Failure> {
        match &self.settings().database.location {
            Location::File(path) => first_start::make_data_folder_of(&self.config, path),
            Location::Memory | Location::Server(_) => Ok(()),
        }
    }

    /// The rules over the database.
    pub(crate) async fn auth(self, mode: OpenMode) -> Result<Auth, Failure> {
        let store = self.open_store(mode).await?;
        Ok(Auth::new(Arc::new(self.loaded.settings), store, Clock::system(), Entropy::system())?)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.config.parent().unwrap_or(Path::new(""))
    }
}

/// Whether the environment or a flag brings a secret, so that a site can do without a file.
fn names_a_secret(sources: &Sources) -> bool {
    let named =
        |name: &str| ["JETON_SECRET_KEY", "JETON_SECRET_KEY_FILE"].iter().any(|known| name.eq_ignore_ascii_case(known));
    sources.environment.iter().any(|(name, value)| named(name) && !value.is_empty())
        || sources.flags.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("secret_key"))
}

/// The environment, but for the variable that names the settings file: that one is a flag's.
fn environment() -> Result<Vec<(String, String)>, Failure> {
    let is_ours = |name: &OsString| name.to_string_lossy().to_ascii_uppercase().starts_with("JETON_");
    let mut pairs = Vec::new();
    for (name, value) in std::env::vars_os().filter(|(name, _)| is_ours(name)) {
        let (Ok(name), Ok(value)) = (name.clone().into_string(), value.into_string()) else {
            return Err(Failure::refused(
                say!("the environment variable {} is not UTF-8", name.to_string_lossy()),
                say!("Set it anew, or unset it."),
            ));
        };
        if name != CONFIG_VARIABLE {
            pairs.push((name, value));
        }
    }
    Ok(pairs)
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| say!("write SETTING=VALUE, such as log.level=debug"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

const CONFIG_VARIABLE: &str = "JETON_CONFIG";
const DEFAULT_FILE: &str = "jeton.toml";
