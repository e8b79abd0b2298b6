//! Files of secrets that others on the machine can read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jeton::settings::{Origin, Problem};

/// A warning for each file that a `*_FILE` setting names and that is open to others.
pub(crate) fn warnings(folder: &Path, origins: &[Origin]) -> Vec<Problem> {
    origins.iter().filter_map(|origin| warning(folder, origin)).collect()
}

fn warning(folder: &Path, origin: &Origin) -> Option<Problem> {
    if !origin.path.to_ascii_lowercase().ends_with("_file") {
        return None;
    }
    let value: toml::Value = origin.value.parse().ok()?;
    let name = value.as_str().filter(|name| !name.is_empty())?;
    let path = folder.join(name);
    let mode = fs::metadata(&path).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| Problem {
        path: origin.path.clone(),
        source: origin.source.clone(),
        what: format!("{} can be read by other users of this machine", path.display()),
        remedy: format!("Run: chmod 600 {}", path.display()),
    })
}
