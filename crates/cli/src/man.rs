//! `jeton man`: the manual pages, one for the command and one for each of its verbs.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_mangen::Man;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output;
use crate::words::say;

/// Print the manual page, or write all of them into a folder, such as: jeton man --out /usr/local/share/man/man1
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder for jeton.1, jeton-serve.1 and so on; it is made if it is not there.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    match &args.out {
        None => Ok(io::stdout().write_all(&page(command)?)?),
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
            write_all(&command, folder)
        }
    }
}

fn write_all(command: &clap::Command, folder: &Path) -> Result<(), Failure> {
    let path = folder.join(format!("{}.1", page_name(command)));
    fs::write(&path, page(command.clone())?).map_err(|error| unwritable(&path, &error))?;
    output::line(&say!("made {}", path.display()))?;
    command.get_subcommands().filter(|verb| !verb.is_hide_set()).try_for_each(|verb| write_all(verb, folder))
}

fn page(command: clap::Command) -> Result<Vec<u8>, Failure> {
    let name = page_name(&command);
    let mut page = Vec::new();
    Man::new(command).title(name).render(&mut page)?;
    Ok(page)
}

/// `jeton-user-add`, for `jeton user add`.
fn page_name(command: &clap::Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::io(
        say!("{} cannot be written: {}", path.display(), error),
        say!("Make the folder writable for this user, or name another with --out."),
    )
}
