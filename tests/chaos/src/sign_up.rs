//! Sign-ups: `jeton user add` beside the running server, again and again, killed along with it.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::act::Act;
use crate::facts::User;
use crate::load::Load;
use crate::server::command;

/// Users by their names.
#[derive(Default)]
pub(crate) struct SignUps {
    /// The command said that they were made.
    pub(crate) made: Vec<String>,
    /// It was killed before it could say so, or could not reach the database to the end.
    pub(crate) perhaps: Vec<String>,
    /// How often the server wrote so busily that the command gave up, as it says it does.
    pub(crate) gave_way: u32,
}

/// How the command ended.
enum Ended {
    Made,
    GaveWay,
    Unknown,
}

/// Makes one user after another until the load is over.
pub(crate) fn keep_making_users(binary: &Path, config: &Path, load: &Load) -> SignUps {
    let mut sign_ups = SignUps::default();
    while !load.is_over() {
        let name = format!("new-{}-{}-{}", load.cycle(), sign_ups.made.len(), sign_ups.perhaps.len());
        match make_user(binary, config, &name, load) {
            Ok(Ended::Made) => {
                load.acknowledged.count(Act::SignUp);
                sign_ups.made.push(name);
            }
            Ok(Ended::GaveWay) => sign_ups.gave_way += 1,
            Ok(Ended::Unknown) => {
                sign_ups.perhaps.push(name);
                thread::sleep(BACK_OFF);
            }
            Err(error) => {
                load.complain(format!("{name} was not made: {error:#}"));
                break;
            }
        }
    }
    sign_ups
}

fn make_user(binary: &Path, config: &Path, name: &str, load: &Load) -> Result<Ended> {
    let mut add = Command::new(binary);
    command(&mut add, config).args(["user", "add", name, "--password-stdin"]);
    let was_outage = load.is_outage();
    let mut child = add.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let password = User::new(name.to_owned()).password;
    child.stdin.take().context("stdin was asked for")?.write_all(password.as_bytes())?;
    loop {
        if let Some(status) = child.try_wait()? {
            return match words(&mut child) {
                _ if status.success() => Ok(Ended::Made),
                words if words.contains(LOCKED) => Ok(Ended::GaveWay),
                _ if status.code() == Some(BROKEN) && (was_outage || load.is_outage()) => Ok(Ended::Unknown),
                words => bail!("`jeton user add` ended with {status}: {words}"),
            };
        }
        if load.is_over() {
            child.kill()?;
            // It may have been done in this very moment.
            return Ok(if child.wait()?.success() { Ended::Made } else { Ended::Unknown });
        }
        thread::sleep(Duration::from_micros(500));
    }
}

fn words(child: &mut Child) -> String {
    let mut words = String::new();
    // What cannot be read is not told.
    let _ = child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut words));
    words.trim().to_owned()
}

/// Before another user is made when the last one could not be.
const BACK_OFF: Duration = Duration::from_millis(50);
/// How a command ends that a file, the database or the network failed.
const BROKEN: i32 = 3;
const LOCKED: &str = "the database was locked by another process for too long";
