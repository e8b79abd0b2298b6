//! Nothing that is committed may name a place outside the repository.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::run::quiet;
use crate::step::Outcome;
use crate::workspace::Workspace;

/// Looks through every tracked text file for absolute paths of people's machines and relative ones that leave the root.
pub(crate) fn check(workspace: &Workspace) -> Result<Outcome> {
    let list = quiet(&mut {
        let mut git = workspace.program("git");
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        git
    })?;
    let places = places(workspace.root());
    let mut found = Vec::new();
    for name in list.split('\0').filter(|name| !name.is_empty()) {
        let Ok(text) = fs::read_to_string(workspace.root().join(name)) else { continue };
        let depth = name.matches('/').count();
        for (number, line) in text.lines().enumerate() {
            if let Some(place) = leaves(line, depth, &places) {
                found.push(format!("{name}:{}: {place}", number + 1));
            }
        }
    }
    if !found.is_empty() {
        bail!("these lines name places outside the repository:\n  {}", found.join("\n  "));
    }
    println!("no tracked file names a place outside the repository");
    Ok(Outcome::Passed)
}

/// Where people live, and where this checkout lies. The folders around it are not looked for: it may lie in any, such
/// as the one for temporary files, and the verdict must be the same everywhere.
fn places(root: &Path) -> Vec<String> {
    let homes = ["home", "Users", "root"].map(|name| format!("/{name}/"));
    homes.into_iter().chain([format!("{}/", root.display())]).collect()
}

/// The place outside that a line of a file `depth` folders below the root names.
fn leaves(line: &str, depth: usize, places: &[String]) -> Option<String> {
    for place in places {
        let bare = place.trim_end_matches('/');
        let named = line.match_indices(bare).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + bare.len()..].chars().next();
            before.is_none_or(|c| !c.is_alphanumeric() && !"/.-_}~".contains(c))
                && (after == Some('/') || (bare.matches('/').count() > 1 && after.is_none_or(|c| !c.is_alphanumeric())))
        });
        if named {
            return Some(place.clone());
        }
    }
    let up = "../";
    let climbing = up.repeat(depth + 1);
    line.match_indices(&climbing)
        .any(|(at, _)| line[..at].chars().next_back().is_none_or(|c| !"/.".contains(c)))
        .then_some(climbing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str, depth: usize) -> Option<String> {
        leaves(line, depth, &places(Path::new("/lair/of/checkout")))
    }

    #[test]
    fn homes_and_the_checkout_itself_are_found_wherever_it_lies() {
        assert!(found("see /lair/of/checkout/notes.md", 0).is_some());
        assert!(found("cd \"/lair/of/checkout\"", 0).is_some());
        assert_eq!(found("see /lair/of/notes.md", 0), None);
        let home = format!("/{}/me/x", "home");
        assert!(found(&home, 0).is_some());
    }

    #[test]
    fn addresses_and_inner_paths_are_left_alone() {
        assert_eq!(found("https://example.org/lair/of/checkout/x", 0), None);
        assert_eq!(found("POST /api/token/", 0), None);
        assert_eq!(found("/lairs/of/checkout", 0), None);
    }

    #[test]
    fn a_relative_path_may_not_leave_the_root() {
        let up = "..".to_owned() + "/";
        assert!(found(&format!("[x]({up}x.md)"), 0).is_some());
        assert_eq!(found(&format!("[x]({up}x.md)"), 1), None);
        assert!(found(&format!("include!(\"{up}{up}{up}x\")"), 2).is_some());
        assert_eq!(found(&format!("GET /{up}{up}etc/passwd"), 0), None);
    }
}
