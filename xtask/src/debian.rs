//! Finds which system programs the tests lack, and installs them where it may.

use std::process::Command;

use anyhow::{Result, bail};

use crate::run::{plain, quiet, succeeds};
use crate::step::Outcome;
use crate::workspace::Workspace;

/// A Debian package, and a call that succeeds where it is installed.
struct Package {
    name: &'static str,
    probe: [&'static str; 3],
}

const PACKAGES: [Package; 18] = [
    Package { name: "gcc", probe: ["cc", "--version", ""] },
    Package { name: "g++", probe: ["c++", "--version", ""] },
    Package { name: "libc6-dev", probe: ["sh", "-c", "test -e /usr/include/stdio.h"] },
    Package { name: "git", probe: ["git", "--version", ""] },
    Package { name: "curl", probe: ["curl", "--version", ""] },
    Package { name: "strace", probe: ["strace", "--version", ""] },
    Package { name: "nodejs", probe: ["node", "--version", ""] },
    Package { name: "npm", probe: ["npm", "--version", ""] },
    Package { name: "chromium", probe: ["chromium", "--version", ""] },
    Package { name: "fontconfig", probe: ["fc-list", "--version", ""] },
    Package { name: "fonts-noto-cjk", probe: ["sh", "-c", "fc-list :lang=ko | grep -q ."] },
    Package { name: "faketime", probe: ["faketime", "--version", ""] },
    Package { name: "postgresql", probe: ["sh", "-c", "ls /usr/lib/postgresql/*/bin/initdb"] },
    Package { name: "redis-server", probe: ["redis-server", "--version", ""] },
    Package { name: "pgbouncer", probe: ["sh", "-c", "test -x /usr/sbin/pgbouncer || pgbouncer --version"] },
    Package { name: "haproxy", probe: ["sh", "-c", "test -x /usr/sbin/haproxy || haproxy -v"] },
    Package { name: "python3", probe: ["python3", "-c", "import ssl, sqlite3"] },
    Package { name: "python3-venv", probe: ["python3", "-c", "import venv, ensurepip"] },
];

/// Installs the packages that are missing, as root; else says which they are and fails.
pub(crate) fn install(workspace: &Workspace) -> Result<Outcome> {
    let missing: Vec<&str> = PACKAGES.iter().filter(|package| !is_there(package)).map(|package| package.name).collect();
    if missing.is_empty() {
        println!("nothing is missing: {}", PACKAGES.map(|package| package.name).join(", "));
        return Ok(Outcome::Passed);
    }
    let list = missing.join(" ");
    if !succeeds(Command::new("apt-get").arg("--version")) {
        bail!("the tests need these Debian packages or their like, and there is no apt-get here: {list}");
    }
    if quiet(Command::new("id").arg("-u"))?.trim() != "0" {
        bail!("the tests need packages that are missing; run: sudo apt-get install {list}");
    }
    let apt = || {
        let mut command = workspace.program("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    plain(apt().args(["update", "-q"]))?;
    plain(apt().args(["install", "-q", "-y", "--no-install-recommends"]).args(&missing))?;
    match PACKAGES.iter().find(|package| !is_there(package)) {
        None => Ok(Outcome::Passed),
        Some(package) => bail!("{} still does not work after apt-get installed it", package.name),
    }
}

fn is_there(package: &Package) -> bool {
    let [program, arguments @ ..] = package.probe;
    succeeds(Command::new(program).args(arguments.iter().filter(|word| !word.is_empty())))
}
