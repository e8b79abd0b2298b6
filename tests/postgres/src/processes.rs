//! Processes: who they come from, signals to them, and their end.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// The processes that this one has started and that are still there.
pub(crate) fn children(parent: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if stat(process).is_some_and(|(_, its_parent)| its_parent == parent) {
            children.push(process);
        }
    }
    Ok(children)
}

/// One that is gone already needs no signal.
pub(crate) fn signal(name: &str, processes: &[u32]) -> Result<()> {
    let script = "for process; do kill -s \"$0\" \"$process\" 2>/dev/null || :; done";
    let mut kill = Command::new("sh");
    kill.args(["-c", script, name]).args(processes.iter().map(u32::to_string));
    let status = kill.status().context("sh could not be started")?;
    ensure!(status.success(), "SIG{name} could not be sent to {processes:?}");
    Ok(())
}

/// Comes back when none of them runs any more.
pub(crate) fn wait_for_the_end_of(processes: &[u32], patience: Duration) -> Result<()> {
    let begun = Instant::now();
    // One that its parent has not asked after is as dead as it gets.
    while processes.iter().any(|process| stat(*process).is_some_and(|(state, _)| state != 'Z')) {
        ensure!(begun.elapsed() < patience, "{processes:?} did not end");
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// State and parent.
fn stat(process: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program stands in brackets, and may hold any.
    let (_, rest) = text.rsplit_once(')')?;
    let mut words = rest.split_whitespace();
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_found_until_it_is_killed() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(children(std::process::id()).unwrap().contains(&child.id()));
        signal("KILL", &[child.id()]).unwrap();
        wait_for_the_end_of(&[child.id()], Duration::from_secs(10)).unwrap();
        child.wait().unwrap();
        assert!(stat(child.id()).is_none());
    }
}
