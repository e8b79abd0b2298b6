//! Where the workspace is, and how its tools are called.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The checkout that tasks work on.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    long: bool,
}

impl Workspace {
    /// The workspace this program was built from.
    pub(crate) fn find(long: bool) -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.parent().context("xtask lies in a folder of the workspace")?.to_path_buf();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        Ok(Self { root, target, long })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where builds go; tests keep what they install here, too.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Whether tests that repeat should do so for long.
    pub(crate) fn is_long(&self) -> bool {
        self.long
    }

    /// A release binary of this workspace, built or not.
    pub(crate) fn release_binary(&self, name: &str) -> PathBuf {
        self.target.join("release").join(name)
    }

    /// A program that will run in the root of the workspace.
    pub(crate) fn program(&self, name: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(name);
        command.current_dir(&self.root);
        if self.long {
            command.env("JETON_TEST_LONG", "1");
        }
        command
    }

    /// The cargo that runs this task, with these arguments.
    pub(crate) fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = self.program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments);
        command
    }
}
