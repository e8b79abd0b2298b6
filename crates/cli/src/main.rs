//! The `jeton` command: reads the arguments, runs one command, and ends with its exit code.

mod args;
mod auth_token;
mod backup;
mod check;
mod completions;
mod createsuperuser;
mod failure;
mod first_start;
mod flushexpiredtokens;
mod info;
mod init;
mod keys;
mod limits;
mod logs;
mod man;
mod migrate;
mod move_to;
mod openapi;
mod output;
mod password;
mod problem;
mod progress;
mod prompt;
mod restore;
mod secret_files;
mod serve;
mod session;
mod site;
mod token;
mod user;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use args::{Cli, Command};
use failure::Failure;
use words::say;

fn main() -> ExitCode {
    words::follow_locale();
    let mut command = if words::speaks_korean() { words::in_korean(Cli::command()) } else { Cli::command() };
    let parsed = command.try_get_matches_from_mut(std::env::args_os());
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return words::tell(&error, &mut command),
    };
    match run(cli) {
        Ok(code) => code,
        Err(failure) => failure.tell(),
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let mut runtime = match cli.command {
        Command::Serve(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build().map_err(|error| {
        Failure::io(
            say!("the system gives no threads: {}", error),
            say!("Raise the limits of this user, or try again."),
        )
    })?;
    let site = cli.site;
    let done = |result: Result<(), Failure>| result.map(|()| ExitCode::SUCCESS);
    let result = match cli.command {
        Command::Serve(args) => runtime.block_on(serve::run(&site, &args)),
        Command::Init(args) => done(init::run(&site, &args)),
        Command::Check(args) => check::run(&site, &args),
        Command::Createsuperuser(args) => done(runtime.block_on(createsuperuser::run(&site, args))),
        Command::User(command) => done(runtime.block_on(user::run(&site, command))),
        Command::Token(command) => runtime.block_on(token::run(&site, command)),
        Command::Flushexpiredtokens(args) => done(runtime.block_on(flushexpiredtokens::run(&site, &args))),
        Command::Limits(command) => done(runtime.block_on(limits::run(&site, &command))),
        Command::AuthToken(command) => done(runtime.block_on(auth_token::run(&site, command))),
        Command::Keys(command) => done(runtime.block_on(keys::run(&site, &command))),
        Command::Session(command) => done(runtime.block_on(session::run(&site, command))),
        Command::Backup(args) => done(runtime.block_on(backup::run(&site, &args))),
        Command::Restore(args) => done(runtime.block_on(restore::run(&site, &args))),
        Command::Migrate(args) => done(runtime.block_on(migrate::run(&site, &args))),
        Command::Move(args) => done(runtime.block_on(move_to::run(&site, &args))),
        Command::Info(args) => done(runtime.block_on(info::run(&site, &args))),
        Command::Openapi(args) => done(openapi::run(&site, &args)),
        Command::Completions(args) => done(completions::run(&args)),
        Command::Man(args) => done(man::run(&args)),
    };
    runtime.shutdown_background();
    result
}
