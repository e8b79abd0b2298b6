//! Where settings come from, weakest first: defaults, file, environment, flags.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Everything settings are read from. The caller hands it over; nothing is looked up behind its back, but for the
/// files that `*_FILE` settings name.
#[derive(Clone, Default)]
pub struct Sources {
    /// `jeton.toml`.
    pub file: Option<SettingsFile>,
    /// Names and values; those that do not begin with `JETON_` are not looked at.
    pub environment: Vec<(String, String)>,
    /// Paths and values, such as `server.listen` and `0.0.0.0:80`; the last of a path counts.
    pub flags: Vec<(String, String)>,
}

/// The settings file as it was read.
#[derive(Clone)]
pub struct SettingsFile {
    /// Where it lies; relative paths in settings count from its folder.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

impl fmt::Debug for Sources {
    /// Names alone: there are secrets among the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        f.debug_struct("Sources")
            .field("file", &self.file)
            .field("environment", &names(&self.environment))
            .field("flags", &names(&self.flags))
            .finish()
    }
}

impl fmt::Debug for SettingsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SettingsFile {
    /// Reads a file.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), text: std::fs::read_to_string(path)? })
    }
}

/// Who gave a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody: it is the stance's default.
    Default,
    /// The settings file, at this line, counted from 1.
    File(usize),
    /// The environment, under this name.
    Environment(String),
    /// A flag of the command.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(line) => write!(f, "line {line}"),
            Self::Environment(name) => f.write_str(name),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A setting with its value and where the value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Such as `simple_jwt.LEEWAY`.
    pub path: String,
    /// The value in effect, as TOML; `(secret)` for secrets that are set.
    pub value: String,
    /// Who gave it.
    pub source: Source,
    /// What it means.
    pub about: &'static str,
}

impl Origin {
    /// The environment variable that sets it.
    pub fn environment_name(&self) -> String {
        format!("JETON_{}", self.path.to_uppercase().replace('.', "__"))
    }
}
