//! A small file system in memory, which can be filled up. Only root may mount one.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// Mounted until it is dropped.
pub(crate) struct Tmpfs {
    folder: TempDir,
}

impl Tmpfs {
    pub(crate) fn mount(mebibytes: u32) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("jeton-small-disk-").tempdir()?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m,mode=0755"), "jeton-chaos"]).arg(folder.path());
        let output = mount.stdin(Stdio::null()).output().context("mount could not be started")?;
        if !output.status.success() {
            bail!("no tmpfs could be mounted: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all the room that there is.
    pub(crate) fn fill(&self) -> Result<()> {
        let mut ballast = OpenOptions::new().create(true).append(true).open(self.ballast())?;
        for piece in [&[0_u8; 65536][..], &[0_u8; 1]] {
            loop {
                match ballast.write(piece) {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Gives it back.
    pub(crate) fn make_room(&self) -> Result<()> {
        Ok(fs::remove_file(self.ballast())?)
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily: whoever still has it open keeps it for as long. The folder itself goes after this.
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}
