//! What a new site needs: its settings file, its data folder, its secret key. Nothing that is there is written over.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jeton::entropy::{Entropy, LETTERS_AND_DIGITS};
use jeton::settings::{Compatibility, default_file};

use crate::failure::Failure;
use crate::words::say;

/// Makes whatever of the three is missing, the settings file last; answers the paths of what was made.
pub(crate) fn make_site(config: &Path, compatibility: Compatibility) -> Result<Vec<PathBuf>, Failure> {
    let folder = data_folder(config);
    let secret_key = folder.join("secret_key");
    let secret = format!("{}\n", Entropy::system().text(SECRET_LENGTH, LETTERS_AND_DIGITS));
    let made = [
        make_folder(&folder)?.then_some(folder),
        make_file(&secret_key, &secret, 0o600)?.then_some(secret_key),
        make_file(config, &default_file(compatibility), 0o644)?.then(|| config.to_owned()),
    ];
    Ok(made.into_iter().flatten().collect())
}

/// Makes `jeton-data/` beside the settings file, if that is where the database belongs. Any other folder is the
/// operator's to make: a missing one may be a slip of the pen.
pub(crate) fn make_data_folder_of(config: &Path, database: &Path) -> Result<(), Failure> {
    let folder = data_folder(config);
    if database.parent() == Some(folder.as_path()) {
        make_folder(&folder)?;
    }
    Ok(())
}

fn data_folder(config: &Path) -> PathBuf {
    config.with_file_name("jeton-data")
}

fn make_folder(path: &Path) -> Result<bool, Failure> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(false),
        Err(error) => Err(cannot_make(path, &error)),
    }
}

fn make_file(path: &Path, text: &str, mode: u32) -> Result<bool, Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(cannot_make(path, &error)),
    }
}

fn cannot_make(path: &Path, error: &io::Error) -> Failure {
    Failure::io(
        say!("{} cannot be made: {}", path.display(), error),
        say!("Go to a folder that this user may write to, or name one: jeton --config FOLDER/jeton.toml."),
    )
}

/// 381 bits.
const SECRET_LENGTH: usize = 64;
