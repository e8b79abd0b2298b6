//! Runs programs: streams what they print, and picks the runners' summaries out of it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::counts::Counts;

/// Runs a program to its end with our own terminal; a non-zero status is an error.
pub(crate) fn plain(command: &mut Command) -> Result<()> {
    let shown = announce(command);
    let status = command.status().with_context(|| format!("{shown} could not be started"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}

/// Runs a test runner and sums up the summary lines it prints.
///
/// A non-zero status is an error that carries the counts.
pub(crate) fn counting(command: &mut Command) -> Result<Counts> {
    let shown = announce(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{shown} could not be started"))?;
    let stdout = child.stdout.take().context("stdout was asked for")?;
    let stderr = child.stderr.take().context("stderr was asked for")?;
    let counts = thread::scope(|scope| {
        let errors = scope.spawn(move || stream(stderr, |line| eprintln!("{line}")));
        let counts = stream(stdout, |line| println!("{line}"));
        counts.plus(errors.join().unwrap_or_default())
    });
    let status = child.wait()?;
    if status.success() {
        return Ok(counts);
    }
    Err(anyhow::Error::new(counts).context(format!("{shown} ended with {status}")))
}

/// What a program prints on stdout, without showing it.
pub(crate) fn quiet(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.output().with_context(|| format!("{shown} could not be started"))?;
    if !output.status.success() {
        bail!("{shown} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{shown} printed something else than text"))
}

/// Whether a program is there and content with these arguments.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn announce(command: &Command) -> String {
    let shown = shown(command);
    println!("$ {shown}");
    shown
}

fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program).chain(command.get_args()).map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn stream(from: impl Read, print: impl Fn(&str)) -> Counts {
    let mut counts = Counts::default();
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        print(&line);
        if let Some(found) = Counts::of_line(&line) {
            counts = counts.plus(found);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_runner_reports_its_counts_in_the_error() {
        let error = counting(Command::new("sh").args(["-c", "echo '3 passed, 2 failed'; exit 1"])).unwrap_err();
        assert_eq!(error.downcast_ref::<Counts>(), Some(&Counts { passed: 3, failed: 2, skipped: 0 }));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = plain(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(error.to_string().contains("no-such-program-here"), "{error}");
    }
}
