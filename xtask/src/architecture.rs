//! The shape of the house, checked: which room may touch what, and how a file opens.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::source::product_code;
use crate::step::Outcome;
use crate::workspace::Workspace;

/// What the code of one folder must not mention.
struct Room {
    folder: &'static str,
    except: &'static [&'static str],
    forbidden: &'static [&'static str],
    why: &'static str,
}

const ROOMS: &[Room] = &[
    Room {
        folder: "crates/token/src",
        except: &[],
        forbidden: &[
            "tokio",
            "axum",
            "hyper",
            "tracing",
            "rusqlite",
            "std::fs",
            "std::env",
            "std::net",
            "std::process",
        ],
        why: "crates/token has no IO, no async and no logging",
    },
    Room { folder: "crates/token/src", except: &[], forbidden: SQL, why: "only crates/store speaks SQL" },
    Room {
        folder: "crates/token/src",
        except: &["time.rs"],
        forbidden: &["SystemTime"],
        why: "the system clock is read in crates/token/src/time.rs alone",
    },
    Room {
        folder: "crates/store/src",
        except: &[],
        forbidden: &["axum", "hyper", "SystemTime", "Timestamp::now", "std::env"],
        why: "crates/store knows neither HTTP nor settings, and takes the time as an argument",
    },
    Room {
        folder: "crates/jeton/src",
        except: &[],
        forbidden: &["clap", "std::env", "process::exit", "rusqlite"],
        why: "crates/jeton is a library: arguments, environment and exit belong to crates/cli, SQL to crates/store",
    },
    Room { folder: "crates/jeton/src", except: &[], forbidden: SQL, why: "only crates/store speaks SQL" },
    Room {
        folder: "crates/jeton/src/auth",
        except: &[],
        forbidden: &["crate::http", "super::http", "axum", "hyper"],
        why: "auth decides and http translates; http uses auth, never the other way round",
    },
    Room { folder: "crates/cli/src", except: &[], forbidden: &["rusqlite"], why: "only crates/store speaks SQL" },
    Room { folder: "crates/cli/src", except: &[], forbidden: SQL, why: "only crates/store speaks SQL" },
];

const SQL: &[&str] =
    &["SELECT ", "INSERT INTO", "DELETE FROM", "CREATE TABLE", "ALTER TABLE", "DROP TABLE", " SET ", "PRAGMA"];

/// A crate uses crates to its right, never to its left.
const CRATES: &[(&str, &[&str])] = &[
    ("crates/token", &["jeton-store", "jeton", "jeton-cli"]),
    ("crates/store", &["jeton", "jeton-cli"]),
    ("crates/jeton", &["jeton-cli"]),
];

const LONG_FILE: usize = 400;

/// Fails with every offending line at once; lists long files without failing.
pub(crate) fn check(workspace: &Workspace) -> Result<Outcome> {
    let mut found = Vec::new();
    for room in ROOMS {
        for file in rust_files(&workspace.root().join(room.folder))? {
            if !room.except.iter().any(|name| file.ends_with(name)) {
                found.extend(mentions(workspace, room, &file)?);
            }
        }
    }
    found.extend(upward_dependencies(workspace)?);
    for file in all_sources(workspace)? {
        let text = fs::read_to_string(&file)?;
        let name = name(workspace, &file);
        if !text.starts_with("//! ") {
            found.push(format!("{name}:1: opens without a `//!` line that says what lives here"));
        }
        let lines = text.lines().count();
        if lines > LONG_FILE {
            println!("long: {name} has {lines} lines; does it have one subject?");
        }
    }
    if !found.is_empty() {
        bail!("{} places break the shape of the house:\n  {}", found.len(), found.join("\n  "));
    }
    println!("every room keeps to itself");
    Ok(Outcome::Passed)
}

fn mentions(workspace: &Workspace, room: &Room, file: &Path) -> Result<Vec<String>> {
    let code = product_code(&fs::read_to_string(file)?);
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        for word in room.forbidden.iter().filter(|word| contains_word(line, word)) {
            found.push(format!("{}:{}: {:?}: {}", name(workspace, file), number + 1, word.trim(), room.why));
        }
    }
    Ok(found)
}

/// Whether the text contains the word, not as a part of a longer one.
fn contains_word(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(part_of_word) && word.starts_with(part_of_word);
        let after = text[at + word.len()..].chars().next().is_some_and(part_of_word) && word.ends_with(part_of_word);
        !before && !after
    })
}

fn upward_dependencies(workspace: &Workspace) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (folder, above) in CRATES {
        let manifest = workspace.root().join(folder).join("Cargo.toml");
        let text = fs::read_to_string(&manifest).with_context(|| format!("{} is missing", manifest.display()))?;
        for (number, line) in text.lines().enumerate() {
            let key = line.split(['.', '=', ' ']).next().unwrap_or_default();
            if above.contains(&key) {
                found.push(format!("{folder}/Cargo.toml:{}: {key} lies to its left", number + 1));
            }
        }
    }
    Ok(found)
}

fn all_sources(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut files = rust_files(&workspace.root().join("xtask/src"))?;
    files.extend(rust_files(&workspace.root().join("fuzz/src"))?);
    files.extend(rust_files(&workspace.root().join("fuzz/fuzz_targets"))?);
    for folder in ["crates", "tests"] {
        for entry in fs::read_dir(workspace.root().join(folder))? {
            files.extend(rust_files(&entry?.path().join("src"))?);
        }
    }
    Ok(files)
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn name(workspace: &Workspace, file: &Path) -> String {
    file.strip_prefix(workspace.root()).unwrap_or(file).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_only_where_it_stands_alone() {
        assert!(contains_word("use axum::Router;", "axum"));
        assert!(contains_word("std::env::var(x)", "std::env"));
        assert!(!contains_word("let maxum = 1;", "axum"));
        assert!(!contains_word("std::environment", "std::env"));
        assert!(contains_word("\"SELECT id FROM x\"", "SELECT "));
        assert!(!contains_word("RESELECT x", "SELECT "));
    }

    #[test]
    fn the_rooms_of_this_checkout_exist() {
        let workspace = Workspace::find(false).unwrap();
        for (folder, _) in CRATES {
            assert!(workspace.root().join(folder).is_dir(), "{folder}");
        }
    }
}
