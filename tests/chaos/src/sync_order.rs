//! What no kill can show, a loss of power would: that the log is on the disk before the answer is on its way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::Tally;
use crate::act::Act;
use crate::server::{Server, command};
use crate::trace::{self, Before};
use crate::wire::Wire;
use crate::world::{Stance, World};

/// Looks at one write of each kind, in the order in which the server calls the system.
pub(crate) fn run(binary: &Path, tally: &mut Tally) {
    if std::env::var_os("JETON_TEST_NO_PTRACE").is_some_and(|value| value == "1") {
        println!("sync before answer: NOT RUN, because JETON_TEST_NO_PTRACE=1 says that nothing can be traced here");
        return;
    }
    tally.add("sync before answer", observe(binary).and_then(|seen| judge(&seen)));
}

/// Fails unless every answer came after a sync of what was written for it.
pub(crate) fn judge(seen: &[(Act, Before)]) -> Result<String> {
    for (act, before) in seen {
        if before.log_writes == 0 {
            bail!("a {act} was answered before anything was written to the log of the database");
        }
        if before.syncs_since == 0 {
            bail!("a {act} was answered before its {} log writes were synced", before.log_writes);
        }
    }
    let parts: Vec<String> =
        seen.iter().map(|(act, before)| format!("{act} {}+{}", before.log_writes, before.syncs_since)).collect();
    Ok(format!("every answer came after log writes and a sync of them ({})", parts.join(", ")))
}

/// What a traced server wrote and synced before each of its answers.
pub(crate) fn observe(binary: &Path) -> Result<Vec<(Act, Before)>> {
    let mut world = World::new(binary, Stance::Exact)?;
    let trace = world.folder().join("trace");
    let mut serve = Command::new("strace");
    serve.args(["-f", "-y", "-s", "16", "-e", CALLS, "-o"]).arg(&trace).arg(binary);
    command(&mut serve, &world.config()).arg("serve");
    let server = Server::spawn(&mut serve, world.folder()).context(
        "the server could not be run under strace; install the package strace, allow ptrace, or set JETON_TEST_NO_PTRACE=1",
    );
    let mut traced = Traced { trace: trace.clone(), server: Some(server?) };
    // The writes of the start are over then, and the log has been moved into the database.
    thread::sleep(Duration::from_millis(1500));
    traced.ask(&mut world)?;
    traced.end()?;

    let text = fs::read_to_string(&trace)?;
    let answers = trace::answers(&text, "jeton.db-wal>");
    if answers.len() < ACTS.len() {
        bail!("only {} answers are in the trace", answers.len());
    }
    let asked = answers.len() - ACTS.len();
    Ok(ACTS.into_iter().zip(answers.into_iter().skip(asked)).collect())
}

/// A server under strace. Killing strace would only set it free, so it is killed itself.
struct Traced {
    trace: PathBuf,
    server: Option<Server>,
}

impl Traced {
    fn ask(&mut self, world: &mut World) -> Result<()> {
        let Some(server) = &self.server else { return Ok(()) };
        let mut wire = Wire::connect(server.address)?;
        let share = &mut world.shares[0];
        for act in ACTS {
            let intent = share.intend(act);
            let answer = wire.post(&share.request(intent))?;
            share.acknowledge(intent, &answer, Instant::now(), 0).map_err(anyhow::Error::msg)?;
            // Long enough for a commit that comes too late to be seen as such.
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Comes back when strace has written its last line.
    fn end(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        self.kill()?;
        let begun = Instant::now();
        while !server.has_ended()? {
            if begun.elapsed() > Duration::from_secs(10) {
                bail!("strace did not end with the server that it traced");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Each line of the trace begins with a process; the first one is the server.
    fn kill(&self) -> Result<()> {
        let text = fs::read_to_string(&self.trace)?;
        let process: u32 = text.split(' ').next().unwrap_or_default().parse().context("the trace names no process")?;
        let mut kill = Command::new("sh");
        let status = kill.args(["-c", "kill -KILL \"$0\"", &process.to_string()]).stderr(Stdio::null()).status()?;
        if !status.success() {
            bail!("process {process} could not be killed");
        }
        Ok(())
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // On the way out after another error, which is the one to tell.
        let _ = self.end();
    }
}

const CALLS: &str = "trace=execve,fdatasync,fsync,write,writev,pwrite64,pwritev,sendto,sendmsg";
const ACTS: [Act; 7] =
    [Act::Login, Act::Rotation, Act::Blacklisting, Act::Login, Act::Logout, Act::Login, Act::LogoutEverywhere];
