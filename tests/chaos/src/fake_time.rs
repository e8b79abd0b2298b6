//! A clock that can be set under a running process, by libfaketime.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// What the processes that have it take for the time of day: the real one, and so much more or less.
pub(crate) struct FakeTime {
    library: PathBuf,
    file: PathBuf,
}

impl FakeTime {
    /// The right time, by that library, kept in this folder.
    pub(crate) fn new(library: &Path, folder: &Path) -> Result<Self> {
        let time = Self { library: library.to_path_buf(), file: folder.join("time") };
        time.set(0)?;
        Ok(time)
    }

    /// From now on the clock is ahead by so many seconds, or behind.
    pub(crate) fn set(&self, seconds: i64) -> Result<()> {
        let next = self.file.with_extension("next");
        fs::write(&next, format!("{seconds:+}\n"))?;
        Ok(fs::rename(next, &self.file)?)
    }

    /// This process has that clock. Whatever it measures to wait has no part in it, as it is where a clock is set.
    pub(crate) fn give_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }
}

/// So far ahead or behind.
pub(crate) fn offset(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "+" };
    match seconds.unsigned_abs() {
        0 => "the right time".to_owned(),
        day if day.is_multiple_of(86_400) => format!("{sign}{} d", day / 86_400),
        hour => format!("{sign}{} h", hour / 3600),
    }
}

/// Debian keeps it in a folder of the machine's architecture.
pub(crate) fn library() -> Result<PathBuf> {
    let folders = ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from);
    let below = fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let mut found = folders.into_iter().chain(below).map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    found.find(|path| path.exists()).context("libfaketime is not installed: install the package faketime")
}
