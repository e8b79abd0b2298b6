//! What can be typed: the global options and the list of commands.

use clap::{Parser, Subcommand};

use crate::site::SiteArgs;
use crate::{
    auth_token, backup, check, completions, createsuperuser, flushexpiredtokens, info, init, keys, limits, man,
    migrate, move_to, openapi, restore, serve, session, token, user,
};

/// Sign-in for people: token pairs, refresh with rotation, blacklist and logout, on one SQLite file.
#[derive(Parser)]
#[command(name = "jeton", version, after_help = EXIT_CODES, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) site: SiteArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Serve(serve::Args),
    Init(init::Args),
    Check(check::Args),
    Createsuperuser(createsuperuser::Args),
    #[command(subcommand)]
    User(user::Command),
    #[command(subcommand)]
    Token(token::Command),
    #[command(subcommand)]
    AuthToken(auth_token::Command),
    #[command(subcommand)]
    Session(session::Command),
    #[command(subcommand)]
    Keys(keys::Command),
    #[command(subcommand)]
    Limits(limits::Command),
    Flushexpiredtokens(flushexpiredtokens::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Migrate(migrate::Args),
    Move(move_to::Args),
    Info(info::Args),
    Openapi(openapi::Args),
    Completions(completions::Args),
    Man(man::Args),
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused: wrong settings, a name that is taken or unknown, a token that is not good
  2  the command line is wrong
  3  the database, a file, the network or the system failed
  4  `serve` stopped before every request under way was answered

Settings come from the settings file, then JETON_SECTION__KEY in the environment, then flags; later ones win.";
