//! `jeton init`: a new site, or only its settings file on the screen.

use clap::ValueEnum;
use jeton::settings::{Compatibility, default_file};

use crate::failure::Failure;
use crate::first_start;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

/// Make a settings file, a data folder and a secret key; nothing that is there is written over.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The stance that the defaults come from.
    #[arg(long, value_enum, default_value_t = Stance::Safe)]
    compatibility: Stance,
    /// Print the settings file and make nothing.
    #[arg(long)]
    print: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Stance {
    /// What Jeton stands for.
    Safe,
    /// The answers of Django with Simple JWT.
    Exact,
}

pub(crate) fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let compatibility = match args.compatibility {
        Stance::Safe => Compatibility::Safe,
        Stance::Exact => Compatibility::Exact,
    };
    if args.print {
        return output::line(default_file(compatibility).trim_end());
    }
    let config = site.config()?;
    if config.exists() {
        return Err(Failure::refused(
            say!("there is a settings file already: {}", config.display()),
            say!("Change that one, move it away, or name another with --config."),
        ));
    }
    for path in first_start::make_site(&config, compatibility)? {
        output::line(&say!("made {}", path.display()))?;
    }
    output::line(&say!("Next: `jeton serve`, or `jeton check` after a change of the settings."))
}
